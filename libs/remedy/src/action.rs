//! The remedies, and what becomes of them once proposed.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::target::{NodeId, ServiceId, Target};

/// Namespace of every id derived in Microcloud, so that a replay derives the same ones.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// A change to the cloud, with everything it needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Remedy {
    /// Restart every replica of a service, one after the other where more than one runs.
    RestartService {
        /// Whose replicas.
        service: ServiceId,
    },
    /// Add replicas.
    ScaleUp {
        /// To which service.
        service: ServiceId,
        /// How many, at least 1.
        by: u32,
    },
    /// Remove replicas, never the last one.
    ScaleDown {
        /// From which service.
        service: ServiceId,
        /// How many, at least 1.
        by: u32,
    },
    /// Move every replica off a node and keep it empty.
    DrainNode {
        /// Which node.
        node: NodeId,
    },
    /// Shift a service's traffic away from its slow replicas.
    RebalanceTraffic {
        /// Whose traffic.
        service: ServiceId,
    },
    /// Put a component beside or before a service.
    AddComponent {
        /// What it is.
        component: Component,
        /// Which service.
        service: ServiceId,
        /// Replicas that it begins with, at least 1.
        by: u32,
    },
    /// Take a component away that an action has added.
    RemoveComponent {
        /// The component.
        service: ServiceId,
    },
    /// Let a drained node take replicas again, and move its share of them there.
    UndrainNode {
        /// Which node.
        node: NodeId,
    },
    /// Spread a service's traffic evenly again.
    SpreadTraffic {
        /// Whose traffic.
        service: ServiceId,
    },
}

/// What can be added to a running cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Component {
    /// A copy of a database that takes its reads.
    ReadReplica,
    /// A cache beside a database.
    Cache,
    /// A load balancer before a service.
    LoadBalancer,
    /// A content delivery network before an entry service.
    Cdn,
    /// More consumers beside those of a queue.
    Consumers,
}

impl Component {
    /// Replicas that one begins with at most; the engine takes no more.
    pub const MOST_REPLICAS: u32 = 16;

    /// The id that the engine gives it beside or before a service.
    pub fn id_at(self, service: &ServiceId) -> ServiceId {
        let suffix = match self {
            Self::ReadReplica => "read-replica",
            Self::Cache => "cache",
            Self::LoadBalancer => "lb",
            Self::Cdn => "cdn",
            Self::Consumers => "consumers",
        };
        ServiceId::new(&format!("{service}-{suffix}"))
    }
}

/// A remedy without its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RemedyKind {
    /// See [`Remedy::RestartService`].
    RestartService,
    /// See [`Remedy::ScaleUp`].
    ScaleUp,
    /// See [`Remedy::ScaleDown`].
    ScaleDown,
    /// See [`Remedy::DrainNode`].
    DrainNode,
    /// See [`Remedy::RebalanceTraffic`].
    RebalanceTraffic,
    /// See [`Component::ReadReplica`].
    AddReadReplica,
    /// See [`Component::Cache`].
    AddCache,
    /// See [`Component::LoadBalancer`].
    AddLoadBalancer,
    /// See [`Component::Cdn`].
    AddCdn,
    /// See [`Component::Consumers`].
    AddConsumers,
    /// See [`Remedy::RemoveComponent`].
    RemoveComponent,
    /// See [`Remedy::UndrainNode`].
    UndrainNode,
    /// See [`Remedy::SpreadTraffic`].
    SpreadTraffic,
}

impl RemedyKind {
    /// All of them.
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

    /// The one with a [name](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name used in messages, tables and derived ids.
    pub fn name(self) -> &'static str {
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

    /// The remedy of this kind on a target; kinds without a number of replicas ignore it.
    pub fn on(self, target: &str, by: u32) -> Remedy {
        let service = ServiceId::new(target);
        let add = |component| Remedy::AddComponent { component, service: service.clone(), by };
        match self {
            Self::RestartService => Remedy::RestartService { service },
            Self::ScaleUp => Remedy::ScaleUp { service, by },
            Self::ScaleDown => Remedy::ScaleDown { service, by },
            Self::DrainNode => Remedy::DrainNode { node: NodeId::new(target) },
            Self::RebalanceTraffic => Remedy::RebalanceTraffic { service },
            Self::AddReadReplica => add(Component::ReadReplica),
            Self::AddCache => add(Component::Cache),
            Self::AddLoadBalancer => add(Component::LoadBalancer),
            Self::AddCdn => add(Component::Cdn),
            Self::AddConsumers => add(Component::Consumers),
            Self::RemoveComponent => Remedy::RemoveComponent { service },
            Self::UndrainNode => Remedy::UndrainNode { node: NodeId::new(target) },
            Self::SpreadTraffic => Remedy::SpreadTraffic { service },
        }
    }

    /// Whether its target is a node.
    pub fn is_on_node(self) -> bool {
        matches!(self, Self::DrainNode | Self::UndrainNode)
    }

    /// Whether it takes something back that another one has done.
    pub fn takes_back(self) -> bool {
        matches!(self, Self::ScaleDown | Self::RemoveComponent | Self::UndrainNode | Self::SpreadTraffic)
    }
}

