//! The cloud as it is now, for people and for `GetTopology`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// State of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReplicaState {
    /// Not ready yet.
    Starting,
    /// Takes traffic.
    Running,
    /// Finishes what it has and takes no new traffic.
    Draining,
    /// Down.
    Crashed,
}

impl ReplicaState {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Crashed => "crashed",
        }
    }
}

/// State of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeState {
    /// Runs replicas and takes new ones.
    Ready,
    /// Is being emptied, or empty, and takes no new replicas.
    Draining,
    /// Does not answer.
    Down,
}

impl NodeState {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Down => "down",
        }
    }
}

/// Health of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Health {
    /// Serves within its objectives.
    Healthy,
    /// Serves, but slowly, with errors, or with too few replicas.
    Degraded,
    /// No replica runs.
    Down,
}

impl Health {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// What exists at a tick.
#[derive(Debug, Clone, PartialEq)]
pub struct TopologyView {
    /// Name of the topology.
    pub name: String,
    /// Next tick to be computed.
    pub tick: u64,
    /// Ids of the zones, in file order.
    pub zones: Vec<Arc<str>>,
    /// Nodes, in file order.
    pub nodes: Vec<NodeView>,
    /// Services, in file order.
    pub services: Vec<ServiceView>,
    /// Calls between services.
    pub edges: Vec<EdgeView>,
}

/// A machine.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeView {
    /// Id.
    pub id: Arc<str>,
    /// Id of its zone.
    pub zone_id: Arc<str>,
    /// CPU cores.
    pub cpu_cores: f64,
    /// Memory, GiB.
    pub memory_gb: f64,
    /// Network, Mbit/s.
    pub network_mbps: f64,
    /// State.
    pub state: NodeState,
    /// Raised at every change of its definition.
    pub version: u64,
}

/// A service and its replicas.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceView {
    /// Id.
    pub id: Arc<str>,
    /// Engine profile.
    pub profile: &'static str,
    /// Replicas that should run.
    pub desired_replicas: u32,
    /// The replicas there are.
    pub replicas: Vec<ReplicaView>,
    /// Raised at every change of its definition: replica count, placement, weights, restart.
    pub version: u64,
    /// Health.
    pub health: Health,
    /// Whether traffic enters here.
    pub entry: bool,
    /// Whether users notice what becomes of its work.
    pub door: bool,
    /// Share of the requests of the last tick that only read, 0 to 1; `None` when there were none.
    pub read_ratio: Option<f64>,
    /// Share of them that ask for static content, 0 to 1.
    pub static_ratio: Option<f64>,
    /// How far the users are whose traffic enters here, on average: what a request and its answer would spend on the way between them and the
    /// cloud, all round trips together, ms; `None` when none enters.
    pub user_distance_ms: Option<f64>,
    /// Requests that one of its replicas has in progress at most: the connections of a database.
    pub connections_per_replica: u32,
}

/// One running copy of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaView {
    /// Number within the service; never used twice in a run.
    pub ordinal: u32,
    /// Node it runs on.
    pub node_id: Arc<str>,
    /// State.
    pub state: ReplicaState,
    /// Share of the service's traffic, 0 to 1.
    pub share: f64,
}

/// Calls from one service to another.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeView {
    /// Caller.
    pub from: Arc<str>,
    /// Callee.
    pub to: Arc<str>,
    /// Calls per request of the caller, before cache hits and retries.
    pub calls_per_request: f64,
    /// Time the caller waits for an answer, ms.
    pub timeout_ms: f64,
    /// Attempts after the first.
    pub max_retries: u32,
}

/// What happened to a service's requests in the last tick: `offered` = `completed` + `failed` + growth of `queued` and
/// `in_service`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Flow {
    /// Requests that arrived.
    pub offered: f64,
    /// Requests answered well.
    pub completed: f64,
    /// Requests that failed: shed, lost, answered with an error, or let down by a callee.
    pub failed: f64,
    /// Requests that wait for a worker at the end of the tick.
    pub queued: f64,
    /// Requests that a worker is at work on at the end of the tick.
    pub in_service: f64,
}

/// Mean and percentiles of a latency, ms; NaN when nothing was served.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Mean.
    pub mean_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
}

impl Percentiles {
    /// Of nothing.
    pub(crate) const NONE: Self =
        Self { mean_ms: f64::NAN, p50_ms: f64::NAN, p95_ms: f64::NAN, p99_ms: f64::NAN };
}
