//! Which node a new replica goes to.

use std::collections::BTreeSet;

use crate::topology::Topology;

use super::cloud::Cloud;
use super::replicas::Replica;
use super::view::{NodeState, ReplicaState};

/// CPU limits may add up to this many times a node's cores: services seldom peak together. Memory and disk are never promised
/// twice.
const CPU_OVERCOMMIT: f64 = 2.0;

/// What is promised on every node.
pub(super) struct Ledger {
    cpu_cores: Vec<f64>,
    memory_gb: Vec<f64>,
    disk_gb: Vec<f64>,
    /// Nodes by the share of their CPU that is promised, as the bits of a number that is not negative, then by index.
    by_load: BTreeSet<(u64, usize)>,
    /// Replicas of the service that is being placed.
    same: Vec<u32>,
    /// Nodes that have some.
    touched: Vec<usize>,
}

impl Ledger {
    fn new(topology: &Topology) -> Self {
        let nodes = topology.nodes.len();
        Self {
            cpu_cores: vec![0.0; nodes],
            memory_gb: vec![0.0; nodes],
            disk_gb: vec![0.0; nodes],
            by_load: (0..nodes).map(|node| (0.0_f64.to_bits(), node)).collect(),
            same: vec![0; nodes],
            touched: Vec::new(),
        }
    }

    /// What is promised to the replicas in `rows`.
    pub(super) fn of(topology: &Topology, rows: &[Replica]) -> Self {
        let mut ledger = Self::new(topology);
        for row in rows {
            ledger.promise(topology, row.service as usize, row.node as usize);
        }
        ledger
    }

    /// Turns to another service: counts its replicas.
    pub(super) fn look_at(&mut self, rows: &[Replica], service: usize) {
        self.turn();
        for row in rows.iter().filter(|row| row.service as usize == service) {
            self.count(row.node as usize);
        }
    }

    /// Turns to a service without replicas.
    fn turn(&mut self) {
        for node in self.touched.drain(..) {
            self.same[node] = 0;
        }
    }

    fn count(&mut self, node: usize) {
        self.same[node] += 1;
        self.touched.push(node);
    }

    fn load(&self, topology: &Topology, node: usize) -> u64 {
        (self.cpu_cores[node] / topology.nodes[node].cpu_cores).to_bits()
    }

    fn promise(&mut self, topology: &Topology, service: usize, node: usize) {
        let specs = &topology.services[service].specs;
        self.by_load.remove(&(self.load(topology, node), node));
        self.cpu_cores[node] += specs.cpu_cores;
        self.memory_gb[node] += specs.memory_gb;
        self.disk_gb[node] += specs.storage_gb;
        self.by_load.insert((self.load(topology, node), node));
    }

    fn release(&mut self, topology: &Topology, row: &Replica) {
        let (specs, node) = (&topology.services[row.service as usize].specs, row.node as usize);
        self.by_load.remove(&(self.load(topology, node), node));
        self.cpu_cores[node] = (self.cpu_cores[node] - specs.cpu_cores).max(0.0);
        self.memory_gb[node] -= specs.memory_gb;
        self.disk_gb[node] -= specs.storage_gb;
        self.by_load.insert((self.load(topology, node), node));
    }

    fn fits(&self, topology: &Topology, service: usize, node: usize) -> bool {
        let (specs, spec) = (&topology.services[service].specs, &topology.nodes[node]);
        self.memory_gb[node] + specs.memory_gb <= spec.memory_gb
            && self.disk_gb[node] + specs.storage_gb <= spec.disk_gb
            && self.cpu_cores[node] + specs.cpu_cores <= spec.cpu_cores * CPU_OVERCOMMIT
    }

    /// Promises a replica of `service` to the node with the fewest of its kind and then the least CPU promised.
    /// `None` when no allowed node has room.
    pub(super) fn place(
        &mut self,
        topology: &Topology,
        service: usize,
        allowed: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut best: Option<usize> = None;
        // By load: of nodes with as many of its kind the first is the best, and nothing is better than one with none.
        for (_, node) in &self.by_load {
            let fewer = best.is_none_or(|best| self.same[*node] < self.same[best]);
            if fewer && allowed(*node) && self.fits(topology, service, *node) {
                best = Some(*node);
                if self.same[*node] == 0 {
                    break;
                }
            }
        }
        best.map(|node| self.settle(topology, service, node))
    }

