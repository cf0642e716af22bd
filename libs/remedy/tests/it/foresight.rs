//! With somebody to ask who can look ahead: what helps is proposed, what harms is not.

use remedy::{Expectation, Limits, Question, Remedy, RemedyKind, Status, Target, ZoneId};

use crate::cloud::{Cloud, healthy, kinds, restart, scale_up, the_only, verdicts};

/// checkout is slow without being busy, and whoever looks ahead is there.
fn slow() -> Cloud {
    let mut cloud = Cloud::new();
    cloud.agent = cloud.agent.clone().with_foresight();
    cloud.service("checkout", |slow| slow.p99_ms = 900.0);
    cloud.seconds(10);
    cloud
}

fn overloaded() -> Cloud {
    let mut cloud = Cloud::new();
    cloud.agent = cloud.agent.clone().with_foresight();
    cloud.overload_checkout_db();
    cloud.seconds(10);
    cloud
}

/// The question that was asked within some seconds.
fn asked(cloud: &mut Cloud, seconds: u64) -> Question {
    let output = cloud.seconds(seconds);
    assert!(output.proposals.is_empty(), "nothing is proposed before the answer: {output:#?}");
    assert_eq!(output.questions.len(), 1, "asked once: {output:#?}");
    output.questions[0].clone()
}

/// Which share of requests is bad with each remedy; 10 % are when nothing is done.
fn answer(cloud: &mut Cloud, question: &Question, bad_pct: impl Fn(&Remedy) -> f64) -> remedy::Output {
    const NOTHING_PCT: f64 = 10.0;
    let mut order: Vec<&Remedy> = question.remedies.iter().collect();
    order.sort_by(|a, b| bad_pct(a).total_cmp(&bad_pct(b)));
    let expectation = |remedy: &Remedy| Expectation {
        remedy: remedy.clone(),
        rank: order.iter().position(|other| *other == remedy).map_or(0, |place| place as u32 + 1),
        helps: f64::from(bad_pct(remedy) < NOTHING_PCT),
        harms: f64::from(bad_pct(remedy) > NOTHING_PCT),
        bad_pct: bad_pct(remedy),
        bad_nothing_pct: NOTHING_PCT,
    };
    let expected = question.remedies.iter().map(expectation).collect();
    let freshness = cloud.freshness();
    cloud.agent.observe_outlook(&question.cause, Some(expected), freshness)
}

#[test]
fn of_what_helps_the_best_is_proposed_whatever_the_ladder_says() {
    let mut cloud = slow();
    cloud.open("checkout", "latency_p99", 500.0);
    let question = asked(&mut cloud, 4);
    assert_eq!(question.remedies[0].kind(), RemedyKind::RebalanceTraffic, "the ladder begins so");
    let output = answer(&mut cloud, &question, |remedy| match remedy.kind() {
        RemedyKind::RestartService => 1.0,
        RemedyKind::RebalanceTraffic => 6.0,
        _ => 10.0,
    });
    let proposal = the_only(&output);
    assert_eq!(proposal.remedy, restart("checkout"));
    assert!(proposal.reason.contains("1.00 % of requests bad instead of 10.00 %"), "{}", proposal.reason);
}

#[test]
fn what_is_not_expected_to_help_is_not_proposed() {
    let mut cloud = slow();
    cloud.open("checkout", "latency_p99", 500.0);
    let question = asked(&mut cloud, 4);
    let output = answer(&mut cloud, &question, |remedy| match remedy.kind() {
        RemedyKind::RestartService => 30.0,
        _ => 10.0,
    });
    assert!(output.proposals.is_empty(), "{output:#?}");
    assert_eq!(verdicts(&output), ["escalated"]);
    let why = &output.decisions[0].reason;
    assert!(why.contains("not expected to help: 30.00 % of requests bad instead of 10.00 %"), "{why}");
    assert!(cloud.seconds(30).questions.is_empty(), "the answer is believed for a while");
    let again = cloud.seconds(40).questions.pop().expect("and then it is asked again");
    answer(&mut cloud, &again, |_| 10.0);
    assert!(cloud.seconds(110).questions.is_empty(), "each time it is believed for longer");
    assert_eq!(cloud.seconds(20).questions.len(), 1);
}

