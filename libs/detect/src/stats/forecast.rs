//! Where a series goes, with a band, and when it reaches a limit.
//!
//! The model is a level that drifts at a constant rate and wanders, seen through noise that resembles itself from step to
//! step (local level with drift and first-order autoregressive noise: Harvey, Forecasting, Structural Time Series Models
//! and the Kalman Filter, 1989, ch. 2 and 4). How much of the unrest is wandering and how long noise lasts is chosen by
//! maximum likelihood: noise around a line does not add up over time, wandering does, and the band widens accordingly.

use super::recent::RECENT_BLOCKS;

/// Shares of the unrest that may be wandering.
const WANDERING: [f64; 9] = [0.0, 0.002, 0.01, 0.03, 0.1, 0.25, 0.5, 0.8, 1.0];
/// Share of the noise that is left a step later. More than this cannot be told from wandering in so few values, and taking it
/// for wandering errs towards the wider band.
const MEMORIES: [f64; 3] = [0.0, 0.3, 0.6];
/// Fewest known values that a forecast is made from.
const FEWEST: usize = 10;
/// Variance of what is not known at the start, in units of the unrest.
const UNKNOWN: f64 = 1e8;
/// Nine tenths of a standard normal lie below: both sides together leave 80 % between.
const NORMAL_90: f64 = 1.281_551_6;
/// Courses of the level that stand for all of them.
const PATHS: usize = 40;
/// Steps ahead that a crossing is looked for in.
pub const MAX_STEPS: u32 = 10_000;

/// The value expected some steps ahead, and the band that holds it with 80 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// One in ten lies below.
    pub low: f64,
    /// The middle.
    pub expected: f64,
    /// One in ten lies above.
    pub high: f64,
}

/// When a limit is reached, in steps from the last value; between `earliest` and `latest` with 80 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// One in ten crosses before.
    pub earliest: Option<u32>,
    /// Half cross before; `None`, as for the others: not within [`MAX_STEPS`].
    pub expected: Option<u32>,
    /// One in ten crosses after.
    pub latest: Option<u32>,
}

