//! Anomalies and forecasts, read.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{AnomalyRow, ForecastRow};
use crate::StoreError;

/// Most anomalies in one answer.
pub const MAX_ANOMALIES: i64 = 1_000;
/// Most rows of forecasts in one answer: three horizons of some 1 600 series.
pub const MAX_FORECASTS: i64 = 5_000;

/// Which anomalies or forecasts.
#[derive(Debug, Clone)]
pub struct StatisticsQuery {
    /// Simulation.
    pub simulation_id: String,
    /// Only these services, and `nodes`; all when both are empty.
    pub services: Vec<String>,
    /// Only these nodes.
    pub nodes: Vec<String>,
    /// Only this metric.
    pub metric: Option<String>,
    /// Not before (simulated).
    pub from: DateTime<Utc>,
    /// Not after (simulated).
    pub to: DateTime<Utc>,
}

/// Anomalies of a stretch of time, newest first, at most `limit`.
pub async fn anomalies(
    conn: &mut PgConnection,
    query: &StatisticsQuery,
    limit: i64,
) -> Result<Vec<AnomalyRow>, StoreError> {
    let StatisticsQuery { simulation_id, services, nodes, metric, from, to } = query;
    sqlx::query_as(
        "select time, simulation_id, run_id, tick_id, node_id, service_id, metric_name, score, evidence, value, expected, aspect
         from anomalies
         where simulation_id = $1 and time between $5 and $6 and ($4::text is null or metric_name = $4)
           and ($2::text[] || $3::text[] = '{}' or (node_id = '' and service_id = any($2)) or (service_id = '' and node_id = any($3)))
         order by time desc, service_id, node_id, metric_name limit $7",
    )
    .bind(simulation_id)
    .bind(services)
    .bind(nodes)
    .bind(metric)
    .bind(from)
    .bind(to)
    .bind(limit.clamp(1, MAX_ANOMALIES))
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read anomalies"))
}

/// The newest forecast of every series that was made in a stretch of time: its horizons one after the other. At most [`MAX_FORECASTS`] rows.
pub async fn forecasts(
    conn: &mut PgConnection,
    query: &StatisticsQuery,
) -> Result<Vec<ForecastRow>, StoreError> {
    let StatisticsQuery { simulation_id, services, nodes, metric, from, to } = query;
    sqlx::query_as(
        "select f.made_at, f.simulation_id, f.run_id, f.tick_id, f.node_id, f.service_id, f.metric_name, f.horizon_s,
                f.value, f.low, f.high, f.value_now, f.limit_value, f.limit_in_s, f.limit_earliest_s, f.limit_latest_s
         from forecasts f
         join (select distinct on (service_id, node_id, metric_name) run_id, service_id, node_id, metric_name, made_at
               from forecasts
               where simulation_id = $1 and made_at between $5 and $6 and ($4::text is null or metric_name = $4)
                 and ($2::text[] || $3::text[] = '{}' or (node_id = '' and service_id = any($2)) or (service_id = '' and node_id = any($3)))
               order by service_id, node_id, metric_name, made_at desc) newest
           using (run_id, service_id, node_id, metric_name, made_at)
         where f.simulation_id = $1
         order by f.service_id, f.node_id, f.metric_name, f.horizon_s limit $7",
    )
    .bind(simulation_id)
    .bind(services)
    .bind(nodes)
    .bind(metric)
    .bind(from)
    .bind(to)
    .bind(MAX_FORECASTS)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read forecasts"))
}
