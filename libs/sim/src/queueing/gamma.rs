//! Latencies as gamma distributions: known by mean and variance, read as percentiles and tails.
//!
//! Percentiles come from a table of the exact distribution, so that an exponential latency (an M/M/1 queue's) has exactly
//! its percentiles. Tails are on the path of every call in every tick: E. B. Wilson & M. M. Hilferty (1931), "The
//! distribution of chi-square". R. Bhatia & C. Davis (2000) for the largest variance of a bounded variable.

use std::sync::OnceLock;

/// Largest coefficient of variation that a fit uses; past it the quantile formula loses its shape.
const MAX_CV: f64 = 2.0;

/// The probabilities of the percentiles, and the standard normal quantiles that go with them.
const PROBABILITIES: [f64; 3] = [0.5, 0.95, 0.99];
const NORMAL_QUANTILES: [f64; 3] = [0.0, 1.644_853_626_951_472_2, 2.326_347_874_040_841];

/// Steps of the table over the coefficient of variation; the error of linear interpolation is below 5e-4.
const STEPS: usize = 64;

/// Below this coefficient of variation Wilson–Hilferty is as good as exact.
const NEARLY_NORMAL_CV: f64 = 0.06;

/// Median, 95th and 99th percentile of the gamma distribution with this mean and variance.
pub fn gamma_percentiles(mean: f64, variance: f64) -> [f64; 3] {
    static TABLE: OnceLock<Box<[[f64; 3]]>> = OnceLock::new();
    if mean <= 0.0 {
        return [0.0; 3];
    }
    let table =
        TABLE.get_or_init(|| (0..=STEPS).map(|step| unit_percentiles(step as f64 / per_cv())).collect());
    let position = (libm::sqrt(variance.max(0.0)) / mean).min(MAX_CV) * per_cv();
    let step = (position as usize).min(STEPS - 1);
    let share = position - step as f64;
    let (low, high) = (&table[step], &table[step + 1]);
    [0, 1, 2].map(|at| mean * (low[at] + (high[at] - low[at]) * share))
}

const fn per_cv() -> f64 {
    STEPS as f64 / MAX_CV
}

/// Percentiles of the gamma distribution with mean 1.
fn unit_percentiles(cv: f64) -> [f64; 3] {
    if cv < NEARLY_NORMAL_CV {
        return NORMAL_QUANTILES.map(|quantile| {
            let root = 1.0 - cv * cv / 9.0 + quantile * cv / 3.0;
            root * root * root
        });
    }
    let shape = 1.0 / (cv * cv);
    PROBABILITIES.map(|probability| {
        // Every percentile up to the 99th lies within ten deviations of the mean.
        let (mut low, mut high) = (0.0, 1.0 + 10.0 * cv);
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if gamma_below(shape, middle * shape) < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    })
}

/// The regularised lower incomplete gamma function by its series, `xᵃe⁻ˣ/Γ(a+1) · Σ xⁿ/((a+1)…(a+n))`; all terms are
/// positive (Abramowitz & Stegun 6.5.29).
fn gamma_below(shape: f64, x: f64) -> f64 {
    const TERMS: u32 = 10_000;
    let mut term = 1.0;
    let mut sum = 1.0;
    for place in 1..TERMS {
        term *= x / (shape + f64::from(place));
        sum += term;
        if term < sum * 1e-15 {
            break;
        }
    }
    sum * libm::exp(shape * libm::log(x) - x - libm::lgamma(shape + 1.0))
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
    fn an_exponential_has_its_percentiles() {
        let fitted = gamma_percentiles(3.0, 9.0);
        for (quantile, exact) in fitted.iter().zip([std::f64::consts::LN_2, 2.995_732, 4.605_17]) {
            assert!((quantile / (3.0 * exact) - 1.0).abs() < 1e-5, "{quantile} for {exact}");
        }
        assert!((gamma_tail(1.0, 1.0, 2.0) / libm::exp(-2.0) - 1.0).abs() < 0.05);
    }

    #[test]
    fn percentiles_are_in_order_and_meet_where_nothing_varies() {
        for step in 0..=300 {
            let cv = f64::from(step) / 100.0;
            let [p50, p95, p99] = gamma_percentiles(2.0, 4.0 * cv * cv);
            assert!(0.0 <= p50 && p50 <= p95 && p95 <= p99, "cv {cv}: {p50} {p95} {p99}");
        }
        assert!(gamma_percentiles(2.0, 0.0).iter().all(|same| (same - 2.0).abs() < 1e-12));
        // Erlang with four stages (Abramowitz & Stegun, table 26.8: χ² with 8 degrees of freedom, 7.344 and 20.090).
        let [p50, _, p99] = gamma_percentiles(4.0, 4.0);
        assert!((p50 - 3.672).abs() < 1e-2 && (p99 - 10.045).abs() < 2e-2, "{p50} {p99}");
    }

    #[test]
    fn giving_up_cuts_the_mean_of_an_exponential_exactly() {
        let exceeds = libm::exp(-1.5);
        let (mean, variance) = truncate(2.0, 4.0, 3.0, exceeds);
        assert!((mean - 2.0 * (1.0 - exceeds)).abs() < 1e-12);
        assert!(variance > 0.0 && variance <= mean * (3.0 - mean));
    }
}
