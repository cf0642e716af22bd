//! From a sample's publish to the pages that show it: prints `sse p99 …`. The bar of the design is 25 ms with 10 clients.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use backing::{NatsServer, Postgres};
use bus::{Bus, BusConfig, Outgoing, subjects};
use futures::StreamExt as _;
use orchestrator::Limits;
use orchestrator::config::Config;
use orchestrator::service::Service;
use proto::sim::v1::{EntityColumns, MetricColumn, MetricSnapshot};
use store::DbConfig;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const CLIENTS: usize = 10;
const SAMPLES: u64 = 300;
/// Ten samples a second, as at ten times the speed of the wall clock.
const PERIOD: Duration = Duration::from_millis(100);
/// A cloud of 100 services with 12 metrics each.
const SERVICES: usize = 100;
const METRICS: usize = 12;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let (nats, postgres) = tokio::join!(NatsServer::ephemeral(), Postgres::ephemeral());
    let (nats, postgres) = (nats.unwrap(), postgres.unwrap());
    let shutdown = CancellationToken::new();
    let service = Box::pin(Service::start(config(&nats, &postgres), shutdown.clone())).await.unwrap();
    let bus = Bus::connect(BusConfig::new(nats.url(), "bench")).await.unwrap();

    let (seen, mut arrivals) = mpsc::channel(CLIENTS * SAMPLES as usize);
    for _ in 0..CLIENTS {
        let ready = listen(service.address(), seen.clone()).await;
        assert!(ready, "the snapshot comes first");
    }
    let mut published = Vec::new();
    let mut ticks = tokio::time::interval(PERIOD);
    for tick in 0..SAMPLES {
        ticks.tick().await;
        published.push(Instant::now());
        let message =
            Outgoing::message(subjects::SIM_METRICS, format!("bench:{tick}:0"), "default", &sample(tick));
        bus.publish(&message).await.unwrap();
    }
    let mut delays = Vec::new();
    while delays.len() < CLIENTS * SAMPLES as usize {
        match tokio::time::timeout(Duration::from_secs(5), arrivals.recv()).await {
            Ok(Some((tick, at))) => delays.push(Instant::duration_since(&at, published[tick as usize])),
            _ => break,
        }
    }
    let lost = CLIENTS * SAMPLES as usize - delays.len();
    delays.sort();
    let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!(
        "sse p99 {:.1} ms (p50 {:.1} ms, max {:.1} ms; {CLIENTS} clients, {SAMPLES} samples, {lost} lost; bar 25 ms)",
        at(0.99),
        at(0.5),
        at(1.0)
    );
    shutdown.cancel();
    service.finished().await.unwrap();
}

fn config(nats: &NatsServer, postgres: &Postgres) -> Config {
    Config {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        nats_url: nats.url(),
        database: DbConfig { host: "127.0.0.1".to_owned(), port: postgres.port(), ..DbConfig::default() },
        dashboard: PathBuf::from("ui-dashboard/out"),
        allowed_origins: Arc::new([]),
        limits: Limits { action_ttl: Duration::from_secs(900), command_ttl: Duration::from_secs(60) },
    }
}

/// Opens a stream and reports when each sample arrived. Returns once the snapshot is there.
async fn listen(address: SocketAddr, seen: mpsc::Sender<(u64, Instant)>) -> bool {
    let response = reqwest::Client::new().get(format!("http://{address}/api/stream")).send().await.unwrap();
    let mut chunks = response.bytes_stream();
    let mut text = String::new();
    while !text.contains("event: snapshot") {
        let Some(Ok(chunk)) = chunks.next().await else { return false };
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    tokio::spawn(async move {
        while let Some(Ok(chunk)) = chunks.next().await {
            let at = Instant::now();
            text.push_str(&String::from_utf8_lossy(&chunk));
            while let Some(end) = text.find("\n\n") {
                let event: String = text.drain(..end + 2).collect();
                if let Some(tick) = tick_of(&event)
                    && seen.send((tick, at)).await.is_err()
                {
                    return;
                }
            }
        }
    });
    true
}

fn tick_of(event: &str) -> Option<u64> {
    if !event.contains("event: metrics\n") {
        return None;
    }
    let (_, rest) = event.split_once("\"runId\":\"bench\"")?;
    match rest.split_once("\"tick\":\"") {
        // The first tick is 0, which proto3 JSON leaves out.
        None => Some(0),
        Some((_, rest)) => rest.split('"').next()?.parse().ok(),
    }
}

fn sample(tick: u64) -> MetricSnapshot {
    let columns = (0..METRICS).map(|metric| MetricColumn {
        metric: format!("metric_{metric}"),
        values: (0..SERVICES).map(|service| (service * metric) as f32 * 1.37 + tick as f32).collect(),
    });
    MetricSnapshot {
        simulation_id: "default".to_owned(),
        run_id: "bench".to_owned(),
        tick,
        shard_count: 1,
        sample_interval_ms: 1_000,
        services: Some(EntityColumns {
            ids: (0..SERVICES).map(|service| format!("service-{service}")).collect(),
            versions: vec![1; SERVICES],
            columns: columns.collect(),
        }),
        ..MetricSnapshot::default()
    }
}