#[test]
fn capacity_that_runs_short_is_added_even_if_it_changes_nothing_yet() {
    let mut cloud = overloaded();
    cloud.open("checkout-db", "cpu_usage", 95.0);
    let question = asked(&mut cloud, 4);
    let sizes: Vec<u32> = question.remedies.iter().map(Remedy::replicas).filter(|by| *by > 0).collect();
    assert!(sizes.len() >= 2, "larger steps are looked at too: {sizes:?}");
    let output = answer(&mut cloud, &question, |_| 10.0);
    assert_eq!(the_only(&output).remedy, scale_up("checkout-db", sizes[0]));
}

#[test]
fn without_an_answer_the_ladder_decides() {
    let mut cloud = overloaded();
    cloud.open("checkout-db", "cpu_usage", 95.0);
    let question = asked(&mut cloud, 4);
    let freshness = cloud.freshness();
    let output = cloud.agent.observe_outlook(&question.cause, None, freshness);
    assert_eq!(kinds(&output), [RemedyKind::ScaleUp]);
}

#[test]
fn what_could_be_done_about_a_suspect_is_looked_at_too() {
    let mut cloud = slow();
    let mut incident = cloud.incident(Target::Service("checkout".into()), "latency_p99", 500.0);
    incident.suspects = vec![Target::Zone(ZoneId::new("zone-2"))];
    let freshness = cloud.freshness();
    drop(cloud.agent.observe_incident(&incident, freshness));
    let question = asked(&mut cloud, 4);
    // checkout runs on node-02 and node-03; the first of zone-2 with a replica is node-02.
    let drained: Vec<&Remedy> =
        question.remedies.iter().filter(|remedy| remedy.kind() == RemedyKind::DrainNode).collect();
    assert_eq!(drained, [&Remedy::DrainNode { node: "node-02".into() }]);
    let output = answer(&mut cloud, &question, |remedy| match remedy.kind() {
        RemedyKind::DrainNode => 0.1,
        _ => 9.0,
    });
    assert_eq!(kinds(&output), [RemedyKind::DrainNode]);
}

#[test]
fn while_a_cure_is_at_work_its_symptoms_are_left_alone() {
    let mut cloud = overloaded();
    let lead = cloud.open("checkout-db", "cpu_usage", 95.0);
    let mut symptom = cloud.incident(Target::Service("gateway".into()), "memory_usage", 90.0);
    symptom.symptom_of = Some(lead);
    let question = asked(&mut cloud, 4);
    let output = answer(&mut cloud, &question, |remedy| if remedy.replicas() > 0 { 0.5 } else { 10.0 });
    let cure = the_only(&output).clone();
    cloud.service("gateway", |gateway| gateway.memory_pct = 96.0);
    let freshness = cloud.freshness();
    drop(cloud.agent.observe_incident(&symptom, freshness));
    let output = cloud.seconds(15);
    assert!(output.proposals.is_empty() && output.questions.is_empty(), "{output:#?}");
    cloud.update(&cure, 3, Status::Succeeded);
    for service in ["checkout-db", "checkout", "gateway"] {
        cloud.service(service, |reading| *reading = healthy());
    }
    cloud.service("gateway", |gateway| gateway.memory_pct = 96.0);
    assert!(cloud.seconds(9).questions.is_empty(), "the cure is given time to work");
    assert_eq!(cloud.seconds(40).questions.len(), 1, "later it is a trouble of its own");
}

#[test]
fn nothing_is_asked_when_nothing_may_be_done() {
    let mut cloud = Cloud::with(Limits::default());
    cloud.agent = cloud.agent.clone().with_foresight();
    cloud.open("checkout", "latency_p99", 500.0);
    assert!(cloud.seconds(10).questions.is_empty(), "checkout is well");
}
