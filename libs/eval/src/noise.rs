//! How much of a difference between means other seeds would explain.

/// How many standard deviations are more than noise.
const SIGMAS: f64 = 3.0;

/// A mean that fell by more than other seeds would explain.
pub(crate) struct Fall {
    pub(crate) usual: f64,
    pub(crate) mean: f64,
    /// What they would explain of it.
    pub(crate) noise: f64,
}

impl Fall {
    /// From the means by seed of before and of now; a fall of less than `least` is none.
    pub(crate) fn between(before: &[f64], now: &[f64], least: f64) -> Option<Self> {
        if before.is_empty() || now.is_empty() {
            return None;
        }
        let ((usual, spread), (mean, _)) = (moments(before), moments(now));
        let noise = explained(spread, before.len(), now.len());
        // Both are means of the same numbers: equal ones may differ in the last bits.
        let equal = f64::EPSILON * 16.0 * usual.max(1.0);
        (mean < usual - noise.max(least) - equal).then_some(Self { usual, mean, noise })
    }
}

/// Mean and standard deviation of a sample.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

/// Three standard deviations of the difference of two means, over so many values each, whose spread is the same.
fn explained(spread: f64, before: usize, now: usize) -> f64 {
    SIGMAS * spread * (1.0 / before as f64 + 1.0 / now as f64).sqrt()
}
