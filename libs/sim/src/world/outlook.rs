//! What lies ahead, as far as the present and the past tell.

use std::sync::Arc;

use crate::TICK_S;
use crate::fault::ActiveFault;
use crate::scenario::Scenario;
use crate::traffic::{Shape, Traffic};

use super::World;
use super::effects::severity_at;

/// Between two looks at the traffic of the past, seconds.
const STEP_S: f64 = 5.0;
/// A trend has been seen for so many steps at least: what jumped once is no trend.
const FEWEST_STEPS: u32 = 2;
/// And for so many at most.
const MOST_STEPS: u32 = 120;
/// A step belongs to the trend when it is as steep as the last one up to this factor.
const ALIKE: f64 = 4.0;
/// Slower than this is no trend, share of the rate a second.
const SLOWEST: f64 = 0.000_5;
/// As many times the present traffic is the most that a trend leads to.
const MOST: f64 = 4.0;

impl World {
    /// A fork in which nothing begins and nothing ends that nobody has seen yet: no further entry of the timeline, no fault by
    /// chance, no end of a fault by itself. What changes steadily at present, traffic or the severity of a fault, goes on changing for
    /// `persistence` times as long as it has already, and then stays; with 0 it stays as it is. Apart from that traffic has only its noise.
    /// Two worlds with the same past have the same outlook, whatever their scenarios have in store.
    #[must_use]
    pub fn outlook(&self, persistence: f64) -> Self {
        let mut fork = self.clone();
        let at_s = (self.tick - self.scenario_tick) as f64 * TICK_S;
        let ahead = |(source, traffic): (usize, &Traffic)| {
            let steady = Traffic { noise: 0.0, ..traffic.clone() };
            let rate = |at_s: f64| steady.rate(at_s, self.seed, source as u64);
            Traffic { shapes: vec![going_on(rate, at_s, persistence)], ..traffic.clone() }
        };
        fork.scenario = Arc::new(Scenario {
            duration_s: 0.0,
            chaos: 0.0,
            traffic: self.scenario.traffic.iter().enumerate().map(ahead).collect(),
            timeline: Vec::new(),
            ..Scenario::clone(&self.scenario)
        });
        fork.refresh_scenario();
        fork.next_entry = 0;
        fork.chaos = 0.0;
        for fault in &mut fork.faults {
            go_on(fault, self.tick, persistence);
        }
        fork.faults_changed = true;
        fork
    }
}

/// The rate from a time on, by what it was before.
fn going_on(rate: impl Fn(f64) -> f64, at_s: f64, persistence: f64) -> Shape {
    let now = rate(at_s);
    let steady = Shape::Constant { rps: now };
    let step = |number: u32| {
        let end_s = at_s - f64::from(number) * STEP_S;
        (end_s >= STEP_S).then(|| (rate(end_s) - rate(end_s - STEP_S)) / STEP_S)
    };
    let Some(slope) = step(0).filter(|slope| slope.abs() > now * SLOWEST) else { return steady };
    let alike = |other: f64| (1.0 / ALIKE..=ALIKE).contains(&(other / slope));
    let steps = 1 + (1..MOST_STEPS).take_while(|number| step(*number).is_some_and(alike)).count() as u32;
    let over_s = f64::from(steps) * STEP_S * persistence;
    if steps < FEWEST_STEPS || over_s <= 0.0 {
        return steady;
    }
    // Cut short where the traffic would be more than so many times what it is, or less than none.
    let most_s = if slope > 0.0 { now * (MOST - 1.0) / slope } else { now / -slope };
    let over_s = over_s.min(most_s);
    Shape::Ramp { from_rps: now, to_rps: (now + slope * over_s).max(0.0), start_s: at_s, over_s }
}

/// A fault that still gets worse, worse for some more time; any other as it is. It does not end by itself.
fn go_on(fault: &mut ActiveFault, tick: u64, persistence: f64) {
    let severity = severity_at(fault, tick);
    let rises = severity < fault.spec.severity && severity > 0.0;
    let age_s = (tick.saturating_sub(fault.started_tick) + 1) as f64 * TICK_S;
    let end = if rises { (severity * (1.0 + persistence)).min(1.0) } else { severity };
    fault.spec.severity = end;
    fault.spec.onset_s = if end > severity { age_s * end / severity } else { 0.0 };
    fault.spec.duration_s = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end_of(shape: &Shape) -> (f64, f64) {
        match shape {
            Shape::Constant { rps } => (*rps, 0.0),
            Shape::Ramp { to_rps, over_s, .. } => (*to_rps, *over_s),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_trend_goes_on_for_as_long_as_it_has_lasted() {
        // From 100 at 40 s, 2 a second more.
        let ramp = |at_s: f64| 100.0 + 2.0 * (at_s - 40.0).clamp(0.0, 100.0);
        assert_eq!(end_of(&going_on(ramp, 80.0, 1.0)), (260.0, 40.0));
        assert_eq!(end_of(&going_on(ramp, 80.0, 0.5)), (220.0, 20.0));
        assert_eq!(end_of(&going_on(ramp, 80.0, 0.0)), (180.0, 0.0));
        assert_eq!(end_of(&going_on(ramp, 80.0, 1_000.0)), (720.0, 270.0), "not more than so many times");
        assert_eq!(end_of(&going_on(ramp, 300.0, 1.0)), (300.0, 0.0), "over");
        assert_eq!(
            end_of(&going_on(|at_s: f64| 100.0 - at_s, 60.0, 10.0)),
            (0.0, 40.0),
            "not less than none"
        );
    }

    #[test]
    fn what_jumped_or_hardly_changes_stays() {
        let jump = |at_s: f64| if at_s < 78.0 { 100.0 } else { 400.0 };
        assert_eq!(end_of(&going_on(jump, 80.0, 3.0)), (400.0, 0.0));
        assert_eq!(end_of(&going_on(|at_s: f64| 100.0 + at_s * 0.01, 80.0, 3.0)), (100.8, 0.0));
        assert_eq!(end_of(&going_on(|at_s: f64| at_s, 4.0, 3.0)), (4.0, 0.0), "too early to tell");
    }
}
