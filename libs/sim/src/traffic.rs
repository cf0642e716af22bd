//! Traffic from outside: how many requests a second arrive at an entry service at a time.
//!
//! The rate is a function of time plus seeded noise that wanders over seconds. Requests within a tick are not drawn one
//! by one: that they arrive at random is what the queueing formula accounts for.

use std::sync::Arc;

use crate::rng::{self, Purpose};

/// Highest rate of one source, requests a second.
pub const MAX_RATE_RPS: f64 = 1e9;

/// Traffic at one entry service.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// Index of the entry service.
    pub service: usize,
    /// Rate over time.
    pub shape: Shape,
    /// Relative standard deviation of the noise, 0 to 0.5.
    pub noise: f64,
}

/// Rate over time since the scenario was set. Rates in requests a second, times in seconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Always the same.
    Constant {
        /// Rate.
        rps: f64,
    },
    /// Straight from one rate to another, then on at the second.
    Ramp {
        /// Rate before.
        from_rps: f64,
        /// Rate after.
        to_rps: f64,
        /// When it begins to change.
        start_s: f64,
        /// How long it changes.
        over_s: f64,
    },
    /// A sine around a mean.
    Diurnal {
        /// Mean rate.
        mean_rps: f64,
        /// Largest distance from the mean, as a share of it, 0 to 1.
        swing: f64,
        /// Length of a "day".
        period_s: f64,
        /// Where in the "day" it begins, 0 to 1; at 0 the rate is the mean and rises.
        phase: f64,
    },
    /// A base rate with a plateau on top.
    Spike {
        /// Rate outside the plateau.
        base_rps: f64,
        /// Rate on the plateau.
        peak_rps: f64,
        /// When the plateau begins.
        start_s: f64,
        /// How long it lasts.
        duration_s: f64,
    },
    /// A recorded series.
    Trace(Arc<Trace>),
}

/// A recorded series of rates: a step function that starts over at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Start of every interval, simulated seconds from the first; ascending, from 0.
    pub starts_s: Vec<f64>,
    /// Rate of every interval, requests a second.
    pub rates_rps: Vec<f64>,
    /// Length of the whole, s.
    pub length_s: f64,
}

impl Trace {
    /// The rate at a time; the trace repeats.
    pub fn rate(&self, at_s: f64) -> f64 {
        let within = at_s - libm::floor(at_s / self.length_s) * self.length_s;
        let after = self.starts_s.partition_point(|start| *start <= within);
        self.rates_rps.get(after.saturating_sub(1)).copied().unwrap_or(0.0)
    }
}

impl Traffic {
    /// Requests a second at `at_s` seconds after the scenario was set, with the noise of source number `source`.
    pub fn rate(&self, at_s: f64, seed: u64, source: u64) -> f64 {
        let clean = self.shape.rate(at_s);
        if self.noise == 0.0 {
            return clean;
        }
        // A value a second, joined by straight lines: the rate wanders instead of flickering.
        let second = libm::floor(at_s);
        let share = at_s - second;
        let here = rng::normalish(seed, source, second as u64, Purpose::Traffic);
        let next = rng::normalish(seed, source, second as u64 + 1, Purpose::Traffic);
        let wander = here + (next - here) * share;
        (clean * (1.0 + self.noise * wander)).max(0.0)
    }
}

impl Shape {
    /// The rate without noise.
    pub fn rate(&self, at_s: f64) -> f64 {
        match self {
            Self::Constant { rps } => *rps,
            Self::Ramp { from_rps, to_rps, start_s, over_s } => {
                let share = if *over_s > 0.0 { ((at_s - start_s) / over_s).clamp(0.0, 1.0) } else { 1.0 };
                let share = if at_s < *start_s { 0.0 } else { share };
                from_rps + (to_rps - from_rps) * share
            }
            Self::Diurnal { mean_rps, swing, period_s, phase } => {
                let turn = at_s / period_s + phase;
                mean_rps * (1.0 + swing * libm::sin(2.0 * std::f64::consts::PI * turn))
            }
            Self::Spike { base_rps, peak_rps, start_s, duration_s } => {
                if at_s >= *start_s && at_s < start_s + duration_s { *peak_rps } else { *base_rps }
            }
            Self::Trace(trace) => trace.rate(at_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_a_step_function_that_starts_over() {
        let trace = Trace { starts_s: vec![0.0, 1.0, 3.0], rates_rps: vec![5.0, 7.0, 9.0], length_s: 4.0 };
        let rates: Vec<f64> = [0.0, 0.99, 1.0, 2.9, 3.5, 4.0, 5.5].iter().map(|at| trace.rate(*at)).collect();
        assert_eq!(rates, [5.0, 5.0, 7.0, 7.0, 9.0, 5.0, 7.0]);
    }

    #[test]
    fn a_ramp_holds_before_and_after() {
        let ramp = Shape::Ramp { from_rps: 10.0, to_rps: 30.0, start_s: 5.0, over_s: 10.0 };
        let rates: Vec<f64> = [0.0, 5.0, 10.0, 15.0, 99.0].iter().map(|at| ramp.rate(*at)).collect();
        assert_eq!(rates, [10.0, 10.0, 20.0, 30.0, 30.0]);
    }

    #[test]
    fn noise_keeps_the_mean_and_its_size() {
        let traffic = Traffic { service: 0, shape: Shape::Constant { rps: 100.0 }, noise: 0.1 };
        let rates: Vec<f64> = (0..20_000).map(|second| traffic.rate(f64::from(second), 7, 0)).collect();
        let mean = rates.iter().sum::<f64>() / 20_000.0;
        let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / 20_000.0;
        assert!((mean - 100.0).abs() < 0.5, "mean {mean}");
        assert!((variance.sqrt() - 10.0).abs() < 0.5, "deviation {}", variance.sqrt());
    }
}
