//! The cloud as its file describes it, checked: every reference is an index, every number is in range, the dependency
//! graph has no cycle. What runs *now* is [`world::view`](crate::world::view).

use std::sync::Arc;

use crate::profile::{Profile, Specs};

/// Most services, nodes or edges in a topology.
pub const MAX_ENTITIES: usize = 100_000;

/// Most replicas of all services together.
pub const MAX_REPLICAS: usize = 1_000_000;

/// Most replicas that scaling may give one service.
pub const MAX_REPLICAS_PER_SERVICE: u32 = 100_000;

/// A checked topology.
#[derive(Debug, Clone, PartialEq)]
pub struct Topology {
    /// Name in the file.
    pub name: String,
    /// Ids of the failure domains, in file order.
    pub zones: Vec<Arc<str>>,
    /// Machines, in file order.
    pub nodes: Vec<NodeSpec>,
    /// Services, in file order.
    pub services: Vec<ServiceSpec>,
    /// Calls between services, by caller and then in file order.
    pub edges: Vec<EdgeSpec>,
    /// Services such that every caller comes before its callees.
    pub order: Vec<usize>,
}

/// A machine.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeSpec {
    /// Id.
    pub id: Arc<str>,
    /// Index of its zone.
    pub zone: usize,
    /// CPU cores.
    pub cpu_cores: f64,
    /// Memory, GiB.
    pub memory_gb: f64,
    /// Disk, GiB.
    pub disk_gb: f64,
    /// Network, Mbit/s.
    pub network_mbps: f64,
}

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSpec {
    /// Id.
    pub id: Arc<str>,
    /// Engine.
    pub profile: &'static Profile,
    /// What every replica has: the profile's defaults with the file's changes.
    pub specs: Specs,
    /// Replicas at the start.
    pub replicas: u32,
    /// Nodes the first replicas are put on, in turn; empty means the least loaded ones.
    pub placement: Vec<usize>,
    /// Whether traffic enters here from outside.
    pub entry: bool,
}

/// Calls from one service to another.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeSpec {
    /// Index of the caller.
    pub from: usize,
    /// Index of the callee.
    pub to: usize,
    /// Calls per request of the caller, before cache hits and retries.
    pub calls_per_request: f64,
    /// Share of the calls that only read.
    pub read_ratio: f64,
    /// Share of the reads that a warm cache answers instead of the callee.
    pub cache_hit_ratio: f64,
    /// Index of the service that caches; the caller itself when absent.
    pub cache: Option<usize>,
    /// Time on the network, there and back, ms.
    pub network_ms: f64,
    /// Time the caller waits for an answer, ms.
    pub timeout_ms: f64,
    /// Attempts after the first.
    pub max_retries: u32,
    /// Most retries per first attempt, averaged over the callers of a tick.
    pub retry_budget: f64,
    /// Whether a request fails when this call fails.
    pub required: bool,
    /// Whether the caller goes on without waiting for an answer.
    pub asynchronous: bool,
}

impl Topology {
    /// Index of a service.
    pub fn service(&self, id: &str) -> Option<usize> {
        self.services.iter().position(|service| &*service.id == id)
    }

    /// Index of a node.
    pub fn node(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| &*node.id == id)
    }

    /// Index of a zone.
    pub fn zone(&self, id: &str) -> Option<usize> {
        self.zones.iter().position(|zone| &**zone == id)
    }
}
