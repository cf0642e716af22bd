//! `budgets`: how much of something may be done in a time, approvals without a person for example. Buckets of tokens, refilled by the
//! database's clock, so that neither a restart nor a second orchestrator fills them.

use sqlx::PgConnection;

use crate::StoreError;

/// A bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// What it is for.
    pub scope: &'static str,
    /// Tokens when it is full.
    pub capacity: f64,
    /// Tokens that come back a minute.
    pub per_minute: f64,
}

/// Takes a token, in the transaction of what it is taken for; `false` when there is none.
pub async fn take(conn: &mut PgConnection, bucket: Bucket) -> Result<bool, StoreError> {
    let Bucket { scope, capacity, per_minute } = bucket;
    let taken = sqlx::query(
        "insert into budgets as b (scope, tokens, as_of) values ($1, $2 - 1, clock_timestamp())
         on conflict (scope) do update
         set tokens = least($2, b.tokens + extract(epoch from clock_timestamp() - b.as_of) / 60 * $3) - 1,
             as_of = clock_timestamp()
         where least($2, b.tokens + extract(epoch from clock_timestamp() - b.as_of) / 60 * $3) >= 1",
    )
    .bind(scope)
    .bind(capacity)
    .bind(per_minute)
    .execute(conn)
    .await
    .map_err(StoreError::query("take from a budget"))?;
    Ok(taken.rows_affected() == 1)
}
