//! Each rule that keeps automation from causing the outage, with the rule on and with the rule off: the second half
//! shows that the first would fail without the rule.

use remedy::{Limits, NodeId, NodeState, Output, RemedyKind, Rule, Status, Target, Verdict, limits::Rate};

use crate::cloud::{Cloud, TICKS_A_SECOND, drain, kinds, restart, scale_up, the_only};

/// Refusals by rule, in order.
fn refusals(output: &Output) -> Vec<Rule> {
    output
        .decisions
        .iter()
        .filter_map(|decision| match decision.verdict {
            Verdict::Refused(rule) => Some(rule),
            _ => None,
        })
        .collect()
}

fn overloaded(limits: Limits) -> Cloud {
    let mut cloud = Cloud::with(limits);
    cloud.overload_checkout_db();
    cloud.seconds(10);
    cloud
}

#[test]
fn nothing_is_proposed_on_telemetry_older_than_ten_seconds() {
    let late = |limits: Limits| {
        let mut cloud = overloaded(limits);
        cloud.engine_ahead_ticks = 10 * TICKS_A_SECOND + 1;
        cloud.open("checkout-db", "cpu_usage", 95.0);
        cloud.seconds(5)
    };
    let output = late(Limits::default());
    assert!(output.proposals.is_empty());
    assert_eq!(late(Limits { max_sample_age_s: None, ..Limits::default() }).proposals.len(), 1);
}

#[test]
fn telemetry_of_exactly_ten_seconds_is_fresh_enough() {
    let mut cloud = overloaded(Limits::default());
    cloud.engine_ahead_ticks = 10 * TICKS_A_SECOND;
    cloud.open("checkout-db", "cpu_usage", 95.0);
    assert_eq!(cloud.seconds(5).proposals.len(), 1);
}

#[test]
fn nothing_is_proposed_while_the_engine_is_silent() {
    let silent = |limits: Limits, age: Option<u64>| {
        let mut cloud = overloaded(limits);
        cloud.heartbeat_age_ms = age;
        cloud.open("checkout-db", "cpu_usage", 95.0);
        cloud.seconds(5)
    };
    assert!(silent(Limits::default(), Some(10_001)).proposals.is_empty());
    assert!(silent(Limits::default(), None).proposals.is_empty());
    let off = Limits { max_heartbeat_age_ms: None, ..Limits::default() };
    assert_eq!(silent(off, Some(10_001)).proposals.len(), 1);
}

#[test]
fn nothing_is_proposed_while_automation_is_paused_and_it_is_made_up_for() {
    let paused = |limits: Limits| {
        let mut cloud = overloaded(limits);
        cloud.paused = true;
        cloud.open("checkout-db", "cpu_usage", 95.0);
        let output = cloud.seconds(5);
        (cloud, output)
    };
    let (mut cloud, output) = paused(Limits::default());
    assert!(output.proposals.is_empty());
    assert_eq!(output.decisions[0].verdict, Verdict::Refused(Rule::Paused));
    cloud.paused = false;
    assert_eq!(cloud.seconds(2).proposals.len(), 1);
    let (_, output) = paused(Limits { heed_pause: false, ..Limits::default() });
    assert_eq!(output.proposals.len(), 1);
}

#[test]
fn the_agent_resumes_when_telemetry_is_fresh_again() {
    let mut cloud = overloaded(Limits::default());
    cloud.heartbeat_age_ms = Some(60_000);
    cloud.open("checkout-db", "cpu_usage", 95.0);
    assert!(cloud.seconds(30).proposals.is_empty());
    cloud.heartbeat_age_ms = Some(0);
    assert_eq!(cloud.seconds(2).proposals.len(), 1);
}

#[test]
fn nothing_is_proposed_on_values_that_were_not_measured() {
    let blind = |limits: Limits| {
        let mut cloud = Cloud::with(limits);
        for name in ["checkout-db", "checkout", "gateway"] {
            cloud.service(name, |reading| {
                *reading = remedy::Reading { replicas: 2.0, ..remedy::Reading::default() }
            });
        }
        cloud.seconds(12);
        cloud.open("checkout-db", "cpu_usage", 95.0);
        cloud.seconds(10)
    };
    let output = blind(Limits::default());
    assert!(output.proposals.is_empty());
    assert_eq!(refusals(&output), [Rule::UnknownData]);
    assert_eq!(blind(Limits { require_known: false, ..Limits::default() }).proposals.len(), 1);
}

