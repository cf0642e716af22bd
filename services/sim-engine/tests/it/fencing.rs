//! Two engines for one simulation: only one of them writes.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::engine::{Cloud, PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_engine_says_that_there_is_one_and_ends() {
    let cloud = Cloud::start().await;
    let first = cloud.engine().playing("5").start().await;
    let (status, log) = cloud.engine().run_to_the_end().await;
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("another sim-engine"), "{log}");
    let tick = first.state().await.tick;
    first.wait_until("the first one unharmed", |state| state.tick > tick + 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_was_frozen_gives_way_to_the_one_that_took_over() {
    let cloud = Cloud::start().await;
    let mut frozen = cloud.engine().start().await;
    frozen.call("Step", json!({"ticks": 100})).await;
    frozen.process.freeze();
    let second = cloud.engine().start().await;
    assert_eq!(second.state().await.tick, 100, "it goes on where the first one was");
    second.call("Step", json!({"ticks": 50})).await;
    frozen.process.thaw();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = frozen.process.try_wait().unwrap() {
            break status;
        }
        assert!(started.elapsed() < PATIENCE, "the first one goes on:\n{}", frozen.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.code(), Some(1));
    assert!(frozen.log().contains("another sim-engine writes the journal"), "{}", frozen.log());
    second.call("Step", json!({"ticks": 50})).await;
    let ticks: Vec<u64> = cloud.samples().await.iter().map(|sample| sample.tick).collect();
    assert_eq!(ticks, (1..=10).map(|second| second * 20).collect::<Vec<_>>());
}
