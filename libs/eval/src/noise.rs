//! How much of a difference between means other seeds would explain.

/// How many standard deviations are more than noise.
const SIGMAS: f64 = 3.0;

/// Mean and standard deviation of a sample.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

/// Three standard deviations of the difference of two means, over so many values each, whose spread is the same.
pub(crate) fn explained(spread: f64, before: usize, now: usize) -> f64 {
    SIGMAS * spread * (1.0 / before as f64 + 1.0 / now as f64).sqrt()
}
