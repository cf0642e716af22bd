//! What happens to an action besides a decision.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{ActionRow, Status};
use crate::StoreError;

/// A step of an action's life. What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Transition {
    /// Tick it took effect at.
    pub executed_at_tick: Option<i64>,
    /// Tick its work was done at.
    pub completed_at_tick: Option<i64>,
    /// What came of it, in words.
    pub outcome: Option<String>,
    /// Why it was cancelled or superseded.
    pub decision_reason: Option<String>,
}

/// Moves an action on, when it stands in one of `from`. `None` when it does not, or does not exist: nothing changed.
pub async fn transition(
    conn: &mut PgConnection,
    id: Uuid,
    from: &[Status],
    to: Status,
    with: &Transition,
) -> Result<Option<ActionRow>, StoreError> {
    let from: Vec<i32> = from.iter().map(|state| state.code()).collect();
    sqlx::query_as(
        "update actions
         set status = $3, version = version + 1, updated_at = clock_timestamp(),
             executed_at_tick = coalesce($4, executed_at_tick), completed_at_tick = coalesce($5, completed_at_tick),
             outcome = coalesce($6, outcome), decision_reason = coalesce($7, decision_reason)
         where id = $1 and status = any($2)
         returning *",
    )
    .bind(id)
    .bind(from)
    .bind(to.code())
    .bind(with.executed_at_tick)
    .bind(with.completed_at_tick)
    .bind(&with.outcome)
    .bind(&with.decision_reason)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("move an action on"))
}

/// Says whether a succeeded action helped (1 effective, 2 ineffective, 3 harmful), once. `None` when it has not
/// succeeded, or was judged before.
pub async fn judge(
    conn: &mut PgConnection,
    id: Uuid,
    effect: i32,
    outcome: &str,
) -> Result<Option<ActionRow>, StoreError> {
    sqlx::query_as(
        "update actions
         set effect = $2, outcome = $3, version = version + 1, updated_at = clock_timestamp()
         where id = $1 and status = 4 and effect = 0
         returning *",
    )
    .bind(id)
    .bind(effect)
    .bind(outcome)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("judge an action"))
}

/// Expires the proposals whose time (of the database) is up, at most 100 at a time, and returns them as they are now.
pub async fn expire_due(conn: &mut PgConnection) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as(
        "update actions
         set status = 7, version = version + 1, updated_at = clock_timestamp(), decision_reason = 'nobody decided in time'
         where id in (select id from actions where status = 1 and expires_at <= clock_timestamp()
                      order by expires_at limit 100 for update skip locked)
           and status = 1
         returning *",
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("expire proposals"))
}

/// Withdraws the undecided proposals for an incident, and returns them as they are now. What takes harm back is wanted all the same.
pub async fn supersede_pending(
    conn: &mut PgConnection,
    incident_id: Uuid,
    reason: &str,
) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as(
        "update actions
         set status = 9, version = version + 1, updated_at = clock_timestamp(), decision_reason = $2
         where incident_id = $1 and status = 1 and rolls_back is null
         returning *",
    )
    .bind(incident_id)
    .bind(reason)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("supersede the proposals for an incident"))
}
