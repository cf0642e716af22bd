//! The map of a cloud as telemetry brings it along: who calls whom and what runs where, without anything that changes from
//! tick to tick.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::world::view::TopologyView;
use crate::{SAMPLE_EVERY_MS, Snapshot, TICK_MS};

/// Who calls whom and what runs where. Numbers are positions in the lists of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudMap {
    /// Ids of the services, in file order.
    pub services: Vec<Arc<str>>,
    /// Engine profile of each service.
    pub profiles: Vec<&'static str>,
    /// Ids of the nodes, in file order.
    pub nodes: Vec<Arc<str>>,
    /// Ids of the zones, in file order.
    pub zones: Vec<Arc<str>>,
    /// Zone of each node.
    pub node_zones: Vec<usize>,
    /// Caller and callee of each call.
    pub calls: Vec<(usize, usize)>,
    /// Service, node, and how many replicas of it are there, in this order.
    pub placements: Vec<(usize, usize, u32)>,
}

impl From<TopologyView> for CloudMap {
    fn from(view: TopologyView) -> Self {
        let TopologyView { name: _, tick: _, zones, nodes, services, edges } = view;
        let index = |ids: &[Arc<str>]| -> BTreeMap<Arc<str>, usize> {
            ids.iter().enumerate().map(|(position, id)| (Arc::clone(id), position)).collect()
        };
        let service_ids: Vec<_> = services.iter().map(|service| Arc::clone(&service.id)).collect();
        let node_ids: Vec<_> = nodes.iter().map(|node| Arc::clone(&node.id)).collect();
        let (of_service, of_node, of_zone) = (index(&service_ids), index(&node_ids), index(&zones));
        let mut placed: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for (service, view) in services.iter().enumerate() {
            for node in view.replicas.iter().filter_map(|replica| of_node.get(&replica.node_id)) {
                *placed.entry((service, *node)).or_default() += 1;
            }
        }
        let call = |from: &Arc<str>, to: &Arc<str>| Some((*of_service.get(from)?, *of_service.get(to)?));
        Self {
            node_zones: nodes.iter().filter_map(|node| of_zone.get(&node.zone_id).copied()).collect(),
            calls: edges.iter().filter_map(|edge| call(&edge.from, &edge.to)).collect(),
            placements: placed.into_iter().map(|((service, node), count)| (service, node, count)).collect(),
            profiles: services.iter().map(|service| service.profile).collect(),
            services: service_ids,
            nodes: node_ids,
            zones,
        }
    }
}

/// Samples between two maps while nothing changes: who comes late waits a simulated minute at most.
const EVERY_SAMPLES: u64 = 60;

/// Odd, so that no version is lost in the sum, and far from small numbers, so that two changes hardly make up for each other
/// (Knuth's multiplier for 64-bit linear congruences).
const MIX: u64 = 6_364_136_223_846_793_005;

/// Decides which samples bring the map along.
#[derive(Debug, Clone, Copy, Default)]
pub struct MapWatch {
    /// What the versions in the last sample, in their order, come to.
    seen: Option<u64>,
}

impl MapWatch {
    /// Whether the map goes with this sample: with the first, after every change of a definition, and once a simulated minute.
    pub fn is_due(&mut self, snapshot: &Snapshot) -> bool {
        let Snapshot { tick, services, nodes } = snapshot;
        let entities = services.ids.len() as u64 + nodes.ids.len() as u64;
        let versions = services.versions.iter().chain(&nodes.versions);
        let sum = versions.fold(entities, |sum, version| sum.wrapping_mul(MIX).wrapping_add(*version));
        let samples = tick * u64::from(TICK_MS) / u64::from(SAMPLE_EVERY_MS);
        self.seen.replace(sum) != Some(sum) || samples.is_multiple_of(EVERY_SAMPLES)
    }
}
