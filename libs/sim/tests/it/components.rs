//! Actions that change the topology: what each component takes over, that taking it away leaves nothing behind, and that
//! everything about it is as repeatable as the rest.

use std::collections::BTreeSet;

use sim::recording::Recorder;
use sim::{Act, ActionKind, Command, CommandError, EventKind, MetricName, Workers, World};

use crate::small;
use crate::stage::Stage;

/// A site whose requests are half static, and read nine times as often from its database as they write; mails go through a queue.
const SERVICES: &str = "  - {id: web, profile: web_server, replicas: 2, entry: true, specs: {max_throughput: 400, min_latency_ms: 5}, calls: [{to: db, retries: 0}, {to: mails, read_ratio: 0, asynchronous: true}]}
  - {id: db, profile: postgresql, specs: {max_throughput: 500, min_latency_ms: 4}}
  - {id: mails, profile: message_queue, calls: [{to: sender, asynchronous: true}]}
  - {id: sender, profile: batch_processor, specs: {max_throughput: 400, min_latency_ms: 10}}
";
const TRAFFIC: &str = "traffic:\n  - service: web\n    constant: {rps: 300}\n    endpoints:\n      - {name: files, share: 0.5, static_ratio: 1}\n      - {name: pages, share: 0.5, read_ratio: 0.8}\n";

fn site() -> Stage {
    let mut stage = small::cloud_with(SERVICES, TRAFFIC);
    stage.run_s(20);
    stage
}

/// Adds a component and waits until it takes requests and is warm.
fn with(kind: ActionKind, target: &str) -> Stage {
    let mut stage = site();
    stage.act(kind, target, 1).unwrap_or_else(|error| panic!("{error}"));
    stage.run_s(120);
    assert_eq!(stage.happened(EventKind::ActionSucceeded).len(), 1);
    stage
}

fn rate(stage: &Stage, service: &str) -> f64 {
    stage.mean(service, MetricName::RequestRate, 10).unwrap_or(0.0)
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 0.02 * expected + 0.5, "{found}, not {expected}");
}

