//! What the statements write is what the rules of an action's life say, for whatever people say in whatever order.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use remedy::Status as Stands;
use remedy::lifecycle::{self, Answer, Life, Outcome, Refusal};
use store::actions::{self, ActionRow, Ruling, Status, Verdict};
use uuid::Uuid;

use crate::harness::Database;
use crate::seed::{VALID_FOR, incident, proposal};

/// Histories that are tried; each is a few round trips a step.
const HISTORIES: u128 = 150;
const PEOPLE: [&str; 3] = ["ana", "ben", "agent-service"];

/// Who says what, on which version.
#[derive(Debug, Clone, Copy)]
struct Said {
    by: usize,
    answer: Answer,
    stale: bool,
}

fn said() -> impl Strategy<Value = Said> {
    let answer = prop_oneof![
        8 => prop::option::weighted(0.3, prop::sample::select(vec![2, 3, 101]))
            .prop_map(|replicas| Answer::Approve { replicas }),
        1 => Just(Answer::Reject),
    ];
    (0..PEOPLE.len(), answer, prop::bool::weighted(0.1)).prop_map(|(by, answer, stale)| Said {
        by,
        answer,
        stale,
    })
}

fn life(row: &ActionRow) -> Life {
    Life {
        status: match row.status {
            1 => Stands::Proposed,
            2 => Stands::Approved,
            _ => Stands::Rejected,
        },
        version: row.version.unsigned_abs(),
        proposed_by: row.proposed_by.clone(),
        approvals_needed: row.approvals_needed.unsigned_abs(),
        approvals: row.approvals.iter().map(|approval| approval.by.clone()).collect(),
        replicas: row.replicas.unsigned_abs(),
        replicas_by: row.replicas_by.clone(),
    }
}

fn verdict(row: &ActionRow, next: &Life, Said { by, answer, .. }: Said) -> Verdict {
    Verdict {
        status: match next.status {
            Stands::Proposed => Status::Proposed,
            Stands::Approved => Status::Approved,
            _ => Status::Rejected,
        },
        by: PEOPLE[by].to_owned(),
        reason: String::new(),
        approves: matches!(answer, Answer::Approve { .. }),
        replicas: (next.replicas.cast_signed() != row.replicas).then_some(next.replicas.cast_signed()),
    }
}

#[tokio::test]
async fn the_statements_write_what_the_rules_say() {
    let database = Database::start().await;
    let mut runner = TestRunner::deterministic();
    let histories = (1..=2_i32, prop::collection::vec(said(), 1..8));
    let mut decided = 0;
    for number in 1..=HISTORIES {
        let (needed, history) = histories.new_tree(&mut runner).unwrap().current();
        let mut conn = database.store.acquire().await.unwrap();
        let ruling = Ruling {
            mode: if needed == 2 { 3 } else { 1 },
            policy: "p".into(),
            reason: String::new(),
            approvals_needed: needed,
        };
        let new = proposal(number, &incident(1, 0));
        assert!(actions::record_proposed(&mut conn, &new, &ruling, VALID_FOR).await.unwrap());
        for step in &history {
            let held = actions::hold(&mut conn, Uuid::from_u128(number)).await.unwrap().unwrap();
            let before = life(&held.row);
            let expected = step.stale.then_some(99);
            let outcome = lifecycle::decide(&before, PEOPLE[step.by], step.answer, expected, held.late);
            let next = match outcome {
                Outcome::Refused(refusal) => {
                    // Even a caller without rules could not decide twice.
                    if refusal == Refusal::Over {
                        let again = verdict(&held.row, &before, *step);
                        assert_eq!(actions::settle(&mut conn, &held.row, &again).await.unwrap(), None);
                    }
                    continue;
                }
                Outcome::Decided(next) | Outcome::Counted(next) => next,
            };
            let settled =
                actions::settle(&mut conn, &held.row, &verdict(&held.row, &next, *step)).await.unwrap();
            let row = settled.expect("nobody else decides");
            assert_eq!(life(&row), next, "{history:?}");
            assert_eq!(row.proposed_replicas.unwrap_or(row.replicas), 2, "as it was proposed");
            decided += u32::from(next.status != Stands::Proposed);
        }
    }
    assert!(decided > 50, "most histories end: {decided}");
}
