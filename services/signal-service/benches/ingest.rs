//! Stream to committed rows, all rules on, against bare COPY BINARY of the same rows into the same table; interleaved, in one
//! run. Prints a ratio.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::{Duration, Instant};

use backing::process::{Process, ProcessSpec};
use backing::{NatsServer, Postgres};
use bus::{Bus, BusConfig, Outgoing};
use chrono::DateTime;
use proto::sim::v1::{EntityColumns, MetricColumn, MetricSnapshot};
use store::metrics::{self, Batch, Row};
use store::{DbConfig, Store, progress};
use uuid::Uuid;

const ROUNDS: usize = 5;
const SNAPSHOTS: i64 = 250;
const SERVICES: usize = 200;
const METRICS: [&str; 12] = [
    "cpu_usage",
    "memory_usage",
    "network_mbps",
    "request_rate",
    "throughput",
    "error_rate",
    "latency_p50",
    "latency_p95",
    "latency_p99",
    "queue_depth",
    "active_connections",
    "replicas",
];
const ROWS: f64 = (SNAPSHOTS as usize * SERVICES * METRICS.len()) as f64;
/// Rows in one transaction of the bare writer: FACTS' figure is for a commit every 20 000.
const BARE_BATCH: u64 = 20_000;

#[tokio::main]
async fn main() {
    let nats = NatsServer::ephemeral().await.unwrap();
    let postgres = Postgres::ephemeral().await.unwrap();
    let bus = Bus::connect(BusConfig::new(nats.url(), "bench")).await.unwrap();
    bus.provision().await.unwrap();
    let database = DbConfig {
        host: "127.0.0.1".into(),
        port: postgres.port(),
        name: postgres.dbname().into(),
        user: postgres.user().into(),
        password: postgres.password().into(),
        ..DbConfig::default()
    };
    let store = Store::connect(&database).await.unwrap();
    store.migrate().await.unwrap();

    let mut ratios = Vec::new();
    let (mut best_bare, mut best_ours) = (0.0_f64, 0.0_f64);
    let mut cpu_s = [0.0; 3];
    for round in 0..ROUNDS {
        let before = database_cpu_s(&postgres);
        let bare = bare(&store, &snapshots(2 * round)).await;
        let between = database_cpu_s(&postgres);
        let (ours, service_cpu_s) =
            through_the_service(&nats, &postgres, &bus, &store, &snapshots(2 * round + 1)).await;
        for (sum, spent) in
            cpu_s.iter_mut().zip([between - before, database_cpu_s(&postgres) - between, service_cpu_s])
        {
            *sum += spent;
        }
        ratios.push(ours / bare);
        best_bare = best_bare.max(bare);
        best_ours = best_ours.max(ours);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "signal-service ingest ratio: {:.2} (stream to committed rows {:.0} rows/s, bare COPY BINARY {:.0} rows/s, median of {ROUNDS}, bar 0.80)",
        ratios[ROUNDS / 2],
        best_ours,
        best_bare,
    );
    let millions = ROUNDS as f64 * ROWS / 1e6;
    let [bare, database, service] = cpu_s.map(|cpu_s| cpu_s / millions);
    println!(
        "processor time, s a million rows: database {bare:.2} for COPY alone, {database:.2} behind the service (its start and roll-ups included), service {service:.2}"
    );
}

/// Processor time so far of a database server: of its processes that live, and of those that have ended, s.
fn database_cpu_s(postgres: &Postgres) -> f64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let server = u64::from(postgres.pid());
    let ended_s = (stat(postgres.pid(), CHILDREN_USER) + stat(postgres.pid(), CHILDREN_USER + 1)) as f64
        / TICKS_A_SECOND;
    ended_s + cpu_s(postgres.pid()) + pids.filter(|pid| stat(*pid, PARENT) == server).map(cpu_s).sum::<f64>()
}

fn cpu_s(pid: u32) -> f64 {
    (stat(pid, USER) + stat(pid, USER + 1)) as f64 / TICKS_A_SECOND
}

/// A field of `/proc/<pid>/stat`, counted after the name of the program, which may have spaces.
fn stat(pid: u32, field: usize) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    fields.split_whitespace().nth(field).and_then(|field| field.parse().ok()).unwrap_or(0)
}

const PARENT: usize = 1;
const USER: usize = 11;
const CHILDREN_USER: usize = 13;
const TICKS_A_SECOND: f64 = 100.0;

