//! From a sample's publish to the pages that show it: prints `sse p99 …`. The bars of the design are 25 ms with 10 clients and 50 ms
//! with 1 000.
//!
//! The clients share the machine with the service, and do not parse what they get: a thousand that did would be what is measured.
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
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Clients, samples and the time between two of them: as at ten times the speed of the wall clock for a few, and at its speed for a crowd;
/// and the bar, ms.
const CROWDS: [(usize, u64, Duration, f64); 2] =
    [(10, 300, Duration::from_millis(100), 25.0), (1_000, 60, Duration::from_secs(1), 50.0)];
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

    for (clients, samples, period, bar_ms) in CROWDS {
        let delays = delays(&service, &bus, clients, samples, period).await;
        let lost = clients * samples as usize - delays.len();
        let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        println!(
            "sse p99 {:.1} ms (p50 {:.1} ms, max {:.1} ms; {clients} clients, {samples} samples {:.1} s apart, {lost} lost; bar {bar_ms} ms)",
            at(0.99),
            at(0.5),
            at(1.0),
            period.as_secs_f64()
        );
    }
    shutdown.cancel();
    service.finished().await.unwrap();
}

/// From publish to arrival, of every sample at every client, the shortest first.
async fn delays(
    service: &Service,
    bus: &Bus,
    clients: usize,
    samples: u64,
    period: Duration,
) -> Vec<Duration> {
    let run = format!("bench-{clients}");
    let (seen, mut arrivals) = mpsc::channel(clients * samples as usize);
    let http = reqwest::Client::new();
    let mut listeners = JoinSet::new();
    for _ in 0..clients {
        let response = http.get(format!("http://{}/api/stream", service.address())).send().await.unwrap();
        let (ready, is_ready) = oneshot::channel();
        listeners.spawn(listen(response, run.clone(), seen.clone(), ready));
        is_ready.await.expect("the snapshot comes first");
    }
    let mut published = Vec::new();
    let mut ticks = tokio::time::interval(period);
    for tick in 0..samples {
        ticks.tick().await;
        published.push(Instant::now());
        let id = format!("{run}:{tick}:0");
        let message = Outgoing::message(subjects::SIM_METRICS, id, "default", &sample(&run, tick));
        bus.publish(&message).await.unwrap();
    }
    let mut delays = Vec::new();
    while delays.len() < clients * samples as usize {
        match tokio::time::timeout(Duration::from_secs(5), arrivals.recv()).await {
            Ok(Some((tick, at))) => delays.push(Instant::duration_since(&at, published[tick as usize])),
            _ => break,
        }
    }
    delays.sort();
    delays
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

/// Reports when each sample of a run arrived, and once that the snapshot did.
async fn listen(
    response: reqwest::Response,
    run: String,
    seen: mpsc::Sender<(u64, Instant)>,
    ready: oneshot::Sender<()>,
) {
    let (mut chunks, mut text, mut ready) = (response.bytes_stream(), String::new(), Some(ready));
    while let Some(Ok(chunk)) = chunks.next().await {
        let at = Instant::now();
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some(end) = text.find("\n\n") {
            let event: String = text.drain(..end + 2).collect();
            if event.contains("event: snapshot")
                && let Some(ready) = ready.take()
            {
                ready.send(()).expect("somebody waits for the snapshot");
            }
            if let Some(tick) = tick_of(&event, &run)
                && seen.send((tick, at)).await.is_err()
            {
                return;
            }
        }
    }
}

fn tick_of(event: &str, run: &str) -> Option<u64> {
    if !event.contains("event: metrics\n") {
        return None;
    }
    let (_, rest) = event.split_once(&format!("\"runId\":\"{run}\""))?;
    match rest.split_once("\"tick\":\"") {
        // The first tick is 0, which proto3 JSON leaves out.
        None => Some(0),
        Some((_, rest)) => rest.split('"').next()?.parse().ok(),
    }
}

fn sample(run: &str, tick: u64) -> MetricSnapshot {
    let columns = (0..METRICS).map(|metric| MetricColumn {
        metric: format!("metric_{metric}"),
        values: (0..SERVICES).map(|service| (service * metric) as f32 * 1.37 + tick as f32).collect(),
    });
    MetricSnapshot {
        simulation_id: "default".to_owned(),
        run_id: run.to_owned(),
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
