//! The role `microcloud_reader`, and the login that is only that.

use sqlx::PgConnection;

use crate::StoreError;
use crate::ask::Login;

/// Makes role and login and grants it what it may read. Run at every start, because roles belong to the server and may have
/// been missing when the schema was made. Without the right to make roles it warns and goes on.
pub(crate) async fn set_up(conn: &mut PgConnection, login: &Login) -> Result<(), StoreError> {
    sqlx::raw_sql(include_str!("reader.sql"))
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("set up the role microcloud_reader"))?;
    let failed = || StoreError::query("set up the login for questions in SQL");
    sqlx::query("select set_config('microcloud.asks_login', $1, false), set_config('microcloud.asks_password', $2, false)")
        .bind(&login.name)
        .bind(&login.password)
        .execute(&mut *conn)
        .await
        .map_err(failed())?;
    sqlx::raw_sql(include_str!("asks.sql")).execute(conn).await.map_err(failed())?;
    Ok(())
}
