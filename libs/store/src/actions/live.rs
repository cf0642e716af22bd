//! Actions that are under way: they wait for a decision, or take or have taken effect and are not done. What a new proposal has to fit in with.

use sqlx::PgConnection;
use uuid::Uuid;

use super::ActionRow;
use crate::StoreError;

/// How many actions are under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Live {
    /// That agents and operators proposed; apart are the one that ships, and what takes harm back.
    pub all: i64,
    /// That this agent proposed.
    pub own: i64,
}

/// Makes the proposals of an agent wait for each other, and those for a target, until the transaction ends: what is counted and looked up
/// holds until then.
pub async fn lock_proposals(
    conn: &mut PgConnection,
    agent: &str,
    simulation_id: &str,
    target_id: &str,
) -> Result<(), StoreError> {
    // Everybody locks in this order.
    for key in [format!("proposals/by/{agent}"), format!("proposals/on/{simulation_id}/{target_id}")] {
        sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(key)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::query("lock proposals"))?;
    }
    Ok(())
}

/// How many actions are under way, those of `built_in` and roll-backs left out of `all`.
pub async fn live_count(conn: &mut PgConnection, agent: &str, built_in: &str) -> Result<Live, StoreError> {
    sqlx::query_as(
        "select count(*) filter (where proposed_by <> $2 and rolls_back is null) as \"all\", count(*) filter (where proposed_by = $1) as own
         from actions where status in (1, 2, 3)",
    )
    .bind(agent)
    .bind(built_in)
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("count what is under way"))
}

/// What is under way on a target, oldest first, at most 1 000.
pub async fn live_on(
    conn: &mut PgConnection,
    simulation_id: &str,
    target_id: &str,
) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as(
        "select * from actions where status in (1, 2, 3) and simulation_id = $1 and target_id = $2
         order by proposed_at, id limit 1000",
    )
    .bind(simulation_id)
    .bind(target_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list what is under way on a target"))
}

/// What an agent has under way, oldest first, at most 1 000.
pub async fn live_by(
    conn: &mut PgConnection,
    simulation_id: &str,
    agent: &str,
) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as(
        "select * from actions where status in (1, 2, 3) and simulation_id = $1 and proposed_by = $2
         order by proposed_at, id limit 1000",
    )
    .bind(simulation_id)
    .bind(agent)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list what an agent has under way"))
}

/// Number of an agent's last attempt for an incident; 0 before the first.
pub async fn last_attempt(
    conn: &mut PgConnection,
    incident_id: Uuid,
    agent: &str,
) -> Result<i32, StoreError> {
    sqlx::query_scalar(
        "select coalesce(max(attempt), 0) from actions where incident_id = $1 and proposed_by = $2",
    )
    .bind(incident_id)
    .bind(agent)
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("read the last attempt"))
}
