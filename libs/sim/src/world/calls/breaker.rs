//! A circuit breaker as a fluid: what share of the calls it lets through.
//!
//! One breaker stands for those of all the caller's replicas. Its window is exponential: an attempt counts `exp(−age / window)`,
//! so that two sums are all it keeps.

use serde::{Deserialize, Serialize};

use crate::TICK_S;
use crate::policy;
use crate::world::lifecycle::ticks;

/// State of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::world) enum State {
    /// Lets everything through and counts failures.
    #[default]
    Closed,
    /// Lets nothing through until a tick.
    Open { until_tick: u64 },
    /// Lets a share through to see how the callee is.
    HalfOpen,
}

/// A breaker and what it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::world) struct Breaker {
    pub(in crate::world) state: State,
    attempts: f64,
    failures: f64,
}

impl Breaker {
    /// Share of the calls that pass.
    pub(super) fn passes(&self, policy: &policy::Breaker) -> f64 {
        match self.state {
            State::Closed => 1.0,
            State::Open { .. } => 0.0,
            State::HalfOpen => policy.probe_ratio,
        }
    }

    /// Takes the attempts of a tick that passed and how many of them failed; whether the state changed.
    pub(super) fn record(
        &mut self,
        policy: &policy::Breaker,
        tick: u64,
        attempts: f64,
        failures: f64,
    ) -> bool {
        match self.state {
            State::Open { until_tick } if tick < until_tick => return false,
            State::Open { .. } => {
                self.enter(State::HalfOpen);
                return true;
            }
            State::Closed => {
                let kept = 1.0 - TICK_S / policy.window_s.max(TICK_S);
                self.attempts = self.attempts * kept + attempts;
                self.failures = self.failures * kept + failures;
            }
            State::HalfOpen => {
                self.attempts += attempts;
                self.failures += failures;
            }
        }
        let needed = if self.state == State::Closed { policy.minimum_requests } else { policy.probes };
        if self.attempts < needed.max(f64::MIN_POSITIVE) {
            return false;
        }
        match (self.state, self.failures >= policy.failure_ratio * self.attempts) {
            (_, true) => self.enter(State::Open { until_tick: tick + ticks(policy.open_s).max(1) }),
            (State::HalfOpen, false) => self.enter(State::Closed),
            (_, false) => return false,
        }
        true
    }

    fn enter(&mut self, state: State) {
        *self = Self { state, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: policy::Breaker = policy::Breaker {
        failure_ratio: 0.5,
        minimum_requests: 20.0,
        window_s: 10.0,
        open_s: 5.0,
        probe_ratio: 0.1,
        probes: 10.0,
    };

    /// Feeds 5 attempts a tick from `tick` on until the state changes; the tick at which it does.
    fn until_change(breaker: &mut Breaker, mut tick: u64, failed: f64) -> u64 {
        for _ in 0..10_000 {
            let passed = 5.0 * breaker.passes(&POLICY);
            if breaker.record(&POLICY, tick, passed, passed * failed) {
                return tick;
            }
            tick += 1;
        }
        panic!("still {:?}", breaker.state);
    }

    #[test]
    fn it_opens_probes_and_closes() {
        let mut breaker = Breaker::default();
        let opened = until_change(&mut breaker, 0, 0.6);
        assert_eq!(opened, 4, "not before it has seen 20 attempts, with 5 a tick");
        assert!(breaker.passes(&POLICY) <= 0.0);
        let probing = until_change(&mut breaker, opened + 1, 0.6);
        assert_eq!((breaker.state, probing - opened), (State::HalfOpen, 100));
        let reopened = until_change(&mut breaker, probing + 1, 0.6);
        assert_eq!(reopened - probing, 20, "ten probes at half a probe a tick");
        let probing = until_change(&mut breaker, reopened + 1, 0.0);
        until_change(&mut breaker, probing + 1, 0.1);
        assert_eq!(breaker.state, State::Closed);
    }

    #[test]
    fn a_few_failures_do_not_open_it() {
        let mut breaker = Breaker::default();
        for tick in 0..10_000 {
            assert!(!breaker.record(&POLICY, tick, 5.0, 2.4));
            assert!(!Breaker::default().record(&POLICY, tick, 1.0, 1.0));
        }
    }
}
