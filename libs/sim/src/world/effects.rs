//! What the faults in force amount to. Folded anew from nothing whenever it may have changed, so that a fault that ends
//! leaves nothing behind.

use serde::{Deserialize, Serialize};

use crate::command::ActionKind;
use crate::fault::{ActiveFault, FaultKind};
use crate::topology::Topology;
use crate::{TICK_S, TargetKind};

use super::delay::Delay;
use super::partition::{Cut, Inside};

/// What severity 1 adds to a call on the network, s.
const MAX_LATENCY_S: f64 = 0.5;

/// Share of the segments that severity 1 loses.
const MAX_LOSS: f64 = 0.2;

/// Garbage collection stops the processes once in this time, s, and at severity 1 for this long, s.
const GC_PERIOD_S: f64 = 5.0;
const MAX_GC_PAUSE_S: f64 = 2.0;

/// How many times more often than needed severity 1 sends every request.
const MAX_RESEND: f64 = 3.0;

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
    /// Share of the replicas that die again and again.
    pub(super) loops: f64,
}

impl Strain {
    const NONE: Self = Self {
        slowdown: 1.0,
        hog: 0.0,
        pool: 1.0,
        leak_per_s: 0.0,
        own_error: 0.0,
        crashed: 0.0,
        loops: 0.0,
    };
}

/// On one service.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct ServiceEffect {
    /// On replicas as they are, and on those that a restart has cleaned.
    pub(super) strain: [Strain; 2],
    /// Time added to every call.
    pub(super) delay: Delay,
    /// Share of the requests that are refused at once.
    pub(super) refuses: f64,
    /// Share of the requests from outside that do not get here.
    pub(super) cut_off: f64,
    /// How many times more often than needed callers send every request.
    pub(super) resend: f64,
    /// Share of the free space on the disk that is taken.
    pub(super) disk_taken: f64,
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
    pub(super) delay: Delay,
}

/// On everything.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Effects {
    pub(super) services: Vec<ServiceEffect>,
    pub(super) nodes: Vec<NodeEffect>,
    /// Whether any node has a delay.
    pub(super) node_delay: bool,
    /// Whether any service's replicas die again and again.
    pub(super) loops: bool,
    /// Cuts in the network, and the share of every edge's calls that they lose; empty when there are none.
    pub(super) cuts: Vec<Cut>,
    pub(super) losses: Vec<f64>,
}

const NO_DELAY: Delay = Delay { mean_s: 0.0, variance: 0.0 };
const SERVICE_NONE: ServiceEffect = ServiceEffect {
    strain: [Strain::NONE; 2],
    delay: NO_DELAY,
    refuses: 0.0,
    cut_off: 0.0,
    resend: 0.0,
    disk_taken: 0.0,
    warmth_cap: 1.0,
    traffic: 1.0,
};
const NODE_NONE: NodeEffect = NodeEffect { down: false, speed: 1.0, hog: 0.0, delay: NO_DELAY };

impl ServiceEffect {
    /// Disk in use, GiB, when the service itself uses `own_gb` of `storage_gb`.
    pub(super) fn disk_used(&self, own_gb: f64, storage_gb: f64) -> f64 {
        own_gb + (storage_gb - own_gb).max(0.0) * self.disk_taken
    }
}

impl Effects {
    pub(super) fn none(topology: &Topology) -> Self {
        Self {
            services: vec![SERVICE_NONE; topology.services.len()],
            nodes: vec![NODE_NONE; topology.nodes.len()],
            node_delay: false,
            loops: false,
            cuts: Vec::new(),
            losses: Vec::new(),
        }
    }

