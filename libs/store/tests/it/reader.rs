use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _};
use store::ask::{AskError, Question};

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
        "events",
        "incident_notes",
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
        "select * from simulation_events",
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

fn asked(statement: &str) -> Question<'_> {
    Question { statement, max_rows: 3, max_bytes: 1_000, timeout: Duration::from_secs(2) }
}

#[tokio::test]
async fn a_question_is_answered_as_postgresql_writes_it() {
    let database = Database::start().await;
    let statement = "select 1.50::numeric as price, null::text as nothing, 'naïve' as word, now()::timestamptz as at, '{1,2}'::int[] as list;";
    let answer = database.store.ask(&asked(statement)).await.unwrap();
    let columns: Vec<_> =
        answer.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
    assert_eq!(columns[..3], [("price", "numeric"), ("nothing", "text"), ("word", "text")]);
    let texts: Vec<_> = answer.rows[0].iter().map(Option::as_deref).collect();
    assert_eq!(texts[..3], [Some("1.50"), None, Some("naïve")]);
    assert_eq!(texts[4], Some("{1,2}"));
    assert!(!answer.truncated);

    let empty = database.store.ask(&asked("select id from incidents where false")).await.unwrap();
    assert_eq!((empty.columns.len(), empty.rows.len(), empty.truncated), (1, 0, false));
    let cut = database.store.ask(&asked("select generate_series(1, 1000000)")).await.unwrap();
    assert_eq!((cut.rows.len(), cut.truncated), (3, true));
    let wide =
        database.store.ask(&asked("select repeat('x', 600) from generate_series(1, 3)")).await.unwrap();
    assert_eq!((wide.rows.len(), wide.truncated), (1, true));
    let plan = database.store.ask(&asked("explain select * from open_incidents")).await.unwrap();
    assert!(!plan.rows.is_empty());
    assert!(
        database.store.relations().await.unwrap().iter().any(|it| it.name == "open_incidents" && it.view)
    );
}

#[tokio::test]
async fn a_question_changes_nothing_and_ends() {
    let database = Database::start().await;
    for attempt in [
        "delete from incidents",
        "with gone as (delete from actions returning 1) select * from gone",
        "create table mine (x int)",
        "create temporary table mine (x int)",
        "select * from audit",
        "select set_config('role', 'microcloud', true), query_to_xml('select * from audit', true, false, '')",
        "select set_config('transaction_read_only', 'off', true)",
        "copy (select 1) to program 'true'",
        "set role microcloud",
        "set session authorization microcloud",
        "alter role microcloud_asks password 'mine'",
    ] {
        match database.store.ask(&asked(attempt)).await {
            Err(AskError::Forbidden(_) | AskError::Wrong(_)) => {}
            other => panic!("{attempt}: {other:?}"),
        }
    }
    for two in ["select 1; select 2", "commit; drop table actions", "select 1; set statement_timeout = 0"] {
        assert!(matches!(database.store.ask(&asked(two)).await, Err(AskError::Wrong(_))), "{two}");
    }
    // The server's own word for it: what a statement set is gone with its connection.
    database.store.ask(&asked("select pg_advisory_lock(1)")).await.unwrap();
    database.store.ask(&asked("select pg_advisory_lock(1)")).await.unwrap();
    assert!(matches!(database.store.ask(&asked("select pg_sleep(60)")).await, Err(AskError::TooSlow(_))));
    let Err(AskError::Wrong(complaint)) = database.store.ask(&asked("select nothing from metrics")).await
    else {
        panic!("there is no such column");
    };
    assert_eq!(complaint.position, Some(8), "{complaint}");
}

#[tokio::test]
async fn without_the_right_to_make_roles_questions_say_so() {
    let database = Database::without_schema().await;
    database.superuser().await.execute("alter role microcloud nocreaterole").await.unwrap();
    database.store.migrate().await.unwrap();
    assert!(matches!(database.store.ask(&asked("select 1")).await, Err(AskError::Login { .. })));
}
