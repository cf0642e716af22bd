//! Closed forms of queueing theory, and the two-parameter distribution that latencies are summed up in.
//!
//! Sources: A. K. Erlang (1917) for the M/M/c queue, in the notation of Gross & Harris, *Fundamentals of Queueing
//! Theory*, §2.3; E. B. Wilson & M. M. Hilferty (1931), "The distribution of chi-square", for quantiles of the gamma
//! distribution; R. Bhatia & C. Davis (2000) for the largest variance of a bounded variable.

use std::sync::Arc;

/// Utilisation past which the stationary wait is not used any more: the fluid backlog takes over there.
pub const MAX_STATIONARY_UTILISATION: f64 = 0.98;

/// Probability that a request must wait in M/M/c (Erlang C), with `servers` ≥ 1 servers at utilisation `rho` in [0, 1].
/// By the stable recurrence for Erlang B: `B(k) = aB(k−1) / (k + aB(k−1))`, `C = B / (1 − ρ(1 − B))`.
pub fn erlang_c(servers: u32, rho: f64) -> f64 {
    let offered = rho * f64::from(servers);
    let mut blocking = 1.0;
    for server in 1..=servers {
        blocking = offered * blocking / (f64::from(server) + offered * blocking);
    }
    blocking / (1.0 - rho * (1.0 - blocking))
}

/// Mean wait in M/M/c in units of the service time: `C / (c(1 − ρ))`. Infinite from utilisation 1 on.
pub fn mmc_mean_wait(servers: u32, rho: f64) -> f64 {
    if rho >= 1.0 {
        return f64::INFINITY;
    }
    erlang_c(servers, rho) / (f64::from(servers) * (1.0 - rho))
}

/// Steps of the table; the error of linear interpolation is below 1e-5 for up to 1024 servers.
const STEPS: usize = 1024;

/// [`erlang_c`] for one number of servers, tabled over utilisation: the tick looks up instead of summing up.
#[derive(Debug, Clone, Default)]
pub struct ErlangTable {
    knots: Arc<[f64]>,
}

impl ErlangTable {
    /// Tables `servers` ≥ 1 servers.
    pub fn new(servers: u32) -> Self {
        let knots = (0..=STEPS).map(|step| erlang_c(servers.max(1), step as f64 / STEPS as f64)).collect();
        Self { knots }
    }

    /// The probability of waiting at utilisation `rho`, clamped to [0, 1].
    #[inline]
    pub fn wait_probability(&self, rho: f64) -> f64 {
        let position = rho.clamp(0.0, 1.0) * STEPS as f64;
        let step = (position as usize).min(STEPS - 1);
        let share = position - step as f64;
        let (low, high) = (self.knots[step], self.knots[step + 1]);
        low + (high - low) * share
    }
}

/// Largest squared coefficient of variation that a fit uses; past it the quantile formula loses its shape.
const MAX_CV2: f64 = 4.0;

/// Standard normal quantiles of 0.5, 0.95 and 0.99.
const NORMAL_QUANTILES: [f64; 3] = [0.0, 1.644_853_626_951_472_2, 2.326_347_874_040_841];

/// Median, 95th and 99th percentile of the gamma distribution with this mean and variance, by Wilson–Hilferty:
/// `q = m(1 − cv²/9 + z·cv/3)³`. With cv = 1 this is the exponential distribution within 2 %.
pub fn gamma_percentiles(mean: f64, variance: f64) -> [f64; 3] {
    if mean <= 0.0 {
        return [0.0; 3];
    }
    let cv2 = (variance / (mean * mean)).clamp(0.0, MAX_CV2);
    let cv = libm::sqrt(cv2);
    NORMAL_QUANTILES.map(|quantile| {
        let root = (1.0 - cv2 / 9.0 + quantile * cv / 3.0).max(0.0);
        mean * root * root * root
    })
}

/// Standard deviations past the mean at which a gamma tail is taken for 0 (it is below 1e-5 for cv ≤ 1).
const NEGLIGIBLE_TAIL: f64 = 12.0;

/// Probability that a gamma variable with this mean and variance exceeds `limit`: Wilson–Hilferty solved for the normal
/// deviate.
pub fn gamma_tail(mean: f64, variance: f64, limit: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    let deviation = libm::sqrt(variance.max(0.0));
    if limit > mean + NEGLIGIBLE_TAIL * deviation {
        return 0.0;
    }
    let cv = (deviation / mean).clamp(1e-3, 2.0);
    let deviate = (libm::cbrt(limit / mean) - 1.0 + cv * cv / 9.0) * 3.0 / cv;
    0.5 * libm::erfc(deviate * std::f64::consts::FRAC_1_SQRT_2)
}

/// Mean and variance of the time a caller waits when it gives up after `timeout`, given the probability that it does.
///
/// The mean is exact for an exponential and for a fixed latency. The variance interpolates between the untruncated one
/// and 0 and never exceeds the largest that a variable in [0, timeout] with this mean can have.
pub fn truncate(mean: f64, variance: f64, timeout: f64, exceeds: f64) -> (f64, f64) {
    let within = 1.0 - exceeds;
    let cut_mean = (mean * within).max(timeout * exceeds).min(timeout).min(mean);
    let gap = timeout - cut_mean;
    let spread = variance * within * within + exceeds * within * gap * gap;
    (cut_mean, spread.min(cut_mean * gap).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erlang_c_matches_known_values() {
        // One server waits with probability ρ; the others from the closed form with factorials.
        assert!((erlang_c(1, 0.7) - 0.7).abs() < 1e-12);
        assert!((erlang_c(2, 0.75) - 9.0 / 14.0).abs() < 1e-12);
        assert!((erlang_c(10, 0.9) - 0.668_732).abs() < 1e-4);
    }

    #[test]
    fn the_table_follows_the_formula() {
        for servers in [1, 2, 15, 40, 200, 1024] {
            let table = ErlangTable::new(servers);
            for step in 0..=1000 {
                let rho = f64::from(step) / 1000.0;
                let error = (table.wait_probability(rho) - erlang_c(servers, rho)).abs();
                assert!(error < 1e-4, "{servers} servers at {rho}: {error}");
            }
        }
    }

    #[test]
    fn the_fit_of_an_exponential_is_close() {
        let fitted = gamma_percentiles(1.0, 1.0);
        for (quantile, exact) in fitted.iter().zip([std::f64::consts::LN_2, 2.995_732, 4.605_17]) {
            assert!((quantile / exact - 1.0).abs() < 0.02, "{quantile} for {exact}");
        }
        assert!((gamma_tail(1.0, 1.0, 2.0) / libm::exp(-2.0) - 1.0).abs() < 0.05);
    }

    #[test]
    fn giving_up_cuts_the_mean_of_an_exponential_exactly() {
        let exceeds = libm::exp(-1.5);
        let (mean, variance) = truncate(2.0, 4.0, 3.0, exceeds);
        assert!((mean - 2.0 * (1.0 - exceeds)).abs() < 1e-12);
        assert!(variance > 0.0 && variance <= mean * (3.0 - mean));
    }
}
