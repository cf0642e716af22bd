//! Servers that go away and come back.

use reqwest::StatusCode;
use serde_json::json;

use crate::events::EventSource;
use crate::stack::{Stack, until};

const APPROVE: &str = "ops.v1.ActionService/ApproveAction";

async fn until_ready(stack: &Stack) {
    until("the orchestrator is ready", || async {
        (stack.readiness().await == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_postgresql_nothing_is_decided_and_everything_recovers() {
    let mut stack = Stack::builder().durable_database().start().await;
    let action = stack.proposed().await;
    let body = json!({ "actionId": action.id, "operator": "alice", "idempotencyKey": "k" });
    stack.until_shown(&action).await;
    stack.postgres.kill().await.unwrap();

    let message = stack.call(APPROVE, body.clone()).await.error("unavailable");
    assert!(message.contains("Try again"), "{message}");
    stack.call("ops.v1.ActionService/ListPendingActions", json!({})).await.error("unavailable");
    assert_eq!(stack.readiness().await, StatusCode::SERVICE_UNAVAILABLE);
    let live = stack.http.get(stack.url("/livez")).send().await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    // Pages go on: the snapshot lives in memory.
    let mut page = EventSource::open(stack.orchestrator.address, None).await;
    assert_eq!(page.next().await.unwrap().data["pendingActions"][0]["id"], action.id);

    stack.postgres.restart().await.unwrap();
    until_ready(&stack).await;
    let answer = stack.call(APPROVE, body).await.ok();
    assert_eq!(answer["action"]["status"], "ACTION_STATUS_APPROVED");
    until("the command is published", || async { (stack.commands().await.len() == 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_proposal_made_while_postgresql_is_away_is_recorded_when_it_is_back() {
    let mut stack = Stack::builder().durable_database().start().await;
    let first = stack.proposed().await;
    let second = proto::ops::v1::Action { id: uuid::Uuid::new_v4().to_string(), attempt: 2, ..first.clone() };
    stack.postgres.kill().await.unwrap();
    stack.publish_action(&second).await;
    // Long enough for the message to be tried and held.
    until("the orchestrator noticed", || async {
        (stack.readiness().await == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    stack.postgres.restart().await.unwrap();
    stack.until_status(&second.id, "ACTION_STATUS_PROPOSED").await;
}

#[tokio::test]
async fn without_nats_nothing_is_approved_because_nobody_knows_whether_automation_is_paused() {
    let mut stack = Stack::start().await;
    let (action, rejected) = (stack.proposed().await, stack.proposed().await);
    let mut page = EventSource::open(stack.orchestrator.address, None).await;
    assert_eq!(page.next().await.unwrap().name, "snapshot");
    stack.nats.kill().await.unwrap();

    let approve = json!({ "actionId": action.id, "operator": "alice", "idempotencyKey": "k" });
    let message = stack.call(APPROVE, approve.clone()).await.error("unavailable");
    assert!(message.contains("as good as paused"), "{message}");
    let reject = json!({ "actionId": rejected.id, "operator": "alice", "reason": "no" });
    stack.call("ops.v1.ActionService/RejectAction", reject).await.ok();
    until("readiness tells", || async {
        (stack.readiness().await == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;

    stack.nats.restart().await.unwrap();
    until_ready(&stack).await;
    stack.call(APPROVE, approve).await.ok();
    until("the command is published", || async { (stack.commands().await.len() == 1).then_some(()) }).await;
    // The stream of the page went on; the proposal itself may be on it or in the snapshot.
    while page.next_named("action").await.data["status"] != "ACTION_STATUS_APPROVED" {}
    let next = stack.proposed().await;
    assert_eq!(stack.action(&next.id).await["status"], "ACTION_STATUS_PROPOSED");
}
