//! What each part of the call policy does.

use sim::{Command, EventKind, FaultId, FaultKind, FaultSpec, MetricName, Target};

use crate::small::cloud;
use crate::stage::Stage;

fn strike(stage: &mut Stage, kind: FaultKind, target: Target, severity: f64) {
    let spec = FaultSpec { id: "it".to_owned(), severity, ..FaultSpec::new(kind, target) };
    stage.apply(&Command::InjectFault(spec)).unwrap();
}

fn clear(stage: &mut Stage) {
    stage.apply(&Command::ClearFault(FaultId("it".to_owned()))).unwrap();
}

fn two_services(call: &str) -> String {
    format!(
        "  - {{id: web, profile: web_server, entry: true, calls: [{{to: api, {call}}}], specs: {{min_latency_ms: 5, max_throughput: 2000, concurrency: 4000}}}}\n  - {{id: api, profile: microservice, specs: {{min_latency_ms: 10, max_throughput: 500}}}}\n"
    )
}

#[test]
fn retries_wait_for_their_back_off() {
    let load = |backoff: &str| {
        let call = format!("retries: 3, retry_budget: 3, timeout_ms: 500, {backoff}");
        let mut stage = cloud(&two_services(&call), 100.0);
        stage.run_s(10);
        strike(&mut stage, FaultKind::ErrorBurst, Target::service("api"), 1.0);
        stage.run_s(1);
        let soon = stage.mean("api", MetricName::RequestRate, 1).unwrap();
        stage.run_s(29);
        (soon, stage.mean("api", MetricName::RequestRate, 5).unwrap())
    };
    let (soon, later) = load("backoff_ms: 1, backoff_max_ms: 1");
    assert!(soon > 300.0 && (later - 400.0).abs() < 8.0, "{soon} and {later} req/s");
    let (soon, later) = load("backoff_ms: 2000, backoff_max_ms: 4000");
    assert!(soon < 150.0 && (later - 400.0).abs() < 12.0, "{soon} and {later} req/s");
}

#[test]
fn a_breaker_opens_fails_fast_and_closes_when_the_callee_is_well() {
    let call = "retries: 0, timeout_ms: 500, breaker: {open_s: 5}";
    let mut stage = cloud(&two_services(call), 100.0);
    stage.run_s(10);
    strike(&mut stage, FaultKind::SlowDependency, Target::service("api"), 1.0);
    stage.run_s(20);
    assert_eq!(stage.happened(EventKind::CircuitOpened)[0].attributes["callee"], "api");
    let reaching = stage.mean("api", MetricName::RequestRate, 10).unwrap();
    assert!(reaching < 10.0, "{reaching} req/s reach the callee");
    let p50 = stage.mean("web", MetricName::LatencyP50, 4).unwrap();
    assert!(p50 < 50.0, "callers are not held up: {p50} ms");
    clear(&mut stage);
    stage.run_s(30);
    assert!(!stage.happened(EventKind::CircuitClosed).is_empty());
    assert!(stage.mean("web", MetricName::ErrorRate, 5).unwrap() < 1.0);
}

fn balanced(policy: &str) -> String {
    format!(
        "  - id: web\n    profile: web_server\n    entry: true\n    replicas: 4\n    balancing: {policy}\n    placement: [n1, n2, n2, n2]\n    specs: {{min_latency_ms: 20, max_throughput: 100, queue_limit: 200}}\n"
    )
}

/// Share of the replica on the slow node, and errors and p99 of the service.
fn beside_a_slow_node(policy: &str) -> (f64, f64, f64) {
    let mut stage = cloud(&balanced(policy), 220.0);
    stage.run_s(20);
    strike(&mut stage, FaultKind::SlowNode, Target::node("n1"), 0.8);
    stage.run_s(90);
    let replicas = &stage.world.topology().services[0].replicas;
    let share = replicas.iter().find(|replica| &*replica.node_id == "n1").unwrap().share;
    let value = |metric| stage.mean("web", metric, 20).unwrap();
    (share, value(MetricName::ErrorRate), value(MetricName::LatencyP99))
}

