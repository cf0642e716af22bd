//! `audit`: who did what, when and why. Append-only; the database chains the entries and refuses changes.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use crate::StoreError;

/// An entry to append.
#[derive(Debug, Clone, Default)]
pub struct AuditEntry {
    /// Who: an operator's name or a service.
    pub actor: String,
    /// What, for example `action.approve`.
    pub action: String,
    /// Simulation it is about, or empty.
    pub simulation_id: String,
    /// To what, for example an action's id.
    pub subject_id: String,
    /// The subject before, where that makes sense.
    pub before: Option<Value>,
    /// The subject after.
    pub after: Option<Value>,
    /// Why, or empty.
    pub reason: String,
    /// Correlates it with the log, or empty.
    pub trace_id: String,
}

/// An entry as it was recorded.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Recorded {
    /// Place in the chain, from 1 without gaps.
    pub seq: i64,
    /// When (wall clock of the database).
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// Simulation it is about, or empty.
    pub simulation_id: String,
    /// To what.
    pub subject_id: String,
    /// The subject before.
    pub before: Option<Value>,
    /// The subject after.
    pub after: Option<Value>,
    /// Why, or empty.
    pub reason: String,
    /// Correlates it with the log, or empty.
    pub trace_id: String,
}

/// The first place where the chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Broken {
    /// Place in the chain.
    pub seq: i64,
    /// What is wrong there, in words.
    pub problem: String,
}

/// Appends an entry and returns its place. Appends wait for each other until commit: do it last in a transaction.
pub async fn append(conn: &mut PgConnection, entry: &AuditEntry) -> Result<i64, StoreError> {
    // The trigger fills in the columns of the chain; the values given for them here do not count.
    sqlx::query_scalar(
        "insert into audit (seq, at, actor, action, simulation_id, subject_id, before, after, reason, trace_id,
                            previous_hash, hash)
         values (0, clock_timestamp(), $1, $2, $3, $4, $5, $6, $7, $8, '', '') returning seq",
    )
    .bind(&entry.actor)
    .bind(&entry.action)
    .bind(&entry.simulation_id)
    .bind(&entry.subject_id)
    .bind(&entry.before)
    .bind(&entry.after)
    .bind(&entry.reason)
    .bind(&entry.trace_id)
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("append to the audit"))
}

/// What was done to a subject, oldest first, at most 1 000 entries.
pub async fn of_subject(conn: &mut PgConnection, subject_id: &str) -> Result<Vec<Recorded>, StoreError> {
    sqlx::query_as(
        "select seq, at, actor, action, simulation_id, subject_id, before, after, reason, trace_id
         from audit where subject_id = $1 order by seq limit 1000",
    )
    .bind(subject_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the audit"))
}

/// The newest entry about a subject.
pub async fn last_of_subject(
    conn: &mut PgConnection,
    subject_id: &str,
) -> Result<Option<Recorded>, StoreError> {
    sqlx::query_as(
        "select seq, at, actor, action, simulation_id, subject_id, before, after, reason, trace_id
         from audit where subject_id = $1 order by seq desc limit 1",
    )
    .bind(subject_id)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the audit"))
}

/// Checks the whole chain; `None` when nothing was changed, removed or cut off.
pub async fn verify(conn: &mut PgConnection) -> Result<Option<Broken>, StoreError> {
    sqlx::query_as("select seq, problem from audit_verify()")
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("verify the audit"))
}
