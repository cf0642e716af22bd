use sqlx::{AssertSqlSafe, Executor as _};

use crate::harness::Database;
use crate::seed;

#[tokio::test]
async fn the_reader_sees_the_named_tables_and_views() {
    let database = Database::start().await;
    seed::an_hour(&database).await;
    let mut reader = database.reader().await;
    for name in [
        "metrics",
        "telemetry_clock",
        "incidents",
        "incident_acknowledgements",
        "actions",
        "metrics_1m",
        "metrics_1h",
        "open_incidents",
        "incident_timeline",
        "action_outcomes",
        "mttr",
    ] {
        let rows = reader.fetch_all(AssertSqlSafe(format!("select * from {name} limit 5"))).await.unwrap();
        assert!(!rows.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_reader_can_do_nothing_else() {
    let database = Database::start().await;
    seed::an_hour(&database).await;
    let mut reader = database.reader().await;
    for attempt in [
        "insert into incident_acknowledgements (incident_id, acknowledged_by) values (gen_random_uuid(), 'eve')",
        "update actions set status = 2",
        "delete from incidents",
        "truncate metrics",
        "drop table actions",
        "alter table incidents add column x int",
        "copy (select 1) to program 'true'",
        "copy incident_acknowledgements from program 'true'",
        "copy incident_acknowledgements to '/tmp/stolen'",
        "select pg_read_file('/etc/passwd')",
        "select pg_ls_dir('/')",
        "select lo_import('/etc/passwd')",
        "select * from pg_authid",
        "create table mine (x int)",
        "create temporary table mine (x int)",
        "create function mine() returns int language sql as 'select 1'",
        "create schema mine",
        "create role eve superuser",
        "select * from audit",
        "select * from audit_verify()",
        "select * from inbox",
        "select * from outbox",
        "select * from idempotency_keys",
        "select * from telemetry_progress",
        "select * from agent_state",
        "select * from agent_decisions",
        "select * from agent_cooldowns",
        "select * from _sqlx_migrations",
        "select metrics_drop_expired(interval '0')",
        "select metrics_make_room(now(), now())",
        "select * from metrics for update",
        "set role postgres",
    ] {
        let refusal = reader.execute(attempt).await.expect_err(attempt);
        let code = refusal.as_database_error().and_then(|error| error.code().map(|code| code.to_string()));
        assert_eq!(code.as_deref(), Some("42501"), "{attempt}: {refusal}");
    }
}

#[tokio::test]
async fn reset_role_does_not_lead_out_of_the_role() {
    let database = Database::start().await;
    let mut reader = database.reader().await;
    reader.execute("reset role").await.unwrap();
    assert!(reader.execute("select * from audit").await.is_err());
}
