//! Whether a series rises or falls, how fast, and whether that is more than chance.

use super::recent::RECENT_BLOCKS;

/// Fewest known values that a trend is looked for in: below, the normal approximation of Mann & Kendall is poor.
const FEWEST: usize = 10;
/// Correlations of ranks beyond this many standard errors count (Hamed & Rao 1998 use 95 %).
const SIGNIFICANT: f64 = 1.96;

/// A straight line through a series, and its significance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Median of the slopes between all pairs (Theil 1950, Sen 1968), units a step. Up to 29 % outliers do not move it.
    pub slope: f64,
    /// Share of pairs that rise less the share that fall (Kendall 1938), −1 to 1.
    pub tau: f64,
    /// Chance that a series without a trend shows one at least as strong in either direction (Mann 1945, Kendall 1975), for
    /// values that may be autocorrelated (Hamed & Rao 1998).
    pub p_value: f64,
}

impl Trend {
    /// The trend of values one step apart, oldest first; those that are not finite are unknown. Only the last
    /// [`RECENT_BLOCKS`] are looked at. `None` with fewer than ten known.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut points: Vec<(f64, f64)> =
            (0u32..).map(f64::from).zip(values).filter(|(_, value)| value.is_finite()).collect();
        points.drain(..points.len().saturating_sub(RECENT_BLOCKS));
        if points.len() < FEWEST {
            return None;
        }
        let mut slopes = Vec::with_capacity(points.len() * (points.len() - 1) / 2);
        let mut rising = 0.0;
        for (at, (time, value)) in points.iter().enumerate() {
            for (later, next) in &points[at + 1..] {
                slopes.push((next - value) / (later - time));
                rising += sign(next - value);
            }
        }
        let pairs = slopes.len() as f64;
        let slope = median(&mut slopes);
        let variance = variance_of_s(&points) * inflation(&points, slope);
        // Continuity correction: S moves in steps of two.
        let z = if variance > 0.0 { (rising - sign(rising)) / variance.sqrt() } else { 0.0 };
        Some(Self { slope, tau: rising / pairs, p_value: libm::erfc(z.abs() / std::f64::consts::SQRT_2) })
    }
}

/// −1, 0 or 1.
fn sign(x: f64) -> f64 {
    f64::from(i8::from(x > 0.0) - i8::from(x < 0.0))
}

/// The middle value; of an even number the mean of the middle two. There has to be one.
pub(super) fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    let lower = below.iter().copied().max_by(f64::total_cmp);
    let even = values.len().is_multiple_of(2);
    lower.filter(|_| even).map_or(upper, |lower| f64::midpoint(lower, upper))
}

/// Variance of Kendall's S without a trend: `(n(n−1)(2n+5) − Σ t(t−1)(2t+5)) / 18` over groups of `t` ties.
fn variance_of_s(points: &[(f64, f64)]) -> f64 {
    let term = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    values.sort_by(f64::total_cmp);
    #[allow(clippy::float_cmp)] // Ties are exactly equal values.
    let ties: f64 = values.chunk_by(|a, b| a == b).map(|tied| term(tied.len() as f64)).sum();
    (term(values.len() as f64) - ties) / 18.0
}

/// How much wider autocorrelation makes the distribution of S (Hamed & Rao 1998, eq. 8): from the ranks of what the line
/// leaves. Never narrower than without.
fn inflation(points: &[(f64, f64)], slope: f64) -> f64 {
    let n = points.len();
    let mut order: Vec<(f64, usize)> =
        points.iter().enumerate().map(|(at, (time, value))| (value - slope * time, at)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let centre = (n as f64 - 1.0) / 2.0;
    let mut ranks = vec![0.0; n];
    let mut below = 0.0;
    #[allow(clippy::float_cmp)] // Ties are exactly equal values; they share their mean rank.
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        for (_, at) in tied {
            ranks[*at] = below + (tied.len() as f64 - 1.0) / 2.0 - centre;
        }
        below += tied.len() as f64;
    }
    let squares: f64 = ranks.iter().map(|rank| rank * rank).sum();
    if squares <= 0.0 {
        return 1.0;
    }
    let size = n as f64;
    let bound = SIGNIFICANT / size.sqrt();
    let sum: f64 = (1..n / 2)
        .map(|lag| {
            let products: f64 = ranks.iter().zip(&ranks[lag..]).map(|(a, b)| a * b).sum();
            (lag as f64, products / squares)
        })
        .take_while(|(_, correlation)| *correlation > bound)
        .map(|(lag, correlation)| (size - lag) * (size - lag - 1.0) * (size - lag - 2.0) * correlation)
        .sum();
    1.0 + 2.0 / (size * (size - 1.0) * (size - 2.0)) * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    #[test]
    fn ten_rising_values_are_the_textbook_case() {
        // S = 45, variance 125, z = 44 / 11.18 = 3.935.
        let trend = Trend::of((1..=10).map(f64::from)).unwrap();
        assert!((trend.slope - 1.0).abs() < 1e-12 && (trend.tau - 1.0).abs() < 1e-12);
        assert!((trend.p_value - 8.3e-5).abs() < 2e-6, "{trend:?}");
    }

    #[test]
    fn outliers_and_gaps_do_not_move_the_slope() {
        let values = (0..100u32).map(|n| match n % 10 {
            3 => f64::NAN,
            7 => 1e6,
            _ => 5.0 - 0.25 * f64::from(n),
        });
        let trend = Trend::of(values).unwrap();
        assert!((trend.slope + 0.25).abs() < 0.05 && trend.p_value < 1e-6, "{trend:?}");
    }

    #[test]
    fn too_little_or_nothing_moving_is_no_trend() {
        assert_eq!(Trend::of([1.0; 9]), None);
        assert_eq!(Trend::of([f64::NAN; 50]), None);
        let flat = Trend::of([3.0; 40]).unwrap();
        assert!(flat.slope.abs() < 1e-12 && flat.p_value > 0.99, "{flat:?}");
    }

    /// Share of series without a trend that are given one at 5 %.
    fn found_by_chance(memory: f64) -> f64 {
        const SERIES: u64 = 600;
        let found = (0..SERIES).filter(|series| {
            let (mut noise, mut last) = (Noise::new(series + 1), 0.0);
            let values: Vec<f64> = (0..100)
                .map(|_| {
                    last = memory * last + noise.gaussian();
                    last
                })
                .collect();
            Trend::of(values).unwrap().p_value < 0.05
        });
        found.count() as f64 / SERIES as f64
    }

    #[test]
    fn chance_is_called_a_trend_as_often_as_promised() {
        for (memory, most) in [(0.0, 0.075), (0.5, 0.11), (0.8, 0.17)] {
            let share = found_by_chance(memory);
            println!("AR(1) {memory}: {share:.3} found at 0.05");
            assert!(share < most, "AR(1) {memory}: {share}");
        }
    }
}
