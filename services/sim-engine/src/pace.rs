//! Pacing against the wall clock: how many ticks are due now, and how fast the simulation really went.
//!
//! Nothing here reads a clock: the caller passes the instants, so that the tests need no waiting.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Slowest speed that can be asked for, simulated seconds a wall-clock second.
pub(crate) const MIN_SPEED: f64 = 0.1;
/// Fastest speed that can be asked for, simulated seconds a wall-clock second.
pub(crate) const MAX_SPEED: f64 = 1000.0;
/// Most wall-clock time that is caught up after a stall. More would make the simulation race through seconds that
/// nobody could have watched, with every command of that time landing late.
const MAX_CATCH_UP: Duration = Duration::from_millis(250);
/// Shortest sleep between two chunks of ticks: timers are no finer than this.
const MIN_SLEEP: Duration = Duration::from_millis(1);
/// Wall-clock time over which the effective speed is averaged.
const METER_WINDOW: Duration = Duration::from_secs(2);
/// The meter keeps a point this often, which bounds it to a few dozen points.
const METER_STEP: Duration = Duration::from_millis(50);

/// A speed in the range that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Speed(f64);

/// The speed asked for cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "speed {asked} is not possible: pass a number from {MIN_SPEED} to {MAX_SPEED} (simulated seconds a second)"
)]
pub(crate) struct SpeedError {
    asked: f64,
}

impl Speed {
    pub(crate) fn new(asked: f64) -> Result<Self, SpeedError> {
        // NaN is in no range, so it is refused here too.
        if (MIN_SPEED..=MAX_SPEED).contains(&asked) { Ok(Self(asked)) } else { Err(SpeedError { asked }) }
    }

    pub(crate) const fn get(self) -> f64 {
        self.0
    }
}

/// Says how many ticks are due. Anchored at an instant and a tick; re-anchored whenever the speed changes.
#[derive(Debug)]
pub(crate) struct Pacer {
    tick_s: f64,
    speed: f64,
    anchor: Option<(Instant, u64)>,
}

impl Pacer {
    /// A pacer that stands still, for ticks of `tick_ms` of simulated time.
    pub(crate) fn new(tick_ms: u32) -> Self {
        Self { tick_s: f64::from(tick_ms) / 1000.0, speed: 0.0, anchor: None }
    }

    /// Goes on at `speed` simulated seconds a second from `next_tick`; 0 stands still.
    pub(crate) fn set_speed(&mut self, speed: f64, now: Instant, next_tick: u64) {
        if (self.speed - speed).abs() > f64::EPSILON || self.anchor.is_none() {
            self.speed = speed;
            self.anchor = (speed > 0.0).then_some((now, next_tick));
        }
    }

    /// Stands still.
    pub(crate) fn stop(&mut self) {
        self.speed = 0.0;
        self.anchor = None;
    }

    /// Ticks to compute now, when `next_tick` is the next one. A stall is caught up to a bound and then forgotten.
    pub(crate) fn due(&mut self, now: Instant, next_tick: u64) -> u64 {
        let Some((since, from)) = self.anchor else { return 0 };
        let elapsed_s = now.saturating_duration_since(since).as_secs_f64();
        let should_be_at = from.saturating_add((elapsed_s * self.speed / self.tick_s) as u64);
        let due = should_be_at.saturating_sub(next_tick);
        let most = (MAX_CATCH_UP.as_secs_f64() * self.speed / self.tick_s) as u64 + 1;
        if due > most {
            self.anchor = Some((now, next_tick.saturating_add(most)));
            most
        } else {
            due
        }
    }

    /// When `next_tick` will be due; `None` while standing still.
    pub(crate) fn due_at(&self, now: Instant, next_tick: u64) -> Option<Instant> {
        let (since, from) = self.anchor?;
        let ticks = (next_tick + 1).saturating_sub(from) as f64;
        // At the slowest speed a tick is due every half second, so this cannot overflow within a run.
        let at =
            since + Duration::try_from_secs_f64(ticks * self.tick_s / self.speed).unwrap_or(MAX_CATCH_UP);
        Some(if at > now { at.max(now + MIN_SLEEP) } else { at })
    }
}

