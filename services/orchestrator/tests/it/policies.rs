//! Approval policies, two persons, another number, and who has to be heard.

use std::time::Duration;

use bus::subjects;
use prost::Message as _;
use proto::ops::v1::{Action, Heartbeat};
use proto::sim::v1::SimulationEventKind as Kind;
use serde_json::{Value, json};
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use crate::engine::FakeEngine;
use crate::stack::{Answer, Stack, incident, proposal, resolved, until};

const APPROVE: &str = "ops.v1.ActionService/ApproveAction";

async fn set(stack: &Stack, policies: Value) -> Answer {
    let body = json!({ "operator": "ana", "reason": "a drill", "policies": policies });
    stack.call("ops.v1.PolicyService/SetPolicies", body).await
}

fn two_persons() -> Value {
    json!([{ "name": "ups", "match": { "types": ["ACTION_TYPE_SCALE_UP"] }, "mode": "APPROVAL_MODE_TWO_PERSON", "expiryS": 600 }])
}

fn auto(matches: &Value) -> Value {
    let mut matches = matches.clone();
    matches["types"] = json!(["ACTION_TYPE_SCALE_UP"]);
    json!([{ "name": "small", "match": matches, "mode": "APPROVAL_MODE_AUTO_APPROVE" }])
}

async fn approve(stack: &Stack, action: &Action, by: &str, replicas: u32) -> Answer {
    stack.call(APPROVE, json!({ "actionId": action.id, "operator": by, "replicas": replicas })).await
}

