use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::{ConsumerSpec, Delivery, Failure, Handler, streams};
use proto::ops::v1::Incident;

use crate::rig::{DEADLINE, Rig, garbage, incident, next, until};

#[tokio::test]
async fn a_message_arrives_with_its_headers_and_decodes() {
    let rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    let traceparent = bus::trace::new();
    rig.bus.publish(&incident("a:1").with_traceparent(&traceparent)).await.unwrap();
    let delivery = next(&mut consumer).await;
    assert_eq!((delivery.id.as_str(), delivery.simulation_id.as_str()), ("a:1", "default"));
    assert_eq!((delivery.message_type.as_str(), delivery.attempt), ("ops.v1.Incident", 1));
    assert_eq!(delivery.traceparent.as_deref(), Some(traceparent.as_str()));
    assert_eq!(delivery.decode::<Incident>().unwrap().id, "a:1");
    let error = delivery.decode::<proto::ops::v1::Action>().unwrap_err().to_string();
    assert!(error.contains("ops.v1.Action") && error.contains("ops.v1.Incident"), "{error}");
    assert_eq!(bus::json::decode(&delivery.message_type, &delivery.payload).unwrap()["id"], "a:1");
}

#[tokio::test]
async fn a_killed_and_restarted_server_loses_nothing() {
    let mut rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    rig.bus.publish(&incident("before")).await.unwrap();
    next(&mut consumer).await.ack().await;
    rig.server.kill().await.unwrap();
    rig.server.restart().await.unwrap();
    rig.bus.publish(&incident("after")).await.unwrap();
    wait_for(&mut consumer, "after").await;
}

#[tokio::test]
async fn a_frozen_server_interrupts_but_does_not_end_a_consumer() {
    let rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    rig.server.freeze();
    // Longer than heartbeats and pings put up with.
    let silent = tokio::time::timeout(Duration::from_secs(8), consumer.next()).await;
    assert!(silent.is_err(), "{silent:?}");
    rig.server.thaw();
    rig.bus.publish(&incident("after")).await.unwrap();
    wait_for(&mut consumer, "after").await;
}

#[tokio::test]
async fn a_deleted_consumer_is_made_again() {
    let rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    let stream = rig.bus.jetstream().get_stream(streams::OPS_INCIDENTS).await.unwrap();
    rig.bus.publish(&incident("before")).await.unwrap();
    next(&mut consumer).await.ack().await;
    stream.delete_consumer("test").await.unwrap();
    rig.bus.publish(&incident("after")).await.unwrap();
    wait_for(&mut consumer, "after").await;
}

