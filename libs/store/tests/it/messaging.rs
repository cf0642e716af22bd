use sqlx::Executor as _;
use store::outbox::OutboxMessage;
use store::{inbox, outbox};

use crate::harness::Database;

fn message(id: &str) -> OutboxMessage {
    OutboxMessage {
        id: id.into(),
        subject: "ops.commands".into(),
        message_type: "ops.v1.ApplyActionCommand".into(),
        simulation_id: "default".into(),
        traceparent: None,
        payload: vec![1, 2, 3],
    }
}

async fn claimed_ids(database: &Database, producer: &str) -> Vec<String> {
    let mut tx = database.store.begin().await.unwrap();
    let rows = outbox::claim(&mut tx, producer, 100).await.unwrap();
    tx.rollback().await.unwrap();
    rows.into_iter().map(|row| row.message_id).collect()
}

#[tokio::test]
async fn a_message_is_dealt_with_once_by_each_consumer() {
    let database = Database::start().await;
    let mut tries = Vec::new();
    for _ in 0..10 {
        let store = database.store.clone();
        tries.push(tokio::spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let first = inbox::first_time(&mut tx, "orchestrator", "m-1").await.unwrap();
            tx.commit().await.unwrap();
            first
        }));
    }
    let mut effects = 0;
    for one in tries {
        effects += u32::from(one.await.unwrap());
    }
    assert_eq!(effects, 1);
    let mut conn = database.store.acquire().await.unwrap();
    assert!(inbox::first_time(&mut conn, "agent-service", "m-1").await.unwrap());
}

#[tokio::test]
async fn a_rolled_back_effect_can_happen_later() {
    let database = Database::start().await;
    let mut tx = database.store.begin().await.unwrap();
    assert!(inbox::first_time(&mut tx, "orchestrator", "m-1").await.unwrap());
    tx.rollback().await.unwrap();
    let mut conn = database.store.acquire().await.unwrap();
    assert!(inbox::first_time(&mut conn, "orchestrator", "m-1").await.unwrap());
}

#[tokio::test]
async fn messages_leave_in_order_and_only_their_producers() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    for id in ["a", "b", "c"] {
        assert!(outbox::enqueue(&mut conn, "orchestrator", &message(id)).await.unwrap());
    }
    assert!(!outbox::enqueue(&mut conn, "orchestrator", &message("a")).await.unwrap(), "one id, one row");
    outbox::enqueue(&mut conn, "signal-service", &message("x")).await.unwrap();
    assert_eq!(claimed_ids(&database, "orchestrator").await, ["a", "b", "c"]);
    assert_eq!(claimed_ids(&database, "signal-service").await, ["x"]);
    let mut tx = database.store.begin().await.unwrap();
    let rows = outbox::claim(&mut tx, "orchestrator", 2).await.unwrap();
    outbox::mark_sent(&mut tx, &[(rows[0].position, 41), (rows[1].position, 42)]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(claimed_ids(&database, "orchestrator").await, ["c"]);
    assert_eq!(outbox::backlog(&mut conn, "orchestrator").await.unwrap(), 1);
    let since = chrono::Utc::now() - chrono::TimeDelta::minutes(5);
    let sent = outbox::sent_since(&mut conn, "ops.commands", since).await.unwrap();
    assert_eq!((sent.messages, sent.last_stream_sequence), (2, Some(42)));
}

#[tokio::test]
async fn two_relays_of_one_producer_do_not_overtake_each_other() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    outbox::enqueue(&mut conn, "orchestrator", &message("a")).await.unwrap();
    outbox::enqueue(&mut conn, "orchestrator", &message("b")).await.unwrap();
    let mut first = database.store.begin().await.unwrap();
    assert_eq!(outbox::claim(&mut first, "orchestrator", 1).await.unwrap().len(), 1);
    assert!(claimed_ids(&database, "orchestrator").await.is_empty(), "b waits behind a");
    first.rollback().await.unwrap();
    assert_eq!(claimed_ids(&database, "orchestrator").await, ["a", "b"]);
}

#[tokio::test]
async fn a_row_that_commits_late_is_sent_all_the_same() {
    let database = Database::start().await;
    let mut late = database.store.begin().await.unwrap();
    outbox::enqueue(&mut late, "orchestrator", &message("late")).await.unwrap();
    let mut conn = database.store.acquire().await.unwrap();
    outbox::enqueue(&mut conn, "orchestrator", &message("early")).await.unwrap();
    let mut tx = database.store.begin().await.unwrap();
    let rows = outbox::claim(&mut tx, "orchestrator", 100).await.unwrap();
    assert_eq!(rows.len(), 1);
    outbox::mark_sent(&mut tx, &[(rows[0].position, 1)]).await.unwrap();
    tx.commit().await.unwrap();
    late.commit().await.unwrap();
    assert_eq!(claimed_ids(&database, "orchestrator").await, ["late"]);
    conn.execute("select 1").await.unwrap();
}
