//! What can go wrong: the kinds of faults, and what it takes to inject one.
//!
//! A fault changes nothing by itself. Every tick the faults in force are folded into effects (see `world::effects`), so
//! that ending one reverts exactly what it did and overlapping ones combine.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::command::ActionKind;
use crate::topology::ServiceSpec;
use crate::{Target, TargetKind};

/// Most faults that may be in force at once: far above any scenario, low enough to keep a tick's cost bounded.
pub const MAX_ACTIVE_FAULTS: usize = 256;

/// Longest onset or duration, simulated seconds (30 days).
pub const MAX_FAULT_S: f64 = 2_592_000.0;

/// Names a fault within a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FaultId(pub String);

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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

const KINDS: [KindInfo; 19] = [
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

    /// Name in files and messages.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Whether it makes a difference to a service, provided that it strikes services at all.
    pub(crate) fn fits(self, service: &ServiceSpec) -> bool {
        match self {
            Self::TrafficSpike => service.entry,
            Self::DiskFull => service.specs.storage_gb > 0.0,
            _ => true,
        }
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

/// A fault to inject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultSpec {
    /// Chosen by the caller, or empty to have one derived from kind, target and tick.
    pub id: String,
    /// What kind.
    pub kind: FaultKind,
    /// What it strikes.
    pub target: Target,
    /// How hard, in (0, 1]; 0 means the kind's default.
    pub severity: f64,
    /// Simulated seconds from the first effect to full severity; 0 means at once.
    pub onset_s: f64,
    /// Simulated seconds until it ends by itself; 0 means until it is cleared or cured.
    pub duration_s: f64,
    /// Whether it survives the actions that cure its kind.
    pub persistent: bool,
}

impl FaultSpec {
    /// A fault of a kind on a target with every default: derived id, default severity, no onset, no end.
    pub fn new(kind: FaultKind, target: Target) -> Self {
        Self {
            id: String::new(),
            kind,
            target,
            severity: 0.0,
            onset_s: 0.0,
            duration_s: 0.0,
            persistent: false,
        }
    }

    /// Checks the numbers and the kind of target, and fills in the default severity. Whether the target exists is the
    /// world's to say.
    ///
    /// # Errors
    /// Names the first value that is wrong and what to write instead.
    pub fn checked(mut self) -> Result<Self, FaultError> {
        let info = self.kind.info();
        if !info.targets.contains(&self.target.kind) {
            return Err(FaultError::WrongTarget {
                kind: info.name,
                given: self.target.kind,
                allowed: info.targets,
            });
        }
        if !(0.0..=1.0).contains(&self.severity) {
            return Err(FaultError::Severity { kind: info.name, given: self.severity });
        }
        for (name, value) in [("onset_s", self.onset_s), ("duration_s", self.duration_s)] {
            if !(0.0..=MAX_FAULT_S).contains(&value) {
                return Err(FaultError::Time { name, given: value });
            }
        }
        if self.severity == 0.0 {
            self.severity = info.default_severity;
        }
        Ok(self)
    }
}

/// A fault that is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// What was injected, with its id and defaults filled in.
    pub spec: FaultSpec,
    /// Tick at which it began.
    pub started_tick: u64,
    /// Whether it came from the scenario's timeline; such faults end when the scenario is switched.
    pub from_timeline: bool,
}

impl ActiveFault {
    /// Its id.
    pub fn id(&self) -> FaultId {
        FaultId(self.spec.id.clone())
    }
}

/// Why a fault cannot be injected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FaultError {
    /// The kind is not known.
    #[error("unknown fault kind {kind:?}; use one of {}", kind_names())]
    UnknownKind {
        /// What was asked for.
        kind: String,
    },
    /// The kind does not strike this kind of target.
    #[error("{kind} cannot strike a {given}; give it a {}", target_names(allowed))]
    WrongTarget {
        /// The fault's kind.
        kind: &'static str,
        /// The target's kind.
        given: TargetKind,
        /// What it could be.
        allowed: &'static [TargetKind],
    },
    /// There is no such target, or none that the fault can strike.
    #[error(
        "there is no {target} in this topology that the fault can strike; {}",
        crate::known::use_one_of(known)
    )]
    UnknownTarget {
        /// What was asked for.
        target: Target,
        /// Ids of that kind.
        known: Vec<String>,
    },
    /// The severity is out of range.
    #[error("severity {given} of {kind}: use a number above 0 and up to 1, or 0 for the default")]
    Severity {
        /// The fault's kind.
        kind: &'static str,
        /// What was given.
        given: f64,
    },
    /// A time is out of range.
    #[error("{name} {given}: use simulated seconds from 0 to {MAX_FAULT_S}")]
    Time {
        /// Which one.
        name: &'static str,
        /// What was given.
        given: f64,
    },
    /// The id is in use by another fault.
    #[error("fault id {id:?} is in force as {kind} of {target}; choose another id or clear that one first")]
    IdInUse {
        /// The id.
        id: String,
        /// Kind of the other one.
        kind: &'static str,
        /// Target of the other one.
        target: Target,
    },
    /// Too many at once.
    #[error("{MAX_ACTIVE_FAULTS} faults are in force already; clear some first")]
    TooMany,
}

fn kind_names() -> String {
    KINDS.iter().map(|info| info.name).collect::<Vec<_>>().join(", ")
}

fn target_names(kinds: &[TargetKind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or ")
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

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        let base = FaultSpec::new(FaultKind::MemoryLeak, Target::service("a"));
        for severity in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert!(FaultSpec { severity, ..base.clone() }.checked().is_err(), "{severity}");
        }
        assert!(FaultSpec { duration_s: f64::NAN, ..base.clone() }.checked().is_err());
        assert!(FaultSpec { target: Target::node("a"), ..base.clone() }.checked().is_err());
        assert!((base.checked().unwrap().severity - 0.5).abs() < 1e-12);
    }
}
