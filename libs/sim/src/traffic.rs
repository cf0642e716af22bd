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
    /// Rates over time, added up.
    pub shapes: Vec<Shape>,
    /// Relative standard deviation of the noise, 0 to 0.5.
    pub noise: f64,
    /// What a request and its answer spend on the way between its users and the entry, all round trips together, ms.
    pub distance_ms: f64,
    /// What the requests are for; empty when they are all alike.
    pub endpoints: Vec<Endpoint>,
}

/// A part of a source's requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Name, for people.
    pub name: String,
    /// Share of the source's requests; those of a source add up to 1.
    pub share: f64,
    /// Share of its requests that ask for static content.
    pub static_ratio: f64,
    /// Share of the others that only read.
    pub read_ratio: f64,
}

/// What requests are made of, as shares of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mix {
    /// Requests that change nothing, those for static content included.
    pub(crate) reads: f64,
    /// Requests for static content.
    pub(crate) statics: f64,
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
    /// Switches at random between two rates: a Markov-modulated Poisson process with two states.
    Bursty {
        /// Rate between bursts.
        base_rps: f64,
        /// Rate in a burst.
        peak_rps: f64,
        /// Mean time between two bursts.
        quiet_s: f64,
        /// Mean length of a burst.
        burst_s: f64,
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
        let clean: f64 = self
            .shapes
            .iter()
            .enumerate()
            .map(|(at, shape)| shape.rate(at_s, seed, source << 8 | at as u64))
            .sum();
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

    /// What the requests are made of.
    pub(crate) fn mix(&self) -> Mix {
        if self.endpoints.is_empty() {
            return Mix { reads: 1.0, statics: 0.0 };
        }
        let statics: f64 = self.endpoints.iter().map(|part| part.share * part.static_ratio).sum();
        let others =
            self.endpoints.iter().map(|part| part.share * (1.0 - part.static_ratio) * part.read_ratio);
        Mix { reads: (statics + others.sum::<f64>()).min(1.0), statics: statics.min(1.0) }
    }
}

/// Whether a two-state process is in a burst in second `second`.
///
/// Each second draws a number: a low one begins a burst, a high one ends it, one between leaves things as they are. The last
/// number that was low or high settles it, so that the state is a function of time and nothing has to be kept (coupling from
/// the past, Propp & Wilson 1996).
fn in_burst(begins: f64, ends: f64, second: u64, seed: u64, source: u64) -> bool {
    let key = rng::key(seed, Purpose::Burst);
    for earlier in (0..=second).rev() {
        let draw = f64::from(rng::block(key, source, earlier)[0]) / 4_294_967_296.0;
        if draw < begins {
            return true;
        }
        if draw >= 1.0 - ends {
            return false;
        }
    }
    false
}

impl Shape {
    /// The rate without noise. Only bursts depend on the seed and the number of the source.
    pub fn rate(&self, at_s: f64, seed: u64, source: u64) -> f64 {
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
            Self::Bursty { base_rps, peak_rps, quiet_s, burst_s } => {
                // Both odds together are at most 1, as the times are at least 2 s.
                let burst = in_burst(1.0 / quiet_s, 1.0 / burst_s, at_s as u64, seed, source);
                if burst { *peak_rps } else { *base_rps }
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
        let rates: Vec<f64> = [0.0, 5.0, 10.0, 15.0, 99.0].iter().map(|at| ramp.rate(*at, 1, 0)).collect();
        assert_eq!(rates, [10.0, 10.0, 20.0, 30.0, 30.0]);
    }

    #[test]
    fn noise_keeps_the_mean_and_its_size() {
        let shapes = vec![Shape::Constant { rps: 60.0 }, Shape::Constant { rps: 40.0 }];
        let traffic = Traffic { service: 0, shapes, noise: 0.1, distance_ms: 0.0, endpoints: Vec::new() };
        let rates: Vec<f64> = (0..20_000).map(|second| traffic.rate(f64::from(second), 7, 0)).collect();
        let mean = rates.iter().sum::<f64>() / 20_000.0;
        let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / 20_000.0;
        assert!((mean - 100.0).abs() < 0.5, "mean {mean}");
        assert!((variance.sqrt() - 10.0).abs() < 0.5, "deviation {}", variance.sqrt());
    }

    #[test]
    fn bursts_come_as_often_and_last_as_long_as_they_should() {
        let shape = Shape::Bursty { base_rps: 0.0, peak_rps: 1.0, quiet_s: 40.0, burst_s: 10.0 };
        let states: Vec<bool> =
            (0..200_000).map(|second| shape.rate(f64::from(second), 3, 1) > 0.5).collect();
        let busy = states.iter().filter(|burst| **burst).count() as f64;
        let bursts = states.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        assert!((busy / 200_000.0 - 0.2).abs() < 0.01, "a fifth of the time: {}", busy / 200_000.0);
        assert!((busy / bursts - 10.0).abs() < 0.5, "{} s each", busy / bursts);
    }

    #[test]
    fn endpoints_mix_by_their_shares() {
        let part = |share, static_ratio, read_ratio| Endpoint {
            name: "x".to_owned(),
            share,
            static_ratio,
            read_ratio,
        };
        let endpoints = vec![part(0.5, 1.0, 0.0), part(0.3, 0.0, 1.0), part(0.2, 0.0, 0.5)];
        let mix = Traffic { service: 0, shapes: Vec::new(), noise: 0.0, distance_ms: 0.0, endpoints }.mix();
        assert!((mix.statics - 0.5).abs() < 1e-12 && (mix.reads - 0.9).abs() < 1e-12);
    }
}
