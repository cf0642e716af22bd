//! The recent past of a series in few numbers: means of equal blocks of samples.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Blocks kept: enough for a trend, few enough to compare all pairs.
pub const RECENT_BLOCKS: usize = 120;

/// Means of the last [`RECENT_BLOCKS`] blocks. Its memory is finite: two series that were equal over that many blocks and
/// whose blocks begin at the same samples have the same recent past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    samples_per_block: u32,
    means: VecDeque<f64>,
    sum: f64,
    known: u32,
    seen: u32,
}

impl Recent {
    /// Blocks of so many samples (at least one).
    pub fn new(samples_per_block: u32) -> Self {
        Self {
            samples_per_block: samples_per_block.max(1),
            means: VecDeque::new(),
            sum: 0.0,
            known: 0,
            seen: 0,
        }
    }

    /// Takes the next sample; one that is not finite is unknown. Says whether a block is complete now.
    pub fn push(&mut self, value: f64) -> bool {
        self.seen += 1;
        if value.is_finite() {
            self.known += 1;
            self.sum += value;
        }
        if self.seen < self.samples_per_block {
            return false;
        }
        // Less than half a block known is not its mean.
        let mean = if 2 * self.known >= self.seen { self.sum / f64::from(self.known) } else { f64::NAN };
        if self.means.len() == RECENT_BLOCKS {
            self.means.pop_front();
        }
        self.means.push_back(mean);
        (self.sum, self.known, self.seen) = (0.0, 0, 0);
        true
    }

    /// The means, oldest first; NaN where a block is unknown.
    pub fn means(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.means.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_means_of_what_is_known() {
        let mut recent = Recent::new(2);
        for value in [1.0, 3.0, f64::NAN, 5.0, f64::NAN, f64::NAN, 9.0] {
            recent.push(value);
        }
        let means: Vec<f64> = recent.means().collect();
        assert_eq!(means[..2], [2.0, 5.0]);
        assert!(means.len() == 3 && means[2].is_nan());
        for _ in 0..1_000 {
            recent.push(7.0);
        }
        assert_eq!(recent.means().len(), RECENT_BLOCKS);
    }
}
