//! How requests flow down the dependency graph, and how latency and errors come back up.

use crate::TICK_S;
use crate::queueing::{gamma_tail, truncate};
use crate::scenario::Scenario;
use crate::topology::EdgeSpec;

use super::cloud::Cloud;

/// Weight of the newest tick in the time that callers hold their slots: a time constant of 0.25 s keeps the feedback of
/// slots on load from ringing.
const HOLD_SMOOTHING: f64 = 0.2;

/// Time constant with which a cache warms up, s.
const WARM_UP_S: f64 = 20.0;

/// Failure ratio below which calls count as never failing.
const NEGLIGIBLE_FAILURE: f64 = 1e-12;

impl Cloud {
    /// Down: traffic enters, every service calls its callees.
    pub(super) fn flow_down(&mut self, scenario: &Scenario, seed: u64, at_s: f64) {
        for common in &mut self.common {
            common.offered = 0.0;
        }
        for (source, traffic) in scenario.traffic.iter().enumerate() {
            let rate =
                traffic.rate(at_s, seed, source as u64) * self.effects.services[traffic.service].traffic;
            self.common[traffic.service].offered += rate * TICK_S;
        }
        self.warm_caches();
        for position in 0..self.topology.order.len() {
            let caller = self.topology.order[position];
            let service = &mut self.services[caller];
            service.offered = self.common[caller].offered;
            service.refused = if service.running == 0 { service.offered } else { 0.0 };
            // What will be served is not known yet: the share of the last tick is taken for it, and the difference made
            // up for in the next tick. In the long run callees are called for what was served and for nothing else.
            let present = service.offered - service.refused + service.backlog;
            let expected = (present * service.served_share).min(service.capacity_rps * TICK_S);
            service.called = (expected + service.calls_owed).max(0.0);
            let called = service.called;
            for index in self.first_edge[caller]..self.first_edge[caller + 1] {
                let spec = &self.topology.edges[index];
                let calls = spec.calls_per_request * (1.0 - self.hit_ratio(spec));
                let edge = &mut self.edges[index];
                edge.calls = calls;
                self.common[spec.to].offered += called * calls * (1.0 + edge.retries);
            }
        }
    }

    /// Share of an edge's calls that a cache answers now.
    fn hit_ratio(&self, edge: &EdgeSpec) -> f64 {
        let cache = &self.services[edge.cache.unwrap_or(edge.from)];
        if cache.running == 0 {
            return 0.0;
        }
        edge.read_ratio * edge.cache_hit_ratio * cache.warmth
    }

    fn warm_caches(&mut self) {
        for (service, effect) in self.services.iter_mut().zip(&self.effects.services) {
            service.warmth += (1.0 - service.warmth) * (TICK_S / WARM_UP_S);
            service.warmth = service.warmth.min(effect.warmth_cap);
        }
    }

    /// Up: callees first, every service learns how long its requests took and how many failed.
    pub(super) fn flow_up(&mut self) {
        for position in (0..self.topology.order.len()).rev() {
            let service = self.topology.order[position];
            self.own_latency(service);
            let (wait_s, wait_variance, success) = self.call_callees(service);
            self.settle(service, wait_s, wait_variance, success);
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

    /// Time a request of `caller` waits for its callees (mean and variance), and the share of requests that no callee
    /// lets down. Plans the next tick's retries.
    fn call_callees(&mut self, caller: usize) -> (f64, f64, f64) {
        let (mut wait_s, mut wait_variance, mut success) = (0.0, 0.0, 1.0);
        for index in self.first_edge[caller]..self.first_edge[caller + 1] {
            let spec = &self.topology.edges[index];
            let callee = &self.services[spec.to];
            let timeout_s = spec.timeout_ms / 1000.0;
            let network_s = spec.network_ms / 1000.0;
            let (mean, variance) = (callee.tree.0 + network_s, callee.tree.1);
            let late = gamma_tail(mean, variance, timeout_s);
            let failure = 1.0 - (1.0 - callee.error_ratio) * (1.0 - late);
            let (retries, finally_failed) = retry(failure, spec.max_retries, spec.retry_budget);
            self.edges[index].retries = retries;
            if spec.asynchronous {
                continue;
            }
            // Requests that are turned away cost a round trip; the others their latency, up to the timeout.
            let (cut_mean, cut_variance) = truncate(mean, variance, timeout_s, late);
            let attempt_s = cut_mean + (network_s - cut_mean) * callee.rejected_ratio;
            let calls = self.edges[index].calls;
            let attempts = calls * (1.0 + retries);
            let part = attempts - libm::floor(attempts);
            wait_s += attempts * attempt_s;
            wait_variance += attempts * cut_variance + part * (1.0 - part) * attempt_s * attempt_s;
            if spec.required && finally_failed > NEGLIGIBLE_FAILURE {
                success *= if calls <= 1.0 {
                    1.0 - calls * finally_failed
                } else {
                    libm::pow(1.0 - finally_failed, calls)
                };
            }
        }
        (wait_s, wait_variance, success)
    }

    fn settle(&mut self, index: usize, wait_s: f64, wait_variance: f64, success: f64) {
        let sums = &self.sums[index];
        let service = &mut self.services[index];
        let common = &mut self.common[index];
        common.downstream_s += HOLD_SMOOTHING * (wait_s - common.downstream_s);
        service.tree = (service.own.0 + wait_s + service.network_s, service.own.1 + wait_variance);
        let answered = (sums.served - sums.own_errors) * success;
        let rejected = sums.shed + service.lost + service.refused;
        service.completed = answered;
        service.failed = rejected + sums.served - answered;
        let ended = service.completed + service.failed;
        let idle = if service.running == 0 { 1.0 } else { 0.0 };
        service.error_ratio = if ended > 0.0 { service.failed / ended } else { idle };
        service.rejected_ratio = if ended > 0.0 { rejected / ended } else { idle };
        service.lost = 0.0;
        let specs = &self.topology.services[index].specs;
        if specs.storage_gb > 0.0 {
            // One request in ten writes what it carries.
            const WRITTEN_GB_PER_KIB: f64 = 0.1 / 1_048_576.0;
            let grown = service.disk_gb + sums.served * specs.request_size_kb * WRITTEN_GB_PER_KIB;
            service.disk_gb = grown.min(specs.storage_gb);
        }
    }
}

/// Retries per first attempt, and the share of calls that fail in the end, when an attempt fails with probability
/// `failure`: the geometric series up to `max_retries`, held to the budget.
fn retry(failure: f64, max_retries: u32, budget: f64) -> (f64, f64) {
    if failure <= NEGLIGIBLE_FAILURE || max_retries == 0 {
        return (0.0, failure);
    }
    let mut wanted = 0.0;
    let mut power = 1.0;
    for _ in 0..max_retries {
        power *= failure;
        wanted += power;
    }
    let granted = (budget / wanted).min(1.0);
    (granted * wanted, failure - granted * (failure - power * failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_follow_the_geometric_series_and_the_budget() {
        let (retries, failed) = retry(0.5, 2, 10.0);
        assert!((retries - 0.75).abs() < 1e-12);
        assert!((failed - 0.125).abs() < 1e-12);
        let (retries, failed) = retry(1.0, 3, 0.2);
        assert!((retries - 0.2).abs() < 1e-12);
        assert!((failed - 1.0).abs() < 1e-12);
        assert_eq!(retry(0.0, 3, 0.2), (0.0, 0.0));
    }
}