#[test]
fn an_incident_is_held_down_before_anything_is_proposed() {
    let young = |limits: Limits| {
        let mut cloud = overloaded(limits);
        cloud.open("checkout-db", "cpu_usage", 95.0);
        cloud.seconds(2)
    };
    assert!(young(Limits::default()).proposals.is_empty());
    assert_eq!(young(Limits { hold_down_s: 0.0, ..Limits::default() }).proposals.len(), 1);
}

#[test]
fn one_cause_has_one_action_at_a_time_however_many_incidents_it_has() {
    let flood = |limits: Limits| {
        let mut cloud = overloaded(limits);
        cloud.open("checkout-db", "cpu_usage", 95.0);
        cloud.seconds(5);
        cloud.open("checkout", "error_rate", 10.0);
        cloud.open("gateway", "error_rate", 10.0);
        cloud.seconds(10)
    };
    assert!(flood(Limits::default()).proposals.is_empty());
    assert!(!flood(Limits { one_per_target: false, ..Limits::default() }).proposals.is_empty());
}

#[test]
fn the_same_action_on_the_same_target_cools_down() {
    let again = |limits: Limits| {
        let mut cloud = overloaded(limits);
        let incident = cloud.open("checkout-db", "cpu_usage", 95.0);
        let first = the_only(&cloud.seconds(5)).clone();
        cloud.update(&first, 3, Status::Succeeded);
        cloud.resolve(incident);
        cloud.open("checkout-db", "error_rate", 10.0);
        cloud.seconds(60)
    };
    let output = again(Limits::default());
    assert!(output.proposals.is_empty());
    assert!(refusals(&output).contains(&Rule::Cooldown), "{output:#?}");
    assert_eq!(kinds(&again(Limits { cooldown_s: 0.0, ..Limits::default() })), [RemedyKind::ScaleUp]);
}

#[test]
fn a_flapping_metric_gets_one_action_a_cooldown() {
    let mut cloud = overloaded(Limits::default());
    let mut proposals = 0;
    for round in 0..9 {
        let incident = cloud.open("checkout-db", "cpu_usage", 95.0);
        let output = cloud.seconds(10);
        for proposal in &output.proposals {
            cloud.update(proposal, 3, Status::Succeeded);
        }
        cloud.resolve(incident);
        proposals += output.proposals.len();
        assert!(proposals <= 1 + round / 9, "round {round}");
    }
    assert_eq!(proposals, 1, "90 seconds of flapping");
}

#[test]
fn what_an_operator_rejected_is_not_proposed_again() {
    let stubborn = |limits: Limits, status: Status| {
        let mut cloud = overloaded(limits);
        cloud.open("checkout-db", "cpu_usage", 95.0);
        let first = the_only(&cloud.seconds(5)).clone();
        cloud.update(&first, 2, status);
        kinds(&cloud.seconds(60))
    };
    for status in [Status::Rejected, Status::Expired] {
        assert_eq!(stubborn(Limits::default(), status), [RemedyKind::RebalanceTraffic], "the next rung");
        let off = Limits { rejected_cooldown_s: 0.0, ..Limits::default() };
        assert_eq!(stubborn(off, status), [RemedyKind::ScaleUp]);
    }
}

#[test]
fn a_rejected_remedy_may_come_back_when_the_time_is_over() {
    let mut cloud = overloaded(Limits::default());
    cloud.open("checkout-db", "cpu_usage", 95.0);
    let first = the_only(&cloud.seconds(5)).clone();
    cloud.update(&first, 2, Status::Rejected);
    let second = the_only(&cloud.seconds(60)).clone();
    cloud.update(&second, 2, Status::Rejected);
    assert!(cloud.seconds(530).proposals.is_empty());
    assert_eq!(kinds(&cloud.seconds(30)), [RemedyKind::ScaleUp]);
}

#[test]
fn a_storm_of_incidents_is_answered_at_a_limited_rate() {
    let storm = |limits: Limits| {
        let mut cloud = Cloud::with(limits);
        for name in ["gateway", "checkout", "checkout-db", "catalog", "catalog-db"] {
            cloud.service(name, |leaky| leaky.memory_pct = 97.0);
        }
        // Five causes of their own: nobody calls anybody's memory full but its own.
        cloud.seconds(10);
        for name in ["gateway", "checkout", "checkout-db", "catalog", "catalog-db"] {
            cloud.open(name, "memory_usage", 90.0);
        }
        cloud.seconds(10)
    };
    let rate = Rate { burst: 1, every_s: 30.0 };
    let output = storm(Limits { rate: Some(rate), ..Limits::default() });
    assert_eq!(output.proposals.len(), 1);
    assert!(refusals(&output).contains(&Rule::RateLimit));
    assert!(storm(Limits { rate: None, ..Limits::default() }).proposals.len() > 1);
}

