//! Every kind of fault shows while it is in force and leaves nothing behind.

use sim::fault::{FaultError, kinds};
use sim::{
    ActionKind, Command, CommandError, Effect, EventKind, FaultId, FaultKind, FaultSpec, MetricName, Target,
    TargetKind,
};

use crate::stage::Stage;

fn target_of(kind: FaultKind) -> Target {
    match (kind, kind.info().targets[0]) {
        (FaultKind::CacheFlush, _) => Target::service("catalog-cache"),
        (FaultKind::DiskFull, _) => Target::service("catalog-db"),
        (_, TargetKind::Service) => Target::service("catalog"),
        (_, TargetKind::Node) => Target::node("node-b1"),
        (_, TargetKind::Zone) => Target::zone("zone-b"),
        (_, TargetKind::Simulation) => Target::simulation(),
    }
}

/// Largest relative difference of any service's metric in the last ten seconds.
fn distance(left: &Stage, right: &Stage) -> f64 {
    let metrics = [
        MetricName::CpuUsage,
        MetricName::MemoryUsage,
        MetricName::RequestRate,
        MetricName::Throughput,
        MetricName::LatencyP99,
        MetricName::Replicas,
    ];
    let mut largest: f64 = 0.0;
    for id in left.samples[0].services.ids.iter() {
        for metric in metrics {
            let value = |stage: &Stage| stage.mean(id, metric, 10).unwrap_or(0.0);
            let (left, right) = (value(left), value(right));
            largest = largest.max((left - right).abs() / left.abs().max(right.abs()).max(1.0));
        }
    }
    largest
}

#[test]
fn every_kind_shows_and_reverts() {
    let mut calm = Stage::of("normal");
    calm.run_s(30);
    for info in kinds() {
        let mut struck = Stage::of("normal");
        struck.run_s(10);
        let spec = FaultSpec { id: "it".to_owned(), ..FaultSpec::new(info.kind, target_of(info.kind)) };
        let before = struck.world.topology();
        struck.apply(&Command::InjectFault(spec)).unwrap();
        struck.run_s(20);
        let shown = distance(&calm, &struck);
        assert!(shown > 0.05, "{} shows: {shown}", info.name);
        struck.apply(&Command::ClearFault(FaultId("it".to_owned()))).unwrap();
        struck.run_s(150);
        let mut later = Stage::of("normal");
        later.run_s(180);
        let left = distance(&later, &struck);
        assert!(left < 0.02, "{} leaves {left} behind", info.name);
        let versions = |topology: &sim::world::view::TopologyView| -> Vec<u64> {
            topology.services.iter().map(|service| service.version).collect()
        };
        assert_eq!(versions(&before), versions(&struck.world.topology()), "load and faults raise no version");
        let kinds: Vec<EventKind> = struck.events.iter().map(|event| event.kind).collect();
        assert!(
            kinds.contains(&EventKind::FaultStarted) && kinds.contains(&EventKind::FaultEnded),
            "{}",
            info.name
        );
    }
}

#[test]
fn injecting_twice_changes_nothing_and_clearing_nothing_is_an_error() {
    let mut stage = Stage::of("normal");
    let spec = FaultSpec { id: "x".to_owned(), ..FaultSpec::new(FaultKind::CpuHog, Target::service("web")) };
    assert!(matches!(stage.apply(&Command::InjectFault(spec.clone())), Ok(Effect::FaultInjected(_))));
    assert!(matches!(stage.apply(&Command::InjectFault(spec.clone())), Ok(Effect::FaultAlreadyActive(_))));
    let other = FaultSpec { target: Target::service("cart"), ..spec.clone() };
    assert!(matches!(
        stage.apply(&Command::InjectFault(other)),
        Err(CommandError::Fault(FaultError::IdInUse { .. }))
    ));
    let error = stage.apply(&Command::ClearFault(FaultId("y".to_owned()))).unwrap_err();
    assert_eq!(error.to_string(), "no fault y is in force; faults in force: x");
    assert!(matches!(
        stage.apply(&Command::ClearFault(FaultId("x".to_owned()))),
        Ok(Effect::FaultCleared(_))
    ));
}

#[test]
fn a_fault_on_nothing_is_refused_with_the_names_there_are() {
    let mut stage = Stage::of("normal");
    let spec = FaultSpec::new(FaultKind::NodeCrash, Target::node("node-x"));
    let error = stage.apply(&Command::InjectFault(spec)).unwrap_err().to_string();
    assert!(error.contains("node-a1") && error.contains("node-x"), "{error}");
    let spike = FaultSpec::new(FaultKind::TrafficSpike, Target::service("web"));
    let error = stage.apply(&Command::InjectFault(spike)).unwrap_err().to_string();
    assert!(error.ends_with("use one of cdn"), "{error}");
}

#[test]
fn traffic_falls_by_the_severity_down_to_none_and_comes_back() {
    let mut stage = Stage::of("normal");
    stage.run_s(10);
    let rate = |stage: &Stage| stage.mean("cdn", MetricName::RequestRate, 10).unwrap();
    let before = rate(stage.run_s(10));
    for (severity, target, left) in [
        (0.6, Target::simulation(), 0.4),
        (0.6, Target::service("cdn"), 0.4),
        (1.0, Target::simulation(), 0.0),
    ] {
        let drop = FaultSpec { severity, duration_s: 20.0, ..FaultSpec::new(FaultKind::TrafficDrop, target) };
        stage.apply(&Command::InjectFault(drop)).unwrap();
        let during = rate(stage.run_s(18));
        let share = during / before;
        assert!((share - left).abs() < 0.1, "of {before} req/s, {during} are left at {severity}");
        let after = rate(stage.run_s(20));
        assert!((after / before - 1.0).abs() < 0.3, "{before} {after}");
    }
}

