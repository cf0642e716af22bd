//! Overloads that outlive what caused them (Bronson et al. 2021; Huang et al. 2022): each by a feedback between parts of
//! the model, none by a script. The trigger ends, the cloud stays down for ten minutes, one action heals it and another does not.

use sim::{ActionKind, Command, FaultKind, FaultSpec, MetricName, Target};

use crate::small::cloud;
use crate::stage::Stage;

type Action<'a> = (ActionKind, &'a str, u32);

/// Strikes a service from second 60 to 90.
fn strike(stage: &mut Stage, kind: FaultKind, service: &str, severity: f64) {
    stage.run_s(60);
    let spec = FaultSpec { severity, duration_s: 30.0, ..FaultSpec::new(kind, Target::service(service)) };
    stage.apply(&Command::InjectFault(spec)).unwrap();
    stage.run_s(30);
}

fn errors(stage: &Stage, seconds: usize) -> f64 {
    stage.mean("web", MetricName::ErrorRate, seconds).unwrap()
}

/// Ill in every minute of the ten after the trigger, with no fault in force. Returns the errors of the last one.
fn stays_down(stage: &Stage, floor: f64) -> f64 {
    let mut stage = stage.clone();
    for minute in 1..=10 {
        stage.run_s(60);
        assert!(stage.world.faults().is_empty());
        let now = errors(&stage, 60);
        assert!(now > floor, "minute {minute}: {now} % errors");
    }
    errors(&stage, 60)
}

