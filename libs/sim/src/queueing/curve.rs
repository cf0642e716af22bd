//! A replica's queue in time.
//!
//! The pointwise stationary fluid flow approximation (K. L. Rider 1976, "A simple approximation to the average queue size in
//! the time-dependent M/M/1 queue"; W.-P. Wang, D. Tipper & S. Banerjee 1996, "A simple approximation for modeling
//! nonstationary queues"): a queue that holds `x` requests on average works and turns away like the stationary queue of
//! that mean length,
//!
//! ```text
//! dx/dt = λ·(1 − P(x)) − c·μ·u(x)
//! ```
//!
//! so that its steady state is the closed form, and far past saturation the fluid model. A tick is one step of the implicit
//! Euler method: stable and positive however many services fit into a tick (E. Hairer & G. Wanner, *Solving Ordinary
//! Differential Equations II*, §IV.3), exact in steady state and while the line grows or shrinks at full speed.

use std::sync::Arc;

use super::station::{Station, Stationary};

/// Knots of each half of the table; the error of linear interpolation is below 1e-3 of the mean number for 1024 workers,
/// far less for few.
const HALF: usize = 256;

/// The long run of a [`Station`] tabled over the mean number of requests in it, for looking up instead of summing up.
///
/// The table is dense where the queue changes its manners: around an empty line and around a full one. With `d` the
/// distance from the nearer end its coordinate is `d/(d + h)`, in which M/M/1 is a straight line; from the full end `h` is
/// larger, because many workers may come to be busy there.
#[derive(Debug, Clone, Default)]
pub struct Curve {
    knots: Arc<[Knot]>,
    workers: f64,
    room: f64,
    scale: f64,
    /// `h` and knots a unit of coordinate, from the empty and from the full end.
    from_empty: (f64, f64),
    from_full: (f64, f64),
}

/// Utilisation, share turned away, share that waits, spread of the wait.
type Knot = [f64; 4];

/// What a tick did to a replica's queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Mean number of requests at its end, waiting or in service.
    pub number: f64,
    /// Requests served.
    pub served: f64,
    /// Requests turned away.
    pub shed: f64,
    /// Of `number`, those that wait for a worker.
    pub waiting: f64,
    /// Share of the workers' time that was needed.
    pub utilisation: f64,
    /// Mean wait of an arrival that is let in, in turns: a turn is the time between two completions with all workers busy.
    pub wait: f64,
    /// Variance of that wait, in turns².
    pub wait_variance: f64,
}

/// Most Newton steps of a tick. One or two are the rule; a jump of the load by orders of magnitude takes some more.
const MAX_NEWTON_STEPS: u32 = 10;

/// An imbalance below this share of what comes and goes is removed by one last Newton step, which leaves its square.
const NEARLY: f64 = 1e-4;

impl Curve {
    /// Tables a station.
    pub fn new(station: &Station) -> Self {
        let half = station.room() / 2.0;
        let side = |h: f64| (h, HALF as f64 * (half + h) / half);
        let mut curve = Self {
            knots: Arc::new([]),
            workers: station.workers(),
            room: station.room(),
            scale: station.scale(),
            from_empty: side(station.workers() - 1.0 + station.scale()),
            from_full: side(8.0 * station.scale() + 2.0 * libm::sqrt(station.workers())),
        };
        curve.knots = curve.table(station);
        curve
    }

    /// Solves the station for every knot. Knots come in ascending order, so each search starts where the last one ended.
    fn table(&self, station: &Station) -> Arc<[Knot]> {
        // The spare capacity falls from 1 (idle) past 0 to below −1e9: searched on the scale on which the number changes.
        let unit = 0.01 / self.room;
        let spare = |at: f64| -unit * libm::sinh(at);
        let busiest = libm::asinh(1e9 / unit);
        let mut low = -libm::asinh(1.0 / unit);
        let mut stride = 1.0;
        let knot = |found: &Stationary| [found.utilisation, found.blocked, found.waits, found.spread];
        let mut knots = Vec::with_capacity(2 * HALF + 1);
        knots.push(knot(&station.at(1.0)));
        for index in 1..2 * HALF {
            let wanted = index as f64;
            let miss = |at: f64| self.position(station.at(spare(at)).number).0 - wanted;
            let (at, passed) = search(miss, low, stride, busiest);
            stride = (passed - low).max(1e-6);
            low = at;
            knots.push(knot(&station.at(spare(at))));
        }
        knots.push(knot(&station.full()));
        knots.into()
    }

