//! The other calls, and what holds for all of them.

use std::collections::BTreeSet;

use bus::{Outgoing, subjects};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use prost_reflect::DescriptorPool;
use prost_reflect::prost_types::method_options::IdempotencyLevel;
use proto::common::v1::{Target, TargetKind};
use proto::sim::v1::{EntityColumns, MetricColumn, MetricSnapshot, SimulationEvent, SimulationEventKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use store::statistics::{self, AnomalyRow, ForecastRow};
use uuid::Uuid;

use crate::engine::FakeEngine;
use crate::stack::{RUN, Stack, simulated, until};

/// Calls that change something. A new one belongs here, or it needs `NO_SIDE_EFFECTS`; `Watch` is a stream.
const MUTATING: &[&str] = &[
    "ops.v1.ActionService/ApproveAction",
    "ops.v1.ActionService/ProposeAction",
    "ops.v1.ActionService/RejectAction",
    "ops.v1.AgentService/Propose",
    "ops.v1.AgentService/RegisterAgent",
    "ops.v1.AgentService/RetireAgent",
    "ops.v1.GameService/Finish",
    "ops.v1.GameService/Replay",
    "ops.v1.GameService/Start",
    "ops.v1.IncidentService/Acknowledge",
    "ops.v1.IncidentService/AddNote",
    "ops.v1.IncidentService/RemoveNote",
    "ops.v1.PolicyService/PauseAutomation",
    "ops.v1.PolicyService/ResumeAutomation",
    "ops.v1.PolicyService/SetPolicies",
    "ops.v1.RuleService/Create",
    "ops.v1.RuleService/Delete",
    "ops.v1.RuleService/Restore",
    "ops.v1.RuleService/SetEnabled",
    "ops.v1.RuleService/Update",
    "ops.v1.SilenceService/Create",
    "ops.v1.SilenceService/Delete",
    "ops.v1.SilenceService/End",
    "ops.v1.SilenceService/Update",
    "sim.v1.ControlService/ClearFault",
    "sim.v1.ControlService/InjectFault",
    "sim.v1.ControlService/Pause",
    "sim.v1.ControlService/Play",
    "sim.v1.ControlService/Reset",
    "sim.v1.ControlService/SetChaos",
    "sim.v1.ControlService/SetScenario",
    "sim.v1.ControlService/SetSpeed",
    "sim.v1.ControlService/Step",
    "sim.v1.SimulationService/Create",
    "sim.v1.SimulationService/Delete",
    "sim.v1.SimulationService/Fork",
    "sim.v1.SimulationService/Pause",
    "sim.v1.SimulationService/Restore",
    "sim.v1.SimulationService/Resume",
    "sim.v1.SimulationService/Start",
    "sim.v1.SimulationService/Stop",
];
const STREAMING: &[&str] = &["ops.v1.AgentService/Watch", "sim.v1.ControlService/Watch"];

/// Methods of the descriptor set, and whether each is marked as having no side effects.
fn methods() -> Vec<(String, bool)> {
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap();
    let mut methods = Vec::new();
    // Episodes are played against `microcloud evaluate`, which serves them itself.
    for service in pool.services().filter(|service| service.package_name() != "eval.v1") {
        for method in service.methods() {
            let options = method.method_descriptor_proto().options.clone().unwrap_or_default();
            let safe = options.idempotency_level() == IdempotencyLevel::NoSideEffects;
            methods.push((format!("{}/{}", service.full_name(), method.name()), safe));
        }
    }
    methods
}

#[test]
fn no_call_that_changes_something_is_marked_as_free_of_side_effects() {
    let unsafe_ones: BTreeSet<String> =
        methods().into_iter().filter(|(_, safe)| !safe).map(|(method, _)| method).collect();
    let expected: BTreeSet<String> = MUTATING.iter().chain(STREAMING).map(ToString::to_string).collect();
    assert_eq!(unsafe_ones, expected);
}

#[tokio::test]
async fn every_method_of_the_contract_is_served_and_only_safe_ones_by_get() {
    let stack = Stack::start().await;
    for (method, safe) in methods() {
        let answer = stack.call(&method, json!({})).await;
        assert_ne!(answer.body["code"], "unimplemented", "{method} is not registered");
        let got = stack.http.get(stack.url(&format!("/{method}?connect=v1&encoding=json&message=%7B%7D")));
        let got = got.send().await.unwrap().status();
        assert_eq!(got == StatusCode::METHOD_NOT_ALLOWED, !safe, "GET {method}: {got}");
    }
}

#[tokio::test]
async fn unknown_calls_are_unimplemented() {
    let stack = Stack::start().await;
    for method in ["ops.v1.ActionService/Explode", "ops.v9.Nothing/Do", "auth.v1.AuthService/Login"] {
        let answer = stack.call(method, json!({})).await;
        assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
        assert!(answer.error("unimplemented").contains(method));
    }
}

#[tokio::test]
async fn history_lists_actions_newest_first_in_pages() {
    let stack = Stack::start().await;
    let mut ids = Vec::new();
    for tick in [420, 440, 460] {
        ids.push(stack.proposed_at(tick).await);
    }
    let method = "ops.v1.ActionService/GetActionHistory";
    let first = stack.call(method, json!({ "limit": 2 })).await.ok();
    let token = first["nextPageToken"].as_str().unwrap();
    let second = stack.call(method, json!({ "limit": 2, "pageToken": token })).await.ok();
    let count = |page: &Value| page["actions"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (2, 1));
    assert_eq!([&first["actions"][0]["id"], &first["actions"][1]["id"]], [&ids[2].id, &ids[1].id]);
    assert!(second["nextPageToken"].is_null());
    let of_one = stack.call(method, json!({ "incidentId": ids[1].incident_id })).await.ok();
    assert_eq!(of_one["actions"][0]["id"], ids[1].id);
    assert_eq!(count(&of_one), 1);
    // The second becomes a symptom of the third, and what was proposed for it is told with that.
    let mut conn = stack.store.acquire().await.unwrap();
    sqlx::query("update incidents set symptom_of = $1::uuid where id = $2::uuid")
        .bind(&ids[2].incident_id)
        .bind(&ids[1].incident_id)
        .execute(&mut *conn)
        .await
        .unwrap();
    let lead = &ids[2].incident_id;
    let family = stack.call(method, json!({ "incidentId": lead, "withSymptoms": true })).await.ok();
    assert_eq!((count(&family), &family["actions"][0]["id"]), (2, &json!(ids[2].id)));
    assert_eq!(count(&stack.call(method, json!({ "incidentId": lead })).await.ok()), 1);
    assert_eq!(count(&stack.call(method, json!({ "withSymptoms": true })).await.ok()), 3);
    stack.call(method, json!({ "incidentId": "x" })).await.error("invalid_argument");
    stack.call(method, json!({ "limit": 5000 })).await.error("invalid_argument");
    stack
        .call("ops.v1.ActionService/GetAction", json!({ "actionId": Uuid::new_v4() }))
        .await
        .error("not_found");
    stack.call("ops.v1.ActionService/GetAction", json!({})).await.error("invalid_argument");
}

#[tokio::test]
async fn the_newest_sample_is_served_and_what_was_not_measured_stays_so() {
    let stack = Stack::start().await;
    let method = "ops.v1.TelemetryService/Latest";
    stack.call(method, json!({})).await.error("unavailable");

    let snapshot = MetricSnapshot {
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        tick: 20,
        time: Some(simulated(20)),
        shard_count: 1,
        services: Some(EntityColumns {
            ids: vec!["checkout".to_owned(), "cart".to_owned()],
            versions: vec![1, 1],
            columns: vec![MetricColumn { metric: "latency_p99".to_owned(), values: vec![12.5, f32::NAN] }],
        }),
        ..MetricSnapshot::default()
    };
    let message = Outgoing::message(subjects::SIM_METRICS, "sample".to_owned(), "default", &snapshot);
    stack.bus.publish(&message).await.unwrap();

    let latest = until("the sample is seen", || async {
        let answer = stack.call(method, json!({})).await;
        (answer.status == StatusCode::OK).then_some(answer.body)
    })
    .await;
    assert_eq!(latest["snapshots"][0]["services"]["columns"][0]["values"], json!([12.5, "NaN"]));
    stack.call(method, json!({ "simulationId": "elsewhere" })).await.error("unavailable");
}

#[tokio::test]
async fn what_statistics_found_is_served_newest_first_and_forecasts_with_their_limit() {
    let stack = Stack::start().await;
    let (anomalies, forecast) = ("ops.v1.TelemetryService/Anomalies", "ops.v1.TelemetryService/Forecast");
    assert!(stack.call(anomalies, json!({})).await.ok()["anomalies"].is_null());

    let at = |second: i64| DateTime::<Utc>::from_timestamp(1_790_000_000 + second, 0).unwrap();
    let found = |second: i64, service: &str| AnomalyRow {
        time: at(second),
        simulation_id: "default".to_owned(),
        run_id: RUN,
        tick_id: second * 20,
        node_id: String::new(),
        service_id: service.to_owned(),
        metric_name: "latency_p99".to_owned(),
        score: 0.999,
        evidence: 3.0,
        value: 312.0,
        expected: 118.0,
        aspect: "step".to_owned(),
    };
    let made = |horizon_s| ForecastRow {
        made_at: at(60),
        simulation_id: "default".to_owned(),
        run_id: RUN,
        tick_id: 1_200,
        node_id: "node-a1".to_owned(),
        service_id: String::new(),
        metric_name: "disk_usage".to_owned(),
        horizon_s,
        value: 81.0,
        low: 80.0,
        high: 82.0,
        value_now: 80.0,
        limit_value: Some(100.0),
        limit_in_s: Some(840),
        limit_earliest_s: Some(540),
        limit_latest_s: None,
    };
    let mut tx = stack.store.begin().await.unwrap();
    statistics::write_anomalies(&mut tx, &[found(10, "cart"), found(50, "checkout")]).await.unwrap();
    statistics::write_forecasts(&mut tx, &[made(60), made(300)]).await.unwrap();
    tx.commit().await.unwrap();

    let to = json!("2026-09-21T14:15:00Z");
    let told = stack.call(anomalies, json!({ "to": to })).await.ok();
    let who = |at: usize| told["anomalies"][at]["target"]["id"].clone();
    assert_eq!((who(0), who(1)), (json!("checkout"), json!("cart")));
    assert_eq!(
        (&told["anomalies"][0]["unit"], &told["anomalies"][0]["expected"]),
        (&json!("ms"), &json!(118.0))
    );
    let one = stack.call(anomalies, json!({ "to": to, "targets": [{ "kind": 1, "id": "cart" }] })).await.ok();
    assert_eq!(one["anomalies"].as_array().unwrap().len(), 1);

    let told = stack.call(forecast, json!({ "asOf": to })).await.ok();
    let [disk] = &told["forecasts"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!(disk["target"]["kind"], "TARGET_KIND_NODE");
    assert_eq!(disk["points"].as_array().unwrap().len(), 2);
    assert_eq!((&disk["limit"]["inS"], &disk["limit"]["latestS"]), (&json!(840), &json!(null)));
    let later = stack.call(forecast, json!({ "asOf": "2026-09-21T15:00:00Z" })).await.ok();
    assert!(later["forecasts"].is_null(), "a series that stopped moving has none");

    for (body, word) in [
        (json!({ "limit": 5_000 }), "limit must be"),
        (json!({ "metric": "nonsense" }), "There is no metric"),
        (json!({ "from": "2030-01-01T00:00:00Z", "to": to }), "from lies after to"),
    ] {
        let message = stack.call(anomalies, body.clone()).await.error("invalid_argument");
        assert!(message.starts_with(word), "{body}: {message}");
    }
}

#[tokio::test]
async fn stored_series_are_served_in_steps_and_no_data_is_no_data() {
    let stack = Stack::start().await;
    let method = "ops.v1.TelemetryService/Query";
    let empty = stack.call(method, json!({ "metric": "error_rate" })).await.ok();
    assert!(empty["series"].is_null());
    assert_eq!(empty["unit"], "%");

    let began = DateTime::<Utc>::from_timestamp(1_790_000_000, 0).unwrap();
    let mut batch = store::metrics::Batch::new();
    for second in 0..60_i64 {
        let row = store::metrics::Row {
            time: began + TimeDelta::seconds(second),
            tick: second * 20,
            node_id: "",
            service_id: "checkout",
            metric: "error_rate",
            value: second as f64,
            simulation_id: "default",
        };
        batch.push(&row).unwrap();
    }
    let mut tx = stack.store.begin().await.unwrap();
    store::metrics::copy(&mut tx, &batch).await.unwrap();
    store::metrics::note(&mut tx, &batch).await.unwrap();
    tx.commit().await.unwrap();

    let targets = json!([
        { "kind": "TARGET_KIND_SERVICE", "id": "cart" },
        { "kind": "TARGET_KIND_SERVICE", "id": "checkout" }
    ]);
    let body = json!({ "metric": "error_rate", "targets": targets, "stepS": 10, "aggregate": "TELEMETRY_AGGREGATE_MAX" });
    let answer = stack.call(method, body).await.ok();
    let series = answer["series"].as_array().unwrap();
    assert_eq!(series[0]["target"]["id"], "cart");
    assert!(series[0]["values"].is_null());
    assert_eq!(series[1]["values"], json!([9.0, 19.0, 29.0, 39.0, 49.0, 59.0]));
    assert_eq!(answer["stepS"], 10.0);
    assert_eq!(answer["source"], "TELEMETRY_SOURCE_ROWS");
    assert!(series[1]["description"].is_null(), "nobody asked for it");

    let body = json!({ "metric": "error_rate", "stepS": 1, "describe": true });
    let answer = stack.call(method, body).await.ok();
    let told = &answer["series"][0]["description"];
    assert_eq!((&told["count"], &told["mean"], &told["newest"]), (&json!(60), &json!(29.5), &json!(59.0)));
    assert_eq!(told["slopePerS"], 1.0);

    let body = json!({ "metrics": ["error_rate", "cpu_usage"], "stepS": 60, "groupBy": "TELEMETRY_GROUP_BY_METRIC",
                       "aggregate": "TELEMETRY_AGGREGATE_COUNT" });
    let answer = stack.call(method, body).await.ok();
    assert_eq!(answer["source"], "TELEMETRY_SOURCE_MINUTES");
    let series = answer["series"].as_array().unwrap();
    assert_eq!(series.len(), 1, "there is no telemetry of the other metric: {series:?}");
    let counted: f64 =
        series[0]["values"].as_array().unwrap().iter().filter_map(serde_json::Value::as_f64).sum();
    assert_eq!((counted, &series[0]["unit"]), (60.0, &json!("samples")));

    let reach = stack.call("ops.v1.TelemetryService/Coverage", json!({})).await.ok();
    assert_eq!(reach["latestTime"], "2026-09-21T14:14:19+00:00");
    assert_eq!(reach["database"], stack.store.flavour().to_string());
    let nothing =
        stack.call("ops.v1.TelemetryService/Coverage", json!({ "simulationId": "elsewhere" })).await;
    assert!(nothing.error("not_found").contains("elsewhere"));

    for (body, word) in [
        (
            json!({ "metric": "error_rate", "groupBy": "TELEMETRY_GROUP_BY_ZONE" }),
            "group_by NODE and ZONE need nodes",
        ),
        (json!({ "metric": "error_rate", "across": "TELEMETRY_AGGREGATE_P95" }), "across must be"),
        (json!({ "metric": "error_rate", "targetKind": "TARGET_KIND_ZONE" }), "target_kind must be"),
        (json!({}), "There is no metric"),
        (json!({ "metric": "nonsense" }), "There is no metric"),
        (json!({ "metric": "error_rate", "stepS": 0.1 }), "step_s"),
        (json!({ "metric": "error_rate", "stepS": "NaN" }), "step_s"),
        (json!({ "metric": "error_rate", "aggregate": 9 }), "failed to decode JSON"),
        (json!({ "metric": "error_rate", "targets": [{ "kind": 3, "id": "zone-a" }] }), "Every target"),
        (json!({ "metric": "error_rate", "targets": [{ "kind": 1 }] }), "Every target"),
        (json!({ "metric": "error_rate", "from": "2030-01-01T00:00:00Z" }), "from lies after to"),
    ] {
        let message = stack.call(method, body.clone()).await.error("invalid_argument");
        assert!(message.starts_with(word), "{body}: {message}");
    }
}

#[tokio::test]
async fn control_is_relayed_with_its_answers_and_its_errors() {
    let stack = Stack::start().await;
    let message = stack.call("sim.v1.ControlService/Play", json!({})).await.error("unavailable");
    assert!(message.contains("sim-engine does not answer"), "{message}");

    let _engine = FakeEngine::start(&stack.bus).await;

    let played = stack.call("sim.v1.ControlService/Play", json!({})).await.ok();
    assert_eq!(played["state"]["playing"], true);
    let topology = stack.call("sim.v1.ControlService/GetTopology", json!({})).await.ok();
    assert_eq!(topology["topology"]["services"][0]["id"], "checkout");
    let message =
        stack.call("sim.v1.ControlService/SetSpeed", json!({ "speed": 0 })).await.error("invalid_argument");
    assert!(message.contains("0.1 to 1000"), "{message}");
}

#[tokio::test]
async fn watch_streams_the_state_now_and_every_change() {
    let stack = Stack::start().await;
    let engine = FakeEngine::start(&stack.bus).await;

    let body = b"{}";
    let mut envelope = vec![0_u8];
    envelope.extend_from_slice(&(body.len() as u32).to_be_bytes());
    envelope.extend_from_slice(body);
    let answer = stack
        .http
        .post(stack.url("/sim.v1.ControlService/Watch"))
        .header("content-type", "application/connect+json")
        .body(envelope)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let mut chunks = answer.bytes_stream();
    let mut text = String::new();
    let mut told = false;
    while !text.contains("\"playing\":true") {
        let chunk =
            tokio::time::timeout(crate::stack::PATIENCE, chunks.next()).await.unwrap().unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&chunk));
        if !told {
            assert!(text.contains("\"scenario\":\"normal\""), "the state now comes first: {text}");
            engine.say(true).await;
            told = true;
        }
    }
}

