//! Components that actions add to a running cloud: what each takes over, and the topology that follows.
//!
//! A cloud keeps the topology of its file and the list of its components; what runs is worked out from both, every time one
//! comes or goes. So taking a component away leaves nothing behind, and a checkpoint only holds the list. `docs/model/components.md`
//! says what each does.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::ActionKind;
use crate::topology::Topology;

mod check;
mod draft;

/// Most components at a time: past it somebody should draw another topology.
pub const MAX_COMPONENTS: usize = 32;

/// Replicas of a component at its start, at most: more come by `SCALE_UP`.
pub const MAX_COMPONENT_REPLICAS: u32 = 16;

/// Share of the reads that an added cache answers when it is warm, when the topology says nothing of its calls.
pub const CACHE_HIT_RATIO: f64 = 0.8;

/// Share of the requests for static content that an added CDN answers when it is warm.
pub const CDN_HIT_RATIO: f64 = 0.95;

/// What kind of component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ComponentKind {
    /// A copy of a database that takes its reads.
    ReadReplica,
    /// A cache beside a database, asked before it.
    Cache,
    /// A balancer before a service with several replicas.
    LoadBalancer,
    /// A content delivery network before an entry service.
    Cdn,
    /// More consumers beside those of a queue.
    Consumers,
}

impl ComponentKind {
    /// The kind that an action adds.
    pub const fn added_by(action: ActionKind) -> Option<Self> {
        match action {
            ActionKind::AddReadReplica => Some(Self::ReadReplica),
            ActionKind::AddCache => Some(Self::Cache),
            ActionKind::AddLoadBalancer => Some(Self::LoadBalancer),
            ActionKind::AddCdn => Some(Self::Cdn),
            ActionKind::AddConsumers => Some(Self::Consumers),
            _ => None,
        }
    }

    /// What its id ends with.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::ReadReplica => "read-replica",
            Self::Cache => "cache",
            Self::LoadBalancer => "lb",
            Self::Cdn => "cdn",
            Self::Consumers => "consumers",
        }
    }
}

impl fmt::Display for ComponentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadReplica => "read replica",
            Self::Cache => "cache",
            Self::LoadBalancer => "load balancer",
            Self::Cdn => "CDN",
            Self::Consumers => "consumers",
        })
    }
}

/// A component that an action has added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// What it is.
    pub kind: ComponentKind,
    /// Id of the service that it stands beside or before.
    pub target: String,
    /// Replicas at its start.
    pub replicas: u32,
    /// Replicas that the target should have had then: consumers share the messages by these numbers.
    pub beside: u32,
    /// Whether calls go to it: not before it runs, and no longer when it is to go.
    pub routed: bool,
}

impl Component {
    /// Its id as a service.
    pub fn id(&self) -> String {
        format!("{}-{}", self.target, self.kind.suffix())
    }
}

/// What runs: a topology and its components.
#[derive(Debug)]
pub(crate) struct Extended {
    pub(crate) topology: Topology,
    /// Where the traffic for each service of the topology enters.
    pub(crate) entrances: Vec<usize>,
}

/// Why a component cannot be added to what runs; what it would be when it can.
pub(crate) fn refusal(topology: &Topology, kind: ComponentKind, target: usize) -> Option<String> {
    check::refusal(topology, kind, target)
}

/// The topology with its components, or the first one that does not fit.
pub(crate) fn extend(base: &Arc<Topology>, components: &[Component]) -> Result<Extended, String> {
    let mut draft = draft::Draft::new(base);
    for component in components {
        draft.add(component)?;
    }
    Ok(draft.finish(base))
}
