//! The same scenario, seed and commands give the same telemetry: twice, forked, with any number of threads, for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sim::fault::kinds;
use sim::{ActionKind, Command, FaultKind, FaultSpec, Target, TargetKind, Workers, World, scenario};

use crate::small::cloud_with;
use crate::stage::{Stage, shipped};

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A minute with a fault and an action in it.
fn eventful(name: &str, seed: u64) -> Stage {
    let mut stage = Stage::with(shipped(name), seed);
    stage.run_s(15);
    stage.apply(&Command::InjectFault(FaultSpec::new(FaultKind::SlowNode, Target::node("node-b1")))).unwrap();
    stage.run_s(15);
    stage.act(ActionKind::ScaleUp, "catalog", 2).unwrap();
    stage.run_s(30);
    stage
}

#[test]
fn the_same_run_twice_gives_the_same_hash_and_events() {
    let (first, second) = (eventful("high_load", 7), eventful("high_load", 7));
    assert_eq!(first.world.telemetry_hash(), second.world.telemetry_hash());
    assert_eq!(first.events, second.events);
    assert_ne!(first.world.telemetry_hash(), eventful("high_load", 8).world.telemetry_hash());
}

#[test]
fn a_fork_goes_on_like_the_original() {
    let mut original = eventful("cascade_failure", 3);
    let mut fork = original.clone();
    original.run_s(30);
    fork.run_s(30);
    assert_eq!(original.world.telemetry_hash(), fork.world.telemetry_hash());
}

/// A service for every part of the model: breakers, pools, retries, a cache that coalesces and forgets, every balancing,
/// probes, garbage, cold starts, noise, queues without room, disks that fill.
const EVERY_PART: &str = "  - id: web
    profile: web_server
    entry: true
    replicas: 3
    balancing: power_of_two
    specs: {min_latency_ms: 8, max_throughput: 300, service_time_noise: 0.1, gc_cost: 0.1}
    calls:
      - {to: api, timeout_ms: 400, retries: 3, retry_budget: 0.5, backoff_ms: 30, breaker: {open_s: 2, window_s: 4}}
      - {to: cache, required: false, retries: 0, network_ms: 0.2}
      - {to: mail, asynchronous: true, calls_per_request: 0.2}
  - id: api
    profile: application_server
    replicas: 4
    balancing: least_connections
    liveness: {timeout_ms: 800, period_s: 2, failures: 2}
    specs: {min_latency_ms: 20, max_throughput: 200, service_cv2: 2.5, cold_slowdown: 4, warmup_s: 10, startup_s: 2}
    calls:
      - {to: db, calls_per_request: 1.4, cache: cache, cache_hit_ratio: 0.7, static_hit_ratio: 0.9, coalescing: true, connections: {per_replica: 12, setup_ms: 3}}
  - {id: cache, profile: redis, balancing: weighted, replicas: 2, specs: {cache_items: 20000, cache_ttl_s: 60}}
  - {id: db, profile: postgresql, replicas: 2, specs: {min_latency_ms: 6, max_throughput: 500, storage_gb: 20, queue_limit: 200}}
  - {id: mail, profile: message_queue, specs: {max_throughput: 80, min_latency_ms: 50, queue_limit: 0}}
";

const EVERY_TRAFFIC: &str = "chaos: CHAOS
traffic:
  - {service: web, constant: {rps: 150}, bursty: {base_rps: 0, peak_rps: 200, quiet_s: 20, burst_s: 5}, noise: 0.2, endpoints: [{name: page, share: 0.6, static_ratio: 0.5}, {name: buy, share: 0.4, read_ratio: 0.3}]}
  - {service: web, diurnal: {mean_rps: 150, swing: 0.5, period_s: 120}, ramp: {from_rps: 0, to_rps: 60, start_s: 30, over_s: 60}, spike: {base_rps: 0, peak_rps: 400, start_s: 100, duration_s: 10}}
";

fn every_part(chaos: &str) -> Stage {
    cloud_with(EVERY_PART, &EVERY_TRAFFIC.replace("CHAOS", chaos))
}

