//! Calls: what a caller sends to its callees in a tick, and what comes of it.
//!
//! Down, in the order of the graph: first attempts and the retries that are due pass the circuit breaker, take a connection and
//! reach the callee. Up, callees first: how long an attempt took and how many failed, which decides what the caller's requests
//! experience now and which attempts come back later. Formulas and sources are in `docs/model/calls.md`.

use serde::{Deserialize, Serialize};

use crate::TICK_S;
use crate::queueing::{gamma_tail, truncate};
use crate::topology::EdgeSpec;

use super::cloud::Cloud;

pub(super) mod breaker;
mod pool;
pub(super) mod retries;

use breaker::Breaker;
use pool::{Grant, Pool};
use retries::{Budget, Level};

/// Failure ratio below which calls count as never failing.
const NEGLIGIBLE_FAILURE: f64 = 1e-12;

/// A call path while it runs.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Edge {
    /// Calls per request of the caller, after cache hits.
    calls: f64,
    /// Share of those calls that write.
    writes: f64,
    /// Calls of this tick that a warm cache could have answered, and those that it did not.
    cacheable: f64,
    missed: f64,
    /// First attempts of this tick.
    first: f64,
    /// Attempts of this tick that passed the breaker, retries included.
    tried: f64,
    /// Share of the attempts that the breaker let through.
    passes: f64,
    /// Share of those that got a connection, and how long they waited for it, s.
    connected: f64,
    connect_wait_s: f64,
    /// How long an attempt takes, s, and one that fails, of the last tick.
    attempt_s: f64,
    failing_s: f64,
    pub(super) breaker: Breaker,
    pub(super) pool: Pool,
    budget: Budget,
}

/// What a service's requests go through at its callees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Downstream {
    /// Mean wait, s, and its variance, s².
    pub(super) wait_s: f64,
    pub(super) variance: f64,
    /// Share of the requests that no callee lets down.
    pub(super) success: f64,
}

/// One attempt at a callee, once it is sent.
struct Attempt {
    /// Mean time until it is answered or given up, s, and its variance.
    mean_s: f64,
    variance: f64,
    /// Probability that it succeeds, and that it is given up.
    success: f64,
    given_up: f64,
}

impl Cloud {
    /// Sends the calls of `served` requests of a caller.
    pub(super) fn send_calls(&mut self, caller: usize, served: f64) {
        for index in self.first_edge[caller]..self.first_edge[caller + 1] {
            self.send(index, served);
        }
    }

    fn send(&mut self, index: usize, served: f64) {
        let spec = &self.topology.edges[index];
        let struck = &self.effects.services[spec.to];
        let caller = &self.services[spec.from];
        let (reads, statics) = spec
            .read_ratio
            .map_or_else(|| (1.0 - caller.write_share(), caller.static_share()), |reads| (reads, 0.0));
        let (part, reads, statics) = spec.carries.of(reads, statics);
        let calls_per_request = spec.calls_per_request * part;
        let warmth = self.warmth_of(spec);
        // Share of the calls that a warm cache could answer, and that it does answer.
        let cacheable = (reads - statics) * spec.cache_hit_ratio + statics * spec.static_hit_ratio;
        let hits = cacheable * warmth;
        let merged = self.merged(spec, &self.edges[index]);
        let edge = &mut self.edges[index];
        edge.calls = calls_per_request * (1.0 - hits);
        let missing = if hits < 1.0 { 1.0 / (1.0 - hits) } else { 0.0 };
        edge.writes = (1.0 - reads) * missing;
        let statics = statics * (1.0 - spec.static_hit_ratio * warmth) * missing;
        edge.cacheable = served * calls_per_request * cacheable;
        edge.missed = served * calls_per_request * (cacheable - hits);
        // Of the misses that are under way for an item, a cache that coalesces sends one.
        let spared = if spec.coalescing { edge.missed * (1.0 - merged) } else { 0.0 };
        edge.first = (served * edge.calls - spared).max(0.0) * (1.0 + struck.resend);
        let mut attempts = edge.first;
        let levels = self.first_level[index]..self.first_level[index + 1];
        for (retry, level) in self.levels[levels].iter_mut().enumerate() {
            let backoff_s = if struck.resend > 0.0 { 0.0 } else { spec.retries.backoff_s(retry as u32) };
            attempts += level.release(backoff_s + edge.failing_s);
        }
        edge.passes = spec.breaker.map_or(1.0, |policy| edge.breaker.passes(&policy));
        edge.tried = attempts * edge.passes;
        let replicas = self.services[spec.from].running;
        let grant = spec.connections.map_or(Grant { share: 1.0, wait_s: 0.0 }, |policy| {
            edge.pool.grant(&policy, replicas, edge.tried)
        });
        edge.connected = grant.share;
        edge.connect_wait_s = grant.wait_s;
        let arriving = edge.tried * grant.share * (1.0 - self.effects.lost(index));
        self.common[spec.to].offered += arriving;
        let callee = &mut self.services[spec.to];
        callee.writes += arriving * edge.writes;
        callee.statics += arriving * statics;
    }

