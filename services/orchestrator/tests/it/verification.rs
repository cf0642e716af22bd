//! What was approved is watched: what does harm is taken back without asking, and what was expected is kept beside what came.

use bus::{Outgoing, subjects};
use proto::ops::v1::{Action, ActionType, Incident};
use proto::sim::v1::{EntityColumns, MetricColumn, MetricSnapshot, SimulationEventKind as Kind};
use serde_json::{Value, json};
use store::predictions::{self, Came};
use uuid::Uuid;

use crate::events::EventSource;
use crate::policies::alive;
use crate::stack::{RUN, Stack, incident, proposal, resolved, simulated, until};

/// A sample of the only door.
async fn measured(stack: &Stack, tick: u64, error_pct: f32, p99_ms: f32) {
    let column = |metric: &str, value| MetricColumn { metric: metric.to_owned(), values: vec![value] };
    let services = EntityColumns {
        ids: vec!["checkout".to_owned()],
        versions: vec![3],
        columns: vec![
            column("request_rate", 100.0),
            column("error_rate", error_pct),
            column("latency_p99", p99_ms),
        ],
    };
    let sample = MetricSnapshot {
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        tick,
        time: Some(simulated(tick)),
        shard_count: 1,
        services: Some(services),
        ..MetricSnapshot::default()
    };
    let message = Outgoing::message(subjects::SIM_METRICS, format!("sample-{tick}"), "default", &sample);
    stack.bus.publish(&message).await.unwrap();
}