#[test]
fn after_three_actions_without_effect_a_human_takes_over() {
    let hopeless = |limits: Limits| {
        let mut cloud = overloaded(limits);
        cloud.service("checkout-db", |db| db.p99_ms = 2_000.0);
        cloud.open("checkout-db", "cpu_usage", 95.0);
        let mut proposals = 0;
        let mut last = Output::default();
        for _ in 0..6 {
            let output = cloud.seconds(100);
            proposals += output.proposals.len();
            for proposal in &output.proposals {
                cloud.fruitless(proposal);
            }
            if !output.decisions.is_empty() {
                last = output;
            }
        }
        (proposals, last)
    };
    let (proposals, last) = hopeless(Limits::default());
    assert_eq!(proposals, 3);
    assert_eq!(last.decisions.last().unwrap().verdict, Verdict::Escalated);
    assert!(last.decisions.last().unwrap().reason.contains("3 actions did not help"));
    let (fewer, _) = hopeless(Limits { max_ineffective: Some(1), ..Limits::default() });
    assert_eq!(fewer, 1, "the ladder would have gone on");
}

#[test]
fn a_node_that_carries_too_much_of_the_cloud_is_not_drained() {
    let small = |limits: Limits| {
        let mut cloud = Cloud::sized(limits, 3);
        cloud.nodes.get_mut("node-02").unwrap().cpu_pct = 90.0;
        cloud.seconds(10);
        cloud.open_on(Target::Node(NodeId::new("node-02")), "cpu_usage", 85.0);
        kinds(&cloud.seconds(5))
    };
    let kinds_of = small(Limits::default());
    assert_eq!(kinds_of, [RemedyKind::RebalanceTraffic], "a third of the cores is too much: the next rung");
    assert_eq!(small(Limits { blast_radius: None, ..Limits::default() }), [RemedyKind::DrainNode]);
}

#[test]
fn no_more_than_a_tenth_of_the_cores_is_out_by_our_doing() {
    let second = |limits: Limits| {
        let mut cloud = Cloud::with(limits);
        cloud.topology_node("node-08", |node| node.state = NodeState::Draining);
        cloud.nodes.get_mut("node-11").unwrap().cpu_pct = 99.0;
        cloud.seconds(10);
        // Both stand in zone-2; two of twelve nodes are 17 %.
        cloud.open_on(Target::Node(NodeId::new("node-11")), "cpu_usage", 95.0);
        cloud.seconds(5).proposals.into_iter().filter(|p| p.remedy == drain("node-11")).count()
    };
    assert_eq!(second(Limits::default()), 0);
    assert_eq!(second(Limits { blast_radius: None, ..Limits::default() }), 1);
}

#[test]
fn nodes_of_a_second_zone_are_not_drained() {
    let second = |limits: Limits| {
        let mut cloud = Cloud::sized(limits, 30);
        cloud.topology_node("node-27", |node| node.state = NodeState::Draining);
        cloud.nodes.get_mut("node-29").unwrap().cpu_pct = 99.0;
        cloud.seconds(10);
        cloud.open_on(Target::Node(NodeId::new("node-29")), "cpu_usage", 95.0);
        cloud.seconds(5).proposals.into_iter().filter(|p| p.remedy == drain("node-29")).count()
    };
    assert_eq!(second(Limits::default()), 0);
    assert_eq!(second(Limits { one_zone: false, ..Limits::default() }), 1);
}

#[test]
fn a_drain_that_waits_for_a_decision_counts_as_done() {
    let mut cloud = Cloud::sized(Limits::default(), 30);
    for name in ["node-27", "node-29"] {
        cloud.nodes.get_mut(name).unwrap().cpu_pct = 99.0;
    }
    cloud.seconds(10);
    for name in ["node-27", "node-29"] {
        cloud.open_on(Target::Node(NodeId::new(name)), "cpu_usage", 95.0);
    }
    let output = cloud.seconds(10);
    assert_eq!(kinds(&output), [RemedyKind::DrainNode], "zone-0 and zone-2: only one of them");
}

