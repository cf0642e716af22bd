//! Quantiles of a stream in constant memory, and what they say robustly: median, interquartile range, outliers.

use serde::{Deserialize, Serialize};

/// Interquartile range of a standard normal: what makes a robust scale comparable with a standard deviation.
pub(super) const IQR_OF_NORMAL: f64 = 1.348_979_5;

/// One quantile by the P² algorithm (Jain & Chlamtac 1985): five markers, moved along parabolas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    share: f64,
    count: u64,
    heights: [f64; 5],
    places: [f64; 5],
}

impl Quantile {
    /// The quantile below which a share of the values lies; the share is brought into 0 to 1.
    pub fn new(share: f64) -> Self {
        let share = if share.is_nan() { 0.5 } else { share.clamp(0.0, 1.0) };
        Self { share, count: 0, heights: [0.0; 5], places: [1.0, 2.0, 3.0, 4.0, 5.0] }
    }

    /// Takes a value; one that is not finite is unknown and changes nothing.
    pub fn push(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        if self.count <= 5 {
            let filled = self.count as usize;
            self.heights[filled - 1] = value;
            self.heights[..filled].sort_by(f64::total_cmp);
            return;
        }
        self.heights[0] = self.heights[0].min(value);
        self.heights[4] = self.heights[4].max(value);
        for marker in 1..5 {
            if value < self.heights[marker] || marker == 4 {
                self.places[marker] += 1.0;
            }
        }
        for marker in 1..4 {
            self.adjust(marker);
        }
    }

    /// Moves a marker by one place when it is one or more away from where it should be.
    fn adjust(&mut self, marker: usize) {
        let wish = [0.0, self.share / 2.0, self.share, f64::midpoint(1.0, self.share), 1.0][marker];
        let gap = 1.0 + (self.count - 1) as f64 * wish - self.places[marker];
        let (places, heights) = (&self.places, &self.heights);
        let after = places[marker + 1] - places[marker];
        let before = places[marker] - places[marker - 1];
        if !((gap >= 1.0 && after > 1.0) || (gap <= -1.0 && before > 1.0)) {
            return;
        }
        let step = gap.signum();
        let rise_after = (heights[marker + 1] - heights[marker]) / after;
        let rise_before = (heights[marker] - heights[marker - 1]) / before;
        let parabola = heights[marker]
            + step / (after + before) * ((before + step) * rise_after + (after - step) * rise_before);
        let inside = heights[marker - 1] < parabola && parabola < heights[marker + 1];
        let line = heights[marker] + step * if step > 0.0 { rise_after } else { rise_before };
        self.heights[marker] = if inside { parabola } else { line };
        self.places[marker] += step;
    }

    /// The quantile; exact up to five values, unknown without any.
    pub fn get(&self) -> Option<f64> {
        match self.count {
            0 => None,
            count @ 1..=5 => {
                let place = self.share * (count - 1) as f64;
                Some(self.heights[libm::rint(place) as usize])
            }
            _ => Some(self.heights[2]),
        }
    }
}

/// Quartiles of a stream: a location and a scale that a quarter of outliers does not move.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quartiles {
    lower: Quantile,
    median: Quantile,
    upper: Quantile,
}

impl Default for Quartiles {
    fn default() -> Self {
        Self { lower: Quantile::new(0.25), median: Quantile::new(0.5), upper: Quantile::new(0.75) }
    }
}

impl Quartiles {
    /// Takes a value; one that is not finite is unknown and changes nothing.
    pub fn push(&mut self, value: f64) {
        self.lower.push(value);
        self.median.push(value);
        self.upper.push(value);
    }

    /// The median; unknown without values.
    pub fn median(&self) -> Option<f64> {
        self.median.get()
    }

    /// The interquartile range; unknown without values.
    pub fn iqr(&self) -> Option<f64> {
        Some((self.upper.get()? - self.lower.get()?).max(0.0))
    }

    /// Distance from the median in robust standard deviations (IQR / 1.349); unknown while there is no spread.
    pub fn z_score(&self, value: f64) -> Option<f64> {
        let (median, iqr) = (self.median()?, self.iqr()?);
        (iqr > 0.0 && value.is_finite()).then(|| (value - median) / iqr * IQR_OF_NORMAL)
    }

    /// Values outside are outliers: the quartiles less and plus `reach` interquartile ranges (Tukey 1977: 1.5 for
    /// outliers, 3 for far ones).
    pub fn fences(&self, reach: f64) -> Option<(f64, f64)> {
        let iqr = self.iqr()?;
        Some((self.lower.get()? - reach * iqr, self.upper.get()? + reach * iqr))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;
    use proptest::prelude::*;

    #[test]
    fn the_worked_example_of_jain_and_chlamtac() {
        let values = [
            0.02, 0.15, 0.74, 3.39, 0.83, 22.37, 10.15, 15.43, 38.62, 15.92, 34.60, 10.28, 1.47, 0.40, 0.05,
            11.39, 0.27, 0.42, 0.09, 11.37,
        ];
        let mut median = Quantile::new(0.5);
        for value in values {
            median.push(value);
        }
        assert!((median.get().unwrap() - 4.44).abs() < 0.01, "{median:?}");
    }

    #[test]
    fn quartiles_of_noise_are_known_and_outliers_do_not_move_them() {
        let (mut quartiles, mut noise) = (Quartiles::default(), Noise::new(2));
        for sample in 0..20_000 {
            quartiles.push(if sample % 20 == 0 { 1e6 } else { noise.gaussian() });
        }
        assert!(quartiles.median().unwrap().abs() < 0.15, "{quartiles:?}");
        assert!((quartiles.iqr().unwrap() - 1.42).abs() < 0.15, "{quartiles:?}");
        assert!((quartiles.z_score(3.0).unwrap() - 2.8).abs() < 0.4);
        let (low, high) = quartiles.fences(1.5).unwrap();
        assert!((-3.2..-2.3).contains(&low) && (2.4..3.4).contains(&high), "{low} {high}");
    }

    proptest! {
        #[test]
        fn estimates_stay_within_what_was_seen(
            values in prop::collection::vec(prop_oneof![-1e6f64..1e6, (0u8..3).prop_map(f64::from)], 1..200),
            share in 0.0f64..1.0,
        ) {
            let mut quantile = Quantile::new(share);
            for value in &values {
                quantile.push(*value);
            }
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((low..=high).contains(&quantile.get().unwrap()));
        }
    }
}