/// Measures the speed of the last seconds.
#[derive(Debug, Default)]
pub(crate) struct SpeedMeter {
    points: VecDeque<(Instant, u64)>,
}

impl SpeedMeter {
    /// Notes that `next_tick` is the next tick now.
    pub(crate) fn record(&mut self, now: Instant, next_tick: u64) {
        while self.points.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > METER_WINDOW) {
            self.points.pop_front();
        }
        if self.points.back().is_none_or(|(at, _)| now.saturating_duration_since(*at) >= METER_STEP) {
            self.points.push_back((now, next_tick));
        }
    }

    /// Forgets what was measured: the clock was stopped or started.
    pub(crate) fn clear(&mut self) {
        self.points.clear();
    }

    /// Whether it has measured long enough to be compared with the speed that was asked for.
    pub(crate) fn is_settled(&self) -> bool {
        let span =
            |(first, _): &(Instant, u64), (last, _): &(Instant, u64)| last.saturating_duration_since(*first);
        self.points
            .front()
            .zip(self.points.back())
            .is_some_and(|(first, last)| span(first, last) >= METER_WINDOW / 2)
    }

    /// Simulated seconds a second over the window, for ticks of `tick_ms`.
    pub(crate) fn speed(&self, now: Instant, next_tick: u64, tick_ms: u32) -> f64 {
        let Some((since, from)) = self.points.front() else { return 0.0 };
        let wall_s = now.saturating_duration_since(*since).as_secs_f64();
        if wall_s < MIN_SLEEP.as_secs_f64() {
            return 0.0;
        }
        next_tick.saturating_sub(*from) as f64 * f64::from(tick_ms) / 1000.0 / wall_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_speeds_in_range_are_possible() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 0.099, 1000.1] {
            let error = Speed::new(bad).unwrap_err();
            assert!(error.to_string().contains("from 0.1 to 1000"), "{error}");
        }
        for good in [0.1, 1.0, 1000.0] {
            assert_eq!(Speed::new(good).unwrap().get().to_bits(), good.to_bits());
        }
    }

    #[test]
    fn a_second_at_double_speed_is_forty_ticks_of_50_ms() {
        let start = Instant::now();
        let mut pacer = Pacer::new(50);
        pacer.set_speed(2.0, start, 100);
        assert_eq!(pacer.due(start, 100), 0);
        let mut tick = 100;
        for step in 1..=10 {
            tick += pacer.due(start + Duration::from_millis(step * 100), tick);
        }
        assert_eq!(tick, 140);
    }

    #[test]
    fn a_stall_is_caught_up_to_a_bound_only() {
        let start = Instant::now();
        let mut pacer = Pacer::new(50);
        pacer.set_speed(10.0, start, 0);
        let later = start + Duration::from_secs(60);
        let due = pacer.due(later, 0);
        assert_eq!(due, 51, "250 ms at speed 10 are 50 ticks");
        assert_eq!(pacer.due(later, due), 0, "the rest of the stall is forgotten");
        assert_eq!(pacer.due(later + Duration::from_millis(100), due), 20);
    }

    #[test]
    fn the_next_tick_is_due_after_its_share_of_wall_clock_time() {
        let start = Instant::now();
        let mut pacer = Pacer::new(50);
        assert_eq!(pacer.due_at(start, 0), None, "standing still");
        pacer.set_speed(0.1, start, 0);
        assert_eq!(pacer.due_at(start, 0), Some(start + Duration::from_millis(500)));
        pacer.set_speed(1000.0, start, 0);
        assert_eq!(pacer.due_at(start, 0), Some(start + MIN_SLEEP), "timers are no finer");
        pacer.stop();
        assert_eq!(pacer.due(start + Duration::from_secs(1), 0), 0);
    }

    #[test]
    fn the_effective_speed_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut meter = SpeedMeter::default();
        for step in 0..100 {
            meter.record(start + Duration::from_millis(step * 50), step * 2);
        }
        let now = start + Duration::from_millis(99 * 50);
        assert!((meter.speed(now, 198, 50) - 2.0).abs() < 0.05, "{}", meter.speed(now, 198, 50));
        meter.clear();
        assert!(meter.speed(now, 198, 50).abs() < f64::EPSILON);
    }
}
