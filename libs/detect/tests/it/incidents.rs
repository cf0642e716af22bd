use detect::{Aggregate, Operator, Severity, Target, TargetKind, TransitionKind, incident_id};

use crate::cloud::{Reading, detector, detector_with, feed, queue_rule, time_at, times};
use TransitionKind::{Escalated, Opened, Resolved};

#[test]
fn a_breach_opens_an_incident_once_the_window_is_full() {
    let mut detector = detector();
    assert_eq!(feed(&mut detector, "error_rate", 0, times(7.0, 9)), []);
    assert_eq!(feed(&mut detector, "error_rate", 9, times(7.0, 5)), [(9, Opened, Severity::High)]);
}

#[test]
fn an_opened_incident_says_everything_a_row_needs() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(0.0, 30));
    let mut told = Vec::new();
    for second in 30.. {
        told.extend(Reading::of("error_rate", second, &[("checkout", 20.0)]).observe(&mut detector));
        if !told.is_empty() {
            break;
        }
    }
    let incident = &told[0].incident;
    let target = Target { kind: TargetKind::Service, id: "checkout".into() };
    assert_eq!(incident.id, incident_id("default", "run-1", "error_rate_high", &target, incident.tick));
    assert_eq!((incident.rule.as_str(), incident.family.as_str()), ("error_rate_high", "error_rate"));
    assert_eq!((incident.metric.as_str(), incident.threshold, incident.observed), ("error_rate", 5.0, 6.0));
    assert_eq!((incident.tick, incident.updated_tick, incident.revision), (640, 640, 1));
    assert_eq!((incident.detected_at, incident.resolved_at), (time_at(640), None));
    assert_eq!(incident.title, "checkout: error rate 6 % > 5 %");
    assert!(incident.description.contains("6 %, above the threshold of 5 %"), "{}", incident.description);
    assert_eq!(incident.target, target);
}

#[test]
fn severity_rises_in_place_and_does_not_fall() {
    let mut detector = detector();
    assert_eq!(feed(&mut detector, "error_rate", 0, times(7.0, 10)), [(9, Opened, Severity::High)]);
    assert_eq!(feed(&mut detector, "error_rate", 10, times(30.0, 10)), [(11, Escalated, Severity::Critical)]);
    assert_eq!(
        feed(&mut detector, "error_rate", 20, times(6.0, 60)),
        [],
        "still above 5 %: open, still critical"
    );
    let open: Vec<_> = detector.open_incidents().collect();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].rule.as_str(), open[0].severity, open[0].revision),
        ("error_rate_high", Severity::Critical, 2)
    );
    assert!(open[0].title.ends_with("> 10 %"), "{}", open[0].title);
}

#[test]
fn the_worst_rule_opens_when_several_are_breached_at_once() {
    let mut detector = detector();
    assert_eq!(feed(&mut detector, "error_rate", 0, times(50.0, 20)), [(9, Opened, Severity::Critical)]);
    assert_eq!(detector.open_incidents().next().unwrap().rule, "error_rate_critical");
}

#[test]
fn an_incident_resolves_after_a_whole_window_on_the_clear_side() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(6.0, 10));
    // The average passes 4 % at the fourth zero (3.6 %), and stays clear for ten samples.
    assert_eq!(feed(&mut detector, "error_rate", 10, times(0.0, 40)), [(22, Resolved, Severity::High)]);
    assert_eq!(detector.open_incidents().count(), 0);
}

#[test]
fn the_band_between_threshold_and_clear_threshold_keeps_it_open() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(6.0, 10));
    assert_eq!(feed(&mut detector, "error_rate", 10, times(4.5, 100)), []);
    // One excursion into the band starts the count again.
    let wobble = times(4.0, 18).chain(times(5.0, 1)).chain(times(4.0, 18));
    assert_eq!(feed(&mut detector, "error_rate", 110, wobble), []);
    assert_eq!(feed(&mut detector, "error_rate", 147, times(4.0, 5)), [(147, Resolved, Severity::High)]);
}