#[test]
fn round_robin_keeps_sending_to_a_slow_replica_and_the_others_do_not() {
    let (share, errors, p99) = beside_a_slow_node("round_robin");
    assert!((share - 0.25).abs() < 1e-9 && errors > 5.0 && p99 > 1000.0, "{share}, {errors} %, {p99} ms");
    for policy in ["least_connections", "power_of_two", "weighted"] {
        let (share, errors, p99) = beside_a_slow_node(policy);
        assert!(share < 0.15 && errors < 1.0 && p99 < 600.0, "{policy}: {share}, {errors} %, {p99} ms");
    }
}

#[test]
fn balancing_returns_to_equal_shares_when_the_node_is_well() {
    for policy in ["least_connections", "power_of_two", "weighted"] {
        let mut stage = cloud(&balanced(policy), 220.0);
        stage.run_s(20);
        strike(&mut stage, FaultKind::SlowNode, Target::node("n1"), 0.8);
        stage.run_s(60);
        clear(&mut stage);
        stage.run_s(60);
        for replica in &stage.world.topology().services[0].replicas {
            assert!((replica.share - 0.25).abs() < 0.02, "{policy}: {}", replica.share);
        }
    }
}

#[test]
fn a_pool_that_is_too_small_limits_what_reaches_the_callee() {
    let reaching = |connections: u32| {
        let call = format!(
            "retries: 0, timeout_ms: 2000, connections: {{per_replica: {connections}, acquire_timeout_ms: 100}}"
        );
        let mut stage = cloud(&two_services(&call), 300.0);
        strike(&mut stage, FaultKind::NetworkLatency, Target::service("api"), 0.4);
        stage.run_s(60);
        (
            stage.mean("api", MetricName::RequestRate, 20).unwrap(),
            stage.mean("web", MetricName::ErrorRate, 20).unwrap(),
        )
    };
    let (rate, errors) = reaching(200);
    assert!((rate - 300.0).abs() < 3.0 && errors < 1.0, "{rate} req/s, {errors} %");
    // A call takes some 212 ms, so 20 connections carry some 94 a second.
    let (rate, errors) = reaching(20);
    assert!((rate - 94.0).abs() < 3.0 && (errors - 68.6).abs() < 2.0, "{rate} req/s, {errors} %");
}

#[test]
fn a_cache_warms_with_its_traffic_and_coalescing_spares_the_callee() {
    let services = |coalescing: bool| {
        format!(
            "  - id: web\n    profile: web_server\n    entry: true\n    specs: {{cache_items: 1000, concurrency: 4000}}\n    calls: [{{to: db, cache_hit_ratio: 1, retries: 0, network_ms: 900, timeout_ms: 3000, coalescing: {coalescing}}}]\n  - {{id: db, profile: postgresql}}\n"
        )
    };
    let misses = |coalescing: bool| {
        let mut stage = cloud(&services(coalescing), 500.0);
        stage.run_s(10);
        strike(&mut stage, FaultKind::CacheFlush, Target::service("web"), 1.0);
        stage.run_s(1);
        clear(&mut stage);
        stage.run_s(2);
        let soon = stage.mean("db", MetricName::RequestRate, 1).unwrap();
        stage.run_s(30);
        assert!(stage.mean("db", MetricName::RequestRate, 5).unwrap() < 1.0, "warm again");
        soon
    };
    let (each, merged) = (misses(false), misses(true));
    assert!(merged < each * 0.8, "{merged} of {each} req/s");
}

