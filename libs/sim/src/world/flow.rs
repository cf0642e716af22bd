//! How requests flow down the dependency graph, and how latency and errors come back up.

use crate::TICK_S;
use crate::scenario::Scenario;

use super::calls::Downstream;
use super::cloud::Cloud;
use super::distance::Distance;

/// Weight of the newest tick in the time that callers hold their slots: a time constant of 0.25 s keeps the feedback of
/// slots on load from ringing.
const HOLD_SMOOTHING: f64 = 0.2;

/// Share of what a request carries that a service which stores data keeps.
const STORED_SHARE: f64 = 0.1;

/// Share of the disk in use from which on it counts as full.
const DISK_FULL: f64 = 1.0 - 1e-9;

impl Cloud {
    /// Down: traffic enters, every service calls its callees.
    pub(super) fn flow_down(&mut self, scenario: &Scenario, seed: u64, at_s: f64) {
        for (common, service) in self.common.iter_mut().zip(&mut self.services) {
            common.offered = 0.0;
            service.refused = 0.0;
            service.writes = 0.0;
            service.statics = 0.0;
            service.distance = Distance::default();
        }
        for (source, traffic) in scenario.traffic.iter().enumerate() {
            let effect = &self.effects.services[traffic.service];
            let rate = traffic.rate(at_s, seed, source as u64) * effect.traffic;
            self.common[traffic.service].offered += rate * TICK_S;
            let mix = traffic.mix();
            let entry = &mut self.services[traffic.service];
            entry.refused += rate * TICK_S * effect.cut_off;
            entry.writes += rate * TICK_S * (1.0 - mix.reads);
            entry.statics += rate * TICK_S * mix.statics;
            let profile = self.topology.services[traffic.service].profile.name;
            entry.distance.add(rate * TICK_S, profile, traffic.distance_ms / 1000.0);
        }
        self.turn_caches();
        for position in 0..self.topology.order.len() {
            let caller = self.topology.order[position];
            let service = &mut self.services[caller];
            service.offered = self.common[caller].offered;
            service.refused += (service.offered - service.refused) * self.effects.services[caller].refuses;
            if service.running == 0 {
                service.refused = service.offered;
            }
            self.common[caller].offered -= service.refused;
            // What will be served is not known yet: the share of the last tick is taken for it, and the difference made
            // up for in the next tick. In the long run callees are called for what was served and for nothing else.
            let present = self.common[caller].offered + service.backlog;
            let expected = (present * service.served_share).min(service.capacity_rps * TICK_S);
            service.called = (expected + service.calls_owed).max(0.0);
            let called = service.called;
            self.send_calls(caller, called);
        }
    }

    /// Up: callees first, every service learns how long its requests took and how many failed.
    pub(super) fn flow_up(&mut self, tick: u64) {
        for position in (0..self.topology.order.len()).rev() {
            let service = self.topology.order[position];
            self.own_latency(service);
            let downstream = self.settle_calls(service, tick);
            self.settle(service, &downstream);
        }
    }

    fn own_latency(&mut self, index: usize) {
        let sums = &self.sums[index];
        let service = &mut self.services[index];
        if sums.served > 0.0 {
            let mean = sums.latency / sums.served;
            service.own = (mean, (sums.latency_squared / sums.served - mean * mean).max(0.0));
        }
        if sums.active > 0.0 {
            service.capacity_rps = sums.capacity_rps;
        }
        let present = service.offered - service.refused + service.backlog;
        if present > 0.0 {
            service.served_share = (sums.served / present).min(1.0);
        }
        service.calls_owed += sums.served - service.called;
        service.backlog = sums.backlog;
        service.waiting = sums.waiting;
    }

    fn settle(&mut self, index: usize, downstream: &Downstream) {
        let Downstream { wait_s, variance: wait_variance, success } = *downstream;
        let sums = &self.sums[index];
        let service = &mut self.services[index];
        let common = &mut self.common[index];
        common.downstream_s += HOLD_SMOOTHING * (wait_s - common.downstream_s);
        let delay = service.delay;
        service.tree =
            (service.own.0 + wait_s + delay.mean_s, service.own.1 + wait_variance + delay.variance);
        let reads_answered = (sums.served - sums.own_errors) * success;
        let answered = reads_answered * (1.0 - service.write_share() * service.write_failure);
        let rejected = sums.shed + service.lost + service.refused;
        service.completed = answered;
        service.failed = rejected + sums.served - answered;
        let ended = service.completed + service.failed;
        let idle = if service.running == 0 { 1.0 } else { 0.0 };
        service.error_ratio = if ended > 0.0 { (1.0 - reads_answered / ended).max(0.0) } else { idle };
        service.rejected_ratio = if ended > 0.0 { rejected / ended } else { idle };
        service.lost = 0.0;
        self.fill_disk(index, answered);
    }

    /// Writes that were answered take space; a full disk lets no more through.
    fn fill_disk(&mut self, index: usize, answered: f64) {
        const GIB_PER_KIB: f64 = 1.0 / 1_048_576.0;
        let specs = &self.topology.services[index].specs;
        if specs.storage_gb <= 0.0 {
            return;
        }
        let service = &mut self.services[index];
        let grown = service.disk_gb + answered * STORED_SHARE * specs.request_size_kb * GIB_PER_KIB;
        service.disk_gb = grown.min(specs.storage_gb);
        let full = self.effects.services[index].disk_used(service.disk_gb, specs.storage_gb);
        service.write_failure = if full >= specs.storage_gb * DISK_FULL { 1.0 } else { 0.0 };
    }
}
