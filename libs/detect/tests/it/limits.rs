use detect::{Columns, Detector, Limits, RuleSet, Sample, SimTime, builtin_rules};

fn announce(detector: &mut Detector, simulation: &str, shard: u32, services: usize) {
    let ids: Vec<String> = (0..services).map(|n| format!("s{n}")).collect();
    let values = vec![50.0; services];
    let services = Columns::new(ids.iter().map(String::as_str)).with("cpu_usage", &values).unwrap();
    let sample = Sample {
        simulation,
        run: "run",
        tick: 0,
        time: SimTime::from_micros(0),
        shard,
        shard_count: 1,
        interval_ms: 1_000,
        services,
        nodes: Columns::default(),
        map: None,
    };
    assert!(detector.observe(&sample).is_empty());
}

fn detector(limits: Limits) -> Detector {
    Detector::new(&RuleSet::new(builtin_rules()).unwrap(), limits)
}

#[test]
fn windows_beyond_the_limit_are_not_watched() {
    let mut detector = detector(Limits { window_bytes: 1 << 20, scored_targets: 0, ..Limits::default() });
    announce(&mut detector, "default", 0, 1_000_000);
    assert_eq!((detector.counters().observed, detector.counters().over_limit), (0, 1));
    assert_eq!(detector.window_bytes(), 0);
    announce(&mut detector, "default", 0, 100);
    assert_eq!(detector.counters().observed, 1);
    assert!(detector.window_bytes() <= 1 << 20);
}

#[test]
fn so_are_simulations_and_shards() {
    let mut detector = detector(Limits { simulations: 2, shards: 2, ..Limits::default() });
    for (simulation, shard) in [("a", 0), ("b", 0), ("c", 0), ("a", 1), ("a", 2)] {
        announce(&mut detector, simulation, shard, 10);
    }
    assert_eq!((detector.counters().observed, detector.counters().over_limit), (3, 2));
}

#[test]
fn columns_that_do_not_fit_are_refused_with_a_sentence() {
    let wrong = Columns::new(["a", "b"]).with("cpu_usage", &[1.0]).unwrap_err().to_string();
    assert!(wrong.contains("1 values for 2 ids"), "{wrong}");
    let twice = Columns::new(["a"]).with("cpu_usage", &[1.0]).unwrap().with("cpu_usage", &[1.0]);
    assert!(twice.unwrap_err().to_string().contains("twice"));
}
