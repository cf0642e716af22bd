use detect::{
    Aggregate, Condition, MAX_RULES, Operator, Rule, RuleSet, Selector, Severity, TargetKind, TransitionKind,
    builtin_rules,
};

use crate::cloud::{Reading, detector_with, feed, queue_rule, times};

#[test]
fn the_built_in_rules_are_valid_and_as_documented() {
    let rules = RuleSet::new(builtin_rules()).unwrap();
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/detection.md")).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .filter(|cells: &Vec<&str>| cells.len() == 7)
        .collect();
    let told: Vec<[String; 7]> = rules.rules().iter().map(documented).collect();
    assert_eq!(rows, told);
    assert_eq!(rules.longest_window_s(), 720);
}

/// A rule as the table of docs/detection.md has it.
fn documented(rule: &Rule) -> [String; 7] {
    let Rule { aggregate, operator, window_s, metric, threshold, .. } = rule;
    let compared =
        |aggregate: &Aggregate, metric: &str, operator: &Operator, threshold: f64, window_s: u32| {
            let aggregate = format!("{aggregate:?}").to_lowercase();
            format!("{aggregate}({metric}, {window_s} s) {} {threshold}", operator.sign())
        };
    let mut fires = compared(aggregate, metric, operator, *threshold, *window_s);
    for also in &rule.also {
        fires += " and ";
        fires += &compared(&also.aggregate, &also.metric, &also.operator, also.threshold, also.window_s);
    }
    if rule.for_s > 0 {
        fires += &format!(" for {} s", rule.for_s);
    }
    let kinds: Vec<String> = rule.selector.kinds.iter().map(|kind| format!("{}s", kind.as_str())).collect();
    let severity = format!("{} {}", rule.severity.number(), rule.severity.as_str());
    let clear = rule.clear_threshold.to_string();
    [
        rule.name.clone(),
        rule.family.clone(),
        kinds.join(", "),
        fires,
        clear,
        severity,
        rule.description.clone(),
    ]
}

#[test]
fn every_mistake_is_reported_at_once() {
    let mut rule = queue_rule(Aggregate::Avg, Operator::Gt, 0);
    rule.name = "Queue deep".into();
    rule.threshold = f64::NAN;
    rule.selector = Selector::all([]);
    let mut backwards = queue_rule(Aggregate::Avg, Operator::Lt, 10);
    backwards.clear_threshold = 1.0;
    let mut elsewhere = queue_rule(Aggregate::Avg, Operator::Gt, 10);
    elsewhere.name = "elsewhere".into();
    elsewhere.selector = Selector::all([TargetKind::Node]);
    elsewhere.for_s = 1_201;
    elsewhere.labels.insert(String::new(), "x".into());
    elsewhere.also.push(Condition {
        metric: "queue_lenght".into(),
        aggregate: Aggregate::Avg,
        operator: Operator::Gt,
        threshold: f64::INFINITY,
        window_s: 0,
    });
    let told = RuleSet::new(vec![rule, backwards.clone(), backwards, elsewhere]).unwrap_err().to_string();
    for part in [
        "Queue deep: name",
        "Queue deep: selector",
        "Queue deep: threshold: use a finite number",
        "Queue deep: window_s: use 1 to 1200 seconds",
        "queue_deep: clear_threshold",
        "queue_deep: name: is used by another rule",
        "elsewhere: metric: queue_depth is not measured of nodes",
        "elsewhere: for_s: use 0 to 1200 seconds",
        "elsewhere: labels",
        "elsewhere: also: there is no metric \"queue_lenght\"; use one of cpu_usage, ",
        "elsewhere: also: use a finite number",
        "elsewhere: also: use a window_s",
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
    before.open_incidents().for_each(|incident| after.restore(incident.clone()));
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
            map: None,
        }));
    }
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].incident.target.kind, told[0].incident.tick), (TargetKind::Node, 9));
}

#[test]
fn a_rule_waits_for_its_breach_to_last() {
    let mut rule = queue_rule(Aggregate::Last, Operator::Gt, 1);
    rule.for_s = 5;
    let mut detector = detector_with(vec![rule]);
    // Five breached samples, one below, then long enough.
    let values = times(50.0, 5).chain(times(9.0, 1)).chain(times(50.0, 8));
    let told = feed(&mut detector, "queue_depth", 0, values);
    assert_eq!(told, [(11, TransitionKind::Opened, Severity::High)]);
}

#[test]
fn a_rule_fires_only_while_its_other_conditions_hold() {
    let mut rule = queue_rule(Aggregate::Last, Operator::Gt, 1);
    rule.labels.insert("team".into(), "shop".into());
    rule.also.push(Condition {
        metric: "queue_depth".into(),
        aggregate: Aggregate::Avg,
        operator: Operator::Gt,
        threshold: 30.0,
        window_s: 4,
    });
    let mut detector = detector_with(vec![rule]);
    let told =
        feed(&mut detector, "queue_depth", 0, times(0.0, 4).chain(times(50.0, 4)).chain(times(9.0, 4)));
    // The mean of four exceeds 30 at the third sample of 50. The band between the thresholds keeps it open, whatever the mean.
    assert_eq!(told, [(6, TransitionKind::Opened, Severity::High)]);
    let open: Vec<_> = detector.open_incidents().collect();
    assert_eq!(open[0].labels["team"], "shop");
}