#[test]
fn a_partition_times_out_what_crosses_it() {
    let services = "  - {id: web, profile: web_server, entry: true, replicas: 2, placement: [n1, n2], calls: [{to: api, retries: 0, timeout_ms: 400}]}\n  - {id: api, profile: microservice, replicas: 2, placement: [n1, n2]}\n";
    let mut stage = cloud(services, 200.0);
    stage.run_s(10);
    strike(&mut stage, FaultKind::NetworkPartition, Target::zone("west"), 1.0);
    stage.run_s(20);
    let value = |stage: &Stage, service, metric| stage.mean(service, metric, 10).unwrap();
    assert!((value(&stage, "api", MetricName::RequestRate) - 100.0).abs() < 2.0, "half of the calls cross");
    assert!((value(&stage, "web", MetricName::ErrorRate) - 50.0).abs() < 1.0);
    assert!(value(&stage, "web", MetricName::LatencyP95) > 350.0, "and wait for the timeout");
    clear(&mut stage);
    stage.run_s(20);
    assert!(value(&stage, "web", MetricName::ErrorRate) < 1.0);
}

#[test]
fn a_full_disk_fails_writes_only() {
    let services = "  - {id: reader, profile: web_server, entry: true, calls: [{to: db, read_ratio: 1, retries: 0}]}\n  - {id: writer, profile: web_server, entry: true, calls: [{to: db, read_ratio: 0.25, retries: 0}]}\n  - {id: db, profile: postgresql}\n";
    let mut stage = crate::small::cloud_with(
        services,
        "traffic: [{service: reader, constant: {rps: 100}}, {service: writer, constant: {rps: 100}}]\n",
    );
    let spec = FaultSpec { onset_s: 20.0, ..FaultSpec::new(FaultKind::DiskFull, Target::service("db")) };
    stage.apply(&Command::InjectFault(spec)).unwrap();
    stage.run_s(15);
    let value = |stage: &Stage, service, metric| stage.mean(service, metric, 3).unwrap();
    let used = value(&stage, "db", MetricName::DiskUsage);
    assert!((50.0..95.0).contains(&used), "it fills up: {used} %");
    assert!(value(&stage, "writer", MetricName::ErrorRate) < 1.0);
    stage.run_s(15);
    assert!(value(&stage, "db", MetricName::DiskUsage) > 99.9);
    assert!((value(&stage, "writer", MetricName::ErrorRate) - 75.0).abs() < 1.0);
    assert!(value(&stage, "reader", MetricName::ErrorRate) < 1.0);
}

#[test]
fn a_full_network_slows_what_goes_through_it() {
    let services = "  - {id: web, profile: web_server, entry: true, specs: {request_size_kb: 100, network_mbps: 100, queue_limit: 50}}\n";
    let mut stage = cloud(services, 200.0);
    stage.run_s(30);
    let sent = stage.mean("web", MetricName::NetworkMbps, 10).unwrap();
    assert!((sent - 100.0).abs() < 2.0, "{sent} Mbit/s of 100");
    assert!(stage.mean("web", MetricName::ErrorRate, 10).unwrap() > 30.0, "the rest is shed");
}

#[test]
fn endpoints_decide_what_a_cache_can_answer_and_what_is_written() {
    let services = "  - {id: cdn, profile: cdn, entry: true, calls: [{to: web, cache_hit_ratio: 0, static_hit_ratio: 0.9, retries: 0}]}\n  - {id: web, profile: web_server, calls: [{to: db, retries: 0}]}\n  - {id: db, profile: postgresql}\n";
    let traffic = "traffic:\n  - service: cdn\n    constant: {rps: 400}\n    endpoints:\n      - {name: assets, share: 0.5, static_ratio: 1}\n      - {name: pages, share: 0.3, read_ratio: 1}\n      - {name: orders, share: 0.2, read_ratio: 0}\n";
    let mut stage = crate::small::cloud_with(services, traffic);
    stage.run_s(10);
    let reaching = stage.mean("web", MetricName::RequestRate, 5).unwrap();
    assert!((reaching - 220.0).abs() < 2.0, "a tenth of the assets, pages and orders: {reaching} req/s");
    strike(&mut stage, FaultKind::DiskFull, Target::service("db"), 1.0);
    stage.run_s(10);
    let errors = stage.mean("cdn", MetricName::ErrorRate, 5).unwrap();
    assert!((errors - 20.0).abs() < 1.0, "the orders fail: {errors} %");
}