/// Every kind of fault, one after the other, and every action in between.
fn every_fault() -> Stage {
    let mut stage = every_part("0");
    for (at, info) in kinds().iter().enumerate() {
        let target = match info.targets[0] {
            TargetKind::Service => Target::service(["api", "db", "cache"][at % 3]),
            TargetKind::Node => Target::node("n1"),
            TargetKind::Zone => Target::zone("west"),
            TargetKind::Simulation => Target::simulation(),
        };
        let fault = FaultSpec { onset_s: 2.0, duration_s: 6.0, ..FaultSpec::new(info.kind, target) };
        // Some do not fit what they are aimed at.
        drop(stage.apply(&Command::InjectFault(fault)));
        stage.run_s(5);
        // Those that leave the topology as it is; tests/it/components.rs has the others.
        let action = ActionKind::ALL[at % 5];
        let target = if action == ActionKind::DrainNode { "n2" } else { ["web", "api", "db"][at % 3] };
        drop(stage.act(action, target, 1));
        stage.run_s(5);
    }
    stage
}

/// More replicas than fit in one shard, a graph and a fault, with some threads.
fn wide(threads: usize) -> String {
    let topology = "name: wide\nzones: [z]\nnodes:\n  - {id: n1, zone: z, cpu_cores: 4000, memory_gb: 20000}\n  - {id: n2, zone: z, cpu_cores: 3000, memory_gb: 20000}\nservices:\n  - {id: front, profile: web_server, entry: true, replicas: 3000, calls: [{to: back}]}\n  - {id: back, profile: api_server, replicas: 2500}\n".to_owned();
    let main = "description: Wide.\nfamily: test\ntopology: wide.yaml\ntraffic:\n  - {service: front, constant: {rps: 19000000}, noise: 0.1}\n".to_owned();
    let files = BTreeMap::from([("main.yaml".to_owned(), main), ("wide.yaml".to_owned(), topology)]);
    let scenario = scenario::load("main", &files).unwrap_or_else(|error| panic!("{error}"));
    let workers = Workers::new(threads).unwrap();
    let mut world = World::new(scenario, 1);
    let mut events = Vec::new();
    for tick in 0..200 {
        if tick == 50 {
            let fault = FaultSpec::new(FaultKind::CpuHog, Target::service("back"));
            world.apply(&Command::InjectFault(fault)).unwrap();
        }
        world.step_with(&workers, &mut events);
    }
    hex(world.telemetry_hash())
}

#[test]
fn threads_change_nothing() {
    let hashes = [1, 2, 4, 8].map(wide);
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

/// Hashes of shipped scenarios (five minutes with seed 42) and of small clouds with everything in them. Debug and release
/// builds are held to the same ones (`scripts/test.sh`), as is every machine. A change of the model changes them: check that
/// it was meant, then write the new ones here and raise `MODEL_VERSION`, in the same commit.
const GOLDEN: [(&str, &str); 8] = [
    ("normal", "e7f92dae58e2b89972900f941fae2750071023410c2838e4b9fcaecff97f7b89"),
    ("high_load", "17aa52fb6ee9392fc1af6426e78bb23f0ef9e175686c9ba94198a937a6808311"),
    ("cascade_failure", "8d67309970f4e8557845495b6e77b40fb1914cdd13615f6ccf1a717953e7a915"),
    ("trace_replay", "520a64a6e9dd163814dbee96d153673352b8d59bbfc24bceabe8fa9cf4969660"),
    ("every_part", "35f8f4966f7cf88225da7b2b4f29ffea717355137546314020279708516e5fb7"),
    ("every_fault", "55301ab93a0a2dd5510e1bd5c48a790a5dc7ff4f6442609293f6727940fba7d9"),
    ("chaos", "ee701f50dd64df3df142d10b65b55b0ad60c57e900dbff72270a607cd5975e3d"),
    ("wide", "3e0e9ce1fa514dd44afa80c58a518a024ccf070c9a0c508b92466a91ceb5ce92"),
];

#[test]
fn runs_give_the_hashes_they_always_gave() {
    let hash = |stage: &Stage| hex(stage.world.telemetry_hash());
    let run = |name: &str| match name {
        "every_part" => hash(every_part("0").run_s(300)),
        "every_fault" => hash(&every_fault()),
        "chaos" => hash(every_part("1").run_s(600)),
        "wide" => wide(1),
        shipped => hash(Stage::of(shipped).run_s(300)),
    };
    let now: Vec<(&str, String)> = GOLDEN.iter().map(|(name, _)| (*name, run(name))).collect();
    let golden: Vec<(&str, String)> = GOLDEN.iter().map(|(name, hash)| (*name, (*hash).to_owned())).collect();
    assert_eq!(now, golden);
}

#[test]
fn event_ids_are_derived_from_run_tick_and_position() {
    let stage = eventful("normal", 1);
    let mut ids: Vec<_> = stage.events.iter().map(|event| event.id("run-1")).collect();
    assert_ne!(stage.events[0].id("run-1"), stage.events[0].id("run-2"));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), stage.events.len());
}
