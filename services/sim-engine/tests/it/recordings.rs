//! A live simulation as a recording, and a recording as a live simulation.

use proto::sim::v1::SimulationServiceSaveResponse;
use serde_json::{Value, json};
use sim::Workers;
use sim::recording::Recording;

use crate::engine::{Cloud, Engine};

async fn saved(engine: &Engine, id: &str) -> SimulationServiceSaveResponse {
    let answer = engine.try_fleet("Save", json!({"simulationId": id})).await;
    serde_json::from_value(answer.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_run_is_saved_replayed_and_restored() {
    let cloud = Cloud::start().await;
    let mut engine = cloud.engine().start().await;
    engine.call("Step", json!({"ticks": 333})).await;
    let target = json!({"kind": "TARGET_KIND_SERVICE", "id": "catalog"});
    engine.call("InjectFault", json!({"fault": {"kind": "cpu_hog", "target": target}})).await;
    engine.call("Step", json!({"ticks": 700})).await;
    engine.call("SetScenario", json!({"scenario": "cascade_failure"})).await;
    engine.call("Step", json!({"ticks": 507})).await;

    let first = saved(&engine, "default").await;
    let state = engine.state().await;
    assert_eq!((first.tick, &first.telemetry_hash), (1_540, &state.telemetry_hash));
    let recording = Recording::from_bytes(&first.recording).unwrap();
    let (mut replay, mut events) = (recording.replay(), Vec::new());
    while !replay.is_over() {
        replay.step_with(&Workers::default(), &mut events).unwrap();
    }
    assert_eq!(recording.log.len(), 2);

    let request = json!({"simulationId": "again", "recording": recording_text(&first)});
    let again = engine.fleet("Restore", request.clone()).await.state.unwrap();
    assert_eq!((again.tick, again.telemetry_hash), (1_540, state.telemetry_hash.clone()));
    assert_eq!(engine.fleet("Restore", request).await.id, "again", "the same request again");
    for _ in 0..2 {
        engine.call("Step", json!({"ticks": 400})).await;
        engine.step("again", 400).await;
        assert_eq!(saved(&engine, "again").await.telemetry_hash, engine.state().await.telemetry_hash);
        engine = engine.kill_and_start_again().await;
        engine.wait_for_tick("again", 1_940).await;
    }

    let mut damaged = first.recording.clone();
    damaged[100] ^= 1;
    let damaged = SimulationServiceSaveResponse { recording: damaged, ..first };
    let request = json!({"simulationId": "bad", "recording": recording_text(&damaged)});
    let (code, message) = engine.try_fleet("Restore", request).await.unwrap_err();
    assert_eq!(code, "invalid_argument");
    assert!(message.contains("damaged"), "{message}");
}

/// The bytes as JSON has them.
fn recording_text(saved: &SimulationServiceSaveResponse) -> Value {
    serde_json::to_value(saved).unwrap()["recording"].clone()
}
