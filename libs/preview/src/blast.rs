//! What an action touches, and who stands behind that.

use std::collections::BTreeSet;

use sim::component::ComponentKind;
use sim::world::view::{ReplicaState, TopologyView};
use sim::{ActionKind, Topology};

use crate::plan::Planned;

/// What is within reach of an action.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blast {
    /// Ids of the services whose replicas it touches.
    pub services: Vec<String>,
    /// Replicas that stop, move or are weighed anew.
    pub replicas: u32,
    /// Replicas there are in the cloud.
    pub of_replicas: u32,
    /// Ids of the services that call these, directly or not: where trouble with it would be felt.
    pub callers: Vec<String>,
}

impl Blast {
    /// Of an action, as the cloud stands.
    pub fn of(planned: &Planned, view: &TopologyView, topology: &Topology) -> Self {
        let is_touched = |service: &str, node: &str| match planned.kind {
            ActionKind::DrainNode => node == planned.target,
            ActionKind::RestartService
            | ActionKind::ScaleDown
            | ActionKind::RebalanceTraffic
            | ActionKind::SpreadTraffic
            | ActionKind::RemoveComponent => service == planned.target,
            // New replicas touch none of those there are; which ones a node fetches is decided when it does.
            ActionKind::ScaleUp
            | ActionKind::UndrainNode
            | ActionKind::AddReadReplica
            | ActionKind::AddCache
            | ActionKind::AddLoadBalancer
            | ActionKind::AddCdn
            | ActionKind::AddConsumers => false,
        };
        let (mut services, mut replicas, mut of_replicas) = (BTreeSet::new(), 0, 0);
        for service in &view.services {
            let running = service.replicas.iter().filter(|replica| replica.state != ReplicaState::Crashed);
            for replica in running {
                of_replicas += 1;
                if is_touched(&service.id, &replica.node_id) {
                    replicas += 1;
                    services.insert(service.id.to_string());
                }
            }
        }
        if planned.kind == ActionKind::ScaleDown {
            replicas = replicas.min(planned.replicas.max(1));
        }
        if planned.kind == ActionKind::ScaleUp || ComponentKind::added_by(planned.kind).is_some() {
            services.insert(planned.target.clone());
        }
        let callers = callers(&services, topology);
        Self { services: services.into_iter().collect(), replicas, of_replicas, callers }
    }
}

fn callers(services: &BTreeSet<String>, topology: &Topology) -> Vec<String> {
    let mut reached: BTreeSet<usize> =
        services.iter().filter_map(|service| topology.service(service)).collect();
    let mut open: Vec<usize> = reached.iter().copied().collect();
    while let Some(callee) = open.pop() {
        for edge in topology.edges.iter().filter(|edge| edge.to == callee) {
            if reached.insert(edge.from) {
                open.push(edge.from);
            }
        }
    }
    let ids = reached.into_iter().map(|service| topology.services[service].id.to_string());
    ids.filter(|id| !services.contains(id)).collect()
}
