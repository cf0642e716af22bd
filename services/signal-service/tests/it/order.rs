//! Two transactions are at work at a time, and commit in the order of the telemetry.

use sqlx::{Postgres, Transaction};

use crate::stack::Stack;
use crate::telemetry::{Run, rows, run};

/// Ticks of a second of telemetry.
const SECOND: i64 = 20;
/// The watermark of this second waits for the test's lock; those that pass are listed in the order in which they do.
const HELD_S: u64 = 5;
const HOLD: &str = "
    create table passed (position bigserial, tick bigint);
    create function pass() returns trigger language plpgsql as $$
    begin
        if new.tick = 100 then perform pg_advisory_xact_lock(4711); end if;
        insert into passed (tick) values (new.tick);
        return new;
    end $$;
    create trigger pass before insert on telemetry_progress for each row execute function pass()";
/// The process that waits for the lock; an error, -1, when none does.
const WHO_WAITS: &str =
    "select pid::bigint from pg_locks where locktype = 'advisory' and objid = 4711 and not granted";
const COPIED: &str = "select count(*) from pg_stat_activity where application_name = 'signal-service'
                      and state = 'idle in transaction' and query like 'copy metrics%'";

/// A service that cannot commit the held second, and has copied the rows of the one after it.
async fn one_held_and_one_behind(run: Run) -> (Stack, Transaction<'static, Postgres>) {
    let stack = Stack::start().await;
    for second in 0..HELD_S {
        stack.publish(&run.at(second)).await;
    }
    stack.until_stored(run.id, (HELD_S.cast_signed() - 1) * SECOND).await;
    sqlx::raw_sql(HOLD).execute(&stack.sql).await.unwrap();
    let mut lock = stack.sql.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(4711)").execute(&mut *lock).await.unwrap();
    stack.publish(&run.at(HELD_S)).await;
    stack.until("the held second waits", async || stack.count(WHO_WAITS).await > 0).await;
    stack.publish(&run.at(HELD_S + 1)).await;
    stack.until("the second behind it is copied", async || stack.count(COPIED).await == 1).await;
    (stack, lock)
}

#[tokio::test]
async fn what_follows_commits_after_what_came_before_however_often_that_fails() {
    let run = run(1);
    let (stack, lock) = one_held_and_one_behind(run).await;
    let before = (HELD_S.cast_signed() - 1) * SECOND;
    assert_eq!(stack.stored_tick(run.id).await, before);
    for _ in 0..2 {
        let waiting = stack.count(WHO_WAITS).await;
        sqlx::query("select pg_terminate_backend($1::int)").bind(waiting).execute(&stack.sql).await.unwrap();
        stack
            .until("the held second waits again", async || {
                let now = stack.count(WHO_WAITS).await;
                now > 0 && now != waiting
            })
            .await;
        stack.until("the one behind it has let go", async || stack.count(COPIED).await == 0).await;
    }
    stack.publish(&run.at(HELD_S + 2)).await;
    stack.until("the service holds all three", async || stack.in_hand().await >= 3).await;
    assert_eq!(stack.stored_tick(run.id).await, before);
    assert_eq!(stack.count("select count(*) from metrics where tick_id >= 100").await, 0);

    lock.rollback().await.unwrap();
    stack.until_stored(run.id, before + 3 * SECOND).await;
    let expected: i64 = (0..HELD_S + 3).map(|second| rows(&run.at(second))).sum();
    assert_eq!(stack.count("select count(*) from metrics").await, expected);
    let passed: Vec<i64> =
        sqlx::query_scalar("select tick from passed order by position").fetch_all(&stack.sql).await.unwrap();
    assert_eq!(passed, [100, 120, 140]);
}

#[tokio::test]
async fn what_follows_is_not_committed_when_what_came_before_never_is() {
    let run = run(1);
    let (stack, lock) = one_held_and_one_behind(run).await;
    // Somebody else has stored the held second: this service is not the one that writes.
    sqlx::query("update telemetry_progress set tick = 100").execute(&stack.sql).await.unwrap();
    lock.rollback().await.unwrap();
    stack
        .until("the service has ended", async || {
            stack.log().contains("another signal-service")
                && stack
                    .count("select count(*) from pg_stat_activity where application_name = 'signal-service'")
                    .await
                    == 0
        })
        .await;
    assert_eq!(stack.stored_tick(run.id).await, 100);
    assert_eq!(stack.count("select count(*) from metrics where tick_id >= 100").await, 0);
}