#[tokio::test]
async fn what_happened_can_be_asked_for_afterwards() {
    let stack = Stack::start().await;
    let event = |tick: u64, kind: SimulationEventKind| SimulationEvent {
        id: Uuid::new_v4().to_string(),
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        tick,
        time: Some(simulated(tick)),
        kind: kind.into(),
        target: Some(Target { kind: TargetKind::Node.into(), id: "node-a1".to_owned() }),
        message: format!("it is tick\0 {tick}"),
        attributes: [("fault".to_owned(), "cpu_hog".to_owned())].into(),
        ..SimulationEvent::default()
    };
    let began = event(20, SimulationEventKind::FaultStarted);
    stack.publish_event(&began).await;
    // Nobody can say when this happened.
    stack.publish_event(&SimulationEvent { time: None, ..event(30, SimulationEventKind::NodeDown) }).await;
    stack.publish_event(&event(40, SimulationEventKind::FaultEnded)).await;

    let ask = async |body: Value| {
        let answer = stack.call("ops.v1.TelemetryService/Events", body).await.ok();
        answer["events"].as_array().cloned().unwrap_or_default()
    };
    let all =
        until("both are kept", || async { Some(ask(json!({})).await).filter(|events| events.len() == 2) })
            .await;
    assert_eq!((&all[0]["tick"], &all[1]["tick"]), (&json!("40"), &json!("20")), "newest first");
    assert_eq!(all[1]["id"], began.id);
    assert_eq!(all[1]["message"], "it is tick 20");
    assert_eq!(all[1]["target"], json!({ "kind": "TARGET_KIND_NODE", "id": "node-a1" }));
    assert_eq!(all[1]["attributes"], json!({ "fault": "cpu_hog" }));
    let kinds = json!({ "kinds": ["SIMULATION_EVENT_KIND_FAULT_ENDED"], "runId": RUN.to_string() });
    assert_eq!(ask(kinds).await, all[..1]);
    assert_eq!(ask(json!({ "to": all[1]["time"] })).await, all[1..]);
    assert!(ask(json!({ "simulationId": "elsewhere" })).await.is_empty());

    for wrong in [
        json!({ "limit": 1_001 }),
        json!({ "kinds": [99] }),
        json!({ "runId": "7" }),
        json!({ "from": all[0]["time"], "to": all[1]["time"] }),
    ] {
        stack.call("ops.v1.TelemetryService/Events", wrong).await.error("invalid_argument");
    }
}
