use std::time::Duration;

use crate::stack::Stack;
use crate::telemetry::{rows, run};

const DOUBLED: &str =
    "select count(*) - count(distinct (time, service_id, node_id, metric_name)) from metrics";

#[tokio::test]
async fn postgres_restarting_mid_stream_loses_and_doubles_nothing() {
    let mut stack = Stack::start().await;
    let run = run(1);
    let mut expected = 0;
    for second in 0..120 {
        let snapshot = run.at(second);
        expected += rows(&snapshot);
        stack.publish(&snapshot).await;
        match second {
            0 => stack.until_stored(run.id, 0).await,
            60 => stack.postgres.kill().await.unwrap(),
            // The second time it was away while telemetry arrived.
            30 | 80 => stack.restart_postgres().await,
            _ => {}
        }
    }
    stack.until_stored(run.id, 119 * 20).await;
    assert_eq!(stack.count("select count(*) from metrics").await, expected);
    assert_eq!(stack.count(DOUBLED).await, 0);
    let told = stack.told().await;
    assert!(told.len() >= 3, "{told:?}");
}

#[tokio::test]
async fn nats_restarting_mid_stream_loses_and_doubles_nothing() {
    let mut stack = Stack::start().await;
    let run = run(1);
    let mut expected = 0;
    for second in 0..120 {
        let snapshot = run.at(second);
        expected += rows(&snapshot);
        stack.publish(&snapshot).await;
        if second == 0 {
            // Up: a server that goes away while a service starts makes it exit, for its supervisor to start it again.
            stack.until_stored(run.id, 0).await;
        }
        if second == 40 || second == 90 {
            stack.nats.stop().await.unwrap();
            stack.nats.restart().await.unwrap();
        }
    }
    stack.until_stored(run.id, 119 * 20).await;
    assert_eq!(stack.count("select count(*) from metrics").await, expected);
    assert_eq!(stack.count(DOUBLED).await, 0);
    let told = stack.told().await;
    assert!(told.len() >= 3, "{told:?}");
}

/// The stream of telemetry is allowed to lose its last moments when the server is killed; the service must store what is
/// left, once, and go on.
#[tokio::test]
async fn whatever_a_killed_nats_has_left_is_stored_once() {
    let mut stack = Stack::start().await;
    let run = run(1);
    for second in 0..120 {
        stack.publish(&run.at(second)).await;
        if second == 0 {
            stack.until_stored(run.id, 0).await;
        }
        if second == 40 || second == 90 {
            stack.nats.kill().await.unwrap();
            stack.nats.restart().await.unwrap();
        }
    }
    stack.until_stored(run.id, 119 * 20).await;
    assert_eq!(stack.count(DOUBLED).await, 0);
    let stored: Vec<i64> =
        sqlx::query_scalar("select distinct tick_id from metrics").fetch_all(&stack.sql).await.unwrap();
    for tick in stack.ticks_in_stream().await {
        assert!(stored.contains(&tick), "tick {tick} is in the stream but not in the table");
    }
}

#[tokio::test]
async fn the_service_stops_when_asked_even_without_a_database() {
    let mut stack = Stack::start().await;
    let run = run(1);
    stack.publish(&run.at(0)).await;
    stack.until_stored(run.id, 0).await;
    stack.postgres.kill().await.unwrap();
    stack.publish(&run.at(1)).await;
    tokio::time::timeout(Duration::from_secs(10), stack.stop_service()).await.expect("it drains and goes");
    stack.restart_postgres().await;
    stack.start_service().await;
    stack.until_stored(run.id, 20).await;
    assert_eq!(stack.count("select count(*) from metrics").await, rows(&run.at(0)) + rows(&run.at(1)));
}
