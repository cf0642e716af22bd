//! The same scenario, seed and commands give the same telemetry: twice, forked, with any number of threads, for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sim::{ActionKind, Command, FaultKind, FaultSpec, Target, Workers, World, scenario};

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

#[test]
fn threads_change_nothing() {
    // More replicas than fit in one shard, and a graph.
    let topology = "name: wide\nzones: [z]\nnodes:\n  - {id: n1, zone: z, cpu_cores: 4000, memory_gb: 20000}\n  - {id: n2, zone: z, cpu_cores: 3000, memory_gb: 20000}\nservices:\n  - {id: front, profile: web_server, entry: true, replicas: 3000, calls: [{to: back}]}\n  - {id: back, profile: api_server, replicas: 2500}\n".to_owned();
    let main = "description: Wide.\nfamily: test\ntopology: wide.yaml\ntraffic:\n  - {service: front, constant: {rps: 19000000}, noise: 0.1}\n".to_owned();
    let files = BTreeMap::from([("main.yaml".to_owned(), main), ("wide.yaml".to_owned(), topology)]);
    let scenario = scenario::load("main", &files).unwrap_or_else(|error| panic!("{error}"));
    let hashes: Vec<String> = [1, 2, 4, 8]
        .into_iter()
        .map(|threads| {
            let workers = Workers::new(threads).unwrap();
            let mut world = World::new(scenario.clone(), 1);
            let mut events = Vec::new();
            let fault = FaultSpec::new(FaultKind::CpuHog, Target::service("back"));
            for tick in 0..200 {
                if tick == 50 {
                    world.apply(&Command::InjectFault(fault.clone())).unwrap();
                }
                world.step_with(&workers, &mut events);
            }
            hex(world.telemetry_hash())
        })
        .collect();
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

/// Hashes of five minutes with seed 42. A change of the model changes them: check that it was meant, then write the new
/// ones here and raise `MODEL_VERSION`, in the same commit.
const GOLDEN: [(&str, &str); 4] = [
    ("normal", "41372cf21d867aa87cdbeb5d8b7c2ba392638f5c10c157b3343606e7064d36da"),
    ("high_load", "f59b188200b5de9c1e87912e92296f81376eafa0406c49428dd775a1ef565ec8"),
    ("cascade_failure", "73757330fd83314327a8359290d42877ce6abe261c51c36f73749387c3bdbed2"),
    ("trace_replay", "ed3bc488dcef52830c4da975454149609019bfa21109d663b163e15a123cf5d5"),
];

#[test]
fn the_shipped_scenarios_give_the_hashes_they_always_gave() {
    let now: Vec<(&str, String)> = GOLDEN
        .iter()
        .map(|(name, _)| (*name, hex(Stage::of(name).run_s(300).world.telemetry_hash())))
        .collect();
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
