//! Approvals and the kill switch: whoever approves holds the gate open until its transaction ends, and whoever calls back what was
//! approved waits until nobody does. Then every approval that began before has its command in the outbox, and every later one
//! finds automation paused.

use sqlx::PgConnection;

use crate::StoreError;

/// Holds the gate open until the transaction ends, beside any number of others. Look at the switch after it.
pub async fn enter(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("select pg_advisory_xact_lock_shared(hashtextextended('approvals', 0))")
        .execute(conn)
        .await
        .map(drop)
        .map_err(StoreError::query("enter the gate of approvals"))
}

/// Waits until nobody holds the gate open, and keeps it shut until the transaction ends.
pub async fn shut(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('approvals', 0))")
        .execute(conn)
        .await
        .map(drop)
        .map_err(StoreError::query("shut the gate of approvals"))
}
