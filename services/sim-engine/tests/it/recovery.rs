//! kill -9 at any moment, and a nats-server that goes away: neither changes the run.

use std::collections::BTreeSet;
use std::time::Duration;

use prost::Message as _;
use proto::sim::v1::{CheckpointPart, SimulationEvent, SimulationState};
use serde_json::json;
use tokio::time::Instant;

use crate::engine::{Cloud, Engine, PATIENCE, state_of};
use crate::orders::restart_order;

/// An event without what differs between two runs: ids, and wall-clock time of the start.
type Fact = (u64, i32, String, String, String);

fn fact(event: &SimulationEvent) -> Fact {
    let target = event.target.clone().unwrap_or_default();
    (event.tick, event.kind, target.id, event.message.clone(), event.action_id.clone())
}

struct Outcome {
    state: SimulationState,
    events: Vec<Fact>,
    samples: Vec<u64>,
}

async fn outcome(cloud: &Cloud, engine: &Engine) -> Outcome {
    let events = cloud.events().await;
    let ids: BTreeSet<_> = events.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids.len(), events.len(), "no event is stored twice");
    let mut samples = Vec::new();
    for sample in cloud.samples().await {
        // The telemetry stream may hold a sample twice only when it is older than the server's window for duplicates.
        samples.push(sample.tick);
    }
    Outcome { state: engine.state().await, events: events.iter().map(fact).collect(), samples }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kill {
    AfterStart,
    AfterFault,
    InTheMiddleOfAStep,
    AfterOrder,
    AfterScenario,
}

/// The same story each time: faults, an order, a switch of the scenario; killed at the given moments.
async fn story(kills: &[Kill]) -> Outcome {
    let cloud = Cloud::start().await;
    let mut engine = cloud.engine().start().await;
    macro_rules! maybe_kill {
        ($moment:expr) => {
            if kills.contains(&$moment) {
                engine = engine.kill_and_start_again().await;
            }
        };
    }
    maybe_kill!(Kill::AfterStart);
    engine.call("Step", json!({"ticks": 105})).await;
    let topology = engine.call("GetTopology", json!({})).await;
    let service = topology["topology"]["services"][1]["id"].clone();
    let target = json!({"kind": "TARGET_KIND_SERVICE", "id": service});
    engine.call("InjectFault", json!({"fault": {"kind": "cpu_hog", "target": target}})).await;
    maybe_kill!(Kill::AfterFault);
    if kills.contains(&Kill::InTheMiddleOfAStep) {
        let begun = engine.begin_step(2_000);
        engine.wait_until("the step under way", |state| state.tick > 105).await;
        begun.abort();
        engine = engine.kill_and_start_again().await;
        engine.wait_until("the end of the step", |state| state.tick == 2_105).await;
    } else {
        engine.call("Step", json!({"ticks": 2_000})).await;
    }
    cloud.order("c1", &restart_order(&engine, "c1").await).await;
    cloud.orders_are_taken().await;
    maybe_kill!(Kill::AfterOrder);
    engine.call("Step", json!({"ticks": 333})).await;
    engine.call("SetScenario", json!({"scenario": "cascade_failure"})).await;
    maybe_kill!(Kill::AfterScenario);
    engine.call("Step", json!({"ticks": 2_000})).await;
    outcome(&cloud, &engine).await
}