#[test]
fn an_incident_opened_by_the_worse_rule_waits_for_the_whole_family() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(50.0, 10));
    assert_eq!(feed(&mut detector, "error_rate", 10, times(6.0, 60)), [], "critical is clear, high is not");
    assert_eq!(feed(&mut detector, "error_rate", 70, times(0.0, 40)), [(82, Resolved, Severity::Critical)]);
}

#[test]
fn a_second_breach_is_a_second_incident() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(7.0, 10));
    let first = detector.open_incidents().next().unwrap().id;
    feed(&mut detector, "error_rate", 10, times(0.0, 40));
    feed(&mut detector, "error_rate", 50, times(7.0, 20));
    assert_ne!(detector.open_incidents().next().unwrap().id, first);
}

#[test]
fn every_target_and_family_has_its_own_incident() {
    let mut detector = detector();
    let mut opened = Vec::new();
    for second in 0..10 {
        let readings = [("checkout", 7.0), ("cart", 0.0), ("payment", 12.0)];
        opened.extend(Reading::of("error_rate", second, &readings).observe(&mut detector));
    }
    let told: Vec<_> = opened.iter().map(|t| (t.incident.target.id.as_str(), t.incident.severity)).collect();
    assert_eq!(told, [("checkout", Severity::High), ("payment", Severity::Critical)]);
}

#[test]
fn a_new_run_ends_the_incidents_of_the_old_one() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(7.0, 12));
    let ended = Reading::of("error_rate", 0, &[("checkout", 7.0)]).in_run("run-2").observe(&mut detector);
    assert_eq!(ended.len(), 1);
    let incident = &ended[0].incident;
    assert_eq!(
        (ended[0].kind, incident.resolution.as_str(), incident.run.as_str()),
        (Resolved, "run ended", "run-1")
    );
    assert_eq!((incident.updated_tick, incident.resolved_at), (220, Some(time_at(220))));
    // Stragglers of the old run are late; the new run needs a full window of its own.
    assert!(Reading::of("error_rate", 12, &[("checkout", 7.0)]).observe(&mut detector).is_empty());
    assert_eq!(detector.counters().late, 1);
    for second in 1..9 {
        let new = Reading::of("error_rate", second, &[("checkout", 7.0)]).in_run("run-2");
        assert!(new.observe(&mut detector).is_empty());
    }
    let opened = Reading::of("error_rate", 9, &[("checkout", 7.0)]).in_run("run-2").observe(&mut detector);
    assert_eq!((opened[0].kind, opened[0].incident.run.as_str()), (Opened, "run-2"));
}

#[test]
fn every_operator_and_aggregate_fires_on_its_own_side() {
    let ramp = || (0..40u8).map(f32::from);
    let cases = [
        (Aggregate::Last, Operator::Gt, 11),
        (Aggregate::Last, Operator::Gte, 10),
        (Aggregate::Min, Operator::Gt, 15),
        (Aggregate::Max, Operator::Gt, 11),
        (Aggregate::Avg, Operator::Gt, 13),
        (Aggregate::P95, Operator::Gt, 11),
        (Aggregate::Last, Operator::Eq, 10),
        (Aggregate::Last, Operator::Lt, 4),
        (Aggregate::Max, Operator::Lte, 4),
    ];
    for (aggregate, operator, second) in cases {
        let mut detector = detector_with(vec![queue_rule(aggregate, operator, 5)]);
        let told = feed(&mut detector, "queue_depth", 0, ramp());
        assert_eq!(told[0], (second, Opened, Severity::High), "{aggregate:?} {operator:?}");
    }
}

#[test]
fn a_rate_is_per_second() {
    let mut detector = detector_with(vec![queue_rule(Aggregate::Rate, Operator::Gt, 5)]);
    assert_eq!(feed(&mut detector, "queue_depth", 0, (0..20u8).map(|n| f32::from(n) * 10.0)), []);
    let told = feed(&mut detector, "queue_depth", 20, (0..20u8).map(|n| 200.0 + f32::from(n) * 11.0));
    assert_eq!(told[0].1, Opened);
    assert!(detector.open_incidents().next().unwrap().title.contains("per s"));
}