impl fmt::Display for RemedyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Remedy {
    /// Which of the remedies it is.
    pub fn kind(&self) -> RemedyKind {
        match self {
            Self::RestartService { .. } => RemedyKind::RestartService,
            Self::ScaleUp { .. } => RemedyKind::ScaleUp,
            Self::ScaleDown { .. } => RemedyKind::ScaleDown,
            Self::DrainNode { .. } => RemedyKind::DrainNode,
            Self::RebalanceTraffic { .. } => RemedyKind::RebalanceTraffic,
            Self::AddComponent { component, .. } => match component {
                Component::ReadReplica => RemedyKind::AddReadReplica,
                Component::Cache => RemedyKind::AddCache,
                Component::LoadBalancer => RemedyKind::AddLoadBalancer,
                Component::Cdn => RemedyKind::AddCdn,
                Component::Consumers => RemedyKind::AddConsumers,
            },
            Self::RemoveComponent { .. } => RemedyKind::RemoveComponent,
            Self::UndrainNode { .. } => RemedyKind::UndrainNode,
            Self::SpreadTraffic { .. } => RemedyKind::SpreadTraffic,
        }
    }

    /// What takes it back; `None` for what cannot be undone.
    pub fn inverse(&self) -> Option<Self> {
        match self {
            // What was stopped is gone; which component it was is not known any more.
            Self::RestartService { .. } | Self::RemoveComponent { .. } => None,
            Self::ScaleUp { service, by } => Some(Self::ScaleDown { service: service.clone(), by: *by }),
            Self::ScaleDown { service, by } => Some(Self::ScaleUp { service: service.clone(), by: *by }),
            Self::DrainNode { node } => Some(Self::UndrainNode { node: node.clone() }),
            Self::UndrainNode { node } => Some(Self::DrainNode { node: node.clone() }),
            Self::RebalanceTraffic { service } => Some(Self::SpreadTraffic { service: service.clone() }),
            Self::SpreadTraffic { service } => Some(Self::RebalanceTraffic { service: service.clone() }),
            Self::AddComponent { component, service, .. } => {
                Some(Self::RemoveComponent { service: component.id_at(service) })
            }
        }
    }

    /// What it changes.
    pub fn target(&self) -> Target {
        match self {
            Self::RestartService { service }
            | Self::ScaleUp { service, .. }
            | Self::ScaleDown { service, .. }
            | Self::RebalanceTraffic { service }
            | Self::AddComponent { service, .. }
            | Self::RemoveComponent { service }
            | Self::SpreadTraffic { service } => Target::Service(service.clone()),
            Self::DrainNode { node } | Self::UndrainNode { node } => Target::Node(node.clone()),
        }
    }

    /// Replicas to add or remove; 0 for remedies that have none.
    pub fn replicas(&self) -> u32 {
        match self {
            Self::ScaleUp { by, .. } | Self::ScaleDown { by, .. } | Self::AddComponent { by, .. } => *by,
            Self::RestartService { .. }
            | Self::DrainNode { .. }
            | Self::RebalanceTraffic { .. }
            | Self::RemoveComponent { .. }
            | Self::UndrainNode { .. }
            | Self::SpreadTraffic { .. } => 0,
        }
    }
}

/// The id of an action: the same for the same (incident, attempt, type, target) in every replay.
pub fn derive_id(incident: Uuid, attempt: u32, remedy: &Remedy) -> Uuid {
    let name = format!("action/{incident}/{attempt}/{}/{}", remedy.kind(), remedy.target().id());
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// The id of the action that takes another one back: the same in every replay, and one for each action.
pub fn rollback_id(of: Uuid) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("rollback/{of}").as_bytes())
}

/// Where an action stands, as the orchestrator reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Waits for a decision.
    Proposed,
    /// Approved; the command is on its way.
    Approved,
    /// Took effect; its work is going on.
    Executing,
    /// Its work is done.
    Succeeded,
    /// Refused by the engine or could not be finished.
    Failed,
    /// An operator said no.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Called back after approval.
    Cancelled,
    /// Its incident cleared or a newer plan replaced it.
    Superseded,
}

impl Status {
    /// Whether it can still change the cloud.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Proposed | Self::Approved | Self::Executing)
    }

    /// Whether `next` may follow this status; a late or repeated message never takes an action backwards.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Proposed => true,
            Self::Approved => !matches!(next, Self::Proposed | Self::Rejected | Self::Expired),
            Self::Executing => {
                matches!(next, Self::Executing | Self::Succeeded | Self::Failed | Self::Cancelled)
            }
            _ => self == next,
        }
    }
}

/// Whether a finished action did what it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Effect {
    /// The incident resolved within the verification window.
    Effective,
    /// The incident was still open at its end.
    Ineffective,
    /// It made things worse.
    Harmful,
}

/// What the orchestrator says about an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionUpdate {
    /// Which action.
    pub id: Uuid,
    /// Incident it answers.
    pub incident_id: Uuid,
    /// Which attempt for that incident.
    pub attempt: u32,
    /// Counts the changes of the action; a lower one than already seen is ignored.
    pub version: u64,
    /// What it does.
    pub remedy: Remedy,
    /// Version of the target it was proposed for.
    pub target_version: u64,
    /// Where it stands.
    pub status: Status,
    /// Whether it helped, once judged.
    pub effect: Option<Effect>,
    /// Tick it was proposed at.
    pub proposed_tick: u64,
    /// Tick its work was done at, if it is done.
    pub completed_tick: Option<u64>,
    /// Why it was rejected or what came of it.
    pub note: String,
}
