//! A world that was saved and restored goes on as if nothing had happened; bytes that are no checkpoint are told.

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use sim::envelope::{EnvelopeError, Kind};
use sim::world::checkpoint::CheckpointError;
use sim::{Event, MODEL_VERSION, World};

use crate::properties::{command, steps};
use crate::random_cloud::any_files;
use crate::stage::{Stage, shipped};

fn restored(world: &World) -> World {
    World::restore(&world.checkpoint()).unwrap_or_else(|error| panic!("{error}"))
}

/// What a world does and says in some ticks from now on.
fn future(mut world: World, ticks: u64) -> ([u8; 32], Vec<Event>, Vec<u8>) {
    let mut events = Vec::new();
    for _ in 0..ticks {
        world.step(&mut events);
    }
    (world.telemetry_hash(), events, world.checkpoint())
}

#[test]
fn shipped_scenarios_go_on_from_every_kind_of_moment() {
    for name in ["normal", "high_load", "cascade_failure", "trace_replay"] {
        let mut stage = Stage::of(name);
        stage.act(sim::ActionKind::RestartService, "catalog", 0).unwrap();
        stage.act(sim::ActionKind::ScaleUp, "web", 1).unwrap();
        for ticks in [0, 1, 18, 1, 1, 140, 279, 33, 7, 401] {
            for _ in 0..ticks {
                stage.world.step(&mut stage.events);
            }
            let saved = restored(&stage.world);
            let tick = stage.world.tick();
            assert_eq!(future(saved, 150), future(stage.world.clone(), 150), "{name} from tick {tick}");
        }
        let node = stage.plan(sim::ActionKind::DrainNode, "node-a1", 0);
        stage.apply(&sim::Command::Act(node)).unwrap();
        assert_eq!(future(restored(&stage.world), 200), future(stage.world.clone(), 200), "{name}, draining");
        stage.apply(&sim::Command::SetScenario(shipped("normal"))).unwrap();
        assert_eq!(future(restored(&stage.world), 99), future(stage.world.clone(), 99), "{name}, switched");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_cloud_goes_on_bit_for_bit(
        files in any_files(),
        other in any_files(),
        seed in any::<u64>(),
        steps in steps(),
        moment in any::<prop::sample::Index>(),
    ) {
        let (scenario, other) = (files.scenario()?, other.scenario()?);
        let moment = moment.index(steps.iter().map(|step| usize::from(step.ticks)).sum::<usize>()) as u64;
        let (mut straight, mut events) = (World::new(scenario, seed), Vec::new());
        let (mut stopped, mut others) = (straight.clone(), Vec::new());
        for step in &steps {
            let command = command(step, &straight, &other);
            prop_assert_eq!(straight.apply(&command), stopped.apply(&command));
            for _ in 0..step.ticks {
                if stopped.tick() == moment {
                    stopped = World::restore(&stopped.checkpoint())
                        .map_err(|error| TestCaseError::fail(error.to_string()))?;
                }
                straight.step(&mut events);
                stopped.step(&mut others);
            }
        }
        prop_assert_eq!(straight.telemetry_hash(), stopped.telemetry_hash());
        prop_assert_eq!(events, others);
        prop_assert_eq!(straight.checkpoint(), stopped.checkpoint());
    }
}

fn refused(bytes: &[u8]) -> EnvelopeError {
    match World::restore(bytes) {
        Err(CheckpointError::Unreadable(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn bytes_that_are_no_whole_checkpoint_of_this_version_are_told() {
    let whole = Stage::of("cascade_failure").run_s(30).world.checkpoint();
    for length in (0..whole.len()).step_by(97).chain([0, 1, 7, 8, 9, 13, 21, 22, 53, whole.len() - 1]) {
        let expected = whole.len() as u64;
        match refused(&whole[..length]) {
            EnvelopeError::Truncated { found, expected: said, .. } => {
                assert_eq!(found, length as u64);
                assert!(said == expected || length < 22, "{length}: {said}");
            }
            other => panic!("{length}: {other}"),
        }
    }
    assert!(matches!(refused(&[whole.clone(), vec![0]].concat()), EnvelopeError::Trailing { .. }));
    assert!(matches!(refused(b"name: shop\nzones: []\n"), EnvelopeError::Foreign { kind: Kind::Checkpoint }));
    let with = |at: usize, value: u8| {
        let mut bytes = whole.clone();
        bytes[at] = value;
        bytes
    };
    assert_eq!(refused(&with(8, 9)), EnvelopeError::Format { kind: Kind::Checkpoint, found: 9, known: 1 });
    for at in (22..whole.len()).step_by(331) {
        assert!(matches!(refused(&with(at, whole[at] ^ 1)), EnvelopeError::Damaged { .. }), "{at}");
    }
    let error = refused(&sealed(with(10, 77)));
    assert_eq!(error, EnvelopeError::Model { kind: Kind::Checkpoint, found: 77 });
    let said = error.to_string();
    assert!(said.contains("version 77") && said.contains(&format!("version {MODEL_VERSION}")), "{said}");
}

/// The checksum put right.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let content = bytes.len() - 32;
    let checksum = Sha256::digest(&bytes[..content]);
    bytes[content..].copy_from_slice(&checksum);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_forged_checkpoint_is_refused_or_computes(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        use std::sync::OnceLock;
        static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
        let whole = WHOLE.get_or_init(|| {
            let mut stage = Stage::of("cascade_failure");
            stage.run_s(14).act(sim::ActionKind::RestartService, "catalog", 0).unwrap();
            stage.run_s(1).world.checkpoint()
        });
        let mut bytes = whole.clone();
        // The text of the files comes first: a mistake in it is only a mistake in a file.
        let state = bytes.len() / 3;
        for (at, value) in changes {
            let at = state + at.index(bytes.len() - 32 - state);
            bytes[at] = value;
        }
        if let Ok(mut world) = World::restore(&sealed(bytes)) {
            let mut events = Vec::new();
            for _ in 0..60 {
                world.step(&mut events);
            }
        }
    }
}
