//! `idempotency_keys`: a repeated request gets the answer of the first.

use sqlx::PgConnection;

use crate::StoreError;

/// What a key means for the request that brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has used it: do the work, then [`finish`] in the same transaction.
    New,
    /// The same request was answered before, with this.
    Replay(Vec<u8>),
    /// The key belongs to another request.
    Mismatch,
}

/// Claims a key for a request, identified by a hash of its body. Waits while another transaction holds the key.
pub async fn claim(
    conn: &mut PgConnection,
    scope: &str,
    key: &str,
    request_hash: &[u8],
) -> Result<Claim, StoreError> {
    let claimed = sqlx::query(
        "insert into idempotency_keys (scope, key, request_hash) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(scope)
    .bind(key)
    .bind(request_hash)
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("claim an idempotency key"))?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::New);
    }
    let (hash, response): (Vec<u8>, Option<Vec<u8>>) = sqlx::query_as(
        "select request_hash, response from idempotency_keys where scope = $1 and key = $2 for update",
    )
    .bind(scope)
    .bind(key)
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("read an idempotency key"))?;
    Ok(match response {
        _ if hash != request_hash => Claim::Mismatch,
        Some(response) => Claim::Replay(response),
        // Claimed and committed without an answer: nothing was promised.
        None => Claim::New,
    })
}

/// Records the answer, in the transaction that claimed the key and did the work.
pub async fn finish(
    conn: &mut PgConnection,
    scope: &str,
    key: &str,
    response: &[u8],
) -> Result<(), StoreError> {
    sqlx::query("update idempotency_keys set response = $3 where scope = $1 and key = $2")
        .bind(scope)
        .bind(key)
        .bind(response)
        .execute(conn)
        .await
        .map_err(StoreError::query("record the answer of an idempotency key"))?;
    Ok(())
}
