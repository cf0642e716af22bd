//! Checks a topology: ids are unique, references lead somewhere, nobody calls in circles, everything fits on the nodes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::profile::{self, Profile, Specs};
use crate::topology::{
    EdgeSpec, MAX_ENTITIES, MAX_REPLICAS, MAX_REPLICAS_PER_SERVICE, NodeSpec, ServiceSpec, Topology,
};
use crate::world::placement;

use super::check::{Reading, line};
use super::file::{CallFile, Count, NodeFile, Number, ServiceFile, SpecsFile, Text, TopologyFile};

/// Most retries of a call.
const MAX_RETRIES: u64 = 10;

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
        let nodes: Vec<NodeSpec> = file.nodes.iter().filter_map(|node| self.node(node, &zones)).collect();
        let services: Vec<ServiceSpec> =
            file.services.iter().filter_map(|service| self.service(service, &file.nodes)).collect();
        let ids: Vec<&str> = file.services.iter().map(|service| service.id.value.as_str()).collect();
        let mut edges = Vec::new();
        for (from, service) in file.services.iter().enumerate() {
            for call in &service.calls {
                edges.extend(self.edge(from, call, &ids));
            }
        }
        if nodes.is_empty() || services.is_empty() {
            self.problem(0, "a topology needs at least one node and one service".to_owned());
        }
        let order = self.order(&file, &edges);
        if !self.problems.is_empty() {
            return None;
        }
        let topology = Topology { name: file.name, zones, nodes, services, edges, order };
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

    fn node(&mut self, file: &NodeFile, zones: &[Arc<str>]) -> Option<NodeSpec> {
        let zone = zones.iter().position(|zone| **zone == *file.zone.value);
        if zone.is_none() {
            let known: Vec<&str> = zones.iter().map(|zone| &**zone).collect();
            self.unknown(&file.zone, "zone", &known);
        }
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

    fn service(&mut self, file: &ServiceFile, nodes: &[NodeFile]) -> Option<ServiceSpec> {
        let profile = profile::by_name(&file.profile.value);
        if profile.is_none() {
            let known: Vec<&str> = profile::PROFILES.iter().map(|profile| profile.name).collect();
            self.unknown(&file.profile, "profile", &known);
        }
        let replicas =
            self.count(file.replicas.as_ref(), "replicas", 1, 1, u64::from(MAX_REPLICAS_PER_SERVICE));
        let mut placement = Vec::new();
        for id in &file.placement {
            match nodes.iter().position(|node| node.id.value == id.value) {
                Some(node) => placement.push(node),
                None => {
                    let known: Vec<&str> = nodes.iter().map(|node| node.id.value.as_str()).collect();
                    self.unknown(id, "node", &known);
                }
            }
        }
        let profile = profile?;
        let specs = self.specs(&file.specs, profile, &file.id);
        Some(ServiceSpec {
            id: Arc::from(&*file.id.value),
            profile,
            specs,
            replicas: replicas as u32,
            placement,
            entry: file.entry,
        })
    }

    fn specs(&mut self, file: &SpecsFile, profile: &Profile, id: &Text) -> Specs {
        let mut specs = profile.defaults.clone();
        let mut set = |slot: &mut f64, number: &Option<Number>, name: &str, low: f64, high: f64| {
            *slot = self.optional(number.as_ref(), name, *slot, low, high);
        };
        set(&mut specs.cpu_cores, &file.cpu_cores, "cpu_cores", 0.01, 1024.0);
        set(&mut specs.cpu_frequency_ghz, &file.cpu_frequency_ghz, "cpu_frequency_ghz", 0.1, 10.0);
        set(&mut specs.memory_gb, &file.memory_gb, "memory_gb", 0.01, 1e5);
        set(&mut specs.storage_gb, &file.storage_gb, "storage_gb", 0.0, 1e7);
        set(&mut specs.network_mbps, &file.network_mbps, "network_mbps", 1.0, 1e7);
        set(&mut specs.min_latency_ms, &file.min_latency_ms, "min_latency_ms", 0.001, 3.6e6);
        set(&mut specs.service_cv2, &file.service_cv2, "service_cv2", 0.0, 25.0);
        set(&mut specs.service_time_noise, &file.service_time_noise, "service_time_noise", 0.0, 0.25);
        set(&mut specs.max_throughput, &file.max_throughput, "max_throughput", 0.001, 1e9);
        set(&mut specs.concurrency, &file.concurrency, "concurrency", 1.0, 1e9);
        set(&mut specs.queue_limit, &file.queue_limit, "queue_limit", 0.0, 1e9);
        set(&mut specs.startup_s, &file.startup_s, "startup_s", 0.05, 3600.0);
        set(&mut specs.base_memory_gb, &file.base_memory_gb, "base_memory_gb", 0.0, 1e5);
        set(&mut specs.request_memory_kb, &file.request_memory_kb, "request_memory_kb", 0.0, 1e6);
        set(&mut specs.request_size_kb, &file.request_size_kb, "request_size_kb", 0.0, 1e6);
        set(&mut specs.base_error_ratio, &file.base_error_ratio, "base_error_ratio", 0.0, 1.0);
        if file.memory_gb.is_some() && file.base_memory_gb.is_none() {
            // A smaller or larger replica is taken to be as full as the profile's.
            specs.base_memory_gb *= specs.memory_gb / profile.defaults.memory_gb;
        }
        if specs.base_memory_gb >= specs.memory_gb {
            let (base, limit) = (specs.base_memory_gb, specs.memory_gb);
            let at = file.base_memory_gb.as_ref().map_or(id.referenced, |number| number.referenced);
            self.problem(line(at), format!("base_memory_gb is {base}; it must be below memory_gb, {limit}"));
        }
        specs
    }

    fn edge(&mut self, from: usize, file: &CallFile, ids: &[&str]) -> Option<EdgeSpec> {
        let to = self.service_index(&file.to, ids);
        let cache = file.cache.as_ref().map(|cache| self.service_index(cache, ids));
        let calls_per_request =
            self.optional(file.calls_per_request.as_ref(), "calls_per_request", 1.0, 0.0, 1000.0);
        let cache_hit_ratio = self.optional(file.cache_hit_ratio.as_ref(), "cache_hit_ratio", 0.0, 0.0, 1.0);
        let read_ratio = self.optional(file.read_ratio.as_ref(), "read_ratio", 1.0, 0.0, 1.0);
        let network_ms = self.optional(file.network_ms.as_ref(), "network_ms", 0.5, 0.0, 60_000.0);
        let timeout_ms = self.optional(file.timeout_ms.as_ref(), "timeout_ms", 1000.0, 1.0, 3.6e6);
        let max_retries = self.count(file.retries.as_ref(), "retries", 1, 0, MAX_RETRIES) as u32;
        let retry_budget =
            self.optional(file.retry_budget.as_ref(), "retry_budget", 0.2, 0.0, MAX_RETRIES as f64);
        Some(EdgeSpec {
            from,
            to: to?,
            calls_per_request,
            read_ratio,
            cache_hit_ratio,
            cache: match cache {
                Some(found) => Some(found?),
                None => None,
            },
            network_ms,
            timeout_ms,
            max_retries,
            retry_budget,
            required: file.required.unwrap_or(true),
            asynchronous: file.asynchronous,
        })
    }

    fn service_index(&mut self, id: &Text, ids: &[&str]) -> Option<usize> {
        let found = ids.iter().position(|known| *known == id.value);
        if found.is_none() {
            self.unknown(id, "service", ids);
        }
        found
    }

    fn count(&mut self, count: Option<&Count>, name: &str, default: u64, low: u64, high: u64) -> u64 {
        let Some(count) = count else { return default };
        if (low..=high).contains(&count.value) {
            return count.value;
        }
        self.problem(line(count.referenced), format!("{name} is {}; use {low} to {high}", count.value));
        low
    }

    /// Callers before callees (Kahn's algorithm, lowest index first); a cycle is a problem that names its path.
    fn order(&mut self, file: &TopologyFile, edges: &[EdgeSpec]) -> Vec<usize> {
        let count = file.services.len();
        let mut callers = vec![0_u32; count];
        for edge in edges {
            callers[edge.to] += 1;
        }
        let mut free: BTreeSet<usize> = (0..count).filter(|service| callers[*service] == 0).collect();
        let mut order = Vec::with_capacity(count);
        while let Some(service) = free.pop_first() {
            order.push(service);
            let first = edges.partition_point(|edge| edge.from < service);
            for edge in edges[first..].iter().take_while(|edge| edge.from == service) {
                callers[edge.to] -= 1;
                if callers[edge.to] == 0 {
                    free.insert(edge.to);
                }
            }
        }
        if order.len() < count {
            self.name_cycle(file, edges, &callers);
        }
        order
    }

    /// Walks backwards from callee to caller among the services that are left until one comes up again.
    fn name_cycle(&mut self, file: &TopologyFile, edges: &[EdgeSpec], callers: &[u32]) {
        let Some(mut service) = callers.iter().position(|left| *left > 0) else { return };
        let mut path = Vec::new();
        while !path.contains(&service) {
            path.push(service);
            let caller = edges.iter().find(|edge| edge.to == service && callers[edge.from] > 0);
            let Some(edge) = caller else { return };
            service = edge.from;
        }
        let start = path.iter().position(|seen| *seen == service).unwrap_or(0);
        let mut names: Vec<&str> =
            path[start..].iter().rev().map(|at| file.services[*at].id.value.as_str()).collect();
        // Always told from the service that comes first in the file.
        let first = path[start..].iter().copied().min().map(|at| file.services[at].id.value.as_str());
        if let Some(turn) = names.iter().position(|name| Some(*name) == first) {
            names.rotate_left(turn);
        }
        names.extend(first);
        let at = file.services.iter().find(|known| Some(known.id.value.as_str()) == first);
        let message = format!("services call in a circle: {}; remove one of these calls", names.join(" → "));
        self.problem(at.map_or(0, |known| line(known.id.referenced)), message);
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
                "{count} replicas of {} ({} cores, {} GiB each) find no room; add nodes or ask for fewer",
                id.value, specs.cpu_cores, specs.memory_gb
            );
            self.problem(line(id.referenced), message);
        }
        homeless.is_empty()
    }
}