    /// Promises a replica of `service` to a node that was chosen, if it has room.
    fn place_on(&mut self, topology: &Topology, service: usize, node: usize) -> Option<usize> {
        self.fits(topology, service, node).then(|| self.settle(topology, service, node))
    }

    fn settle(&mut self, topology: &Topology, service: usize, node: usize) -> usize {
        self.promise(topology, service, node);
        self.count(node);
        node
    }
}

/// The replicas of a topology at the start. Loading has checked that they fit.
pub(super) fn initial(topology: &Topology) -> Vec<Replica> {
    plan(topology).into_iter().flatten().collect()
}

/// Services whose first replicas do not all find room, with how many do not.
pub(crate) fn homeless(topology: &Topology) -> Vec<(usize, u32)> {
    let mut placed = vec![0; topology.services.len()];
    for row in initial(topology) {
        placed[row.service as usize] += 1;
    }
    let missing = topology.services.iter().zip(placed).map(|(spec, placed)| spec.replicas - placed);
    missing.enumerate().filter(|(_, count)| *count > 0).collect()
}

/// Where the first replicas of every service go; `None` for one that fits nowhere.
fn plan(topology: &Topology) -> Vec<Option<Replica>> {
    let mut ledger = Ledger::new(topology);
    let mut rows = Vec::new();
    for (service, spec) in topology.services.iter().enumerate() {
        ledger.turn();
        for ordinal in 0..spec.replicas {
            let node = if spec.placement.is_empty() {
                ledger.place(topology, service, |_| true)
            } else {
                let chosen = spec.placement[ordinal as usize % spec.placement.len()];
                ledger.place_on(topology, service, chosen)
            };
            rows.push(node.map(|node| Replica {
                state: ReplicaState::Running,
                ..Replica::starting(service, ordinal, node, 0)
            }));
        }
    }
    rows
}

impl Replica {
    /// A new replica that is ready at a tick.
    pub(super) fn starting(service: usize, ordinal: u32, node: usize, until_tick: u64) -> Self {
        Self {
            service: service as u32,
            ordinal,
            node: node as u32,
            state: ReplicaState::Starting,
            until_tick,
            clean: false,
            weight: 1.0,
            preference: 1.0,
            cold: 1.0,
            backlog: 0.0,
            latency_s: 0.0,
            leak_gb: 0.0,
            memory_gb: 0.0,
        }
    }
}

impl Cloud {
    /// Running replicas that a node should have of the others', so that as large a share of its CPU is promised as of theirs: from the
    /// fullest node first, of the service with the most replicas there, the youngest.
    pub(super) fn share_of(&self, topology: &Topology, rows: &[Replica], node: usize) -> Vec<usize> {
        let mut ledger = Ledger::of(topology, rows);
        let ready: Vec<usize> = (0..self.nodes.len()).filter(|node| self.is_ready(*node)).collect();
        let promised: f64 = ready.iter().map(|node| ledger.cpu_cores[*node]).sum();
        let cores: f64 = ready.iter().map(|node| topology.nodes[*node].cpu_cores).sum();
        let fair = promised / cores * topology.nodes[node].cpu_cores;
        let needs = |row: &Replica| topology.services[row.service as usize].specs.cpu_cores;
        let mut fetched = Vec::new();
        loop {
            let may_go = |index: &usize| {
                let row = &rows[*index];
                row.node as usize != node
                    && row.state == ReplicaState::Running
                    && !fetched.contains(index)
                    && ledger.cpu_cores[node] + needs(row) <= fair
                    && ledger.fits(topology, row.service as usize, node)
            };
            let of_kind = |row: &Replica| {
                let is_like = |index: &usize| {
                    let other = &rows[*index];
                    (other.node, other.service) == (row.node, row.service) && !fetched.contains(index)
                };
                (0..rows.len()).filter(is_like).count()
            };
            let next = (0..rows.len()).filter(may_go).max_by_key(|index| {
                let row = &rows[*index];
                let load = ledger.load(topology, row.node as usize);
                (load, of_kind(row), std::cmp::Reverse(row.service), row.ordinal)
            });
            let Some(index) = next else { return fetched };
            ledger.release(topology, &rows[index]);
            ledger.promise(topology, rows[index].service as usize, node);
            fetched.push(index);
        }
    }

    /// Whether a node takes new replicas.
    pub(super) fn is_ready(&self, node: usize) -> bool {
        self.nodes[node].state() == NodeState::Ready
    }
}
