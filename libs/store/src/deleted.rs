//! `deleted_simulations`: which simulations are no more, and what of their telemetry is still to be dropped.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Store, StoreError, events, rollup, statistics};

/// How long a deletion is remembered after its telemetry is gone: the stream keeps stragglers for an hour.
const REMEMBERED: &str = "1 day";

/// A simulation that is no more.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Deleted {
    /// Its id, which another one may have by now.
    pub simulation_id: String,
    /// Its last run.
    pub run_id: Uuid,
    /// Simulated time of its end.
    pub lived_until: DateTime<Utc>,
}

/// Notes a deletion, in the transaction that stores what came before it. Doing so again changes nothing.
pub async fn note(conn: &mut PgConnection, deleted: &Deleted) -> Result<(), StoreError> {
    sqlx::query(
        "insert into deleted_simulations (simulation_id, run_id, lived_until) values ($1, $2, $3)
         on conflict do nothing",
    )
    .bind(&deleted.simulation_id)
    .bind(deleted.run_id)
    .bind(deleted.lived_until)
    .execute(conn)
    .await
    .map_err(StoreError::query("note the deletion of a simulation"))?;
    Ok(())
}

/// Every deletion that is remembered.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<Deleted>, StoreError> {
    sqlx::query_as("select simulation_id, run_id, lived_until from deleted_simulations")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("read the deleted simulations"))
}

impl Store {
    /// Drops what is stored of the telemetry of deleted simulations, one metric a statement, and returns how many rows it were.
    /// Incidents, actions and the audit stay as history. Safe to be interrupted and to call from several processes.
    pub async fn sweep_deleted(&self) -> Result<u64, StoreError> {
        let mut conn = self.acquire().await?;
        let unswept: Vec<Deleted> = sqlx::query_as(
            "select simulation_id, run_id, lived_until from deleted_simulations where swept_at is null",
        )
        .fetch_all(&mut *conn)
        .await
        .map_err(StoreError::query("read the deleted simulations"))?;
        let mut rows = 0;
        for deleted in unswept {
            rows += drop_rows(&mut conn, &deleted).await?;
            let mut tx = self.begin().await?;
            finish(&mut tx, &deleted).await?;
            tx.commit().await?;
        }
        forget(&mut conn).await?;
        Ok(rows)
    }
}

async fn drop_rows(conn: &mut PgConnection, deleted: &Deleted) -> Result<u64, StoreError> {
    let failed = StoreError::query("drop the telemetry of a deleted simulation");
    let Deleted { simulation_id, run_id: _, lived_until } = deleted;
    let dropping = async {
        let mut rows = 0;
        loop {
            let metric: Option<String> = sqlx::query_scalar(
                "select metric_name from metrics where simulation_id = $1 and time <= $2 limit 1",
            )
            .bind(simulation_id)
            .bind(lived_until)
            .fetch_optional(&mut *conn)
            .await?;
            let Some(metric) = metric else { break };
            let dropped = sqlx::query(
                "delete from metrics where simulation_id = $1 and metric_name = $2 and time <= $3",
            )
            .bind(simulation_id)
            .bind(metric)
            .bind(lived_until)
            .execute(&mut *conn)
            .await?;
            rows += dropped.rows_affected();
        }
        Ok(rows)
    };
    dropping.await.map_err(failed)
}

/// Drops what is kept beside the rows, and notes that all is done.
async fn finish(conn: &mut PgConnection, deleted: &Deleted) -> Result<(), StoreError> {
    let failed = StoreError::query("drop the roll-ups of a deleted simulation");
    let Deleted { simulation_id, run_id, lived_until } = deleted;
    let finishing = async {
        // Not that of a simulation which has the id by now.
        sqlx::query("delete from telemetry_clock where simulation_id = $1 and latest_time <= $2")
            .bind(simulation_id)
            .bind(lived_until)
            .execute(&mut *conn)
            .await?;
        rollup::drop_deleted(conn, simulation_id, *lived_until).await?;
        statistics::drop_deleted(conn, simulation_id, *run_id, *lived_until).await?;
        events::drop_deleted(conn, simulation_id, *lived_until).await?;
        sqlx::query(
            "update deleted_simulations set swept_at = clock_timestamp() where simulation_id = $1 and run_id = $2",
        )
        .bind(simulation_id)
        .bind(run_id)
        .execute(&mut *conn)
        .await
    };
    finishing.await.map_err(failed)?;
    Ok(())
}

/// Forgets deletions whose last straggler has come, with the watermarks of their runs.
async fn forget(conn: &mut PgConnection) -> Result<(), StoreError> {
    let failed = StoreError::query("forget the deleted simulations");
    let forgetting = async {
        sqlx::query(
            "delete from telemetry_progress p using deleted_simulations d
             where p.simulation_id = d.simulation_id and p.updated_at <= d.deleted_at
               and d.swept_at < clock_timestamp() - $1::interval",
        )
        .bind(REMEMBERED)
        .execute(&mut *conn)
        .await?;
        sqlx::query("delete from deleted_simulations where swept_at < clock_timestamp() - $1::interval")
            .bind(REMEMBERED)
            .execute(&mut *conn)
            .await
    };
    forgetting.await.map_err(failed)?;
    Ok(())
}
