use detect::{
    Aggregate, MAX_RULES, Operator, RuleSet, Selector, Severity, TargetKind, TransitionKind, builtin_rules,
};

use crate::cloud::{Reading, detector_with, feed, queue_rule, times};

#[test]
fn the_built_in_rules_are_valid_and_as_documented() {
    let rules = RuleSet::new(builtin_rules()).unwrap();
    let told: Vec<_> =
        rules.rules().iter().map(|r| (r.name.as_str(), r.family.as_str(), r.threshold, r.severity)).collect();
    assert_eq!(
        told,
        [
            ("error_rate_high", "error_rate", 5.0, Severity::High),
            ("error_rate_critical", "error_rate", 10.0, Severity::Critical),
            ("cpu_high", "cpu", 85.0, Severity::Warning),
            ("cpu_critical", "cpu", 95.0, Severity::High),
            ("memory_high", "memory", 90.0, Severity::High),
            ("latency_high", "latency", 500.0, Severity::High),
        ]
    );
    assert_eq!(rules.longest_window_s(), 10);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let mut rule = queue_rule(Aggregate::Avg, Operator::Gt, 0);
    rule.name = "Queue deep".into();
    rule.threshold = f64::NAN;
    rule.selector = Selector::all([]);
    let mut backwards = queue_rule(Aggregate::Avg, Operator::Lt, 10);
    backwards.clear_threshold = 1.0;
    let told = RuleSet::new(vec![rule, backwards.clone(), backwards]).unwrap_err().to_string();
    for part in [
        "Queue deep: name",
        "Queue deep: selector",
        "Queue deep: threshold: use a finite number",
        "Queue deep: window_s: use 1 to 1200 seconds",
        "queue_deep: clear_threshold",
        "queue_deep: name: is used by another rule",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
}

#[test]
fn too_many_rules_are_refused() {
    let rules = (0..=MAX_RULES).map(|n| {
        let mut rule = queue_rule(Aggregate::Avg, Operator::Gt, 10);
        rule.name = format!("rule_{n}");
        rule
    });
    assert!(RuleSet::new(rules.collect()).unwrap_err().to_string().contains("at most 4096"));
}

#[test]
fn a_rule_for_some_ids_leaves_the_others_alone() {
    let mut rule = queue_rule(Aggregate::Last, Operator::Gt, 1);
    rule.selector.ids.insert("cart".into());
    let mut detector = detector_with(vec![rule]);
    let told = Reading::of("queue_depth", 0, &[("checkout", 50.0), ("cart", 50.0)]).observe(&mut detector);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].incident.target.id, "cart");
}

#[test]
fn removing_a_rule_resolves_its_incident() {
    let mut before = detector_with(vec![queue_rule(Aggregate::Last, Operator::Gt, 1)]);
    feed(&mut before, "queue_depth", 0, times(50.0, 1));
    let mut after = detector_with(builtin_rules());
    before.open_incidents().for_each(|incident| after.restore_open(incident.clone()));
    let told = Reading::of("queue_depth", 1, &[("checkout", 50.0)]).observe(&mut after);
    assert_eq!(told[0].kind, TransitionKind::Resolved);
    assert_eq!(told[0].incident.resolution, "rule queue_deep was removed");
    assert_eq!(after.open_incidents().count(), 0);
}

#[test]
fn a_family_may_span_metrics_and_a_mute_member_does_not_hold_it_open() {
    let mut disk = queue_rule(Aggregate::Last, Operator::Gt, 5);
    disk.name = "disk_full".into();
    disk.metric = "disk_usage".into();
    let mut detector = detector_with(vec![queue_rule(Aggregate::Last, Operator::Gt, 5), disk]);
    let told = feed(&mut detector, "queue_depth", 0, times(50.0, 10).chain(times(0.0, 10)));
    assert_eq!(
        told,
        [(4, TransitionKind::Opened, Severity::High), (14, TransitionKind::Resolved, Severity::High)]
    );
}

#[test]
fn nodes_have_incidents_too() {
    use detect::{Columns, Sample, SimTime};
    let mut detector = detector_with(builtin_rules());
    let mut told = Vec::new();
    for second in 0..12u32 {
        let nodes = Columns::new(["node-a1"]).with("memory_usage", &[99.0]).unwrap();
        told.extend(detector.observe(&Sample {
            simulation: "default",
            run: "run",
            tick: u64::from(second),
            time: SimTime::from_micros(i64::from(second) * 1_000_000),
            shard: 0,
            shard_count: 1,
            interval_ms: 1_000,
            services: Columns::default(),
            nodes,
        }));
    }
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].incident.target.kind, told[0].incident.tick), (TargetKind::Node, 9));
}