    /// What the requests that `caller` served go through at its callees. Schedules retries, fills caches, counts for the breakers.
    pub(super) fn settle_calls(&mut self, caller: usize, tick: u64) -> Downstream {
        let mut all = Downstream { wait_s: 0.0, variance: 0.0, success: 1.0 };
        for index in self.first_edge[caller]..self.first_edge[caller + 1] {
            let attempt = self.attempt(index);
            let outcome = self.settle_edge(index, &attempt, tick);
            let spec = &self.topology.edges[index];
            if spec.asynchronous {
                continue;
            }
            let edge = &self.edges[index];
            let calls = edge.calls;
            let attempts = calls * outcome.attempts;
            let part = attempts - libm::floor(attempts);
            let each_s = edge.attempt_s;
            all.wait_s += attempts * each_s + calls * outcome.backoff_s;
            all.variance += attempts * attempt.variance + part * (1.0 - part) * each_s * each_s;
            let failed = 1.0 - outcome.success;
            if spec.required && failed > NEGLIGIBLE_FAILURE {
                all.success *=
                    if calls <= 1.0 { 1.0 - calls * failed } else { libm::pow(1.0 - failed, calls) };
            }
        }
        all
    }

    /// An attempt that is sent: the callee's latency, cut off at the timeout. Requests that are turned away cost a round trip,
    /// those that are lost on the way the whole timeout.
    fn attempt(&self, index: usize) -> Attempt {
        let spec = &self.topology.edges[index];
        let callee = &self.services[spec.to];
        let timeout_s = spec.timeout_ms / 1000.0;
        let network_s = spec.network_ms / 1000.0 + self.services[spec.from].distance.onward_s;
        let (mean, variance) = (callee.tree.0 + network_s, callee.tree.1);
        let late = gamma_tail(mean, variance, timeout_s);
        let (cut_mean, cut_variance) = truncate(mean, variance, timeout_s, late);
        let answered_s = cut_mean + (network_s - cut_mean) * callee.rejected_ratio;
        let lost = self.effects.lost(index);
        let mean_s = answered_s + (timeout_s - answered_s) * lost;
        let gap = timeout_s - answered_s;
        let refused_writes = self.edges[index].writes * callee.write_failure;
        // What is turned away is answered, not given up.
        let given_up = lost + (1.0 - lost) * late * (1.0 - callee.rejected_ratio);
        Attempt {
            mean_s,
            variance: (1.0 - lost) * (cut_variance + lost * gap * gap),
            success: (1.0 - lost) * (1.0 - late) * (1.0 - callee.error_ratio) * (1.0 - refused_writes),
            given_up,
        }
    }

