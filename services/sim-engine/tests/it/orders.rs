//! Approved actions: performed once, told in events, refused with a reason.

use std::time::{Duration, SystemTime};

use bus::Outgoing;
use connectrpc_axum::pbjson_types::Timestamp;
use proto::ops::v1::{ActionType, ApplyActionCommand};
use proto::sim::v1::{SimulationEvent, SimulationEventKind};
use serde_json::json;
use tokio::time::Instant;

use crate::engine::{Cloud, Engine, PATIENCE, state_of};
use crate::switch::FIRST;

/// A restart of the first service that has more than one replica, as the orchestrator would order it.
pub(crate) async fn restart_order(engine: &Engine, id: &str) -> ApplyActionCommand {
    restart_order_of(engine, "default", id).await
}

/// The same in a simulation.
pub(crate) async fn restart_order_of(engine: &Engine, simulation: &str, id: &str) -> ApplyActionCommand {
    let topology = engine.call("GetTopology", json!({"simulationId": simulation})).await;
    let state = state_of(&engine.call("GetState", json!({"simulationId": simulation})).await);
    let service = topology["topology"]["services"]
        .as_array()
        .unwrap()
        .iter()
        .find(|service| service["replicas"].as_array().is_some_and(|replicas| replicas.len() > 1))
        .unwrap()
        .clone();
    #[allow(clippy::disallowed_methods)]
    let until = SystemTime::now() + Duration::from_secs(60);
    ApplyActionCommand {
        id: id.to_owned(),
        simulation_id: simulation.to_owned(),
        run_id: state.run_id,
        action_id: format!("action-of-{id}"),
        r#type: ActionType::RestartService.into(),
        target_id: service["id"].as_str().unwrap().to_owned(),
        target_version: service["version"].as_str().unwrap().parse().unwrap(),
        replicas: 0,
        approved_by: "test".to_owned(),
        approved_at: None,
        valid_until: Some(chrono::DateTime::<chrono::Utc>::from(until).into()),
        automation_version: FIRST,
    }
}

impl Cloud {
    pub(crate) async fn order(&self, message_id: &str, command: &ApplyActionCommand) {
        let message = Outgoing::message("ops.commands", message_id, "default", command);
        self.bus.publish(&message).await.unwrap();
    }

    /// Waits until every command was taken.
    pub(crate) async fn orders_are_taken(&self) {
        let started = Instant::now();
        loop {
            let stream = self.bus.jetstream().get_stream("OPS_COMMANDS").await.unwrap();
            let info = stream.consumer_info("sim-engine").await.unwrap();
            if info.num_pending == 0 && info.num_ack_pending == 0 {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "commands are not taken: {info:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn events_of(&self, action_id: &str) -> Vec<SimulationEvent> {
        self.events().await.into_iter().filter(|event| event.action_id == action_id).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_performed_once_although_ordered_twice() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.call("Step", json!({"ticks": 30})).await;
    let order = restart_order(&engine, "c1").await;
    // Another message id: the server's own deduplication does not help.
    cloud.order("first", &order).await;
    cloud.order("second", &order).await;
    cloud.orders_are_taken().await;
    engine.call("Step", json!({"ticks": 4000})).await;
    let events = cloud.events_of("action-of-c1").await;
    let kinds: Vec<_> = events.iter().map(SimulationEvent::kind).collect();
    assert_eq!(kinds, [SimulationEventKind::ActionExecuting, SimulationEventKind::ActionSucceeded]);
    assert_eq!(
        (events[0].tick, events[0].command_id.as_str()),
        (30, "c1"),
        "it takes effect at the next tick"
    );
    // Also after a restart, when only the journal remembers.
    let engine = engine.kill_and_start_again().await;
    cloud.order("third", &order).await;
    cloud.orders_are_taken().await;
    engine.call("Step", json!({"ticks": 400})).await;
    assert_eq!(cloud.events_of("action-of-c1").await.len(), 2);
    // And in the next run, which takes the settled commands along.
    engine.call("Reset", json!({})).await;
    let engine = engine.kill_and_start_again().await;
    cloud.order("fourth", &order).await;
    cloud.orders_are_taken().await;
    engine.call("Step", json!({"ticks": 40})).await;
    assert_eq!(cloud.events_of("action-of-c1").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_takes_effect_at_once_while_the_clock_runs() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().playing("1").start().await;
    let order = restart_order(&engine, "c1").await;
    let started = Instant::now();
    cloud.order("c1", &order).await;
    while cloud.events_of("action-of-c1").await.is_empty() {
        assert!(started.elapsed() < PATIENCE, "no effect:\n{}", engine.log());
    }
    // The bar is 100 ms and a tick; a busy test machine gets more room.
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

/// Makes a good order a bad one.
type Spoil = fn(&mut ApplyActionCommand);

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_must_not_be_carried_out_are_refused_with_an_event() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.call("Step", json!({"ticks": 30})).await;
    let cases: [(&str, &str, Spoil); 7] = [
        ("run", "is over", |c| c.run_id = "00000000-0000-0000-0000-000000000000".to_owned()),
        ("late", "was valid until", |c| c.valid_until = Some(Timestamp { seconds: 1_000, nanos: 0 })),
        ("empty", "name exactly one", |c| c.target_id = String::new()),
        ("wild", "name exactly one", |c| c.target_id = "*".to_owned()),
        ("version", "version 0", |c| c.target_version = 0),
        ("type", "is not known", |c| c.r#type = 77),
        ("nobody", "", |c| c.target_id = "nobody".to_owned()),
    ];
    for (id, _, spoil) in &cases {
        let mut order = restart_order(&engine, id).await;
        spoil(&mut order);
        cloud.order(id, &order).await;
        cloud.order(&format!("{id} again"), &order).await;
    }
    cloud.orders_are_taken().await;
    engine.call("Step", json!({"ticks": 20})).await;
    for (id, reason, _) in &cases {
        let events = cloud.events_of(&format!("action-of-{id}")).await;
        assert_eq!(events.len(), 1, "{id}: {events:?}\n{}", engine.log());
        assert_eq!(events[0].kind(), SimulationEventKind::ActionFailed, "{id}");
        assert_eq!(&events[0].command_id, id);
        assert!(events[0].message.contains(reason), "{id}: {}", events[0].message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_order_goes_to_the_dead_letters_and_holds_up_nobody() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let mut garbage = Outgoing::message("ops.commands", "garbage", "default", &ApplyActionCommand::default());
    garbage.payload = bytes::Bytes::from_static(b"\xff\xff\xff");
    cloud.bus.publish(&garbage).await.unwrap();
    let nameless = Outgoing::message("ops.commands", "nameless", "default", &ApplyActionCommand::default());
    cloud.bus.publish(&nameless).await.unwrap();
    cloud.order("c1", &restart_order(&engine, "c1").await).await;
    cloud.orders_are_taken().await;
    engine.call("Step", json!({"ticks": 20})).await;
    assert_eq!(cloud.events_of("action-of-c1").await.len(), 1);
    assert_eq!(cloud.messages("DLQ").await.len(), 2);
}
