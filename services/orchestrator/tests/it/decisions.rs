//! Approve and reject: exactly one winner, one command, one answer a key.

use std::collections::HashSet;
use std::time::Duration;

use proto::ops::v1::ActionStatus;
use reqwest::StatusCode;
use serde_json::json;

use crate::stack::{Stack, call, client, incident, proposal, resolved, until};

const APPROVE: &str = "ops.v1.ActionService/ApproveAction";
const REJECT: &str = "ops.v1.ActionService/RejectAction";

#[tokio::test]
async fn an_approval_becomes_one_command_and_one_status_message() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;

    let body = json!({ "actionId": action.id, "operator": "alice", "expectedVersion": "1" });
    let answer = stack.call(APPROVE, body).await.ok();

    assert_eq!(answer["action"]["status"], "ACTION_STATUS_APPROVED");
    assert_eq!(answer["action"]["version"], "2");
    assert_eq!(answer["action"]["decidedBy"], "alice");
    let commands = until("the command is published", || async {
        Some(stack.commands().await).filter(|commands| !commands.is_empty())
    })
    .await;
    assert_eq!(commands.len(), 1);
    let command = &commands[0];
    assert_eq!(command.action_id, action.id);
    assert_eq!((command.target_id.as_str(), command.target_version, command.replicas), ("checkout", 3, 2));
    assert_eq!(command.approved_by, "alice");
    let valid_for = command.valid_until.unwrap().seconds - command.approved_at.unwrap().seconds;
    assert_eq!(valid_for, 60);
    let statuses = until("both versions are on ops.actions", || async {
        let mut told: Vec<proto::ops::v1::Action> = stack.stored(bus::streams::OPS_ACTIONS).await;
        told.retain(|told| told.version > 0);
        (told.len() == 2).then_some(told)
    })
    .await;
    assert_eq!(statuses[1].status(), ActionStatus::Approved);
    assert_eq!(stack.audit(&action.id).await, ["action.propose", "action.approve"]);
}

#[tokio::test]
async fn of_forty_deciders_one_wins_and_the_others_learn_who() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;

    let deciders = (0..40).map(|number| {
        let (http, address, id) = (client(), stack.orchestrator.address, action.id.clone());
        tokio::spawn(async move {
            let operator = format!("operator-{number}");
            if number % 2 == 0 {
                call(&http, address, APPROVE, json!({ "actionId": id, "operator": operator })).await
            } else {
                let body = json!({ "actionId": id, "operator": operator, "reason": "not now" });
                call(&http, address, REJECT, body).await
            }
        })
    });
    let answers = futures::future::join_all(deciders.collect::<Vec<_>>()).await;

    let (won, lost): (Vec<_>, Vec<_>) =
        answers.into_iter().map(Result::unwrap).partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(won.len(), 1, "exactly one winner");
    let winner = won[0].body["action"]["decidedBy"].as_str().unwrap().to_owned();
    let approved = won[0].body["action"]["status"] == "ACTION_STATUS_APPROVED";
    for answer in lost {
        let message = answer.error("failed_precondition");
        assert!(message.starts_with(&format!("{winner} ")), "{message} names {winner}");
    }
    stack.until_status(&action.id, won[0].body["action"]["status"].as_str().unwrap()).await;
    until("the outbox is empty", || async {
        let mut conn = stack.store.acquire().await.unwrap();
        (store::outbox::backlog(&mut conn, "orchestrator").await.unwrap() == 0).then_some(())
    })
    .await;
    assert_eq!(stack.commands().await.len(), usize::from(approved));
    let refusals = stack.audit(&action.id).await.iter().filter(|verb| verb.ends_with(".refused")).count();
    assert_eq!(refusals, 39, "failed decisions are audited too");
}

