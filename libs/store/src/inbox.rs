//! `inbox`: which messages a consumer has dealt with.

use sqlx::PgConnection;

use crate::StoreError;

/// Notes the message, in the transaction of its effect. `false` when it was noted before: have no effect, and
/// acknowledge. Waits while another transaction is dealing with the same message.
pub async fn first_time(
    conn: &mut PgConnection,
    consumer: &str,
    message_id: &str,
) -> Result<bool, StoreError> {
    let noted =
        sqlx::query("insert into inbox (consumer, message_id) values ($1, $2) on conflict do nothing")
            .bind(consumer)
            .bind(message_id)
            .execute(conn)
            .await
            .map_err(StoreError::query("note a message in the inbox"))?;
    Ok(noted.rows_affected() == 1)
}
