//! The control API: every method by both ways in, and what it says to mistakes.

use std::time::Duration;

use futures::StreamExt as _;
use proto::sim::v1 as wire;
use serde_json::{Value, json};

use crate::engine::{Cloud, state_of};

fn methods() -> Vec<String> {
    let pool = prost_reflect::DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap();
    let service = pool.get_service_by_name("sim.v1.ControlService").unwrap();
    service.methods().map(|method| method.name().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_served_over_connect_and_over_nats() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let unary: Vec<String> = methods().into_iter().filter(|method| method != "Watch").collect();
    assert_eq!(unary.len(), 14);
    for method in &unary {
        if let Err((code, message)) = engine.try_call(method, json!({})).await {
            assert!(code != "unimplemented" && code != "internal", "{method}: {code} {message}");
        }
        let reply = cloud.bus.client().request(format!("sim.control.{method}"), "".into()).await.unwrap();
        let code = reply
            .headers
            .as_ref()
            .and_then(|headers| headers.get("Nats-Service-Error-Code"))
            .map(|code| code.as_str().to_owned());
        assert!(code.as_deref().is_none_or(|code| ["3", "5", "9"].contains(&code)), "{method}: {code:?}");
    }
    let (code, message) = engine.try_call("Rewind", json!({})).await.unwrap_err();
    assert_eq!(code, "unimplemented");
    assert!(message.contains("/sim.v1.ControlService/"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_answers_what_connect_answers() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let wait = Duration::from_secs(10);
    let stepped: wire::StepResponse = cloud
        .bus
        .call("sim.control.Step", &wire::StepRequest { ticks: 60, ..Default::default() }, wait)
        .await
        .unwrap();
    assert_eq!(stepped.state.unwrap().tick, 60);
    let topology: wire::GetTopologyResponse =
        cloud.bus.call("sim.control.GetTopology", &wire::GetTopologyRequest::default(), wait).await.unwrap();
    let over_connect: wire::GetTopologyResponse =
        serde_json::from_value(engine.call("GetTopology", json!({})).await).unwrap();
    assert_eq!(topology, over_connect);
    assert_eq!(topology.tick, 60);
    assert!(!topology.topology.unwrap().services.is_empty());
    let refused = cloud
        .bus
        .call::<_, wire::SetSpeedResponse>("sim.control.SetSpeed", &wire::SetSpeedRequest::default(), wait)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("from 0.1 to 1000"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_answered_with_what_to_do_instead() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let fault = |kind: &str, target: Value| json!({"fault": {"kind": kind, "target": target}});
    let service = |id: &str| json!({"kind": "TARGET_KIND_SERVICE", "id": id});
    let cases = [
        ("SetSpeed", json!({"speed": 0}), "invalid_argument", "from 0.1 to 1000"),
        ("SetSpeed", json!({"speed": -1}), "invalid_argument", "from 0.1 to 1000"),
        ("SetSpeed", json!({"speed": "NaN"}), "invalid_argument", "from 0.1 to 1000"),
        ("SetSpeed", json!({"speed": "Infinity"}), "invalid_argument", "from 0.1 to 1000"),
        ("SetSpeed", json!({"speed": 1000.5}), "invalid_argument", "from 0.1 to 1000"),
        ("Step", json!({"ticks": 100_001}), "invalid_argument", "1 to 100000"),
        ("Play", json!({"simulationId": "other"}), "not_found", "\"default\""),
        ("SetScenario", json!({"scenario": "nope"}), "not_found", "normal"),
        ("SetScenario", json!({"scenario": "../normal"}), "not_found", "normal"),
        ("SetScenario", json!({}), "not_found", "normal"),
        ("Reset", json!({"scenario": "nope"}), "not_found", "normal"),
        ("InjectFault", json!({}), "invalid_argument", "ListFaults"),
        ("InjectFault", fault("earthquake", service("checkout")), "invalid_argument", "node_crash"),
        ("InjectFault", fault("memory_leak", service("nowhere")), "invalid_argument", "use one of"),
        ("InjectFault", fault("memory_leak", service("*")), "invalid_argument", "never a pattern"),
        ("InjectFault", fault("memory_leak", Value::Null), "invalid_argument", "no target"),
        ("ClearFault", json!({"faultId": "f"}), "not_found", "faults in force: none"),
        ("ClearFault", json!({}), "invalid_argument", "ListFaults"),
        ("SetChaos", json!({"level": 1.5}), "invalid_argument", "from 0"),
        ("SetChaos", json!({"level": "NaN"}), "invalid_argument", "from 0"),
    ];
    for (method, request, code, sentence) in cases {
        let error = engine.try_call(method, request.clone()).await.unwrap_err();
        assert_eq!(error.0, code, "{method} {request}: {error:?}");
        assert!(error.1.contains(sentence), "{method} {request}: {error:?} should say {sentence:?}");
    }
    engine.call("Play", json!({})).await;
    let (code, message) = engine.try_call("Step", json!({})).await.unwrap_err();
    assert_eq!((code.as_str(), message.contains("Pause")), ("failed_precondition", true), "{message}");
    let huge = json!({"scenario": "x".repeat(300 * 1024)});
    assert_eq!(engine.try_call("SetScenario", huge).await.unwrap_err().0, "resource_exhausted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_injected_once_listed_and_cleared() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let topology = engine.call("GetTopology", json!({})).await;
    let service = topology["topology"]["services"][0]["id"].as_str().unwrap().to_owned();
    let spec = json!({"fault": {
        "id": "mine", "kind": "cpu_hog", "target": {"kind": "TARGET_KIND_SERVICE", "id": service}
    }});
    let injected = engine.call("InjectFault", spec.clone()).await;
    assert_eq!(injected["fault"]["spec"]["id"], "mine");
    assert!(injected["fault"]["spec"]["severity"].as_f64().unwrap() > 0.0, "the default is filled in");
    assert_eq!(engine.call("InjectFault", spec).await, injected, "the same id again changes nothing");
    engine.call("Step", json!({"ticks": 20})).await;
    let listed = engine.call("ListFaults", json!({})).await;
    assert_eq!(listed["faults"].as_array().unwrap().len(), 1);
    assert!(listed["kinds"].as_array().unwrap().len() > 5);
    assert_eq!(engine.state().await.active_faults, 1);
    engine.call("ClearFault", json!({"faultId": "mine"})).await;
    engine.call("Step", json!({"ticks": 20})).await;
    assert_eq!(engine.state().await.active_faults, 0);
    let kinds: Vec<_> = cloud.events().await.iter().map(wire::SimulationEvent::kind).collect();
    let count = |kind| kinds.iter().filter(|seen| **seen == kind).count();
    assert_eq!(count(wire::SimulationEventKind::FaultStarted), 1);
    assert_eq!(count(wire::SimulationEventKind::FaultEnded), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_begins_faults_and_a_restart_computes_the_same_ones() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let state = engine.call("SetChaos", json!({"level": 1})).await;
    assert_eq!(state["state"]["chaosLevel"], 1.0);
    engine.call("Step", json!({"ticks": 12_000})).await;
    let begun = |events: &[wire::SimulationEvent]| -> Vec<String> {
        let started = events.iter().filter(|event| event.kind() == wire::SimulationEventKind::FaultStarted);
        started.map(|event| event.id.clone()).collect()
    };
    let before = begun(&cloud.events().await);
    assert!(before.len() > 3, "one a minute is expected, {} began in ten", before.len());
    let hash = engine.state().await.telemetry_hash;
    let engine = engine.kill_and_start_again().await;
    assert_eq!(engine.state().await.telemetry_hash, hash);
    assert_eq!(begun(&cloud.events().await), before);
    engine.call("SetScenario", json!({"scenario": "normal"})).await;
    assert!(engine.state().await.chaos_level <= 0.0, "a scenario comes with a level of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scenario_is_switched_and_a_broken_file_hurts_nobody_else() {
    let cloud = Cloud::start().await;
    let folder = tempfile::tempdir().unwrap();
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    copy(&from, folder.path());
    std::fs::write(folder.path().join("broken.yaml"), "name: broken\nno_such_field: 1\n").unwrap();
    let engine = cloud.engine().env("SCENARIOS_DIR", folder.path().to_str().unwrap()).start().await;

    let listed = engine.call("ListScenarios", json!({})).await;
    let names: Vec<&str> =
        listed["scenarios"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"normal") && names.contains(&"cascade_failure") && !names.contains(&"broken"),
        "{names:?}"
    );
    let (code, message) = engine.try_call("SetScenario", json!({"scenario": "broken"})).await.unwrap_err();
    assert_eq!(code, "failed_precondition");
    assert!(message.contains("broken.yaml"), "{message}");

    let state = state_of(&engine.call("SetScenario", json!({"scenario": "cascade_failure"})).await);
    assert_eq!((state.scenario.as_str(), state.tick), ("cascade_failure", 0), "a switch begins no new run");
    engine.call("Step", json!({"ticks": 20})).await;
    let switched = |event: &wire::SimulationEvent| event.kind() == wire::SimulationEventKind::ScenarioSet;
    assert_eq!(cloud.events().await.iter().filter(|event| switched(event)).count(), 1);
    assert_eq!(cloud.samples().await.last().unwrap().scenario, "cascade_failure");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_the_state_at_once_and_every_change() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let request = b"{}";
    let mut body = vec![0_u8];
    body.extend_from_slice(&u32::try_from(request.len()).unwrap().to_be_bytes());
    body.extend_from_slice(request);
    let response = reqwest::Client::new()
        .post(engine.url("/sim.v1.ControlService/Watch"))
        .header("content-type", "application/connect+json")
        .body(body)
        .send()
        .await
        .unwrap();
    assert!(response.status().is_success());
    let mut frames = Frames { stream: response.bytes_stream().boxed(), buffer: Vec::new() };
    assert_eq!(state_of(&frames.next().await).tick, 0);
    engine.call("SetSpeed", json!({"speed": 5})).await;
    let started = std::time::Instant::now();
    while (state_of(&frames.next().await).speed - 5.0).abs() > f64::EPSILON {
        assert!(started.elapsed() < crate::engine::PATIENCE, "the change is not seen");
    }
    engine.call("Play", json!({})).await;
    while state_of(&frames.next().await).tick < 10 {
        assert!(started.elapsed() < crate::engine::PATIENCE, "the ticks are not seen");
    }
    // The stream ends with the engine, in time.
    engine.stop().await;
}

struct Frames {
    stream: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: Vec<u8>,
}

impl Frames {
    async fn next(&mut self) -> Value {
        loop {
            if self.buffer.len() >= 5 {
                let length = u32::from_be_bytes(self.buffer[1..5].try_into().unwrap()) as usize;
                if self.buffer.len() >= 5 + length {
                    let frame: Vec<u8> = self.buffer.drain(..5 + length).collect();
                    return serde_json::from_slice(&frame[5..]).unwrap();
                }
            }
            let chunk = tokio::time::timeout(crate::engine::PATIENCE, self.stream.next()).await;
            self.buffer.extend_from_slice(&chunk.unwrap().unwrap().unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_the_environment_are_all_named_at_once() {
    let cloud = Cloud::start().await;
    let engine = cloud
        .engine()
        .env("SIMULATION_SPEED", "0")
        .env("SIMULATION_SEED", "abc")
        .env("LOG_LEVEL", "loud")
        .env("ADDR", "nowhere");
    let (status, log) = engine.run_to_the_end().await;
    assert_eq!(status.code(), Some(2));
    for name in ["SIMULATION_SPEED", "SIMULATION_SEED", "LOG_LEVEL", "ADDR"] {
        assert!(log.contains(name), "{name} is not named:\n{log}");
    }
    let trace = cloud.logs.path().join("trace.csv");
    std::fs::write(&trace, "timestamp,value\n2014-04-10 00:04:00,94\n2014-04-10 00:09:00,many\n").unwrap();
    let (status, log) = cloud.engine().env("TRAFFIC_TRACE", trace.to_str().unwrap()).run_to_the_end().await;
    assert_eq!(status.code(), Some(2), "{log}");
    assert!(log.contains("TRAFFIC_TRACE") && log.contains(":3"), "file and line are named:\n{log}");
    let (status, log) = cloud.engine().env("SIMULATION_SCENARIO", "nope").run_to_the_end().await;
    assert_eq!(status.code(), Some(2), "{log}");
    assert!(log.contains("normal"), "the scenarios there are, are named:\n{log}");
}
