//! A live simulation as a recording, and a recording as a live simulation.

use prost::Message as _;
use proto::sim::v1::{
    MetricSnapshot, SimulationEvent, SimulationEventKind, SimulationServiceReplayResponse,
    SimulationServiceSaveResponse,
};
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

async fn replayed(
    engine: &Engine,
    request: Value,
) -> Result<SimulationServiceReplayResponse, (String, String)> {
    let answer = engine.try_fleet("Replay", request).await?;
    Ok(serde_json::from_value(answer).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_of_a_run_is_what_was_published_and_can_be_left_at_any_tick() {
    let cloud = Cloud::start().await;
    let mut engine = cloud.engine().start().await;
    engine.call("Step", json!({"ticks": 333})).await;
    let target = json!({"kind": "TARGET_KIND_SERVICE", "id": "catalog"});
    let fault = json!({"id": "leak", "kind": "memory_leak", "severity": 0.9, "target": target});
    engine.call("InjectFault", json!({"fault": fault})).await;
    let hash_at_600 = engine.call("Step", json!({"ticks": 267})).await["state"]["telemetryHash"].clone();
    engine.call("ClearFault", json!({"faultId": "leak"})).await;
    engine.call("Step", json!({"ticks": 600})).await;

    for _ in 0..2 {
        let whole = replayed(&engine, json!({"frames": 600})).await.unwrap();
        assert_eq!((whole.next_tick, whole.events_left_out), (0, 0));
        let samples = cloud.samples().await;
        assert_eq!(whole.frames.len(), samples.len());
        for (frame, sample) in whole.frames.iter().zip(samples) {
            // The live one brings its map along once a minute. Bytes, because NaN equals nothing.
            let bytes =
                |sample: &MetricSnapshot| MetricSnapshot { map: None, ..sample.clone() }.encode_to_vec();
            assert!(bytes(frame) == bytes(&sample), "{frame:?} is not {sample:?}");
        }
        assert!(whole.frames[0].map.is_some() && whole.frames[1].map.is_none());
        let of_the_cloud = |event: &&SimulationEvent| event.kind() != SimulationEventKind::ClockChanged;
        let mut published = cloud.events().await;
        published.sort_by_key(|event| event.tick);
        assert_eq!(
            whole.events.iter().collect::<Vec<_>>(),
            published.iter().filter(of_the_cloud).collect::<Vec<_>>()
        );

        // A part of it, in a few steps; page by page it is the same.
        let few = replayed(&engine, json!({"fromTick": "200", "toTick": "900", "frames": 6})).await.unwrap();
        let ticks: Vec<_> = few.frames.iter().map(|frame| frame.tick).collect();
        assert_eq!(ticks, [200, 340, 480, 620, 760, 900]);
        assert!(few.events.iter().all(|event| (200..900).contains(&event.tick)));

        // A stopped one has a past, too; so has one that an engine before this one ran.
        engine.try_fleet("Stop", json!({})).await.unwrap();
        engine = engine.kill_and_start_again().await;
    }

    let past = json!({"forkId": "earlier", "atTick": "600"});
    let earlier = engine.fleet("Fork", past.clone()).await;
    assert_eq!(earlier.forked_from.clone().unwrap().tick, 600);
    assert_eq!(json!(earlier.state.clone().unwrap().telemetry_hash), hash_at_600);
    assert_eq!(engine.fleet("Fork", past).await.id, "earlier", "the same request again");
    let faults = engine.call("ListFaults", json!({"simulationId": "earlier"})).await;
    assert_eq!(
        faults["faults"].as_array().unwrap().len(),
        1,
        "what was done at that very tick is left out: {faults}"
    );
    engine.step("earlier", 40).await;
    let branch = replayed(&engine, json!({"simulationId": "earlier"})).await.unwrap();
    assert_eq!(branch.simulation.unwrap().forked_from.unwrap().tick, 600);
    assert_eq!((branch.frames[0].tick, branch.frames.last().unwrap().tick), (20, 640));

    for (request, code) in [
        (json!({"toTick": "99999"}), "out_of_range"),
        (json!({"fromTick": "500", "toTick": "400"}), "out_of_range"),
        (json!({"frames": 601}), "invalid_argument"),
        (json!({"simulationId": "nowhere"}), "not_found"),
    ] {
        assert_eq!(replayed(&engine, request.clone()).await.unwrap_err().0, code, "{request}");
    }
    let future = engine.try_fleet("Fork", json!({"forkId": "later", "atTick": "99999"})).await.unwrap_err();
    assert_eq!(future.0, "out_of_range");
}

/// The bytes as JSON has them.
fn recording_text(saved: &SimulationServiceSaveResponse) -> Value {
    serde_json::to_value(saved).unwrap()["recording"].clone()
}
