//! What every fuzz target does with its bytes. Nothing in it may panic but the assertions, which say what must always hold.
//!
//! `libs/sim/tests/it/fuzz.rs` runs the same functions over the corpus and over random changes of it, with a stable compiler.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sim::fault::kinds;
use sim::recording::{Recorder, Recording};
use sim::world::view::Flow;
use sim::{
    Act, ActionKind, Command, FaultId, FaultSpec, MODEL_VERSION, Scenario, Target, TargetKind, Workers,
    World, scenario,
};

/// Ticks that a world computes of whatever was read: enough for samples, restarts and the first timeline entries.
const TICKS: u64 = 60;

/// Larger clouds are only read: what is looked for shows in small ones.
const MAX_REPLICAS: u32 = 5_000;

/// Bytes before and behind the body of a recording or a checkpoint; `docs/runs.md` has the layout.
const HEADER: usize = 22;
const CHECKSUM: usize = 32;

/// The topology that scenarios are read against, with something of every kind.
pub const TOPOLOGY: &str = "\
name: small
zones: [east, west]
nodes:
  - {id: n1, zone: east, cpu_cores: 8, memory_gb: 32}
  - {id: n2, zone: west, cpu_cores: 8, memory_gb: 32}
services:
  - {id: web, profile: web_server, entry: true, replicas: 2, calls: [{to: db, timeout_ms: 200, retries: 2, cache: cache, read_ratio: 0.9, cache_hit_ratio: 0.8}, {to: cache, required: false}]}
  - {id: cache, profile: redis}
  - {id: db, profile: postgresql, replicas: 2, specs: {max_throughput: 400}}
";

/// The scenario that topologies and traces are read under.
pub const SCENARIO: &str = "\
description: Small.
family: test
topology: topology.yaml
traffic: [{service: web, trace: {file: trace.csv, peak_rps: 900, speed_up: 60}, noise: 0.1}]
";

/// A trace in three lines.
pub const TRACE: &str = "timestamp,value\n0,10\n60,2000\n120,30\n";

fn load(scenario: &str, topology: &str, trace: &str) -> Option<Arc<Scenario>> {
    let files = [("main.yaml", scenario), ("topology.yaml", topology), ("trace.csv", trace)];
    let files: BTreeMap<String, String> =
        files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    match scenario::load("main", &files) {
        Ok(scenario) => Some(scenario),
        Err(error) => {
            assert!(!error.problems.is_empty(), "a refusal says why");
            None
        }
    }
}

/// Computes some ticks, if the cloud is small enough for it.
fn compute(mut world: World) {
    let services = &world.scenario().topology.services;
    if services.iter().map(|service| service.replicas).sum::<u32>() > MAX_REPLICAS {
        return;
    }
    let mut events = Vec::new();
    for _ in 0..TICKS {
        world.step(&mut events);
    }
    makes_sense(&world);
}

/// No metric is infinite or negative, and percentages stop at 100.
fn makes_sense(world: &World) {
    let sample = world.snapshot();
    for (metric, values) in sample.services.columns.iter().chain(&sample.nodes.columns) {
        for value in values {
            assert!(value.is_nan() || (value.is_finite() && *value >= 0.0), "{metric} is {value}");
            assert!(
                !metric.as_str().ends_with("_usage") || value.is_nan() || *value <= 100.0,
                "{metric} is {value}"
            );
        }
    }
}

/// A scenario file.
pub fn scenario(data: &[u8]) {
    if let Some(scenario) = std::str::from_utf8(data).ok().and_then(|text| load(text, TOPOLOGY, TRACE)) {
        compute(World::new(scenario, 1));
    }
}

/// A topology file.
pub fn topology(data: &[u8]) {
    if let Some(scenario) = std::str::from_utf8(data).ok().and_then(|text| load(SCENARIO, text, TRACE)) {
        compute(World::new(scenario, 1));
    }
}

