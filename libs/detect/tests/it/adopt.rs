//! Rules that change in mid-stream.

use detect::{
    Aggregate, Detector, Operator, Record, Rule, RuleSet, Severity, Transition, TransitionKind, Withdrawn,
};
use proptest::prelude::*;

use crate::cloud::{INTERVAL_MS, Reading, detector_with, feed, queue_rule, time_at, times};
use crate::restart::{restarted, rules, step, stream};

/// What signal-service does when the rules change: warm those that are new, then take them up.
fn adopt(detector: &mut Detector, rules: &RuleSet, past: &[Reading]) -> Vec<Transition> {
    let mut beside = detector.beside(rules);
    if let Some(newest) = past.iter().max_by_key(|reading| reading.tick()) {
        let history_ms = beside.history_ms(INTERVAL_MS);
        let age_ms =
            |reading: &Reading| (time_at(newest.tick()).micros - time_at(reading.tick()).micros) / 1_000;
        let recent = past.iter().filter(|reading| reading.run == newest.run && age_ms(reading) <= history_ms);
        recent.for_each(|reading| reading.with_sample(|sample| beside.warm(sample)));
    }
    detector.adopt(rules, beside)
}

fn set(rules: Vec<Rule>) -> RuleSet {
    RuleSet::new(rules).unwrap()
}

/// Every set that the property changes between: each rule there or not, as it is or with another threshold or window.
fn variant(choices: &[u8]) -> RuleSet {
    let changed = |rule: Rule, choice: u8| match choice {
        0 => None,
        1 => Some(Rule {
            threshold: rule.threshold + 1.0,
            clear_threshold: rule.clear_threshold + 1.0,
            ..rule
        }),
        2 => Some(Rule { window_s: rule.window_s + 3, ..rule }),
        3 => Some(Rule { aggregate: Aggregate::Min, ..rule }),
        _ => Some(rule),
    };
    set(rules().into_iter().zip(choices).filter_map(|(rule, choice)| changed(rule, *choice)).collect())
}

