//! What the faults in force amount to. Folded anew from nothing whenever it may have changed, so that a fault that ends
//! leaves nothing behind.

use serde::{Deserialize, Serialize};

use crate::command::ActionKind;
use crate::fault::{ActiveFault, FaultKind};
use crate::topology::Topology;
use crate::{TICK_S, TargetKind};

/// On one service's replicas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Strain {
    /// Factor on the service time.
    pub(super) slowdown: f64,
    /// Share of the CPU eaten.
    pub(super) hog: f64,
    /// Exponent on the number of worker slots.
    pub(super) pool: f64,
    /// Share of the memory limit lost a second.
    pub(super) leak_per_s: f64,
    /// Share of requests answered with an error.
    pub(super) own_error: f64,
    /// Share of the replicas that are kept down.
    pub(super) crashed: f64,
}

impl Strain {
    const NONE: Self =
        Self { slowdown: 1.0, hog: 0.0, pool: 1.0, leak_per_s: 0.0, own_error: 0.0, crashed: 0.0 };
}

/// On one service.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct ServiceEffect {
    /// On replicas as they are, and on those that a restart has cleaned.
    pub(super) strain: [Strain; 2],
    /// Time added to every call, s.
    pub(super) network_s: f64,
    /// Most of a cache that is warm.
    pub(super) warmth_cap: f64,
    /// Factor on the traffic that enters here.
    pub(super) traffic: f64,
}

/// On one node.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct NodeEffect {
    pub(super) down: bool,
    pub(super) speed: f64,
    pub(super) hog: f64,
    pub(super) network_s: f64,
}

/// On everything.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Effects {
    pub(super) services: Vec<ServiceEffect>,
    pub(super) nodes: Vec<NodeEffect>,
    /// Whether any node has `network_s`.
    pub(super) node_latency: bool,
}

const SERVICE_NONE: ServiceEffect =
    ServiceEffect { strain: [Strain::NONE; 2], network_s: 0.0, warmth_cap: 1.0, traffic: 1.0 };
const NODE_NONE: NodeEffect = NodeEffect { down: false, speed: 1.0, hog: 0.0, network_s: 0.0 };

impl Effects {
    pub(super) fn none(topology: &Topology) -> Self {
        Self {
            services: vec![SERVICE_NONE; topology.services.len()],
            nodes: vec![NODE_NONE; topology.nodes.len()],
            node_latency: false,
        }
    }

    /// Folds the faults in force at a tick.
    pub(super) fn fold(&mut self, topology: &Topology, faults: &[ActiveFault], tick: u64) {
        self.services.fill(SERVICE_NONE);
        self.nodes.fill(NODE_NONE);
        self.node_latency = false;
        for fault in faults {
            let severity = severity_at(fault, tick);
            match fault.spec.target.kind {
                TargetKind::Service => {
                    if let Some(service) = topology.service(&fault.spec.target.id) {
                        strike_service(&mut self.services[service], fault, severity);
                    }
                }
                TargetKind::Node => {
                    if let Some(node) = topology.node(&fault.spec.target.id) {
                        self.strike_node(node, fault.spec.kind, severity);
                    }
                }
                TargetKind::Zone => {
                    let zone = topology.zone(&fault.spec.target.id);
                    for node in 0..topology.nodes.len() {
                        if Some(topology.nodes[node].zone) == zone {
                            self.strike_node(node, fault.spec.kind, severity);
                        }
                    }
                }
                TargetKind::Simulation => {
                    for service in &mut self.services {
                        service.traffic *= 1.0 + 4.0 * severity;
                    }
                }
            }
        }
    }

    fn strike_node(&mut self, node: usize, kind: FaultKind, severity: f64) {
        let effect = &mut self.nodes[node];
        match kind {
            FaultKind::NodeCrash | FaultKind::ZoneOutage => effect.down = true,
            FaultKind::SlowNode => effect.speed *= 1.0 - 0.95 * severity,
            FaultKind::CpuHog => effect.hog = 1.0 - (1.0 - effect.hog) * (1.0 - 0.9 * severity),
            FaultKind::NetworkLatency => {
                effect.network_s += 0.5 * severity;
                self.node_latency = true;
            }
            // `FaultSpec::checked` lets no other kind strike a node.
            _ => {}
        }
    }
}

/// Severity during the onset rises in a straight line, and is never 0 while the fault is in force.
fn severity_at(fault: &ActiveFault, tick: u64) -> f64 {
    let age_s = (tick.saturating_sub(fault.started_tick) + 1) as f64 * TICK_S;
    if age_s < fault.spec.onset_s {
        fault.spec.severity * age_s / fault.spec.onset_s
    } else {
        fault.spec.severity
    }
}

fn strike_service(effect: &mut ServiceEffect, fault: &ActiveFault, severity: f64) {
    match fault.spec.kind {
        FaultKind::NetworkLatency => effect.network_s += 0.5 * severity,
        FaultKind::CacheFlush => effect.warmth_cap = effect.warmth_cap.min(1.0 - severity),
        FaultKind::TrafficSpike => effect.traffic *= 1.0 + 4.0 * severity,
        kind => {
            let cured = kind.info().cured_by.contains(&ActionKind::RestartService) && !fault.spec.persistent;
            let touched = if cured { 1 } else { 2 };
            for strain in &mut effect.strain[..touched] {
                strike_replicas(strain, kind, severity);
            }
        }
    }
}

fn strike_replicas(strain: &mut Strain, kind: FaultKind, severity: f64) {
    match kind {
        FaultKind::ServiceCrash => strain.crashed = strain.crashed.max(severity),
        FaultKind::MemoryLeak => strain.leak_per_s += severity / 2.0,
        FaultKind::CpuHog => strain.hog = 1.0 - (1.0 - strain.hog) * (1.0 - 0.9 * severity),
        FaultKind::SlowDependency => strain.slowdown *= 1.0 + 39.0 * severity,
        FaultKind::ErrorBurst => strain.own_error = 1.0 - (1.0 - strain.own_error) * (1.0 - severity),
        FaultKind::ConnectionPoolExhaustion => strain.pool *= 1.0 - severity,
        // `FaultSpec::checked` lets no other kind strike a service's replicas.
        _ => {}
    }
}
