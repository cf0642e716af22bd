//! The running cloud: zones, nodes, services, replicas, and who calls whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::autoscale::QUEUE;
use crate::options::Suspected;
use crate::target::{NodeId, ServiceId, Target, ZoneId};

/// State of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Takes replicas.
    Ready,
    /// Empty or being emptied; takes none.
    Draining,
    /// Does not answer.
    Down,
}

/// A machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Zone it stands in.
    pub zone: ZoneId,
    /// CPU cores.
    pub cpu_cores: f64,
    /// Its state.
    pub state: NodeState,
    /// Raised at every change.
    pub version: u64,
}

/// State of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicaState {
    /// Not yet taking traffic.
    Starting,
    /// Takes traffic.
    Running,
    /// Finishes what it has.
    Draining,
    /// Gone.
    Crashed,
}

/// One copy of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Node it runs on.
    pub node: NodeId,
    /// Its state.
    pub state: ReplicaState,
}

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Replicas that should run.
    pub desired_replicas: u32,
    /// The replicas there are.
    pub replicas: Vec<Replica>,
    /// Raised at every change.
    pub version: u64,
    /// Engine profile, for example `postgresql`.
    pub profile: String,
    /// Whether traffic enters here from outside.
    pub entry: bool,
    /// Share of its requests that only read, 0 to 1; `None` while there are none.
    pub read_ratio: Option<f64>,
    /// Share of its requests that ask for static content, 0 to 1; `None` while there are none.
    pub static_ratio: Option<f64>,
    /// How far the users are whose traffic enters here, on average: what a request and its answer would spend on the way between them and the
    /// cloud, all round trips together, ms; `None` when none enters.
    pub user_distance_ms: Option<f64>,
    /// Requests that a replica has in progress at most, the connections of a database; 0: not known.
    pub connections_per_replica: u32,
}

impl Service {
    /// Replicas in a state.
    pub fn count(&self, state: ReplicaState) -> u32 {
        self.replicas.iter().filter(|replica| replica.state == state).count() as u32
    }
}

/// Calls from one service to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Who calls.
    pub from: ServiceId,
    /// Who is called.
    pub to: ServiceId,
    /// Time the caller waits for an answer, ms.
    pub timeout_ms: f64,
}

/// The whole cloud, indexed. Built once a topology change, read many times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Topology {
    nodes: BTreeMap<NodeId, Node>,
    services: BTreeMap<ServiceId, Service>,
    callees: BTreeMap<ServiceId, Vec<Edge>>,
    callers: BTreeMap<ServiceId, Vec<Edge>>,
}

impl Topology {
    /// Indexes a cloud. Edges to services that are not listed are kept: their callee is merely unknown.
    pub fn new(nodes: Vec<Node>, services: Vec<Service>, edges: Vec<Edge>) -> Self {
        let mut topology = Self {
            nodes: nodes.into_iter().map(|node| (node.id.clone(), node)).collect(),
            services: services.into_iter().map(|service| (service.id.clone(), service)).collect(),
            ..Self::default()
        };
        for edge in edges {
            topology.callers.entry(edge.to.clone()).or_default().push(edge.clone());
            topology.callees.entry(edge.from.clone()).or_default().push(edge);
        }
        topology
    }

    /// A service by id.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.get(id)
    }

    /// A node by id.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// Every service, by id.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// Every node, by id.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// Calls that a service makes.
    pub fn callees(&self, id: &ServiceId) -> &[Edge] {
        self.callees.get(id).map_or(&[], Vec::as_slice)
    }

    /// Calls that a service gets.
    pub fn callers(&self, id: &ServiceId) -> &[Edge] {
        self.callers.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether a message queue delivers to a service.
    pub fn consumes(&self, id: &ServiceId) -> bool {
        let delivers = |call: &Edge| self.service(&call.from).is_some_and(|caller| caller.profile == QUEUE);
        self.callers(id).iter().any(delivers)
    }

    /// What is known of a suspect; of anything but a service there is nothing to know.
    pub fn suspected(&self, suspect: &Target) -> Suspected<'_> {
        let Target::Service(id) = suspect else { return Suspected::default() };
        self.service(id).map_or_else(Suspected::default, |service| Suspected {
            replicas: service.desired_replicas,
            profile: &service.profile,
            entry: service.entry,
            read_ratio: service.read_ratio,
            static_ratio: service.static_ratio,
            user_distance_ms: service.user_distance_ms,
            consumes: self.consumes(id),
        })
    }

    /// Everything that a service waits for, directly or through others; not itself.
    pub fn reachable(&self, id: &ServiceId) -> BTreeSet<ServiceId> {
        let mut found = BTreeSet::new();
        let mut next = vec![id.clone()];
        while let Some(at) = next.pop() {
            for edge in self.callees(&at) {
                if found.insert(edge.to.clone()) {
                    next.push(edge.to.clone());
                }
            }
        }
        found
    }

    /// Services with a replica on a node, crashed ones included: a restart would bring it back there.
    pub fn hosted_on(&self, node: &NodeId) -> impl Iterator<Item = &Service> {
        self.services().filter(move |service| service.replicas.iter().any(|replica| &replica.node == node))
    }

    /// Replicas of all services that take traffic.
    pub fn running_replicas(&self) -> u32 {
        self.services().map(|service| service.count(ReplicaState::Running)).sum()
    }

    /// Cores of all nodes, whatever their state.
    pub fn total_cores(&self) -> f64 {
        self.nodes().map(|node| node.cpu_cores).sum()
    }
}
