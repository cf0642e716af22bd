//! `metrics`: written in batches by binary COPY, read as series.

mod batch;
mod query;
mod samples;
mod statement;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{StoreError, rollup, timeseries};

pub use batch::{Batch, InvalidRow, MAX_ID_BYTES, Row};
pub use query::{Aggregate, MAX_POINTS, Point, QueryError, Selection, Series, SeriesQuery, Source, query};
pub use samples::{SampleQuery, StoredValue, samples};

/// One `CopyData` message. The connection buffers a message whole; this keeps it small against the batch.
const CHUNK_BYTES: usize = 256 * 1024;

/// Writes the rows of a batch in the caller's transaction and returns how many there were. Takes no lock on a row, and waits for
/// other transactions only where there is no partition or chunk for the rows yet ([`Batch::rooms`]).
///
/// COPY knows no conflicts: advance the watermark ([`crate::progress`]) in the same transaction, so that a batch that
/// comes again is recognised, and [`note`] the batch.
pub async fn copy(conn: &mut PgConnection, batch: &Batch) -> Result<u64, StoreError> {
    let Some((first, last)) = batch.span() else { return Ok(0) };
    timeseries::make_room(conn, first, last).await?;
    copy_rows(conn, batch).await.map_err(StoreError::query("copy a batch of metrics"))
}

/// Moves the clock of each simulation of a batch and marks its minutes as due to be rolled up, in the transaction that has
/// [`copy`]'s rows.
pub async fn note(conn: &mut PgConnection, batch: &Batch) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    move_clocks(conn, batch).await?;
    rollup::mark_due(conn, &batch.minutes()).await
}

async fn copy_rows(conn: &mut PgConnection, batch: &Batch) -> Result<u64, sqlx::Error> {
    let mut sink = conn
        .copy_in_raw(
            "copy metrics (time, tick_id, node_id, service_id, metric_name, metric_value, simulation_id)
             from stdin (format binary)",
        )
        .await?;
    for chunk in batch.encoded().chunks(CHUNK_BYTES) {
        sink.send(chunk).await?;
    }
    sink.send(Batch::TRAILER).await?;
    sink.finish().await
}

/// Notes how far each simulation's telemetry now reaches. In order of the ids, so that two writers cannot deadlock.
async fn move_clocks(conn: &mut PgConnection, batch: &Batch) -> Result<(), StoreError> {
    for (simulation_id, (time, tick)) in batch.latest() {
        sqlx::query(
            "insert into telemetry_clock as c (simulation_id, latest_time, latest_tick) values ($1, $2, $3)
             on conflict (simulation_id) do update
                set latest_time = excluded.latest_time, latest_tick = excluded.latest_tick
                where c.latest_time < excluded.latest_time",
        )
        .bind(simulation_id)
        .bind(time)
        .bind(tick)
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("move a simulation's clock"))?;
    }
    Ok(())
}

/// How far the stored telemetry of a simulation reaches (simulated time); `None` before the first row.
pub async fn latest_time(
    conn: &mut PgConnection,
    simulation_id: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    sqlx::query_scalar("select latest_time from telemetry_clock where simulation_id = $1")
        .bind(simulation_id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read a simulation's clock"))
}
