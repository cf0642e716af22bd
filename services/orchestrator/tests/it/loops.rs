//! What sim-engine and signal-service report moves an action along the state machine, once, and nowhere else.

use std::time::Duration;

use bus::{Outgoing, subjects};
use prost::Message as _;
use proto::ops::v1::ActionStatus::{Approved, Executing, Failed, Proposed, Succeeded};
use proto::ops::v1::{Action, ActionStatus};
use proto::sim::v1::{SimulationEvent, SimulationEventKind as Kind, SimulationState};
use uuid::Uuid;

use crate::stack::{RUN, Stack, incident, proposal, resolved, simulated, until};

/// Statuses of an action as they were told on `ops.actions`, by version.
async fn path(stack: &Stack, id: &str) -> Vec<(u64, ActionStatus)> {
    let mut told: Vec<Action> = stack.stored(bus::streams::OPS_ACTIONS).await;
    told.retain(|told| told.id == id && told.version > 0);
    told.iter().map(|told| (told.version, told.status())).collect()
}

async fn until_path(stack: &Stack, id: &str, expected: &[ActionStatus]) {
    let expected: Vec<(u64, ActionStatus)> =
        expected.iter().enumerate().map(|(index, status)| (index as u64 + 1, *status)).collect();
    until("the whole path is told", || async {
        (path(stack, id).await.len() >= expected.len()).then_some(())
    })
    .await;
    assert_eq!(path(stack, id).await, expected);
}

#[tokio::test]
async fn an_approved_action_runs_succeeds_and_proves_effective() {
    let stack = Stack::start().await;
    let incident = incident(Uuid::new_v4());
    stack.publish_incident(&incident).await;
    let action = proposal(&incident);
    stack.publish_action(&action).await;
    stack.until_status(&action.id, "ACTION_STATUS_PROPOSED").await;
    let approve = serde_json::json!({ "actionId": action.id, "operator": "alice" });
    stack.call("ops.v1.ActionService/ApproveAction", approve).await.ok();

    stack.report(&action, Kind::ActionExecuting, 500).await;
    stack.report(&action, Kind::ActionSucceeded, 620).await;
    stack.until_status(&action.id, "ACTION_STATUS_SUCCEEDED").await;
    stack.publish_incident(&resolved(&incident)).await;

    let judged = until("the effect is judged", || async {
        let action = stack.action(&action.id).await;
        (action["effect"] == "ACTION_EFFECT_EFFECTIVE").then_some(action)
    })
    .await;
    assert_eq!(
        (judged["executedAtTick"].as_str(), judged["completedAtTick"].as_str()),
        (Some("500"), Some("620"))
    );
    until_path(&stack, &action.id, &[Proposed, Approved, Executing, Succeeded, Succeeded]).await;
    assert_eq!(
        stack.audit(&action.id).await,
        ["action.propose", "action.approve", "action.execute", "action.succeed", "action.effect"]
    );
}

#[tokio::test]
async fn redelivered_reports_have_one_effect_and_late_ones_none() {
    let stack = Stack::start().await;
    let action = stack.approved().await;

    let executing = stack.report(&action, Kind::ActionExecuting, 500).await;
    for again in 0..3 {
        let id = format!("{}:again:{again}", executing.id);
        let message = Outgoing::message(subjects::SIM_EVENTS, id, "default", &executing);
        stack.bus.publish(&message).await.unwrap();
    }
    stack.report(&action, Kind::ActionFailed, 510).await;
    stack.report(&action, Kind::ActionSucceeded, 520).await;

    let failed = stack.until_status(&action.id, "ACTION_STATUS_FAILED").await;
    assert!(failed["outcome"].as_str().unwrap().contains("510"));
    until("the late report is noted", || async {
        let audit = stack.audit(&action.id).await;
        audit.iter().any(|verb| verb == "action.report.ignored").then_some(())
    })
    .await;
    until_path(&stack, &action.id, &[Proposed, Approved, Executing, Failed]).await;
}

#[tokio::test]
async fn a_report_about_an_undecided_action_does_not_move_it() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;
    stack.report(&action, Kind::ActionExecuting, 500).await;
    until("the report is noted", || async {
        stack.audit(&action.id).await.iter().any(|verb| verb == "action.report.ignored").then_some(())
    })
    .await;
    assert_eq!(stack.action(&action.id).await["status"], "ACTION_STATUS_PROPOSED");
}

#[tokio::test]
async fn an_incident_that_is_over_supersedes_what_waits_for_a_decision() {
    let stack = Stack::start().await;
    let incident = incident(Uuid::new_v4());
    stack.publish_incident(&incident).await;
    let action = proposal(&incident);
    stack.publish_action(&action).await;
    stack.until_status(&action.id, "ACTION_STATUS_PROPOSED").await;

    stack.publish_incident(&resolved(&incident)).await;

    let action = stack.until_status(&action.id, "ACTION_STATUS_SUPERSEDED").await;
    assert!(action["decisionReason"].as_str().unwrap().contains("metric clear for 10 s"));
}

