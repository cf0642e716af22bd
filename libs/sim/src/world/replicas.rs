//! The replicas as arrays, cut into shards, and the part of a tick that every replica goes through by itself.
//!
//! Replicas are ordered by (service, ordinal) and cut into shards of [`SHARD_SIZE`], however many threads there are.
//! A shard adds up per service and per node what its replicas did; the sums are then added in the order of the shards.
//! That makes the result independent of threads, down to the last bit.

use serde::{Deserialize, Serialize};

use crate::bound::{at_least, at_most};
use crate::queueing::Curve;
use crate::rng;
use crate::workers::Workers;

use super::view::ReplicaState;

mod rows;
mod serve;

/// Replicas in a shard: enough work to be worth a thread, few enough that 2 to 64 threads share evenly.
pub(super) const SHARD_SIZE: usize = 1024;
/// Nodes whose totals one thread adds up at a time: a dozen pieces of work for the largest clouds.
const NODES_AT_A_TIME: usize = 512;

/// Share of the memory limit at which paging begins, and from there to where it is at its worst.
const PAGING_FROM: f64 = 0.88;
const PAGING_SPAN: f64 = 0.08;

/// How many times as long work takes when paging is at its worst, less one.
const PAGING_SLOWDOWN: f64 = 39.0;

/// One replica, whole: what structural changes work with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Replica {
    pub(super) service: u32,
    pub(super) ordinal: u32,
    pub(super) node: u32,
    pub(super) state: ReplicaState,
    /// Tick at which the state ends by itself.
    pub(super) until_tick: u64,
    /// Restarted by an operator while faults that a restart cures are in force: they do not touch it.
    pub(super) clean: bool,
    pub(super) weight: f64,
    /// What load balancing that looks at the replicas makes of the weight.
    pub(super) preference: f64,
    /// How many times as long work takes because the replica has just started.
    pub(super) cold: f64,
    /// Mean number of requests it holds, waiting or in service: the state of its queue.
    pub(super) backlog: f64,
    /// Mean time of the last tick's requests in the replica, s; 0 when there were none yet.
    pub(super) latency_s: f64,
    pub(super) leak_gb: f64,
    pub(super) memory_gb: f64,
}

/// What all replicas of a service have in common this tick.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Common {
    /// Requests for the service in this tick.
    pub(super) offered: f64,
    pub(super) workers: f64,
    /// Follows from the specs.
    #[serde(skip)]
    pub(super) curve: Curve,
    /// Squared coefficient of variation of the service time.
    pub(super) service_cv2: f64,
    /// Relative deviation of a replica's service time from second to second.
    pub(super) service_time_noise: f64,
    pub(super) cpu_cores: f64,
    pub(super) memory_gb: f64,
    pub(super) base_memory_gb: f64,
    pub(super) request_memory_gb: f64,
    pub(super) request_mbit: f64,
    /// Time that a request takes on the replica's network, s.
    pub(super) transfer_s: f64,
    /// Seconds a request waits for callees.
    pub(super) downstream_s: f64,
    /// How many times as long work takes in this tick because of what the processes do beside it.
    pub(super) stretch: f64,
    pub(super) gc_cost: f64,
    pub(super) warmup_s: f64,
    /// With the faults in force, and without those that a restart cures.
    pub(super) lanes: [Lane; 2],
}

/// What differs between replicas that faults touch and those that a restart has cleaned.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Lane {
    /// CPU time of a request on one worker, s.
    pub(super) work_s: f64,
    /// Mean service time, faults included, s.
    pub(super) service_s: f64,
    /// Requests in progress at once, and one over it.
    pub(super) pool: f64,
    pub(super) per_slot: f64,
    /// Share of the CPU that something else eats.
    pub(super) hog: f64,
    /// Memory lost a tick, GiB.
    pub(super) leak_gb: f64,
    /// Most memory that is lost, GiB.
    pub(super) leak_cap_gb: f64,
    /// Share of requests answered with an error.
    pub(super) own_error: f64,
}

