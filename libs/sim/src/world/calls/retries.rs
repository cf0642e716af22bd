//! Retries as a fluid: attempts that failed wait out their back-off and come back as load.
//!
//! Jitter spreads them: the wait before a retry is taken to be exponential with the back-off as its mean, which makes the attempts
//! that wait one number per retry instead of a list.

use serde::{Deserialize, Serialize};

use crate::TICK_S;

/// Time after which unused budget is gone, s.
const BUDGET_LIFE_S: f64 = 10.0;

/// Attempts of one call path that are the same retry: the first, the second …
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::world) struct Level {
    /// Attempts that wait for their back-off to pass.
    pub(in crate::world) waiting: f64,
    /// Attempts made in this tick.
    pub(super) made: f64,
}

impl Level {
    /// Lets the attempts go whose back-off, `mean_s` long on average, is over in this tick; how many.
    pub(super) fn release(&mut self, mean_s: f64) -> f64 {
        self.made = self.waiting * (TICK_S / (TICK_S + mean_s));
        self.waiting -= self.made;
        self.made
    }
}

/// A retry budget: earned by first attempts, spent by retries, forgotten after a while.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::world) struct Budget {
    tokens: f64,
}

impl Budget {
    /// Earns for `first` attempts and pays for `wanted` retries as far as it can; the share that is paid for.
    pub(super) fn spend(&mut self, per_attempt: f64, first: f64, wanted: f64) -> f64 {
        self.tokens += per_attempt * first - self.tokens * (TICK_S / BUDGET_LIFE_S);
        let granted = if wanted > self.tokens { self.tokens / wanted } else { 1.0 };
        self.tokens = (self.tokens - granted * wanted).max(0.0);
        granted
    }
}

/// What becomes of a call in the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outcome {
    /// Probability that some attempt succeeds.
    pub(super) success: f64,
    /// Attempts, on average.
    pub(super) attempts: f64,
    /// Time spent waiting for back-offs, s, on average.
    pub(super) backoff_s: f64,
}

/// The outcome of a call whose attempts succeed with probability `success` and are made again with probability `again`, up to
/// `max` times: geometric series.
pub(super) fn outcome(success: f64, again: f64, max: u32, backoff_s: impl Fn(u32) -> f64) -> Outcome {
    let mut reached = 1.0;
    let mut attempts = 1.0;
    let mut waited_s = 0.0;
    for retry in 0..max {
        reached *= again;
        attempts += reached;
        waited_s += reached * backoff_s(retry);
    }
    Outcome { success: (success * attempts).min(1.0), attempts, backoff_s: waited_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_follow_the_geometric_series() {
        let outcome = outcome(0.5, 0.5, 2, |_| 0.1);
        assert!((outcome.attempts - 1.75).abs() < 1e-12);
        assert!((outcome.success - 0.875).abs() < 1e-12);
        assert!((outcome.backoff_s - 0.075).abs() < 1e-12);
    }

    #[test]
    fn the_budget_holds_retries_to_its_share_in_the_long_run_and_lends_a_little_before() {
        let mut budget = Budget::default();
        for _ in 0..1000 {
            assert!(budget.spend(0.2, 10.0, 0.0) >= 1.0);
        }
        // Ten seconds' worth of thrift: 0.2 · 10 a tick · 200 ticks.
        assert!((budget.tokens - 400.0).abs() < 5.0, "{}", budget.tokens);
        let spent: f64 = (0..2000).map(|_| budget.spend(0.2, 10.0, 30.0) * 30.0).sum();
        assert!((spent - 4400.0).abs() < 20.0, "{spent}");
    }

    #[test]
    fn attempts_come_back_after_the_back_off() {
        let mut level = Level { waiting: 100.0, made: 0.0 };
        let mut mean_s = 0.0;
        for tick in 0..2000 {
            mean_s += level.release(0.4) / 100.0 * f64::from(tick) * TICK_S;
        }
        assert!(level.waiting < 1e-6 && (mean_s - 0.4).abs() < 1e-6, "{mean_s}");
    }
}
