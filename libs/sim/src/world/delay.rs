//! Time that faults add to calls, by its first two moments.

use serde::{Deserialize, Serialize};

/// First wait before a lost segment is sent again, s: the least that Linux waits (RFC 6298 asks for a second). It doubles.
const RETRANSMIT_S: f64 = 0.2;

/// Segments of a call that may be lost: the request and the answer.
const SEGMENTS: f64 = 2.0;

/// A random time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Delay {
    /// Mean, s.
    pub(super) mean_s: f64,
    /// Variance, s².
    pub(super) variance: f64,
}

impl Delay {
    /// Always the same.
    pub(super) fn fixed(mean_s: f64) -> Self {
        Self { mean_s, variance: 0.0 }
    }

    /// The sum of independent times.
    pub(super) fn plus(self, other: Self) -> Self {
        Self { mean_s: self.mean_s + other.mean_s, variance: self.variance + other.variance }
    }

    /// The mean of the square.
    pub(super) fn second_moment(self) -> f64 {
        self.variance + self.mean_s * self.mean_s
    }

    /// What retransmissions add to a call when segments are lost with probability `loss` < 1/4.
    ///
    /// A segment that is lost `k` times in a row, which has probability `pᵏ(1 − p)`, waits `RTO(2ᵏ − 1)`; both moments are
    /// geometric series.
    pub(super) fn of_retransmission(loss: f64) -> Self {
        let mean = RETRANSMIT_S * loss / (1.0 - 2.0 * loss);
        let terms = 1.0 / (1.0 - 4.0 * loss) - 2.0 / (1.0 - 2.0 * loss) + 1.0 / (1.0 - loss);
        let square = RETRANSMIT_S * RETRANSMIT_S * (1.0 - loss) * terms;
        Self { mean_s: SEGMENTS * mean, variance: SEGMENTS * (square - mean * mean) }
    }

    /// What pauses add to a request that arrives at any time, when a share `duty` of the time is taken by pauses of `pause_s`:
    /// those that arrive in one wait for what is left of it, which is uniform.
    pub(super) fn of_pauses(duty: f64, pause_s: f64) -> Self {
        let mean_s = duty * pause_s / 2.0;
        Self { mean_s, variance: duty * pause_s * pause_s / 3.0 - mean_s * mean_s }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retransmission_follows_its_series() {
        let loss: f64 = 0.1;
        let (mut mean, mut square) = (0.0, 0.0);
        for losses in 0..40 {
            let probability = libm::pow(loss, f64::from(losses)) * (1.0 - loss);
            let wait = 0.2 * (libm::pow(2.0, f64::from(losses)) - 1.0);
            mean += probability * wait;
            square += probability * wait * wait;
        }
        let delay = Delay::of_retransmission(loss);
        assert!((delay.mean_s - 2.0 * mean).abs() < 1e-12);
        assert!((delay.variance - 2.0 * (square - mean * mean)).abs() < 1e-12);
    }
}
