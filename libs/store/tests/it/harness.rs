//! Starts what a test needs and leaves nothing behind.

use std::time::Duration;

use backing::{Postgres, PostgresOptions};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use store::metrics::{Batch, Row};
use store::{DbConfig, Store};

/// A server of the test's own with an up-to-date schema.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) server: Postgres,
}

impl Database {
    pub(crate) async fn start() -> Self {
        let database = Self::without_schema().await;
        database.store.migrate().await.expect("migrate");
        database
    }

    pub(crate) async fn without_schema() -> Self {
        Self::on(Postgres::ephemeral().await.expect("start PostgreSQL")).await
    }

    /// On a server that keeps what it has committed when it is killed; the others may forget the last moments.
    pub(crate) async fn durable() -> Self {
        let server = Postgres::start(PostgresOptions::default()).await.expect("start PostgreSQL");
        let database = Self::on(server).await;
        database.store.migrate().await.expect("migrate");
        database
    }

    async fn on(server: Postgres) -> Self {
        let store = Store::connect(&config(server.port())).await.expect("connect");
        Self { store, server }
    }

    /// A connection as the owner of the database, past the repositories.
    pub(crate) async fn sql(&self) -> PgConnection {
        PgConnection::connect(&self.server.url()).await.expect("connect")
    }

    pub(crate) async fn superuser(&self) -> PgConnection {
        PgConnection::connect(&self.server.superuser_url()).await.expect("connect as superuser")
    }

    /// A connection as `microcloud sql` makes it.
    pub(crate) async fn reader(&self) -> PgConnection {
        use std::str::FromStr as _;
        let options = sqlx::postgres::PgConnectOptions::from_str(&self.server.url())
            .unwrap()
            .options([("role", "microcloud_reader")]);
        PgConnection::connect_with(&options).await.expect("connect as reader")
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let query = AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query(query).fetch_one(&mut self.sql().await).await.unwrap().get(0)
    }

    /// Writes rows in a transaction of their own.
    pub(crate) async fn write(&self, batch: &Batch) -> u64 {
        let mut tx = self.store.begin().await.unwrap();
        let rows = store::metrics::copy(&mut tx, batch).await.unwrap();
        store::metrics::note(&mut tx, batch).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }
}

pub(crate) fn config(port: u16) -> DbConfig {
    DbConfig {
        host: "127.0.0.1".into(),
        port,
        application: "store-tests".into(),
        max_connections: 12,
        give_up_after: Some(Duration::from_secs(30)),
        ..DbConfig::default()
    }
}

/// Some instant of simulated time, far ahead of the wall clock.
pub(crate) fn start_of_time() -> DateTime<Utc> {
    "2041-05-17T10:00:00Z".parse().unwrap()
}

pub(crate) fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}

/// A value of a service.
pub(crate) fn sample<'a>(service_id: &'a str, metric: &'a str, at: DateTime<Utc>, value: f64) -> Row<'a> {
    Row { time: at, tick: 0, node_id: "", service_id, metric, value, simulation_id: "default" }
}
