//! Which option is best.

use crate::course::Course;

/// Differences below this share of users' requests are none: 1 in 1 000, the error budget of three nines.
const MATERIAL: f64 = 0.001;
/// An objective that is held for so much longer tells, minutes.
const HELD: f64 = 0.25;

/// Losses that differ by less are the same to users: three seconds, minutes.
const STEP: f64 = 0.05;

/// Positions of the options, best first: the least [loss](Course::loss); of those that differ immaterially the one that costs less, then
/// the one that helps in more futures than it does harm, and then the one that is listed first (doing nothing).
pub(crate) fn rank(options: &[Vec<Course>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..options.len()).filter(|option| !options[*option].is_empty()).collect();
    let key = |option: &usize| {
        let courses = &options[*option];
        (
            (sum(courses, Course::loss) / courses.len() as f64 / STEP).round() as u64,
            (sum(courses, Course::core_hours) * 1_000.0 / courses.len() as f64).round() as u64,
            ((harms(courses, &options[0]) - helps(courses, &options[0])) * 1_000.0).round() as i64,
        )
    };
    order.sort_by_key(key);
    order
}

/// Whether chance has a say: the futures differ materially, or by a fiftieth of the latency in the end.
pub(crate) fn differ(courses: &[Course]) -> bool {
    let spread = |of: &dyn Fn(&Course) -> f64| {
        let values = courses.iter().map(of).filter(|value| value.is_finite());
        values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (least, most) = spread(&|course| course.bad() / course.requests());
    let (fastest, slowest) = spread(&Course::p99_ms);
    most - least > MATERIAL || slowest - fastest > 0.02 * slowest
}

/// Whether an action that ran under one future is worth another one: it helped there, or doing nothing is worse in the other.
pub(crate) fn is_in_play(courses: &[Vec<Course>], option: usize) -> bool {
    let nothing = &courses[0];
    let is_worse = || nothing.windows(2).any(|futures| is_better(&futures[0], &futures[1]));
    option != 0 && (helps(&courses[option], nothing) > 0.0 || is_worse())
}

/// Share of the futures in which users lose less than without it.
pub(crate) fn helps(option: &[Course], nothing: &[Course]) -> f64 {
    share(option, nothing, is_better)
}

/// Share of the futures in which they lose more.
pub(crate) fn harms(option: &[Course], nothing: &[Course]) -> f64 {
    share(option, nothing, |with, without| is_better(without, with))
}

/// Whether materially fewer requests fail or are slow; where that is the same, whether objectives are held for longer.
fn is_better(one: &Course, other: &Course) -> bool {
    let bad = (other.bad() - one.bad()) / other.requests().max(1.0);
    bad > MATERIAL || (bad > -MATERIAL && other.slo_minutes() - one.slo_minutes() >= HELD)
}

/// Future by future. Where one side's futures agreed, so that fewer were computed, its last one stands for the others; an action of which
/// one future said enough is compared in that one.
fn share(option: &[Course], nothing: &[Course], holds: impl Fn(&Course, &Course) -> bool) -> f64 {
    let (Some(last_with), Some(last_without)) = (option.last(), nothing.last()) else { return 0.0 };
    let futures = if option.len() == 1 { 1 } else { option.len().max(nothing.len()) };
    let held = (0..futures).filter(|future| {
        holds(option.get(*future).unwrap_or(last_with), nothing.get(*future).unwrap_or(last_without))
    });
    held.count() as f64 / futures as f64
}

fn sum(courses: &[Course], of: impl Fn(&Course) -> f64) -> f64 {
    courses.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five minutes at 1 000 requests a second of which some fail.
    fn course(bad_pct: f64, cores: f64) -> Vec<Course> {
        vec![Course::steady(300, 1_000.0, 10.0 * bad_pct, cores); 2]
    }

    #[test]
    fn what_helps_a_little_at_no_cost_is_better_than_nothing_and_what_harms_a_little_is_not() {
        assert_eq!(rank(&[course(2.4, 4.0), course(1.3, 4.0)]), [1, 0]);
        assert_eq!(rank(&[course(1.3, 4.0), course(2.4, 4.0)]), [0, 1]);
        assert_eq!(rank(&[course(2.4, 4.0), course(1.3, 8.0)]), [0, 1], "it costs more");
        assert_eq!(rank(&[course(4.9, 4.0), course(1.3, 8.0)]), [1, 0], "and is worth it");
        assert_eq!(rank(&[course(2.4, 4.0), course(2.4, 4.0)]), [0, 1]);
    }
}
