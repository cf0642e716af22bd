//! The replicas as arrays, cut into shards, and the part of a tick that every replica goes through by itself.
//!
//! Replicas are ordered by (service, ordinal) and cut into shards of [`SHARD_SIZE`], however many threads there are.
//! A shard adds up per service and per node what its replicas did; the sums are then added in the order of the shards.
//! That makes the result independent of threads, down to the last bit.

use crate::TICK_S;
use crate::queueing::{ErlangTable, MAX_STATIONARY_UTILISATION};
use crate::rng;
use crate::workers::Workers;

use super::view::ReplicaState;

/// Replicas in a shard: enough work to be worth a thread, few enough that 2 to 64 threads share evenly.
pub(super) const SHARD_SIZE: usize = 1024;

/// Relative standard deviation of a replica's service time from tick to tick.
const SERVICE_TIME_JITTER: f64 = 0.05;

/// Share of the memory limit at which paging begins, and from there to where it is at its worst.
const PAGING_FROM: f64 = 0.88;
const PAGING_SPAN: f64 = 0.08;

/// How many times as long work takes when paging is at its worst, less one.
const PAGING_SLOWDOWN: f64 = 39.0;

/// Weight of the newest tick in the arrival rate that the stationary wait is computed from: a time constant of 0.5 s.
const RATE_SMOOTHING: f64 = 0.1;

/// One replica, whole: what structural changes work with.
#[derive(Debug, Clone, PartialEq)]
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
    pub(super) backlog: f64,
    pub(super) leak_gb: f64,
    pub(super) memory_gb: f64,
    pub(super) arrival_rps: f64,
}

/// What all replicas of a service have in common this tick.
#[derive(Debug, Clone)]
pub(super) struct Common {
    /// Requests for the service in this tick.
    pub(super) offered: f64,
    pub(super) workers: f64,
    pub(super) table: ErlangTable,
    pub(super) cpu_cores: f64,
    pub(super) memory_gb: f64,
    pub(super) base_memory_gb: f64,
    pub(super) request_memory_gb: f64,
    pub(super) request_mbit: f64,
    pub(super) queue_limit: f64,
    /// Seconds a request waits for callees.
    pub(super) downstream_s: f64,
    /// With the faults in force, and without those that a restart cures.
    pub(super) lanes: [Lane; 2],
}

/// What differs between replicas that faults touch and those that a restart has cleaned.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lane {
    /// CPU time of a request on one worker, s.
    pub(super) work_s: f64,
    /// Mean service time, faults included, s.
    pub(super) service_s: f64,
    /// Requests in progress at once.
    pub(super) pool: f64,
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
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) served: f64,
    pub(super) shed: f64,
    pub(super) backlog: f64,
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
    let paging = ((memory_share - PAGING_FROM) * (1.0 / PAGING_SPAN)).clamp(0.0, 1.0);
    1.0 + PAGING_SLOWDOWN * paging * paging
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        let Self { served, shed, backlog, latency, latency_squared, own_errors, .. } = other;
        let Self { capacity_rps, cpu, memory_gb, in_flight, active, .. } = other;
        self.served += served;
        self.shed += shed;
        self.backlog += backlog;
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
#[derive(Debug, Clone, Copy, Default)]
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
    /// Nodes that occur here, and what was used on each.
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
    pub(super) backlog: Vec<f64>,
    pub(super) leak_gb: Vec<f64>,
    pub(super) memory_gb: Vec<f64>,
    pub(super) arrival_rps: Vec<f64>,
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
    pub(super) tick: u64,
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
            backlog: shard.backlog[at],
            leak_gb: shard.leak_gb[at],
            memory_gb: shard.memory_gb[at],
            arrival_rps: shard.arrival_rps[at],
        }
    }

    /// Puts a replica back in its place; service, ordinal and node must be those it had.
    pub(super) fn set(&mut self, index: usize, row: &Replica) {
        let (shard, at) = (&mut self.shards[index / SHARD_SIZE], index % SHARD_SIZE);
        shard.state[at] = row.state;
        shard.until_tick[at] = row.until_tick;
        shard.clean[at] = row.clean;
        shard.weight[at] = row.weight;
        shard.backlog[at] = row.backlog;
        shard.leak_gb[at] = row.leak_gb;
        shard.memory_gb[at] = row.memory_gb;
        shard.arrival_rps[at] = row.arrival_rps;
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
        node_sums.fill(NodeSums::default());
        for shard in &self.shards {
            for span in &shard.spans {
                sums[span.service].add(&span.sums);
            }
            for (node, used) in shard.nodes.iter().zip(&shard.node_sums) {
                let total = &mut node_sums[*node as usize];
                total.wanted_cores += used.wanted_cores;
                total.used_cores += used.used_cores;
                total.memory_gb += used.memory_gb;
                total.network_mbit += used.network_mbit;
            }
        }
    }
}