/// What was learnt from the recent past of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    level: f64,
    drift: f64,
    /// What the noise is now; it fades by `memory` a step.
    excess: f64,
    memory: f64,
    /// Covariance of level, drift and excess.
    covariance: [[f64; 3]; 3],
    /// Variance that a step of wandering adds, and that of the noise on a value.
    wandering: f64,
    noise: f64,
    /// Standard deviations from the middle to either side of the band.
    reach: f64,
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
        let kinds = WANDERING.into_iter().flat_map(|share| MEMORIES.map(|memory| (share, memory)));
        let fits = kinds.map(|(share, memory)| Fit::of(&values, start, share, memory));
        let best = fits.max_by(|a, b| a.log_likelihood.total_cmp(&b.log_likelihood))?;
        Some(best.forecast())
    }

    /// Units a step that the level drifts.
    pub fn drift(&self) -> f64 {
        self.drift
    }

    /// The value so many steps after the last.
    pub fn at(&self, steps: u32) -> Band {
        let ahead = f64::from(steps);
        let left = libm::pow(self.memory, ahead);
        let [[_, _, with_level], [_, _, with_drift], [_, _, excess]] = self.covariance;
        let noise = left * (left * excess + 2.0 * (with_level + ahead * with_drift))
            + (1.0 - left * left) * self.noise;
        let half = self.reach * (self.line_variance(ahead) + noise).max(0.0).sqrt();
        let expected = self.level + ahead * self.drift + left * self.excess;
        Band { low: expected - half, expected, high: expected + half }
    }

    /// When the series reaches a limit, from below if it is below it now, from above otherwise.
    ///
    /// A series that is noisy crosses before its level does: the first value beyond the limit counts. For each of
    /// [`PATHS`] equally likely courses of the level, the chance not to have crossed yet is the product of the chances
    /// of every value up to then; their mean is the survival curve, whose quantiles are told.
    pub fn reaches(&self, limit: f64) -> Crossing {
        let direction = if self.level < limit { 1.0 } else { -1.0 };
        let noise = self.noise.sqrt();
        // Of values that resemble their neighbours only some are new chances to cross.
        let new = 1.0 - self.memory;
        let paths: [f64; PATHS] = std::array::from_fn(|path| path_z_score(path as f64));
        let mut survival = [1.0; PATHS];
        let mut crossing = Crossing { earliest: None, expected: None, latest: None };
        for steps in 1..=MAX_STEPS {
            let ahead = f64::from(steps);
            let room = direction * (limit - self.level - ahead * self.drift);
            let spread = self.line_variance(ahead).sqrt() * self.reach / NORMAL_90;
            for (survival, z) in survival.iter_mut().zip(&paths) {
                *survival *= libm::pow(stays_below(room - spread * z, noise), new);
            }
            let uncrossed = survival.iter().sum::<f64>() / PATHS as f64;
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

    /// Variance of where the level will be.
    fn line_variance(&self, ahead: f64) -> f64 {
        let [[level, both, _], [_, drift, _], _] = self.covariance;
        let line = level + 2.0 * ahead * both + ahead * ahead * drift;
        (line + ahead * self.wandering).max(0.0)
    }
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

/// The Kalman filter's run through the values for one share of wandering and one memory of the noise. Variances are in
/// units of the unrest, `wandering + noise`, which follows at the end.
struct Fit {
    share: f64,
    memory: f64,
    /// Level, drift, excess.
    state: [f64; 3],
    covariance: [[f64; 3]; 3],
    squares: f64,
    log_variances: f64,
    surprises: u32,
    log_likelihood: f64,
}

impl Fit {
    fn of(values: &[f64], start: f64, share: f64, memory: f64) -> Self {
        let mut fit = Self {
            share,
            memory,
            state: [start, 0.0, 0.0],
            covariance: [[UNKNOWN, 0.0, 0.0], [0.0, UNKNOWN, 0.0], [0.0, 0.0, 1.0 - share]],
            squares: 0.0,
            log_variances: 0.0,
            surprises: 0,
            log_likelihood: 0.0,
        };
        let mut known = 0;
        for value in values {
            fit.step();
            if value.is_finite() {
                known += 1;
                // The first two values place the line; only what comes after can surprise.
                fit.correct(*value, known > 2);
            }
        }
        let count = f64::from(fit.surprises.max(1));
        fit.log_likelihood =
            -0.5 * (count * libm::log(fit.squares.max(f64::MIN_POSITIVE) / count) + fit.log_variances);
        fit
    }

    fn step(&mut self) {
        let [level, drift, excess] = self.state;
        self.state = [level + drift, drift, self.memory * excess];
        let [[ll, ld, le], [_, dd, de], [_, _, ee]] = self.covariance;
        let (ll, ld) = (ll + 2.0 * ld + dd + self.share, ld + dd);
        let (le, de) = (self.memory * (le + de), self.memory * de);
        let ee = self.memory * self.memory * (ee - (1.0 - self.share)) + (1.0 - self.share);
        self.covariance = [[ll, ld, le], [ld, dd, de], [le, de, ee]];
    }

    fn correct(&mut self, value: f64, counts: bool) {
        let surprise = value - self.state[0] - self.state[2];
        let with_value: [f64; 3] = std::array::from_fn(|of| self.covariance[of][0] + self.covariance[of][2]);
        let variance = with_value[0] + with_value[2];
        if variance <= 0.0 {
            return;
        }
        if counts {
            self.squares += surprise * surprise / variance;
            self.log_variances += libm::log(variance);
            self.surprises += 1;
        }
        for ((state, row), with) in self.state.iter_mut().zip(&mut self.covariance).zip(with_value) {
            let gain = with / variance;
            *state += gain * surprise;
            for (covariance, other) in row.iter_mut().zip(with_value) {
                *covariance -= gain * other;
            }
        }
    }

    fn forecast(&self) -> Forecast {
        let freedom = f64::from(self.surprises.max(1));
        let unrest = self.squares / freedom;
        // Student's t with this many degrees of freedom, to first order (Fisher & Cornish 1960).
        let reach = NORMAL_90 + NORMAL_90 * (NORMAL_90 * NORMAL_90 + 1.0) / (4.0 * freedom);
        let [level, drift, excess] = self.state;
        Forecast {
            level,
            drift,
            excess,
            memory: self.memory,
            covariance: self.covariance.map(|row| row.map(|covariance| covariance * unrest)),
            wandering: self.share * unrest,
            noise: (1.0 - self.share) * unrest,
            reach,
        }
    }
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
        let crossing = forecast.reaches(90.0);
        assert!((100..=102).contains(&crossing.expected.unwrap()), "{crossing:?}");
        let down = forecast.reaches(0.0);
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
            let crossing = forecast.reaches(limit);
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
                .extend((!(0.70..0.90).contains(&held) || !(0.64..0.90).contains(&crossed)).then_some(name));
        }
        assert!(misses.is_empty(), "{misses:?} missed");
    }
}