/// A traffic trace.
pub fn trace(data: &[u8]) {
    if let Some(scenario) = std::str::from_utf8(data).ok().and_then(|text| load(SCENARIO, TOPOLOGY, text)) {
        compute(World::new(scenario, 1));
    }
}

/// Recordings of today's model to begin from, short ones.
pub fn recordings() -> Vec<Vec<u8>> {
    let Some(scenario) = load(SCENARIO, TOPOLOGY, TRACE) else { return Vec::new() };
    let mut recorder = Recorder::new(Arc::clone(&scenario), 3);
    let mut seeds = vec![recorder.clone().finish().to_bytes()];
    for round in 0..8 {
        let command = command(recorder.world(), round, [round as u8 * 5, round as u8, 32, 100]);
        // A refusal is part of a recording, too.
        drop(recorder.apply(&command));
        for _ in 0..7 {
            recorder.step_with(&Workers::default(), &mut Vec::new());
        }
    }
    recorder.reseed(4);
    drop(recorder.apply(&Command::SetScenario(scenario)));
    seeds.push(recorder.finish().to_bytes());
    seeds
}

/// Checkpoints of today's model to begin from.
pub fn checkpoints() -> Vec<Vec<u8>> {
    let Some(scenario) = load(SCENARIO, TOPOLOGY, TRACE) else { return Vec::new() };
    let mut world = World::new(scenario, 3);
    let mut seeds = vec![world.checkpoint()];
    for round in 0..8 {
        let command = command(&world, round, [round as u8 * 5, round as u8, 32, 100]);
        drop(world.apply(&command));
        for _ in 0..7 {
            world.step(&mut Vec::new());
        }
    }
    seeds.push(world.checkpoint());
    seeds
}

/// Versions, length and checksum put right: otherwise nothing but those would be tried.
fn sealed(data: &[u8]) -> Option<Vec<u8>> {
    let body = data.len().checked_sub(HEADER + CHECKSUM)?;
    let mut bytes = data.to_vec();
    bytes[10..14].copy_from_slice(&MODEL_VERSION.to_le_bytes());
    bytes[14..HEADER].copy_from_slice(&(body as u64).to_le_bytes());
    let checksum = Sha256::digest(&bytes[..HEADER + body]);
    bytes[HEADER + body..].copy_from_slice(&checksum);
    Some(bytes)
}

/// A recording.
pub fn recording(data: &[u8]) {
    let sealed = sealed(data);
    for bytes in [Some(data), sealed.as_deref()].into_iter().flatten() {
        let Ok(recording) = Recording::from_bytes(bytes) else { continue };
        // Numbers that are not numbers differ from themselves: what is written is compared, not what it means.
        let written = recording.to_bytes();
        let again = Recording::from_bytes(&written).map(|again| again.to_bytes());
        assert_eq!(again.as_ref(), Ok(&written), "what was read can be written and read");
        let replicas: u32 = recording.scenario.topology.services.iter().map(|service| service.replicas).sum();
        let mut replay = recording.replay();
        let mut events = Vec::new();
        while replicas <= MAX_REPLICAS && replay.world().tick() < TICKS && !replay.is_over() {
            if replay.step_with(&Workers::default(), &mut events).is_err() {
                break;
            }
        }
    }
}

/// A checkpoint.
pub fn checkpoint(data: &[u8]) {
    let sealed = sealed(data);
    for bytes in [Some(data), sealed.as_deref()].into_iter().flatten() {
        let Ok(mut world) = World::restore(bytes) else { continue };
        let mut events = Vec::new();
        for _ in 0..TICKS {
            world.step(&mut events);
        }
    }
}

