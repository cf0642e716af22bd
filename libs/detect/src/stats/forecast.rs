//! Where a series goes, with a band, and when it reaches a limit.
//!
//! The model is a level that wanders, and drifts at a constant rate or not at all, seen through noise that resembles itself
//! from step to step (local level with drift and first-order autoregressive noise: Harvey, Forecasting, Structural Time
//! Series Models and the Kalman Filter, 1989, ch. 2 and 4). How much of the unrest is wandering, how long noise lasts and
//! whether there is a drift is not known, so every explanation that the values make likely has its say (Bayesian model
//! averaging within Occam's window: Madigan & Raftery 1994). Where the values follow a wave, explanations with that wave have theirs,
//! too (a cycle that stays the same: Harvey, ch. 2.3). Because none of them is the truth, the band is as much wider as
//! forecasts of the recent past turned out to be too narrow.

use super::recent::RECENT_BLOCKS;
use course::{Assumption, Course, DRIFTS, TRIED};

mod course;
mod cycle;

/// Shares of the unrest that may be wandering.
const WANDERING: [f64; 4] = [0.0, 0.03, 0.2, 1.0];
/// Share of the noise that is left a step later. More than this cannot be told from wandering in so few values, and taking it
/// for wandering errs towards the wider band.
const MEMORIES: [f64; 3] = [0.0, 0.3, 0.6];
/// Fewest known values that a forecast is made from.
const FEWEST: usize = 10;
/// Explanations less likely than this share of the likeliest are left out.
const OCCAMS_WINDOW: f64 = 0.2;
/// Nine tenths of a standard normal lie below: both sides together leave 80 % between.
const NORMAL_90: f64 = 1.281_551_6;
/// Least share of its own width that a band is narrowed to.
const NARROWEST: f64 = 0.88;
/// Courses of a level that stand for all of them.
const PATHS: usize = 20;
/// Halvings of the range that the edge of a band lies in: a millionth of it.
const HALVINGS: u32 = 20;

/// The value expected some steps ahead, and the band that holds it with 80 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// One in ten lies below.
    pub low: f64,
    /// The mean.
    pub expected: f64,
    /// One in ten lies above.
    pub high: f64,
}

/// When a limit is reached, in steps from the last value; between `earliest` and `latest` with 80 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// One in ten crosses before.
    pub earliest: Option<u32>,
    /// Half cross before; `None`, as for the others: not within the steps asked for.
    pub expected: Option<u32>,
    /// One in ten crosses after.
    pub latest: Option<u32>,
}

/// What was learnt from the recent past of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// What may explain the past, with the share that each has in the likelihood of all.
    courses: Vec<(f64, Course)>,
    /// Factors of the width of the band, for each of [`TRIED`].
    widening: [f64; TRIED.len()],
}

impl Forecast {
    /// Learns from values one step apart, oldest first; those that are not finite are unknown. Only the last
    /// [`RECENT_BLOCKS`] are looked at. `None` with fewer than ten known.
    pub fn from(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.drain(..values.len().saturating_sub(RECENT_BLOCKS));
        let known = values.iter().filter(|value| value.is_finite()).count();
        if known < FEWEST {
            return None;
        }
        let start = values.iter().copied().find(|value| value.is_finite())?;
        let mut courses: Vec<(f64, Course, Assumption)> = assumptions(cycle::frequency(&values))
            .map(|assumed| (Course::of(&values, start, assumed), assumed))
            .map(|(course, assumed)| (course.log_likelihood(), course, assumed))
            .collect();
        let (best, _, likeliest) = *courses.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        for (likelihood, ..) in &mut courses {
            *likelihood = libm::exp(*likelihood - best);
        }
        courses.retain(|(likelihood, ..)| *likelihood >= OCCAMS_WINDOW);
        let sum: f64 = courses.iter().map(|(likelihood, ..)| likelihood).sum();
        Some(Self {
            courses: courses.into_iter().map(|(share, course, _)| (share / sum, course)).collect(),
            widening: Course::widening(&values, start, likeliest),
        })
    }

    /// Units a step that the level drifts.
    pub fn drift(&self) -> f64 {
        self.courses.iter().map(|(share, course)| share * course.drift()).sum()
    }

    /// The value so many steps after the last.
    pub fn at(&self, steps: u32) -> Band {
        let ahead = f64::from(steps);
        let normals = self.courses.iter().map(|(share, course)| Normal {
            share: *share,
            mean: course.value(ahead),
            deviation: self.widened(steps, NARROWEST, course) * course.deviation(ahead),
        });
        let normals: Vec<Normal> = normals.collect();
        let expected = normals.iter().map(|normal| normal.share * normal.mean).sum();
        Band { low: quantile(&normals, 0.1), expected, high: quantile(&normals, 0.9) }
    }