    /// Where a number of requests is in the table, in knots, and its slope.
    #[inline]
    fn position(&self, number: f64) -> (f64, f64) {
        let rest = self.room - number;
        let (distance, (h, knots)) =
            if number < rest { (number, self.from_empty) } else { (rest, self.from_full) };
        let inverse = 1.0 / (distance + h);
        let from_end = knots * distance * inverse;
        let position = if number < rest { from_end } else { 2.0 * HALF as f64 - from_end };
        (position, knots * h * inverse * inverse)
    }

    /// The knots around a number of requests, the share of the second one, and knots a request.
    #[inline]
    fn around(&self, number: f64) -> (&Knot, &Knot, f64, f64) {
        let (position, slope) = self.position(number);
        let index = (position as usize).min(2 * HALF - 1);
        (&self.knots[index], &self.knots[index + 1], position - index as f64, slope)
    }

    /// One tick of a replica that holds `number` requests, is offered `offered` more in the tick and could serve `capacity`
    /// with all workers busy. What goes in comes out: `number + offered = served + shed + step.number`.
    #[inline]
    pub fn step(&self, number: f64, offered: f64, capacity: f64) -> Step {
        let present = number + offered;
        let most = present.min(self.room);
        // Left over when every worker is busy throughout: the result is never less while nobody is turned away.
        let mut next = (present - capacity).max(number).min(most);
        let mut steps = 0;
        loop {
            let (low, high, share, slope) = self.around(next);
            let (served, shed) = (high[0] - low[0], high[1] - low[1]);
            let done = capacity * (low[0] + served * share);
            let error = next - present + done + offered * (low[1] + shed * share);
            let steepness = 1.0 + (capacity * served + offered * shed) * slope;
            let better = (next - error / steepness).min(most).max(0.0);
            steps += 1;
            if error.abs() <= NEARLY * (offered + done) || steps == MAX_NEWTON_STEPS {
                let share = (share + (better - next) * slope).clamp(-1.0, 2.0);
                let value = |of: usize| low[of] + (high[of] - low[of]) * share;
                let at = [value(0).clamp(0.0, 1.0), value(1).clamp(0.0, 1.0), value(2), value(3)];
                return self.account(better, &at, present, offered, capacity);
            }
            next = better;
        }
    }

    /// Books a tick that ends with about `next` requests, where the table says `at`.
    #[inline]
    fn account(&self, next: f64, at: &Knot, present: f64, offered: f64, capacity: f64) -> Step {
        let [utilisation, blocked, waits, spread] = *at;
        let kept = present - offered * blocked;
        let served = (kept - next).min(capacity).max(0.0).min(kept);
        // What a step that came to its end too early leaves past the room is turned away too.
        let number = (kept - served).min(self.room);
        let shed = (present - served - number).max(0.0);
        let waiting = (number - self.workers * utilisation).max(0.0);
        let wait = if utilisation > 0.0 { waiting / utilisation } else { 0.0 };
        // Of those who wait: `wait / waits`, and not more than in an unbounded line of this load (a table has its limits).
        let unbounded = self.scale / (1.0 - utilisation).max(1e-12);
        let of_waiters = if waits > 1e-9 { (wait / waits).min(unbounded) } else { 0.0 };
        let wait_variance = (wait * (of_waiters * spread - wait)).max(0.0);
        Step { number, served, shed, waiting, utilisation, wait, wait_variance }
    }
}

