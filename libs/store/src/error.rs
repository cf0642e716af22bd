//! What can go wrong, by operation, and whether trying again can help.

use std::time::Duration;

/// Something the database did not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server could not be reached, or refused the connection, for as long as the configuration allows.
    #[error(
        "no connection to PostgreSQL at {address} after {waited:?}; is it running, and are DB_HOST, DB_PORT, DB_NAME, \
         DB_USER and DB_PASSWORD right?"
    )]
    Connect {
        /// `host:port/database`.
        address: String,
        /// How long it was tried.
        waited: Duration,
        /// The last refusal.
        #[source]
        source: sqlx::Error,
    },
    /// The server is older than the SQL needs.
    #[error(
        "PostgreSQL {found} is too old; install PostgreSQL {needed} or newer and point DB_HOST and DB_PORT at it"
    )]
    TooOld {
        /// What the server calls itself.
        found: String,
        /// Oldest major version that works.
        needed: i32,
    },
    /// The schema could not be brought up to date.
    #[error("the database schema could not be migrated")]
    Migrate {
        /// What the migration stumbled over.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("could not {operation}")]
    Query {
        /// What was attempted, as a verb phrase.
        operation: &'static str,
        /// What the server or the connection said.
        #[source]
        source: sqlx::Error,
    },
}

impl StoreError {
    /// For `map_err`: names the operation that failed.
    pub(crate) fn query(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Query { operation, source }
    }

    /// Whether the same transaction, begun anew, can succeed: the connection broke, the server is restarting, the
    /// pool was empty for too long, or another transaction got in the way.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { source, .. } | Self::Query { source, .. } => is_transient(source),
            Self::Migrate { source } => {
                matches!(source, sqlx::migrate::MigrateError::Execute(source) if is_transient(source))
            }
            Self::TooOld { .. } => false,
        }
    }
}

/// SQLSTATE classes and codes after which a new attempt is worth it (PostgreSQL manual, appendix A).
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed
        // sqlx reports a connection that closed in the middle of an answer as a protocol error.
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| {
            let class = code.get(..2).unwrap_or_default();
            // 08 connection, 53 out of resources, 40 serialization failure and deadlock.
            matches!(class, "08" | "53" | "40")
                // lock not available; administrator shutdown, crash, starting up; idle transaction ended.
                || matches!(&*code, "55P03" | "57P01" | "57P02" | "57P03" | "25P03")
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(source: sqlx::Error) -> StoreError {
        StoreError::Query { operation: "test", source }
    }

    #[test]
    fn a_broken_connection_is_worth_another_try() {
        assert!(failed(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())).is_transient());
        assert!(failed(sqlx::Error::PoolTimedOut).is_transient());
    }

    #[test]
    fn a_mistake_in_a_statement_is_not() {
        assert!(!failed(sqlx::Error::RowNotFound).is_transient());
        assert!(!StoreError::TooOld { found: "14.2".into(), needed: 15 }.is_transient());
    }
}
