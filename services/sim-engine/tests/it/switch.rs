//! The kill switch: nothing begins while automation is paused, nor what was approved before.

use std::time::{Duration, SystemTime};

use prost::Message as _;
use proto::ops::v1::{ApplyActionCommand, Automation, AutomationState};
use proto::sim::v1::{SimulationEvent, SimulationEventKind as Kind};
use rulebook::switch::{KEY, REFUSED_BY_SWITCH};
use rulebook::{Change, put};
use serde_json::json;

use crate::engine::{Cloud, Engine};
use crate::orders::restart_order;

/// Version of the switch that a cloud starts with.
pub(crate) const FIRST: u64 = 1;

impl Cloud {
    /// As the orchestrator: the version that it has from now on.
    pub(crate) async fn switch(&self, state: AutomationState, expected_version: u64) -> u64 {
        let value = Automation {
            state: state.into(),
            changed_by: "ana".to_owned(),
            reason: "a storm".to_owned(),
            ..Automation::default()
        };
        let id = format!("switch-{expected_version}");
        put(&self.bus, Change { value, expected_version, id, traceparent: None }).await.unwrap().version
    }

    /// Orders a restart that was approved at a version of the switch, and returns what came of it.
    async fn ordered(&self, engine: &Engine, id: &str, automation_version: u64) -> Vec<(Kind, bool, String)> {
        let mut order = restart_order(engine, id).await;
        order.automation_version = automation_version;
        self.order(id, &order).await;
        self.orders_are_taken().await;
        engine.call("Step", json!({"ticks": 20})).await;
        let events = self.events_of(&format!("action-of-{id}")).await;
        let told = |event: &SimulationEvent| {
            (event.kind(), event.attributes.contains_key(REFUSED_BY_SWITCH), event.message.clone())
        };
        events.iter().map(told).collect()
    }
}

fn is_refused(told: &[(Kind, bool, String)], why: &str) -> bool {
    matches!(told, [(Kind::ActionFailed, true, message)] if message.contains(why))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_refuses_every_order_across_restarts_and_so_it_does_for_ever_with_what_was_approved_before() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.call("Step", json!({"ticks": 30})).await;
    let paused = cloud.switch(AutomationState::Paused, FIRST).await;
    let told = cloud.ordered(&engine, "paused", FIRST).await;
    assert!(is_refused(&told, "ana did that") && is_refused(&told, "a storm"), "{told:?}");
    let engine = engine.kill_and_start_again().await;
    let told = cloud.ordered(&engine, "restarted", paused).await;
    assert!(is_refused(&told, "Automation is paused"), "{told:?}");

    let running = cloud.switch(AutomationState::Running, paused).await;
    let told = cloud.ordered(&engine, "before", FIRST).await;
    assert!(is_refused(&told, "approve it again"), "{told:?}");
    let told = cloud.ordered(&engine, "nameless", 0).await;
    assert!(is_refused(&told, "approve it again"), "{told:?}");
    let told = cloud.ordered(&engine, "after", running).await;
    assert_eq!(told[0].0, Kind::ActionExecuting, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_begun_before_the_pause_is_not_told_to_have_been_refused() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.call("Step", json!({"ticks": 30})).await;
    let order = restart_order(&engine, "c1").await;
    cloud.order("first", &order).await;
    cloud.orders_are_taken().await;
    cloud.switch(AutomationState::Paused, FIRST).await;
    cloud.order("again", &order).await;
    cloud.orders_are_taken().await;
    engine.call("Step", json!({"ticks": 4000})).await;
    let kinds: Vec<Kind> = cloud.events_of("action-of-c1").await.iter().map(SimulationEvent::kind).collect();
    assert_eq!(kinds, [Kind::ActionExecuting, Kind::ActionSucceeded]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_nothing_begins_later_than_a_second_after_the_pause() {
    const STORM: u64 = 60;
    let cloud = Cloud::start().await;
    let engine = cloud.engine().playing("1").start().await;
    let order = restart_order(&engine, "c").await;
    let storm = async {
        for number in 0..STORM {
            let id = format!("c{number}");
            let order =
                ApplyActionCommand { id: id.clone(), action_id: format!("action-of-{id}"), ..order.clone() };
            cloud.order(&id, &order).await;
        }
    };
    // Somewhere in the middle of it.
    let pressed = async {
        while cloud.events_of("action-of-c0").await.is_empty() {}
        cloud.switch(AutomationState::Paused, FIRST).await;
        #[allow(clippy::disallowed_methods)]
        SystemTime::now()
    };
    let ((), pressed) = tokio::join!(storm, pressed);
    let engine = engine.kill_and_start_again().await;
    cloud.orders_are_taken().await;
    let ended = cloud.events().await.into_iter().filter(|event| event.kind() == Kind::ActionFailed).count();
    let begun = begun_at(&cloud).await;
    assert!(!begun.is_empty() && ended + begun.len() >= STORM as usize, "{ended} of {STORM} ended");
    for at in begun {
        let late = at.duration_since(pressed).unwrap_or_default();
        assert!(late < Duration::from_secs(1), "{late:?} after the pause:\n{}", engine.log());
    }
}

/// When the stream got to know of each beginning.
async fn begun_at(cloud: &Cloud) -> Vec<SystemTime> {
    let mut stream = cloud.bus.jetstream().get_stream("SIM_EVENTS").await.unwrap();
    let last = stream.info().await.unwrap().state.last_sequence;
    let mut begun = Vec::new();
    for sequence in 1..=last {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let event = SimulationEvent::decode(message.payload).unwrap();
        if event.kind() == Kind::ActionExecuting {
            begun.push(SystemTime::from(message.time));
        }
    }
    begun
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_is_gone_lets_nothing_pass() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.call("Step", json!({"ticks": 30})).await;
    let subject = format!("$KV.OPS_POLICIES.{KEY}");
    let stream = cloud.bus.jetstream().get_stream("KV_OPS_POLICIES").await.unwrap();
    stream.purge().filter(subject).await.unwrap();
    let told = cloud.ordered(&engine, "c1", FIRST).await;
    assert!(is_refused(&told, "Automation is paused"), "{told:?}");
}