#[test]
fn a_node_is_not_drained_when_the_others_could_not_take_its_load() {
    let full = |limits: Limits| {
        let mut cloud = Cloud::with(limits);
        for reading in cloud.nodes.values_mut() {
            reading.cpu_pct = 74.0;
        }
        cloud.nodes.get_mut("node-11").unwrap().cpu_pct = 99.0;
        cloud.seconds(10);
        cloud.open_on(Target::Node(NodeId::new("node-11")), "cpu_usage", 95.0);
        cloud.seconds(5).proposals.into_iter().filter(|p| p.remedy == drain("node-11")).count()
    };
    assert_eq!(full(Limits::default()), 0);
    assert_eq!(full(Limits { max_load_after_drain_pct: None, ..Limits::default() }), 1);
}

#[test]
fn with_most_of_the_nodes_down_single_actions_are_pointless() {
    let dark = |limits: Limits| {
        let mut cloud = overloaded(limits);
        for index in 0..7 {
            cloud.topology_node(&format!("node-{index:02}"), |node| node.state = NodeState::Down);
        }
        cloud.open("checkout-db", "cpu_usage", 95.0);
        cloud.seconds(5)
    };
    let output = dark(Limits::default());
    assert!(output.proposals.is_empty());
    assert_eq!(refusals(&output), [Rule::TooMuchOut]);
    assert_eq!(dark(Limits { max_nodes_out_share: None, ..Limits::default() }).proposals.len(), 1);
}

#[test]
fn a_service_that_fails_under_load_is_not_restarted() {
    let failing = |limits: Limits| {
        let mut cloud = Cloud::with(limits);
        cloud.service("catalog", |busy| {
            busy.cpu_pct = 78.0;
            busy.error_rate_pct = 12.0;
        });
        cloud.seconds(10);
        cloud.open("catalog", "error_rate", 10.0);
        let mut seen = Vec::new();
        for _ in 0..4 {
            let output = cloud.seconds(100);
            for proposal in &output.proposals {
                cloud.fruitless(proposal);
                seen.push(proposal.remedy.clone());
            }
        }
        seen
    };
    assert!(!failing(Limits::default()).contains(&restart("catalog")));
    let off = failing(Limits { no_restart_under_load: false, ..Limits::default() });
    assert!(off.contains(&restart("catalog")), "{off:?}");
}

#[test]
fn a_single_replica_of_a_tiny_cloud_may_be_restarted_only_within_the_blast_radius() {
    let tiny = |limits: Limits| {
        let mut cloud = Cloud::with(limits);
        for name in ["gateway", "checkout", "catalog-db", "checkout-db"] {
            cloud.topology_service(name, |service| service.replicas.truncate(0));
        }
        cloud.topology_service("catalog", |service| {
            service.desired_replicas = 1;
            service.replicas.truncate(1);
        });
        cloud.service("catalog", |leaky| {
            leaky.memory_pct = 96.0;
            leaky.replicas = 1.0;
        });
        cloud.seconds(10);
        cloud.open("catalog", "memory_usage", 90.0);
        cloud.seconds(5).proposals.into_iter().map(|p| p.remedy).collect::<Vec<_>>()
    };
    assert_eq!(tiny(Limits::default()), [scale_up("catalog", 1)]);
    assert_eq!(tiny(Limits { blast_radius: None, ..Limits::default() }), [restart("catalog")]);
}

#[test]
fn nothing_is_proposed_for_what_is_under_maintenance_until_that_ends() {
    let maintained = |limits: Limits| {
        let mut cloud = overloaded(limits);
        let incident = cloud.open("checkout-db", "cpu_usage", 95.0);
        cloud.maintain(incident, true);
        (incident, cloud.seconds(5), cloud)
    };
    let (incident, output, mut cloud) = maintained(Limits::default());
    assert!(output.proposals.is_empty());
    assert_eq!(refusals(&output).last(), Some(&Rule::Maintenance));
    let reason = &output.decisions.last().expect("a decision").reason;
    assert!(reason.contains("checkout-db is under maintenance"), "{reason}");
    cloud.open("checkout", "latency_p99", 500.0);
    assert!(cloud.seconds(5).proposals.is_empty(), "nor for what it is the cause of");
    cloud.maintain(incident, false);
    assert_eq!(cloud.seconds(5).proposals.len(), 1);
    let off = Limits { keep_off_maintenance: false, ..Limits::default() };
    assert_eq!(maintained(off).1.proposals.len(), 1);
}
