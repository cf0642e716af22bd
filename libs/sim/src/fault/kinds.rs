//! The kinds of faults, with what each does.

use serde::{Deserialize, Serialize};

use crate::TargetKind;
use crate::command::ActionKind;

use super::FaultError;

/// What kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FaultKind {
    /// A node stops.
    NodeCrash,
    /// A node works slower than it should (gray failure).
    SlowNode,
    /// Every node of a zone stops.
    ZoneOutage,
    /// Replicas of a service die and stay down.
    ServiceCrash,
    /// A service's processes fill their memory.
    MemoryLeak,
    /// Something else eats the CPU.
    CpuHog,
    /// A service takes longer for its own work.
    SlowDependency,
    /// A service answers requests with errors.
    ErrorBurst,
    /// Calls take longer on the network.
    NetworkLatency,
    /// A cache loses its content.
    CacheFlush,
    /// More traffic arrives.
    TrafficSpike,
    /// A service loses worker slots or connections.
    ConnectionPoolExhaustion,
    /// Replicas of a service die again and again soon after they start.
    CrashLoop,
    /// Packets to and from the target are lost.
    PacketLoss,
    /// The target and the rest cannot reach each other.
    NetworkPartition,
    /// A service's disk fills up and its writes fail.
    DiskFull,
    /// A service was given settings with which it refuses requests.
    ConfigurationError,
    /// Callers of a service send the same requests over and over.
    RetryStorm,
    /// A service's processes stop again and again to collect garbage.
    GcPause,
    /// Less traffic arrives.
    TrafficDrop,
}

/// One kind of fault, for pickers, docs and error messages.
#[derive(Debug, Clone, PartialEq)]
pub struct KindInfo {
    /// The kind.
    pub kind: FaultKind,
    /// Name in files and messages.
    pub name: &'static str,
    /// What it can strike.
    pub targets: &'static [TargetKind],
    /// Severity when none is given.
    pub default_severity: f64,
    /// Actions on the same target that end it.
    pub cured_by: &'static [ActionKind],
    /// What it does and what severity 1 means.
    pub description: &'static str,
}

use ActionKind::RestartService;
use TargetKind::{Node, Service, Simulation, Zone};

