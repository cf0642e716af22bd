//! A recorded run can be computed again, compared and branched; a file that is no recording is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sim::recording::{Change, Recorder, Recording, RecordingError, Replay};
use sim::{Command, Event, FaultId, FaultKind, FaultSpec, Target, Workers, scenario};

use crate::stage::{Stage, shipped};

fn run(recorder: &mut Recorder, ticks: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..ticks {
        recorder.step_with(&Workers::default(), &mut events);
    }
    events
}

fn hog() -> Command {
    let spec = FaultSpec::new(FaultKind::CpuHog, Target::service("catalog"));
    Command::InjectFault(FaultSpec { id: "hog".to_owned(), ..spec })
}

/// Two minutes with everything in it that a log can hold.
fn recorded() -> (Recording, Vec<Event>) {
    let mut recorder = Recorder::new(shipped("high_load"), 7);
    let mut events = run(&mut recorder, 333);
    recorder.apply(&hog()).unwrap();
    assert!(recorder.apply(&Command::ClearFault(FaultId("nothing".to_owned()))).is_err());
    events.extend(run(&mut recorder, 400));
    let stage = Stage { world: recorder.world().clone(), events: Vec::new(), samples: Vec::new() };
    recorder.apply(&Command::Act(stage.plan(sim::ActionKind::ScaleUp, "catalog", 1))).unwrap();
    recorder.apply(&Command::SetScenario(shipped("cascade_failure"))).unwrap();
    events.extend(run(&mut recorder, 600));
    recorder.reseed(8);
    recorder.apply(&Command::SetScenario(shipped("high_load"))).unwrap();
    events.extend(run(&mut recorder, 1067 + 7));
    (recorder.finish(), events)
}

fn computed(replay: &mut Replay<'_>, ticks: u64) -> Result<Vec<Event>, sim::recording::Diverged> {
    let mut events = Vec::new();
    for _ in 0..ticks {
        replay.step_with(&Workers::default(), &mut events)?;
    }
    Ok(events)
}

#[test]
fn a_run_from_a_file_is_the_run_that_was_recorded() {
    let (recording, events) = recorded();
    let read = Recording::from_bytes(&recording.to_bytes()).unwrap();
    assert_eq!(read, recording);
    let mut replay = read.replay();
    assert_eq!(computed(&mut replay, read.ticks + 5).unwrap(), events);
    assert!(replay.is_over());
    assert_eq!(replay.world().telemetry_hash(), recording.hash);
}

#[test]
fn the_first_sample_that_differs_is_named() {
    let (mut recording, _) = recorded();
    recording.log.remove(0);
    let diverged = computed(&mut recording.replay(), recording.ticks).unwrap_err();
    assert_eq!(diverged.tick, 340, "the fault was injected at tick 333");
    assert!(diverged.to_string().contains("tick 340 (17 s), that is in ticks 320 to 339"), "{diverged}");
}

#[test]
fn a_branch_shares_the_past_and_is_a_recording_of_its_own() {
    let (recording, _) = recorded();
    let mut replay = recording.replay();
    computed(&mut replay, 333).unwrap();
    // Without the fault that was injected at this tick.
    let mut calm = replay.clone().branch();
    run(&mut calm, 500);
    let calm = calm.finish();
    assert_eq!(calm.trail[..16], recording.trail[..16]);
    assert_ne!(calm.trail[16], recording.trail[16]);
    assert!(calm.log.is_empty());
    assert_eq!(calm.origin.map(|origin| (origin.tick, origin.hash)), Some((333, recording.hash)));
    let read = Recording::from_bytes(&calm.to_bytes()).unwrap();
    computed(&mut read.replay(), read.ticks).unwrap();

    let mut other_chance = replay.branch();
    other_chance.reseed(1234);
    run(&mut other_chance, 500);
    let other_chance = other_chance.finish();
    assert_ne!(other_chance.trail[16], calm.trail[16]);
    assert_eq!(other_chance.log.len(), 1);
    assert!(matches!(other_chance.log[0].change, Change::Reseed(1234)));
    computed(&mut other_chance.replay(), 833).unwrap();
}

#[test]
fn an_hour_of_a_hundred_nodes_fits_in_a_megabyte() {
    let mut topology = "name: hundred\nzones: [east, west]\nnodes:\n".to_owned();
    for node in 0..100 {
        let zone = if node % 2 == 0 { "east" } else { "west" };
        writeln!(topology, "  - {{id: node-{node}, zone: {zone}, cpu_cores: 16, memory_gb: 64}}").unwrap();
    }
    topology.push_str("services:\n");
    for service in 0..40 {
        writeln!(
            topology,
            "  - id: service-{service}\n    profile: microservice\n    entry: {}\n    replicas: 5",
            service == 0
        )
        .unwrap();
        if service < 39 {
            writeln!(topology, "    calls: [{{to: service-{}, timeout_ms: 300, retries: 1}}]", service + 1)
                .unwrap();
        }
    }
    let main = "description: Large.\nfamily: test\ntopology: large.yaml\ntraffic: [{service: service-0, constant: {rps: 9000}, noise: 0.1}]\n";
    let files =
        BTreeMap::from([("main.yaml".to_owned(), main.to_owned()), ("large.yaml".to_owned(), topology)]);
    let mut recorder = Recorder::new(scenario::load("main", &files).unwrap(), 1);
    for minute in 0..60 {
        let target = Target::service(format!("service-{}", minute % 40));
        let fault = FaultSpec { duration_s: 30.0, ..FaultSpec::new(FaultKind::CpuHog, target) };
        recorder.apply(&Command::InjectFault(fault)).unwrap();
        run(&mut recorder, 1200);
    }
    let recording = recorder.finish();
    assert_eq!((recording.ticks, recording.trail.len()), (72_000, 3600));
    let bytes = recording.to_bytes().len();
    assert!(bytes < 1_000_000, "{bytes}");
    // The hash at every sample is most of it: 8 bytes a simulated second.
    assert!(bytes < 60_000, "{bytes}");
}

#[test]
fn files_that_are_no_recordings_are_told() {
    let whole = recorded().0.to_bytes();
    let refused = |bytes: &[u8]| Recording::from_bytes(bytes).unwrap_err().to_string();
    for length in (0..whole.len()).step_by(61) {
        let said = refused(&whole[..length]);
        assert!(said.contains(&format!("ends at byte {length} of")), "{said}");
    }
    assert!(refused(b"PK\x03\x04").contains("not a recording"));
    let checkpoint = Stage::of("normal").world.checkpoint();
    assert!(refused(&checkpoint).contains("not a recording"));
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 4;
    assert!(refused(&damaged).contains("damaged"));
}

#[test]
fn a_recording_that_contradicts_itself_is_told() {
    let (recording, _) = recorded();
    let told = |change: &dyn Fn(&mut Recording)| {
        let mut wrong = recording.clone();
        change(&mut wrong);
        match Recording::from_bytes(&wrong.to_bytes()) {
            Err(RecordingError::Contradiction { what }) => what,
            other => panic!("{other:?}"),
        }
    };
    assert!(told(&|wrong| wrong.ticks += 20).contains("samples"));
    assert!(told(&|wrong| wrong.hash[0] ^= 1).contains("last sample"));
    assert!(told(&|wrong| wrong.log[0].tick = 1 << 40).contains("after its end"));
    assert!(told(&|wrong| wrong.ticks = u64::MAX).contains("more than"));
}
