//! Levels and scales that follow a series with a fixed memory.

use serde::{Deserialize, Serialize};

/// Exponentially weighted mean (Roberts 1959; NIST/SEMATECH e-Handbook 6.3.2.4). It begins as the plain mean of the first
/// values, so that the first value does not weigh more than its share.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Level {
    mean: f64,
    count: u32,
}

impl Level {
    /// Takes a value; it weighs `1 / memory` (samples), or `1 / count` while there are fewer.
    #[inline]
    pub fn push(&mut self, value: f64, memory: f64) {
        self.count = self.count.saturating_add(1);
        let count = f64::from(self.count);
        // Divisions cost; once the memory is full its inverse is a constant.
        self.mean += (value - self.mean) * if count < memory { 1.0 / count } else { 1.0 / memory };
    }

    /// The level; 0 before the first value.
    pub fn get(&self) -> f64 {
        self.mean
    }

    /// Values taken so far.
    pub fn count(&self) -> u32 {
        self.count
    }
}

/// Typical size of a deviation: the power mean of order ½ of its absolute value, `(mean √|e|)²`, over an exponential
/// memory.
///
/// A deviation a hundred times the usual moves it ten times less than it moves a standard deviation, so that an anomaly
/// does not hide the next one; and unlike a median it is not zero for a series that rests most of the time. For a
/// Gaussian it is 0.68 σ.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Scale {
    roots: Level,
}

impl Scale {
    /// Takes a deviation of either sign.
    #[inline]
    pub fn push(&mut self, deviation: f64, memory: f64) {
        self.roots.push(deviation.abs().sqrt(), memory);
    }

    /// The typical size; 0 before the first deviation.
    pub fn get(&self) -> f64 {
        self.roots.get() * self.roots.get()
    }

    /// The deviation cut to ± `limit` scales (Huber 1964), or as it is while there are too few values to tell.
    pub fn cut(&self, deviation: f64, limit: f64) -> f64 {
        const ENOUGH: u32 = 50;
        if self.roots.count() <= ENOUGH {
            return deviation;
        }
        let bound = limit * self.get();
        // Not `clamp`: it panics when there is no number to compare with.
        deviation.min(bound).max(-bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_the_plain_mean_first_and_then_forgets() {
        let mut level = Level::default();
        for value in [1.0, 2.0, 3.0, 4.0] {
            level.push(value, 4.0);
        }
        assert!((level.get() - 2.5).abs() < 1e-12);
        level.push(6.5, 4.0);
        assert!((level.get() - 3.5).abs() < 1e-12, "a quarter of the way: {}", level.get());
    }

    #[test]
    fn one_outlier_hardly_moves_a_scale() {
        let mut scale = Scale::default();
        for n in 0..1_000 {
            scale.push(if n % 2 == 0 { 1.0 } else { -1.0 }, 1_000.0);
        }
        scale.push(10_000.0, 1_000.0);
        assert!((1.0..1.25).contains(&scale.get()), "{}", scale.get());
        assert!((scale.cut(-50.0, 4.0) + 4.0 * scale.get()).abs() < 1e-12);
    }
}
