//! What comes after a remedy that did not help, was refused, or did its work.

use remedy::track_record::Trials;
use remedy::{Effect, Remedy, RemedyKind, ServiceId, Status};

use crate::cloud::{Cloud, kinds, last_decision, scale_up, the_only, verdicts};

fn overloaded() -> Cloud {
    let mut cloud = Cloud::new();
    cloud.overload_checkout_db();
    cloud.seconds(10);
    cloud.open("checkout-db", "cpu_usage", 95.0);
    cloud
}

#[test]
fn the_next_remedy_follows_one_that_failed() {
    let mut cloud = Cloud::new();
    cloud.service("catalog", |leaky| leaky.memory_pct = 96.0);
    cloud.seconds(10);
    cloud.open("catalog", "memory_usage", 90.0);
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 3, Status::Failed);
    let output = cloud.seconds(2);
    let second = the_only(&output);
    assert_eq!(second.remedy.kind(), RemedyKind::ScaleUp);
    assert_eq!(second.attempt, 2);
    assert!(second.reason.contains("RESTART_SERVICE of catalog did not help"), "{}", second.reason);
}

#[test]
fn a_remedy_is_given_time_to_work_and_to_be_judged() {
    let mut cloud = overloaded();
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 2, Status::Approved);
    assert!(cloud.seconds(60).proposals.is_empty());
    cloud.update(&first, 3, Status::Succeeded);
    assert!(cloud.seconds(115).proposals.is_empty());
    cloud.judge(&first, 4, Status::Succeeded, Some(Effect::Ineffective));
    assert_eq!(kinds(&cloud.seconds(2)), [RemedyKind::ScaleUp]);
}

#[test]
fn a_refusal_because_the_target_changed_is_tried_again_with_the_new_version() {
    let mut cloud = overloaded();
    let first = the_only(&cloud.seconds(5)).clone();
    assert_eq!(first.target_version, 1);
    cloud.services.get_mut("checkout-db").unwrap().1 = 2;
    cloud.update(&first, 3, Status::Failed);
    let output = cloud.seconds(100);
    assert_eq!(the_only(&output).remedy, first.remedy);
    assert_eq!(the_only(&output).target_version, 2);
}

#[test]
fn when_another_service_turns_out_to_be_the_cause_it_is_treated_under_the_same_incident() {
    let mut cloud = Cloud::new();
    cloud.overload_checkout_db();
    cloud.seconds(10);
    let incident = cloud.open("gateway", "error_rate", 10.0);
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 3, Status::Succeeded);
    for name in ["checkout-db", "checkout"] {
        cloud.service(name, |reading| *reading = crate::cloud::healthy());
    }
    cloud.service("gateway", |entry| entry.cpu_pct = 97.0);
    assert!(cloud.seconds(20).proposals.is_empty(), "the first action still settles");
    let output = cloud.seconds(20);
    let second = the_only(&output);
    assert_eq!((second.incident_id, second.attempt), (incident, 2));
    assert_eq!(second.remedy.target().id(), "gateway");
}

#[test]
fn a_caller_is_given_time_to_recover_when_what_it_waits_for_has_been_treated() {
    let mut cloud = overloaded();
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 3, Status::Succeeded);
    cloud.service("checkout-db", |db| *db = crate::cloud::healthy());
    cloud.open("checkout", "latency_p99", 500.0);
    assert!(cloud.seconds(25).proposals.is_empty(), "it is still slow, but not for long");
    assert_eq!(the_only(&cloud.seconds(20)).remedy.target().id(), "checkout", "or for a reason of its own");
}

#[test]
fn when_the_ladder_ends_a_human_is_called_once() {
    let mut cloud = Cloud::new();
    cloud.service("catalog", |leaky| leaky.memory_pct = 96.0);
    cloud.seconds(10);
    cloud.open("catalog", "memory_usage", 90.0);
    for _ in 0..2 {
        let proposal = the_only(&cloud.seconds(100)).clone();
        cloud.fruitless(&proposal);
    }
    let output = cloud.seconds(300);
    assert_eq!(verdicts(&output), ["escalated"]);
    assert!(last_decision(&output).reason.contains("no remedy is left"), "{output:#?}");
}

