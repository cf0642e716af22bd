//! `agents`: who may propose. Written by the orchestrator alone.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentRow {
    /// Derived from its name.
    pub id: Uuid,
    /// Unique for ever.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Its own version.
    pub version: String,
    /// Whether it ships with Microcloud.
    pub built_in: bool,
    /// When it was registered first.
    pub registered_at: DateTime<Utc>,
    /// When the token in force was issued.
    pub token_issued_at: Option<DateTime<Utc>>,
    /// Since when it may do nothing.
    pub retired_at: Option<DateTime<Utc>>,
    /// Who said so, or empty.
    pub retired_by: String,
    /// Why, or empty.
    pub retire_reason: String,
}

/// What an agent says about itself.
#[derive(Debug, Clone, Copy)]
pub struct Card<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it does.
    pub description: &'a str,
    /// Its own version.
    pub version: &'a str,
}

/// Everything but the hash of the token, which never leaves the table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, name, description, version, built_in, registered_at, token_issued_at, retired_at, retired_by, \
             retire_reason from agents ",
            $rest
        )
    };
}

/// Makes registrations wait for each other until the transaction ends, so that the limit on their number holds.
pub async fn lock(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('agents', 0))")
        .execute(conn)
        .await
        .map_err(StoreError::query("lock the agents"))?;
    Ok(())
}

/// Registers an agent; `false` when the name is taken.
pub async fn register(
    conn: &mut PgConnection,
    id: Uuid,
    card: Card<'_>,
    token_hash: &[u8],
) -> Result<bool, StoreError> {
    let registered = sqlx::query(
        "insert into agents (id, name, description, version, token_hash, token_issued_at)
         values ($1, $2, $3, $4, $5, clock_timestamp()) on conflict do nothing",
    )
    .bind(id)
    .bind(card.name)
    .bind(card.description)
    .bind(card.version)
    .bind(token_hash)
    .execute(conn)
    .await
    .map_err(StoreError::query("register an agent"))?;
    Ok(registered.rows_affected() == 1)
}

/// Describes an agent anew and replaces its token, if the old one is in force; `false` otherwise.
pub async fn renew(
    conn: &mut PgConnection,
    card: Card<'_>,
    old_hash: &[u8],
    token_hash: &[u8],
) -> Result<bool, StoreError> {
    let renewed = sqlx::query(
        "update agents set description = $2, version = $3, token_hash = $5, token_issued_at = clock_timestamp()
         where name = $1 and token_hash = $4 and retired_at is null",
    )
    .bind(card.name)
    .bind(card.description)
    .bind(card.version)
    .bind(old_hash)
    .bind(token_hash)
    .execute(conn)
    .await
    .map_err(StoreError::query("renew an agent's token"))?;
    Ok(renewed.rows_affected() == 1)
}

/// Ends an agent; `false` when it had ended, ships with Microcloud, or is not there.
pub async fn retire(conn: &mut PgConnection, name: &str, by: &str, reason: &str) -> Result<bool, StoreError> {
    let retired = sqlx::query(
        "update agents set token_hash = null, retired_at = clock_timestamp(), retired_by = $2, retire_reason = $3
         where name = $1 and retired_at is null and not built_in",
    )
    .bind(name)
    .bind(by)
    .bind(reason)
    .execute(conn)
    .await
    .map_err(StoreError::query("retire an agent"))?;
    Ok(retired.rows_affected() == 1)
}

/// The agent of that name, retired or not.
pub async fn by_name(conn: &mut PgConnection, name: &str) -> Result<Option<AgentRow>, StoreError> {
    sqlx::query_as(select!("where name = $1"))
        .bind(name)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read an agent"))
}

/// The agent whose token in force has this hash.
pub async fn by_token(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<AgentRow>, StoreError> {
    sqlx::query_as(select!("where token_hash = $1 and retired_at is null"))
        .bind(token_hash)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read an agent by its token"))
}

/// Agents by name, at most 1 000.
pub async fn list(conn: &mut PgConnection, retired_too: bool) -> Result<Vec<AgentRow>, StoreError> {
    sqlx::query_as(select!("where $1 or retired_at is null order by name limit 1000"))
        .bind(retired_too)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the agents"))
}

/// Agents that are not retired, without the one that ships.
pub async fn count(conn: &mut PgConnection) -> Result<i64, StoreError> {
    sqlx::query_scalar("select count(*) from agents where retired_at is null and not built_in")
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("count the agents"))
}
