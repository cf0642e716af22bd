//! Killed, cut off, and fed with nonsense.

use std::time::Duration;

use bus::Outgoing;
use proto::ops::v1::{ActionStatus, Incident};

use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_loses_and_doubles_nothing() {
    let mut stack = Stack::start().await;
    stack.open_on_database().await;
    // Each life is a little longer than the one before: it ends before, in and after every step on the way.
    for life_ms in [0, 40, 80, 120, 160, 200, 300, 400, 600] {
        stack.engine.second().await;
        tokio::time::sleep(Duration::from_millis(life_ms)).await;
        stack.kill_service().await;
        stack.start_service().await;
    }
    let first = stack.until_proposals(1).await.remove(0);
    stack.kill_service().await;
    stack.start_service().await;
    stack.pass(30).await;
    assert_eq!(stack.proposals().await.len(), 1);
    // What it knew before it was killed, it still knows.
    stack.decide(&first, 2, ActionStatus::Rejected).await;
    let second = stack.until_proposals(2).await.remove(1);
    assert_eq!(second.attempt, 2);
    stack.kill_service().await;
    stack.start_service().await;
    stack.pass(30).await;
    assert_eq!(stack.proposals().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_goes_to_the_dead_letters_and_holds_nothing_up() {
    let mut stack = Stack::start().await;
    let mut garbage = Outgoing::message("ops.incidents", "garbage", "default", &Incident::default());
    garbage.payload = vec![0xff; 64].into();
    stack.bus.publish(&garbage).await.unwrap();
    let nameless = Incident { id: "not-a-uuid".to_owned(), ..Incident::default() };
    stack.tell(&nameless, "nameless").await;
    stack.open_on_database().await;
    stack.until_proposals(1).await;
    stack
        .pass_until("both are put aside", async |stack| {
            bus::dead_letters::list(&stack.bus, 10).await.is_ok_and(|letters| letters.len() == 2)
        })
        .await;
    let letters = bus::dead_letters::list(&stack.bus, 10).await.unwrap();
    assert!(letters.iter().all(|letter| letter.consumer == "agent-service-incidents"));
    assert!(letters.iter().any(|letter| letter.reason.contains("transition is missing")), "{letters:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_lives_through_a_restart_of_the_database() {
    let mut stack = Stack::start().await;
    stack.until_listening().await;
    stack.postgres.kill().await.unwrap();
    stack.open_on_database().await;
    for _ in 0..5 {
        stack.engine.second().await;
    }
    stack.postgres.restart().await.unwrap();
    stack.until_proposals(1).await;
    stack.pass(20).await;
    assert_eq!(stack.proposals().await.len(), 1);
}
