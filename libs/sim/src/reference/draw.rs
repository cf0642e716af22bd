//! Random numbers one after the other, for a run that has an order of events.

use crate::rng::{self, Purpose};

use super::Service;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Draws {
    key: [u32; 2],
    stream: u64,
    count: u64,
    block: [u32; 4],
}

impl Draws {
    /// A stream of a seed; streams of different numbers have nothing to do with each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { key: rng::key(seed, Purpose::Reference), stream, count: 0, block: [0; 4] }
    }

    /// Uniform in (0, 1], with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / 9_007_199_254_740_992.0;
        let second_half = self.count % 2 == 1;
        if !second_half {
            self.block = rng::block(self.key, self.stream, self.count / 2);
        }
        self.count += 1;
        let [low, high] =
            if second_half { [self.block[2], self.block[3]] } else { [self.block[0], self.block[1]] };
        let bits = ((u64::from(high) << 32) | u64::from(low)) >> 11;
        (bits + 1) as f64 * SCALE
    }

    /// Exponential with a mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(self.uniform())
    }

    /// A service time.
    pub(super) fn service(&mut self, service: Service, mean: f64) -> f64 {
        match service {
            Service::Deterministic => mean,
            Service::Exponential => self.exponential(mean),
            Service::Erlang { stages } => {
                let stage_mean = mean / f64::from(stages);
                (0..stages).map(|_| self.exponential(stage_mean)).sum()
            }
            Service::Hyperexponential { cv2 } => {
                // Balanced means: p₁/μ₁ = p₂/μ₂ (H. C. Tijms, Stochastic Models, 1994, appendix B).
                let short = 0.5 * (1.0 + libm::sqrt((cv2 - 1.0) / (cv2 + 1.0)));
                let share = if self.uniform() <= short { short } else { 1.0 - short };
                self.exponential(mean / (2.0 * share))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_times_have_their_mean_and_variability() {
        for (service, cv2) in [
            (Service::Deterministic, 0.0),
            (Service::Erlang { stages: 4 }, 0.25),
            (Service::Exponential, 1.0),
            (Service::Hyperexponential { cv2: 4.0 }, 4.0),
        ] {
            let mut draws = Draws::new(3, 5);
            let times: Vec<f64> = (0..200_000).map(|_| draws.service(service, 2.0)).collect();
            let mean = times.iter().sum::<f64>() / 200_000.0;
            let square = times.iter().map(|time| time * time).sum::<f64>() / 200_000.0;
            let found = square / (mean * mean) - 1.0;
            assert!((mean - 2.0).abs() < 0.03, "{service:?}: mean {mean}");
            assert!((found - cv2).abs() < 0.05 * (1.0 + cv2), "{service:?}: cv² {found}");
        }
    }
}
