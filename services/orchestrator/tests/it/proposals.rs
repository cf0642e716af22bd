//! What agents propose: recorded once, refused with a reason, never believed.

use bus::{Outgoing, subjects};
use proto::ops::v1::{Action, ActionStatus};
use serde_json::json;
use uuid::Uuid;

use crate::engine::FakeEngine;
use crate::stack::{Stack, incident, last_sequence, proposal, resolved, until};

async fn dead_letters(stack: &Stack) -> u64 {
    last_sequence(&stack.bus, bus::streams::DLQ).await
}

async fn until_dead_letters(stack: &Stack, number: u64) {
    until("the dead letters arrive", || async { (dead_letters(stack).await >= number).then_some(()) }).await;
    assert_eq!(dead_letters(stack).await, number);
}

#[tokio::test]
async fn a_proposal_is_recorded_as_version_one_with_an_expiry_and_told_to_everyone() {
    let stack = Stack::start().await;

    let action = stack.proposed().await;

    let pending = stack.call("ops.v1.ActionService/ListPendingActions", json!({})).await.ok();
    let listed = &pending["actions"][0];
    assert_eq!(listed["id"], action.id);
    assert_eq!(listed["version"], "1");
    assert_eq!(listed["reason"], action.reason);
    assert!(listed["expiresAt"].is_string());
    let told = until("version 1 is on ops.actions", || async {
        let all: Vec<Action> = stack.stored(bus::streams::OPS_ACTIONS).await;
        all.into_iter().find(|told| told.version == 1)
    })
    .await;
    assert_eq!(told.status(), ActionStatus::Proposed);
    assert_eq!(told.target_version, 3);
}

#[tokio::test]
async fn a_redelivered_proposal_has_one_effect() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;

    // Past the stream's duplicate window a redelivery arrives under another message id.
    for attempt in 0..3 {
        let id = format!("{}:again:{attempt}", action.id);
        let message = Outgoing::message(subjects::OPS_ACTIONS, id, "default", &action);
        stack.bus.publish(&message).await.unwrap();
    }
    let other = stack.proposed().await;

    let told: Vec<Action> = until("both are told", || async {
        let mut told: Vec<Action> = stack.stored(bus::streams::OPS_ACTIONS).await;
        told.retain(|told| told.version > 0);
        (told.len() >= 2).then_some(told)
    })
    .await;
    let ids: Vec<&str> = told.iter().map(|told| told.id.as_str()).collect();
    assert_eq!(ids, [action.id.as_str(), other.id.as_str()]);
    assert_eq!(stack.audit(&action.id).await, ["action.propose"]);
    assert_eq!(dead_letters(&stack).await, 0);
}

#[tokio::test]
async fn a_second_proposal_with_the_same_id_and_another_body_is_refused() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;

    let forged = Action { replicas: 50, ..action.clone() };
    let message =
        Outgoing::message(subjects::OPS_ACTIONS, format!("{}:forged", action.id), "default", &forged);
    stack.bus.publish(&message).await.unwrap();

    until_dead_letters(&stack, 1).await;
    assert_eq!(stack.action(&action.id).await["replicas"], 2);
    assert_eq!(stack.audit(&action.id).await, ["action.propose", "action.propose.refused"]);
}

#[tokio::test]
async fn empty_wildcard_and_unknown_targets_are_refused_and_audited_and_leave_no_row() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let incident = incident(Uuid::new_v4());
    stack.publish_incident(&incident).await;

    let targets = ["", "*", ">", "no-such-service"];
    let mut refused = Vec::new();
    for target in targets {
        let action = Action { target_id: target.to_owned(), ..proposal(&incident) };
        stack.publish_action(&action).await;
        refused.push(action);
    }
    let unknown_type = Action { r#type: 77, ..proposal(&incident) };
    stack.publish_action(&unknown_type).await;
    refused.push(unknown_type);
    let good = proposal(&incident);
    stack.publish_action(&good).await;

    stack.until_status(&good.id, "ACTION_STATUS_PROPOSED").await;
    until_dead_letters(&stack, refused.len() as u64).await;
    for action in refused {
        stack
            .call("ops.v1.ActionService/GetAction", json!({ "actionId": action.id }))
            .await
            .error("not_found");
        assert_eq!(stack.audit(&action.id).await, ["action.propose.refused"], "{}", action.target_id);
    }
}

#[tokio::test]
async fn a_proposal_for_an_unknown_incident_or_another_run_is_refused() {
    let stack = Stack::start().await;
    let unknown = proposal(&incident(Uuid::new_v4()));
    stack.publish_action(&unknown).await;
    let known = incident(Uuid::new_v4());
    stack.publish_incident(&known).await;
    let other_run = Action { run_id: Uuid::new_v4().to_string(), ..proposal(&known) };
    stack.publish_action(&other_run).await;

    until_dead_letters(&stack, 2).await;
    assert_eq!(stack.audit(&unknown.id).await, ["action.propose.refused"]);
    assert_eq!(stack.audit(&other_run.id).await, ["action.propose.refused"]);
}

#[tokio::test]
async fn a_proposal_for_an_incident_that_is_over_is_superseded_at_once() {
    let stack = Stack::start().await;
    let incident = incident(Uuid::new_v4());
    stack.publish_incident(&resolved(&incident)).await;

    let action = proposal(&incident);
    stack.publish_action(&action).await;

    let action = stack.until_status(&action.id, "ACTION_STATUS_SUPERSEDED").await;
    assert_eq!(action["version"], "2");
    assert!(action["decisionReason"].as_str().unwrap().contains("metric clear for 10 s"));
}

#[tokio::test]
async fn unreadable_messages_go_to_the_dead_letters_and_hold_up_nobody() {
    let stack = Stack::start().await;
    for (number, subject) in
        [subjects::OPS_ACTIONS, subjects::OPS_INCIDENTS, subjects::SIM_EVENTS].into_iter().enumerate()
    {
        let message = Outgoing {
            subject: subject.to_owned(),
            id: format!("poison-{number}"),
            message_type: "ops.v1.Action".to_owned(),
            simulation_id: "default".to_owned(),
            traceparent: None,
            expected_last_subject_sequence: None,
            payload: vec![0xff; 64].into(),
        };
        stack.bus.publish(&message).await.unwrap();
    }

    stack.proposed().await;

    until_dead_letters(&stack, 3).await;
}
