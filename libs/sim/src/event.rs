//! Facts about the simulated cloud, in the order they happened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Target;

/// Namespace of every id that is derived from a run.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A run began. Attributes: `scenario`, `seed`.
    RunStarted,
    /// The scenario was switched. Attributes: `scenario`.
    ScenarioSet,
    /// A fault began. Attributes: `fault_id`, `fault`, `severity`.
    FaultStarted,
    /// A fault ended, was cleared or was cured. Attributes: `fault_id`, `fault`.
    FaultEnded,
    /// A service's health got worse. Attributes: `health`.
    ServiceDegraded,
    /// A service is healthy again.
    ServiceRecovered,
    /// A replica went down. Attributes: `replica`, `cause`.
    ReplicaCrashed,
    /// A replica finished starting. Attributes: `replica`.
    ReplicaReady,
    /// A node stopped answering.
    NodeDown,
    /// A node is ready again.
    NodeReady,
    /// A node holds no replicas any more and takes no new ones.
    NodeDrained,
    /// An approved action took effect.
    ActionExecuting,
    /// An action's work is done.
    ActionSucceeded,
    /// An action was refused or could not be finished.
    ActionFailed,
    /// A caller stopped calling a callee that fails. Attributes: `callee`.
    CircuitOpened,
    /// A caller lets some calls through again to see how the callee is. Attributes: `callee`.
    CircuitHalfOpen,
    /// A caller calls as usual again. Attributes: `callee`.
    CircuitClosed,
    /// Another share of faults begins by chance. Attributes: `level`.
    ChaosSet,
}

impl EventKind {
    /// Name, for example `FAULT_STARTED`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RunStarted => "RUN_STARTED",
            Self::ScenarioSet => "SCENARIO_SET",
            Self::FaultStarted => "FAULT_STARTED",
            Self::FaultEnded => "FAULT_ENDED",
            Self::ServiceDegraded => "SERVICE_DEGRADED",
            Self::ServiceRecovered => "SERVICE_RECOVERED",
            Self::ReplicaCrashed => "REPLICA_CRASHED",
            Self::ReplicaReady => "REPLICA_READY",
            Self::NodeDown => "NODE_DOWN",
            Self::NodeReady => "NODE_READY",
            Self::NodeDrained => "NODE_DRAINED",
            Self::ActionExecuting => "ACTION_EXECUTING",
            Self::ActionSucceeded => "ACTION_SUCCEEDED",
            Self::ActionFailed => "ACTION_FAILED",
            Self::CircuitOpened => "CIRCUIT_OPENED",
            Self::CircuitHalfOpen => "CIRCUIT_HALF_OPEN",
            Self::CircuitClosed => "CIRCUIT_CLOSED",
            Self::ChaosSet => "CHAOS_SET",
        }
    }
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Tick at which it happened.
    pub tick: u64,
    /// Position within the tick, from 0.
    pub index: u32,
    /// What happened.
    pub kind: EventKind,
    /// To whom.
    pub target: Target,
    /// One sentence for a person.
    pub message: String,
    /// The action it is the outcome of, or empty.
    pub action_id: String,
    /// The command that carried the action, or empty.
    pub command_id: String,
    /// Details by name; each kind documents its own.
    pub attributes: BTreeMap<String, String>,
}

impl Event {
    /// The event's id in a run: the same in every replay.
    pub fn id(&self, run_id: &str) -> Uuid {
        let name = format!("event/{run_id}/{}/{}", self.tick, self.index);
        Uuid::new_v5(&NAMESPACE, name.as_bytes())
    }
}
