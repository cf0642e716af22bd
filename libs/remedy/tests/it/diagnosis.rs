//! The cause is treated, not the symptom.

use remedy::{NodeId, NodeState, RemedyKind, ReplicaState, ServiceId, Target};

use crate::cloud::{Cloud, drain, kinds, last_decision, restart, scale_up, the_only, verdicts};

#[test]
fn a_saturated_database_is_scaled_when_only_its_caller_complains() {
    let mut cloud = Cloud::new();
    cloud.overload_checkout_db();
    cloud.seconds(10);
    cloud.open("gateway", "error_rate", 10.0);
    let output = cloud.seconds(5);
    let proposal = the_only(&output);
    assert_eq!(proposal.remedy, scale_up("checkout-db", 2));
    assert_eq!(
        proposal.reason,
        "checkout-db CPU 98.0 % over 10 s, queue 1 240, error rate 14.0 %; its caller checkout answers 22.0 % errors. \
         Cause of \"gateway: error_rate > 10\". \
         Scale checkout-db from 2 to 4 replicas: expected utilisation 61 %."
    );
}

#[test]
fn incidents_all_along_the_call_path_lead_to_one_action_under_the_incident_of_the_cause() {
    let mut cloud = Cloud::new();
    cloud.overload_checkout_db();
    cloud.seconds(10);
    cloud.open("gateway", "error_rate", 10.0);
    cloud.open("checkout", "latency_p99", 500.0);
    let cause = cloud.open("checkout-db", "cpu_usage", 95.0);
    let output = cloud.seconds(30);
    let proposal = the_only(&output);
    assert_eq!(proposal.incident_id, cause);
    let covered: Vec<_> = output.decisions.iter().filter(|d| d.verdict.name() == "covered").collect();
    assert!(covered.iter().all(|decision| decision.action_id == Some(proposal.action_id)));
    assert_eq!(covered.iter().filter(|decision| decision.incident_id != cause).count(), 2, "{output:#?}");
}

#[test]
fn a_busy_caller_of_a_merely_slow_service_is_treated_itself() {
    let mut cloud = Cloud::new();
    cloud.service("gateway", |entry| entry.cpu_pct = 96.0);
    cloud.service("catalog", |callee| callee.p99_ms = 900.0);
    cloud.seconds(10);
    cloud.open("gateway", "cpu_usage", 95.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, scale_up("gateway", 1));
}

#[test]
fn slowness_under_load_is_scaled_and_never_restarted() {
    let mut cloud = Cloud::new();
    cloud.service("checkout-db", |db| {
        db.cpu_pct = 78.0;
        db.p99_ms = 900.0;
    });
    cloud.seconds(10);
    cloud.open("checkout-db", "latency_p99", 500.0);
    let mut seen = Vec::new();
    for _ in 0..6 {
        let output = cloud.seconds(200);
        seen.extend(kinds(&output));
        for proposal in &output.proposals {
            cloud.fruitless(proposal);
        }
    }
    assert_eq!(seen, [RemedyKind::ScaleUp, RemedyKind::RebalanceTraffic]);
}

#[test]
fn what_is_merely_unusual_is_left_alone_and_what_is_sick_besides_is_treated() {
    let mut cloud = Cloud::new();
    cloud.service("catalog", |unusual| unusual.p99_ms = 300.0);
    cloud.seconds(10);
    cloud.foretell(Target::Service(ServiceId::new("catalog")), "latency_p99", 100.0);
    cloud.foretell(Target::Node(NodeId::new("node-00")), "memory_usage", 1.0);
    assert_eq!(cloud.seconds(60).proposals, []);

    cloud.service("catalog", |sick| sick.error_rate_pct = 40.0);
    assert!(!cloud.seconds(60).proposals.is_empty());
}

#[test]
fn full_memory_is_restarted() {
    let mut cloud = Cloud::new();
    cloud.service("catalog", |leaky| leaky.memory_pct = 96.0);
    cloud.seconds(10);
    cloud.open("catalog", "memory_usage", 90.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, restart("catalog"));
}

#[test]
fn crashed_replicas_that_do_not_come_back_are_restarted() {
    let mut cloud = Cloud::new();
    cloud.service("catalog", |crashed| {
        crashed.replicas = 0.0;
        crashed.error_rate_pct = 100.0;
        crashed.cpu_pct = 0.0;
    });
    cloud.service("gateway", |entry| entry.error_rate_pct = 40.0);
    cloud.topology_service("catalog", |service| {
        for replica in &mut service.replicas {
            replica.state = ReplicaState::Crashed;
        }
    });
    cloud.seconds(10);
    cloud.open("gateway", "error_rate", 5.0);
    let output = cloud.seconds(5);
    assert_eq!(the_only(&output).remedy, restart("catalog"));
    assert!(the_only(&output).reason.starts_with("catalog 0 of 2 replicas running over 10 s"), "{output:#?}");
}

