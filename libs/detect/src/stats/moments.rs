//! Mean and variance of a stream, and how many standard deviations a value is away: the z-score.

use serde::{Deserialize, Serialize};

/// Mean and variance of all values so far (Welford 1962; NIST/SEMATECH e-Handbook 1.3.5.6). Never subtracts two large sums
/// from each other, so that a small variance around a large mean is right.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
}

impl Moments {
    /// Takes a value; one that is not finite is unknown and changes nothing.
    pub fn push(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// Values taken.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; 0 without values.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Their sample variance (divided by count − 1); unknown below two values.
    pub fn variance(&self) -> Option<f64> {
        (self.count >= 2).then(|| self.squares / (self.count - 1) as f64)
    }

    /// Standard deviations that a value is from the mean; unknown while there is no spread.
    pub fn z_score(&self, value: f64) -> Option<f64> {
        z_score(value, self.mean, self.variance()?)
    }
}

fn z_score(value: f64, mean: f64, variance: f64) -> Option<f64> {
    (variance > 0.0 && value.is_finite()).then(|| (value - mean) / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_variance_around_a_large_mean_is_right() {
        // NIST StRD, data set NumAcc4: mean 10 000 000.2, standard deviation 0.1.
        let mut moments = Moments::default();
        moments.push(10_000_000.2);
        for _ in 0..500 {
            moments.push(10_000_000.1);
            moments.push(10_000_000.3);
        }
        assert!((moments.mean() - 10_000_000.2).abs() < 1e-7);
        assert!((moments.variance().unwrap().sqrt() - 0.1).abs() < 1e-8);
    }

    #[test]
    fn no_spread_no_score() {
        let mut moments = Moments::default();
        for value in [5.0, f64::NAN, 5.0, f64::INFINITY, 5.0] {
            moments.push(value);
        }
        assert_eq!((moments.count(), moments.z_score(9.0)), (3, None));
    }

    proptest! {
        #[test]
        fn equal_the_definition(
            values in prop::collection::vec(-1e3f64..1e3, 2..50)
        ) {
            let mut moments = Moments::default();
            for value in &values {
                moments.push(*value);
            }
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
            prop_assert!((moments.mean() - mean).abs() < 1e-9);
            prop_assert!((moments.variance().unwrap() - squares / (n - 1.0)).abs() < 1e-6);
        }
    }
}
