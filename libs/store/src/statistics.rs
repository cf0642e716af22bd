//! `anomalies`, `forecasts` and `statistics_memory`: what statistics find and what they have learnt. Written by signal-service.

mod ask;
mod memory;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Keep, StoreError};

pub use ask::{MAX_ANOMALIES, MAX_FORECASTS, StatisticsQuery, anomalies, forecasts};
pub use memory::{MAX_MEMORY_BYTES, MemoryRow, keep, memories};

/// A series became unusual. Times are simulated, numbers in the metric's unit.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AnomalyRow {
    /// When.
    pub time: DateTime<Utc>,
    /// Simulation.
    pub simulation_id: String,
    /// Its run.
    pub run_id: Uuid,
    /// Tick.
    pub tick_id: i64,
    /// Node, or empty.
    pub node_id: String,
    /// Service, or empty.
    pub service_id: String,
    /// Metric.
    pub metric_name: String,
    /// 1 less the chance that noise alone gives as much evidence.
    pub score: f64,
    /// Decades of rarity.
    pub evidence: f64,
    /// Mean over ten seconds.
    pub value: f64,
    /// What was usual.
    pub expected: f64,
    /// In which way it is unusual.
    pub aspect: String,
}

/// A value to come. Times are simulated, numbers in the metric's unit.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct ForecastRow {
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Simulation.
    pub simulation_id: String,
    /// Its run.
    pub run_id: Uuid,
    /// Tick.
    pub tick_id: i64,
    /// Node, or empty.
    pub node_id: String,
    /// Service, or empty.
    pub service_id: String,
    /// Metric.
    pub metric_name: String,
    /// Seconds after `made_at`.
    pub horizon_s: i32,
    /// Expected value then.
    pub value: f64,
    /// One in ten lies below.
    pub low: f64,
    /// One in ten lies above.
    pub high: f64,
    /// The value when it was made.
    pub value_now: f64,
    /// The limit that it runs into; `None` when none is in sight.
    pub limit_value: Option<f64>,
    /// Seconds until half of all courses have reached it.
    pub limit_in_s: Option<i32>,
    /// Until one in ten has.
    pub limit_earliest_s: Option<i32>,
    /// Until nine in ten have.
    pub limit_latest_s: Option<i32>,
}

/// Writes anomalies. One that is there already changes nothing.
pub async fn write_anomalies(conn: &mut PgConnection, rows: &[AnomalyRow]) -> Result<(), StoreError> {
    for row in rows {
        sqlx::query(
            "insert into anomalies (time, simulation_id, run_id, tick_id, node_id, service_id, metric_name,
                                    score, evidence, value, expected, aspect)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing",
        )
        .bind(row.time)
        .bind(&row.simulation_id)
        .bind(row.run_id)
        .bind(row.tick_id)
        .bind(&row.node_id)
        .bind(&row.service_id)
        .bind(&row.metric_name)
        .bind(row.score)
        .bind(row.evidence)
        .bind(row.value)
        .bind(row.expected)
        .bind(&row.aspect)
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("write an anomaly"))?;
    }
    Ok(())
}

/// Writes forecasts, in one statement: there are some whenever a few simulated minutes are over. One that is there already changes nothing.
pub async fn write_forecasts(conn: &mut PgConnection, rows: &[ForecastRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into forecasts (made_at, simulation_id, run_id, tick_id, node_id, service_id, metric_name, horizon_s, at,
                                value, low, high, value_now, limit_value, limit_in_s, limit_earliest_s, limit_latest_s)
         select f.made_at, f.simulation_id, f.run_id, f.tick_id, f.node_id, f.service_id, f.metric_name, f.horizon_s,
                f.made_at + make_interval(secs => f.horizon_s), f.value, f.low, f.high, f.value_now,
                f.limit_value, f.limit_in_s, f.limit_earliest_s, f.limit_latest_s
         from unnest($1::timestamptz[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[],
                     $8::integer[], $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::float8[],
                     $14::integer[], $15::integer[], $16::integer[])
              as f (made_at, simulation_id, run_id, tick_id, node_id, service_id, metric_name, horizon_s, value, low, high,
                    value_now, limit_value, limit_in_s, limit_earliest_s, limit_latest_s)
         on conflict do nothing",
    )
    .bind(column(rows, |row| row.made_at))
    .bind(column(rows, |row| row.simulation_id.clone()))
    .bind(column(rows, |row| row.run_id))
    .bind(column(rows, |row| row.tick_id))
    .bind(column(rows, |row| row.node_id.clone()))
    .bind(column(rows, |row| row.service_id.clone()))
    .bind(column(rows, |row| row.metric_name.clone()))
    .bind(column(rows, |row| row.horizon_s))
    .bind(column(rows, |row| row.value))
    .bind(column(rows, |row| row.low))
    .bind(column(rows, |row| row.high))
    .bind(column(rows, |row| row.value_now))
    .bind(column(rows, |row| row.limit_value))
    .bind(column(rows, |row| row.limit_in_s))
    .bind(column(rows, |row| row.limit_earliest_s))
    .bind(column(rows, |row| row.limit_latest_s))
    .execute(conn)
    .await
    .map_err(StoreError::query("write forecasts"))?;
    Ok(())
}

fn column<T>(rows: &[ForecastRow], of: impl Fn(&ForecastRow) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// Deletes what is older than its telemetry is kept: forecasts with the rows of metrics, anomalies with the roll-ups by hour. Returns how many
/// rows it were.
pub(crate) async fn drop_expired(conn: &mut PgConnection, keep: Keep) -> Result<u64, StoreError> {
    let forecasts = sqlx::query(
        "delete from forecasts f using telemetry_clock c
         where f.simulation_id = c.simulation_id and f.made_at < c.latest_time - make_interval(secs => $1)",
    )
    .bind(keep.rows.as_secs_f64())
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("drop expired forecasts"))?;
    let anomalies = sqlx::query(
        "delete from anomalies a using telemetry_clock c
         where a.simulation_id = c.simulation_id and a.time < c.latest_time - make_interval(secs => $1)",
    )
    .bind(keep.hours.as_secs_f64())
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("drop expired anomalies"))?;
    Ok(forecasts.rows_affected() + anomalies.rows_affected())
}

/// Drops what there is of a deleted simulation, up to the end of its life.
pub(crate) async fn drop_deleted(
    conn: &mut PgConnection,
    simulation_id: &str,
    run_id: Uuid,
    lived_until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for statement in [
        "delete from forecasts where simulation_id = $1 and made_at <= $2",
        "delete from anomalies where simulation_id = $1 and time <= $2",
    ] {
        sqlx::query(statement).bind(simulation_id).bind(lived_until).execute(&mut *conn).await?;
    }
    sqlx::query("delete from statistics_memory where simulation_id = $1 and run_id = $2")
        .bind(simulation_id)
        .bind(run_id)
        .execute(conn)
        .await?;
    Ok(())
}