/// A scale-down, approved, done from tick 680 to 700; the engine says that it is tick 1000.
async fn scaled_down(stack: &Stack) -> Action {
    let incident = incident(Uuid::new_v4());
    stack.publish_incident(&incident).await;
    stack.publish_incident(&resolved(&incident)).await;
    let action = Action { r#type: ActionType::ScaleDown.into(), ..proposal(&incident) };
    stack.publish_action(&action).await;
    stack.until_status(&action.id, "ACTION_STATUS_PROPOSED").await;
    let approve = json!({ "actionId": action.id, "operator": "alice" });
    stack.call("ops.v1.ActionService/ApproveAction", approve).await.ok();
    stack.report(&action, Kind::ActionExecuting, 680).await;
    stack.report(&action, Kind::ActionSucceeded, 700).await;
    stack.until_status(&action.id, "ACTION_STATUS_SUCCEEDED").await;
    action
}

async fn history(stack: &Stack) -> Vec<Value> {
    let told = stack.call("ops.v1.ActionService/GetActionHistory", json!({})).await.ok();
    told["actions"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn what_does_harm_is_judged_harmful_and_taken_back_without_asking() {
    let stack = Stack::start().await;
    let _alive = alive(&stack).await;
    until("the doors are known", || async {
        let snapshot = EventSource::open(stack.orchestrator.address, None).await.next().await?;
        (snapshot.data["topology"]["services"][0]["door"] == true).then_some(())
    })
    .await;
    let action = scaled_down(&stack).await;
    for tick in (500..680).step_by(20) {
        measured(&stack, tick, 0.1, 120.0).await;
    }
    for tick in (800..=1_000).step_by(20) {
        measured(&stack, tick, 15.0, 900.0).await;
    }

    let harmful = until("the harm is seen", || async {
        let action = stack.action(&action.id).await;
        (action["effect"] == "ACTION_EFFECT_HARMFUL").then_some(action)
    })
    .await;
    assert!(harmful["outcome"].as_str().unwrap().contains("15.0 % of users' requests fail"), "{harmful}");
    let rollback = until("it is taken back", || async {
        let actions = history(&stack).await;
        actions.into_iter().find(|known| {
            known["rollsBack"] == action.id.as_str() && known["status"] == "ACTION_STATUS_APPROVED"
        })
    })
    .await;
    assert_eq!((&rollback["type"], &rollback["replicas"]), (&json!("ACTION_TYPE_SCALE_UP"), &json!(2)));
    assert_eq!(rollback["decidedBy"], "policy roll-back");
    assert!(
        rollback["reason"].as_str().unwrap().starts_with("Takes SCALE_DOWN of checkout back"),
        "{rollback}"
    );
    let commands = until("its command is on its way", || async {
        let commands = stack.commands().await;
        (commands.len() == 2).then_some(commands)
    })
    .await;
    assert_eq!(commands[1].action_id, rollback["id"].as_str().unwrap());
    assert_eq!(history(&stack).await.len(), 2, "once");
}

#[tokio::test]
async fn nobody_else_takes_harm_back_in_the_name_of_the_orchestrator() {
    let stack = Stack::start().await;
    let incident = incident(Uuid::new_v4());
    stack.publish_incident(&incident).await;
    let forged = Action { rolls_back: Uuid::new_v4().to_string(), ..proposal(&incident) };
    stack.publish_action(&forged).await;
    until("it is refused", || async {
        (stack.audit(&forged.id).await == ["action.propose.refused"]).then_some(())
    })
    .await;
    assert!(history(&stack).await.is_empty());
}

#[tokio::test]
async fn what_was_expected_of_a_proposal_is_kept_with_it() {
    let stack = Stack::start().await;
    let _alive = alive(&stack).await;
    let action = stack.proposed().await;
    let prediction = until("it is looked ahead at", || async {
        let told = stack.call("ops.v1.ActionService/GetAction", json!({ "actionId": action.id })).await.ok();
        (!told["prediction"].is_null()).then(|| told["prediction"].clone())
    })
    .await;
    assert_eq!((&prediction["helps"], &prediction["horizonS"]), (&json!(0.75), &json!(300)));
    assert!(prediction["came"].is_null(), "its time has not come: {prediction}");

    let calibration = || async { stack.call("ops.v1.ActionService/GetCalibration", json!({})).await.ok() };
    let told = calibration().await;
    assert_eq!((&told["all"]["made"], &told["all"]["compared"]), (&json!(1), &Value::Null), "{told}");
    let mut conn = stack.store.acquire().await.unwrap();
    let id = action.id.parse().unwrap();
    let middle = predictions::get(&mut conn, id).await.unwrap().unwrap().action.p99_ms.mid;
    predictions::settle(&mut conn, id, Came::Acted, Some((middle, 99.0))).await.unwrap();
    let told = calibration().await;
    let of_type = &told["byType"][0];
    assert_eq!(of_type["type"], "ACTION_TYPE_SCALE_UP", "{told}");
    for tally in [of_type, &told["all"]] {
        assert_eq!((&tally["compared"], &tally["p99InBand"]), (&json!(1), &json!(1)), "{told}");
        assert!(tally["errorInBand"].is_null() && tally["p99ErrorPct"].is_null(), "{told}");
    }
}

#[tokio::test]
async fn a_proposal_that_cannot_be_looked_ahead_at_does_not_hold_up_the_others() {
    let stack = Stack::start().await;
    let elsewhere = Incident { simulation_id: "stopped".to_owned(), ..incident(Uuid::new_v4()) };
    stack.publish_incident(&elsewhere).await;
    let stuck = Action { simulation_id: "stopped".to_owned(), ..proposal(&elsewhere) };
    stack.publish_action(&stuck).await;
    stack.until_status(&stuck.id, "ACTION_STATUS_PROPOSED").await;
    let _alive = alive(&stack).await;
    let action = stack.proposed().await;
    let prediction = |id: String| {
        let stack = &stack;
        async move {
            let told = stack.call("ops.v1.ActionService/GetAction", json!({ "actionId": id })).await.ok();
            (!told["prediction"].is_null()).then_some(())
        }
    };
    until("the younger one is looked ahead at", || prediction(action.id.clone())).await;
    assert!(prediction(stuck.id.clone()).await.is_none());
}

#[tokio::test]
async fn an_operator_proposes_like_an_agent_under_a_name_of_their_own() {
    let stack = Stack::start().await;
    let _alive = alive(&stack).await;
    let incident = incident(Uuid::new_v4());
    stack.store_incident(&incident).await;
    let propose = |operator: &str, target: &str, key: &str| {
        let body = json!({
            "incidentId": incident.id, "type": "ACTION_TYPE_SCALE_UP", "targetId": target, "replicas": 2,
            "reason": "CPU 93 %", "operator": operator, "idempotencyKey": key,
        });
        stack.call("ops.v1.ActionService/ProposeAction", body)
    };
    assert!(propose("ana", "*", "").await.error("invalid_argument").contains("wildcard"));
    assert!(propose("ana", "nowhere", "").await.error("not_found").contains("nowhere"));
    assert!(
        propose("Agent-Service", "checkout", "").await.error("invalid_argument").contains("name of an agent")
    );
    let action = propose("Ana M.", "checkout", "one").await.ok()["action"].clone();
    assert_eq!((&action["proposedBy"], &action["replicas"]), (&json!("Ana M."), &json!(2)), "{action}");
    assert_eq!(propose("Ana M.", "checkout", "one").await.ok()["action"], action, "repeated");
    propose("ben", "checkout", "").await.error("failed_precondition");
    let approve = json!({ "actionId": action["id"], "operator": "ben" });
    stack.call("ops.v1.ActionService/ApproveAction", approve).await.ok();
    let commands = until("its command is on its way", || async {
        let commands = stack.commands().await;
        (!commands.is_empty()).then_some(commands)
    })
    .await;
    assert_eq!(commands[0].action_id, action["id"].as_str().unwrap());
}