/// A run of its own for every half round, an hour after the one before.
fn snapshots(number: usize) -> Vec<MetricSnapshot> {
    let run_id = Uuid::from_u128(0xbe_0000 + number as u128).to_string();
    let start = 1_760_000_000 + i64::try_from(number).unwrap() * 3_600;
    let ids: Vec<String> = (0..SERVICES).map(|service| format!("service-{service:03}")).collect();
    let sample = |second: i64| MetricSnapshot {
        simulation_id: "bench".into(),
        run_id: run_id.clone(),
        tick: second.unsigned_abs() * 20,
        time: DateTime::from_timestamp(start + second, 0).map(Into::into),
        shard_count: 1,
        sample_interval_ms: 1_000,
        services: Some(EntityColumns {
            ids: ids.clone(),
            versions: vec![1; SERVICES],
            columns: METRICS
                .iter()
                .enumerate()
                .map(|(metric, name)| MetricColumn {
                    metric: (*name).to_owned(),
                    values: (0..SERVICES).map(|service| value(name, service + metric, second)).collect(),
                })
                .collect(),
        }),
        ..MetricSnapshot::default()
    };
    (0..SNAPSHOTS).map(sample).collect()
}

/// An ordinary day: every replica is there, one request in a thousand fails, and everything else moves a little. Telemetry that opened
/// incidents all the time would measure them, not the rows.
fn value(metric: &str, series: usize, second: i64) -> f32 {
    let moving = ((series * 7 + second as usize) % 40) as f32 / 10.0;
    match metric {
        "replicas" => 2.0,
        "error_rate" => moving / 40.0,
        _ => moving,
    }
}

/// Rows per second of COPY alone: the rows are encoded before the clock starts.
async fn bare(store: &Store, snapshots: &[MetricSnapshot]) -> f64 {
    let mut batches = vec![Batch::new()];
    for snapshot in snapshots {
        let time = snapshot.time.as_ref().unwrap();
        let time = DateTime::from_timestamp(time.seconds, 0).unwrap();
        let services = snapshot.services.as_ref().unwrap();
        for column in &services.columns {
            for (id, value) in services.ids.iter().zip(&column.values) {
                let row = Row {
                    time,
                    tick: snapshot.tick.cast_signed(),
                    node_id: "",
                    service_id: id,
                    metric: &column.metric,
                    value: f64::from(*value),
                    simulation_id: "bench",
                };
                batches.last_mut().unwrap().push(&row).unwrap();
            }
        }
        if batches.last().unwrap().rows() >= BARE_BATCH {
            batches.push(Batch::new());
        }
    }
    let begun = Instant::now();
    for batch in &batches {
        let mut tx = store.begin().await.unwrap();
        metrics::copy(&mut tx, batch).await.unwrap();
        tx.commit().await.unwrap();
    }
    ROWS / begun.elapsed().as_secs_f64()
}

/// Rows per second of the service, from its first commit to its last, with the stream full from the start; and its processor time, s.
async fn through_the_service(
    nats: &NatsServer,
    postgres: &Postgres,
    bus: &Bus,
    store: &Store,
    snapshots: &[MetricSnapshot],
) -> (f64, f64) {
    let outgoing: Vec<Outgoing> = snapshots
        .iter()
        .map(|snapshot| {
            Outgoing::message(
                "sim.metrics",
                format!("{}:{}:0", snapshot.run_id, snapshot.tick),
                "bench",
                snapshot,
            )
        })
        .collect();
    bus.publish_all(&outgoing).await.unwrap();
    let run: Uuid = snapshots[0].run_id.parse().unwrap();
    let last = snapshots.last().unwrap().tick.cast_signed();
    let spec = ProcessSpec::new("signal-service", env!("CARGO_BIN_EXE_signal-service"))
        .env("NATS_URL", nats.url())
        .env("DB_HOST", "127.0.0.1")
        .env("DB_PORT", postgres.port().to_string())
        .env("LOG_LEVEL", "warn");
    let mut service = Process::spawn(&spec).await.unwrap();
    let first = until(store, run, 0).await;
    let begun = Instant::now();
    until(store, run, last).await;
    let took = begun.elapsed();
    let cpu_s = cpu_s(service.pid());
    service.stop(Duration::from_secs(8)).await.unwrap();
    let share = (last - first) as f64 / (last + 20) as f64;
    (ROWS * share / took.as_secs_f64(), cpu_s)
}

async fn until(store: &Store, run: Uuid, tick: i64) -> i64 {
    loop {
        let mut conn = store.acquire().await.unwrap();
        let stored = progress::get_all(&mut conn).await.unwrap().into_iter().find(|row| row.run_id == run);
        match stored {
            Some(row) if row.tick >= tick => return row.tick,
            _ => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}