/// Where an increasing function crosses zero, from `low` (where it is negative) on, found by the Illinois variant of false
/// position (M. Dowell & P. Jarratt 1971); with it a point past the crossing.
fn search(miss: impl Fn(f64) -> f64, low: f64, stride: f64, most: f64) -> (f64, f64) {
    let (mut low, mut miss_low) = (low, miss(low));
    let (mut stride, mut high) = (stride, (low + stride).min(most));
    let mut miss_high = miss(high);
    while miss_high < 0.0 && high < most {
        (low, miss_low) = (high, miss_high);
        stride *= 2.0;
        high = (high + stride).min(most);
        miss_high = miss(high);
    }
    let passed = high;
    let mut kept = 0_i8;
    for _ in 0..60 {
        if miss_high - miss_low <= 0.0 {
            break;
        }
        let middle = (low * miss_high - high * miss_low) / (miss_high - miss_low);
        let found = miss(middle);
        if found.abs() < 1e-9 {
            return (middle, passed);
        }
        if found < 0.0 {
            (low, miss_low) = (middle, found);
            miss_high *= if kept < 0 { 0.5 } else { 1.0 };
            kept = -1;
        } else {
            (high, miss_high) = (middle, found);
            miss_low *= if kept > 0 { 0.5 } else { 1.0 };
            kept = 1;
        }
    }
    (0.5 * (low + high), passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATIONS: [(u32, f64, f64); 10] = [
        (1, 1.0, 512.0),
        (1, 0.0, 10_000.0),
        (1, 4.0, 64.0),
        (4, 1.0, 0.0),
        (10, 1.0, 5.0),
        (32, 0.5, 1024.0),
        (200, 1.0, 512.0),
        (64, 1.0, 64.0),
        (256, 1.0, 10.0),
        (1024, 1.0, 4096.0),
    ];

    fn settled(curve: &Curve, rho: f64, capacity: f64) -> Step {
        let mut step = curve.step(0.0, 0.0, capacity);
        for _ in 0..200_000 {
            let next = curve.step(step.number, rho * capacity, capacity);
            let still = (next.number - step.number).abs() <= 1e-12 * next.number;
            step = next;
            if still {
                break;
            }
        }
        step
    }

    #[test]
    fn a_constant_load_settles_at_the_long_run() {
        for (workers, cv2, line) in STATIONS {
            let station = Station::new(workers, cv2, line);
            let curve = Curve::new(&station);
            for rho in [0.1, 0.5, 0.8, 0.9, 0.95, 1.2] {
                // From one service a worker and tick to ten thousand.
                for capacity in [f64::from(workers), 1e4 * f64::from(workers)] {
                    let exact = station.at(1.0 - rho);
                    let found = settled(&curve, rho, capacity);
                    let wait = (exact.number - f64::from(workers) * exact.utilisation) / exact.utilisation;
                    let errors = [
                        found.number / exact.number - 1.0,
                        found.served / capacity - exact.utilisation,
                        found.shed / (rho * capacity) - exact.blocked,
                        (found.wait - wait) / exact.number,
                    ];
                    let case =
                        format!("{workers} workers, cv² {cv2}, line {line}, ρ {rho}, {capacity} a tick");
                    assert!(errors.iter().all(|error| error.abs() < 2e-3), "{case}: {errors:?}");
                }
            }
        }
    }

    #[test]
    fn an_m_m_1_sojourn_varies_like_an_exponential() {
        let curve = Curve::new(&Station::new(1, 1.0, 1e6));
        for rho in [0.2, 0.5, 0.9] {
            let step = settled(&curve, rho, 10.0);
            let (mean, variance) = (1.0 + step.wait, 1.0 + step.wait_variance);
            assert!((variance / (mean * mean) - 1.0).abs() < 2e-3, "{variance} for {}", mean * mean);
        }
    }

    #[test]
    fn past_saturation_the_line_is_a_fluid() {
        let curve = Curve::new(&Station::new(4, 1.0, 10_000.0));
        let mut number = 0.0;
        for _ in 0..100 {
            number = curve.step(number, 60.0, 40.0).number;
        }
        assert!((number / 2000.0 - 1.0).abs() < 0.05, "{number} of 2000");
        for _ in 0..40 {
            number = curve.step(number, 0.0, 40.0).number;
        }
        assert!((number / 400.0 - 1.0).abs() < 0.2, "{number} of 400");
    }

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out(
            which in 0..STATIONS.len(),
            loads in proptest::collection::vec((0.0..5.0_f64, -3.0..5.0_f64), 1..40),
        ) {
            let (workers, cv2, line) = STATIONS[which];
            let station = Station::new(workers, cv2, line);
            let curve = Curve::new(&station);
            let mut number = 0.0;
            for (rho, exponent) in loads {
                let capacity = f64::from(workers) * libm::exp10(exponent);
                let step = curve.step(number, rho * capacity, capacity);
                let out = step.served + step.shed + step.number;
                let present = number + rho * capacity;
                proptest::prop_assert!((present - out).abs() <= 1e-12 * present.max(1.0), "{step:?}");
                proptest::prop_assert!(step.served <= capacity * (1.0 + 1e-12) && step.number <= station.room());
                for value in [step.number, step.served, step.shed, step.waiting, step.utilisation, step.wait] {
                    proptest::prop_assert!(value.is_finite() && value >= 0.0, "{step:?}");
                }
                proptest::prop_assert!(step.wait_variance.is_finite() && step.wait_variance >= 0.0, "{step:?}");
                number = step.number;
            }
        }
    }
}