    fn settle_edge(&mut self, index: usize, attempt: &Attempt, tick: u64) -> retries::Outcome {
        let spec = &self.topology.edges[index];
        let unbounded = self.effects.services[spec.to].resend > 0.0;
        let edge = &mut self.edges[index];
        let sent = edge.tried * edge.connected;
        if let Some(policy) = &spec.connections {
            let replicas = self.services[spec.from].running;
            let opened = edge.pool.settle(policy, replicas, sent, sent * attempt.given_up, attempt.mean_s);
            self.services[spec.to].setup_s += opened * policy.setup_ms / 1000.0;
        }
        let acquire_s = spec.connections.map_or(0.0, |policy| policy.acquire_timeout_ms / 1000.0);
        let timeout_s = spec.timeout_ms / 1000.0;
        // Of those that the breaker lets through.
        let success = edge.connected * attempt.success;
        let failure = 1.0 - success;
        let tried_s =
            edge.connected * (edge.connect_wait_s + attempt.mean_s) + (1.0 - edge.connected) * acquire_s;
        edge.attempt_s = edge.passes * tried_s;
        edge.failing_s = if failure > NEGLIGIBLE_FAILURE {
            let late = edge.connected * attempt.given_up;
            let quick = (failure - late).max(0.0);
            ((late * timeout_s + quick * tried_s) / (late + quick)).min(timeout_s + acquire_s)
        } else {
            0.0
        };
        if let Some(policy) = &spec.breaker
            && edge.breaker.record(policy, tick, edge.tried, edge.tried * failure)
        {
            self.breaker_changes.push(index);
        }
        let again = if failure > NEGLIGIBLE_FAILURE { edge.passes * failure } else { 0.0 };
        let levels = self.first_level[index]..self.first_level[index + 1];
        let granted = schedule(&mut self.levels[levels], edge, spec, again, unbounded);
        if edge.cacheable > 0.0 {
            let filled = edge.missed * edge.passes * success;
            let cache = &mut self.services[spec.cache.unwrap_or(spec.from)].cache;
            cache.asked += edge.cacheable;
            cache.filled += filled * merged_share(cache.items(), edge);
        }
        retries::outcome(edge.passes * success, again * granted, spec.retries.max, |retry| {
            if unbounded { 0.0 } else { spec.retries.backoff_s(retry) }
        })
    }

    /// Share of an edge's misses that ask for an item which nobody asks for already.
    fn merged(&self, spec: &EdgeSpec, edge: &Edge) -> f64 {
        merged_share(self.services[spec.cache.unwrap_or(spec.from)].cache.items(), edge)
    }

    /// What replicas take with them when they end, given the share of each service's that is left: the connections they had, and
    /// what waited in them to be sent again.
    pub(super) fn forget_calls(&mut self, left: &[f64]) {
        for (index, spec) in self.topology.edges.iter().enumerate() {
            self.edges[index].pool.open *= left[spec.from] * left[spec.to];
            for level in &mut self.levels[self.first_level[index]..self.first_level[index + 1]] {
                level.waiting *= left[spec.from];
            }
        }
    }
}

/// With `items` equally popular items, an attempt that takes `X` and a miss rate of `m` for what is not there, each item is asked for
/// once per `1/r + X` instead of once per `1/r`: a share `1/(1 + rX)`.
fn merged_share(items: f64, edge: &Edge) -> f64 {
    if items <= 0.0 || edge.cacheable <= 0.0 {
        return 1.0;
    }
    1.0 / (1.0 + edge.cacheable / TICK_S / items * edge.attempt_s)
}

/// Schedules the next attempts of those that failed, as far as the budget goes; the share for which it does.
fn schedule(levels: &mut [Level], edge: &mut Edge, spec: &EdgeSpec, again: f64, unbounded: bool) -> f64 {
    let Some((_, earlier)) = levels.split_last() else { return 0.0 };
    let made: f64 = edge.first + earlier.iter().map(|level| level.made).sum::<f64>();
    let granted = edge.budget.spend(spec.retries.budget, edge.first, made * again);
    let granted = if unbounded { 1.0 } else { granted };
    let mut failed = edge.first * again * granted;
    for level in levels {
        level.waiting += failed;
        failed = level.made * again * granted;
    }
    granted
}
