//! What survives a restart, and what a repeated message does.

use remedy::{Agent, Limits, Memory, Status, Transition, Tuning};

use crate::cloud::{Cloud, TICK_MS, the_only};

fn overloaded() -> Cloud {
    let mut cloud = Cloud::new();
    cloud.overload_checkout_db();
    cloud.seconds(10);
    cloud
}

/// A process that was killed: its memory comes back from the tables, its telemetry windows from the stream.
fn restart(cloud: &mut Cloud) {
    let stored = serde_json::to_string(cloud.agent.memory()).unwrap();
    let memory: Memory = serde_json::from_str(&stored).unwrap();
    assert_eq!(&memory, cloud.agent.memory());
    cloud.agent = Agent::new(Limits::default(), Tuning::default(), TICK_MS);
    cloud.agent.restore(memory);
    cloud.publish_topology();
}

#[test]
fn a_restart_does_not_repeat_a_proposal() {
    let mut cloud = overloaded();
    cloud.open("checkout-db", "cpu_usage", 95.0);
    the_only(&cloud.seconds(5));
    restart(&mut cloud);
    assert!(cloud.seconds(60).proposals.is_empty());
}

#[test]
fn a_restart_before_the_proposal_leads_to_the_same_one() {
    let mut twin = overloaded();
    twin.open("checkout-db", "cpu_usage", 95.0);
    let undisturbed = the_only(&twin.seconds(20)).clone();

    let mut cloud = overloaded();
    cloud.open("checkout-db", "cpu_usage", 95.0);
    cloud.seconds(1);
    restart(&mut cloud);
    let after = the_only(&cloud.seconds(20)).clone();
    assert_eq!(after.action_id, undisturbed.action_id);
}

#[test]
fn a_restart_keeps_cooldowns() {
    let mut cloud = overloaded();
    let incident = cloud.open("checkout-db", "cpu_usage", 95.0);
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 3, Status::Succeeded);
    cloud.resolve(incident);
    restart(&mut cloud);
    cloud.open("checkout-db", "error_rate", 10.0);
    assert!(cloud.seconds(60).proposals.is_empty());
}

#[test]
fn a_repeated_incident_message_changes_nothing() {
    let mut cloud = overloaded();
    cloud.open("checkout-db", "cpu_usage", 95.0);
    the_only(&cloud.seconds(5));
    let before = cloud.agent.memory().clone();
    let incident = before.incidents.values().next().unwrap().incident.clone();
    let output = cloud.agent.observe_incident(&incident, cloud.freshness());
    assert!(output.is_empty());
    assert!(cloud.agent.memory().changes_since(&before).is_empty());
}

#[test]
fn an_incident_that_is_over_does_not_come_back_by_a_late_message() {
    let mut cloud = overloaded();
    let id = cloud.open("checkout-db", "cpu_usage", 95.0);
    cloud.resolve(id);
    let mut late = cloud.agent.memory().incidents[&id].incident.clone();
    late.transition = Transition::Escalated;
    late.revision = 1;
    cloud.agent.observe_incident(&late, cloud.freshness());
    assert!(cloud.seconds(30).proposals.is_empty());
}

#[test]
fn a_late_status_does_not_take_an_action_back() {
    let mut cloud = overloaded();
    cloud.open("checkout-db", "cpu_usage", 95.0);
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 3, Status::Succeeded);
    cloud.update(&first, 1, Status::Proposed);
    let attempt = cloud.agent.memory().attempts().next().unwrap();
    assert_eq!((attempt.status, attempt.version), (Status::Succeeded, 3));
}

#[test]
fn at_most_one_decision_is_made_per_incident_and_tick() {
    let mut cloud = overloaded();
    cloud.open("checkout-db", "cpu_usage", 95.0);
    the_only(&cloud.seconds(5));
    let sample = cloud.sample();
    let freshness = cloud.freshness();
    assert!(cloud.agent.observe_telemetry(sample, freshness).is_empty());
}

#[test]
fn changes_name_exactly_what_differs() {
    let mut cloud = overloaded();
    let before = cloud.agent.memory().clone();
    let id = cloud.open("checkout-db", "cpu_usage", 95.0);
    cloud.seconds(5);
    let changes = cloud.agent.memory().changes_since(&before);
    assert_eq!(changes.incidents.len(), 1);
    assert_eq!(changes.incidents[0].0, id);
    assert_eq!(changes.cooldowns.len(), 1, "the token bucket");
    let now = cloud.agent.memory().clone();
    cloud.seconds(1);
    assert!(cloud.agent.memory().changes_since(&now).is_empty(), "an unchanged opinion is not stored again");
}

#[test]
fn what_is_over_is_forgotten_after_a_while() {
    let mut cloud = Cloud::new();
    let id = cloud.open("checkout-db", "cpu_usage", 95.0);
    cloud.resolve(id);
    cloud.seconds(1_000);
    assert!(cloud.agent.memory().incidents.is_empty());
}

#[test]
fn a_new_run_begins_with_an_empty_memory() {
    let mut cloud = overloaded();
    cloud.open("checkout-db", "cpu_usage", 95.0);
    cloud.seconds(5);
    cloud.agent.begin_run(TICK_MS);
    assert!(cloud.agent.memory().incidents.is_empty());
    assert!(cloud.agent.memory().cooldowns.is_empty());
    assert_eq!(cloud.agent.newest_tick(), None);
}