const KINDS: [KindInfo; 20] = [
    KindInfo {
        kind: FaultKind::NodeCrash,
        name: "node_crash",
        targets: &[Node],
        default_severity: 1.0,
        cured_by: &[],
        description: "The node stops and its replicas with it; they start again when it ends. Severity has no grades.",
    },
    KindInfo {
        kind: FaultKind::SlowNode,
        name: "slow_node",
        targets: &[Node],
        default_severity: 0.7,
        cured_by: &[],
        description: "The node's CPUs run slower though it looks healthy; severity 1 leaves 5 % of their speed.",
    },
    KindInfo {
        kind: FaultKind::ZoneOutage,
        name: "zone_outage",
        targets: &[Zone],
        default_severity: 1.0,
        cured_by: &[],
        description: "Every node of the zone stops. Severity has no grades.",
    },
    KindInfo {
        kind: FaultKind::ServiceCrash,
        name: "service_crash",
        targets: &[Service],
        default_severity: 1.0,
        cured_by: &[RestartService],
        description: "Replicas die and stay down; severity is their share, at least one. A restart brings them back.",
    },
    KindInfo {
        kind: FaultKind::MemoryLeak,
        name: "memory_leak",
        targets: &[Service],
        default_severity: 0.5,
        cured_by: &[RestartService],
        description: "Memory fills to 96 % of the limit and the service pages; severity 1 takes 2 s, 0.1 takes 20 s. \
                      A restart ends it.",
    },
    KindInfo {
        kind: FaultKind::CpuHog,
        name: "cpu_hog",
        targets: &[Service, Node],
        default_severity: 0.7,
        cured_by: &[RestartService],
        description: "A runaway job eats CPU; severity 1 leaves 10 % of it. A restart of the service ends it.",
    },
    KindInfo {
        kind: FaultKind::SlowDependency,
        name: "slow_dependency",
        targets: &[Service],
        default_severity: 0.5,
        cured_by: &[],
        description: "The service's own work takes longer without using CPU; severity 1 means 40 times as long.",
    },
    KindInfo {
        kind: FaultKind::ErrorBurst,
        name: "error_burst",
        targets: &[Service],
        default_severity: 0.3,
        cured_by: &[RestartService],
        description: "Processes in a bad state answer with errors; severity is their share. A restart ends it.",
    },
    KindInfo {
        kind: FaultKind::NetworkLatency,
        name: "network_latency",
        targets: &[Service, Node, Zone],
        default_severity: 0.5,
        cured_by: &[],
        description: "Every call to the target takes longer on the network; severity 1 adds 500 ms.",
    },
    KindInfo {
        kind: FaultKind::CacheFlush,
        name: "cache_flush",
        targets: &[Service],
        default_severity: 1.0,
        cured_by: &[],
        description: "The cache loses its content and warms up again after the end; severity is the share lost.",
    },
    KindInfo {
        kind: FaultKind::TrafficSpike,
        name: "traffic_spike",
        targets: &[Simulation, Service],
        default_severity: 0.5,
        cured_by: &[],
        description: "More traffic from outside, in all or at one entry service; severity 1 means five times as much.",
    },
    KindInfo {
        kind: FaultKind::ConnectionPoolExhaustion,
        name: "connection_pool_exhaustion",
        targets: &[Service],
        default_severity: 1.0,
        cured_by: &[RestartService],
        description: "Worker slots leak away: n become n to the power of 1 - severity, so that 1 leaves one. A restart ends it.",
    },
    KindInfo {
        kind: FaultKind::CrashLoop,
        name: "crash_loop",
        targets: &[Service],
        default_severity: 1.0,
        cured_by: &[RestartService],
        description: "Replicas die about every 8 s and start again; severity is their share, at least one. A restart from \
                      a clean state ends it.",
    },
    KindInfo {
        kind: FaultKind::PacketLoss,
        name: "packet_loss",
        targets: &[Service, Node, Zone],
        default_severity: 0.5,
        cured_by: &[],
        description: "Segments of calls to the target are lost and sent again after 200 ms, 400 ms …; severity 1 loses 20 %.",
    },
    KindInfo {
        kind: FaultKind::NetworkPartition,
        name: "network_partition",
        targets: &[Zone, Node, Service],
        default_severity: 1.0,
        cured_by: &[],
        description: "Calls between the target and the rest get no answer and time out; severity is the share of them.",
    },
    KindInfo {
        kind: FaultKind::DiskFull,
        name: "disk_full",
        targets: &[Service],
        default_severity: 1.0,
        cured_by: &[RestartService],
        description: "Temporary files fill the disk of a service that stores data; severity is the share of the free space they \
                      take, and at 1 writes fail. A restart removes them.",
    },
    KindInfo {
        kind: FaultKind::ConfigurationError,
        name: "configuration_error",
        targets: &[Service],
        default_severity: 0.5,
        cured_by: &[],
        description: "Wrong settings make the service refuse requests at once; severity is their share. A restart reads the \
                      same settings again.",
    },
    KindInfo {
        kind: FaultKind::RetryStorm,
        name: "retry_storm",
        targets: &[Service],
        default_severity: 0.5,
        cured_by: &[],
        description: "Callers send every request again without waiting and without regard to their retry budgets; severity 1 \
                      sends each four times.",
    },
    KindInfo {
        kind: FaultKind::GcPause,
        name: "gc_pause",
        targets: &[Service],
        default_severity: 0.5,
        cured_by: &[RestartService],
        description: "Every 5 s the processes stop to collect garbage; severity 1 stops them for 2 s. A restart ends it.",
    },
    KindInfo {
        kind: FaultKind::TrafficDrop,
        name: "traffic_drop",
        targets: &[Simulation, Service],
        default_severity: 0.5,
        cured_by: &[],
        description: "Less traffic from outside, in all or at one entry service; severity 1 means none.",
    },
];

/// Every kind that can be injected, with what it does.
pub fn kinds() -> &'static [KindInfo] {
    &KINDS
}

impl FaultKind {
    /// What is known about the kind.
    pub fn info(self) -> &'static KindInfo {
        // The table is in the order of the variants; a test holds it to that.
        &KINDS[self as usize]
    }

    /// Whether something breaks by it. When fewer users come, nothing does.
    pub fn breaks(self) -> bool {
        self != Self::TrafficDrop
    }

    /// Name in files and messages.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The kind with this name.
    ///
    /// # Errors
    /// When there is none; the error names those there are.
    pub fn by_name(name: &str) -> Result<Self, FaultError> {
        KINDS
            .iter()
            .find(|info| info.name == name)
            .map(|info| info.kind)
            .ok_or_else(|| FaultError::UnknownKind { kind: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (position, info) in kinds().iter().enumerate() {
            assert_eq!(info.kind as usize, position, "{}", info.name);
            assert_eq!(FaultKind::by_name(info.name).unwrap(), info.kind);
        }
    }
}
