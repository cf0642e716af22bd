//! The running cloud, described for people and for tests.

use std::sync::Arc;

use super::World;
use super::service::Service;
use super::view::{EdgeView, Flow, NodeView, Percentiles, ReplicaView, ServiceView, TopologyView};

impl World {
    /// What exists now, not what the file said.
    pub fn topology(&self) -> TopologyView {
        let topology = &self.running.topology;
        let id = |service: usize| Arc::clone(&topology.services[service].id);
        let nodes = topology.nodes.iter().zip(&self.cloud.nodes).map(|(spec, node)| NodeView {
            id: Arc::clone(&spec.id),
            zone_id: Arc::clone(&topology.zones[spec.zone]),
            cpu_cores: spec.cpu_cores,
            memory_gb: spec.memory_gb,
            network_mbps: spec.network_mbps,
            state: node.state(),
            version: node.version,
        });
        let edges = topology.edges.iter().map(|edge| EdgeView {
            from: id(edge.from),
            to: id(edge.to),
            calls_per_request: edge.calls_per_request,
            timeout_ms: edge.timeout_ms,
            max_retries: edge.retries.max,
        });
        TopologyView {
            name: topology.name.clone(),
            tick: self.tick,
            zones: topology.zones.clone(),
            nodes: nodes.collect(),
            services: (0..topology.services.len()).map(|service| self.service_view(service)).collect(),
            edges: edges.collect(),
        }
    }

    fn service_view(&self, service: usize) -> ServiceView {
        let spec = &self.running.topology.services[service];
        let state = &self.cloud.services[service];
        let asked = state.offered > 0.0;
        let replicas = self.cloud.replicas_of(service).map(|index| {
            let row = self.cloud.replicas.row(index);
            ReplicaView {
                ordinal: row.ordinal,
                node_id: Arc::clone(&self.running.topology.nodes[row.node as usize].id),
                state: row.state,
                share: self.cloud.replicas.share(index),
            }
        });
        ServiceView {
            id: Arc::clone(&spec.id),
            profile: spec.profile.name,
            desired_replicas: state.desired,
            replicas: replicas.collect(),
            version: state.version,
            health: state.health,
            entry: spec.entry,
            door: self.running.topology.is_door(service),
            read_ratio: asked.then(|| 1.0 - state.write_share()),
            static_ratio: asked.then(|| state.static_share()),
            user_distance_ms: state.distance.mean_ms(),
            connections_per_replica: spec.specs.concurrency as u32,
        }
    }

    /// Flow of every service in the last tick, in file order.
    pub fn flows(&self) -> Vec<Flow> {
        let flow = |service: &Service| Flow {
            offered: service.offered,
            completed: service.completed,
            failed: service.failed,
            queued: service.waiting,
            in_service: service.backlog - service.waiting,
        };
        self.cloud.services.iter().map(flow).collect()
    }

    /// Latency of a service's own work in the last sample, callees left out; `None` when there is no such service.
    pub fn own_latency(&self, service: &str) -> Option<Percentiles> {
        let index = self.running.topology.service(service)?;
        Some(self.cloud.sampler.own_percentiles(index))
    }

    /// Replicas there are, of all services together.
    pub fn replica_count(&self) -> usize {
        self.cloud.replicas.len()
    }
}
