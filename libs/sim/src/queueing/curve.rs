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

use crate::bound::{at_least, at_most};

use super::station::{Station, Stationary};

/// Cells of the table for every doubling of the distance from where the queue changes its manners, as a power of two: enough
/// for straight lines to stay within 1e-3 of the mean number.
const CELL_BITS: u32 = 6;

/// The long run of a [`Station`] tabled over the mean number of requests in it, for looking up instead of summing up.
///
/// Between two knots everything is a straight line in that number, so that a tick's balance is solved by one division. The
/// knots lie dense where the queue changes its manners (around an empty house, around all workers busy, around a full
/// house) and get wider in proportion to the distance from there, which makes the cell of a number the leading bits of
/// its distance.
#[derive(Debug, Clone, Default)]
pub struct Curve {
    knots: Arc<[Knot]>,
    /// From an empty house up, from all workers busy down and up, from a full house down.
    sides: [Side; 4],
    workers: f64,
    room: f64,
    /// Where the last side begins.
    middle: f64,
}

/// Number of requests, utilisation, share turned away, mean square of the wait of those who wait over its mean in turns.
type Knot = [f64; 4];

/// Knots in order of their distance from an anchor.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    anchor: f64,
    /// One over the distance within which cells are of the same width; negative when they lie below the anchor.
    per_width: f64,
    /// Position of the anchor's knot.
    first: usize,
    cells: usize,
}

impl Side {
    /// The cell of a number of requests, counted from the anchor.
    #[inline]
    fn cell(&self, number: f64) -> usize {
        leading(1.0 + (number - self.anchor) * self.per_width).min(self.cells - 1)
    }

    /// Distance of a knot from the anchor in widths: 2^⌊i/64⌋ · (1 + (i mod 64)/64) − 1.
    fn distance(index: usize) -> f64 {
        f64::from_bits((index as u64 + (1023 << CELL_BITS)) << (52 - CELL_BITS)) - 1.0
    }
}

/// Exponent and leading bits of a number from 1 on, as one number from 0 on.
#[inline]
fn leading(value: f64) -> usize {
    ((value.to_bits() >> (52 - CELL_BITS)) as usize).saturating_sub(1023 << CELL_BITS)
}

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

/// Most cells that a tick looks at. One or two are the rule; a jump of the load by orders of magnitude takes some more.
const MAX_CELLS: u32 = 24;

/// How far beyond its knots a cell is believed, in cells: rounding puts knots a little off.
const EDGE: f64 = 1e-6;

impl Curve {
    /// Tables a station.
    pub fn new(station: &Station) -> Self {
        let (workers, room, scale) = (station.workers(), station.room(), station.scale());
        let root = libm::sqrt(workers);
        let middle = room - (0.5 * (room - workers)).max((2.0 * root).min(0.5 * room));
        let mut knots = Vec::new();
        let mut side = |anchor: f64, end: f64, width: f64| {
            let span = (end - anchor).abs();
            let before = (0..).map(|index| Side::distance(index) * width).take_while(|at| *at < span);
            let numbers: Vec<f64> =
                before.chain([span]).map(|at| anchor + libm::copysign(at, end - anchor)).collect();
            let side = Side {
                anchor,
                per_width: libm::copysign(1.0 / width, end - anchor),
                first: knots.len(),
                cells: numbers.len() - 1,
            };
            knots.extend(solve(station, numbers));
            side
        };
        let sides = [
            side(0.0, 0.5 * workers, 0.25 * workers / scale.max(1.0)),
            side(workers, 0.5 * workers, 2.0 * root),
            side(workers, middle.max(workers), 2.0 * root),
            side(room, middle, 2.0 * scale),
        ];
        Self { knots: knots.into(), sides, workers, room, middle }
    }

    /// The knots around a number of requests, the one nearer to the anchor first.
    #[inline]
    fn around(&self, number: f64) -> (&Knot, &Knot) {
        let side = if number >= self.middle {
            3
        } else {
            usize::from(number >= 0.5 * self.workers) + usize::from(number >= self.workers)
        };
        let side = &self.sides[side];
        let index = side.first + side.cell(number);
        (&self.knots[index], &self.knots[index + 1])
    }

