//! The one place that knows whether TimescaleDB is there.
//!
//! Both flavours have the same tables, views and queries. What differs is how the tables that grow with simulated time
//! are cut in pieces, and SQL functions of the same names that make room for a batch and drop what has expired.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::StoreError;

/// Oldest major version of PostgreSQL with everything that the SQL here uses.
pub const OLDEST_POSTGRESQL: i32 = 15;

/// The migration that makes metrics, incidents and actions.
pub(crate) const TABLES_MIGRATION: i64 = 1;

/// What the database can do with time series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flavour {
    /// TimescaleDB: hypertables, compression under the Timescale licence.
    Timescale {
        /// Version of the extension.
        version: String,
        /// Which of its two builds.
        licence: Licence,
    },
    /// PostgreSQL alone: range partitions of metrics.
    Plain,
}

/// The two builds of TimescaleDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Licence {
    /// Hypertables only.
    Apache,
    /// Compression too.
    Timescale,
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timescale { version, licence: Licence::Apache } => {
                write!(f, "TimescaleDB {version} (Apache licence: no compression)")
            }
            Self::Timescale { version, licence: Licence::Timescale } => {
                write!(f, "TimescaleDB {version} (Timescale licence)")
            }
            Self::Plain => f.write_str("plain PostgreSQL (partitions)"),
        }
    }
}

/// Refuses a server that is too old, with what to do.
pub(crate) async fn check_version(conn: &mut PgConnection) -> Result<(), StoreError> {
    let (number, found): (i32, String) = sqlx::query_as(
        "select current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("ask for the server's version"))?;
    if number / 10_000 < OLDEST_POSTGRESQL {
        return Err(StoreError::TooOld { found, needed: OLDEST_POSTGRESQL });
    }
    Ok(())
}

/// The flavour of an existing schema, by what `metrics` really is; `None` when there is no schema yet.
pub(crate) async fn detect(conn: &mut PgConnection) -> Result<Option<Flavour>, StoreError> {
    let kind: Option<String> =
        sqlx::query_scalar("select relkind::text from pg_class where oid = to_regclass('metrics')")
            .fetch_optional(&mut *conn)
            .await
            .map_err(StoreError::query("look at the table metrics"))?;
    Ok(match kind.as_deref() {
        None => None,
        Some("p") => Some(Flavour::Plain),
        Some(_) => extension(conn).await?,
    })
}

/// The installed extension, or none.
async fn extension(conn: &mut PgConnection) -> Result<Option<Flavour>, StoreError> {
    let found: Option<(String, Option<String>)> = sqlx::query_as(
        "select extversion, current_setting('timescaledb.license', true) from pg_extension where extname = 'timescaledb'",
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("look for TimescaleDB"))?;
    Ok(found.map(|(version, licence)| {
        let licence =
            if licence.as_deref() == Some("timescale") { Licence::Timescale } else { Licence::Apache };
        Flavour::Timescale { version, licence }
    }))
}

/// Creates the extension when the server has it loaded and nothing is stored yet. Not being allowed to is no error:
/// plain PostgreSQL does.
pub(crate) async fn try_extension(conn: &mut PgConnection) -> Result<(), StoreError> {
    // The library must be preloaded: creating the extension without it ends the connection. Its settings tell.
    let possible: bool = sqlx::query_scalar(
        "select to_regclass('metrics') is null
            and exists (select from pg_available_extensions
                        where name = 'timescaledb' and installed_version is null)
            and exists (select from pg_settings where name like 'timescaledb%')",
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(StoreError::query("look for TimescaleDB"))?;
    if possible
        && let Err(error) =
            sqlx::query("create extension if not exists timescaledb").execute(&mut *conn).await
    {
        tracing::warn!(%error, "TimescaleDB is installed but could not be enabled; \
            run `create extension timescaledb` as a superuser before the first start to use it");
    }
    Ok(())
}

/// Cuts the tables in pieces, the way the database can, and (re)defines the two functions. Does nothing twice.
pub(crate) async fn shape(conn: &mut PgConnection) -> Result<Flavour, StoreError> {
    let partitioned = detect(conn).await? == Some(Flavour::Plain);
    // A database that began as plain stays plain when the extension appears later.
    let flavour = if partitioned { Flavour::Plain } else { extension(conn).await?.unwrap_or(Flavour::Plain) };
    let script = match flavour {
        Flavour::Timescale { .. } => include_str!("timeseries/timescale.sql"),
        Flavour::Plain => include_str!("timeseries/plain.sql"),
    };
    sqlx::raw_sql(script).execute(conn).await.map_err(StoreError::query("prepare the time-series tables"))?;
    Ok(flavour)
}

/// As [`shape`], for the roll-ups, which later migrations make.
pub(crate) async fn shape_rollups(conn: &mut PgConnection, flavour: &Flavour) -> Result<(), StoreError> {
    let script = match flavour {
        Flavour::Timescale { .. } => include_str!("timeseries/timescale_rollups.sql"),
        Flavour::Plain => include_str!("timeseries/plain_rollups.sql"),
    };
    sqlx::raw_sql(script).execute(conn).await.map_err(StoreError::query("prepare the roll-ups"))?;
    Ok(())
}

/// Makes sure that rows of this span of simulated time have somewhere to go.
pub(crate) async fn make_room(
    conn: &mut PgConnection,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("select metrics_make_room($1, $2)")
        .bind(first)
        .bind(last)
        .execute(conn)
        .await
        .map_err(StoreError::query("make room for metrics"))?;
    Ok(())
}

/// Drops the pieces of `metrics` that hold nothing younger than `keep_s` simulated seconds; returns their names.
pub(crate) async fn drop_expired(conn: &mut PgConnection, keep_s: f64) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar("select metrics_drop_expired(make_interval(secs => $1))")
        .bind(keep_s)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("drop expired metrics"))
}

/// Drops the roll-ups that are older than this before their simulation's latest time; returns how many rows or chunks.
pub(crate) async fn drop_expired_rollups(
    conn: &mut PgConnection,
    keep_minutes_s: f64,
    keep_hours_s: f64,
) -> Result<i64, StoreError> {
    sqlx::query_scalar("select rollups_drop_expired(make_interval(secs => $1), make_interval(secs => $2))")
        .bind(keep_minutes_s)
        .bind(keep_hours_s)
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("drop expired roll-ups"))
}
