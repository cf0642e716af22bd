//! Publish and consume 1 KiB messages through `bus`, against a bare async-nats loop on the same server, interleaved.
//!
//! All sides publish to a file stream, await every acknowledgement, pull the messages with a durable consumer and acknowledge
//! each. Two baselines: the same messages (with the headers and the deduplication id that they must have), where the
//! ratio is what retries and the self-healing loop cost; and messages without any header, where the server does less too.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, stream};
use backing::NatsServer;
use bus::{Bus, BusConfig, Consumer, ConsumerSpec, Outgoing};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

const MESSAGES: usize = 20_000;
const BATCH: usize = 256;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() {
    let server = NatsServer::ephemeral().await.unwrap();
    let bus = Bus::connect(BusConfig::new(server.url(), "bench")).await.unwrap();
    let payload = Bytes::from(vec![7_u8; 1_024]);
    let (mut ours, mut same, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        same.push(bare_loop(&bus, &payload, &format!("SAME{round}"), true).await);
        ours.push(our_loop(&bus, &payload, &format!("OURS{round}")).await);
        plain.push(bare_loop(&bus, &payload, &format!("PLAIN{round}"), false).await);
    }
    let (ours, same, plain) = (median(ours), median(same), median(plain));
    println!(
        "bus ratio: {:.2} of a bare loop of the same messages ({ours:.0} messages/s vs {same:.0} messages/s), \
         {:.2} of one without headers ({plain:.0} messages/s) (bar: ≥ 0.80)",
        ours / same,
        ours / plain
    );
}

async fn new_stream(bus: &Bus, name: &str) -> stream::Stream {
    let config = stream::Config {
        name: name.to_owned(),
        subjects: vec![name.to_lowercase()],
        // Like telemetry: otherwise the disk's fsync is all that is measured.
        persist_mode: Some(stream::PersistenceMode::Async),
        ..stream::Config::default()
    };
    bus.jetstream().create_stream(config).await.unwrap()
}

async fn bare_loop(bus: &Bus, payload: &Bytes, name: &str, headers: bool) -> f64 {
    let stream = new_stream(bus, name).await;
    let context = jetstream::new(bus.client().clone());
    let started = Instant::now();
    let mut sent = 0;
    while sent < MESSAGES {
        let mut acks: Vec<PublishAckFuture> = Vec::with_capacity(BATCH);
        for i in sent..MESSAGES.min(sent + BATCH) {
            let message = PublishMessage::build().payload(payload.clone());
            let message = if headers { with_headers(message, name, i) } else { message };
            acks.push(context.send_publish(name.to_lowercase(), message).await.unwrap());
        }
        sent += acks.len();
        for ack in acks {
            ack.await.unwrap();
        }
    }
    let config = pull::Config { durable_name: Some("bare".to_owned()), ..pull::Config::default() };
    let consumer = stream.create_consumer(config).await.unwrap();
    let mut messages = consumer.stream().max_messages_per_batch(BATCH).messages().await.unwrap();
    for _ in 0..MESSAGES {
        messages.next().await.unwrap().unwrap().ack().await.unwrap();
    }
    MESSAGES as f64 / started.elapsed().as_secs_f64()
}

async fn our_loop(bus: &Bus, payload: &Bytes, name: &str) -> f64 {
    new_stream(bus, name).await;
    let started = Instant::now();
    let mut sent = 0;
    while sent < MESSAGES {
        let batch: Vec<_> = (sent..MESSAGES.min(sent + BATCH)).map(|i| outgoing(name, i, payload)).collect();
        sent += batch.len();
        bus.publish_all(&batch).await.unwrap();
    }
    let token = CancellationToken::new();
    let mut consumer = Consumer::open(bus, ConsumerSpec::durable(name, "ours"), token).await.unwrap();
    let mut received = 0;
    while received < MESSAGES {
        for delivery in consumer.next_batch(BATCH, Duration::from_millis(5)).await.unwrap() {
            delivery.ack().await;
            received += 1;
        }
    }
    MESSAGES as f64 / started.elapsed().as_secs_f64()
}

fn with_headers(message: PublishMessage, name: &str, i: usize) -> PublishMessage {
    message
        .header("Content-Type", "application/protobuf")
        .header("Mc-Type", "bench.v1.Bytes")
        .header("Mc-Simulation", "default")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .message_id(format!("{name}:{i}"))
}

fn outgoing(name: &str, i: usize, payload: &Bytes) -> Outgoing {
    Outgoing {
        subject: name.to_lowercase(),
        id: format!("{name}:{i}"),
        message_type: "bench.v1.Bytes".to_owned(),
        simulation_id: "default".to_owned(),
        traceparent: None,
        expected_last_subject_sequence: None,
        payload: payload.clone(),
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
