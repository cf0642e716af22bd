//! Looking ahead: which options are asked for, and when there is nothing to look ahead at. What sim-engine computes is its own tests' matter.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::engine::FakeEngine;
use crate::samples::{incident, resolved};
use crate::stack::Stack;

const OF_ACTION: &str = "ops.v1.ActionService/PreviewAction";
const OF_INCIDENT: &str = "ops.v1.ActionService/PreviewIncident";

/// Type and target of every option; doing nothing has neither.
fn options(answer: &Value) -> Vec<[&str; 2]> {
    let options = answer["preview"]["options"].as_array().unwrap();
    let told = |option| ["type", "targetId"].map(|field| text(option, field));
    options.iter().map(told).collect()
}

fn text<'a>(option: &'a Value, field: &str) -> &'a str {
    option["action"][field].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_proposal_is_looked_at_beside_its_alternatives_and_doing_nothing() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let action = stack.proposed().await;
    stack.store_incident(&incident(action.incident_id.parse().unwrap())).await;
    let answer = stack.call(OF_ACTION, json!({ "actionId": action.id, "futures": 4 })).await.ok();
    assert_eq!(
        options(&answer),
        [["", ""], ["ACTION_TYPE_SCALE_UP", "checkout"], ["ACTION_TYPE_RESTART_SERVICE", "checkout"],]
    );
    assert_eq!(answer["preview"]["futures"], 4);
}

#[tokio::test]
async fn what_is_decided_or_over_or_not_there_is_not_looked_at() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let action = stack.approved().await;
    let decided = stack.call(OF_ACTION, json!({ "actionId": action.id })).await.error("failed_precondition");
    assert!(decided.contains("PreviewIncident"), "{decided}");
    for method in [OF_ACTION, OF_INCIDENT] {
        let nobody = json!({ "actionId": Uuid::from_u128(9), "incidentId": Uuid::from_u128(9) });
        stack.call(method, nobody).await.error("not_found");
    }
    let over = resolved(&incident(Uuid::from_u128(7)));
    stack.store_incident(&over).await;
    let told = stack.call(OF_INCIDENT, json!({ "incidentId": over.id })).await.error("failed_precondition");
    assert!(told.contains("is over"), "{told}");
}

#[tokio::test]
async fn an_open_incident_is_looked_at_by_its_target_while_nothing_is_suspected() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let open = incident(Uuid::from_u128(8));
    stack.store_incident(&open).await;
    let answer = stack.call(OF_INCIDENT, json!({ "incidentId": open.id })).await.ok();
    assert_eq!(
        options(&answer),
        [["", ""], ["ACTION_TYPE_RESTART_SERVICE", "checkout"], ["ACTION_TYPE_SCALE_UP", "checkout"]]
    );
}
