//! Deciding on an action: its row is locked, whoever decides makes up their mind about what it is, and what comes of that is written by
//! one compare-and-set.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{ActionRow, Status};
use crate::StoreError;

/// An action that nobody else can change until the transaction ends.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Held {
    /// The action.
    #[sqlx(flatten)]
    pub row: ActionRow,
    /// Whether its time is up by the database's clock.
    pub late: bool,
}

/// What comes of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Where the action stands from now on: APPROVED, REJECTED, or PROPOSED while somebody else has to approve it.
    pub status: Status,
    /// Who decides.
    pub by: String,
    /// Why; empty for a yes without words.
    pub reason: String,
    /// Whether it is a yes, to be kept among the approvals.
    pub approves: bool,
    /// Another number of replicas than before. It undoes earlier approvals.
    pub replicas: Option<i32>,
}

/// Whose yes a proposal takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// 1 ask, 2 auto-approve, 3 two-person.
    pub mode: i32,
    /// Name of the policy.
    pub policy: String,
    /// Why that policy.
    pub reason: String,
    /// Approvals that it takes.
    pub approvals_needed: i32,
}

/// Locks an action until the transaction ends; `None` when there is none.
///
/// Without the lock, a proposal that is committed between a look and an update would pass for one that is not there.
pub async fn hold(conn: &mut PgConnection, id: Uuid) -> Result<Option<Held>, StoreError> {
    sqlx::query_as("select *, expires_at <= clock_timestamp() as late from actions where id = $1 for update")
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("look for an action to decide on"))
}

/// Writes a verdict about an undecided action as it was held. Status, version and expiry (by the database's clock) are checked by the
/// statement that changes them, so of any number of deciders exactly one wins; `None` when it is not this one.
pub async fn settle(
    conn: &mut PgConnection,
    held: &ActionRow,
    verdict: &Verdict,
) -> Result<Option<ActionRow>, StoreError> {
    let Verdict { status, by, reason, approves, replicas } = verdict;
    sqlx::query_as(
        "update actions
         set status = $3, version = version + 1, updated_at = clock_timestamp(),
             decided_by = case when $3 = 1 then decided_by else $4 end,
             decided_at = case when $3 = 1 then decided_at else clock_timestamp() end,
             decision_reason = case when $3 = 1 then decision_reason else $5 end,
             approvals = case when $6
                 then case when $7::int is null then approvals else '[]' end
                      || jsonb_build_array(jsonb_build_object('by', $4::text, 'at', clock_timestamp()))
                 else approvals end,
             proposed_replicas = case when $7::int is null then proposed_replicas else coalesce(proposed_replicas, replicas) end,
             replicas_by = case when $7::int is null then replicas_by else $4 end,
             replicas = coalesce($7, replicas)
         where id = $1 and status = 1 and version = $2 and expires_at > clock_timestamp()
         returning *",
    )
    .bind(held.id)
    .bind(held.version)
    .bind(status.code())
    .bind(by)
    .bind(reason)
    .bind(approves)
    .bind(replicas)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("decide on an action"))
}

/// Says whose yes an undecided action takes from now on; `None` when it is not at that version any more.
pub async fn rule(
    conn: &mut PgConnection,
    id: Uuid,
    version: i64,
    ruling: &Ruling,
) -> Result<Option<ActionRow>, StoreError> {
    sqlx::query_as(
        "update actions
         set approval_mode = $3, policy = $4, policy_reason = $5, approvals_needed = $6,
             version = version + 1, updated_at = clock_timestamp()
         where id = $1 and status = 1 and version = $2
         returning *",
    )
    .bind(id)
    .bind(version)
    .bind(ruling.mode)
    .bind(&ruling.policy)
    .bind(&ruling.reason)
    .bind(ruling.approvals_needed)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("say who has to approve an action"))
}
