//! One explanation of a series, and how well it explains it: a Kalman filter's run through the values.

/// What the filter follows: level, drift per step, what the noise is now, and the cosine and sine of the wave.
const STATES: usize = 5;
/// Of these, where there is no wave.
const STATES_WITHOUT_WAVE: usize = 3;

/// Variance of what is not known at the start, in units of the unrest.
const UNKNOWN: f64 = 1e8;
/// Variance of the drift per step before the first value, in units of the unrest: there is none, or it can be almost
/// anything. The wider, the more it takes to believe in a drift at all: a step that is taken for one runs away.
pub(super) const DRIFTS: [f64; 2] = [0.0, 300.0];
/// Variance of the wave's cosine and sine before the first value, in units of the unrest: a wave is up to some ten times as high as the
/// noise on it.
const WAVE: f64 = 300.0;
/// Frequencies, one of which was picked because it fits best: what that picking is worth is taken off its likelihood.
const PICKED_OF: f64 = 200.0;
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
    /// Radians a step of a wave that always stays the same, if there is one.
    pub(super) wave: Option<f64>,
}

/// A series as one assumption explains it. Variances are in units of the unrest, the variance of a step's wandering and
/// a value's noise together, which follows from how far off the filter was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Course {
    assumed: Assumption,
    /// Steps taken.
    time: f64,
    state: [f64; STATES],
    covariance: [[f64; STATES]; STATES],
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
        let wave = if assumed.wave.is_some() { WAVE } else { 0.0 };
        let variances = [UNKNOWN, assumed.drift, 1.0 - assumed.wandering, wave, wave];
        Self {
            assumed,
            time: 0.0,
            state: [start, 0.0, 0.0, 0.0, 0.0],
            covariance: std::array::from_fn(|row| {
                std::array::from_fn(|column| if row == column { variances[row] } else { 0.0 })
            }),
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
        self.time += 1.0;
        self.state[0] += self.state[1];
        self.state[2] *= memory;
        // Level takes up the drift, and what is left of the noise shrinks: first what they have in common with others, then with themselves.
        for column in 0..self.states() {
            self.covariance[0][column] += self.covariance[1][column];
            self.covariance[2][column] *= memory;
        }
        for row in 0..self.states() {
            self.covariance[row][0] += self.covariance[row][1];
            self.covariance[row][2] *= memory;
        }
        self.covariance[0][0] += wandering;
        self.covariance[2][2] += (1.0 - memory * memory) * (1.0 - wandering);
    }

    fn correct(&mut self, value: f64) {
        let states = self.states();
        let seen = self.seen(0.0, 1.0);
        let surprise = value - self.sum(seen);
        let with_value: [f64; STATES] = std::array::from_fn(|of| dot(&self.covariance[of], &seen, states));
        let variance = dot(&with_value, &seen, states);
        if variance <= 0.0 {
            return;
        }
        // The first value places the level; only what comes after can surprise.
        if variance < 0.5 * UNKNOWN {
            self.squares += surprise * surprise / variance;
            self.log_variances += libm::log(variance);
            self.surprises += 1;
        }
        for row in 0..states {
            let gain = with_value[row] / variance;
            self.state[row] += gain * surprise;
            for (covariance, other) in self.covariance[row][..states].iter_mut().zip(with_value) {
                *covariance -= gain * other;
            }
        }
    }

    /// Of [`STATES`], those that are not nothing.
    fn states(&self) -> usize {
        if self.assumed.wave.is_some() { STATES } else { STATES_WITHOUT_WAVE }
    }

    /// How much of each state is in the value so many steps on, with so much of the noise that is now.
    fn seen(&self, ahead: f64, noise: f64) -> [f64; STATES] {
        let (sine, cosine) =
            self.assumed.wave.map_or((0.0, 0.0), |wave| libm::sincos(wave * (self.time + ahead)));
        [1.0, ahead, noise, cosine, sine]
    }

    fn sum(&self, seen: [f64; STATES]) -> f64 {
        dot(&self.state, &seen, self.states())
    }

    /// Variance of such a sum, in units of the unrest.
    fn variance_of(&self, seen: [f64; STATES]) -> f64 {
        let states = self.states();
        (0..states).map(|row| seen[row] * dot(&self.covariance[row], &seen, states)).sum()
    }

    /// Log likelihood of the values, up to what all assumptions have in common.
    pub(super) fn log_likelihood(&self) -> f64 {
        let count = self.freedom();
        let picking = if self.assumed.wave.is_some() { libm::log(PICKED_OF) } else { 0.0 };
        -0.5 * (count * libm::log(self.squares.max(f64::MIN_POSITIVE) / count) + self.log_variances) - picking
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
        self.sum(self.seen(ahead, libm::pow(self.assumed.memory, ahead)))
    }

    /// Standard deviation of the value so many steps on.
    pub(super) fn deviation(&self, ahead: f64) -> f64 {
        (self.unrest() * self.variance(ahead)).max(0.0).sqrt()
    }

    /// The value expected so many steps on without its noise: the level, and the wave on it.
    pub(super) fn level(&self, ahead: f64) -> f64 {
        self.sum(self.seen(ahead, 0.0))
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
        self.variance_of(self.seen(ahead, 0.0)) + ahead * self.assumed.wandering
    }

    fn variance(&self, ahead: f64) -> f64 {
        let left = libm::pow(self.assumed.memory, ahead);
        let new = (1.0 - left * left) * (1.0 - self.assumed.wandering);
        self.variance_of(self.seen(ahead, left)) + ahead * self.assumed.wandering + new
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

fn dot(a: &[f64; STATES], b: &[f64; STATES], states: usize) -> f64 {
    a[..states].iter().zip(b).map(|(a, b)| a * b).sum()
}
