//! Play, pause, step, speed.

use std::time::Duration;

use prost::Message as _;
use proto::sim::v1::JournalEntry;
use proto::sim::v1::journal_entry::Entry;
use serde_json::json;

use crate::engine::{Cloud, state_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_step_computes_exactly_that_many_ticks() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    assert_eq!(engine.state().await.tick, 0);
    let after = state_of(&engine.call("Step", json!({"ticks": 45})).await);
    assert_eq!((after.tick, after.playing), (45, false));
    let after = state_of(&engine.call("Step", json!({})).await);
    assert_eq!(after.tick, 46, "a step without a number is one tick");
    let time = |state: &proto::sim::v1::SimulationState| {
        let (at, from) = (state.time.unwrap(), state.started_at.unwrap());
        (at.seconds - from.seconds) * 1000 + i64::from(at.nanos - from.nanos) / 1_000_000
    };
    assert_eq!(time(&after), 46 * 50, "simulated time is start + ticks");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_runs_until_it_is_paused_and_says_so_in_events() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.call("SetSpeed", json!({"speed": 20})).await;
    assert!(state_of(&engine.call("Play", json!({})).await).playing);
    assert!(state_of(&engine.call("Play", json!({})).await).playing, "playing twice changes nothing");
    engine.wait_until("100 ticks", |state| state.tick >= 100).await;
    let paused = state_of(&engine.call("Pause", json!({})).await);
    assert!(!paused.playing);
    assert_eq!(engine.state().await.tick, paused.tick, "nothing is computed after a pause");
    let told = |playing: &str, speed: &str| (playing.to_owned(), speed.to_owned());
    let expected = [told("false", "20"), told("true", "20"), told("false", "20")];
    // Events are published beside the answers: the last one may come a moment later.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while clock_changes(&cloud).await.len() < expected.len() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(clock_changes(&cloud).await, expected);
}

/// Whether the clock runs and how fast, as every event about it says.
async fn clock_changes(cloud: &Cloud) -> Vec<(String, String)> {
    let events = cloud.events().await.into_iter();
    events
        .filter(|event| event.kind() == proto::sim::v1::SimulationEventKind::ClockChanged)
        .map(|event| (event.attributes["playing"].clone(), event.attributes["speed"].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_effective_speed_is_about_what_was_asked_for() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().playing("10").start().await;
    let state = engine
        .wait_until("a measured speed near 10", |state| {
            (8.0..12.0).contains(&state.effective_speed) && state.tick > 200
        })
        .await;
    assert!((state.speed - 10.0).abs() < f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_can_be_cut_short() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let stepping = engine.call("Step", json!({"ticks": 100_000}));
    let pausing = async {
        engine.wait_until("some ticks", |state| state.tick > 0).await;
        let second = engine.try_call("Step", json!({})).await;
        let paused = engine.call("Pause", json!({})).await;
        (second, state_of(&paused).tick)
    };
    let (stepped, (second, paused_at)) = tokio::join!(stepping, pausing);
    // A fast machine may have finished before the second call.
    if paused_at < 100_000 {
        assert_eq!(second.unwrap_err().0, "failed_precondition");
    }
    assert_eq!(state_of(&stepped).tick, paused_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_with_the_same_seed_and_commands_have_the_same_hash() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let mut hashes = Vec::new();
    let mut runs = Vec::new();
    for _ in 0..2 {
        let reset = state_of(&engine.call("Reset", json!({"scenario": "normal", "seed": "11"})).await);
        assert_eq!((reset.tick, reset.seed), (0, 11));
        engine.call("Step", json!({"ticks": 210})).await;
        engine.call("SetScenario", json!({"scenario": "high_load"})).await;
        let end = state_of(&engine.call("Step", json!({"ticks": 400})).await);
        hashes.push(end.telemetry_hash);
        runs.push((end.run_id, end.started_at.unwrap().seconds, end.time.unwrap().seconds));
    }
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(hashes[0].len(), 64);
    assert_ne!(runs[0].0, runs[1].0, "a reset begins a new run");
    assert!(runs[1].1 > runs[0].2, "simulated time never goes backwards: {runs:?}");
    let other = state_of(&engine.call("Reset", json!({"seed": "12"})).await);
    assert_eq!(other.scenario, "high_load", "a reset without a scenario keeps the current one");
    let oldest = cloud.messages("SIM_JOURNAL").await.remove(0);
    let Some(Entry::RunStarted(started)) = JournalEntry::decode(oldest).unwrap().entry else {
        panic!("the journal begins with the run");
    };
    assert_eq!(started.run_id, other.run_id, "earlier runs are purged from the journal");
}
