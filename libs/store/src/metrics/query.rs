//! Series in steps of simulated time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::StoreError;

/// Most points in one answer, all series together; about 4 MB on the wire.
pub const MAX_POINTS: i64 = 100_000;

/// How the samples of a step become one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregate {
    /// Mean.
    #[default]
    Avg,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// 95th percentile, interpolated.
    P95,
}

/// Which series, and how.
#[derive(Debug, Clone)]
pub struct SeriesQuery {
    /// Simulation.
    pub simulation_id: String,
    /// Metric name.
    pub metric: String,
    /// Services. Empty, with no nodes: every service.
    pub services: Vec<String>,
    /// Nodes.
    pub nodes: Vec<String>,
    /// First simulated instant.
    pub from: DateTime<Utc>,
    /// Last simulated instant, included.
    pub to: DateTime<Utc>,
    /// Width of a step, at least a millisecond. Steps start at multiples of it since 2000-01-01.
    pub step: Duration,
    /// How the samples of a step become one point.
    pub aggregate: Aggregate,
}

/// One step of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Start of the step (simulated).
    pub time: DateTime<Utc>,
    /// Value in the metric's unit.
    pub value: f64,
}

/// The points of one target; steps without samples are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Service, or empty for a node's series.
    pub service_id: String,
    /// Node, or empty for a service's series.
    pub node_id: String,
    /// In order of time.
    pub points: Vec<Point>,
}

/// The one query, with the aggregate filled in at compile time.
macro_rules! series_sql {
    ($aggregate:literal) => {
        concat!(
            "select service_id, node_id, date_bin($7, time, timestamptz '2000-01-01 00:00:00+00') as step, ",
            $aggregate,
            "::double precision
             from metrics
             where simulation_id = $1 and metric_name = $2
               and ((cardinality($3::text[]) = 0 and cardinality($4::text[]) = 0 and service_id <> '')
                    or (service_id = any($3) and node_id = '') or (service_id = '' and node_id = any($4)))
               and time >= $5 and time <= $6
             group by service_id, node_id, step order by service_id, node_id, step limit $8"
        )
    };
}

/// Reads series, ordered by service and node. At most [`MAX_POINTS`] points: take a wider step for a longer time.
pub async fn query(conn: &mut PgConnection, what: &SeriesQuery) -> Result<Vec<Series>, StoreError> {
    let sql = match what.aggregate {
        Aggregate::Avg => series_sql!("avg(metric_value)"),
        Aggregate::Min => series_sql!("min(metric_value)"),
        Aggregate::Max => series_sql!("max(metric_value)"),
        Aggregate::P95 => series_sql!("percentile_cont(0.95) within group (order by metric_value)"),
    };
    let step_us = i64::try_from(what.step.as_micros()).unwrap_or(i64::MAX).max(1_000);
    let rows: Vec<(String, String, DateTime<Utc>, f64)> = sqlx::query_as(sql)
        .bind(&what.simulation_id)
        .bind(&what.metric)
        .bind(&what.services)
        .bind(&what.nodes)
        .bind(what.from)
        .bind(what.to)
        .bind(sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds: step_us })
        .bind(MAX_POINTS)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("read series of metrics"))?;
    let mut series: Vec<Series> = Vec::new();
    for (service_id, node_id, time, value) in rows {
        let point = Point { time, value };
        match series.last_mut() {
            Some(last) if last.service_id == service_id && last.node_id == node_id => last.points.push(point),
            _ => series.push(Series { service_id, node_id, points: vec![point] }),
        }
    }
    Ok(series)
}
