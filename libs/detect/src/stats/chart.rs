//! Control charts: small lasting shifts of a level that no single value gives away.
//!
//! Both take values in standard deviations from the normal level, as [`super::Moments::z_score`] and
//! [`super::Quartiles::z_score`] give them.

use serde::{Deserialize, Serialize};

/// Exponentially weighted moving average chart (Roberts 1959; NIST/SEMATECH e-Handbook 6.3.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EwmaChart {
    weight: f64,
    limit: f64,
    average: f64,
    /// `(1 − weight)^(2 samples)`: the limits are narrower at the start.
    left: f64,
}

impl Default for EwmaChart {
    /// Weight 0.2 and limit 2.962: one false alarm in 500 values (Lucas & Saccucci 1990, table 1).
    fn default() -> Self {
        Self::new(0.2, 2.962)
    }
}

impl EwmaChart {
    /// A chart where the newest value weighs `weight` (0 to 1) and the limits are ± `limit` standard deviations of the
    /// average.
    pub fn new(weight: f64, limit: f64) -> Self {
        Self { weight: weight.clamp(1e-6, 1.0), limit, average: 0.0, left: 1.0 }
    }

    /// Takes a standardised value; says the average in units of its limit: beyond ± 1 it is out of control. One that is
    /// not finite changes nothing.
    pub fn push(&mut self, standardised: f64) -> f64 {
        if standardised.is_finite() {
            self.average += self.weight * (standardised - self.average);
            self.left *= (1.0 - self.weight) * (1.0 - self.weight);
        }
        let deviation = (self.weight / (2.0 - self.weight) * (1.0 - self.left)).sqrt();
        if deviation > 0.0 { self.average / (self.limit * deviation) } else { 0.0 }
    }
}

/// A change of level that a [`Cusum`] is sure of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Samples since the level changed, as the chart sees it.
    pub samples_ago: u32,
    /// Size of the change in standard deviations; negative for a fall.
    pub shift: f64,
}

/// Two-sided cumulative sums (Page 1954): detects a change of level, and says when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    slack: f64,
    limit: f64,
    up: Sum,
    down: Sum,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Sum {
    sum: f64,
    /// Samples since the sum was zero: the change point (Page 1954).
    samples: u32,
}

impl Default for Cusum {
    /// Slack 0.5 and limit 5: for a shift of one standard deviation, noticed after 10 values; one false alarm in 465
    /// (Montgomery, Introduction to Statistical Quality Control, table 9.3).
    fn default() -> Self {
        Self::new(0.5, 5.0)
    }
}

impl Cusum {
    /// Sums that forgive `slack` standard deviations a value (half the shift to be found) and tell at `limit`.
    pub fn new(slack: f64, limit: f64) -> Self {
        Self { slack, limit, up: Sum::default(), down: Sum::default() }
    }

    /// Takes a standardised value; after a change was told, sums start again. One that is not finite changes nothing.
    pub fn push(&mut self, standardised: f64) -> Option<Change> {
        if !standardised.is_finite() {
            return None;
        }
        self.up.push(standardised - self.slack);
        self.down.push(-standardised - self.slack);
        let (sum, sign) = if self.up.sum >= self.down.sum { (self.up, 1.0) } else { (self.down, -1.0) };
        if sum.sum <= self.limit {
            return None;
        }
        (self.up, self.down) = (Sum::default(), Sum::default());
        Some(Change {
            samples_ago: sum.samples,
            shift: sign * (self.slack + sum.sum / f64::from(sum.samples.max(1))),
        })
    }
}

impl Sum {
    fn push(&mut self, step: f64) {
        self.sum += step;
        self.samples = self.samples.saturating_add(1);
        if self.sum <= 0.0 {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    /// Mean number of values up to the first alarm, over many runs of noise around `shift`.
    fn run_length(shift: f64, mut alarm: impl FnMut(u64) -> Box<dyn FnMut(f64) -> bool>) -> f64 {
        const RUNS: u64 = 600;
        let total: u64 = (0..RUNS)
            .map(|run| {
                let (mut noise, mut alarm) = (Noise::new(run + 1), alarm(run));
                (1..1_000_000).find(|_| alarm(shift + noise.gaussian())).unwrap_or(0)
            })
            .sum();
        total as f64 / RUNS as f64
    }

    fn ewma(_: u64) -> Box<dyn FnMut(f64) -> bool> {
        let mut chart = EwmaChart::default();
        Box::new(move |value| chart.push(value).abs() > 1.0)
    }

    fn cusum(_: u64) -> Box<dyn FnMut(f64) -> bool> {
        let mut sums = Cusum::default();
        Box::new(move |value| sums.push(value).is_some())
    }

    #[test]
    fn run_lengths_are_those_of_the_tables() {
        for (name, found, expected) in [
            ("EWMA in control", run_length(0.0, ewma), 500.0),
            ("EWMA shifted by 1", run_length(1.0, ewma), 10.5),
            ("CUSUM in control", run_length(0.0, cusum), 465.0),
            ("CUSUM shifted by 1", run_length(1.0, cusum), 10.4),
        ] {
            let ratio = found / expected;
            assert!((0.85..1.15).contains(&ratio), "{name}: {found}, expected {expected}");
        }
    }

    #[test]
    fn a_cusum_says_when_and_by_how_much() {
        let (mut sums, mut noise) = (Cusum::new(0.5, 8.0), Noise::new(3));
        let change = (0..400).find_map(|sample| {
            let level = if sample < 300 { 0.0 } else { -3.0 };
            sums.push(level + 0.5 * noise.gaussian()).map(|change| (sample, change))
        });
        let (sample, change) = change.unwrap();
        assert!((300..310).contains(&sample), "{sample}");
        assert_eq!(sample - i32::try_from(change.samples_ago).unwrap() + 1, 300);
        assert!((change.shift + 3.0).abs() < 0.5, "{change:?}");
    }

    #[test]
    fn unknown_values_change_nothing() {
        let (mut chart, mut sums) = (EwmaChart::default(), Cusum::default());
        chart.push(1.0);
        sums.push(4.0);
        let before = (chart, sums);
        chart.push(f64::NAN);
        sums.push(f64::NAN);
        assert_eq!(before, (chart, sums));
    }
}