    /// One tick of a replica that holds `number` requests, is offered `offered` more in the tick and could serve `capacity`
    /// with all workers busy. What goes in comes out: `number + offered = served + shed + step.number`.
    #[inline]
    pub fn step(&self, number: f64, offered: f64, capacity: f64) -> Step {
        let present = number + offered;
        let most = at_most(present, self.room);
        // What would be too many at the end of the tick, and what too few: their balance is positive, and negative.
        let imbalance = |knot: &Knot| knot[0] - present + (capacity * knot[1] + offered * knot[2]);
        let (mut low, mut high) = (0.0, most);
        // Left over when every worker is busy throughout: the result is never less while nobody is turned away.
        let mut next = at_most(at_least(present - capacity, number), most);
        let mut looked_at = 0;
        loop {
            let (near, far) = self.around(next);
            let (here, there) = (imbalance(near), imbalance(far));
            let share = here / (here - there);
            looked_at += 1;
            let within = (-EDGE..=1.0 + EDGE).contains(&share);
            if within || looked_at == MAX_CELLS {
                let share = if within { share } else { share.clamp(0.0, 1.0) };
                let value = |of: usize| near[of] + (far[of] - near[of]) * share;
                let unit = |of: usize| at_most(at_least(value(of), 0.0), 1.0);
                let at = [at_least(value(0), 0.0), unit(1), unit(2), value(3)];
                return self.account(&at, present, offered, capacity);
            }
            if here < 0.0 {
                low = near[0].max(far[0]).max(low);
            } else {
                high = near[0].min(far[0]).min(high);
            }
            let crossing = near[0] + (far[0] - near[0]) * share;
            next = if crossing > low && crossing < high { crossing } else { 0.5 * (low + high) };
        }
    }

    /// Books a tick that ends where the table says `at`.
    #[inline]
    fn account(&self, at: &Knot, present: f64, offered: f64, capacity: f64) -> Step {
        let [next, utilisation, blocked, second] = *at;
        let kept = present - offered * blocked;
        let served = at_most(at_least(at_most(kept - next, capacity), 0.0), kept);
        // What a step that came to its end too early leaves past the room is turned away too.
        let number = at_most(kept - served, self.room);
        let shed = at_least(present - served - number, 0.0);
        let waiting = at_least(number - self.workers * utilisation, 0.0);
        let wait = if utilisation > 0.0 { waiting / utilisation } else { 0.0 };
        let wait_variance = at_least(wait * (second - wait), 0.0);
        Step { number, served, shed, waiting, utilisation, wait, wait_variance }
    }
}

/// Solves a station for mean numbers of requests that lie in ascending or in descending order.
fn solve(station: &Station, mut numbers: Vec<f64>) -> Vec<Knot> {
    let descending = numbers[0] > numbers[numbers.len() - 1];
    if descending {
        numbers.reverse();
    }
    // The spare capacity falls from 1 (idle) past 0 to below −1e9: searched on the scale on which the number changes.
    let unit = 0.01 / station.room();
    let spare = |at: f64| -unit * libm::sinh(at);
    let busiest = libm::asinh(1e9 / unit);
    let mut low = -libm::asinh(1.0 / unit);
    let mut stride = 1.0;
    let mut knots: Vec<Knot> = Vec::with_capacity(numbers.len());
    for (index, wanted) in numbers.iter().enumerate() {
        let found = if *wanted <= 0.0 {
            station.at(1.0)
        } else if *wanted >= station.room() {
            station.full()
        } else {
            let next = numbers.get(index + 1).map_or(f64::INFINITY, |next| next - wanted);
            let last = if index > 0 { wanted - numbers[index - 1] } else { f64::INFINITY };
            let miss = |at: f64| (station.at(spare(at)).number - wanted) / next.min(last).min(*wanted);
            let (at, passed) = search(miss, low, stride, busiest);
            stride = (passed - low).max(1e-6);
            low = at;
            station.at(spare(at))
        };
        knots.push(knot(station, &found));
    }
    if descending {
        knots.reverse();
    }
    knots
}

/// What a tick needs to know of a station in the long run.
fn knot(station: &Station, found: &Stationary) -> Knot {
    // Nearly nobody waits where the first case does not hold: for an idle worker in an unbounded line.
    let of_waiters = if found.waits > 1e-9 {
        found.waiting / (found.utilisation * found.waits)
    } else {
        station.scale() / (1.0 - found.utilisation).max(1e-12)
    };
    [found.number, found.utilisation, found.blocked, of_waiters * found.spread]
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
        if found.abs() < 1e-7 {
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
                    assert!(errors.iter().all(|error| error.abs() < 1e-3), "{case}: {errors:?}");
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
