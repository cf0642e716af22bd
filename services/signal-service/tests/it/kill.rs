//! The set of incidents of a run does not depend on when signal-service was killed.

use std::collections::BTreeSet;

use crate::stack::Stack;
use crate::telemetry::{Run, rows, run};

const SECONDS: u64 = 200;
/// A reset in the middle: the second run begins here.
const SECOND_RUN: u64 = 80;
/// Seconds of telemetry that are missing.
const GAP: std::ops::Range<u64> = 28..30;

fn stream() -> Vec<(Run, u64)> {
    let first = (0..SECONDS).filter(|second| !GAP.contains(second)).map(|second| (run(1), second));
    first.chain((0..SECOND_RUN).map(|second| (run(2), second))).collect()
}

#[tokio::test]
async fn killing_the_service_at_any_point_changes_neither_rows_nor_incidents() {
    let (undisturbed, mut disturbed) = tokio::join!(Stack::start(), Stack::start());
    let stream = stream();
    let expected_rows: i64 = stream.iter().map(|(run, second)| rows(&run.at(*second))).sum();
    for (run, second) in &stream {
        undisturbed.publish(&run.at(*second)).await;
    }

    // Kills fall into breaches, clearings, the gap, the reset, and into calm; every other one strikes at once, with
    // messages in the service's hands, the rest when a part of them has been stored.
    let kills = [5, 15, 27, 33, 38, 52, 57, 66, 92, 130, 163, 197, 199, 215];
    for (index, (run, second)) in stream.iter().enumerate() {
        disturbed.publish(&run.at(*second)).await;
        if let Some(kill) = kills.iter().position(|at| *at == index) {
            if kill % 2 == 1 {
                let before = stream[index - 3];
                if before.0.id == run.id {
                    disturbed.until_stored(run.id, before.1.cast_signed() * 20).await;
                }
            }
            disturbed.kill_service().await;
            disturbed.start_service().await;
        }
    }

    let last = stream.last().unwrap();
    for stack in [&undisturbed, &disturbed] {
        stack.until_stored(last.0.id, last.1.cast_signed() * 20).await;
        assert_eq!(stack.count("select count(*) from metrics").await, expected_rows);
    }
    let expected = undisturbed.incidents().await;
    assert!(expected.len() >= 6, "the telemetry has trouble in it: {expected:#?}");
    assert_eq!(disturbed.incidents().await, expected);

    let revisions = async |stack: &Stack| {
        let told: Vec<_> =
            stack.told().await.iter().map(|incident| (incident.id.clone(), incident.revision)).collect();
        let unique: BTreeSet<_> = told.iter().cloned().collect();
        assert_eq!(unique.len(), told.len(), "a revision was told twice");
        unique
    };
    assert_eq!(revisions(&disturbed).await, revisions(&undisturbed).await);
}

/// The durable consumer gives what a dead process held to the next one only when its acknowledgement is overdue (10 s), and
/// newer messages at once.
#[tokio::test]
async fn messages_in_the_hands_of_a_dead_process_are_read_from_the_stream_first() {
    let mut stack = Stack::start().await;
    let run = run(1);
    let mut expected = 0;
    for second in 0..30 {
        expected += rows(&run.at(second));
    }
    for second in 0..10 {
        stack.publish(&run.at(second)).await;
    }
    stack.until_stored(run.id, 9 * 20).await;

    // Nothing can be committed, so everything stays in hand.
    let mut lock = stack.sql.begin().await.unwrap();
    sqlx::query("lock table telemetry_progress in share mode").execute(&mut *lock).await.unwrap();
    for second in 10..20 {
        stack.publish(&run.at(second)).await;
    }
    stack.until("the service holds the messages", async || stack.in_hand().await >= 10).await;
    stack.kill_service().await;
    lock.rollback().await.unwrap();

    stack.start_service().await;
    for second in 20..30 {
        stack.publish(&run.at(second)).await;
    }
    stack.until_stored(run.id, 29 * 20).await;
    assert_eq!(stack.count("select count(*) from metrics").await, expected);
}