/// What the replicas of a service did in a tick, added up.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Sums {
    pub(super) served: f64,
    pub(super) shed: f64,
    /// Requests that the replicas hold, and those of them that wait for a worker.
    pub(super) backlog: f64,
    pub(super) waiting: f64,
    /// Served requests times mean latency, and times mean squared latency.
    pub(super) latency: f64,
    pub(super) latency_squared: f64,
    /// Served requests answered with an error by the service itself.
    pub(super) own_errors: f64,
    pub(super) capacity_rps: f64,
    pub(super) cpu: f64,
    pub(super) memory_gb: f64,
    pub(super) in_flight: f64,
    pub(super) active: f64,
}

/// How many times as long work takes at this share of the memory limit.
#[inline]
pub(super) fn paging_stretch(memory_share: f64) -> f64 {
    let paging = at_most(at_least((memory_share - PAGING_FROM) * (1.0 / PAGING_SPAN), 0.0), 1.0);
    1.0 + PAGING_SLOWDOWN * paging * paging
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        let Self { served, shed, backlog, waiting, latency, latency_squared, own_errors, .. } = other;
        let Self { capacity_rps, cpu, memory_gb, in_flight, active, .. } = other;
        self.served += served;
        self.shed += shed;
        self.backlog += backlog;
        self.waiting += waiting;
        self.latency += latency;
        self.latency_squared += latency_squared;
        self.own_errors += own_errors;
        self.capacity_rps += capacity_rps;
        self.cpu += cpu;
        self.memory_gb += memory_gb;
        self.in_flight += in_flight;
        self.active += active;
    }
}

/// What the replicas on a node used in a tick.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct NodeSums {
    /// Cores that were wanted, and that were used.
    pub(super) wanted_cores: f64,
    pub(super) used_cores: f64,
    pub(super) memory_gb: f64,
    pub(super) network_mbit: f64,
}

/// Replicas of one service within a shard.
#[derive(Debug, Clone)]
struct Span {
    service: usize,
    start: usize,
    end: usize,
    sums: Sums,
}

/// A run of replicas as arrays.
#[derive(Debug, Clone, Default)]
pub(super) struct Shard {
    spans: Vec<Span>,
    /// Nodes that occur here, in order, and what was used on each.
    nodes: Vec<u32>,
    node_sums: Vec<NodeSums>,
    /// Whether a replica went past its memory limit in the last tick.
    out_of_memory: bool,
    pub(super) service: Vec<u32>,
    pub(super) ordinal: Vec<u32>,
    pub(super) node: Vec<u32>,
    local_node: Vec<u32>,
    pub(super) state: Vec<ReplicaState>,
    pub(super) until_tick: Vec<u64>,
    pub(super) clean: Vec<bool>,
    pub(super) weight: Vec<f64>,
    pub(super) share: Vec<f64>,
    pub(super) preference: Vec<f64>,
    pub(super) cold: Vec<f64>,
    pub(super) backlog: Vec<f64>,
    pub(super) latency_s: Vec<f64>,
    pub(super) leak_gb: Vec<f64>,
    pub(super) memory_gb: Vec<f64>,
}

/// All replicas.
#[derive(Debug, Clone, Default)]
pub(super) struct Replicas {
    pub(super) shards: Vec<Shard>,
    len: usize,
}

/// What a tick of the replicas needs to know beside themselves.
pub(super) struct Surroundings<'a> {
    pub(super) common: &'a [Common],
    /// Speed of every node's CPUs, 0 to 1.
    pub(super) node_speed: &'a [f64],
    pub(super) key: [u32; 2],
    /// Whole seconds of the run, and how far into the current one.
    pub(super) second: u64,
    pub(super) within: f64,
}

impl Surroundings<'_> {
    /// Factor on a replica's service time: a value a second, joined by straight lines.
    fn wander(&self, entity: u64, noise: f64) -> f64 {
        let here = rng::bell(rng::block(self.key, entity, self.second));
        let next = rng::bell(rng::block(self.key, entity, self.second + 1));
        1.0 + noise * (here + (next - here) * self.within)
    }
}