/// What rules tell. What groups make of it differs: an incident whose rule goes ends at once in the one and with the next sample in the
/// other, and whether the next one still belongs to it may hang on that second.
fn by_rules(told: Vec<Transition>) -> Vec<Transition> {
    let mut told: Vec<Transition> =
        told.into_iter().filter(|transition| transition.kind != TransitionKind::Updated).collect();
    for Transition { incident, .. } in &mut told {
        incident.symptom_of = None;
        incident.record = Record::default();
        incident.revision = 0;
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A restart is known to change nothing, so whoever takes rules up in mid-stream must go on like one that starts with them.
    #[test]
    fn taking_rules_up_is_like_a_restart_with_them(
        steps in prop::collection::vec((step(), 1u8..24), 5..30),
        changes in prop::collection::vec((0.0f64..1.0, prop::collection::vec(0u8..8, 4)), 1..6),
    ) {
        let stream = stream(&steps);
        let mut changes: Vec<(usize, RuleSet)> =
            changes.iter().map(|(at, choices)| ((at * stream.len() as f64) as usize, variant(choices))).collect();
        changes.sort_by_key(|(at, _)| *at);
        let mut live = detector_with(rules());
        let mut again = detector_with(rules());
        // What the live one has ended at once, and the other one ends at its next sample.
        let mut ended: Vec<uuid::Uuid> = Vec::new();
        let mut told_by_the_other: Vec<Transition> = Vec::new();
        for (index, reading) in stream.iter().enumerate() {
            while changes.first().is_some_and(|(at, _)| *at <= index) {
                let (_, rules) = changes.remove(0);
                if ended.is_empty() {
                    again = restarted(&told_by_the_other, [], &stream[..index], &rules);
                    ended.extend(adopt(&mut live, &rules, &stream[..index]).iter().map(|told| told.incident.id));
                }
            }
            let mut told = reading.observe(&mut again);
            told_by_the_other.extend(told.iter().cloned());
            let before = told.len();
            told.retain(|transition| !ended.contains(&transition.incident.id));
            if told.len() < before {
                prop_assert_eq!(before - told.len(), ended.len());
                ended.clear();
            }
            prop_assert_eq!(by_rules(reading.observe(&mut live)), by_rules(told));
        }
    }
}

#[test]
fn a_new_rule_knows_what_was_measured_before_it() {
    let mut detector = detector_with(vec![queue_rule(Aggregate::Last, Operator::Gt, 1)]);
    let past: Vec<Reading> =
        (0..20).map(|second| Reading::of("queue_depth", second, &[("checkout", 9.5)])).collect();
    assert!(past.iter().all(|reading| reading.observe(&mut detector).is_empty()));

    let mut patient = queue_rule(Aggregate::Avg, Operator::Gt, 15);
    patient.name = "queue_long".into();
    patient.family = "long".into();
    patient.threshold = 9.0;
    let both = set(vec![queue_rule(Aggregate::Last, Operator::Gt, 1), patient]);
    assert!(adopt(&mut detector, &both, &past).is_empty());
    assert_eq!(
        feed(&mut detector, "queue_depth", 20, times(9.5, 1)),
        [(20, TransitionKind::Opened, Severity::High)]
    );
}

#[test]
fn an_incident_whose_rule_goes_ends_with_the_reason_and_the_others_stay() {
    let mut deep = queue_rule(Aggregate::Last, Operator::Gt, 1);
    deep.selector.ids.insert("checkout".into());
    let mut other = queue_rule(Aggregate::Last, Operator::Gt, 1);
    (other.name, other.family) = ("other".into(), "other".into());
    let open = |rules: &[&Rule]| {
        let mut detector = detector_with(rules.iter().map(|rule| (*rule).clone()).collect());
        feed(&mut detector, "queue_depth", 0, times(50.0, 3));
        detector
    };

    let gone = |what| set(vec![other.clone()]).with_withdrawn([("queue_deep".to_owned(), what)]);
    let elsewhere = Rule {
        selector: {
            let mut s = deep.selector.clone();
            s.ids = ["cart".to_owned()].into();
            s
        },
        ..deep.clone()
    };
    let moved = Rule { family: "elsewhere".into(), ..deep.clone() };
    for (rules, reason) in [
        (gone(Withdrawn::Deleted), "rule queue_deep was deleted"),
        (gone(Withdrawn::Disabled), "rule queue_deep was disabled"),
        (set(vec![other.clone(), elsewhere]), "rule queue_deep no longer watches service checkout"),
        (set(vec![other.clone(), moved]), "rule queue_deep moved to the family elsewhere"),
    ] {
        let mut detector = open(&[&deep, &other]);
        let told = adopt(&mut detector, &rules, &[]);
        assert_eq!(told.len(), 1, "{reason}");
        assert_eq!(told[0].incident.resolution, reason);
        assert_eq!((told[0].incident.updated_tick, told[0].incident.revision), (40, 2));
        let left: Vec<_> =
            detector.open_incidents().map(|incident| (incident.rule.as_str(), incident.revision)).collect();
        assert_eq!(left, [("other", 1)]);
    }
}

#[test]
fn a_changed_rule_that_is_no_longer_breached_clears_in_the_normal_way() {
    let deep = queue_rule(Aggregate::Last, Operator::Gt, 4);
    let mut detector = detector_with(vec![deep.clone()]);
    let past: Vec<Reading> =
        (0..10).map(|second| Reading::of("queue_depth", second, &[("checkout", 50.0)])).collect();
    for reading in &past {
        reading.observe(&mut detector);
    }
    assert_eq!(detector.open_incidents().count(), 1);

    let raised = set(vec![Rule { threshold: 100.0, clear_threshold: 80.0, ..deep }]);
    assert!(adopt(&mut detector, &raised, &past).is_empty());
    let told = Reading::of("queue_depth", 10, &[("checkout", 50.0)]).observe(&mut detector);
    assert_eq!(told[0].incident.resolution, "metric clear for 4 s");
}
