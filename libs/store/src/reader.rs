//! The role `microcloud_reader`.

use sqlx::PgConnection;

use crate::StoreError;

/// Makes the role and grants it what it may read. Run at every start, because roles belong to the server and may have
/// been missing when the schema was made. Without the right to make roles it warns and goes on.
pub(crate) async fn set_up(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::raw_sql(include_str!("reader.sql"))
        .execute(conn)
        .await
        .map_err(StoreError::query("set up the role microcloud_reader"))?;
    Ok(())
}
