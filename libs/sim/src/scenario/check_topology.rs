//! Checks a topology: ids are unique, references lead somewhere, nobody calls in circles, everything fits on the nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::policy::Balancing;
use crate::queueing::{MAX_STATIONS, StationKey};
use crate::topology::{
    self, EdgeSpec, MAX_ENTITIES, MAX_REPLICAS, MAX_REPLICAS_PER_SERVICE, NodeSpec, ServiceSpec, Topology,
};
use crate::world::placement;

use super::check::{Reading, line};
use super::file::{Count, Text};
use super::topology_file::{NodeFile, ServiceFile, TopologyFile};

/// Most services of a circle that are told.
const MAX_TOLD: usize = 20;

/// Longest id.
const MAX_ID_LENGTH: usize = 63;

impl Reading<'_> {
    pub(super) fn topology(&mut self, path: &str) -> Option<Topology> {
        let file: TopologyFile = self.parse(path)?;
        if file.services.len() > MAX_ENTITIES || file.nodes.len() > MAX_ENTITIES {
            self.problem(0, format!("too many services or nodes; at most {MAX_ENTITIES} each"));
            return None;
        }
        self.check_ids("zone", file.zones.iter());
        self.check_ids("node", file.nodes.iter().map(|node| &node.id));
        self.check_ids("service", file.services.iter().map(|service| &service.id));
        let zones: Vec<Arc<str>> = file.zones.iter().map(|zone| Arc::from(&*zone.value)).collect();
        let zone_ids = positions(file.zones.iter());
        let node_ids = positions(file.nodes.iter().map(|node| &node.id));
        let service_ids = positions(file.services.iter().map(|service| &service.id));
        let nodes: Vec<NodeSpec> = file.nodes.iter().filter_map(|node| self.node(node, &zone_ids)).collect();
        let services: Vec<ServiceSpec> =
            file.services.iter().filter_map(|service| self.service(service, &node_ids)).collect();
        let mut edges = Vec::new();
        for (from, service) in file.services.iter().enumerate() {
            for call in &service.calls {
                edges.extend(self.edge(from, call, &service_ids));
            }
        }
        if edges.len() > MAX_ENTITIES * 4 {
            self.problem(0, format!("{} calls in all; at most {} are taken", edges.len(), MAX_ENTITIES * 4));
            return None;
        }
        let queues: BTreeSet<StationKey> =
            services.iter().map(|service| service.specs.station().key()).collect();
        if queues.len() > MAX_STATIONS {
            self.problem(
                0,
                format!("the replicas have {} different queues (workers, service_cv2, queue_limit); use at most {MAX_STATIONS}", queues.len()),
            );
        }
        if nodes.is_empty() || services.is_empty() {
            self.problem(0, "a topology needs at least one node and one service".to_owned());
        }
        let order = self.order(&file, &edges);
        if !self.problems.is_empty() {
            return None;
        }
        let topology = Topology::new(file.name, zones, nodes, services, edges, order);
        self.check_room(&file.services, &topology).then_some(topology)
    }

    fn check_ids<'a>(&mut self, what: &str, ids: impl Iterator<Item = &'a Text>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
            let value = &id.value;
            if value.is_empty() || value.len() > MAX_ID_LENGTH || !value.chars().all(letters) {
                let message = format!(
                    "{what} id {value:?}: use 1 to {MAX_ID_LENGTH} letters, digits, '-', '_' and '.'"
                );
                self.problem(line(id.referenced), message);
            }
            if !seen.insert(value) {
                self.problem(
                    line(id.referenced),
                    format!("{what} id {value:?} is used twice; choose another"),
                );
            }
        }
    }

    fn node(&mut self, file: &NodeFile, zones: &BTreeMap<&str, usize>) -> Option<NodeSpec> {
        let zone = self.reference(&file.zone, "zone", zones);
        let cpu_cores = self.number(&file.cpu_cores, "cpu_cores", 0.1, 4096.0);
        let memory_gb = self.number(&file.memory_gb, "memory_gb", 0.1, 1e6);
        let disk_gb = self.optional(file.disk_gb.as_ref(), "disk_gb", 1000.0, 1.0, 1e9);
        let network_mbps = self.optional(file.network_mbps.as_ref(), "network_mbps", 10_000.0, 1.0, 1e9);
        Some(NodeSpec {
            id: Arc::from(&*file.id.value),
            zone: zone?,
            cpu_cores,
            memory_gb,
            disk_gb,
            network_mbps,
        })
    }

    fn service(&mut self, file: &ServiceFile, nodes: &BTreeMap<&str, usize>) -> Option<ServiceSpec> {
        let engine = self.engine(file);
        let replicas =
            self.count(file.replicas.as_ref(), "replicas", 1, 1, u64::from(MAX_REPLICAS_PER_SERVICE));
        let mut placement = Vec::new();
        for id in &file.placement {
            placement.extend(self.reference(id, "node", nodes));
        }
        let balancing = file.balancing.as_ref().map_or(Balancing::RoundRobin, |id| {
            Balancing::by_name(&id.value).unwrap_or_else(|| {
                self.unknown(id, "balancing", &Balancing::ALL.map(Balancing::name));
                Balancing::RoundRobin
            })
        });
        let liveness = file.liveness.as_ref().map(|liveness| self.liveness(liveness));
        let (profile, defaults) = engine?;
        let specs = self.specs(&file.specs, &defaults, &file.id);
        Some(ServiceSpec {
            id: Arc::from(&*file.id.value),
            profile,
            specs,
            replicas: replicas as u32,
            placement,
            entry: file.entry,
            balancing,
            liveness,
        })
    }

    pub(super) fn count(
        &mut self,
        count: Option<&Count>,
        name: &str,
        default: u64,
        low: u64,
        high: u64,
    ) -> u64 {
        let Some(count) = count else { return default };
        if (low..=high).contains(&count.value) {
            return count.value;
        }
        self.problem(line(count.referenced), format!("{name} is {}; use {low} to {high}", count.value));
        low
    }

    /// Callers before callees; a cycle is a problem that names its path.
    fn order(&mut self, file: &TopologyFile, edges: &[EdgeSpec]) -> Vec<usize> {
        let (order, callers) = topology::in_order(file.services.len(), edges);
        if order.len() < file.services.len() {
            self.name_cycle(file, edges, &callers);
        }
        order
    }

    /// Walks backwards from callee to caller among the services that are left until one comes up again.
    fn name_cycle(&mut self, file: &TopologyFile, edges: &[EdgeSpec], callers: &[u32]) {
        let Some(mut service) = callers.iter().position(|left| *left > 0) else { return };
        let mut caller_of: Vec<Option<usize>> = vec![None; callers.len()];
        for edge in edges.iter().filter(|edge| callers[edge.from] > 0) {
            caller_of[edge.to].get_or_insert(edge.from);
        }
        let mut seen_at: Vec<Option<usize>> = vec![None; callers.len()];
        let mut path = Vec::new();
        while seen_at[service].is_none() {
            seen_at[service] = Some(path.len());
            path.push(service);
            let Some(caller) = caller_of[service] else { return };
            service = caller;
        }
        let start = seen_at[service].unwrap_or(0);
        let mut names: Vec<&str> =
            path[start..].iter().rev().map(|at| file.services[*at].id.value.as_str()).collect();
        // Always told from the service that comes first in the file.
        let first = path[start..].iter().copied().min();
        let first_name = first.map(|at| file.services[at].id.value.as_str());
        if let Some(turn) = names.iter().position(|name| Some(*name) == first_name) {
            names.rotate_left(turn);
        }
        let told = if names.len() > MAX_TOLD {
            format!("{} → … ({} services)", names[..MAX_TOLD].join(" → "), names.len())
        } else {
            names.extend(first_name);
            names.join(" → ")
        };
        let at = first.map_or(0, |at| line(file.services[at].id.referenced));
        self.problem(at, format!("services call in a circle: {told}; remove one of these calls"));
    }

    /// Every first replica finds room.
    fn check_room(&mut self, files: &[ServiceFile], topology: &Topology) -> bool {
        let total: usize = topology.services.iter().map(|service| service.replicas as usize).sum();
        if total > MAX_REPLICAS {
            self.problem(0, format!("{total} replicas in all; at most {MAX_REPLICAS} fit"));
            return false;
        }
        let homeless = placement::homeless(topology);
        for (service, count) in &homeless {
            let specs = &topology.services[*service].specs;
            let id = &files[*service].id;
            let message = format!(
                "{count} replicas of {} ({} cores, {} GiB of memory, {} GiB of disk each) find no room; add nodes or ask for fewer",
                id.value, specs.cpu_cores, specs.memory_gb, specs.storage_gb
            );
            self.problem(line(id.referenced), message);
        }
        homeless.is_empty()
    }
}

/// The position of every id.
fn positions<'a>(ids: impl Iterator<Item = &'a Text>) -> BTreeMap<&'a str, usize> {
    let mut found = BTreeMap::new();
    for (position, id) in ids.enumerate() {
        found.entry(id.value.as_str()).or_insert(position);
    }
    found
}
