//! What can be done to a [`World`](crate::World) between two ticks, and what comes of it.
//!
//! Commands are the only way in from outside: a run is its scenario, its seed and the log of its commands.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fault::{ActiveFault, FaultError, FaultId, FaultSpec};
use crate::scenario::Scenario;

/// A change to the world, effective at the next tick to be computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Switches the scenario; its timeline counts from the tick. The world goes on when the topology is the same and is
    /// replaced when it is another one.
    SetScenario(Arc<Scenario>),
    /// Starts a fault. The same id again changes nothing.
    InjectFault(FaultSpec),
    /// Ends a fault.
    ClearFault(FaultId),
    /// Performs an approved action. The same command id again changes nothing.
    Act(Act),
    /// Sets how many faults begin by chance, from 0 (none) to 1.
    SetChaos(f64),
}

/// An approved action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Id of the command: applied at most once per run.
    pub command_id: String,
    /// Id of the action, repeated in the events of its outcome.
    pub action_id: String,
    /// What to do.
    pub kind: ActionKind,
    /// Service id, or node id for kinds that are [on a node](ActionKind::is_on_node).
    pub target: String,
    /// Version of the target that was looked at; refused when the target is newer, and when it is 0.
    pub target_version: u64,
    /// Replicas to add or remove, or of the component to add; 0 means one. Ignored by the other kinds.
    pub replicas: u32,
}

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ActionKind {
    /// Restarts every replica of a service, one after the other where more than one runs.
    RestartService,
    /// Adds replicas to a service.
    ScaleUp,
    /// Removes replicas from a service, never the last one.
    ScaleDown,
    /// Moves every replica off a node and keeps it empty.
    DrainNode,
    /// Weighs a service's replicas by what each can serve.
    RebalanceTraffic,
    /// Puts a copy beside a database, which takes its reads.
    AddReadReplica,
    /// Puts a cache beside a database, which is asked before it.
    AddCache,
    /// Puts a load balancer before a service with several replicas.
    AddLoadBalancer,
    /// Puts a content delivery network before an entry service.
    AddCdn,
    /// Puts more consumers beside those of a queue.
    AddConsumers,
    /// Takes away what one of the five before has added.
    RemoveComponent,
    /// Lets a drained node take replicas again, and moves its share of them there.
    UndrainNode,
    /// Weighs a service's replicas alike again.
    SpreadTraffic,
}

impl ActionKind {
    /// Every kind, in the order of their wire numbers.
    pub const ALL: [Self; 13] = [
        Self::RestartService,
        Self::ScaleUp,
        Self::ScaleDown,
        Self::DrainNode,
        Self::RebalanceTraffic,
        Self::AddReadReplica,
        Self::AddCache,
        Self::AddLoadBalancer,
        Self::AddCdn,
        Self::AddConsumers,
        Self::RemoveComponent,
        Self::UndrainNode,
        Self::SpreadTraffic,
    ];

    /// Name as in scenario files and messages, for example `RESTART_SERVICE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RestartService => "RESTART_SERVICE",
            Self::ScaleUp => "SCALE_UP",
            Self::ScaleDown => "SCALE_DOWN",
            Self::DrainNode => "DRAIN_NODE",
            Self::RebalanceTraffic => "REBALANCE_TRAFFIC",
            Self::AddReadReplica => "ADD_READ_REPLICA",
            Self::AddCache => "ADD_CACHE",
            Self::AddLoadBalancer => "ADD_LOAD_BALANCER",
            Self::AddCdn => "ADD_CDN",
            Self::AddConsumers => "ADD_CONSUMERS",
            Self::RemoveComponent => "REMOVE_COMPONENT",
            Self::UndrainNode => "UNDRAIN_NODE",
            Self::SpreadTraffic => "SPREAD_TRAFFIC",
        }
    }

    /// Whether its target is a node.
    pub const fn is_on_node(self) -> bool {
        matches!(self, Self::DrainNode | Self::UndrainNode)
    }

    /// The kind with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a command did.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The scenario was switched.
    ScenarioSet {
        /// Whether the world was replaced because the topology is another one.
        world_replaced: bool,
    },
    /// The fault is in force from the next tick on.
    FaultInjected(ActiveFault),
    /// A fault with this id is already in force; nothing changed.
    FaultAlreadyActive(ActiveFault),
    /// The fault ended.
    FaultCleared(ActiveFault),
    /// The action's work began; `ACTION_SUCCEEDED` or `ACTION_FAILED` follows as an event.
    ActionStarted,
    /// This command id was applied before; nothing changed.
    AlreadyApplied,
    /// The chaos level was set.
    ChaosSet {
        /// The level.
        level: f64,
    },
}

/// Why a command changed nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CommandError {
    /// The fault cannot be injected.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// The chaos level is out of range.
    #[error("chaos level {given}: use a number from 0 (no faults by chance) to 1")]
    ChaosLevel {
        /// What was given.
        given: f64,
    },
    /// There is no such fault in force.
    #[error("no fault {id} is in force; faults in force: {}", list(active))]
    NoSuchFault {
        /// The id that was asked for.
        id: FaultId,
        /// Ids of the faults in force.
        active: Vec<String>,
    },
    /// The action was refused. The refusal is also an `ACTION_FAILED` event of the next tick, and the command id counts
    /// as applied: sending it again answers [`Effect::AlreadyApplied`].
    #[error("{kind} of {target:?} refused: {reason}")]
    ActionRefused {
        /// What was asked for.
        kind: ActionKind,
        /// Whose change was asked for.
        target: String,
        /// Why not, and what to do instead.
        reason: String,
    },
}

fn list(ids: &[String]) -> String {
    if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
}
