//! Samples in the order in which they were taken: for whoever judges stored telemetry again.

use chrono::{DateTime, Utc};
use futures::Stream;
use futures::TryStreamExt as _;
use sqlx::PgConnection;

use crate::StoreError;

/// Which values.
#[derive(Debug, Clone)]
pub struct SampleQuery {
    /// Simulation.
    pub simulation_id: String,
    /// Metric names.
    pub metrics: Vec<String>,
    /// First simulated instant.
    pub from: DateTime<Utc>,
    /// End, excluded. Keep it near: the server sorts what lies between.
    pub until: DateTime<Utc>,
}

/// One stored value.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct StoredValue {
    /// Simulated time.
    pub time: DateTime<Utc>,
    /// Tick of its run.
    pub tick_id: i64,
    /// Node, or empty for a service's value.
    pub node_id: String,
    /// Service, or empty for a node's value.
    pub service_id: String,
    /// Metric name.
    pub metric_name: String,
    /// Value in the metric's unit.
    pub metric_value: f64,
}

/// Values in order of time, those of one sample together, one by one as the server sends them.
pub fn samples<'c>(
    conn: &'c mut PgConnection,
    what: &'c SampleQuery,
) -> impl Stream<Item = Result<StoredValue, StoreError>> + Send + 'c {
    sqlx::query_as(
        "select time, tick_id, node_id, service_id, metric_name, metric_value
         from metrics
         where simulation_id = $1 and metric_name = any($2) and time >= $3 and time < $4
         order by time, tick_id, service_id, node_id",
    )
    .bind(&what.simulation_id)
    .bind(&what.metrics)
    .bind(what.from)
    .bind(what.until)
    .fetch(conn)
    .map_err(|source| StoreError::Query { operation: "read stored samples", source })
}