#[test]
fn replicas_that_are_starting_are_given_the_time() {
    let mut cloud = Cloud::new();
    cloud.service("catalog", |starting| {
        starting.replicas = 1.0;
        starting.error_rate_pct = 3.0;
    });
    cloud.topology_service("catalog", |service| service.replicas[0].state = ReplicaState::Starting);
    cloud.seconds(10);
    cloud.open("catalog", "error_rate", 5.0);
    let output = cloud.seconds(20);
    assert_eq!(verdicts(&output), ["no_cause"]);
}

#[test]
fn a_busy_callee_is_the_cause_of_a_slow_caller_that_has_room_itself() {
    let mut cloud = Cloud::new();
    cloud.service("gateway", |entry| entry.p99_ms = 620.0);
    cloud.service("catalog", |busy| {
        busy.cpu_pct = 80.0;
        busy.p99_ms = 400.0;
    });
    // As busy, but its answers take no time that anybody would notice.
    cloud.service("catalog-db", |busy| busy.cpu_pct = 80.0);
    cloud.seconds(10);
    cloud.open("gateway", "latency_p99", 500.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, scale_up("catalog", 1));
}

#[test]
fn services_that_suffer_from_load_do_not_make_their_node_suspect() {
    let mut cloud = Cloud::new();
    for name in ["catalog-db", "checkout-db"] {
        cloud.topology_service(name, |service| service.replicas[1].node = NodeId::new("node-11"));
        cloud.service(name, |busy| {
            busy.p99_ms = 1_200.0;
            busy.cpu_pct = 82.0;
        });
    }
    cloud.seconds(10);
    cloud.open("catalog-db", "latency_p99", 500.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, scale_up("catalog-db", 1));
}

#[test]
fn a_node_that_is_down_is_drained_so_that_its_replicas_start_elsewhere() {
    let mut cloud = Cloud::new();
    cloud.topology_node("node-02", |node| node.state = NodeState::Down);
    cloud.topology_service("checkout", |service| service.replicas[0].state = ReplicaState::Crashed);
    cloud.service("checkout", |half| {
        half.replicas = 1.0;
        half.error_rate_pct = 30.0;
    });
    cloud.seconds(10);
    cloud.open("checkout", "error_rate", 10.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, drain("node-02"));
}

#[test]
fn a_node_far_hotter_than_its_peers_is_drained() {
    let mut cloud = Cloud::new();
    cloud.nodes.get_mut("node-11").unwrap().cpu_pct = 99.0;
    cloud.seconds(10);
    cloud.open_on(Target::Node(NodeId::new("node-11")), "cpu_usage", 95.0);
    let output = cloud.seconds(5);
    assert_eq!(the_only(&output).remedy, drain("node-11"));
    assert!(the_only(&output).reason.contains("while the median of its peers is 30.0 %"), "{output:#?}");
}

#[test]
fn a_node_that_is_hot_because_a_service_on_it_is_overloaded_is_left_alone() {
    let mut cloud = Cloud::new();
    cloud.nodes.get_mut("node-04").unwrap().cpu_pct = 99.0;
    cloud.overload_checkout_db();
    cloud.seconds(10);
    cloud.open_on(Target::Node(NodeId::new("node-04")), "cpu_usage", 95.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, scale_up("checkout-db", 2));
}

#[test]
fn nodes_that_are_all_hot_need_more_nodes_and_a_human() {
    let mut cloud = Cloud::new();
    for reading in cloud.nodes.values_mut() {
        reading.cpu_pct = 97.0;
    }
    cloud.seconds(10);
    cloud.open_on(Target::Node(NodeId::new("node-11")), "cpu_usage", 95.0);
    let output = cloud.seconds(5);
    assert!(output.proposals.is_empty());
    assert!(last_decision(&output).reason.contains("the cloud needs more nodes"), "{output:#?}");
}

#[test]
fn a_node_that_slows_down_everything_on_it_is_drained_though_it_is_not_hot() {
    let mut cloud = Cloud::new();
    // catalog and checkout-db share node-07; neither calls the other.
    for name in ["catalog-db", "checkout-db"] {
        cloud.topology_service(name, |service| service.replicas[1].node = NodeId::new("node-11"));
        cloud.service(name, |slow| slow.p99_ms = 1_200.0);
    }
    cloud.seconds(10);
    cloud.open("catalog-db", "latency_p99", 500.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, drain("node-11"));
}

#[test]
fn an_incident_whose_metric_is_back_to_normal_is_left_to_resolve() {
    let mut cloud = Cloud::new();
    cloud.open("checkout", "error_rate", 5.0);
    let output = cloud.seconds(60);
    assert_eq!(verdicts(&output), ["no_cause"], "said once, not at every sample: {output:#?}");
}

#[test]
fn a_rule_with_a_stricter_threshold_than_the_agents_own_is_believed() {
    let mut cloud = Cloud::new();
    cloud.service("catalog", |busy| busy.cpu_pct = 60.0);
    cloud.seconds(10);
    cloud.open("catalog", "cpu_usage", 50.0);
    assert_eq!(the_only(&cloud.seconds(5)).remedy, scale_up("catalog", 1));
}
