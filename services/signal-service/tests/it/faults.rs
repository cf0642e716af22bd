use std::time::Duration;

use crate::stack::Stack;
use crate::telemetry::{rows, run};

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
            30 => stack.postgres.restart().await.unwrap(),
            60 => stack.postgres.kill().await.unwrap(),
            // Away while telemetry arrives.
            80 => stack.postgres.restart().await.unwrap(),
            _ => {}
        }
    }
    stack.until_stored(run.id, 119 * 20).await;
    assert_eq!(stack.count("select count(*) from metrics").await, expected);
    assert_eq!(
        stack
            .count("select count(*) - count(distinct (time, service_id, node_id, metric_name)) from metrics")
            .await,
        0
    );
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
        if second == 40 || second == 90 {
            stack.nats.kill().await.unwrap();
            stack.nats.restart().await.unwrap();
        }
    }
    stack.until_stored(run.id, 119 * 20).await;
    assert_eq!(stack.count("select count(*) from metrics").await, expected);
    assert_eq!(
        stack
            .count("select count(*) - count(distinct (time, service_id, node_id, metric_name)) from metrics")
            .await,
        0
    );
    let told = stack.told().await;
    assert!(told.len() >= 3, "{told:?}");
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
    stack.postgres.restart().await.unwrap();
    stack.start_service().await;
    stack.until_stored(run.id, 20).await;
    assert_eq!(stack.count("select count(*) from metrics").await, rows(&run.at(0)) + rows(&run.at(1)));
}
