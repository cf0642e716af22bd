//! A database, and rows to send.

use std::time::Duration;

use backing::{Postgres, PostgresOptions};
use store::outbox::{self, OutboxMessage};
use store::{DbConfig, Store};

pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) server: Postgres,
}

impl Database {
    pub(crate) async fn start() -> Self {
        Self::on(Postgres::ephemeral().await.unwrap()).await
    }

    /// Keeps what it has committed when it is killed.
    pub(crate) async fn durable() -> Self {
        Self::on(Postgres::start(PostgresOptions::default()).await.unwrap()).await
    }

    async fn on(server: Postgres) -> Self {
        let config = DbConfig {
            host: "127.0.0.1".into(),
            port: server.port(),
            give_up_after: Some(Duration::from_secs(30)),
            ..DbConfig::default()
        };
        let store = Store::connect(&config).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, server }
    }

    /// Commits messages `from..to` of a producer, one transaction each.
    pub(crate) async fn enqueue(&self, producer: &str, numbers: std::ops::Range<u32>) {
        for number in numbers {
            put(&self.store, producer, number).await;
        }
    }

    pub(crate) async fn backlog(&self, producer: &str) -> i64 {
        let producer = producer.to_owned();
        let store = self.store.clone();
        store::retry(|| async {
            let mut conn = store.acquire().await?;
            outbox::backlog(&mut conn, &producer).await
        })
        .await
        .unwrap()
    }

    pub(crate) async fn until_sent(&self, producer: &str) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while self.backlog(producer).await > 0 {
            assert!(tokio::time::Instant::now() < deadline, "the outbox of {producer} is not empty");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Commits one message, whatever it takes.
pub(crate) async fn put(store: &Store, producer: &str, number: u32) {
    let message = message(producer, number);
    store::retry(|| async {
        let mut tx = store.begin().await?;
        outbox::enqueue(&mut tx, producer, &message).await?;
        tx.commit().await
    })
    .await
    .unwrap();
}

pub(crate) fn id(producer: &str, number: u32) -> String {
    format!("{producer}-{number:04}")
}

fn message(producer: &str, number: u32) -> OutboxMessage {
    OutboxMessage {
        id: id(producer, number),
        subject: "ops.actions".into(),
        message_type: "ops.v1.Action".into(),
        simulation_id: "default".into(),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        payload: number.to_be_bytes().to_vec(),
    }
}
