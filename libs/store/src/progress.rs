//! `telemetry_progress`: signal-service's inbox for telemetry, as a watermark per shard.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// How far one shard of a simulation's telemetry is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Progress {
    /// Simulation.
    pub simulation_id: String,
    /// Shard of its snapshots.
    pub shard: i32,
    /// Run of the last stored snapshot.
    pub run_id: Uuid,
    /// Tick of the last stored snapshot.
    pub tick: i64,
    /// Its place in the stream.
    pub stream_sequence: i64,
}

/// The watermark of every shard's newest run.
pub async fn get_all(conn: &mut PgConnection) -> Result<Vec<Progress>, StoreError> {
    sqlx::query_as(
        "select distinct on (simulation_id, shard) simulation_id, shard, run_id, tick, stream_sequence
         from telemetry_progress order by simulation_id, shard, updated_at desc",
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the telemetry progress"))
}

/// The runs of a simulation that telemetry was stored for, newest first, at most `limit`.
pub async fn runs(conn: &mut PgConnection, simulation_id: &str, limit: u32) -> Result<Vec<Uuid>, StoreError> {
    sqlx::query_scalar(
        "select run_id from telemetry_progress where simulation_id = $1
         group by run_id order by max(updated_at) desc limit $2",
    )
    .bind(simulation_id)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the runs of a simulation"))
}

/// Moves a watermark, in the transaction that stores the snapshots up to it. `false` when it was already there or
/// further: the snapshot had been stored before, and must not be stored again. The tick decides, within its run: a
/// redelivery from an earlier run is refused, and a stream that was made anew, with sequence numbers from 1, is not.
pub async fn advance(conn: &mut PgConnection, to: &Progress) -> Result<bool, StoreError> {
    let moved = sqlx::query(
        "insert into telemetry_progress as p (simulation_id, shard, run_id, tick, stream_sequence)
         values ($1, $2, $3, $4, $5)
         on conflict (simulation_id, shard, run_id) do update
            set tick = excluded.tick, stream_sequence = excluded.stream_sequence, updated_at = clock_timestamp()
            where p.tick < excluded.tick",
    )
    .bind(&to.simulation_id)
    .bind(to.shard)
    .bind(to.run_id)
    .bind(to.tick)
    .bind(to.stream_sequence)
    .execute(conn)
    .await
    .map_err(StoreError::query("advance the telemetry progress"))?;
    Ok(moved.rows_affected() == 1)
}