impl Shard {
    fn from_rows(rows: &[Replica]) -> Self {
        let mut shard = Self::default();
        for (at, row) in rows.iter().enumerate() {
            match shard.spans.last_mut() {
                Some(span) if span.service == row.service as usize => span.end = at + 1,
                _ => shard.spans.push(Span {
                    service: row.service as usize,
                    start: at,
                    end: at + 1,
                    sums: Sums::default(),
                }),
            }
            shard.nodes.push(row.node);
            shard.service.push(row.service);
            shard.ordinal.push(row.ordinal);
            shard.node.push(row.node);
            shard.state.push(row.state);
            shard.until_tick.push(row.until_tick);
            shard.clean.push(row.clean);
            shard.weight.push(row.weight);
            shard.share.push(0.0);
            shard.backlog.push(row.backlog);
            shard.leak_gb.push(row.leak_gb);
            shard.memory_gb.push(row.memory_gb);
            shard.arrival_rps.push(row.arrival_rps);
        }
        shard.nodes.sort_unstable();
        shard.nodes.dedup();
        let local = |node: &u32| shard.nodes.partition_point(|known| known < node) as u32;
        shard.local_node = shard.node.iter().map(local).collect();
        shard.node_sums = vec![NodeSums::default(); shard.nodes.len()];
        shard
    }

    fn serve(&mut self, around: &Surroundings<'_>) {
        self.node_sums.fill(NodeSums::default());
        self.out_of_memory = false;
        let mut spans = std::mem::take(&mut self.spans);
        for span in &mut spans {
            self.serve_span(span, &around.common[span.service], around);
        }
        self.spans = spans;
    }

    /// The hot loop: one replica a turn. Formulas and sources are in `docs/simulation.md`, "A replica in a tick".
    fn serve_span(&mut self, span: &mut Span, common: &Common, around: &Surroundings<'_>) {
        let range = span.start..span.end;
        let ordinal = &self.ordinal[range.clone()];
        let node = &self.node[range.clone()];
        let local_node = &self.local_node[range.clone()];
        let state = &self.state[range.clone()];
        let clean = &self.clean[range.clone()];
        let share = &self.share[range.clone()];
        let backlog = &mut self.backlog[range.clone()];
        let leak_gb = &mut self.leak_gb[range.clone()];
        let memory_gb = &mut self.memory_gb[range.clone()];
        let arrival_rps = &mut self.arrival_rps[range];
        let entity_base = (span.service as u64) << 32;
        let per_memory = 1.0 / common.memory_gb;
        let per_worker = 1.0 / common.workers;
        let mut sums = Sums::default();
        let mut out_of_memory = false;
        for at in 0..ordinal.len() {
            if matches!(state[at], ReplicaState::Starting | ReplicaState::Crashed) {
                continue;
            }
            let lane = &common.lanes[usize::from(clean[at])];
            let speed = around.node_speed[node[at] as usize];
            let draw = rng::bell(rng::block(around.key, entity_base | u64::from(ordinal[at]), around.tick));
            let stretch = (1.0 + SERVICE_TIME_JITTER * draw) * paging_stretch(memory_gb[at] * per_memory);
            let service_s = lane.service_s * stretch / speed;

            // Two limits: workers that compute, and slots that are held while callees are waited for.
            let held_s = service_s + common.downstream_s;
            let capacity_rps = (common.workers / service_s).min(lane.pool / held_s);
            let offered = common.offered * share[at];
            let present = backlog[at] + offered;
            let served = present.min(capacity_rps * TICK_S);
            let left = present - served;
            let shed = (left - common.queue_limit).max(0.0);
            let waiting = left - shed;
            backlog[at] = waiting;

            let arrival = arrival_rps[at] + RATE_SMOOTHING * (offered / TICK_S - arrival_rps[at]);
            arrival_rps[at] = arrival;
            let rho = (arrival * service_s * per_worker).min(MAX_STATIONARY_UTILISATION);
            let must_wait = common.table.wait_probability(rho);
            // Short of saturation requests wait as in the stationary queue, past it for the backlog before them.
            let turn_s = service_s * per_worker;
            let wait_s = turn_s / (1.0 - rho);
            let backlog_s = waiting / capacity_rps;
            let stationary_s = must_wait * wait_s;
            let (queued_s, wait_variance) = if backlog_s > stationary_s {
                (backlog_s, waiting * turn_s * turn_s)
            } else {
                (stationary_s, must_wait * (2.0 - must_wait) * wait_s * wait_s)
            };
            let latency_s = service_s + queued_s;
            let variance = service_s * service_s + wait_variance;

            let served_rps = served / TICK_S;
            let in_flight = (served_rps * (held_s + stationary_s)).min(lane.pool) + waiting;
            let leak = if lane.leak_gb > 0.0 {
                (leak_gb[at] + lane.leak_gb).min(lane.leak_cap_gb).max(leak_gb[at])
            } else {
                leak_gb[at]
            };
            leak_gb[at] = leak;
            let memory = common.base_memory_gb + leak + in_flight * common.request_memory_gb;
            memory_gb[at] = memory;
            out_of_memory |= memory > common.memory_gb;

            let busy_per_rps = lane.work_s * per_worker;
            let cpu = (lane.hog + served_rps * busy_per_rps / speed).min(1.0);
            let wanted = (lane.hog + present / TICK_S * busy_per_rps).min(1.0);
            sums.served += served;
            sums.shed += shed;
            sums.backlog += waiting;
            sums.latency += served * latency_s;
            sums.latency_squared += served * (variance + latency_s * latency_s);
            sums.own_errors += served * lane.own_error;
            sums.capacity_rps += capacity_rps;
            sums.cpu += cpu;
            sums.memory_gb += memory;
            sums.in_flight += in_flight;
            sums.active += 1.0;
            let used = &mut self.node_sums[local_node[at] as usize];
            used.wanted_cores += wanted * common.cpu_cores;
            used.used_cores += cpu * speed * common.cpu_cores;
            used.memory_gb += memory;
            used.network_mbit += served * common.request_mbit;
        }
        self.out_of_memory |= out_of_memory;
        span.sums = sums;
    }
}
