//! Anomalies, forecasts and what was learnt: written, read, expired, gone with their simulation.

use std::time::Duration;

use chrono::TimeDelta;
use store::deleted::{self, Deleted};
use store::metrics::{Batch, Row};
use store::statistics::{self, AnomalyRow, ForecastRow, MemoryRow, StatisticsQuery};
use store::{Keep, Store};
use uuid::Uuid;

use crate::harness::{Database, sample, seconds, start_of_time};
use crate::seed::RUN;

pub(crate) fn anomaly(after_s: i64, service: &str) -> AnomalyRow {
    AnomalyRow {
        time: start_of_time() + seconds(after_s),
        simulation_id: "default".into(),
        run_id: RUN,
        tick_id: after_s * 20,
        node_id: String::new(),
        service_id: service.into(),
        metric_name: "latency_p99".into(),
        score: 0.999_999_9,
        evidence: 6.2,
        value: 312.0,
        expected: 118.0,
        aspect: "step".into(),
    }
}

/// A forecast of a disk that fills, of all horizons.
pub(crate) fn forecast(after_s: i64, service: &str) -> [ForecastRow; 3] {
    [60, 300, 600].map(|horizon_s| ForecastRow {
        made_at: start_of_time() + seconds(after_s),
        simulation_id: "default".into(),
        run_id: RUN,
        tick_id: after_s * 20,
        node_id: String::new(),
        service_id: service.into(),
        metric_name: "disk_usage".into(),
        horizon_s,
        value: 80.0 + f64::from(horizon_s) / 60.0,
        low: 79.0,
        high: 95.0,
        value_now: 80.0,
        limit_value: Some(100.0),
        limit_in_s: Some(1_200),
        limit_earliest_s: Some(1_000),
        limit_latest_s: None,
    })
}

fn memory(tick: i64) -> MemoryRow {
    MemoryRow {
        simulation_id: "default".into(),
        shard: 0,
        run_id: RUN,
        tick,
        format: 1,
        state: vec![7, 0, 255],
    }
}

pub(crate) async fn write(store: &Store, anomalies: &[AnomalyRow], forecasts: &[ForecastRow]) {
    let mut tx = store.begin().await.unwrap();
    statistics::write_anomalies(&mut tx, anomalies).await.unwrap();
    statistics::write_forecasts(&mut tx, forecasts).await.unwrap();
    tx.commit().await.unwrap();
}

fn everything() -> StatisticsQuery {
    StatisticsQuery {
        simulation_id: "default".into(),
        services: Vec::new(),
        nodes: Vec::new(),
        metric: None,
        from: start_of_time(),
        to: start_of_time() + TimeDelta::days(1),
    }
}

#[tokio::test]
async fn what_is_written_twice_is_there_once_and_the_newest_forecast_is_read() {
    let database = Database::start().await;
    let anomalies = [anomaly(100, "cart"), anomaly(200, "checkout")];
    let forecasts: Vec<ForecastRow> =
        [forecast(300, "orders-db"), forecast(600, "orders-db"), forecast(600, "users-db")].concat();
    for _ in 0..2 {
        write(&database.store, &anomalies, &forecasts).await;
    }
    let mut conn = database.store.acquire().await.unwrap();
    let all = statistics::anomalies(&mut conn, &everything(), 10).await.unwrap();
    assert_eq!(all, [anomalies[1].clone(), anomalies[0].clone()], "newest first");
    let of_cart = StatisticsQuery { services: vec!["cart".into()], ..everything() };
    assert_eq!(statistics::anomalies(&mut conn, &of_cart, 10).await.unwrap(), anomalies[..1]);
    let of_a_node = StatisticsQuery { nodes: vec!["cart".into()], ..everything() };
    assert_eq!(statistics::anomalies(&mut conn, &of_a_node, 10).await.unwrap(), []);

    assert_eq!(statistics::forecasts(&mut conn, &everything()).await.unwrap(), forecasts[3..]);
    let before = StatisticsQuery { to: start_of_time() + seconds(500), ..everything() };
    assert_eq!(statistics::forecasts(&mut conn, &before).await.unwrap(), forecasts[..3]);
}

#[tokio::test]
async fn what_was_learnt_replaces_what_was_learnt_before_and_another_layout_is_not_read() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    for tick in [100, 200] {
        statistics::keep(&mut conn, &memory(tick)).await.unwrap();
    }
    assert_eq!(statistics::memories(&mut conn, "default", RUN, 1).await.unwrap(), [memory(200)]);
    assert_eq!(statistics::memories(&mut conn, "default", RUN, 2).await.unwrap(), []);
    assert_eq!(statistics::memories(&mut conn, "default", Uuid::from_u128(9), 1).await.unwrap(), []);
}

#[tokio::test]
async fn it_expires_with_its_telemetry_and_goes_with_its_simulation() {
    let database = Database::start().await;
    let day = |days: i64| days * 24 * 3600;
    let mut batch = Batch::new();
    let latest = start_of_time() + seconds(day(100));
    batch.push(&Row { simulation_id: "default", ..sample("cart", "cpu_usage", latest, 1.0) }).unwrap();
    database.write(&batch).await;
    let forecasts = [forecast(day(97), "orders-db"), forecast(day(99) + 7_200, "orders-db")].concat();
    write(&database.store, &[anomaly(day(9), "cart"), anomaly(day(11), "cart")], &forecasts).await;
    let mut conn = database.store.acquire().await.unwrap();
    statistics::keep(&mut conn, &memory(1)).await.unwrap();

    let one_day = Duration::from_secs(24 * 3600);
    let keep = Keep { rows: one_day, minutes: one_day * 7, hours: one_day * 90 };
    assert_eq!(database.store.enforce_retention(keep).await.unwrap().statistics, 3 + 1);
    let ever = StatisticsQuery { to: latest, ..everything() };
    assert_eq!(statistics::anomalies(&mut conn, &ever, 10).await.unwrap().len(), 1);
    assert_eq!(statistics::forecasts(&mut conn, &ever).await.unwrap().len(), 3);

    let gone = Deleted { simulation_id: "default".into(), run_id: RUN, lived_until: latest };
    deleted::note(&mut conn, &gone).await.unwrap();
    database.store.sweep_deleted().await.unwrap();
    assert_eq!(statistics::anomalies(&mut conn, &ever, 10).await.unwrap(), []);
    assert_eq!(statistics::forecasts(&mut conn, &ever).await.unwrap(), []);
    assert_eq!(statistics::memories(&mut conn, "default", RUN, 1).await.unwrap(), []);
}
