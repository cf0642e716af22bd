use std::sync::{Arc, Mutex};
use std::time::Duration;

use relay::{Publish, PublishFailed, Relay};
use store::outbox::Unsent;
use tokio_util::sync::CancellationToken;

use crate::harness::{Database, id};

/// Fails or hangs when told to; every third failure happens after the message was stored, as a lost answer would.
#[derive(Clone, Default)]
struct FailingBus {
    stored: Arc<Mutex<Vec<String>>>,
    calls: Arc<Mutex<u32>>,
    fail_every: u32,
    hang: bool,
}

impl Publish for FailingBus {
    async fn publish(&self, message: &Unsent) -> Result<u64, PublishFailed> {
        if self.hang {
            std::future::pending::<()>().await;
        }
        let call = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        let fails = self.fail_every > 0 && call.is_multiple_of(self.fail_every);
        let mut stored = self.stored.lock().unwrap();
        if !fails || call.is_multiple_of(self.fail_every * 3) {
            stored.push(message.message_id.clone());
        }
        if fails {
            return Err(PublishFailed { subject: message.subject.clone(), source: "no answer".into() });
        }
        Ok(stored.len() as u64)
    }
}

#[tokio::test]
async fn a_failed_message_is_not_overtaken() {
    let database = Database::start().await;
    database.enqueue("orchestrator", 0..30).await;
    let bus = FailingBus { fail_every: 7, ..FailingBus::default() };
    let token = CancellationToken::new();
    let running =
        tokio::spawn(Relay::new(database.store.clone(), bus.clone(), "orchestrator").run(token.clone()));
    database.until_sent("orchestrator").await;
    token.cancel();
    running.await.unwrap();
    let mut stored = bus.stored.lock().unwrap().clone();
    assert!(stored.len() > 30, "a lost answer makes a repetition: {stored:?}");
    // What the stream's deduplication leaves of it.
    stored.dedup();
    let expected: Vec<String> = (0..30).map(|number| id("orchestrator", number)).collect();
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn it_stops_at_once_while_the_bus_hangs_and_loses_nothing() {
    let database = Database::start().await;
    database.enqueue("orchestrator", 0..3).await;
    let token = CancellationToken::new();
    let stuck = FailingBus { hang: true, ..FailingBus::default() };
    let running = tokio::spawn(Relay::new(database.store.clone(), stuck, "orchestrator").run(token.clone()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    token.cancel();
    tokio::time::timeout(Duration::from_secs(2), running).await.expect("drains in time").unwrap();
    assert_eq!(database.backlog("orchestrator").await, 3);
}

#[tokio::test]
async fn a_wake_is_faster_than_the_poll() {
    let database = Database::start().await;
    let bus = FailingBus::default();
    let relay = Relay::new(database.store.clone(), bus.clone(), "orchestrator");
    let handle = relay.handle();
    let token = CancellationToken::new();
    let running = tokio::spawn(relay.run(token.clone()));
    let mut fastest = Duration::MAX;
    for number in 0..10 {
        database.enqueue("orchestrator", number..number + 1).await;
        let asked = tokio::time::Instant::now();
        handle.wake();
        while bus.stored.lock().unwrap().len() <= number as usize {
            tokio::task::yield_now().await;
        }
        fastest = fastest.min(asked.elapsed());
    }
    token.cancel();
    running.await.unwrap();
    println!("fastest wake to publish: {fastest:?}");
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
}