/// A sequence of commands to a running world: five bytes each.
pub fn commands(data: &[u8]) {
    let scenario = "description: Small.\nfamily: test\ntopology: topology.yaml\ntraffic: [{service: web, constant: {rps: 700}, noise: 0.1}]\n";
    let Some(scenario) = load(scenario, TOPOLOGY, TRACE) else { return };
    let mut world = World::new(scenario, 1);
    let mut events = Vec::new();
    for (position, bytes) in data.chunks_exact(5).take(200).enumerate() {
        let command = command(&world, position, [bytes[0], bytes[1], bytes[2], bytes[3]]);
        // Refusals are fine, panics are not.
        drop(world.apply(&command));
        for _ in 0..bytes[4] % 64 {
            let held = |flow: &Flow| flow.queued + flow.in_service;
            let before: Vec<f64> = world.flows().iter().map(held).collect();
            world.step(&mut events);
            for (flow, before) in world.flows().iter().zip(before) {
                let ends = flow.completed + flow.failed + held(flow) - before;
                let scale = flow.offered.max(before).max(1.0);
                assert!(
                    (flow.offered - ends).abs() <= 1e-9 * scale,
                    "{} offered, {ends} ended",
                    flow.offered
                );
            }
        }
        makes_sense(&world);
    }
    let restored = World::restore(&world.checkpoint());
    assert!(restored.is_ok_and(|restored| restored.telemetry_hash() == world.telemetry_hash()));
}

/// A command for a world, sensible or not.
fn command(world: &World, position: usize, [what, which, how, number]: [u8; 4]) -> Command {
    let topology = world.topology();
    let service = &topology.services[usize::from(which) % topology.services.len()];
    let node = &topology.nodes[usize::from(which) % topology.nodes.len()];
    let id = match how % 8 {
        0 => String::new(),
        1 => "*".to_owned(),
        2 => node.id.to_string(),
        3 => topology.zones[usize::from(which) % topology.zones.len()].to_string(),
        _ => service.id.to_string(),
    };
    match what % 4 {
        0 | 1 => {
            let kinds = kinds();
            let info = &kinds[usize::from(what / 4) % kinds.len()];
            let targets = [
                Target::service(id.clone()),
                Target::node(id.clone()),
                Target::zone(id.clone()),
                Target::simulation(),
                // Fitting, most of the time.
                match info.targets[usize::from(how) % info.targets.len()] {
                    TargetKind::Service => Target::service(&*service.id),
                    TargetKind::Node => Target::node(&*node.id),
                    TargetKind::Zone => Target::zone(&*topology.zones[0]),
                    TargetKind::Simulation => Target::simulation(),
                },
            ];
            let target = targets[usize::from(how / 8).min(4)].clone();
            let value = match number {
                255 => f64::NAN,
                254 => f64::INFINITY,
                253 => -1.0,
                number => f64::from(number) / 250.0,
            };
            Command::InjectFault(FaultSpec {
                id: if which.is_multiple_of(3) { format!("f{}", which % 5) } else { String::new() },
                severity: value,
                duration_s: if how.is_multiple_of(2) { value * 5.0 } else { 0.0 },
                onset_s: if how.is_multiple_of(3) { value } else { 0.0 },
                persistent: how.is_multiple_of(5),
                ..FaultSpec::new(info.kind, target)
            })
        }
        2 => {
            let known = world.faults().get(usize::from(which) % 8).map(sim::ActiveFault::id);
            Command::ClearFault(known.unwrap_or(FaultId(id)))
        }
        _ => {
            let kind = ActionKind::ALL[usize::from(what / 4) % ActionKind::ALL.len()];
            let (target, version) = if kind == ActionKind::DrainNode {
                (node.id.to_string(), node.version)
            } else {
                (service.id.to_string(), service.version)
            };
            Command::Act(Act {
                command_id: if how == 0 { String::new() } else { format!("c{position}") },
                action_id: format!("a{position}"),
                kind,
                target: if how.is_multiple_of(7) { id } else { target },
                target_version: if how.is_multiple_of(11) { u64::from(number) } else { version },
                replicas: u32::from(number) * if how.is_multiple_of(13) { 1_000_000 } else { 1 },
            })
        }
    }
}