    /// Folds the faults in force at a tick.
    pub(super) fn fold(&mut self, topology: &Topology, faults: &[ActiveFault], tick: u64) {
        self.services.fill(SERVICE_NONE);
        self.nodes.fill(NODE_NONE);
        self.node_delay = false;
        self.loops = false;
        self.cuts.clear();
        for fault in faults {
            let severity = severity_at(fault, tick);
            match fault.spec.target.kind {
                TargetKind::Service => {
                    if let Some(service) = topology.service(&fault.spec.target.id) {
                        self.strike_service(service, fault, severity);
                    }
                }
                TargetKind::Node => {
                    if let Some(node) = topology.node(&fault.spec.target.id) {
                        self.cut(fault.spec.kind, Inside::Node(node), severity);
                        self.strike_node(node, fault.spec.kind, severity);
                    }
                }
                TargetKind::Zone => {
                    let zone = topology.zone(&fault.spec.target.id);
                    if let Some(zone) = zone {
                        self.cut(fault.spec.kind, Inside::Zone(zone), severity);
                    }
                    for node in 0..topology.nodes.len() {
                        if Some(topology.nodes[node].zone) == zone {
                            self.strike_node(node, fault.spec.kind, severity);
                        }
                    }
                }
                TargetKind::Simulation => {
                    for service in &mut self.services {
                        service.traffic *= traffic(fault.spec.kind, severity);
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
            FaultKind::CpuHog => either(&mut effect.hog, 0.9 * severity),
            FaultKind::NetworkLatency => self.delay_node(node, Delay::fixed(MAX_LATENCY_S * severity)),
            FaultKind::PacketLoss => {
                self.delay_node(node, Delay::of_retransmission(MAX_LOSS * severity));
            }
            // A partition is a cut; `FaultSpec::checked` lets no other kind strike a node.
            _ => {}
        }
    }

    fn delay_node(&mut self, node: usize, delay: Delay) {
        self.nodes[node].delay = self.nodes[node].delay.plus(delay);
        self.node_delay = true;
    }

    fn cut(&mut self, kind: FaultKind, inside: Inside, severity: f64) {
        if kind == FaultKind::NetworkPartition {
            self.cuts.push(Cut { inside, severity });
        }
    }

    /// Share of an edge's calls that are lost on the way.
    pub(super) fn lost(&self, edge: usize) -> f64 {
        self.losses.get(edge).copied().unwrap_or(0.0)
    }

    fn strike_service(&mut self, service: usize, fault: &ActiveFault, severity: f64) {
        self.cut(fault.spec.kind, Inside::Service(service), severity);
        self.loops |= fault.spec.kind == FaultKind::CrashLoop;
        let effect = &mut self.services[service];
        match fault.spec.kind {
            FaultKind::NetworkLatency => effect.add(Delay::fixed(MAX_LATENCY_S * severity)),
            FaultKind::PacketLoss => effect.add(Delay::of_retransmission(MAX_LOSS * severity)),
            FaultKind::NetworkPartition => either(&mut effect.cut_off, severity),
            FaultKind::ConfigurationError => either(&mut effect.refuses, severity),
            FaultKind::DiskFull => either(&mut effect.disk_taken, severity),
            FaultKind::CacheFlush => effect.warmth_cap = effect.warmth_cap.min(1.0 - severity),
            kind @ (FaultKind::TrafficSpike | FaultKind::TrafficDrop) => {
                effect.traffic *= traffic(kind, severity);
            }
            FaultKind::RetryStorm => {
                effect.resend += MAX_RESEND * severity;
                effect.traffic *= 1.0 + MAX_RESEND * severity;
            }
            kind => {
                if kind == FaultKind::GcPause {
                    let pause_s = MAX_GC_PAUSE_S * severity;
                    effect.add(Delay::of_pauses(pause_s / GC_PERIOD_S, pause_s));
                }
                let cured =
                    kind.info().cured_by.contains(&ActionKind::RestartService) && !fault.spec.persistent;
                let touched = if cured { 1 } else { 2 };
                for strain in &mut effect.strain[..touched] {
                    strike_replicas(strain, kind, severity);
                }
            }
        }
    }
}

impl ServiceEffect {
    fn add(&mut self, delay: Delay) {
        self.delay = self.delay.plus(delay);
    }
}

/// What traffic from outside is multiplied by.
fn traffic(kind: FaultKind, severity: f64) -> f64 {
    if kind == FaultKind::TrafficDrop { 1.0 - severity } else { 1.0 + 4.0 * severity }
}

/// Adds the share of an independent cause.
fn either(share: &mut f64, other: f64) {
    *share = 1.0 - (1.0 - *share) * (1.0 - other);
}

/// Severity during the onset rises in a straight line, and is never 0 while the fault is in force.
pub(super) fn severity_at(fault: &ActiveFault, tick: u64) -> f64 {
    let age_s = (tick.saturating_sub(fault.started_tick) + 1) as f64 * TICK_S;
    if age_s < fault.spec.onset_s {
        fault.spec.severity * age_s / fault.spec.onset_s
    } else {
        fault.spec.severity
    }
}

fn strike_replicas(strain: &mut Strain, kind: FaultKind, severity: f64) {
    match kind {
        FaultKind::ServiceCrash => strain.crashed = strain.crashed.max(severity),
        FaultKind::CrashLoop => strain.loops = strain.loops.max(severity),
        FaultKind::MemoryLeak => strain.leak_per_s += severity / 2.0,
        FaultKind::CpuHog => either(&mut strain.hog, 0.9 * severity),
        FaultKind::GcPause => either(&mut strain.hog, MAX_GC_PAUSE_S * severity / GC_PERIOD_S),
        FaultKind::SlowDependency => strain.slowdown *= 1.0 + 39.0 * severity,
        FaultKind::ErrorBurst => either(&mut strain.own_error, severity),
        FaultKind::ConnectionPoolExhaustion => strain.pool *= 1.0 - severity,
        // `FaultSpec::checked` lets no other kind strike a service's replicas.
        _ => {}
    }
}
