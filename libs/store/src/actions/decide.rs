//! Approve or reject: one compare-and-set.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{ActionRow, Status, get};
use crate::StoreError;

/// A yes or a no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The action.
    pub action_id: Uuid,
    /// Whether it may be done.
    pub approve: bool,
    /// Who decides.
    pub decided_by: String,
    /// Why; empty for a yes without words.
    pub reason: String,
    /// The version that was looked at; `None` for whatever is there.
    pub expected_version: Option<i64>,
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionOutcome {
    /// It counts. The row is the action after it.
    Decided(Box<ActionRow>),
    /// Somebody else decided, or the action is not at the expected version. The row is the action as it stands.
    Lost {
        /// The action as it stands.
        current: Box<ActionRow>,
    },
    /// Too late: the action was still undecided when it expired.
    Expired(Box<ActionRow>),
    /// There is no such action.
    NotFound,
}

/// Decides. Status, version and expiry (by the database's clock) are checked by the statement that changes them, so of
/// any number of deciders exactly one wins.
///
/// The row is locked before: without, a proposal that is committed between the update and the look at what stood in its
/// way would pass for expired.
pub async fn decide(conn: &mut PgConnection, decision: &Decision) -> Result<DecisionOutcome, StoreError> {
    let known: Option<i32> = sqlx::query_scalar("select 1 from actions where id = $1 for update")
        .bind(decision.action_id)
        .fetch_optional(&mut *conn)
        .await
        .map_err(StoreError::query("look for an action to decide on"))?;
    if known.is_none() {
        return Ok(DecisionOutcome::NotFound);
    }
    let to = if decision.approve { Status::Approved } else { Status::Rejected };
    let decided: Option<ActionRow> = sqlx::query_as(
        "update actions
         set status = $2, version = version + 1, decided_by = $3, decided_at = clock_timestamp(),
             decision_reason = $4, updated_at = clock_timestamp()
         where id = $1 and status = 1 and expires_at > clock_timestamp() and ($5::bigint is null or version = $5)
         returning *",
    )
    .bind(decision.action_id)
    .bind(to.code())
    .bind(&decision.decided_by)
    .bind(&decision.reason)
    .bind(decision.expected_version)
    .fetch_optional(&mut *conn)
    .await
    .map_err(StoreError::query("decide on an action"))?;
    if let Some(row) = decided {
        return Ok(DecisionOutcome::Decided(Box::new(row)));
    }
    let Some(row) = get(conn, decision.action_id).await? else { return Ok(DecisionOutcome::NotFound) };
    let at_expected = decision.expected_version.is_none_or(|version| version == row.version);
    let undecided = row.status == Status::Proposed.code();
    let row = Box::new(row);
    // Undecided, at the version asked for, and still not updated: only the expiry was in the way.
    Ok(if undecided && at_expected {
        DecisionOutcome::Expired(row)
    } else {
        DecisionOutcome::Lost { current: row }
    })
}
