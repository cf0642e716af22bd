//! Rules tried on what was measured.

use detect::{Aggregate, Backtest, Comparison, Limits, Operator, Rule, RuleSet};

use crate::cloud::{Reading, queue_rule, times};

fn set(rules: Vec<Rule>) -> RuleSet {
    RuleSet::new(rules).unwrap()
}

/// Queue depths of `checkout`, a second each, looked at by both.
fn tried(present: Vec<Rule>, candidates: Vec<Rule>) -> Comparison {
    let calm_deep_shallow =
        times(0.0, 10).chain(times(50.0, 20)).chain(times(0.0, 20)).chain(times(12.0, 20));
    let mut test = Backtest::new(&set(present), &set(candidates), Limits::default()).unwrap();
    assert_eq!(test.metrics().into_iter().collect::<Vec<_>>(), ["queue_depth"]);
    for (second, value) in (0..).zip(calm_deep_shallow.chain(times(0.0, 20))) {
        let reading = Reading::of("queue_depth", second, &[("checkout", value)]);
        assert!(reading.with_sample(|sample| test.observe(sample)));
    }
    test.finish()
}

fn counts(comparison: &Comparison) -> (usize, usize, usize, usize) {
    let Comparison { gained, lost, moved, unchanged, .. } = comparison;
    (gained.len(), lost.len(), moved.len(), unchanged.len())
}

#[test]
fn a_test_tells_what_is_gained_lost_moved_and_unchanged() {
    // Fires at depths of 50 and of 12.
    let deep = queue_rule(Aggregate::Last, Operator::Gt, 1);
    assert_eq!(counts(&tried(vec![deep.clone()], vec![deep.clone()])), (0, 0, 0, 2));

    let higher = Rule { threshold: 20.0, ..deep.clone() };
    let told = tried(vec![deep.clone()], vec![higher.clone()]);
    assert_eq!(counts(&told), (0, 1, 0, 1));
    assert_eq!(told.samples, 90);
    assert_eq!(counts(&tried(vec![higher], vec![deep.clone()])), (1, 0, 0, 1));

    let patient = Rule { for_s: 5, ..deep.clone() };
    let told = tried(vec![deep], vec![patient]);
    assert_eq!(counts(&told), (0, 0, 2, 0));
    let (before, after) = &told.moved[0];
    assert_eq!(after.opened_at.micros - before.opened_at.micros, 5_000_000);
    assert_eq!(after.resolved_at, before.resolved_at);
}

#[test]
fn a_new_rule_is_compared_with_its_family_and_with_nothing_else() {
    let deep = queue_rule(Aggregate::Last, Operator::Gt, 1);
    let mut unrelated = Rule { threshold: 1.0, clear_threshold: 1.0, ..deep.clone() };
    (unrelated.name, unrelated.family) = ("unrelated".into(), "other".into());
    let mut worse = Rule { threshold: 40.0, severity: detect::Severity::Critical, ..deep.clone() };
    worse.name = "queue_very_deep".into();
    let told = tried(vec![deep, unrelated], vec![worse]);
    // It escalates the one at 50, at once.
    assert_eq!(counts(&told), (0, 0, 1, 1));
    assert_eq!(told.moved[0].1.severity, detect::Severity::Critical);
}