    /// When the series reaches a limit, from below if it is below it now, from above otherwise; looked for in so many steps.
    ///
    /// A series that is noisy crosses before its level does: the first value beyond the limit counts. For each of
    /// [`PATHS`] equally likely courses of the level under every explanation, the chance not to have crossed yet is the product
    /// of the chances of every value up to then; their mean is the survival curve, whose quantiles are told.
    pub fn reaches(&self, limit: f64, within: u32) -> Crossing {
        let level: f64 = self.courses.iter().map(|(share, course)| share * course.level(0.0)).sum();
        let direction = if level < limit { 1.0 } else { -1.0 };
        let paths: [f64; PATHS] = std::array::from_fn(|path| path_z_score(path as f64));
        let mut survival = vec![[1.0; PATHS]; self.courses.len()];
        let mut crossing = Crossing { earliest: None, expected: None, latest: None };
        for steps in 1..=within {
            let ahead = f64::from(steps);
            let mut uncrossed = 0.0;
            for ((share, course), survival) in self.courses.iter().zip(&mut survival) {
                let widened = self.widened(steps, 1.0, course);
                let (spread, noise) = (widened * course.level_deviation(ahead), course.noise());
                let room = direction * (limit - course.level(ahead));
                // Of values that resemble their neighbours only some are new chances to cross.
                let new = 1.0 - course.memory();
                for (survival, z) in survival.iter_mut().zip(&paths) {
                    *survival *= libm::pow(stays_below(room - spread * z, noise), new);
                }
                uncrossed += share * survival.iter().sum::<f64>() / PATHS as f64;
            }
            for (found, share) in
                [(&mut crossing.earliest, 0.9), (&mut crossing.expected, 0.5), (&mut crossing.latest, 0.1)]
            {
                if found.is_none() && uncrossed <= share {
                    *found = Some(steps);
                }
            }
            if crossing.latest.is_some() {
                break;
            }
        }
        crossing
    }

    /// Factor of a standard deviation so many steps ahead: the most that the trials up to there ask for, at least so much; and Student's t with
    /// the degrees of freedom that there are, to first order (Fisher & Cornish 1960). Trials that overlap are few, so that they may narrow the
    /// band of a value by little, and that of a limit, which may be reached on the way, not at all.
    fn widened(&self, steps: u32, least: f64, course: &Course) -> f64 {
        let tried = TRIED.iter().position(|tried| steps <= *tried).unwrap_or(TRIED.len() - 1);
        let widest = self.widening[..=tried].iter().copied().fold(least, f64::max);
        widest * (1.0 + (NORMAL_90 * NORMAL_90 + 1.0) / (4.0 * course.freedom()))
    }
}

/// Everything that may explain a series, in which a wave of this frequency may be.
fn assumptions(wave: Option<f64>) -> impl Iterator<Item = Assumption> {
    let of_noise = move |wave, memory| {
        WANDERING.into_iter().flat_map(move |wandering| {
            DRIFTS.into_iter().map(move |drift| Assumption { wandering, memory, drift, wave })
        })
    };
    let waves = std::iter::once(None).chain(wave.map(Some));
    waves.flat_map(move |wave| MEMORIES.into_iter().flat_map(move |memory| of_noise(wave, memory)))
}

/// A part of a mixture.
struct Normal {
    share: f64,
    mean: f64,
    deviation: f64,
}

impl Normal {
    /// Its share of what lies below.
    fn below(&self, value: f64) -> f64 {
        let away = value - self.mean;
        let below = if self.deviation > 0.0 {
            0.5 * libm::erfc(-away / self.deviation / std::f64::consts::SQRT_2)
        } else {
            f64::from(u8::from(away >= 0.0))
        };
        self.share * below
    }
}

