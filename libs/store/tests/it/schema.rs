use std::time::{Duration, Instant};

use backing::{Postgres, PostgresOptions};
use sqlx::{Executor as _, Row as _};
use store::{DbConfig, Flavour, Store, StoreError};

use crate::harness::{Database, config};

#[tokio::test]
async fn three_services_that_start_together_make_one_schema() {
    let database = Database::without_schema().await;
    let mut services = Vec::new();
    for _ in 0..3 {
        let port = database.server.port();
        services.push(tokio::spawn(async move {
            let store = Store::connect(&config(port)).await.unwrap();
            store.migrate().await
        }));
    }
    for service in services {
        service.await.unwrap().unwrap();
    }
    database.store.migrate().await.unwrap();
    println!("flavour: {}", database.store.flavour());
}

#[tokio::test]
async fn the_flavour_is_what_the_tables_are() {
    let database = Database::start().await;
    let flavour = Store::connect(&config(database.server.port())).await.unwrap().flavour();
    println!("flavour: {flavour}");
    assert_eq!(flavour, database.store.flavour());
    let mut sql = database.sql().await;
    match flavour {
        Flavour::Plain => {
            let kind: String = sql
                .fetch_one("select relkind::text from pg_class where oid = 'metrics'::regclass")
                .await
                .unwrap()
                .get(0);
            assert_eq!(kind, "p", "metrics is partitioned");
        }
        Flavour::Timescale { .. } => {
            let tables: i64 = sql
                .fetch_one(
                    "select count(*) from timescaledb_information.hypertables
                            where hypertable_name in ('metrics', 'incidents', 'actions')",
                )
                .await
                .unwrap()
                .get(0);
            assert_eq!(tables, 3);
        }
    }
}

#[tokio::test]
async fn connecting_waits_for_a_server_that_is_still_starting() {
    let port = backing::free_port().unwrap();
    let waiting = tokio::spawn(async move { Store::connect(&config(port)).await });
    let _server = Postgres::start(PostgresOptions {
        port: Some(port),
        unsafe_but_fast: true,
        ..PostgresOptions::default()
    })
    .await
    .unwrap();
    waiting.await.unwrap().unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_told_at_once_and_not_waited_for() {
    let database = Database::without_schema().await;
    let asked = Instant::now();
    let wrong =
        DbConfig { password: "canary-secret".into(), give_up_after: None, ..config(database.server.port()) };
    let error = Store::connect(&wrong).await.unwrap_err();
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(error.to_string().contains("DB_PASSWORD"), "{error}");
    assert!(!format!("{error:?} {wrong:?}").contains("canary-secret"));
}

#[tokio::test]
async fn giving_up_says_where_it_was_tried() {
    let nobody = DbConfig { give_up_after: Some(Duration::from_millis(300)), ..config(1) };
    let error = Store::connect(&nobody).await.unwrap_err();
    assert!(matches!(error, StoreError::Connect { .. }));
    assert!(error.to_string().contains("127.0.0.1:1/microcloud"), "{error}");
    assert!(error.is_transient());
}
