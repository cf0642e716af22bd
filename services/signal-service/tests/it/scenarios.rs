//! The built-in rules on the simulated cloud itself.

use std::path::Path;

use detect::{
    Columns, Detector, Limits, RuleSet, Sample, SimTime, Transition, TransitionKind, builtin_rules,
};
use sim::World;

struct Files;

impl sim::ScenarioSource for Files {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios").join(relative_path);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// What the detector says about some minutes of a scenario.
fn watch(scenario: &str, minutes: u64) -> Vec<Transition> {
    let scenario = sim::scenario::load(scenario, &Files).unwrap();
    let mut world = World::new(scenario, 42);
    let mut detector = Detector::new(&RuleSet::new(builtin_rules()).unwrap(), Limits::default());
    let (mut events, mut told) = (Vec::new(), Vec::new());
    for _ in 0..minutes * 60_000 / u64::from(sim::TICK_MS) {
        world.step(&mut events);
        if world.sample_due() {
            let snapshot = world.snapshot();
            told.extend(detector.observe(&Sample {
                simulation: "default",
                run: "run",
                tick: snapshot.tick,
                time: SimTime::from_micros(snapshot.tick.cast_signed() * i64::from(sim::TICK_MS) * 1_000),
                shard: 0,
                shard_count: 1,
                interval_ms: sim::SAMPLE_EVERY_MS,
                services: columns(&snapshot.services),
                nodes: columns(&snapshot.nodes),
                map: None,
            }));
        }
    }
    told
}

fn columns(from: &sim::Columns) -> Columns<'_> {
    let mut columns = Columns::new(from.ids.iter().map(AsRef::as_ref));
    for (metric, values) in &from.columns {
        columns.push(metric.as_str(), values).unwrap();
    }
    columns
}

#[test]
fn ten_normal_minutes_raise_no_incident() {
    let told: Vec<String> =
        watch("normal", 10).into_iter().map(|transition| transition.incident.title).collect();
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn a_cascading_failure_raises_incidents() {
    let told = watch("cascade_failure", 10);
    let opened: Vec<&str> =
        told.iter().filter(|t| t.kind == TransitionKind::Opened).map(|t| t.incident.title.as_str()).collect();
    println!("{opened:#?}");
    assert!(!opened.is_empty());
    assert!(told.iter().any(|t| t.incident.severity >= detect::Severity::High));
}