#[tokio::test]
async fn an_incident_that_ends_with_its_rule_says_nothing_about_an_action() {
    let stack = Stack::start().await;
    let (of_deleted, healed) = (stack.approved().await, stack.approved().await);
    for action in [&of_deleted, &healed] {
        stack.report(action, Kind::ActionExecuting, 500).await;
        stack.report(action, Kind::ActionSucceeded, 620).await;
        stack.until_status(&action.id, "ACTION_STATUS_SUCCEEDED").await;
    }
    let over = |action: &Action| resolved(&incident(action.incident_id.parse().unwrap()));
    let mut without_rule = over(&of_deleted);
    without_rule.resolution = "rule error_rate_high was deleted".to_owned();
    stack.publish_incident(&without_rule).await;
    stack.publish_incident(&over(&healed)).await;
    until("the other one is judged", || async {
        (stack.action(&healed.id).await["effect"] == "ACTION_EFFECT_EFFECTIVE").then_some(())
    })
    .await;
    assert!(stack.action(&of_deleted.id).await["effect"].is_null());
}

#[tokio::test]
async fn an_action_that_ends_after_its_incident_is_judged_too() {
    let stack = Stack::start().await;
    let action = stack.approved().await;
    stack.report(&action, Kind::ActionExecuting, 500).await;
    stack.until_status(&action.id, "ACTION_STATUS_EXECUTING").await;
    stack.publish_incident(&resolved(&incident(action.incident_id.parse().unwrap()))).await;
    stack.report(&action, Kind::ActionSucceeded, 950).await;
    until("the effect is judged", || async {
        (stack.action(&action.id).await["effect"] == "ACTION_EFFECT_EFFECTIVE").then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_action_that_did_not_help_is_ineffective_after_two_simulated_minutes() {
    let stack = Stack::start().await;
    let action = stack.approved().await;
    stack.report(&action, Kind::ActionExecuting, 500).await;
    stack.report(&action, Kind::ActionSucceeded, 620).await;
    stack.until_status(&action.id, "ACTION_STATUS_SUCCEEDED").await;

    let say = |tick: u64| {
        let state = SimulationState {
            simulation_id: "default".to_owned(),
            run_id: RUN.to_string(),
            tick,
            tick_ms: 50,
            time: Some(simulated(tick)),
            ..SimulationState::default()
        };
        stack.bus.client().publish(subjects::SIM_STATE, state.encode_to_vec().into())
    };
    // One tick short of the window, for longer than a round of the job takes.
    for _ in 0..15 {
        say(620 + 2_399).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(stack.action(&action.id).await["effect"].is_null());
    let judged = until("the effect is judged", || async {
        say(620 + 2_400).await.unwrap();
        let action = stack.action(&action.id).await;
        (!action["effect"].is_null()).then_some(action)
    })
    .await;
    assert_eq!(judged["effect"], "ACTION_EFFECT_INEFFECTIVE");
}

#[tokio::test]
async fn a_new_run_ends_the_actions_of_the_old_one() {
    let stack = Stack::start().await;
    let waiting = stack.proposed().await;
    let approved = stack.approved().await;
    let executing = stack.approved().await;
    stack.report(&executing, Kind::ActionExecuting, 500).await;
    stack.until_status(&executing.id, "ACTION_STATUS_EXECUTING").await;

    let run = Uuid::new_v4();
    let began = SimulationEvent {
        id: Uuid::new_v4().to_string(),
        simulation_id: "default".to_owned(),
        run_id: run.to_string(),
        time: Some(simulated(2_000)),
        kind: Kind::RunStarted.into(),
        message: "a run began".to_owned(),
        ..SimulationEvent::default()
    };
    stack.publish_event(&began).await;

    stack.until_status(&waiting.id, "ACTION_STATUS_SUPERSEDED").await;
    stack.until_status(&approved.id, "ACTION_STATUS_CANCELLED").await;
    let cancelled = stack.until_status(&executing.id, "ACTION_STATUS_CANCELLED").await;
    assert!(cancelled["decisionReason"].as_str().unwrap().contains(&run.to_string()));
}

#[tokio::test]
async fn the_start_of_an_older_run_leaves_newer_actions_alone() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;
    let old = SimulationEvent {
        id: Uuid::new_v4().to_string(),
        simulation_id: "default".to_owned(),
        run_id: Uuid::new_v4().to_string(),
        time: Some(simulated(0)),
        kind: Kind::RunStarted.into(),
        ..SimulationEvent::default()
    };
    stack.publish_event(&old).await;
    // The consumer keeps the order: once this report has been dealt with, so has the event before it.
    stack.report(&action, Kind::ActionExecuting, 500).await;
    until("the report is noted", || async {
        stack.audit(&action.id).await.iter().any(|verb| verb == "action.report.ignored").then_some(())
    })
    .await;
    assert_eq!(stack.action(&action.id).await["status"], "ACTION_STATUS_PROPOSED");
}

#[tokio::test]
async fn a_command_that_nobody_answered_is_given_up() {
    let stack = Stack::builder().commands_expire_after(Duration::from_secs(1)).start().await;
    let action = stack.approved().await;
    let failed = stack.until_status(&action.id, "ACTION_STATUS_FAILED").await;
    assert!(failed["outcome"].as_str().unwrap().contains("reported nothing"));
    until_path(&stack, &action.id, &[Proposed, Approved, Failed]).await;
}