/// Errors in the half minute after some actions, and two minutes later.
fn after(stage: &Stage, actions: &[Action<'_>]) -> (f64, f64) {
    let mut stage = stage.clone();
    stage.run_s(60);
    for (kind, target, replicas) in actions {
        stage.act(*kind, target, *replicas).unwrap();
    }
    stage.run_s(30);
    let soon = errors(&stage, 30);
    stage.run_s(120);
    let later = errors(&stage, 30);
    println!("{actions:?}: {soon:.1} % errors soon, {later:.1} % later");
    (soon, later)
}

fn heals(stage: &Stage, actions: &[Action<'_>]) {
    let (_, later) = after(stage, actions);
    assert!(later < 1.0, "{actions:?}: {later} % errors");
}

/// Does not heal, and costs more requests than doing nothing.
fn harms(stage: &Stage, action: Action<'_>, untouched: f64) {
    let (soon, later) = after(stage, &[action]);
    let worst = soon.max(later);
    assert!(
        worst > untouched + 1.0 && later > untouched - 1.0,
        "{action:?}: {soon} and {later} for {untouched}"
    );
}

/// `web` gives up on `api` after 250 ms and asks again up to four times, without a budget; the queue of `api` holds a second. Both
/// `api` and `search` need the database.
const IMPATIENT: &str = "  - id: web
    profile: web_server
    entry: true
    replicas: 1
    specs: {min_latency_ms: 5, max_throughput: 3000, concurrency: 4000}
    calls:
      - {to: api, calls_per_request: 0.7, timeout_ms: 250, retries: 4, retry_budget: 10, backoff_ms: 50}
      - {to: search, calls_per_request: 0.3, timeout_ms: 500, retries: 0}
  - id: api
    profile: microservice
    replicas: 4
    specs: {min_latency_ms: 10, max_throughput: 200, queue_limit: 200}
    calls: [{to: db, timeout_ms: 1000, retries: 0}]
  - id: search
    profile: microservice
    specs: {min_latency_ms: 10, max_throughput: 400}
    calls: [{to: db, timeout_ms: 300, retries: 0}]
  - id: db
    profile: postgresql
    specs: {min_latency_ms: 5, max_throughput: 1150, queue_limit: 600}
";

#[test]
fn a_retry_storm_outlives_the_slowness_that_started_it() {
    let mut stage = cloud(IMPATIENT, 600.0);
    strike(&mut stage, FaultKind::SlowDependency, "api", 0.1);
    let untouched = stays_down(&stage, 50.0);
    heals(&stage, &[(ActionKind::ScaleUp, "api", 12), (ActionKind::ScaleUp, "db", 2)]);
    heals(&stage, &[(ActionKind::RestartService, "web", 0)]);
    // Too little of the right thing only moves the storm on to the database, and takes search along.
    harms(&stage, (ActionKind::ScaleUp, "api", 2), untouched);
}

#[test]
fn a_retry_budget_or_a_circuit_breaker_prevents_the_storm() {
    for (what, with) in [
        ("a budget", "retry_budget: 0.1"),
        ("a breaker", "retry_budget: 10, breaker: {failure_ratio: 0.5, open_s: 5, probe_ratio: 0.1}"),
    ] {
        let mut stage = cloud(&IMPATIENT.replace("retry_budget: 10", with), 600.0);
        strike(&mut stage, FaultKind::SlowDependency, "api", 0.1);
        stage.run_s(120);
        let now = errors(&stage, 30);
        assert!(now < 1.0, "{what}: {now} % errors");
    }
}

/// A database that is slow when every read reaches it, and then answers too late to fill the cache. Orders wait longer for it.
const LOOK_ASIDE: &str = "  - id: web
    profile: web_server
    entry: true
    replicas: 2
    specs: {min_latency_ms: 5, max_throughput: 3000, concurrency: 8000}
    calls:
      - {to: cache, timeout_ms: 50, retries: 0, required: false}
      - {to: db, cache: cache, calls_per_request: 0.6, cache_hit_ratio: 0.98, timeout_ms: 400, retries: 0}
      - {to: orders, calls_per_request: 0.2, timeout_ms: 5000, retries: 0}
  - {id: cache, profile: redis, specs: {cache_items: 20000, cache_ttl_s: 600}}
  - id: orders
    profile: microservice
    specs: {min_latency_ms: 10, max_throughput: 500, concurrency: 2000}
    calls: [{to: db, timeout_ms: 4000, retries: 0}]
  - id: db
    profile: postgresql
    specs: {min_latency_ms: 10, max_throughput: 300, queue_limit: 300, startup_s: 15, cold_slowdown: 3, warmup_s: 20}
";

#[test]
fn a_cache_stampede_keeps_the_cache_cold() {
    let mut stage = cloud(LOOK_ASIDE, 800.0);
    stage.run_s(60);
    let before = stage.mean("db", MetricName::RequestRate, 10).unwrap();
    assert!(before < 220.0, "a warm cache spares the database: {before} req/s");
    strike(&mut stage, FaultKind::CacheFlush, "cache", 1.0);
    let untouched = stays_down(&stage, 50.0);
    heals(&stage, &[(ActionKind::ScaleUp, "db", 3)]);
    harms(&stage, (ActionKind::RestartService, "db", 0), untouched);
}

/// Connections that are given up are opened anew, which costs the database more than the queries. Reports wait longer for it.
const POOLED: &str = "  - id: web
    profile: web_server
    entry: true
    replicas: 4
    specs: {min_latency_ms: 5, max_throughput: 3000, concurrency: 2000}
    calls:
      - to: db
        calls_per_request: 0.7
        timeout_ms: 300
        retries: 0
        connections: {per_replica: 12, acquire_timeout_ms: 200, setup_ms: 40}
      - {to: reports, calls_per_request: 0.5, timeout_ms: 9000, retries: 0}
  - id: reports
    profile: microservice
    specs: {min_latency_ms: 10, max_throughput: 500, concurrency: 4000}
    calls: [{to: db, timeout_ms: 8000, retries: 0}]
  - id: db
    profile: postgresql
    specs: {min_latency_ms: 8, max_throughput: 1000, queue_limit: 500, startup_s: 15, cold_slowdown: 3, warmup_s: 20}
";

#[test]
fn an_exhausted_connection_pool_keeps_the_database_busy_with_connections() {
    let mut stage = cloud(POOLED, 550.0);
    strike(&mut stage, FaultKind::SlowDependency, "db", 0.2);
    let untouched = stays_down(&stage, 50.0);
    heals(&stage, &[(ActionKind::ScaleUp, "db", 3)]);
    harms(&stage, (ActionKind::RestartService, "db", 0), untouched);
}

/// Requests in progress fill the heap, a full heap slows requests down.
const HEAP: &str = "  - id: web
    profile: application_server
    entry: true
    replicas: 4
    specs:
      {min_latency_ms: 20, max_throughput: 200, memory_gb: 4, base_memory_gb: 1.6, request_memory_kb: 4096, concurrency: 400, queue_limit: 400, gc_cost: 0.15}
";

#[test]
fn a_garbage_collection_spiral_feeds_on_the_requests_it_delays() {
    let mut stage = cloud(HEAP, 400.0);
    strike(&mut stage, FaultKind::TrafficSpike, "web", 0.3);
    let untouched = stays_down(&stage, 10.0);
    heals(&stage, &[(ActionKind::RestartService, "web", 0)]);
    harms(&stage, (ActionKind::ScaleDown, "web", 1), untouched);
}

/// Replicas that are slow until they are warm, and killed when they are slow.
const COLD: &str = "  - id: web
    profile: application_server
    entry: true
    replicas: 6
    liveness: {timeout_ms: 500, period_s: 2, failures: 3}
    specs: {min_latency_ms: 20, max_throughput: 150, queue_limit: 300, startup_s: 5, cold_slowdown: 6, warmup_s: 30, gc_cost: 0}
";

#[test]
fn a_cold_restart_cascade_never_lets_a_replica_warm_up() {
    let mut stage = cloud(COLD, 540.0);
    strike(&mut stage, FaultKind::ServiceCrash, "web", 1.0);
    let untouched = stays_down(&stage, 30.0);
    heals(&stage, &[(ActionKind::ScaleUp, "web", 24)]);
    harms(&stage, (ActionKind::RestartService, "web", 0), untouched);
    harms(&stage, (ActionKind::ScaleDown, "web", 2), untouched);
}
