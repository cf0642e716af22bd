//! The pool, and getting hold of it when the database is still starting.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, Postgres};
use sqlx::{PgConnection, PgPool};

use crate::ask::Login;
use crate::{Flavour, StoreError, Tx, reader, timeseries};

/// Key of the advisory lock under which the schema changes: one service migrates, the others wait and find it done.
const MIGRATION_LOCK: i64 = 0x6d63_5f6d_6967;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Which database, and how patiently.
#[derive(Clone)]
pub struct DbConfig {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Database.
    pub name: String,
    /// User.
    pub user: String,
    /// Password of the user; never shown by `Debug`.
    pub password: String,
    /// Shown by PostgreSQL in `pg_stat_activity`: the service's name.
    pub application: String,
    /// Most connections at a time.
    pub max_connections: u32,
    /// How long a caller waits for a free connection before it is told to try again.
    pub acquire_timeout: Duration,
    /// How long [`Store::connect`] waits for the server; `None` waits for ever.
    pub give_up_after: Option<Duration>,
}

impl Default for DbConfig {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            port: 5432,
            name: "microcloud".into(),
            user: "microcloud".into(),
            password: "microcloud".into(),
            application: "microcloud".into(),
            // Three services share a server whose default is 100.
            max_connections: 8,
            acquire_timeout: Duration::from_secs(5),
            give_up_after: None,
        }
    }
}

impl std::fmt::Debug for DbConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DbConfig")
            .field("address", &self.address())
            .field("user", &self.user)
            .field("password", &"…")
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

impl DbConfig {
    fn address(&self) -> String {
        format!("{}:{}/{}", self.host, self.port, self.name)
    }

    fn options(&self) -> PgConnectOptions {
        // Libpq's variables and .pgpass are not ours: what is not configured is not used.
        PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .database(&self.name)
            .username(&self.user)
            .password(&self.password)
            .application_name(&self.application)
            .options([
                // An idle transaction is a frozen process that holds locks; the relay's publish deadline is 30 s.
                ("idle_in_transaction_session_timeout", "60s"),
                ("lock_timeout", "10s"),
            ])
    }
}

/// The database. Cheap to clone; clones share the pool.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    flavour: Arc<OnceLock<Flavour>>,
    login: Arc<Login>,
}

impl Store {
    /// Connects, waiting with growing pauses (0.1 s to 5 s) while the server is not there, and logging each refusal.
    pub async fn connect(config: &DbConfig) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(config.acquire_timeout)
            .connect_lazy_with(config.options());
        let started = Instant::now();
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(5))
            .with_jitter()
            .without_max_times()
            .build();
        let found = loop {
            let source = match Self::inspect(&pool).await {
                Ok(found) => break found,
                Err(StoreError::Query { source, .. }) if may_come_up(&source) => source,
                Err(StoreError::Query { source, .. }) => {
                    return Err(StoreError::Connect {
                        address: config.address(),
                        waited: started.elapsed(),
                        source,
                    });
                }
                Err(other) => return Err(other),
            };
            let pause = pauses.next().unwrap_or(Duration::from_secs(5));
            if config.give_up_after.is_some_and(|limit| started.elapsed() + pause > limit) {
                return Err(StoreError::Connect {
                    address: config.address(),
                    waited: started.elapsed(),
                    source,
                });
            }
            tracing::warn!(address = config.address(), error = %source, "PostgreSQL is not there yet, waiting");
            tokio::time::sleep(pause).await;
        };
        let flavour = Arc::new(OnceLock::new());
        if let Some(found) = found {
            tracing::info!(flavour = %found, address = config.address(), "connected to the database");
            flavour.get_or_init(|| found);
        }
        let login = Arc::new(Login::new(config.options(), &config.name, &config.password));
        Ok(Self { pool, flavour, login })
    }

    /// Checks the version and, when the schema exists, which flavour it was made as.
    async fn inspect(pool: &PgPool) -> Result<Option<Flavour>, StoreError> {
        let mut conn = pool.acquire().await.map_err(StoreError::query("connect"))?;
        timeseries::check_version(&mut conn).await?;
        timeseries::detect(&mut conn).await
    }

    /// Brings the schema up to date. Every service with a database calls it at start; one does the work.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_to(None).await
    }

    /// As a release did whose newest migration was this one; `None` is the present one.
    async fn migrate_to(&self, newest: Option<i64>) -> Result<(), StoreError> {
        let mut conn = self.acquire().await?;
        // Whatever happens, the lock and the settings below go with this connection.
        conn.close_on_drop();
        sqlx::raw_sql("set lock_timeout = 0")
            .execute(&mut *conn)
            .await
            .map_err(StoreError::query("migrate"))?;
        sqlx::query("select pg_advisory_lock($1)")
            .bind(MIGRATION_LOCK)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::query("wait for another service's migration"))?;
        timeseries::try_extension(&mut conn).await?;
        run_migrations(&mut conn, Some(timeseries::TABLES_MIGRATION)).await?;
        let shaped = timeseries::shape(&mut conn).await?;
        run_migrations(&mut conn, newest).await?;
        if newest.is_none() {
            timeseries::shape_rollups(&mut conn, &shaped).await?;
            reader::set_up(&mut conn, &self.login).await?;
        }
        let flavour = self.flavour.get_or_init(|| shaped);
        tracing::info!(%flavour, "the database schema is up to date");
        Ok(())
    }

    /// Answers when the database does.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1").execute(&self.pool).await.map_err(StoreError::query("ping the database"))?;
        Ok(())
    }

    /// Begins a transaction (read committed, which the compare-and-set statements here are written for).
    pub async fn begin(&self) -> Result<Tx<'static>, StoreError> {
        self.pool.begin().await.map(Tx::new).map_err(StoreError::query("begin a transaction"))
    }

    /// A connection for single statements, which commit at once.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool.acquire().await.map_err(StoreError::query("get a connection"))
    }

    /// What the database can do. Known once the schema exists; plain PostgreSQL until then.
    pub fn flavour(&self) -> Flavour {
        self.flavour.get().cloned().unwrap_or(Flavour::Plain)
    }

    pub(crate) fn login(&self) -> &Login {
        &self.login
    }

    /// Closes every connection; for a tidy shutdown.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The migrations up to a number, or all. `run_direct` because the future of `run` is not `Send` for a connection.
async fn run_migrations(conn: &mut PgConnection, up_to: Option<i64>) -> Result<(), StoreError> {
    MIGRATIONS.run_direct(up_to, conn, false).await.map_err(|source| StoreError::Migrate { source })
}

/// A wrong password or a missing database is a mistake, not a server that is still starting.
fn may_come_up(refusal: &sqlx::Error) -> bool {
    !matches!(refusal, sqlx::Error::Database(error)
        if error.code().is_some_and(|code| code.starts_with("28") || code == "3D000"))
}

#[cfg(test)]
mod upgrade;
