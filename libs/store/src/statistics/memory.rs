//! What statistics have learnt, between two processes.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Largest state of a shard: some 500 services and nodes of about 10 KB, and as much again to spare. What is larger is not kept, and a restart
/// begins to learn anew.
pub const MAX_MEMORY_BYTES: usize = 16 << 20;

/// What was learnt of one shard.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MemoryRow {
    /// Simulation.
    pub simulation_id: String,
    /// Shard.
    pub shard: i32,
    /// Run.
    pub run_id: Uuid,
    /// Tick of the newest snapshot that is in it.
    pub tick: i64,
    /// Layout of the state.
    pub format: i32,
    /// The state, opaque here.
    pub state: Vec<u8>,
}

/// Keeps a state in place of the one before, in the transaction that stores the snapshots up to it.
pub async fn keep(conn: &mut PgConnection, row: &MemoryRow) -> Result<(), StoreError> {
    sqlx::query(
        "insert into statistics_memory (simulation_id, shard, run_id, tick, format, state) values ($1, $2, $3, $4, $5, $6)
         on conflict (simulation_id, shard) do update
            set run_id = excluded.run_id, tick = excluded.tick, format = excluded.format, state = excluded.state,
                updated_at = clock_timestamp()",
    )
    .bind(&row.simulation_id)
    .bind(row.shard)
    .bind(row.run_id)
    .bind(row.tick)
    .bind(row.format)
    .bind(&row.state)
    .execute(conn)
    .await
    .map_err(StoreError::query("keep what statistics have learnt"))?;
    Ok(())
}

/// What was learnt in a run of a simulation, in this layout.
pub async fn memories(
    conn: &mut PgConnection,
    simulation_id: &str,
    run_id: Uuid,
    format: i32,
) -> Result<Vec<MemoryRow>, StoreError> {
    sqlx::query_as(
        "select simulation_id, shard, run_id, tick, format, state from statistics_memory
         where simulation_id = $1 and run_id = $2 and format = $3 order by shard",
    )
    .bind(simulation_id)
    .bind(run_id)
    .bind(format)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read what statistics have learnt"))
}
