//! `simulation_events`: what happened in simulated clouds. Written by the orchestrator.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Keep, StoreError};

/// Most events in one answer.
pub const MAX_EVENTS: i64 = 1_000;

/// A fact about a simulated cloud. Times are simulated; enumerations are the numbers of the wire contract.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct EventRow {
    /// Derived from run, tick and position within it.
    pub id: Uuid,
    /// Position in the stream, which tells the order within a tick.
    pub position: i64,
    /// Simulation.
    pub simulation_id: String,
    /// Its run.
    pub run_id: Uuid,
    /// Tick.
    pub tick_id: i64,
    /// Time of the tick.
    pub time: DateTime<Utc>,
    /// What happened.
    pub kind: i32,
    /// To what: 0 nothing, 1 service, 2 node, 3 zone, 4 simulation.
    pub target_kind: i32,
    /// To which one.
    pub target_id: String,
    /// One sentence for a person.
    pub message: String,
    /// The action it is the outcome of.
    pub action_id: Option<Uuid>,
    /// The command that carried the action.
    pub command_id: Option<Uuid>,
    /// Details by name.
    #[sqlx(json)]
    pub attributes: BTreeMap<String, String>,
}

/// Which events.
#[derive(Debug, Clone)]
pub struct EventQuery {
    /// Simulation.
    pub simulation_id: String,
    /// Only this run.
    pub run_id: Option<Uuid>,
    /// Only these kinds; all when there are none.
    pub kinds: Vec<i32>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Not after.
    pub to: Option<DateTime<Utc>>,
}

/// Writes events, in one statement. One that is there already changes nothing.
pub async fn write(conn: &mut PgConnection, rows: &[EventRow]) -> Result<(), StoreError> {
    fn each<'a, T>(rows: &'a [EventRow], value: impl Fn(&'a EventRow) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    sqlx::query(
        "insert into simulation_events (id, position, simulation_id, run_id, tick_id, time, kind, target_kind, target_id, message,
                                        action_id, command_id, attributes)
         select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::bigint[], $6::timestamptz[], $7::integer[],
                              $8::integer[], $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::jsonb[])
         on conflict do nothing",
    )
    .bind(each(rows, |row| row.id))
    .bind(each(rows, |row| row.position))
    .bind(each(rows, |row| row.simulation_id.as_str()))
    .bind(each(rows, |row| row.run_id))
    .bind(each(rows, |row| row.tick_id))
    .bind(each(rows, |row| row.time))
    .bind(each(rows, |row| row.kind))
    .bind(each(rows, |row| row.target_kind))
    .bind(each(rows, |row| row.target_id.as_str()))
    .bind(each(rows, |row| row.message.as_str()))
    .bind(each(rows, |row| row.action_id))
    .bind(each(rows, |row| row.command_id))
    .bind(each(rows, |row| Json(&row.attributes)))
    .execute(conn)
    .await
    .map_err(StoreError::query("write events"))?;
    Ok(())
}

/// Events, newest first, at most `limit`; without the faults of a blind game that is being played.
pub async fn list(
    conn: &mut PgConnection,
    query: &EventQuery,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    let EventQuery { simulation_id, run_id, kinds, from, to } = query;
    sqlx::query_as(
        "select id, position, simulation_id, run_id, tick_id, time, kind, target_kind, target_id, message, action_id, command_id, attributes
         from events
         where simulation_id = $1 and ($2::uuid is null or run_id = $2) and ($3::integer[] = '{}' or kind = any($3))
           and time >= coalesce($4, '-infinity'::timestamptz) and time <= coalesce($5, 'infinity'::timestamptz)
         order by time desc, position desc limit $6",
    )
    .bind(simulation_id)
    .bind(run_id)
    .bind(kinds)
    .bind(from)
    .bind(to)
    .bind(limit.clamp(1, MAX_EVENTS))
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read events"))
}

/// Deletes what is older than the roll-ups by hour are kept. Returns how many it were.
pub(crate) async fn drop_expired(conn: &mut PgConnection, keep: Keep) -> Result<u64, StoreError> {
    let dropped = sqlx::query(
        "delete from simulation_events e using telemetry_clock c
         where e.simulation_id = c.simulation_id and e.time < c.latest_time - make_interval(secs => $1)",
    )
    .bind(keep.hours.as_secs_f64())
    .execute(conn)
    .await
    .map_err(StoreError::query("drop expired events"))?;
    Ok(dropped.rows_affected())
}

/// Drops what there is of a deleted simulation, up to the end of its life.
pub(crate) async fn drop_deleted(
    conn: &mut PgConnection,
    simulation_id: &str,
    lived_until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from simulation_events where simulation_id = $1 and time <= $2")
        .bind(simulation_id)
        .bind(lived_until)
        .execute(conn)
        .await?;
    Ok(())
}
