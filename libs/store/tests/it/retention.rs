use std::time::Duration;

use sqlx::Executor as _;
use store::metrics::{Batch, Row};
use store::outbox::{self, OutboxMessage};
use store::{Keep, Swept};

use crate::harness::{Database, sample, seconds, start_of_time};

const DAY: Duration = Duration::from_secs(24 * 3600);
const KEEP: Keep = Keep { rows: DAY, minutes: DAY.saturating_mul(7), hours: DAY.saturating_mul(90) };

/// Retention as it goes on in a service: nothing is dropped that is not rolled up.
async fn sweep(database: &Database) -> Swept {
    while database.store.roll_up().await.unwrap().more {}
    database.store.enforce_retention(KEEP).await.unwrap()
}

fn hourly(batch: &mut Batch, simulation_id: &str, hours: std::ops::Range<i64>) {
    for hour in hours {
        let at = start_of_time() + seconds(hour * 3600);
        batch.push(&Row { simulation_id, ..sample("checkout", "error_rate", at, 1.0) }).unwrap();
    }
}

async fn stored(database: &Database, simulation_id: &str) -> Vec<i64> {
    sqlx::query_scalar(
        "select (extract(epoch from time - $2) / 3600)::bigint from metrics where simulation_id = $1 order by time",
    )
    .bind(simulation_id)
    .bind(start_of_time())
    .fetch_all(&mut database.sql().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn whole_partitions_go_and_nothing_younger() {
    let database = Database::start().await;
    println!("flavour: {}", database.store.flavour());
    let mut batch = Batch::new();
    hourly(&mut batch, "default", 0..100);
    database.write(&batch).await;
    let swept = sweep(&database).await;
    assert!(!swept.metrics.is_empty());
    let left = stored(&database, "default").await;
    assert!(left.contains(&75), "24 h before the latest row at hour 99 everything is there: {left:?}");
    assert_eq!(left, (left[0]..100).collect::<Vec<_>>());
    assert!(left[0] > 75 - 12, "at most a partition more than asked for: {left:?}");
    assert!(sweep(&database).await.metrics.is_empty(), "nothing to do twice");
}

#[tokio::test]
async fn a_simulation_that_stands_still_keeps_its_last_day() {
    let database = Database::start().await;
    let mut batch = Batch::new();
    hourly(&mut batch, "finished", 0..30);
    hourly(&mut batch, "default", 0..100);
    database.write(&batch).await;
    sweep(&database).await;
    let left = stored(&database, "finished").await;
    assert!(left.contains(&5) && left.contains(&29), "{left:?}");
}

#[tokio::test]
async fn rows_without_a_partition_expire_too() {
    let database = Database::start().await;
    let mut sql = database.sql().await;
    let mut batch = Batch::new();
    hourly(&mut batch, "default", 90..100);
    database.write(&batch).await;
    sql.execute(
        "insert into metrics (time, tick_id, node_id, service_id, metric_name, metric_value, simulation_id)
         values ('2039-01-01Z', 1, '', 'checkout', 'error_rate', 1, 'default')",
    )
    .await
    .unwrap();
    sweep(&database).await;
    assert_eq!(database.count("metrics").await, 10);
}

#[tokio::test]
async fn sent_messages_and_notes_go_when_nothing_can_need_them() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    for id in ["old", "fresh", "unsent"] {
        let message = OutboxMessage {
            id: id.into(),
            subject: "ops.actions".into(),
            message_type: "ops.v1.Action".into(),
            simulation_id: "default".into(),
            traceparent: None,
            payload: Vec::new(),
        };
        outbox::enqueue(&mut conn, "orchestrator", &message).await.unwrap();
        store::inbox::first_time(&mut conn, "orchestrator", id).await.unwrap();
        store::idempotency::claim(&mut conn, "approve", id, b"hash").await.unwrap();
    }
    conn.execute(
        "update outbox set sent_at = now() - interval '8 days' where message_id = 'old';
         update outbox set sent_at = now() - interval '6 days' where message_id = 'fresh';
         update outbox set created_at = now() - interval '90 days' where message_id = 'unsent';
         update inbox set received_at = now() - interval '91 days' where message_id = 'old';
         update inbox set received_at = now() - interval '61 days' where message_id = 'fresh';
         update idempotency_keys set created_at = now() - interval '8 days' where key = 'old'",
    )
    .await
    .unwrap();
    let swept = sweep(&database).await;
    assert_eq!((swept.outbox, swept.inbox, swept.idempotency_keys), (1, 1, 1));
    assert_eq!(database.count("outbox where message_id in ('fresh', 'unsent')").await, 2);
    assert_eq!(database.count("inbox where message_id in ('fresh', 'unsent')").await, 2);
}
