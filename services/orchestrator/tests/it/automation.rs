//! The kill switch: what is approved and has not begun ends, nothing more is approved, and it holds across restarts.

use std::time::Duration;

use proto::ops::v1::Action;
use proto::sim::v1::{SimulationEvent, SimulationEventKind as Kind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stack::{Answer, Stack, call, hold_the_relay, simulated, until};

const APPROVE: &str = "ops.v1.ActionService/ApproveAction";

async fn pause(stack: &Stack, by: &str, reason: &str) -> Answer {
    stack.call("ops.v1.PolicyService/PauseAutomation", json!({ "operator": by, "reason": reason })).await
}

async fn resume(stack: &Stack) -> Answer {
    let body = json!({ "operator": "ben", "reason": "the storm is over" });
    stack.call("ops.v1.PolicyService/ResumeAutomation", body).await
}

async fn standing(stack: &Stack) -> Value {
    stack.call("ops.v1.PolicyService/GetAutomation", json!({})).await.ok()
}

async fn approve(stack: &Stack, action: &Action) -> Answer {
    stack.call(APPROVE, json!({ "actionId": action.id, "operator": "alice" })).await
}

#[tokio::test]
async fn a_pause_names_who_and_why_to_whoever_approves_and_is_audited() {
    let stack = Stack::start().await;
    assert_eq!(standing(&stack).await["mode"], "AUTOMATION_MODE_AUTOMATIC");
    let action = stack.proposed().await;
    let message = pause(&stack, "ana", " ").await.error("invalid_argument");
    assert!(message.starts_with("reason must"), "{message}");
    pause(&stack, "ana", "an action storm").await.ok();
    pause(&stack, "ben", "me too").await.ok();

    let keyed = json!({ "actionId": action.id, "operator": "alice", "idempotencyKey": "k" });
    let refused = stack.call(APPROVE, keyed.clone()).await.error("failed_precondition");
    assert!(refused.contains("ana") && refused.contains("an action storm"), "{refused}");
    assert!(refused.contains("automation resume"), "it says what to do: {refused}");
    let shown = standing(&stack).await;
    assert_eq!(
        (&shown["mode"], &shown["automation"]["changedBy"]),
        (&json!("AUTOMATION_MODE_PAUSED"), &json!("ana"))
    );
    let rejected = json!({ "actionId": stack.proposed().await.id, "operator": "alice", "reason": "no" });
    stack.call("ops.v1.ActionService/RejectAction", rejected).await.ok();

    resume(&stack).await.ok();
    assert_eq!(stack.call(APPROVE, keyed).await.ok()["action"]["status"], "ACTION_STATUS_APPROVED");
    assert!(stack.audit(&action.id).await.contains(&"action.approve.refused".to_owned()));
    until("both changes are audited", || async {
        let told = stack.audit("automation/switch").await;
        (told == ["automation.resumed", "automation.paused", "automation.resumed"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn in_a_storm_nothing_leaves_after_the_answer_of_a_pause_and_everything_ends() {
    let mut stack = Stack::start().await;
    let mut storm = Vec::new();
    for _ in 0..30 {
        storm.push(stack.proposed().await);
    }
    let held = hold_the_relay(&stack.store).await;
    let (http, address) = (stack.http.clone(), stack.orchestrator.address);
    let deciders: Vec<_> = storm
        .iter()
        .map(|action| {
            let (http, body) = (http.clone(), json!({ "actionId": action.id, "operator": "alice" }));
            tokio::spawn(async move { call(&http, address, APPROVE, body).await })
        })
        .collect();
    until("some are approved", || async {
        let mut conn = stack.store.acquire().await.unwrap();
        let approved = [store::actions::Status::Approved];
        (store::actions::in_status(&mut conn, None, &approved).await.unwrap().len() > 5).then_some(())
    })
    .await;
    let answer = pause(&stack, "ana", "an action storm").await.ok();
    for decider in deciders {
        decider.await.unwrap();
    }
    drop(held);
    stack.restart_orchestrator().await;
    assert_eq!(standing(&stack).await["mode"], "AUTOMATION_MODE_PAUSED", "it holds across a restart");
    until("nothing is approved any more", || async {
        let mut conn = stack.store.acquire().await.unwrap();
        let approved = [store::actions::Status::Approved];
        store::actions::in_status(&mut conn, None, &approved).await.unwrap().is_empty().then_some(())
    })
    .await;
    let mut cancelled = 0;
    for action in &storm {
        let shown = stack.action(&action.id).await;
        match shown["status"].as_str().unwrap() {
            "ACTION_STATUS_CANCELLED" => {
                assert!(shown["decisionReason"].as_str().unwrap().contains("ana did that"), "{shown}");
                cancelled += 1;
            }
            "ACTION_STATUS_PROPOSED" => {
                approve(&stack, action).await.error("failed_precondition");
            }
            other => panic!("{other}"),
        }
    }
    assert!(cancelled > 5 && answer["cancelled"] == json!(cancelled), "{cancelled} of {answer}");
    assert!(stack.commands().await.is_empty(), "no command left");
}

#[tokio::test]
async fn what_sim_engine_refuses_because_of_the_switch_is_cancelled_and_not_failed() {
    let stack = Stack::start().await;
    let action = stack.approved().await;
    let event = SimulationEvent {
        id: Uuid::new_v4().to_string(),
        simulation_id: "default".to_owned(),
        run_id: action.run_id.clone(),
        tick: 500,
        time: Some(simulated(500)),
        kind: Kind::ActionFailed.into(),
        message: "Automation is paused: ana did that: a storm".to_owned(),
        action_id: action.id.clone(),
        attributes: [("refused_by_switch".to_owned(), "true".to_owned())].into(),
        ..SimulationEvent::default()
    };
    stack.publish_event(&event).await;
    let cancelled = stack.until_status(&action.id, "ACTION_STATUS_CANCELLED").await;
    assert!(cancelled["decisionReason"].as_str().unwrap().contains("a storm"), "{cancelled}");
}

#[tokio::test]
async fn a_command_carries_the_version_of_the_switch_that_it_was_approved_under() {
    let stack = Stack::start().await;
    pause(&stack, "ana", "a drill").await.ok();
    let running = resume(&stack).await.ok();
    let version = running["automation"]["version"].as_str().unwrap().to_owned();
    stack.approved().await;
    let command = until("the command is published", || async { stack.commands().await.pop() }).await;
    assert_eq!(command.automation_version.to_string(), version);
    let stale = json!({ "operator": "ben", "reason": "late", "expectedVersion": "1" });
    let message =
        stack.call("ops.v1.PolicyService/ResumeAutomation", stale).await.error("failed_precondition");
    assert!(message.contains("by ben"), "{message}");
}

#[tokio::test]
async fn a_switch_that_was_lost_comes_back_paused() {
    let mut stack = Stack::start().await;
    until("the first start is audited", || async {
        (stack.audit("automation/switch").await.len() == 1).then_some(())
    })
    .await;
    stack.orchestrator.stop().await;
    stack.bus.jetstream().delete_stream(bus::streams::OPS_POLICIES).await.unwrap();
    stack.orchestrator = crate::stack::Running::start(&stack.config).await;
    let shown = standing(&stack).await;
    assert_eq!(shown["mode"], "AUTOMATION_MODE_PAUSED");
    assert!(shown["explanation"].as_str().unwrap().contains("bucket was lost"), "{shown}");
}

#[tokio::test]
async fn without_postgresql_a_pause_holds_all_the_same() {
    let mut stack = Stack::builder().durable_database().start().await;
    let action = stack.proposed().await;
    stack.postgres.kill().await.unwrap();
    let answered = tokio::time::timeout(Duration::from_secs(9), pause(&stack, "ana", "a drill")).await;
    answered.unwrap().ok();
    stack.postgres.restart().await.unwrap();
    until("the database is back", || async {
        (stack.readiness().await == reqwest::StatusCode::OK).then_some(())
    })
    .await;
    approve(&stack, &action).await.error("failed_precondition");
}
