//! Actions: what they do, what they refuse, and that they happen once.

use sim::world::view::{NodeState, ReplicaState};
use sim::{
    Act, ActionKind, Command, CommandError, Effect, EventKind, FaultKind, FaultSpec, MetricName, Target,
};

use crate::stage::Stage;

fn refusal(stage: &mut Stage, act: Act) -> String {
    match stage.apply(&Command::Act(act)) {
        Err(CommandError::ActionRefused { reason, .. }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

fn replicas(stage: &Stage, service: &str) -> usize {
    let topology = stage.world.topology();
    let found = topology.services.iter().find(|known| &*known.id == service).unwrap();
    found.replicas.iter().filter(|replica| replica.state == ReplicaState::Running).count()
}

#[test]
fn targets_that_are_not_exactly_one_known_thing_are_refused() {
    let mut stage = Stage::of("normal");
    for target in ["", " ", "*", "web*", "all", "nothing", "node-a1"] {
        let mut act = stage.plan(ActionKind::RestartService, "web", 0);
        act.command_id.push_str(target);
        act.command_id.push('x');
        act.target = target.to_owned();
        let reason = refusal(&mut stage, act);
        assert!(reason.len() > 20, "{reason}");
    }
    stage.run_s(1);
    assert_eq!(stage.happened(EventKind::ActionFailed).len(), 7, "every refusal is an event");
}

#[test]
fn versions_are_checked_and_only_definitions_raise_them() {
    let mut stage = Stage::of("high_load");
    stage.run_s(90);
    assert_eq!(stage.version("catalog"), 1, "load raises no version");
    let old = stage.plan(ActionKind::ScaleUp, "catalog", 1);
    let unversioned = Act { command_id: "c0".to_owned(), target_version: 0, ..old.clone() };
    assert!(refusal(&mut stage, unversioned).contains("names no version"));
    stage.act(ActionKind::RebalanceTraffic, "catalog", 0).unwrap();
    stage.run_s(3);
    assert_eq!(stage.version("catalog"), 2);
    assert!(refusal(&mut stage, old).contains("is at version 2"));
}

#[test]
fn a_command_happens_once_whether_it_was_taken_or_refused() {
    let mut stage = Stage::of("normal");
    let act = stage.plan(ActionKind::ScaleUp, "web", 1);
    assert_eq!(stage.apply(&Command::Act(act.clone())), Ok(Effect::ActionStarted));
    assert_eq!(stage.apply(&Command::Act(act.clone())), Ok(Effect::AlreadyApplied));
    stage.run_s(10);
    assert_eq!(stage.apply(&Command::Act(act)), Ok(Effect::AlreadyApplied));
    assert_eq!(replicas(&stage, "web"), 3);
    let outcomes: Vec<_> =
        stage.events.iter().filter(|event| !event.command_id.is_empty()).map(|event| event.kind).collect();
    assert_eq!(outcomes, [EventKind::ActionExecuting, EventKind::ActionSucceeded]);
    let busy = stage.plan(ActionKind::RestartService, "web", 0);
    stage.apply(&Command::Act(busy)).unwrap();
    let second = Act { command_id: "again".to_owned(), ..stage.plan(ActionKind::ScaleUp, "web", 1) };
    assert!(refusal(&mut stage, second).contains("still under way"));
}

#[test]
fn a_restart_rolls_and_keeps_the_service_up() {
    let mut stage = Stage::of("normal");
    stage.run_s(10);
    stage.act(ActionKind::RestartService, "catalog", 0).unwrap();
    stage.run_s(20);
    assert_eq!(stage.happened(EventKind::ReplicaReady).len(), 3);
    assert_eq!(stage.happened(EventKind::ActionSucceeded).len(), 1);
    let lowest =
        stage.samples.iter().filter_map(|sample| sample.services.value("catalog", MetricName::Replicas));
    assert!(lowest.fold(f32::MAX, f32::min) >= 2.0);
    assert!(
        stage
            .samples
            .iter()
            .all(|sample| sample.services.value("catalog", MetricName::ErrorRate).unwrap() < 5.0)
    );
}

#[test]
fn scaling_down_leaves_the_last_replica() {
    let mut stage = Stage::of("normal");
    stage.act(ActionKind::ScaleDown, "web", 1).unwrap();
    stage.run_s(10);
    assert_eq!(replicas(&stage, "web"), 1);
    let act = stage.plan(ActionKind::ScaleDown, "web", 1);
    assert!(refusal(&mut stage, act).contains("the last one stays"));
}

#[test]
fn scaling_up_stops_where_no_node_has_room() {
    let mut stage = Stage::of("normal");
    let act = stage.plan(ActionKind::ScaleUp, "orders-db", 100);
    assert!(refusal(&mut stage, act).contains("no ready node has room"));
}

#[test]
fn a_drained_node_is_empty_and_the_last_ready_one_stays() {
    let mut stage = Stage::of("normal");
    stage.run_s(5);
    let nodes: Vec<String> = stage.world.topology().nodes.iter().map(|node| node.id.to_string()).collect();
    stage.act(ActionKind::DrainNode, &nodes[0], 0).unwrap();
    stage.run_s(30);
    assert_eq!(stage.happened(EventKind::NodeDrained).len(), 1);
    let topology = stage.world.topology();
    assert_eq!(topology.nodes[0].state, NodeState::Draining);
    assert!(
        topology
            .services
            .iter()
            .all(|service| service.replicas.iter().all(|replica| *replica.node_id != *nodes[0]))
    );
    assert!(
        topology.services.iter().all(|service| service.replicas.len() == service.desired_replicas as usize)
    );
    let act = stage.plan(ActionKind::DrainNode, &nodes[0], 0);
    assert!(refusal(&mut stage, Act { command_id: "again".to_owned(), ..act }).contains("drained already"));
    for node in &nodes[1..nodes.len() - 1] {
        let fault = FaultSpec::new(FaultKind::NodeCrash, Target::node(node.as_str()));
        stage.apply(&Command::InjectFault(fault)).unwrap();
    }
    stage.run_s(1);
    let act = stage.plan(ActionKind::DrainNode, nodes.last().unwrap(), 0);
    assert!(refusal(&mut stage, act).contains("the last one cannot be drained"));
}

#[test]
fn a_node_that_is_let_back_fetches_its_share() {
    let mut stage = Stage::of("normal");
    stage.run_s(5);
    let node = stage.world.topology().nodes[0].id.to_string();
    let at_home = |stage: &Stage| -> usize {
        let topology = stage.world.topology();
        let on_it = |service: &sim::world::view::ServiceView| {
            service.replicas.iter().filter(|replica| *replica.node_id == *node).count()
        };
        topology.services.iter().map(on_it).sum()
    };
    let before = at_home(&stage);
    let act = stage.plan(ActionKind::UndrainNode, &node, 0);
    assert!(refusal(&mut stage, Act { command_id: "early".to_owned(), ..act }).contains("not drained"));
    stage.act(ActionKind::DrainNode, &node, 0).unwrap();
    stage.run_s(30);
    assert_eq!(at_home(&stage), 0);
    stage.act(ActionKind::UndrainNode, &node, 0).unwrap();
    stage.run_s(30);
    assert_eq!(stage.happened(EventKind::ActionSucceeded).len(), 2);
    assert_eq!(stage.world.topology().nodes[0].state, NodeState::Ready);
    let after = at_home(&stage);
    assert!(after * 2 >= before && after <= before * 2, "{before} replicas before, {after} after");
    let topology = stage.world.topology();
    assert!(
        topology.services.iter().all(|service| service.replicas.len() == service.desired_replicas as usize)
    );
}

#[test]
fn draining_a_dead_node_moves_its_replicas() {
    let mut stage = Stage::of("normal");
    stage.run_s(5);
    let fault = FaultSpec::new(FaultKind::NodeCrash, Target::node("node-b1"));
    stage.apply(&Command::InjectFault(fault)).unwrap();
    stage.run_s(5);
    assert!(!stage.happened(EventKind::ReplicaCrashed).is_empty());
    stage.act(ActionKind::DrainNode, "node-b1", 0).unwrap();
    stage.run_s(30);
    assert_eq!(stage.happened(EventKind::ActionSucceeded).len(), 1);
    assert!(
        stage
            .world
            .topology()
            .services
            .iter()
            .all(|service| service.desired_replicas as usize == replicas(&stage, &service.id))
    );
}

#[test]
fn rebalancing_takes_load_off_a_slow_node() {
    let mut stage = Stage::of("high_load");
    stage.run_s(20);
    let fault = FaultSpec { severity: 0.9, ..FaultSpec::new(FaultKind::SlowNode, Target::node("node-a1")) };
    stage.apply(&Command::InjectFault(fault)).unwrap();
    stage.run_s(20);
    let topology = stage.world.topology();
    let on_slow_node = |service: &&sim::world::view::ServiceView| {
        service.replicas.len() > 1 && service.replicas.iter().any(|replica| &*replica.node_id == "node-a1")
    };
    let service = topology.services.iter().find(on_slow_node).unwrap().id.to_string();
    let before = stage.mean(&service, MetricName::LatencyP99, 5).unwrap();
    stage.act(ActionKind::RebalanceTraffic, &service, 0).unwrap();
    stage.run_s(20);
    let topology = stage.world.topology();
    let shares = &topology.services.iter().find(|known| *known.id == *service).unwrap().replicas;
    let slow = shares.iter().find(|replica| &*replica.node_id == "node-a1").unwrap().share;
    assert!(slow < 0.25, "{slow} of {service} still goes to the slow node");
    let after = stage.mean(&service, MetricName::LatencyP99, 5).unwrap();
    assert!(after <= before, "{service}: p99 {before} before, {after} after");
    stage.act(ActionKind::SpreadTraffic, &service, 0).unwrap();
    stage.run_s(5);
    let topology = stage.world.topology();
    let shares = &topology.services.iter().find(|known| *known.id == *service).unwrap().replicas;
    let fair = 1.0 / shares.len() as f64;
    assert!(shares.iter().all(|replica| (replica.share - fair).abs() < 1e-9), "the weights are alike again");
    let act = stage.plan(ActionKind::SpreadTraffic, &service, 0);
    assert!(refusal(&mut stage, Act { command_id: "again".to_owned(), ..act }).contains("the same already"));
}
