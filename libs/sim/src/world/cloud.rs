//! Everything that a topology turns into when it runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::scenario::Scenario;
use crate::topology::Topology;
use crate::workers::Workers;
use crate::{TICK_S, TICKS_PER_SECOND, rng};

use super::calls::Edge;
use super::calls::retries::Level;
use super::effects::Effects;
use super::node::Node;
use super::placement;
use super::replicas::{Common, NodeSums, Replica, Replicas, Sums, Surroundings};
use super::sample::Sampler;
use super::service::Service;
use super::view::ReplicaState;

/// Everything that runs.
#[derive(Debug, Clone)]
pub(super) struct Cloud {
    pub(super) topology: Arc<Topology>,
    pub(super) replicas: Replicas,
    pub(super) common: Vec<Common>,
    pub(super) services: Vec<Service>,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// Edges of service `s` are `first_edge[s]..first_edge[s + 1]`.
    pub(super) first_edge: Vec<usize>,
    /// Retries that wait; those of edge `e` are `first_level[e]..first_level[e + 1]`.
    pub(super) levels: Vec<Level>,
    pub(super) first_level: Vec<usize>,
    /// Edges whose circuit breaker changed in the last tick.
    pub(super) breaker_changes: Vec<usize>,
    pub(super) sums: Vec<Sums>,
    pub(super) node_sums: Vec<NodeSums>,
    pub(super) node_speed: Vec<f64>,
    pub(super) effects: Effects,
    pub(super) sampler: Sampler,
    /// Whether some replica is starting, draining or down.
    pub(super) unsettled: bool,
    /// Whether some replica is colder than it will be.
    pub(super) warming: bool,
    /// Failed liveness probes in a row, by service and ordinal.
    pub(super) failed_probes: BTreeMap<(u32, u32), u32>,
    /// Replicas of the service that is being balanced, and what each should get.
    pub(super) targets: Vec<(usize, f64)>,
}

impl Cloud {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let topology = Arc::clone(&scenario.topology);
        let services = topology.services.iter().map(Service::new).collect();
        let mut curves = BTreeMap::new();
        let common = topology.services.iter().map(|spec| Common::new(spec, &mut curves)).collect();
        let first_edge = (0..=topology.services.len())
            .map(|service| topology.edges.partition_point(|edge| edge.from < service))
            .collect();
        let mut first_level = vec![0];
        for edge in &topology.edges {
            first_level.push(first_level[first_level.len() - 1] + edge.retries.max as usize);
        }
        let mut cloud = Self {
            replicas: Replicas::from_rows(placement::initial(&topology)),
            common,
            services,
            nodes: vec![Node::new(); topology.nodes.len()],
            edges: vec![Edge::default(); topology.edges.len()],
            first_edge,
            levels: vec![Level::default(); first_level[topology.edges.len()]],
            first_level,
            breaker_changes: Vec::new(),
            sums: vec![Sums::default(); topology.services.len()],
            node_sums: vec![NodeSums::default(); topology.nodes.len()],
            node_speed: vec![1.0; topology.nodes.len()],
            effects: Effects::none(&topology),
            sampler: Sampler::new(&topology),
            unsettled: false,
            warming: false,
            failed_probes: BTreeMap::new(),
            targets: Vec::new(),
            topology,
        };
        cloud.refresh_lanes();
        cloud.refresh_shares();
        cloud
    }

    /// Indexes of a service's replicas.
    pub(super) fn replicas_of(&self, service: usize) -> std::ops::Range<usize> {
        let find = |wanted: usize| {
            let shards = &self.replicas.shards;
            let shard = shards
                .partition_point(|shard| shard.service.last().is_some_and(|last| (*last as usize) < wanted));
            let within = shards
                .get(shard)
                .map_or(0, |shard| shard.service.partition_point(|service| (*service as usize) < wanted));
            (shard * super::replicas::SHARD_SIZE + within).min(self.replicas.len())
        };
        find(service)..find(service + 1)
    }

    /// Works out which replicas take which share of their service's traffic. To be called after every change of states,
    /// weights or replicas.
    pub(super) fn refresh_shares(&mut self) {
        self.unsettled = false;
        let mut left = vec![1.0; self.services.len()];
        let mut fewer = false;
        for (service, left) in left.iter_mut().enumerate() {
            let range = self.replicas_of(service);
            let mut total = 0.0;
            let mut running = 0;
            for index in range.clone() {
                let row = self.replicas.row(index);
                if row.state == ReplicaState::Running {
                    total += row.weight * row.preference;
                    running += 1;
                } else {
                    self.unsettled = true;
                }
            }
            for index in range {
                let row = self.replicas.row(index);
                let share = if row.state == ReplicaState::Running {
                    row.weight * row.preference / total
                } else {
                    0.0
                };
                self.replicas.set_share(index, share);
            }
            let before = self.services[service].running;
            self.services[service].running = running;
            if running < before {
                fewer = true;
                *left = f64::from(running) / f64::from(before);
            }
            if before != running {
                let lane = &self.common[service].lanes[0];
                let one = self.common[service].workers / lane.service_s;
                self.services[service].capacity_rps = one * f64::from(running);
            }
        }
        if fewer {
            self.forget_calls(&left);
        }
        self.refresh_network();
    }

    /// Lets every replica serve a tick.
    pub(super) fn serve(&mut self, workers: &Workers, seed: u64, tick: u64) {
        let around = Surroundings {
            common: &self.common,
            node_speed: &self.node_speed,
            key: rng::key(seed, rng::Purpose::ServiceTime),
            second: tick / TICKS_PER_SECOND,
            within: (tick % TICKS_PER_SECOND) as f64 * TICK_S,
        };
        self.replicas.serve(workers, &around, &mut self.sums, &mut self.node_sums);
    }

    /// Replaces all replicas after a structural change.
    pub(super) fn rebuild(&mut self, rows: Vec<Replica>) {
        self.replicas = Replicas::from_rows(rows);
        self.refresh_shares();
    }
}
