use std::time::Duration;

use backing::{NatsOptions, NatsServer};
use bus::{Bus, BusConfig};
use relay::{Relay, Verdict, verify_stream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::harness::{Database, id, put};

const STREAM: &str = "OPS_ACTIONS";
const SUBJECT: &str = "ops.actions";

async fn start_bus() -> (NatsServer, Bus) {
    let server = NatsServer::start(NatsOptions::default()).await.unwrap();
    let bus = Bus::connect(BusConfig::new(server.url(), "relay-tests")).await.unwrap();
    bus.provision().await.unwrap();
    (server, bus)
}

fn relaying(database: &Database, bus: &Bus, producer: &'static str) -> (CancellationToken, JoinHandle<()>) {
    let token = CancellationToken::new();
    let relay = Relay::new(database.store.clone(), bus.clone(), producer);
    (token.clone(), tokio::spawn(relay.run(token)))
}

/// Message ids in the stream, in its order.
async fn in_stream(bus: &Bus) -> Vec<String> {
    let stream = bus.jetstream().get_stream(STREAM).await.unwrap();
    let mut ids = Vec::new();
    for sequence in 1..=stream.cached_info().state.last_sequence {
        let message = stream.get_raw_message(sequence).await.unwrap();
        ids.push(message.headers.get("Nats-Msg-Id").unwrap().to_string());
    }
    ids
}

fn ids(producer: &str, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| id(producer, number)).collect()
}

#[tokio::test]
async fn committed_rows_become_messages_in_order_and_those_of_others_stay() {
    let database = Database::start().await;
    let (_server, bus) = start_bus().await;
    database.enqueue("orchestrator", 0..150).await;
    database.enqueue("signal-service", 0..2).await;
    let mut undone = database.store.begin().await.unwrap();
    let ghost = store::outbox::OutboxMessage {
        id: "ghost".into(),
        subject: SUBJECT.into(),
        message_type: "ops.v1.Action".into(),
        simulation_id: "default".into(),
        traceparent: None,
        payload: Vec::new(),
    };
    store::outbox::enqueue(&mut undone, "orchestrator", &ghost).await.unwrap();
    undone.rollback().await.unwrap();
    let (token, running) = relaying(&database, &bus, "orchestrator");
    database.until_sent("orchestrator").await;
    token.cancel();
    running.await.unwrap();
    assert_eq!(in_stream(&bus).await, ids("orchestrator", 0..150));
    assert_eq!(database.backlog("signal-service").await, 2);
    let stream = bus.jetstream().get_stream(STREAM).await.unwrap();
    let first = stream.get_raw_message(1).await.unwrap();
    assert_eq!(&first.payload[..], &0_u32.to_be_bytes());
    assert_eq!(first.headers.get("Mc-Type").unwrap().to_string(), "ops.v1.Action");
    assert!(
        first.headers.get("traceparent").unwrap().to_string().contains("4bf92f3577b34da6a3ce929d0e0e4736")
    );
}

#[tokio::test]
async fn two_relays_of_one_producer_send_everything_once_and_in_order() {
    let database = Database::start().await;
    let (_server, bus) = start_bus().await;
    let relays = [relaying(&database, &bus, "orchestrator"), relaying(&database, &bus, "orchestrator")];
    database.enqueue("orchestrator", 0..200).await;
    database.until_sent("orchestrator").await;
    for (token, running) in relays {
        token.cancel();
        running.await.unwrap();
    }
    assert_eq!(in_stream(&bus).await, ids("orchestrator", 0..200));
}

#[tokio::test]
async fn restarts_of_either_server_lose_and_double_nothing() {
    let mut database = Database::durable().await;
    let (mut server, bus) = start_bus().await;
    let (token, running) = relaying(&database, &bus, "orchestrator");
    let store = database.store.clone();
    let writing = tokio::spawn(async move {
        for number in 0..300 {
            put(&store, "orchestrator", number).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill().await.unwrap();
        server.restart().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        database.server.kill().await.unwrap();
        database.server.restart().await.unwrap();
    }
    writing.await.unwrap();
    database.until_sent("orchestrator").await;
    token.cancel();
    running.await.unwrap();
    assert_eq!(in_stream(&bus).await, ids("orchestrator", 0..300));
    assert_eq!(verify_stream(&database.store, &bus, STREAM, SUBJECT).await.unwrap(), Verdict::Whole);
}

#[tokio::test]
async fn a_stream_that_lost_its_messages_is_noticed() {
    let database = Database::start().await;
    let (_server, bus) = start_bus().await;
    assert_eq!(
        verify_stream(&database.store, &bus, STREAM, SUBJECT).await.unwrap(),
        Verdict::Whole,
        "both empty"
    );
    let (token, running) = relaying(&database, &bus, "orchestrator");
    database.enqueue("orchestrator", 0..5).await;
    database.until_sent("orchestrator").await;
    token.cancel();
    running.await.unwrap();
    assert_eq!(verify_stream(&database.store, &bus, STREAM, SUBJECT).await.unwrap(), Verdict::Whole);
    let purged = bus.jetstream().get_stream(STREAM).await.unwrap().purge().await;
    assert!(purged.is_err(), "the server lets somebody purge the history");
    bus.jetstream().delete_stream(STREAM).await.unwrap();
    let missing = verify_stream(&database.store, &bus, STREAM, SUBJECT).await.unwrap_err();
    assert!(missing.to_string().contains(STREAM), "{missing}");
    bus.provision().await.unwrap();
    let made_anew = verify_stream(&database.store, &bus, STREAM, SUBJECT).await.unwrap();
    assert_eq!(made_anew, Verdict::Lost { acknowledged: 5, last_sequence: 0, messages: 0 });
}
