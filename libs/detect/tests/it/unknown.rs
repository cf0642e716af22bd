use detect::{Severity, TransitionKind};

use crate::cloud::{Reading, detector, feed, times};
use TransitionKind::{Opened, Resolved};

#[test]
fn missing_values_neither_fire() {
    let mut detector = detector();
    let values = times(50.0, 9).chain(times(f32::NAN, 1)).chain(times(50.0, 9));
    assert_eq!(feed(&mut detector, "error_rate", 0, values), []);
    assert_eq!(feed(&mut detector, "error_rate", 19, times(50.0, 1)), [(19, Opened, Severity::Critical)]);
}

#[test]
fn nor_clear() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(50.0, 10));
    assert_eq!(feed(&mut detector, "error_rate", 10, times(f32::NAN, 500)), []);
    assert_eq!(detector.open_incidents().count(), 1);
    assert_eq!(feed(&mut detector, "error_rate", 510, times(0.0, 18)), [], "ten to fill, ten to be clear");
    assert_eq!(feed(&mut detector, "error_rate", 528, times(0.0, 1)), [(528, Resolved, Severity::Critical)]);
}

#[test]
fn infinite_values_count_as_missing() {
    let mut detector = detector();
    assert_eq!(feed(&mut detector, "error_rate", 0, times(f32::INFINITY, 30)), []);
    assert_eq!(feed(&mut detector, "error_rate", 30, times(f32::NEG_INFINITY, 30)), []);
    assert_eq!(detector.open_incidents().count(), 0);
}

#[test]
fn a_gap_empties_the_windows() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(7.0, 9));
    assert_eq!(feed(&mut detector, "error_rate", 10, times(7.0, 9)), [], "second 9 is missing");
    assert_eq!(feed(&mut detector, "error_rate", 19, times(7.0, 1)), [(19, Opened, Severity::High)]);
}

#[test]
fn an_hour_without_telemetry_does_not_resolve() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(7.0, 12));
    assert_eq!(feed(&mut detector, "error_rate", 3_600, times(0.0, 18)), []);
    assert_eq!(feed(&mut detector, "error_rate", 3_618, times(0.0, 1)), [(3_618, Resolved, Severity::High)]);
}

#[test]
fn late_and_duplicate_samples_are_ignored_and_counted() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(0.0, 20));
    assert_eq!(feed(&mut detector, "error_rate", 19, times(1e6, 1)), []);
    assert_eq!(feed(&mut detector, "error_rate", 5, times(1e6, 10)), []);
    let counters = detector.counters();
    assert_eq!((counters.observed, counters.duplicate, counters.late), (20, 1, 10));
    assert_eq!(feed(&mut detector, "error_rate", 20, times(0.0, 20)), [], "the windows never saw them");
}

#[test]
fn a_metric_that_is_not_sampled_is_unknown() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(7.0, 12));
    assert_eq!(feed(&mut detector, "cpu_usage", 12, times(1.0, 100)), []);
    assert_eq!(detector.open_incidents().count(), 1);
}

#[test]
fn a_target_that_vanished_resolves_after_a_window_of_silence() {
    let mut detector = detector();
    let others = |second| Reading::of("error_rate", second, &[("cart", 0.0)]);
    feed(&mut detector, "error_rate", 0, times(7.0, 12));
    let told: Vec<_> = (12..40).flat_map(|second| others(second).observe(&mut detector)).collect();
    assert_eq!(told.len(), 1);
    let incident = &told[0].incident;
    assert_eq!((told[0].kind, incident.updated_tick), (Resolved, 22 * 20), "ten complete samples without it");
    assert_eq!(incident.resolution, "service checkout gone: no telemetry for 10 s");
}

#[test]
fn a_target_that_comes_back_in_time_stays_open() {
    let mut detector = detector();
    feed(&mut detector, "error_rate", 0, times(7.0, 12));
    for second in 12..20 {
        assert!(Reading::of("error_rate", second, &[("cart", 0.0)]).observe(&mut detector).is_empty());
    }
    assert_eq!(feed(&mut detector, "error_rate", 20, times(7.0, 30)), []);
    assert_eq!(detector.open_incidents().count(), 1);
}

#[test]
fn other_services_coming_and_going_do_not_disturb_a_window() {
    let mut detector = detector();
    let mut told = Vec::new();
    for second in 0..10 {
        let extra = format!("canary-{second}");
        let readings = [(extra.as_str(), 0.0), ("checkout", 7.0)];
        told.extend(Reading::of("error_rate", second, &readings).observe(&mut detector));
    }
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].kind, told[0].incident.tick), (Opened, 180));
}