/// What automation needs before it approves: telemetry of now, and both services alive.
pub(crate) async fn alive(stack: &Stack) -> (FakeEngine, DropGuard) {
    let engine = FakeEngine::start(&stack.bus).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let (bus, token) = (stack.bus.clone(), stop.clone());
    let state = crate::engine::state(true);
    let sample = proto::sim::v1::MetricSnapshot {
        simulation_id: state.simulation_id.clone(),
        run_id: state.run_id.clone(),
        tick: state.tick,
        time: state.time,
        shard_count: 1,
        ..proto::sim::v1::MetricSnapshot::default()
    };
    let message = bus::Outgoing::message(subjects::SIM_METRICS, "sample", "default", &sample);
    bus.publish(&message).await.unwrap();
    tokio::spawn(async move {
        while !token.is_cancelled() {
            let beat = Heartbeat { service: "agent-service".to_owned() };
            bus.client().publish(subjects::OPS_HEARTBEAT, beat.encode_to_vec().into()).await.unwrap();
            bus.client().publish(subjects::SIM_STATE, state.encode_to_vec().into()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    until("the sample is seen", || async {
        let latest = stack.call("ops.v1.TelemetryService/Latest", json!({})).await;
        (!latest.body["snapshots"].is_null()).then_some(())
    })
    .await;
    (engine, stop.drop_guard())
}

#[tokio::test]
async fn policies_are_set_by_compare_and_set_checked_and_audited() {
    let stack = Stack::start().await;
    let none = stack.call("ops.v1.PolicyService/GetPolicies", json!({})).await.ok();
    assert!(none["policies"]["policies"].is_null(), "everything is asked about: {none}");
    let first = set(&stack, two_persons()).await.ok();
    let version = first["policies"]["version"].as_str().unwrap().to_owned();
    let wrong = json!([{ "name": "All", "mode": "APPROVAL_MODE_AUTO_APPROVE" }, { "name": "x" }]);
    let told = set(&stack, wrong).await.error("invalid_argument");
    for part in ["lower-case", "must name the types", "its mode must be"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let stale = json!({ "operator": "ben", "policies": [], "expectedVersion": "999" });
    let told = stack.call("ops.v1.PolicyService/SetPolicies", stale).await.error("failed_precondition");
    assert!(told.contains("by ana") && told.contains(&version), "{told}");
    let kept = stack.call("ops.v1.PolicyService/GetPolicies", json!({})).await.ok();
    assert_eq!(kept["policies"]["policies"], first["policies"]["policies"]);
    until("the change is audited", || async {
        (stack.audit("policies/approval").await == ["policies.set"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_different_people_have_to_approve_and_one_no_is_enough() {
    let stack = Stack::start().await;
    set(&stack, two_persons()).await.ok();
    let action = stack.proposed().await;
    let shown = stack.action(&action.id).await;
    assert_eq!((&shown["policy"], &shown["approvalsNeeded"]), (&json!("ups"), &json!(2)));
    assert!(shown["policyReason"].as_str().unwrap().contains("SCALE_UP of checkout"), "{shown}");

    let first = approve(&stack, &action, "ana", 0).await.ok();
    assert_eq!(first["action"]["status"], "ACTION_STATUS_PROPOSED");
    let told = approve(&stack, &action, " Ana", 0).await.error("failed_precondition");
    assert!(told.contains("approved action") && told.contains("ask somebody else"), "{told}");
    let told = approve(&stack, &action, "agent-service", 0).await.error("failed_precondition");
    assert!(told.contains("two other people"), "{told}");
    assert!(stack.commands().await.is_empty());
    let second = approve(&stack, &action, "ben", 0).await.ok();
    assert_eq!(second["action"]["status"], "ACTION_STATUS_APPROVED");
    let said: Vec<&Value> =
        second["action"]["approvals"].as_array().unwrap().iter().map(|yes| &yes["operator"]).collect();
    assert_eq!(said, ["ana", "ben"]);
    let command = until("the command is published", || async { stack.commands().await.pop() }).await;
    assert_eq!(command.approved_by, "ana, ben");
    let audit = stack.audit(&action.id).await;
    assert_eq!(audit.iter().filter(|verb| verb.starts_with("action.approve")).count(), 4, "{audit:?}");

    let other = stack.proposed().await;
    approve(&stack, &other, "ana", 0).await.ok();
    let no = json!({ "actionId": other.id, "operator": "ben", "reason": "not now" });
    stack.call("ops.v1.ActionService/RejectAction", no).await.ok();
    approve(&stack, &other, "eve", 0).await.error("failed_precondition");
    assert_eq!(stack.commands().await.len(), 1);
}

#[tokio::test]
async fn another_number_is_recorded_goes_into_the_command_and_undoes_earlier_approvals() {
    let stack = Stack::start().await;
    set(&stack, two_persons()).await.ok();
    let action = stack.proposed().await;
    approve(&stack, &action, "ana", 0).await.ok();
    let told = approve(&stack, &action, "ben", 101).await.error("invalid_argument");
    assert!(told.contains("1 to 100"), "{told}");
    let edited = approve(&stack, &action, "ben", 5).await.ok();
    assert_eq!(edited["action"]["approvals"].as_array().unwrap().len(), 1, "{edited}");
    let done = approve(&stack, &action, "ana", 0).await.ok();
    let of = |field: &str| done["action"][field].clone();
    assert_eq!(
        (of("replicas"), of("proposedReplicas"), of("replicasBy")),
        (json!(5), json!(2), json!("ben"))
    );
    let command = until("the command is published", || async { stack.commands().await.pop() }).await;
    assert_eq!(command.replicas, 5);
    let mut conn = stack.store.acquire().await.unwrap();
    let entry = store::audit::last_of_subject(&mut conn, &action.id).await.unwrap().unwrap();
    let after = entry.after.unwrap();
    assert_eq!(
        (&after["proposed_replicas"], &after["replicas"], &after["approvals"]),
        (&json!(2), &json!(5), &json!(["ben", "ana"]))
    );
    // The very same proposal, delivered again, is still known.
    stack.publish_action(&Action { version: 0, ..action.clone() }).await;
    assert_eq!(stack.action(&action.id).await["replicas"], 5);

    let restart = incident(Uuid::new_v4());
    stack.publish_incident(&restart).await;
    let kind = proto::ops::v1::ActionType::RestartService;
    let restart = Action { r#type: kind.into(), replicas: 0, ..proposal(&restart) };
    stack.publish_action(&restart).await;
    stack.until_status(&restart.id, "ACTION_STATUS_PROPOSED").await;
    let told = approve(&stack, &restart, "ana", 3).await.error("invalid_argument");
    assert!(told.contains("has no number of replicas"), "{told}");
}

#[tokio::test]
async fn a_policy_approves_by_itself_within_its_budget_and_not_while_automation_is_paused() {
    let stack = Stack::start().await;
    let _alive = alive(&stack).await;
    set(&stack, auto(&json!({ "maxSeverity": "SEVERITY_CRITICAL" }))).await.ok();
    let reserved = json!({ "actionId": Uuid::new_v4(), "operator": "Policy small" });
    stack.call(APPROVE, reserved).await.error("invalid_argument");
    let pause = json!({ "operator": "ana", "reason": "a drill" });
    stack.call("ops.v1.PolicyService/PauseAutomation", pause).await.ok();
    let action = stack.proposed().await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(stack.action(&action.id).await["status"], "ACTION_STATUS_PROPOSED");
    let resume = json!({ "operator": "ana", "reason": "over" });
    stack.call("ops.v1.PolicyService/ResumeAutomation", resume).await.ok();
    let approved = stack.until_status(&action.id, "ACTION_STATUS_APPROVED").await;
    assert_eq!(approved["decidedBy"], "policy small");

    for _ in 0..6 {
        stack.proposed().await;
    }
    let approved = || async {
        let mut conn = stack.store.acquire().await.unwrap();
        let approved = [store::actions::Status::Approved];
        store::actions::in_status(&mut conn, None, &approved).await.unwrap().len()
    };
    until("the burst is used up", || async { (approved().await >= 4).then_some(()) }).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(approved().await <= 5, "at most four at once, and one every 15 s");
    let waiting = stack.call("ops.v1.ActionService/ListPendingActions", json!({})).await.ok();
    let id = waiting["actions"][0]["id"].as_str().unwrap();
    stack.call(APPROVE, json!({ "actionId": id, "operator": "ana" })).await.ok();
}

#[tokio::test]
async fn a_policy_that_demands_an_effect_waits_for_the_look_ahead() {
    let stack = Stack::start().await;
    let _alive = alive(&stack).await;
    let demands = |effect: Value| auto(&json!({ "effect": effect }));
    set(&stack, demands(json!({ "minHelps": 0.9, "maxHarms": 0.0 }))).await.ok();
    let action = stack.proposed().await;
    tokio::time::sleep(Duration::from_millis(3_000)).await;
    let shown = stack.action(&action.id).await;
    assert_eq!((&shown["status"], &shown["policy"]), (&json!("ACTION_STATUS_PROPOSED"), &json!("default")));
    set(&stack, demands(json!({ "minHelps": 0.5 }))).await.ok();
    let approved = stack.until_status(&action.id, "ACTION_STATUS_APPROVED").await;
    assert!(approved["policyReason"].as_str().unwrap().contains("predicted to help"), "{approved}");
}

#[tokio::test]
async fn while_a_service_is_silent_people_decide_and_everybody_is_told() {
    let stack = Stack::start().await;
    set(&stack, auto(&json!({}))).await.ok();
    let shown = until("somebody notices", || async {
        let shown = stack.call("ops.v1.PolicyService/GetAutomation", json!({})).await.ok();
        (shown["mode"] == "AUTOMATION_MODE_MANUAL").then_some(shown)
    })
    .await;
    let why = shown["explanation"].as_str().unwrap();
    assert!(why.contains("agent-service") && why.contains("sim-engine"), "{why}");
    let action = stack.proposed().await;
    until("the reason is noted", || async {
        stack.audit(&action.id).await.contains(&"action.approve.held".to_owned()).then_some(())
    })
    .await;
    assert_eq!(stack.action(&action.id).await["status"], "ACTION_STATUS_PROPOSED");
    // The gauge is set every second.
    until("the gauge tells it", || async {
        let metrics = stack.http.get(stack.url("/metrics")).send().await.unwrap().text().await.unwrap();
        metrics.contains("silent_services{service=\"agent-service\"} 1").then_some(())
    })
    .await;
    let health = stack.http.get(stack.url("/health")).send().await.unwrap().text().await.unwrap();
    assert!(health.contains("nothing is approved without a person"), "{health}");
    approve(&stack, &action, "ana", 0).await.ok();
}

#[tokio::test]
async fn policies_that_cannot_be_read_ask_two_people() {
    let stack = Stack::start().await;
    let subject = "$KV.OPS_POLICIES.approval";
    stack.bus.jetstream().publish(subject, "garbage".into()).await.unwrap().await.unwrap();
    let action = stack.proposed().await;
    let shown = stack.action(&action.id).await;
    assert_eq!(shown["approvalMode"], "APPROVAL_MODE_TWO_PERSON", "{shown}");
    assert!(shown["policyReason"].as_str().unwrap().contains("cannot be used"), "{shown}");
}

#[tokio::test]
async fn policies_are_tried_on_what_was_proposed_before_and_nothing_changes() {
    let stack = Stack::start().await;
    let done = stack.approved().await;
    stack.report(&done, Kind::ActionExecuting, 500).await;
    stack.report(&done, Kind::ActionSucceeded, 520).await;
    stack.publish_incident(&resolved(&incident(done.incident_id.parse().unwrap()))).await;
    until("it is judged", || async {
        (stack.action(&done.id).await["effect"] == "ACTION_EFFECT_EFFECTIVE").then_some(())
    })
    .await;
    let waits = stack.proposed().await;
    let test = async |policies: Value| {
        stack.call("ops.v1.PolicyService/TestPolicies", json!({ "policies": policies })).await
    };

    let tried = test(auto(&json!({}))).await.ok();
    assert_eq!(tried["autoApproved"], json!({ "proposals": 2, "effective": 1, "notDone": 1 }));
    let told: Vec<&Value> =
        tried["trials"].as_array().unwrap().iter().map(|trial| &trial["action"]["id"]).collect();
    assert!(told.contains(&&json!(done.id)) && told.contains(&&json!(waits.id)), "{tried}");
    // Nothing was predicted here, and what is not known approves nothing.
    let demanding = test(auto(&json!({ "effect": { "minHelps": 0.5 } }))).await.ok();
    assert_eq!(demanding["asked"]["proposals"], 2, "{demanding}");
    assert!(demanding["autoApproved"].is_null(), "{demanding}");
    let told = test(json!([{ "name": "All", "mode": "APPROVAL_MODE_ASK" }])).await.error("invalid_argument");
    assert!(told.contains("cannot be tried") && told.contains("lower-case"), "{told}");
    let kept = stack.call("ops.v1.PolicyService/GetPolicies", json!({})).await.ok();
    assert!(kept["policies"]["policies"].is_null(), "nothing was set: {kept}");
}