impl Shard {
    /// Adds what was used on the nodes from number `first` on to their totals.
    fn add_to_nodes(&self, first: usize, totals: &mut [NodeSums]) {
        let from = self.nodes.partition_point(|node| (*node as usize) < first);
        let ours = self.nodes[from..].iter().zip(&self.node_sums[from..]);
        for (node, used) in ours {
            let Some(total) = totals.get_mut(*node as usize - first) else { return };
            total.wanted_cores += used.wanted_cores;
            total.used_cores += used.used_cores;
            total.memory_gb += used.memory_gb;
            total.network_mbit += used.network_mbit;
        }
    }
}

impl Replicas {
    /// Replicas in any order; they are kept by (service, ordinal).
    pub(super) fn from_rows(mut rows: Vec<Replica>) -> Self {
        rows.sort_by_key(|row| (row.service, row.ordinal));
        let len = rows.len();
        let shards = rows.chunks(SHARD_SIZE).map(Shard::from_rows).collect();
        Self { shards, len }
    }

    pub(super) fn rows(&self) -> Vec<Replica> {
        (0..self.len).map(|index| self.row(index)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn row(&self, index: usize) -> Replica {
        let (shard, at) = (&self.shards[index / SHARD_SIZE], index % SHARD_SIZE);
        Replica {
            service: shard.service[at],
            ordinal: shard.ordinal[at],
            node: shard.node[at],
            state: shard.state[at],
            until_tick: shard.until_tick[at],
            clean: shard.clean[at],
            weight: shard.weight[at],
            preference: shard.preference[at],
            cold: shard.cold[at],
            backlog: shard.backlog[at],
            latency_s: shard.latency_s[at],
            leak_gb: shard.leak_gb[at],
            memory_gb: shard.memory_gb[at],
        }
    }

    /// Puts a replica back in its place; service, ordinal and node must be those it had.
    pub(super) fn set(&mut self, index: usize, row: &Replica) {
        let (shard, at) = (&mut self.shards[index / SHARD_SIZE], index % SHARD_SIZE);
        shard.state[at] = row.state;
        shard.until_tick[at] = row.until_tick;
        shard.clean[at] = row.clean;
        shard.weight[at] = row.weight;
        shard.preference[at] = row.preference;
        shard.cold[at] = row.cold;
        shard.backlog[at] = row.backlog;
        shard.latency_s[at] = row.latency_s;
        shard.leak_gb[at] = row.leak_gb;
        shard.memory_gb[at] = row.memory_gb;
    }

    /// Mean time of the last tick's requests in a replica, s.
    pub(super) fn latency_s(&self, index: usize) -> f64 {
        self.shards[index / SHARD_SIZE].latency_s[index % SHARD_SIZE]
    }

    pub(super) fn share(&self, index: usize) -> f64 {
        self.shards[index / SHARD_SIZE].share[index % SHARD_SIZE]
    }

    pub(super) fn set_share(&mut self, index: usize, share: f64) {
        self.shards[index / SHARD_SIZE].share[index % SHARD_SIZE] = share;
    }

    /// Whether a replica went past its memory limit in the last tick.
    pub(super) fn any_out_of_memory(&self) -> bool {
        self.shards.iter().any(|shard| shard.out_of_memory)
    }

    /// Serves a tick in every replica and adds up what they did.
    pub(super) fn serve(
        &mut self,
        workers: &Workers,
        around: &Surroundings<'_>,
        sums: &mut [Sums],
        node_sums: &mut [NodeSums],
    ) {
        workers.for_each(&mut self.shards, |shard| shard.serve(around));
        sums.fill(Sums::default());
        for span in self.shards.iter().flat_map(|shard| &shard.spans) {
            sums[span.service].add(&span.sums);
        }
        let shards = &self.shards;
        workers.for_each_chunk(node_sums, NODES_AT_A_TIME, |first, nodes| {
            nodes.fill(NodeSums::default());
            for shard in shards {
                shard.add_to_nodes(first, nodes);
            }
        });
    }
}