#[tokio::test]
async fn repeating_a_decision_with_its_key_gives_the_same_answer_and_one_command() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;
    let body = json!({ "actionId": action.id, "operator": "alice", "idempotencyKey": "k-1" });

    let mut answers = HashSet::new();
    for _ in 0..5 {
        answers.insert(stack.call(APPROVE, body.clone()).await.ok().to_string());
    }

    assert_eq!(answers.len(), 1, "{answers:?}");
    let other = json!({ "actionId": action.id, "operator": "bob", "idempotencyKey": "k-1" });
    stack.call(APPROVE, other).await.error("invalid_argument");
    let reject =
        json!({ "actionId": action.id, "operator": "alice", "reason": "no", "idempotencyKey": "k-1" });
    stack.call(REJECT, reject).await.error("invalid_argument");
    until("the command is published", || async { (stack.commands().await.len() == 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_lost_answer_and_a_retry_at_the_same_time_decide_once() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;
    let body = json!({ "actionId": action.id, "operator": "alice", "idempotencyKey": "k-2" });

    // The first client gives up before it reads the answer.
    let impatient = reqwest::Client::builder().timeout(Duration::from_millis(1)).build().unwrap();
    let lost = impatient.post(stack.url(&format!("/{APPROVE}"))).json(&body).send();
    let (_lost, first, second) =
        tokio::join!(lost, stack.call(APPROVE, body.clone()), stack.call(APPROVE, body.clone()));

    let first = first.ok();
    assert_eq!(first, second.ok());
    assert_eq!(first, stack.call(APPROVE, body).await.ok());
    assert_eq!(first["action"]["version"], "2");
    until("the command is published", || async { (stack.commands().await.len() == 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_rejection_takes_a_reason_and_publishes_no_command() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;

    let message = stack
        .call(REJECT, json!({ "actionId": action.id, "operator": "bob" }))
        .await
        .error("invalid_argument");
    assert!(message.starts_with("reason must"), "{message}");
    let body = json!({ "actionId": action.id, "operator": "bob", "reason": "traffic is about to drop" });
    let answer = stack.call(REJECT, body).await.ok();

    assert_eq!(answer["action"]["status"], "ACTION_STATUS_REJECTED");
    assert_eq!(answer["action"]["decisionReason"], "traffic is about to drop");
    let again = stack.call(APPROVE, json!({ "actionId": action.id, "operator": "alice" })).await;
    let message = again.error("failed_precondition");
    assert!(message.starts_with("bob rejected") && message.contains("traffic is about to drop"), "{message}");
    assert!(stack.commands().await.is_empty());
}

#[tokio::test]
async fn approving_after_the_expiry_is_refused_and_the_action_expires() {
    let stack = Stack::builder().proposals_expire_after(Duration::from_millis(1_500)).start().await;
    let action = stack.proposed().await;

    until("the database says it is too late", || async {
        let pending = stack.call("ops.v1.ActionService/ListPendingActions", json!({})).await.ok();
        pending["actions"].as_array().is_none_or(Vec::is_empty).then_some(())
    })
    .await;
    let answer = stack.call(APPROVE, json!({ "actionId": action.id, "operator": "alice" })).await;

    let message = answer.error("failed_precondition");
    assert!(message.to_lowercase().contains("expired"), "{message}");
    stack.until_status(&action.id, "ACTION_STATUS_EXPIRED").await;
    let audit = stack.audit(&action.id).await;
    assert_eq!(audit.iter().filter(|verb| *verb == "action.expire").count(), 1, "{audit:?}");
    assert!(stack.commands().await.is_empty());
}

#[tokio::test]
async fn a_proposal_that_expired_while_nobody_ran_is_expired_on_return() {
    let mut stack = Stack::builder().proposals_expire_after(Duration::from_secs(2)).start().await;
    let action = stack.proposed().await;
    stack.orchestrator.stop().await;
    until("the proposal is past its time", || async {
        let mut conn = stack.store.acquire().await.unwrap();
        store::actions::pending(&mut conn, None).await.unwrap().is_empty().then_some(())
    })
    .await;

    stack.orchestrator = crate::stack::Running::start(&stack.config).await;

    let answer = stack.call(APPROVE, json!({ "actionId": action.id, "operator": "alice" })).await;
    answer.error("failed_precondition");
    stack.until_status(&action.id, "ACTION_STATUS_EXPIRED").await;
    assert!(stack.commands().await.is_empty());
}

#[tokio::test]
async fn approving_after_the_incident_is_over_is_refused_even_before_its_message_arrives() {
    let stack = Stack::start().await;
    let incident = incident(uuid::Uuid::new_v4());
    stack.publish_incident(&incident).await;
    let action = proposal(&incident);
    stack.publish_action(&action).await;
    stack.until_status(&action.id, "ACTION_STATUS_PROPOSED").await;
    stack.store_incident(&resolved(&incident)).await;

    let answer = stack.call(APPROVE, json!({ "actionId": action.id, "operator": "alice" })).await;

    let message = answer.error("failed_precondition");
    assert!(message.contains("incident is over"), "{message}");
    assert_eq!(stack.action(&action.id).await["status"], "ACTION_STATUS_SUPERSEDED");
    assert!(stack.commands().await.is_empty());
}

#[tokio::test]
async fn a_decision_on_something_else_than_was_seen_is_refused() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;
    let body = json!({ "actionId": action.id, "operator": "alice", "expectedVersion": "7" });
    let message = stack.call(APPROVE, body).await.error("failed_precondition");
    assert!(message.contains("is at version 1, you looked at version 7"), "{message}");
    stack.until_status(&action.id, "ACTION_STATUS_PROPOSED").await;
}

#[tokio::test]
async fn unknown_and_malformed_decisions_are_told_apart() {
    let stack = Stack::start().await;
    let unknown = uuid::Uuid::new_v4();
    stack.call(APPROVE, json!({ "actionId": unknown, "operator": "alice" })).await.error("not_found");
    for (body, field) in [
        (json!({ "operator": "alice" }), "action_id"),
        (json!({ "actionId": "*", "operator": "alice" }), "action_id"),
        (json!({ "actionId": unknown }), "operator"),
        (json!({ "actionId": unknown, "operator": "x".repeat(129) }), "operator"),
        (json!({ "actionId": unknown, "operator": "a\u{1b}[31m" }), "operator"),
        (
            json!({ "actionId": unknown, "operator": "alice", "idempotencyKey": "k".repeat(129) }),
            "idempotency_key",
        ),
    ] {
        let message = stack.call(APPROVE, body).await.error("invalid_argument");
        assert!(message.starts_with(field), "{message}");
    }
}
