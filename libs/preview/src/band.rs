//! Several futures as one number with a band.

/// What eight in ten futures lie between, and their middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// One future in ten is lower.
    pub low: f64,
    /// Half of them are.
    pub mid: f64,
    /// One in ten is higher.
    pub high: f64,
}

/// 0.9 quantiles of Student's t with 1, 2, … degrees of freedom.
const T_90: [f64; 6] = [3.078, 1.886, 1.638, 1.533, 1.476, 1.440];

/// No band is narrower than this to either side, as a share of its middle: percentiles are not measured better than that (`DDSketch`, the
/// usual sketch of latencies, promises 1 %: Masson, Rim & Lee 2019), and the model does not claim more.
const RESOLUTION: f64 = 0.01;

impl Band {
    /// The band of these futures, none of which lies outside 0 to `most`; `None` when none of them has a number.
    ///
    /// Of eight futures or more it lies between quantiles. Fewer have none: where two agree enough that no more were computed, the band is the
    /// prediction interval of a normal sample, mean ± t · s · √(1 + 1/n).
    pub(crate) fn of(futures: impl IntoIterator<Item = f64>, most: f64) -> Option<Self> {
        let mut sorted: Vec<f64> = futures.into_iter().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let count = sorted.len() as f64;
        let quantile = |share: f64| {
            // The expected place of a new value among n is share · (n + 1) (Weibull 1939; type 6 of Hyndman & Fan 1996).
            let place = share * (count + 1.0) - 1.0;
            if place <= 0.0 {
                return first;
            }
            let below = place as usize;
            sorted
                .get(below + 1)
                .map_or(last, |above| sorted[below] + (above - sorted[below]) * (place - below as f64))
        };
        let mid = quantile(0.5);
        let (low, high) = match sorted.len().checked_sub(2).and_then(|freedom| T_90.get(freedom)) {
            None => (quantile(0.1), quantile(0.9)),
            Some(t) => {
                let mean = sorted.iter().sum::<f64>() / count;
                let variance =
                    sorted.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count - 1.0);
                let reach = t * (variance * (1.0 + 1.0 / count)).sqrt();
                (mean - reach, mean + reach)
            }
        };
        let (low, high) = (low.min(mid * (1.0 - RESOLUTION)), high.max(mid * (1.0 + RESOLUTION)));
        Some(Self { low: low.max(0.0), mid, high: high.min(most.max(mid)) })
    }

    /// Whether a number lies in it.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends_are_where_they_should_be() {
        let any = f64::INFINITY;
        let band = Band::of((1..=9).map(f64::from), any).unwrap();
        assert_eq!(band, Band { low: 1.0, mid: 5.0, high: 9.0 });
        assert!(band.holds(9.0) && !band.holds(9.1));
        assert_eq!(Band::of([100.0], any).unwrap(), Band { low: 99.0, mid: 100.0, high: 101.0 });
        assert_eq!(Band::of([f64::NAN], any), None);
    }

    #[test]
    fn two_that_agree_say_how_far_a_third_may_lie() {
        let band = Band::of([99.0, 101.0], 104.0).unwrap();
        assert!((band.low - 94.67).abs() < 0.01 && (band.high - 104.0).abs() < 1e-9, "{band:?}");
        assert!(Band::of([0.0, 1.0], 100.0).unwrap().low.abs() < 1e-9, "nothing is less than none");
        // Of normal numbers, eight in ten lie within the band of the two before them.
        let mut state = 7_u64;
        let mut noise = || {
            let mut uniform = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 11) as f64 / (1_u64 << 53) as f64
            };
            // The sum of twelve uniform numbers is normal enough.
            100.0 + 30.0 * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)
        };
        let held = (0..20_000)
            .filter(|_| Band::of([noise(), noise()], f64::INFINITY).unwrap().holds(noise()))
            .count();
        assert!((15_700..16_300).contains(&held), "{held}");
    }
}