/// Where so much of a mixture lies below: between the quantiles of its parts, found by halving.
fn quantile(normals: &[Normal], share: f64) -> f64 {
    let z = if share < 0.5 { -NORMAL_90 } else { NORMAL_90 };
    let of_parts = || normals.iter().map(|normal| normal.mean + z * normal.deviation);
    let (mut low, mut high) =
        (of_parts().fold(f64::INFINITY, f64::min), of_parts().fold(f64::NEG_INFINITY, f64::max));
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        let below: f64 = normals.iter().map(|normal| normal.below(middle)).sum();
        if below < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Chance that noise stays within the room it has.
fn stays_below(room: f64, noise: f64) -> f64 {
    // Beyond this many standard deviations the answer is known; most steps are far from the limit.
    const CLEAR: f64 = 6.0;
    if room > CLEAR * noise {
        1.0
    } else if room <= -CLEAR * noise {
        0.0
    } else {
        0.5 * libm::erfc(-room / noise / std::f64::consts::SQRT_2)
    }
}

/// Where one of [`PATHS`] equally likely values of a standard normal lies (Abramowitz & Stegun 1964, 26.2.23).
fn path_z_score(path: f64) -> f64 {
    let below = (path + 0.5) / PATHS as f64;
    let t = libm::sqrt(-2.0 * libm::log(below.min(1.0 - below)));
    let z = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    if below < 0.5 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    #[test]
    fn a_line_is_continued_and_its_limit_is_reached_on_time() {
        let values = (0..60u32).map(|n| if n % 7 == 3 { f64::NAN } else { 10.0 + 0.5 * f64::from(n) });
        let forecast = Forecast::from(values).unwrap();
        assert!((forecast.drift() - 0.5).abs() < 1e-3, "{forecast:?}");
        assert!((forecast.at(21).expected - 50.0).abs() < 0.1, "{:?}", forecast.at(21));
        let crossing = forecast.reaches(90.0, 1_000);
        assert!((100..=102).contains(&crossing.expected.unwrap()), "{crossing:?}");
        let down = forecast.reaches(0.0, 10_000);
        assert_eq!((down.expected, down.latest), (None, None));
    }

    #[test]
    fn too_little_is_no_forecast() {
        assert_eq!(Forecast::from([1.0; 9]), None);
        assert_eq!(Forecast::from([f64::NAN; 200]), None);
        let flat = Forecast::from([7.0; 50]).unwrap();
        assert!((flat.at(1_000).expected - 7.0).abs() < 1e-6, "{flat:?}");
    }

    const LEARNT: usize = 80;
    const AHEAD: usize = 40;
    const SERIES: u64 = 500;

    /// Share of series whose value `AHEAD` steps on is in the band; and whose first crossing of a limit is.
    fn coverage(mut step: impl FnMut(&mut Noise, &mut f64, f64) -> f64) -> (f64, f64) {
        let (mut held, mut crossed) = (0.0, 0.0);
        for series in 0..SERIES {
            let (mut noise, mut state) = (Noise::new(series + 1), 0.0);
            let values: Vec<f64> =
                (0..1_000u32).map(|n| step(&mut noise, &mut state, f64::from(n))).collect();
            let forecast = Forecast::from(values[..LEARNT].iter().copied()).unwrap();
            let band = forecast.at(AHEAD as u32);
            held += f64::from(u8::from((band.low..=band.high).contains(&values[LEARNT - 1 + AHEAD])));
            let limit = 160.0;
            let crossing = forecast.reaches(limit, 1_000);
            let first = values[LEARNT..].iter().position(|value| *value >= limit).unwrap() as u32 + 1;
            let within = crossing.earliest.is_some_and(|earliest| earliest <= first)
                && crossing.latest.is_none_or(|latest| first <= latest);
            crossed += f64::from(u8::from(within));
        }
        (held / SERIES as f64, crossed / SERIES as f64)
    }

    #[test]
    fn the_band_holds_four_of_five() {
        type Kind = (&'static str, fn(&mut Noise, &mut f64, f64) -> f64);
        let kinds: [Kind; 4] = [
            ("line and noise", |noise, _, time| time + 8.0 * noise.gaussian()),
            ("wandering with drift", |noise, state, _| {
                *state += 1.0 + 2.0 * noise.gaussian();
                *state
            }),
            ("both", |noise, state, _| {
                *state += 1.0 + noise.gaussian();
                *state + 4.0 * noise.gaussian()
            }),
            ("line and AR(1) 0.6", |noise, state, time| {
                *state = 0.6 * *state + 4.0 * noise.gaussian();
                time + *state
            }),
        ];
        let mut misses = Vec::new();
        for (name, kind) in kinds {
            let (held, crossed) = coverage(kind);
            println!("{name}: value in band {held:.3}, crossing in band {crossed:.3}");
            misses
                .extend((!(0.70..0.95).contains(&held) || !(0.66..0.93).contains(&crossed)).then_some(name));
        }
        assert!(misses.is_empty(), "{misses:?} missed");
    }

    #[test]
    fn a_wave_goes_on_as_a_wave() {
        const PERIOD: f64 = 55.0;
        let mut misses = Vec::new();
        for amplitude in [2.0, 10.0, 30.0] {
            let (mut held, mut width) = ([0.0; 2], [0.0; 2]);
            for series in 0..SERIES {
                let mut noise = Noise::new(series + 1);
                let phase = series as f64;
                let mut value = |step: f64| {
                    amplitude * libm::sin(std::f64::consts::TAU * (step + phase) / PERIOD) + noise.gaussian()
                };
                let forecast = Forecast::from((0..120u32).map(|step| value(f64::from(step)))).unwrap();
                for ((held, width), ahead) in held.iter_mut().zip(&mut width).zip([30, 60]) {
                    let band = forecast.at(ahead);
                    *held += f64::from(u8::from(
                        (band.low..=band.high).contains(&value(119.0 + f64::from(ahead))),
                    ));
                    *width += band.high - band.low;
                }
            }
            let [held, width] = [held, width].map(|both| both.map(|sum| sum / SERIES as f64));
            println!(
                "wave {amplitude} times as high as its noise: value in band {held:.3?}, width {width:.2?}"
            );
            // Of the noise alone it would be 2.56.
            let is_right =
                held.iter().all(|held| (0.70..0.90).contains(held)) && width.iter().all(|width| *width < 3.5);
            misses.extend((!is_right).then_some(amplitude));
        }
        assert!(misses.is_empty(), "{misses:?} missed");
    }
}
