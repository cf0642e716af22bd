//! The wave that a series follows, if it follows one: least squares over frequencies (Lomb 1976; Bloomfield, Fourier Analysis of Time
//! Series, 2000, ch. 2).

use std::f64::consts::TAU;

/// Fewest known values in which a wave is looked for.
const FEWEST: usize = 40;
/// Fewest cycles in all values: of less than this, a bend cannot be told from a wave.
const FEWEST_CYCLES: f64 = 1.5;
/// Shortest cycle, steps.
const SHORTEST: f64 = 8.0;
/// Part of a cycle between two frequencies that are tried: the peak of a wave is one cycle wide.
const STEP_CYCLES: f64 = 0.25;
/// Thirds that a range is cut by while the peak is looked for between its neighbours: to a thousandth.
const REFINEMENTS: u32 = 12;
/// Least share of what a straight line leaves that the wave has to explain.
const EXPLAINED: f64 = 0.4;

/// Share of the squares of values that rounding may leave.
const ROUNDING: f64 = 1e-18;

/// Values and when they were, from the middle on; values without their straight line.
struct Rest {
    points: Vec<(f64, f64)>,
    squares: f64,
    times_squared: f64,
}

/// Radians a step of the wave that explains most of what a straight line leaves of values one step apart; those that are not finite are
/// unknown. `None` when no wave explains much.
pub(super) fn frequency(values: &[f64]) -> Option<f64> {
    let rest = Rest::of(values)?;
    let span = values.len() as f64;
    let most = (span / SHORTEST / STEP_CYCLES) as u32;
    let least = (FEWEST_CYCLES / STEP_CYCLES) as u32;
    let of_cycles = |cycles: f64| TAU * cycles / span;
    let tried = (least..=most).map(|quarters| f64::from(quarters) * STEP_CYCLES);
    let tried = tried.map(|cycles| (cycles, rest.explained(of_cycles(cycles))));
    let (peak, _) = tried.max_by(|a, b| a.1.total_cmp(&b.1))?;
    // The best at the edge is the slope of a peak that lies beyond.
    if peak <= FEWEST_CYCLES {
        return None;
    }
    let (mut low, mut high) = (peak - STEP_CYCLES, peak + STEP_CYCLES);
    for _ in 0..REFINEMENTS {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if rest.explained(of_cycles(left)) < rest.explained(of_cycles(right)) {
            low = left;
        } else {
            high = right;
        }
    }
    let best = of_cycles(f64::midpoint(low, high));
    (rest.explained(best) >= EXPLAINED * rest.squares).then_some(best)
}

impl Rest {
    fn of(values: &[f64]) -> Option<Self> {
        let known = || values.iter().enumerate().filter(|(_, value)| value.is_finite());
        let count = known().count();
        if count < FEWEST {
            return None;
        }
        let mean = |sum: f64| sum / count as f64;
        let middle = mean(known().map(|(at, _)| at as f64).sum());
        let centre = mean(known().map(|(_, value)| value).sum());
        let times_squared: f64 = known().map(|(at, _)| at as f64 - middle).map(|time| time * time).sum();
        let slope =
            known().map(|(at, value)| (at as f64 - middle) * (value - centre)).sum::<f64>() / times_squared;
        let points: Vec<(f64, f64)> = known()
            .map(|(at, value)| (at as f64 - middle, value))
            .map(|(time, value)| (time, value - centre - slope * time))
            .collect();
        let squares: f64 = points.iter().map(|(_, rest)| rest * rest).sum();
        // Less than this is what rounding leaves of a line.
        let all: f64 = known().map(|(_, value)| value * value).sum();
        (squares > ROUNDING * all).then_some(Self { points, squares, times_squared })
    }

    /// Squares that a wave of this frequency explains, beside a straight line that is fitted with it.
    fn explained(&self, frequency: f64) -> f64 {
        let count = self.points.len() as f64;
        let [mut c, mut s, mut tc, mut ts, mut cc, mut ss, mut cs, mut yc, mut ys] = [0.0; 9];
        for (time, rest) in &self.points {
            let (sin, cos) = libm::sincos(frequency * time);
            c += cos;
            s += sin;
            tc += time * cos;
            ts += time * sin;
            cc += cos * cos;
            ss += sin * sin;
            cs += cos * sin;
            yc += rest * cos;
            ys += rest * sin;
        }
        // What the straight line leaves of the wave itself.
        let cc = cc - c * c / count - tc * tc / self.times_squared;
        let ss = ss - s * s / count - ts * ts / self.times_squared;
        let cs = cs - c * s / count - tc * ts / self.times_squared;
        let determinant = cc * ss - cs * cs;
        if determinant <= f64::EPSILON * cc * ss {
            return 0.0;
        }
        (yc * yc * ss - 2.0 * yc * ys * cs + ys * ys * cc) / determinant
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    #[test]
    fn a_wave_is_found_beside_a_line_noise_and_gaps() {
        for (period, seed) in [(60.0, 1), (47.0, 2), (23.5, 3), (12.0, 4), (71.0, 5)] {
            let mut noise = Noise::new(seed);
            let values: Vec<f64> = (0..120u32)
                .map(|step| {
                    (
                        step,
                        0.3 * f64::from(step)
                            + 5.0 * libm::sin(TAU * f64::from(step) / period + 1.0)
                            + noise.gaussian(),
                    )
                })
                .map(|(step, value)| if step % 11 == 4 { f64::NAN } else { value })
                .collect();
            let found = TAU / frequency(&values).unwrap();
            assert!((found / period - 1.0).abs() < 0.03, "{found} for {period}");
        }
    }

    #[test]
    fn noise_lines_and_what_is_known_too_little_of_have_no_wave() {
        let mut noise = Noise::new(1);
        let noisy: Vec<f64> = (0..120).map(|_| noise.gaussian()).collect();
        assert_eq!(frequency(&noisy), None);
        let line: Vec<f64> = (0..120).map(f64::from).collect();
        assert_eq!(frequency(&line), None);
        assert_eq!(frequency(&[1.0; 120]), None);
        assert_eq!(frequency(&[1.0, 2.0, 1.0]), None);
    }
}
