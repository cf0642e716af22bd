//! What is thrown away, and when.

use std::time::Duration;

use crate::{Store, StoreError, events, statistics, timeseries};

/// Sent messages stay this long (wall clock), so that a stream that lost them can be noticed.
const OUTBOX_KEPT: &str = "7 days";
/// A message can be redelivered for the 30 days that a stream keeps it, and replayed from the dead letters for 30 more;
/// the inbox remembers it for longer than both.
const INBOX_KEPT: &str = "90 days";
/// Clients retry for minutes; a week covers a forgotten laptop.
const IDEMPOTENCY_KEPT: &str = "7 days";
/// Rows deleted in one statement, so that no statement holds many locks for long.
const BATCH: i64 = 10_000;

/// How long telemetry is kept, in simulated time before its simulation's latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Rows of metrics, and forecasts.
    pub rows: Duration,
    /// Roll-ups by minute. Whole hours are dropped.
    pub minutes: Duration,
    /// Roll-ups by hour, anomalies and events.
    pub hours: Duration,
}

/// What a sweep removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Partitions or chunks of metrics that were dropped.
    pub metrics: Vec<String>,
    /// Rows of roll-ups (plain PostgreSQL) or chunks of them (TimescaleDB) that were dropped.
    pub rollups: u64,
    /// Anomalies and forecasts that were forgotten.
    pub statistics: u64,
    /// Events that were forgotten.
    pub events: u64,
    /// Sent messages that were forgotten.
    pub outbox: u64,
    /// Inbox notes that no redelivery can need.
    pub inbox: u64,
    /// Old idempotency keys.
    pub idempotency_keys: u64,
}

impl Store {
    /// Drops telemetry older than `keep` before its simulation's latest time (metrics in whole partitions or chunks, so
    /// never anything younger, nor what is not yet rolled up), and trims the outbox, the inbox and the idempotency keys. To be called every few
    /// minutes of wall time; safe to call from several processes.
    pub async fn enforce_retention(&self, keep: Keep) -> Result<Swept, StoreError> {
        let mut conn = self.acquire().await?;
        let metrics = timeseries::drop_expired(&mut conn, keep.rows.as_secs_f64()).await?;
        let rollups =
            timeseries::drop_expired_rollups(&mut conn, keep.minutes.as_secs_f64(), keep.hours.as_secs_f64())
                .await?;
        let statistics = statistics::drop_expired(&mut conn, keep).await?;
        let events = events::drop_expired(&mut conn, keep).await?;
        let outbox = sqlx::query(
            "delete from outbox where position in
                (select position from outbox where sent_at < clock_timestamp() - $1::interval limit $2)",
        )
        .bind(OUTBOX_KEPT)
        .bind(BATCH)
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("trim the outbox"))?;
        let inbox = sqlx::query(
            "delete from inbox where (consumer, message_id) in
                (select consumer, message_id from inbox where received_at < clock_timestamp() - $1::interval limit $2)",
        )
        .bind(INBOX_KEPT)
        .bind(BATCH)
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("trim the inbox"))?;
        let keys = sqlx::query(
            "delete from idempotency_keys where (scope, key) in
                (select scope, key from idempotency_keys where created_at < clock_timestamp() - $1::interval limit $2)",
        )
        .bind(IDEMPOTENCY_KEPT)
        .bind(BATCH)
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("trim the idempotency keys"))?;
        Ok(Swept {
            metrics,
            rollups: rollups.unsigned_abs(),
            statistics,
            events,
            outbox: outbox.rows_affected(),
            inbox: inbox.rows_affected(),
            idempotency_keys: keys.rows_affected(),
        })
    }
}
