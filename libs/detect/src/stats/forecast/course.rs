//! One explanation of a series, and how well it explains it: a Kalman filter's run through the values.

/// Variance of what is not known at the start, in units of the unrest.
const UNKNOWN: f64 = 1e8;
/// Variance of the drift per step before the first value, in units of the unrest: there is none, or it can be almost
/// anything. The wider, the more it takes to believe in a drift at all: a step that is taken for one runs away.
pub(super) const DRIFTS: [f64; 2] = [0.0, 300.0];
/// How far ahead a course is tried out on the values it was made from, steps.
pub(super) const TRIED: [u32; 3] = [12, 30, 60];
/// Values that the filter has taken before it is tried out: with fewer the line is not placed.
const PLACED: usize = 20;
/// Trials that the model's own word counts for. A few trials do not overturn it.
const TRUSTED: f64 = 1.0;

/// What is assumed about a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Assumption {
    /// Share of the unrest that is wandering.
    pub(super) wandering: f64,
    /// Share of the noise that is left a step later.
    pub(super) memory: f64,
    /// One of [`DRIFTS`].
    pub(super) drift: f64,
}

/// A series as one assumption explains it. Variances are in units of the unrest, the variance of a step's wandering and
/// a value's noise together, which follows from how far off the filter was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Course {
    assumed: Assumption,
    /// Level, drift per step, and what the noise is now.
    state: [f64; 3],
    covariance: [[f64; 3]; 3],
    squares: f64,
    log_variances: f64,
    surprises: u32,
}

impl Course {
    /// The filter's run through all values; those that are not finite are unknown.
    pub(super) fn of(values: &[f64], start: f64, assumed: Assumption) -> Self {
        let mut course = Self::begin(start, assumed);
        for value in values {
            course.take(*value);
        }
        course
    }

    fn begin(start: f64, assumed: Assumption) -> Self {
        let noise = 1.0 - assumed.wandering;
        Self {
            assumed,
            state: [start, 0.0, 0.0],
            covariance: [[UNKNOWN, 0.0, 0.0], [0.0, assumed.drift, 0.0], [0.0, 0.0, noise]],
            squares: 0.0,
            log_variances: 0.0,
            surprises: 0,
        }
    }

    fn take(&mut self, value: f64) {
        self.step();
        if value.is_finite() {
            self.correct(value);
        }
    }

    fn step(&mut self) {
        let Assumption { wandering, memory, .. } = self.assumed;
        let [level, drift, excess] = self.state;
        self.state = [level + drift, drift, memory * excess];
        let noise = 1.0 - wandering;
        let [[ll, ld, le], [_, dd, de], [_, _, ee]] = self.covariance;
        let (ll, ld) = (ll + 2.0 * ld + dd + wandering, ld + dd);
        let (le, de) = (memory * (le + de), memory * de);
        let ee = memory * memory * (ee - noise) + noise;
        self.covariance = [[ll, ld, le], [ld, dd, de], [le, de, ee]];
    }

    fn correct(&mut self, value: f64) {
        let surprise = value - self.state[0] - self.state[2];
        let with_value: [f64; 3] = std::array::from_fn(|of| self.covariance[of][0] + self.covariance[of][2]);
        let variance = with_value[0] + with_value[2];
        if variance <= 0.0 {
            return;
        }
        // The first value places the level; only what comes after can surprise.
        if variance < 0.5 * UNKNOWN {
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

    /// Log likelihood of the values, up to what all assumptions have in common.
    pub(super) fn log_likelihood(&self) -> f64 {
        let count = self.freedom();
        -0.5 * (count * libm::log(self.squares.max(f64::MIN_POSITIVE) / count) + self.log_variances)
    }

    /// Units a step that the level drifts.
    pub(super) fn drift(&self) -> f64 {
        self.state[1]
    }

    pub(super) fn freedom(&self) -> f64 {
        f64::from(self.surprises.max(1))
    }

    fn unrest(&self) -> f64 {
        self.squares / self.freedom()
    }

    /// The value expected so many steps on.
    pub(super) fn value(&self, ahead: f64) -> f64 {
        self.level(ahead) + libm::pow(self.assumed.memory, ahead) * self.state[2]
    }

    /// Standard deviation of the value so many steps on.
    pub(super) fn deviation(&self, ahead: f64) -> f64 {
        (self.unrest() * self.variance(ahead)).max(0.0).sqrt()
    }

    /// The level expected so many steps on.
    pub(super) fn level(&self, ahead: f64) -> f64 {
        self.state[0] + ahead * self.state[1]
    }

    /// Standard deviation of the level so many steps on.
    pub(super) fn level_deviation(&self, ahead: f64) -> f64 {
        (self.unrest() * self.level_variance(ahead)).max(0.0).sqrt()
    }

    /// Standard deviation of the noise on a value.
    pub(super) fn noise(&self) -> f64 {
        (self.unrest() * (1.0 - self.assumed.wandering)).max(0.0).sqrt()
    }

    /// Share of the noise that is left a step later.
    pub(super) fn memory(&self) -> f64 {
        self.assumed.memory
    }

    /// Variances in units of the unrest.
    fn level_variance(&self, ahead: f64) -> f64 {
        let [[level, both, _], [_, drift, _], _] = self.covariance;
        level + 2.0 * ahead * both + ahead * ahead * drift + ahead * self.assumed.wandering
    }

    fn variance(&self, ahead: f64) -> f64 {
        let left = libm::pow(self.assumed.memory, ahead);
        let [[_, _, with_level], [_, _, with_drift], [_, _, excess]] = self.covariance;
        let noise = 1.0 - self.assumed.wandering;
        self.level_variance(ahead)
            + left * (left * excess + 2.0 * (with_level + ahead * with_drift))
            + (1.0 - left * left) * noise
    }

    /// How much wider or narrower than it thinks this course has to be, for each of [`TRIED`]: what it would have said from every moment of
    /// the past, against what came. Errors of trials that overlap are one error, so that few of them count.
    pub(super) fn widening(values: &[f64], start: f64, assumed: Assumption) -> [f64; TRIED.len()] {
        let mut course = Self::begin(start, assumed);
        let mut trials = [(0.0, 0.0); TRIED.len()];
        for (at, value) in values.iter().enumerate() {
            course.take(*value);
            if at < PLACED {
                continue;
            }
            for ((squares, count), ahead) in trials.iter_mut().zip(TRIED) {
                let came = values.get(at + ahead as usize).filter(|came| came.is_finite());
                if let Some(came) = came {
                    let ahead = f64::from(ahead);
                    let (error, variance) = (came - course.value(ahead), course.variance(ahead));
                    *squares += if variance > 0.0 { error * error / variance } else { 0.0 };
                    *count += 1.0;
                }
            }
        }
        let unrest = course.unrest();
        let mut ratios = trials.iter().zip(TRIED).map(|((squares, count), ahead)| {
            if *count <= 0.0 || unrest <= 0.0 {
                return 1.0;
            }
            let apart: f64 = count / f64::from(ahead);
            ((TRUSTED + apart * squares / count / unrest) / (TRUSTED + apart)).sqrt()
        });
        std::array::from_fn(|_| ratios.next().unwrap_or(1.0))
    }
}