fn refusal(stage: &mut Stage, kind: ActionKind, target: &str) -> String {
    let act =
        Act { command_id: format!("{kind} {target} {}", stage.events.len()), ..stage.plan(kind, target, 1) };
    match stage.apply(&Command::Act(act)) {
        Err(CommandError::ActionRefused { reason, .. }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_read_replica_takes_the_reads_and_gets_the_writes_from_the_original() {
    let stage = with(ActionKind::AddReadReplica, "db");
    near(rate(&stage, "db"), 30.0);
    near(rate(&stage, "db-read-replica"), 270.0 + 30.0);
    near(rate(&stage, "web"), 300.0);
}

#[test]
fn a_cache_begins_cold_and_takes_its_share_of_the_reads_when_it_is_warm() {
    let mut stage = site();
    stage.act(ActionKind::AddCache, "db", 1).unwrap();
    stage.run_s(3);
    assert!(rate(&stage, "db") > 280.0, "cold, it answers nothing");
    stage.run_s(200);
    near(rate(&stage, "db-cache"), 270.0);
    near(rate(&stage, "db"), 30.0 + 270.0 * 0.2);
}

#[test]
fn a_load_balancer_stands_before_the_service_and_spreads_by_what_is_in_progress() {
    let mut stage = with(ActionKind::AddLoadBalancer, "web");
    near(rate(&stage, "web-lb"), 300.0);
    near(rate(&stage, "web"), 300.0);
    let slow = sim::FaultSpec {
        severity: 0.8,
        ..sim::FaultSpec::new(sim::FaultKind::SlowNode, sim::Target::node("n1"))
    };
    let shares = |stage: &Stage| -> Vec<(String, f64)> {
        let topology = stage.world.topology();
        let web = topology.services.into_iter().find(|service| &*service.id == "web").unwrap();
        web.replicas.iter().map(|replica| (replica.node_id.to_string(), replica.share)).collect()
    };
    stage.apply(&Command::InjectFault(slow)).unwrap();
    stage.run_s(30);
    assert!(
        shares(&stage).iter().all(|(node, share)| (*share < 0.4) == (node == "n1")),
        "{:?}",
        shares(&stage)
    );
    stage.act(ActionKind::RemoveComponent, "web-lb", 0).unwrap();
    stage.run_s(30);
    assert!(shares(&stage).iter().all(|(_, share)| (share - 0.5).abs() < 1e-9), "{:?}", shares(&stage));
}

#[test]
fn a_cdn_answers_what_is_static() {
    let stage = with(ActionKind::AddCdn, "web");
    near(rate(&stage, "web-cdn"), 300.0);
    near(rate(&stage, "web"), 150.0 + 150.0 * 0.05);
}

#[test]
fn consumers_share_the_deliveries_by_their_number() {
    let mut stage = site();
    stage.act(ActionKind::AddConsumers, "sender", 2).unwrap();
    stage.run_s(30);
    near(rate(&stage, "sender"), 100.0);
    near(rate(&stage, "sender-consumers"), 200.0);
}

#[test]
fn taking_a_component_away_leaves_nothing_behind() {
    for (kind, target, id) in [
        (ActionKind::AddReadReplica, "db", "db-read-replica"),
        (ActionKind::AddCache, "db", "db-cache"),
        (ActionKind::AddLoadBalancer, "web", "web-lb"),
        (ActionKind::AddCdn, "web", "web-cdn"),
        (ActionKind::AddConsumers, "sender", "sender-consumers"),
    ] {
        let (mut stage, before) = (with(kind, target), site().world.topology());
        let version = stage.version(target);
        assert!(version > 1, "{kind} changes {target}");
        stage.act(ActionKind::RemoveComponent, id, 0).unwrap();
        stage.run_s(30);
        assert_eq!(stage.happened(EventKind::ActionSucceeded).len(), 2, "{kind}");
        let mut after = stage.world.topology();
        for service in &mut after.services {
            service.version = 1;
        }
        after.tick = before.tick;
        assert_eq!(after, before, "{kind}");
        assert!(stage.world.components().is_empty());
        for (service, rps) in [("web", 300.0), ("db", 300.0), ("sender", 300.0)] {
            near(rate(&stage, service), rps);
        }
        assert!(stage.samples.last().unwrap().services.value(id, MetricName::RequestRate).is_none());
    }
}

#[test]
fn nothing_fails_while_components_come_and_go() {
    let mut stage = site();
    for (kind, target) in [
        (ActionKind::AddLoadBalancer, "web"),
        (ActionKind::AddCdn, "web-lb"),
        (ActionKind::AddReadReplica, "db"),
        (ActionKind::AddCache, "db"),
        (ActionKind::AddConsumers, "sender"),
        (ActionKind::RemoveComponent, "db-read-replica"),
        (ActionKind::RemoveComponent, "web-lb-cdn"),
        (ActionKind::RemoveComponent, "db-cache"),
    ] {
        stage.act(kind, target, 1).unwrap_or_else(|error| panic!("{error}"));
        stage.run_s(20);
    }
    assert_eq!(stage.happened(EventKind::ActionSucceeded).len(), 8);
    for sample in &stage.samples {
        for entry in ["web-lb-cdn", "web-lb", "web"] {
            let errors = sample.services.value(entry, MetricName::ErrorRate).unwrap_or(0.0);
            assert!(errors < 1.0, "{errors} % at {entry}, tick {}", sample.tick);
        }
    }
    let there: BTreeSet<String> =
        stage.world.topology().services.iter().map(|service| service.id.to_string()).collect();
    assert!(there.contains("web-lb") && there.contains("sender-consumers") && there.len() == 6, "{there:?}");
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do_instead() {
    let mut stage = site();
    for (kind, target, told) in [
        (ActionKind::AddReadReplica, "web", "stands beside a database"),
        (ActionKind::AddCache, "mails", "stands beside a database"),
        (ActionKind::AddReadReplica, "nothing", "there is no service"),
        (ActionKind::AddCdn, "db", "no traffic enters there; name one of web"),
        (ActionKind::AddConsumers, "db", "no message queue delivers to it"),
        (ActionKind::RemoveComponent, "db", "not added by an action; only these can be removed: none"),
    ] {
        let reason = refusal(&mut stage, kind, target);
        assert!(reason.contains(told), "{reason}");
    }
    stage.act(ActionKind::AddReadReplica, "db", 1).unwrap();
    assert!(refusal(&mut stage, ActionKind::AddCache, "db").contains("still under way"));
    assert!(
        refusal(&mut stage, ActionKind::RemoveComponent, "db-read-replica").contains("takes no requests yet")
    );
    stage.run_s(30);
    assert!(refusal(&mut stage, ActionKind::AddReadReplica, "db").contains("already; scale that one up"));
    stage.act(ActionKind::AddLoadBalancer, "db-read-replica", 1).unwrap();
    stage.run_s(30);
    let reason = refusal(&mut stage, ActionKind::RemoveComponent, "db-read-replica");
    assert!(reason.contains("db-read-replica-lb stands on it"), "{reason}");
    let many = Act { replicas: 17, ..stage.plan(ActionKind::AddCdn, "web", 0) };
    assert!(
        matches!(stage.apply(&Command::Act(many)), Err(CommandError::ActionRefused { reason, .. }) if reason.contains("at most 16"))
    );
}

#[test]
fn there_is_room_for_so_many_and_for_those_that_fit() {
    let services: String = std::iter::once("  - {id: web, profile: web_server, entry: true}\n".to_owned())
        .chain((0..40).map(|n| format!("  - {{id: s{n}, profile: microservice, entry: true}}\n")))
        .collect();
    let mut stage = small::cloud(&services, 10.0);
    for n in 0..32 {
        stage.act(ActionKind::AddLoadBalancer, &format!("s{n}"), 1).unwrap_or_else(|error| panic!("{error}"));
    }
    assert!(refusal(&mut stage, ActionKind::AddLoadBalancer, "s32").contains("32 components"));
    let services = "  - {id: web, profile: web_server, entry: true, specs: {cpu_cores: 8, memory_gb: 250, base_memory_gb: 1}}\n  - {id: big, profile: batch_processor, specs: {memory_gb: 250}, calls: []}\n";
    let mut full = small::cloud(services, 10.0);
    assert!(refusal(&mut full, ActionKind::AddCdn, "web").contains("no ready node has room"));
}

/// Commands that make and change components, at any moment of which a copy may be taken.
fn eventful(step: &mut dyn FnMut(&mut Recorder, u64)) -> Recorder {
    let stage = small::cloud_with(SERVICES, TRAFFIC);
    let mut recorder = Recorder::new(stage.world.scenario().clone(), 7);
    for (at, (kind, target)) in [
        (ActionKind::AddCache, "db"),
        (ActionKind::AddCdn, "web"),
        (ActionKind::AddConsumers, "sender"),
        (ActionKind::ScaleUp, "db-cache"),
        (ActionKind::RemoveComponent, "web-cdn"),
        (ActionKind::AddReadReplica, "db"),
        (ActionKind::RemoveComponent, "db-cache"),
        (ActionKind::AddLoadBalancer, "web"),
    ]
    .into_iter()
    .enumerate()
    {
        let stage = Stage { world: recorder.world().clone(), events: Vec::new(), samples: Vec::new() };
        let act = Act { command_id: format!("c{at}"), ..stage.plan(kind, target, 1) };
        recorder.apply(&Command::Act(act)).unwrap_or_else(|error| panic!("{error}"));
        for tick in 0..240 {
            step(&mut recorder, tick);
            recorder.step_with(&Workers::default(), &mut Vec::new());
        }
    }
    recorder
}

#[test]
fn saved_worlds_with_components_go_on_bit_for_bit() {
    let future = |mut world: World| {
        let mut events = Vec::new();
        for _ in 0..250 {
            world.step(&mut events);
        }
        (world.telemetry_hash(), events, world.checkpoint())
    };
    eventful(&mut |recorder, tick| {
        if [0, 3, 60, 239].contains(&tick) {
            let world = recorder.world();
            let restored = World::restore(&world.checkpoint()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(future(restored), future(world.clone()));
        }
    });
}

#[test]
fn a_recording_with_components_is_computed_again() {
    let recording = eventful(&mut |_, _| {}).finish();
    let again = sim::recording::Recording::from_bytes(&recording.to_bytes()).unwrap();
    let mut replay = again.replay();
    while !replay.is_over() {
        replay.step_with(&Workers::default(), &mut Vec::new()).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn switching_to_other_traffic_keeps_the_components_and_to_another_cloud_does_not() {
    let mut stage = with(ActionKind::AddCdn, "web");
    let busier = small::cloud_with(SERVICES, &TRAFFIC.replace("300", "200")).world.scenario().clone();
    stage.apply(&Command::SetScenario(busier)).unwrap();
    stage.run_s(40);
    near(rate(&stage, "web-cdn"), 200.0);
    stage.apply(&Command::SetScenario(crate::stage::shipped("normal"))).unwrap();
    stage.run_s(5);
    assert!(stage.world.components().is_empty());
}

#[test]
fn an_outlook_can_add_components_and_still_knows_nothing_of_what_is_to_come() {
    let rest = format!(
        "{TRAFFIC}timeline:\n  - {{at_s: 30, inject: {{id: gone, kind: service_crash, target: {{service: db}}}}}}\n"
    );
    let mut stage = small::cloud_with(SERVICES, &rest);
    stage.run_s(10);
    stage.world = stage.world.outlook(0.0);
    stage.act(ActionKind::AddCache, "db", 1).unwrap();
    stage.run_s(60);
    assert!(stage.happened(EventKind::FaultStarted).is_empty());
    near(rate(&stage, "db-cache"), 270.0);
}