impl Engine {
    /// Begins a step and does not wait for its end.
    fn begin_step(&self, ticks: u32) -> tokio::task::JoinHandle<()> {
        let url = self.url("/sim.v1.ControlService/Step");
        tokio::spawn(async move {
            let request = reqwest::Client::new().post(url).header("content-type", "application/json");
            drop(request.body(json!({"ticks": ticks}).to_string()).send().await);
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_engine_at_any_moment_changes_neither_the_run_nor_its_messages() {
    let undisturbed = story(&[]).await;
    assert_eq!(undisturbed.state.tick, 4_438);
    let every_second: Vec<u64> = (1..=4_438 / 20).map(|second| second * 20).collect();
    assert_eq!(undisturbed.samples, every_second);
    let all =
        [Kill::AfterStart, Kill::AfterFault, Kill::InTheMiddleOfAStep, Kill::AfterOrder, Kill::AfterScenario];
    for kills in [&all[2..3], &all[..]] {
        let killed = story(kills).await;
        assert_eq!(killed.state.telemetry_hash, undisturbed.state.telemetry_hash, "{kills:?}");
        assert_eq!(killed.events, undisturbed.events, "{kills:?}");
        assert_eq!(killed.samples, undisturbed.samples, "{kills:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_engine_while_the_clock_runs_loses_and_doubles_nothing() {
    let end = 6_000;
    let run = async |kills: u32| {
        let cloud = Cloud::start().await;
        let mut engine = cloud.engine().start().await;
        engine.call("SetScenario", json!({"scenario": "cascade_failure"})).await;
        engine.call("SetSpeed", json!({"speed": 40})).await;
        engine.call("Play", json!({})).await;
        for kill in 1..=kills {
            let reached = u64::from(kill) * 700;
            engine.wait_until("some ticks", |state| state.tick >= reached).await;
            engine = engine.kill_and_start_again().await;
            assert!(engine.state().await.playing, "the clock goes on as it was");
        }
        engine.wait_until("some ticks", |state| state.tick >= 2_500).await;
        let paused = state_of(&engine.call("Pause", json!({})).await).tick;
        assert!(paused < end, "the machine is too slow for this test");
        engine.call("Step", json!({"ticks": end - paused})).await;
        outcome(&cloud, &engine).await
    };
    let clock = i32::from(proto::sim::v1::SimulationEventKind::ClockChanged);
    let facts = |outcome: &Outcome| -> Vec<Fact> {
        outcome.events.iter().filter(|event| event.1 != clock).cloned().collect()
    };
    let undisturbed = run(0).await;
    let killed = run(3).await;
    assert_eq!(killed.state.telemetry_hash, undisturbed.state.telemetry_hash);
    assert_eq!(facts(&killed), facts(&undisturbed));
    assert_eq!(killed.samples, undisturbed.samples);
}

/// From which tick on the latest start computed again, by its log.
fn recomputed_from(engine: &Engine) -> u64 {
    let log = engine.log();
    let line = log.lines().rev().find(|line| line.contains("run recomputed")).expect("a run was recomputed");
    let (_, rest) = line.split_once("\"from_tick\":").expect("the line says from where");
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// Checkpoints with their subjects; waits until both slots hold one.
async fn checkpoints(cloud: &Cloud) -> Vec<(String, CheckpointPart)> {
    let started = Instant::now();
    loop {
        let mut stream = cloud.bus.jetstream().get_stream("SIM_CHECKPOINTS").await.unwrap();
        let state = stream.info().await.unwrap().state.clone();
        let mut found = Vec::new();
        for sequence in state.first_sequence.max(1)..=state.last_sequence {
            if let Ok(message) = stream.get_raw_message(sequence).await {
                let part = CheckpointPart::decode(message.payload.clone()).unwrap();
                found.push((message.subject.to_string(), part));
            }
        }
        if found.len() == 2 {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{} checkpoints are kept", found.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_computes_again_what_came_after_the_checkpoint_and_all_when_that_is_damaged() {
    let undisturbed = {
        let cloud = Cloud::start().await;
        let engine = cloud.engine().start().await;
        engine.call("SetScenario", json!({"scenario": "cascade_failure"})).await;
        engine.call("Step", json!({"ticks": 6_000})).await;
        engine.state().await.telemetry_hash
    };
    let cloud = Cloud::start().await;
    let mut engine = cloud.engine().start().await;
    engine.call("SetScenario", json!({"scenario": "cascade_failure"})).await;
    engine.call("Step", json!({"ticks": 3_000})).await;
    engine.call("Step", json!({"ticks": 1_000})).await;
    let kept = checkpoints(&cloud).await;
    let latest = kept.iter().map(|(_, part)| part.tick).max().unwrap();
    assert!(latest > 0 && latest <= 4_000 && kept.iter().all(|(_, part)| part.tick % 20 == 0));
    engine = engine.kill_and_start_again().await;
    assert!(recomputed_from(&engine) >= latest, "the start began from a checkpoint");
    assert_eq!(engine.state().await.tick, 4_000);
    engine.call("Step", json!({"ticks": 1_000})).await;

    // Damaged in every way: both slots, so that only the journal is left.
    let kept = checkpoints(&cloud).await;
    engine.process.kill().await.unwrap();
    for (position, (subject, mut part)) in checkpoints(&cloud).await.into_iter().enumerate() {
        if position == 0 {
            let middle = part.content.len() / 2;
            part.content[middle] ^= 1;
        } else {
            part.content.truncate(40);
        }
        let published = cloud.bus.jetstream().publish(subject, part.encode_to_vec().into()).await.unwrap();
        published.await.unwrap();
    }
    assert_eq!(kept.len(), 2);
    engine = engine.kill_and_start_again().await;
    assert_eq!(
        recomputed_from(&engine),
        0,
        "a damaged checkpoint is no reason to stop, and none to go on from"
    );
    assert!(engine.log().contains("checkpoint cannot be used"), "{}", engine.log());
    engine.call("Step", json!({"ticks": 1_000})).await;
    assert_eq!(engine.state().await.telemetry_hash, undisturbed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulation_holds_while_nats_is_away_and_goes_on_without_a_gap() {
    let mut cloud = Cloud::start().await;
    let engine = cloud.engine().playing("200").start().await;
    engine.wait_until("some ticks", |state| state.tick > 400).await;
    cloud.nats.kill().await.unwrap();
    // It computes ahead by what its buffer holds, then stands still and still answers.
    let held = loop {
        let before = engine.state().await.tick;
        tokio::time::sleep(Duration::from_millis(700)).await;
        let state = engine.state().await;
        if state.tick == before {
            break state;
        }
    };
    assert!(held.playing);
    assert!(held.speed_limit_reason.contains("NATS"), "{:?}", held.speed_limit_reason);
    engine.call("GetTopology", json!({})).await;
    cloud.nats.restart().await.unwrap();
    engine.wait_until("ticks after the restart", |state| state.tick > held.tick + 400).await;
    engine.call("Pause", json!({})).await;
    let samples: Vec<u64> = cloud.samples().await.iter().map(|sample| sample.tick).collect();
    let contiguous: Vec<u64> = (1..=samples.len() as u64).map(|second| second * 20).collect();
    assert_eq!(samples, contiguous);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_engine_leaves_nothing_to_publish_again() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().playing("50").start().await;
    engine.wait_until("some ticks", |state| state.tick > 200).await;
    let builder = cloud.engine();
    engine.stop().await;
    let before = cloud.samples().await.len();
    let engine = builder.start().await;
    let state = engine.state().await;
    assert!(state.playing && state.tick >= before as u64 * 20);
    engine.call("Pause", json!({})).await;
    let ticks: Vec<u64> = cloud.samples().await.iter().map(|sample| sample.tick).collect();
    let unique: BTreeSet<u64> = ticks.iter().copied().collect();
    assert_eq!(ticks.len(), unique.len(), "{ticks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn telemetry_that_somebody_deletes_holds_up_nobody() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.call("Step", json!({"ticks": 100})).await;
    let ticks = async || -> Vec<u64> { cloud.samples().await.iter().map(|sample| sample.tick).collect() };

    let stream = cloud.bus.jetstream().get_stream("SIM_METRICS").await.unwrap();
    stream.delete_message(5).await.unwrap();
    engine.call("Step", json!({"ticks": 40})).await;
    assert_eq!(ticks().await, [20, 40, 60, 80, 120, 140]);

    stream.purge().await.unwrap();
    engine.call("Step", json!({"ticks": 40})).await;
    assert_eq!(ticks().await, [160, 180]);

    cloud.bus.jetstream().delete_stream("SIM_METRICS").await.unwrap();
    engine.call("Step", json!({"ticks": 40})).await;
    assert_eq!(ticks().await, [200, 220]);
}