#[test]
fn a_fault_with_a_duration_ends_by_itself_and_one_with_an_onset_rises() {
    let mut stage = Stage::of("normal");
    stage.run_s(10);
    let spec = FaultSpec {
        onset_s: 10.0,
        duration_s: 20.0,
        severity: 1.0,
        ..FaultSpec::new(FaultKind::TrafficSpike, Target::simulation())
    };
    stage.apply(&Command::InjectFault(spec)).unwrap();
    let rate = |stage: &Stage| stage.mean("cdn", MetricName::RequestRate, 1).unwrap();
    let before = rate(&stage);
    let half = rate(stage.run_s(5));
    let full = rate(stage.run_s(10));
    let after = rate(stage.run_s(10));
    assert!(
        half > before * 2.0 && full > half * 1.5 && after < before * 1.3,
        "{before} {half} {full} {after}"
    );
    assert!(stage.world.faults().is_empty());
}

#[test]
fn a_leak_past_the_limit_kills_the_replica_and_it_comes_back() {
    let mut stage = Stage::of("normal");
    stage.run_s(5);
    // A leak leaves four percent of room; slow work in a full house takes more than that.
    for kind in [FaultKind::MemoryLeak, FaultKind::SlowDependency] {
        let spec = FaultSpec { severity: 1.0, ..FaultSpec::new(kind, Target::service("orders-db")) };
        stage.apply(&Command::InjectFault(spec)).unwrap();
    }
    stage.run_s(60);
    let killed = stage.happened(EventKind::ReplicaCrashed);
    assert!(killed.iter().any(|event| event.attributes["cause"] == "out of memory"), "{killed:?}");
    assert!(!stage.happened(EventKind::ReplicaReady).is_empty());
}

#[test]
fn chaos_draws_faults_from_the_seed_within_its_bounds() {
    let run = |seed: u64, level: f64| {
        let mut stage = Stage::with(crate::stage::shipped("normal"), seed);
        stage.apply(&Command::SetChaos(level)).unwrap();
        let mut most = 0;
        for _ in 0..1800 {
            stage.run_s(1);
            most = most.max(stage.world.faults().len());
        }
        let begun: Vec<String> = stage
            .happened(EventKind::FaultStarted)
            .iter()
            .map(|event| format!("{} {} {}", event.tick, event.attributes["fault"], event.target))
            .collect();
        (begun, most)
    };
    let (begun, most) = run(7, 1.0);
    assert!(
        (15..=45).contains(&begun.len()) && (2..=4).contains(&most),
        "{} faults, {most} at once",
        begun.len()
    );
    assert_eq!(begun, run(7, 1.0).0);
    assert_ne!(begun, run(8, 1.0).0);
    assert!(run(7, 0.1).1 <= 1);
    assert_eq!(run(7, 0.0).0, Vec::<String>::new());
    assert!(Stage::of("normal").apply(&Command::SetChaos(f64::NAN)).is_err());
}

#[test]
fn contradicting_faults_combine_and_each_leaves_by_itself() {
    let mut stage = Stage::of("normal");
    let mut inject = |id: &str, kind, severity, target| {
        let spec = FaultSpec { id: id.to_owned(), severity, ..FaultSpec::new(kind, target) };
        stage.apply(&Command::InjectFault(spec)).unwrap();
    };
    // A node that is down and slow, a service that crashes and loses its disk, twice the same latency.
    inject("down", FaultKind::NodeCrash, 1.0, Target::node("node-a1"));
    inject("slow", FaultKind::SlowNode, 0.9, Target::node("node-a1"));
    inject("full", FaultKind::DiskFull, 1.0, Target::service("catalog-db"));
    inject("dead", FaultKind::ServiceCrash, 1.0, Target::service("catalog-db"));
    inject("lag-1", FaultKind::NetworkLatency, 0.2, Target::service("user"));
    inject("lag-2", FaultKind::NetworkLatency, 0.2, Target::zone("zone-b"));
    stage.run_s(30);
    for id in ["lag-1", "dead", "down", "full", "slow", "lag-2"] {
        stage.apply(&Command::ClearFault(FaultId(id.to_owned()))).unwrap();
        stage.run_s(5);
    }
    stage.run_s(150);
    let mut calm = Stage::of("normal");
    calm.run_s(210);
    let left = distance(&calm, &stage);
    assert!(left < 0.02, "{left} is left behind");
}

#[test]
fn a_restart_does_not_cure_a_persistent_crash() {
    let up_after_a_restart = |persistent: bool| {
        let mut stage = Stage::of("normal");
        stage.run_s(10);
        let crash = FaultSpec::new(FaultKind::ServiceCrash, Target::service("cart"));
        stage.apply(&Command::InjectFault(FaultSpec { id: "it".to_owned(), persistent, ..crash })).unwrap();
        stage.run_s(10);
        stage.act(ActionKind::RestartService, "cart", 0).unwrap();
        stage.run_s(60);
        stage.mean("cart", MetricName::Replicas, 10).unwrap()
    };
    assert!(up_after_a_restart(false) > 1.0);
    assert!(up_after_a_restart(true) < 0.5);
}