#[test]
fn our_own_scale_up_is_taken_back_when_the_load_is_gone() {
    let mut cloud = overloaded();
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 3, Status::Succeeded);
    for name in ["checkout-db", "checkout", "gateway"] {
        cloud.service(name, |reading| *reading = crate::cloud::healthy());
    }
    cloud.service("checkout-db", |db| {
        db.replicas = 4.0;
        db.cpu_pct = 15.0;
    });
    cloud.topology_service("checkout-db", |service| {
        service.desired_replicas = 4;
        service.replicas.extend(service.replicas.clone());
    });
    cloud.services.get_mut("checkout-db").unwrap().1 = 2;
    cloud.seconds(15);
    cloud.resolve(first.incident_id);
    assert!(cloud.seconds(60).proposals.is_empty(), "not before it has been idle for a while");
    let output = cloud.seconds(120);
    let back = the_only(&output).clone();
    assert_eq!(
        back.remedy,
        Remedy::ScaleDown { service: ServiceId::new("checkout-db"), by: 1 },
        "two are owed; 10 % of twelve replicas is one at a time"
    );
    assert_eq!((back.incident_id, back.attempt, back.target_version), (first.incident_id, 2, 2));
    assert!(back.reason.contains("from 4 to 3 replicas"), "{}", back.reason);
    cloud.update(&back, 2, Status::Rejected);
    assert!(cloud.seconds(2_000).proposals.is_empty(), "an operator who says no wants to keep them");
}

#[test]
fn a_scale_down_that_nobody_decided_on_does_not_stand_in_the_way_of_a_scale_up() {
    let mut cloud = overloaded();
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 3, Status::Succeeded);
    cloud.resolve(first.incident_id);
    for name in ["checkout-db", "checkout", "gateway"] {
        cloud.service(name, |reading| *reading = crate::cloud::healthy());
    }
    cloud.service("checkout-db", |db| db.cpu_pct = 10.0);
    let back = cloud.seconds(150);
    assert_eq!(kinds(&back), [RemedyKind::ScaleDown]);
    cloud.overload_checkout_db();
    cloud.seconds(10);
    cloud.open("checkout-db", "cpu_usage", 95.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, scale_up("checkout-db", 2));
}

#[test]
fn a_verdict_is_learnt_once_and_told_with_the_next_proposal() {
    let mut cloud = overloaded();
    let first = the_only(&cloud.seconds(5)).clone();
    assert!(!first.reason.contains("Track record"), "{}", first.reason);
    cloud.update(&first, 3, Status::Succeeded);
    cloud.seconds(115);
    for version in [4, 4] {
        cloud.judge(&first, version, Status::Succeeded, Some(Effect::Ineffective));
    }
    cloud.judge(&first, 5, Status::Succeeded, Some(Effect::Ineffective));
    let second = the_only(&cloud.seconds(2)).clone();
    let told = "SCALE_UP has helped 0 of 1 times against overloaded (0 to 79 %)";
    assert!(second.reason.contains(told), "{}", second.reason);

    // What was done for another reason than to cure, or could not be done at all, teaches nothing.
    cloud.update(&second, 3, Status::Failed);
    let trials = cloud.agent.memory().record.of("overloaded", RemedyKind::ScaleUp);
    assert_eq!((trials.helped, trials.tried), (0, 1));
}

#[test]
fn what_hardly_ever_helped_comes_last_and_a_new_run_remembers_that() {
    let mut cloud = overloaded();
    let mut memory = cloud.agent.memory().clone();
    memory.record.add("overloaded", RemedyKind::ScaleUp, Trials { helped: 0, tried: 9 });
    cloud.agent.restore(memory);
    let first = the_only(&cloud.seconds(5)).clone();
    assert_ne!(first.remedy.kind(), RemedyKind::ScaleUp, "{}", first.reason);
    cloud.agent.begin_run(crate::cloud::TICK_MS);
    assert!(cloud.agent.memory().incidents.is_empty());
    assert_eq!(cloud.agent.memory().record.of("overloaded", RemedyKind::ScaleUp).tried, 9);
}
