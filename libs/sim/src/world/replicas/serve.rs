//! A tick of a shard: the loop that takes nearly all of the time.

use crate::bound::{at_least, at_most};
use crate::world::view::ReplicaState;
use crate::{TICK_S, TICKS_PER_SECOND};

use super::{Common, NodeSums, Replica, Shard, Span, Sums, Surroundings, paging_stretch};

/// Utilisation from which on work that waits is taken to want more CPU than the work that arrives.
const BUSY_FROM: f64 = 0.9;

/// What turns requests a tick into requests a second. The loop multiplies where it can: a division takes as long as four of
/// everything else.
const PER_TICK: f64 = TICKS_PER_SECOND as f64;

impl Shard {
    pub(super) fn from_rows(rows: &[Replica]) -> Self {
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
            shard.preference.push(row.preference);
            shard.cold.push(row.cold);
            shard.backlog.push(row.backlog);
            shard.latency_s.push(row.latency_s);
            shard.leak_gb.push(row.leak_gb);
            shard.memory_gb.push(row.memory_gb);
        }
        shard.nodes.sort_unstable();
        shard.nodes.dedup();
        let local = |node: &u32| shard.nodes.partition_point(|known| known < node) as u32;
        shard.local_node = shard.node.iter().map(local).collect();
        shard.node_sums = vec![NodeSums::default(); shard.nodes.len()];
        shard
    }

    pub(super) fn serve(&mut self, around: &Surroundings<'_>) {
        self.node_sums.fill(NodeSums::default());
        self.out_of_memory = false;
        let mut spans = std::mem::take(&mut self.spans);
        for span in &mut spans {
            self.serve_span(span, &around.common[span.service], around);
        }
        self.spans = spans;
    }

    /// The hot loop: one replica a turn. Formulas and sources are in `docs/model/replicas.md`.
    fn serve_span(&mut self, span: &mut Span, common: &Common, around: &Surroundings<'_>) {
        let range = span.start..span.end;
        let ordinal = &self.ordinal[range.clone()];
        let node = &self.node[range.clone()];
        let local_node = &self.local_node[range.clone()];
        let state = &self.state[range.clone()];
        let clean = &self.clean[range.clone()];
        let share = &self.share[range.clone()];
        let cold = &self.cold[range.clone()];
        let latency = &mut self.latency_s[range.clone()];
        let backlog = &mut self.backlog[range.clone()];
        let leak_gb = &mut self.leak_gb[range.clone()];
        let memory_gb = &mut self.memory_gb[range];
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
            let mut stretch = paging_stretch(memory_gb[at] * per_memory);
            if common.service_time_noise > 0.0 {
                stretch *= around.wander(entity_base | u64::from(ordinal[at]), common.service_time_noise);
            }
            let effort = common.stretch * cold[at];
            let slowness = 1.0 / speed;
            let service_s = lane.service_s * effort * stretch * slowness;

            // Three limits: workers that compute, slots that are held while callees are waited for, and the network.
            let held_s = service_s + common.downstream_s;
            let turn_s =
                at_least(at_least(service_s * per_worker, held_s * lane.per_slot), common.transfer_s);
            let offered = common.offered * share[at];
            let capacity = TICK_S / turn_s;
            let step = common.curve.step(backlog[at], offered, capacity);
            backlog[at] = step.number;
            // `workers` turns are the service time, or what the slots and the network make of it.
            let latency_s = (common.workers + step.wait) * turn_s;
            latency[at] = latency_s;
            let variance = common.service_cv2 * service_s * service_s + step.wait_variance * turn_s * turn_s;

            let served_rps = step.served * PER_TICK;
            let in_flight = at_most(served_rps * held_s, lane.pool) + step.waiting;
            let leak = if lane.leak_gb > 0.0 {
                (leak_gb[at] + lane.leak_gb).min(lane.leak_cap_gb).max(leak_gb[at])
            } else {
                leak_gb[at]
            };
            leak_gb[at] = leak;
            let memory = common.base_memory_gb + leak + in_flight * common.request_memory_gb;
            memory_gb[at] = memory;
            out_of_memory |= memory > common.memory_gb;

            let busy_per_rps = lane.work_s * effort * per_worker;
            let cpu = at_most(lane.hog + served_rps * busy_per_rps * slowness, 1.0);
            let piled_up =
                at_least((step.utilisation - BUSY_FROM) * (1.0 / (1.0 - BUSY_FROM)), 0.0) * step.waiting;
            let wanted = at_most(lane.hog + (offered + piled_up) * PER_TICK * busy_per_rps, 1.0);
            sums.served += step.served;
            sums.shed += step.shed;
            sums.backlog += step.number;
            sums.waiting += step.waiting;
            sums.latency += step.served * latency_s;
            sums.latency_squared += step.served * (variance + latency_s * latency_s);
            sums.own_errors += step.served * lane.own_error;
            sums.capacity_rps += capacity * PER_TICK;
            sums.cpu += cpu;
            sums.memory_gb += memory;
            sums.in_flight += in_flight;
            sums.active += 1.0;
            let used = &mut self.node_sums[local_node[at] as usize];
            used.wanted_cores += wanted * common.cpu_cores;
            used.used_cores += cpu * speed * common.cpu_cores;
            used.memory_gb += memory;
            used.network_mbit += step.served * common.request_mbit;
        }
        self.out_of_memory |= out_of_memory;
        span.sums = sums;
    }
}
