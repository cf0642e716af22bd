//! A day of one service's roll-ups, as `TelemetryService.Query` reads it, against a bare read of the same rows of the same
//! table; interleaved. `cargo bench -p store --bench series`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::{Duration, Instant};

use backing::Postgres;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection as _, PgConnection};
use store::metrics::{Aggregate, Batch, Row, Selection, SeriesQuery};
use store::{DbConfig, Store};

/// Series of the shop; one is asked for at a time.
const SERVICES: usize = 21;
const METRICS: usize = 14;
const MINUTES: i64 = 1_440;
const ASKED: usize = 300;
/// What a page may wait for a chart, ms.
const BAR_MS: f64 = 50.0;

#[tokio::main]
async fn main() {
    let server = Postgres::ephemeral().await.unwrap();
    let config = DbConfig { host: "127.0.0.1".into(), port: server.port(), ..DbConfig::default() };
    let store = Store::connect(&config).await.unwrap();
    store.migrate().await.unwrap();
    let begin: DateTime<Utc> = "2031-01-01T00:00:00Z".parse().unwrap();
    fill(&store, begin).await;
    let mut conn = PgConnection::connect(&server.url()).await.unwrap();
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..ASKED {
        let (service, metric) = (name("service", round % SERVICES), name("metric", round % METRICS));
        ours.push(ask(&store, begin, &service, &metric).await);
        bare.push(read(&mut conn, begin, &service, &metric).await);
    }
    let ours_ms = percentiles(&mut ours);
    let bare_ms = percentiles(&mut bare);
    println!(
        "a day of one series in steps of 5 minutes, {}: p50 {:.1} ms, p95 {:.1} ms (bare read of its rows: {:.1} ms, {:.1} ms; bar {BAR_MS} ms)",
        store.flavour(),
        ours_ms.0,
        ours_ms.1,
        bare_ms.0,
        bare_ms.1,
    );
}

fn name(what: &str, number: usize) -> String {
    format!("{what}-{number:02}")
}

/// A sample a minute is as many roll-ups as a sample a second.
async fn fill(store: &Store, begin: DateTime<Utc>) {
    let services: Vec<String> = (0..SERVICES).map(|number| name("service", number)).collect();
    let metrics: Vec<String> = (0..METRICS).map(|number| name("metric", number)).collect();
    for hour in 0..=MINUTES / 60 {
        let mut batch = Batch::new();
        for minute in hour * 60..(hour + 1) * 60 {
            for service_id in &services {
                for metric in &metrics {
                    let time = begin + TimeDelta::minutes(minute);
                    let value = (minute % 97) as f64 * 0.37;
                    let simulation_id = "default";
                    let row =
                        Row { time, tick: minute, node_id: "", service_id, metric, value, simulation_id };
                    batch.push(&row).unwrap();
                }
            }
        }
        let mut tx = store.begin().await.unwrap();
        store::metrics::copy(&mut tx, &batch).await.unwrap();
        store::metrics::note(&mut tx, &batch).await.unwrap();
        tx.commit().await.unwrap();
    }
    while store.roll_up().await.unwrap().more {}
}

async fn ask(store: &Store, begin: DateTime<Utc>, service: &str, metric: &str) -> Duration {
    let what = SeriesQuery {
        simulation_id: "default".into(),
        metrics: vec![metric.to_owned()],
        selection: Selection::Named { services: vec![service.to_owned()], nodes: Vec::new() },
        from: begin,
        to: begin + TimeDelta::minutes(MINUTES - 1),
        step: Duration::from_secs(300),
        aggregate: Aggregate::Avg,
    };
    let started = Instant::now();
    let mut tx = store.begin().await.unwrap();
    let series = store::metrics::query(&mut tx, &what).await.unwrap();
    let took = started.elapsed();
    assert_eq!(series[0].points.len(), 288);
    took
}

async fn read(conn: &mut PgConnection, begin: DateTime<Utc>, service: &str, metric: &str) -> Duration {
    let started = Instant::now();
    let rows: Vec<(DateTime<Utc>, f64, i64)> = sqlx::query_as(
        "select time, sum_value, samples from rollup_1m
         where simulation_id = 'default' and metric_name = $1 and service_id = $2 and node_id = ''
           and time >= $3 and time < $4 order by time",
    )
    .bind(metric)
    .bind(service)
    .bind(begin)
    .bind(begin + TimeDelta::minutes(MINUTES))
    .fetch_all(conn)
    .await
    .unwrap();
    let took = started.elapsed();
    assert_eq!(i64::try_from(rows.len()).unwrap(), MINUTES);
    took
}

/// Median and 95th percentile, ms.
fn percentiles(times: &mut [Duration]) -> (f64, f64) {
    times.sort();
    let at = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1_000.0;
    (at(50), at(95))
}
