//! The cloud as its file describes it, checked: every reference is an index, every number is in range, the dependency
//! graph has no cycle. What runs *now* is [`world::view`](crate::world::view).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::policy::{Balancing, Breaker, ConnectionPool, Liveness, Retries};
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
    /// Where every id is.
    index: Index,
}

/// Positions by id: a topology may have 100 000 of them.
#[derive(Debug, Clone, PartialEq, Default)]
struct Index {
    zones: BTreeMap<Arc<str>, usize>,
    nodes: BTreeMap<Arc<str>, usize>,
    services: BTreeMap<Arc<str>, usize>,
    /// Whether a service holds what somebody's calls may find in a cache.
    caches: Vec<bool>,
    /// Whether users notice what becomes of a service's work.
    doors: Vec<bool>,
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
    /// How its requests are spread over its replicas.
    pub balancing: Balancing,
    /// When a slow replica is killed; never when absent.
    pub liveness: Option<Liveness>,
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
    /// Share of the calls that only read; that of the caller's requests when absent.
    pub read_ratio: Option<f64>,
    /// Which of the calls go this way.
    pub carries: Carries,
    /// Share of the reads that a warm cache answers instead of the callee.
    pub cache_hit_ratio: f64,
    /// The same for requests for static content, where the caller's are passed on as they are.
    pub static_hit_ratio: f64,
    /// Index of the service that caches; the caller itself when absent.
    pub cache: Option<usize>,
    /// Time on the network, there and back, ms.
    pub network_ms: f64,
    /// Time the caller waits for an answer, ms.
    pub timeout_ms: f64,
    /// What happens to attempts that fail.
    pub retries: Retries,
    /// When the caller stops calling; never when absent.
    pub breaker: Option<Breaker>,
    /// Connections of the caller; unlimited when absent.
    pub connections: Option<ConnectionPool>,
    /// Whether the cache asks the callee once for what several requests miss at the same time.
    pub coalescing: bool,
    /// Whether a request fails when this call fails.
    pub required: bool,
    /// Whether the caller goes on without waiting for an answer.
    pub asynchronous: bool,
}

/// Which of a call's reads and writes go over an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// All of them.
    All,
    /// The reads, static content among them.
    Reads,
    /// The writes.
    Writes,
}

impl Carries {
    /// Of calls with these shares of reads and, among them, of static content: the share that goes over the edge, and the same two
    /// shares there.
    pub fn of(self, reads: f64, statics: f64) -> (f64, f64, f64) {
        match self {
            Self::All => (1.0, reads, statics),
            Self::Reads => (reads, 1.0, if reads > 0.0 { statics / reads } else { 0.0 }),
            Self::Writes => (1.0 - reads, 0.0, 0.0),
        }
    }
}

impl Topology {
    /// A topology of parts that were checked: references lead somewhere, `order` is one.
    pub(crate) fn new(
        name: String,
        zones: Vec<Arc<str>>,
        nodes: Vec<NodeSpec>,
        services: Vec<ServiceSpec>,
        edges: Vec<EdgeSpec>,
        order: Vec<usize>,
    ) -> Self {
        let mut caches = vec![false; services.len()];
        for edge in edges.iter().filter(|edge| edge.cache_hit_ratio > 0.0 || edge.static_hit_ratio > 0.0) {
            caches[edge.cache.unwrap_or(edge.from)] = true;
        }
        let mut doors: Vec<bool> = services.iter().map(|service| service.entry).collect();
        // What a database passes on to its copy is no work that anybody has handed over.
        for edge in edges.iter().filter(|edge| edge.asynchronous && edge.carries == Carries::All) {
            doors[edge.to] = true;
        }
        let index = Index {
            caches,
            doors,
            zones: positions(zones.iter()),
            nodes: positions(nodes.iter().map(|node| &node.id)),
            services: positions(services.iter().map(|service| &service.id)),
        };
        Self { name, zones, nodes, services, edges, order, index }
    }

    /// Index of a service.
    pub fn service(&self, id: &str) -> Option<usize> {
        self.index.services.get(id).copied()
    }

    /// Whether users notice what becomes of a service's work: traffic enters there, or it is handed work asynchronously, whose caller has
    /// long gone.
    pub fn is_door(&self, service: usize) -> bool {
        self.index.doors.get(service).copied().unwrap_or(false)
    }

    /// Whether calls of a service, or of those that use it as their cache, may find what they ask for without their callee.
    pub fn holds_cache(&self, service: usize) -> bool {
        self.index.caches.get(service).copied().unwrap_or(false)
    }

    /// Index of a node.
    pub fn node(&self, id: &str) -> Option<usize> {
        self.index.nodes.get(id).copied()
    }

    /// Index of a zone.
    pub fn zone(&self, id: &str) -> Option<usize> {
        self.index.zones.get(id).copied()
    }
}

/// Callers before callees (Kahn's algorithm, lowest index first), for edges that are sorted by caller. Services that are missing
/// call each other in circles; with them comes how many of their callers are not in the order.
pub(crate) fn in_order(services: usize, edges: &[EdgeSpec]) -> (Vec<usize>, Vec<u32>) {
    let mut callers = vec![0_u32; services];
    for edge in edges {
        callers[edge.to] += 1;
    }
    let mut free: BTreeSet<usize> = (0..services).filter(|service| callers[*service] == 0).collect();
    let mut order = Vec::with_capacity(services);
    while let Some(service) = free.pop_first() {
        order.push(service);
        let first = edges.partition_point(|edge| edge.from < service);
        for edge in edges[first..].iter().take_while(|edge| edge.from == service) {
            callers[edge.to] -= 1;
            if callers[edge.to] == 0 {
                free.insert(edge.to);
            }
        }
    }
    (order, callers)
}

fn positions<'a>(ids: impl Iterator<Item = &'a Arc<str>>) -> BTreeMap<Arc<str>, usize> {
    ids.enumerate().map(|(position, id)| (Arc::clone(id), position)).collect()
}