#[tokio::test]
async fn a_deleted_stream_is_made_again() {
    let rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    rig.bus.jetstream().delete_stream(streams::OPS_INCIDENTS).await.unwrap();
    let bus = rig.bus.clone();
    tokio::spawn(async move { bus.publish(&incident("after")).await.unwrap() });
    wait_for(&mut consumer, "after").await;
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_after_a_restart_of_the_reader() {
    let rig = Rig::start().await;
    let spec = ConsumerSpec {
        ack_wait: Duration::from_secs(1),
        ..ConsumerSpec::durable(streams::OPS_INCIDENTS, "test")
    };
    let open = || bus::Consumer::open(&rig.bus, spec.clone(), rig.token.clone());
    rig.bus.publish(&incident("a")).await.unwrap();
    let mut first = open().await.unwrap();
    assert_eq!(next(&mut first).await.attempt, 1);
    drop(first);
    let mut second = open().await.unwrap();
    let delivery = next(&mut second).await;
    assert_eq!((delivery.id.as_str(), delivery.attempt), ("a", 2));
}

#[tokio::test]
async fn a_batch_ends_by_size_or_by_age() {
    let rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    let messages: Vec<_> = (0..5).map(|n| incident(&n.to_string())).collect();
    rig.bus.publish_all(&messages).await.unwrap();
    assert_eq!(consumer.next_batch(3, DEADLINE).await.unwrap().len(), 3);
    assert_eq!(consumer.next_batch(3, Duration::from_millis(500)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn shutdown_ends_a_waiting_consumer() {
    let rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    let waiting = tokio::spawn(async move { consumer.next().await.is_none() });
    rig.token.cancel();
    assert!(tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap());
}

/// Refuses what cannot be decoded, fails as its name says, and remembers the rest.
#[derive(Clone, Default)]
struct Recorder {
    handled: Arc<Mutex<Vec<String>>>,
    tried: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    fn handled(&self) -> Vec<String> {
        self.handled.lock().unwrap().clone()
    }

    fn tries_of(&self, id: &str) -> usize {
        self.tried.lock().unwrap().iter().filter(|tried| *tried == id).count()
    }
}

impl Handler for Recorder {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        self.tried.lock().unwrap().push(delivery.id.clone());
        let incident: Incident = delivery.decode().map_err(Failure::poison)?;
        match incident.id.as_str() {
            "failing" => return Err(Failure::retry("this one never works")),
            "waiting" if self.tries_of("waiting") < 8 => return Err(Failure::wait("the database is away")),
            "slow" => tokio::time::sleep(Duration::from_secs(3)).await,
            _ => {}
        }
        self.handled.lock().unwrap().push(incident.id);
        Ok(())
    }
}

#[tokio::test]
async fn poison_is_put_aside_at_once_and_neighbours_are_not_held_up() {
    let rig = Rig::start().await;
    let recorder = Recorder::default();
    let serving = tokio::spawn(bus::serve(rig.consumer().await, recorder.clone()));
    let messages = [incident("first"), garbage("poison"), incident("second")];
    rig.bus.publish_all(&messages).await.unwrap();
    until("both neighbours are handled", async || recorder.handled().len() == 2).await;
    until("the poison is a dead letter", async || !letters(&rig).await.is_empty()).await;
    let letter = letters(&rig).await.remove(0);
    assert_eq!((letter.message_id.as_str(), letter.attempts), ("poison", 1));
    assert_eq!(letter.payload, vec![0xff; 16]);
    assert!(letter.reason.contains("not a valid ops.v1.Incident"), "{}", letter.reason);
    assert_eq!(recorder.tries_of("poison"), 1);
    rig.token.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn a_failing_message_is_put_aside_after_five_tries_and_neighbours_are_not_held_up() {
    let rig = Rig::start().await;
    let recorder = Recorder::default();
    tokio::spawn(bus::serve(rig.consumer().await, recorder.clone()));
    rig.bus.publish_all(&[incident("failing"), incident("neighbour")]).await.unwrap();
    until("the neighbour is handled", async || recorder.handled() == ["neighbour"]).await;
    assert!(letters(&rig).await.is_empty(), "put aside too early");
    until("it is a dead letter", async || !letters(&rig).await.is_empty()).await;
    let letter = letters(&rig).await.remove(0);
    assert_eq!(letter.reason, "failed 5 times, last with: this one never works");
    assert_eq!(recorder.tries_of("failing"), 5);
}

#[tokio::test]
async fn a_message_that_has_to_wait_is_never_put_aside() {
    let rig = Rig::start().await;
    let recorder = Recorder::default();
    tokio::spawn(bus::serve(rig.consumer().await, recorder.clone()));
    rig.bus.publish(&incident("waiting")).await.unwrap();
    until("it is handled after eight tries", async || recorder.handled() == ["waiting"]).await;
    assert!(letters(&rig).await.is_empty());
}

#[tokio::test]
async fn a_slow_handler_keeps_its_message() {
    let rig = Rig::start().await;
    let spec = ConsumerSpec {
        ack_wait: Duration::from_secs(1),
        ..ConsumerSpec::durable(streams::OPS_INCIDENTS, "test")
    };
    let consumer = bus::Consumer::open(&rig.bus, spec, rig.token.clone()).await.unwrap();
    let recorder = Recorder::default();
    tokio::spawn(bus::serve(consumer, recorder.clone()));
    rig.bus.publish_all(&[incident("slow"), incident("last")]).await.unwrap();
    until("both are handled", async || recorder.handled().contains(&"last".to_owned())).await;
    assert_eq!(recorder.tries_of("slow"), 1);
}

async fn letters(rig: &Rig) -> Vec<bus::dead_letters::DeadLetter> {
    bus::dead_letters::list(&rig.bus, 10).await.unwrap()
}

/// Reads until the message comes; others may come again on the way, the one that is waited for must.
async fn wait_for(consumer: &mut bus::Consumer, id: &str) {
    let mut seen = BTreeSet::new();
    while !seen.contains(id) {
        let delivery = next(consumer).await;
        delivery.ack().await;
        seen.insert(delivery.id);
    }
}
