//! The whole write path (encode, make room, COPY, clock, watermark, commit) against bare COPY BINARY of the same rows,
//! encoded beforehand, into the same table. Interleaved; the median of the rounds. `cargo bench -p store --bench ingest`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_possible_wrap)]

use std::time::{Duration, Instant};

use backing::{Postgres, PostgresOptions};
use bytes::{BufMut as _, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection as _, Executor as _, PgConnection};
use store::metrics::{Batch, Row};
use store::progress::{self, Progress};
use store::{DbConfig, Store};
use uuid::Uuid;

const ROUNDS: usize = 7;
const TICKS_PER_BATCH: i64 = 16;
const BATCHES_PER_ROUND: i64 = 10;
const SERVICES: usize = 100;
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

struct Cloud {
    services: Vec<String>,
    begin: DateTime<Utc>,
}

impl Cloud {
    /// Calls back with every row of one batch, in the order in which signal-service sees them.
    fn rows(&self, batch: i64, mut each: impl FnMut(&Row<'_>)) {
        for tick in batch * TICKS_PER_BATCH..(batch + 1) * TICKS_PER_BATCH {
            let time = self.begin + TimeDelta::seconds(tick);
            for (m, metric) in METRICS.iter().enumerate() {
                for (s, service_id) in self.services.iter().enumerate() {
                    let value = (tick * 31 + (m * 7 + s) as i64) as f64 * 0.37;
                    each(&Row {
                        time,
                        tick,
                        node_id: "",
                        service_id,
                        metric,
                        value,
                        simulation_id: "default",
                    });
                }
            }
        }
    }
}

/// An encoder of its own, so that the bare side does not depend on the code it is compared with.
fn encode_bare(cloud: &Cloud, batch: i64) -> BytesMut {
    let mut out = BytesMut::new();
    out.put_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    cloud.rows(batch, |row| {
        out.put_i16(7);
        out.put_i32(8);
        out.put_i64(row.time.timestamp_micros() - 946_684_800_000_000);
        out.put_i32(8);
        out.put_i64(row.tick);
        for text in [row.node_id, row.service_id, row.metric] {
            out.put_i32(text.len() as i32);
            out.put_slice(text.as_bytes());
        }
        out.put_i32(8);
        out.put_f64(row.value);
        out.put_i32(row.simulation_id.len() as i32);
        out.put_slice(row.simulation_id.as_bytes());
    });
    out.put_i16(-1);
    out
}

async fn bare(conn: &mut PgConnection, encoded: &[BytesMut]) -> Duration {
    let started = Instant::now();
    for batch in encoded {
        let mut sink = conn
            .copy_in_raw(
                "copy metrics (time, tick_id, node_id, service_id, metric_name, metric_value, simulation_id)
                 from stdin (format binary)",
            )
            .await
            .unwrap();
        for chunk in batch.chunks(256 * 1024) {
            sink.send(chunk).await.unwrap();
        }
        sink.finish().await.unwrap();
    }
    started.elapsed()
}

async fn ours(store: &Store, cloud: &Cloud, batches: std::ops::Range<i64>, buffer: &mut Batch) -> Duration {
    let started = Instant::now();
    for number in batches {
        buffer.clear();
        cloud.rows(number, |row| buffer.push(row).unwrap());
        let mut tx = store.begin().await.unwrap();
        let watermark = Progress {
            simulation_id: "default".into(),
            shard: 0,
            run_id: Uuid::nil(),
            tick: (number + 1) * TICKS_PER_BATCH,
            stream_sequence: number,
        };
        assert!(progress::advance(&mut tx, &watermark).await.unwrap());
        store::metrics::copy(&mut tx, buffer).await.unwrap();
        store::metrics::note(&mut tx, buffer).await.unwrap();
        tx.commit().await.unwrap();
    }
    started.elapsed()
}

#[tokio::main]
async fn main() {
    let server = Postgres::start(PostgresOptions::default()).await.unwrap();
    let config = DbConfig { host: "127.0.0.1".into(), port: server.port(), ..DbConfig::default() };
    let store = Store::connect(&config).await.unwrap();
    store.migrate().await.unwrap();
    println!("ingest into {}", store.flavour());
    let mut conn = PgConnection::connect(&server.url()).await.unwrap();
    let cloud = Cloud {
        services: (0..SERVICES).map(|number| format!("service-{number:03}")).collect(),
        begin: "2031-01-01T00:00:00Z".parse().unwrap(),
    };
    let rows = BATCHES_PER_ROUND * TICKS_PER_BATCH * (SERVICES * METRICS.len()) as i64;
    let mut buffer = Batch::new();
    let (mut bare_times, mut our_times) = (Vec::new(), Vec::new());
    // The first pair warms caches and files, and makes the partition; it does not count.
    for round in 0..=ROUNDS {
        // Every round has a table of the same size, so that no side pays for the other's rows.
        for bare_turn in if round % 2 == 0 { [true, false] } else { [false, true] } {
            conn.execute("truncate metrics, telemetry_progress").await.unwrap();
            let mut tx = store.begin().await.unwrap();
            let mut first = Batch::new();
            cloud.rows(0, |row| first.push(row).unwrap());
            store::metrics::copy(&mut tx, &first).await.unwrap();
            tx.commit().await.unwrap();
            let elapsed = if bare_turn {
                let encoded: Vec<BytesMut> =
                    (1..=BATCHES_PER_ROUND).map(|n| encode_bare(&cloud, n)).collect();
                bare(&mut conn, &encoded).await
            } else {
                ours(&store, &cloud, 1..BATCHES_PER_ROUND + 1, &mut buffer).await
            };
            if round > 0 {
                if bare_turn { &mut bare_times } else { &mut our_times }.push(elapsed.as_secs_f64());
            }
        }
    }
    let rate = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        rows as f64 / times[times.len() / 2]
    };
    let (bare_rate, our_rate) = (rate(&mut bare_times), rate(&mut our_times));
    println!("ingest ratio: {:.2} ({our_rate:.0} rows/s vs {bare_rate:.0} rows/s)", our_rate / bare_rate);
}
