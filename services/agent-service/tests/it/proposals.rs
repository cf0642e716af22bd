//! From incidents to proposals.

use std::time::Duration;

use futures::StreamExt as _;
use prost::Message as _;
use proto::ops::v1::{Action, ActionEffect, ActionStatus, ActionType, AutomationState, Heartbeat};

use crate::stack::{Stack, switch};

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_leads_to_one_proposal_with_its_reason() {
    let mut stack = Stack::start().await;
    stack.until_listening().await;
    let incident = stack.open_on_database().await;
    stack.open("gateway", "error_rate", "error_rate", 10.0).await;
    let proposals = stack.until_proposals(1).await;
    let proposal = &proposals[0];
    assert_eq!(proposal.incident_id, incident.id);
    assert_eq!(proposal.run_id, incident.run_id);
    assert_eq!((proposal.r#type(), proposal.target_id.as_str()), (ActionType::ScaleUp, "checkout-db"));
    assert_eq!((proposal.replicas, proposal.target_version, proposal.attempt), (2, 5, 1));
    assert_eq!((proposal.status(), proposal.version), (ActionStatus::Proposed, 0));
    assert_eq!(proposal.proposed_by, "agent-service");
    assert_eq!(proposal.proposed_at, Some(stack.engine.time(proposal.proposed_at_tick)));
    assert!(proposal.reason.starts_with("checkout-db CPU 98.0 % over 10 s"), "{}", proposal.reason);
    stack.pass(30).await;
    assert_eq!(stack.proposals().await.len(), 1, "the symptom is covered: {:?}", stack.decisions().await);
    let trace: String =
        sqlx::query_scalar("select traceparent from outbox").fetch_one(&stack.sql).await.unwrap();
    assert!(trace.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{trace}");
    stack.stop_service().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_incident_leads_to_no_second_proposal() {
    let mut stack = Stack::start().await;
    let incident = stack.open_on_database().await;
    stack.until_proposals(1).await;
    for repeat in 0..10 {
        // Past the stream's own window for duplicates the same message has another id.
        stack.tell(&incident, &format!("{}:again-{repeat}", incident.id)).await;
    }
    stack.pass(20).await;
    assert_eq!(stack.proposals().await.len(), 1);
    assert_eq!(stack.count("select count(*) from outbox").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_proposed_while_automation_is_paused_and_it_says_all_the_same_that_it_lives() {
    let mut stack = Stack::start().await;
    stack.until_listening().await;
    let mut alive = stack.bus.client().subscribe(bus::subjects::OPS_HEARTBEAT).await.unwrap();
    let paused = switch(&stack.bus, AutomationState::Paused, 1).await;
    stack.pass(20).await;
    stack.open_on_database().await;
    stack
        .pass_until("the refusal is recorded", async |stack| {
            stack.decisions().await.iter().any(|decision| decision == "refused/paused")
        })
        .await;
    assert!(stack.proposals().await.is_empty());
    let heard = tokio::time::timeout(Duration::from_secs(20), alive.next()).await.unwrap().unwrap();
    assert_eq!(Heartbeat::decode(heard.payload).unwrap().service, "agent-service");
    switch(&stack.bus, AutomationState::Running, paused).await;
    stack.until_proposals(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_proposed_on_stale_telemetry() {
    let mut stack = Stack::start().await;
    // A sample may overtake the next heartbeat, so a little more than the ten seconds allowed and one.
    stack.engine.ahead_ticks = 300;
    stack.open_on_database().await;
    stack
        .pass_until("it says so", async |stack| {
            stack.decisions().await.iter().any(|decision| decision == "refused/stale_telemetry")
        })
        .await;
    stack.pass(20).await;
    assert_eq!(stack.count("select count(*) from outbox").await, 0);
    stack.engine.ahead_ticks = 0;
    stack.until_proposals(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_rejects_is_not_proposed_again() {
    let mut stack = Stack::start().await;
    stack.open_on_database().await;
    let first = stack.until_proposals(1).await.remove(0);
    stack.decide(&first, 1, ActionStatus::Proposed).await;
    stack.decide(&first, 2, ActionStatus::Rejected).await;
    let second = stack.until_proposals(2).await.remove(1);
    assert_eq!(second.r#type(), ActionType::RebalanceTraffic, "the next rung");
    assert!(second.reason.contains("an operator declined SCALE_UP"), "{}", second.reason);
    stack.decide(&second, 2, ActionStatus::Rejected).await;
    let third = stack.until_proposals(3).await.remove(2);
    assert_eq!(third.r#type(), ActionType::AddLoadBalancer, "the last rung");
    stack.decide(&third, 2, ActionStatus::Rejected).await;
    stack.pass(120).await;
    assert_eq!(stack.proposals().await.len(), 3, "{:?}", stack.decisions().await);
    assert!(stack.decisions().await.iter().any(|decision| decision == "escalated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_run_forgets_the_incidents_of_the_old_one() {
    let mut stack = Stack::start().await;
    stack.open_on_database().await;
    let first = stack.until_proposals(1).await.remove(0);
    stack.engine.reset();
    stack.pass(30).await;
    assert_eq!(stack.proposals().await.len(), 1, "the incident belongs to the past");
    stack.open_on_database().await;
    let second = stack.until_proposals(2).await.remove(1);
    assert_ne!(second.run_id, first.run_id);
    assert_ne!(second.id, first.id);
    // A late word about the old run changes nothing.
    stack.decide(&first, 2, ActionStatus::Rejected).await;
    stack.pass(10).await;
    assert_eq!(stack.proposals().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_kept_in_the_track_record_once() {
    let mut stack = Stack::start().await;
    stack.open_on_database().await;
    let first = stack.until_proposals(1).await.remove(0);
    stack.decide(&first, 2, ActionStatus::Approved).await;
    stack.decide(&first, 3, ActionStatus::Succeeded).await;
    let judged = Action { effect: ActionEffect::Ineffective.into(), ..first.clone() };
    stack.decide(&judged, 4, ActionStatus::Succeeded).await;
    stack.decide(&judged, 5, ActionStatus::Succeeded).await;
    stack
        .pass_until("it is learnt", async |stack| {
            stack.count("select count(*) from agent_track_record where helped = 0").await == 1
        })
        .await;
    stack.pass(5).await;
    assert_eq!(stack.count("select sum(tried)::bigint from agent_track_record").await, 1);
}
