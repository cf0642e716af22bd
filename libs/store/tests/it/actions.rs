use std::sync::Arc;
use std::time::Duration;

use sqlx::Executor as _;
use store::actions::{self, ActionFilter, ActionRow, Ruling, Status, Transition, Verdict};
use store::budget::{self, Bucket};
use store::idempotency::{self, Claim};
use store::{Page, PgConnection, StoreError};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::harness::Database;
use crate::seed::{VALID_FOR, ask, incident, proposal};

fn yes(by: &str) -> Verdict {
    Verdict { status: Status::Approved, by: by.into(), reason: String::new(), approves: true, replicas: None }
}

/// What came of a decision: the row after it, or as it stood.
#[derive(Debug)]
enum Outcome {
    Decided(ActionRow),
    Lost(ActionRow),
    Late,
    NotFound,
}

/// Decides on whatever stands there, as the orchestrator does: by a locked row.
async fn decide(conn: &mut PgConnection, number: u128, verdict: &Verdict) -> Outcome {
    let Some(held) = actions::hold(conn, Uuid::from_u128(number)).await.unwrap() else {
        return Outcome::NotFound;
    };
    match actions::settle(conn, &held.row, verdict).await.unwrap() {
        Some(row) => Outcome::Decided(row),
        None if held.late && held.row.status == Status::Proposed.code() => Outcome::Late,
        None => Outcome::Lost(held.row),
    }
}

async fn propose(database: &Database, number: u128) {
    let mut conn = database.store.acquire().await.unwrap();
    assert!(
        actions::record_proposed(&mut conn, &proposal(number, &incident(1, 0)), &ask(), VALID_FOR)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn of_forty_deciders_exactly_one_wins_and_the_others_learn_who() {
    let database = Database::start().await;
    propose(&database, 1).await;
    let together = Arc::new(Barrier::new(40));
    let mut deciders = Vec::new();
    for number in 0..40 {
        let (store, together) = (database.store.clone(), together.clone());
        deciders.push(tokio::spawn(async move {
            together.wait().await;
            let no = Verdict { status: Status::Rejected, approves: false, ..yes("") };
            let verdict =
                Verdict { by: format!("operator-{number}"), ..if number % 2 == 0 { yes("") } else { no } };
            let mut tx = store.begin().await.unwrap();
            let outcome = decide(&mut tx, 1, &verdict).await;
            tx.commit().await.unwrap();
            outcome
        }));
    }
    let mut winners = Vec::new();
    let mut told = Vec::new();
    for decider in deciders {
        match decider.await.unwrap() {
            Outcome::Decided(row) => winners.push(row.decided_by),
            Outcome::Lost(current) => told.push(current.decided_by),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((winners.len(), told.len()), (1, 39));
    assert!(told.iter().all(|name| *name == winners[0]));
    let mut conn = database.store.acquire().await.unwrap();
    let row = actions::get(&mut conn, Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!((row.version, &row.decided_by), (2, &winners[0]));
}

#[tokio::test]
async fn a_decision_counts_for_the_version_that_was_looked_at() {
    let database = Database::start().await;
    propose(&database, 1).await;
    let mut conn = database.store.acquire().await.unwrap();
    let seen = actions::hold(&mut conn, Uuid::from_u128(1)).await.unwrap().unwrap().row;
    let stale = ActionRow { version: 7, ..seen.clone() };
    assert_eq!(actions::settle(&mut conn, &stale, &yes("ada")).await.unwrap(), None);
    let row = actions::settle(&mut conn, &seen, &yes("ada")).await.unwrap().unwrap();
    assert_eq!((row.status, row.version), (Status::Approved.code(), 2));
    assert!(row.decided_at.is_some());
    assert!(matches!(decide(&mut conn, 99, &yes("ada")).await, Outcome::NotFound));
}

#[tokio::test]
async fn approvals_are_kept_in_their_row_until_the_number_changes_and_analysts_see_them() {
    let database = Database::start().await;
    propose(&database, 1).await;
    let mut conn = database.store.acquire().await.unwrap();
    let two = Ruling { mode: 3, policy: "big".into(), reason: "r".into(), approvals_needed: 2 };
    let id = Uuid::from_u128(1);
    assert_eq!(actions::rule(&mut conn, id, 9, &two).await.unwrap(), None, "somebody was quicker");
    let ruled = actions::rule(&mut conn, id, 1, &two).await.unwrap().unwrap();
    assert_eq!((ruled.version, ruled.policy.as_str(), ruled.approvals_needed), (2, "big", 2));

    let first = Verdict { status: Status::Proposed, ..yes("ada") };
    let Outcome::Decided(row) = decide(&mut conn, 1, &first).await else { panic!() };
    assert_eq!((row.status, row.decided_by.as_str(), row.approvals.len()), (Status::Proposed.code(), "", 1));
    let edit = Verdict { status: Status::Proposed, replicas: Some(5), ..yes("bob") };
    let Outcome::Decided(row) = decide(&mut conn, 1, &edit).await else { panic!() };
    assert_eq!((row.replicas, row.proposed_replicas, row.replicas_by.as_str()), (5, Some(2), "bob"));
    assert_eq!(row.approvals.iter().map(|approval| approval.by.as_str()).collect::<Vec<_>>(), ["bob"]);
    let Outcome::Decided(row) = decide(&mut conn, 1, &yes("eve")).await else { panic!() };
    assert_eq!((row.status, row.approvals.len(), row.replicas), (Status::Approved.code(), 2, 5));
    assert_eq!(actions::get(&mut conn, id).await.unwrap().unwrap(), row, "as it is read again");
    let seen = sqlx::query_scalar::<_, String>(
        "select string_agg(approved_by, ' ' order by approved_at_wall) from action_approvals where action_id = $1",
    );
    let mut reader = database.reader().await;
    assert_eq!(seen.bind(id).fetch_one(&mut reader).await.unwrap(), "bob eve");
}

#[tokio::test]
async fn the_budget_of_approvals_lasts_for_what_is_in_it_and_is_given_back_by_a_rollback() {
    let database = Database::start().await;
    let bucket = Bucket { scope: "automatic", capacity: 3.0, per_minute: 0.0 };
    let mut tx = database.store.begin().await.unwrap();
    assert!(budget::take(&mut tx, bucket).await.unwrap());
    drop(tx);
    let mut takers = Vec::new();
    for _ in 0..12 {
        let store = database.store.clone();
        takers.push(tokio::spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let taken = budget::take(&mut tx, bucket).await.unwrap();
            tx.commit().await.unwrap();
            taken
        }));
    }
    let mut taken = 0;
    for taker in takers {
        taken += u32::from(taker.await.unwrap());
    }
    assert_eq!(taken, 3);
    let refilled = Bucket { per_minute: 6e6, ..bucket };
    let mut conn = database.store.acquire().await.unwrap();
    assert!(budget::take(&mut conn, refilled).await.unwrap(), "a minute brings more");
}

#[tokio::test]
async fn a_decision_that_races_with_the_recording_never_finds_the_proposal_expired() {
    let database = Database::start().await;
    for number in 1..=200 {
        let store = database.store.clone();
        let decider = tokio::spawn(async move {
            loop {
                let mut tx = store.begin().await.unwrap();
                let outcome = decide(&mut tx, number, &yes("ada")).await;
                tx.commit().await.unwrap();
                match outcome {
                    Outcome::NotFound => {}
                    outcome => return outcome,
                }
            }
        });
        propose(&database, number).await;
        let outcome = decider.await.unwrap();
        assert!(matches!(outcome, Outcome::Decided(_)), "round {number}: {outcome:?}");
    }
}

#[tokio::test]
async fn after_its_time_a_proposal_cannot_be_approved_and_expires_once() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let late = proposal(1, &incident(1, 0));
    actions::record_proposed(&mut conn, &late, &ask(), Duration::ZERO).await.unwrap();
    propose(&database, 2).await;
    assert!(matches!(decide(&mut conn, 1, &yes("ada")).await, Outcome::Late));
    assert_eq!(actions::pending(&mut conn, None).await.unwrap().len(), 1, "it is not offered either");
    let expired = actions::expire_due(&mut conn).await.unwrap();
    assert_eq!(expired.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>(), [1]);
    assert_eq!((expired[0].status, expired[0].version), (Status::Expired.code(), 2));
    assert!(actions::expire_due(&mut conn).await.unwrap().is_empty());
    let outcome = decide(&mut conn, 1, &yes("ada")).await;
    assert!(matches!(outcome, Outcome::Lost(current) if current.status == Status::Expired.code()));
}

#[tokio::test]
async fn a_proposal_is_recorded_once_however_often_and_however_changed_it_arrives() {
    let database = Database::start().await;
    let mut arrivals = Vec::new();
    for number in 0..20 {
        let store = database.store.clone();
        arrivals.push(tokio::spawn(async move {
            let mut arrival = proposal(1, &incident(1, 0));
            arrival.proposed_at += crate::harness::seconds(number % 3);
            store::retry(|| async {
                let mut tx = store.begin().await?;
                let recorded = actions::record_proposed(&mut tx, &arrival, &ask(), VALID_FOR).await?;
                tx.commit().await?;
                Ok(recorded)
            })
            .await
            .unwrap()
        }));
    }
    let mut recorded = 0;
    for arrival in arrivals {
        recorded += u32::from(arrival.await.unwrap());
    }
    assert_eq!((recorded, database.count("actions").await), (1, 1));
}

#[tokio::test]
async fn an_action_moves_only_along_its_path() {
    let database = Database::start().await;
    propose(&database, 1).await;
    let mut conn = database.store.acquire().await.unwrap();
    let id = Uuid::from_u128(1);
    let begun = Transition { executed_at_tick: Some(40), ..Transition::default() };
    let skipped =
        actions::transition(&mut conn, id, &[Status::Approved], Status::Executing, &begun).await.unwrap();
    assert_eq!(skipped, None, "not before it is approved");
    decide(&mut conn, 1, &yes("ada")).await;
    let row =
        actions::transition(&mut conn, id, &[Status::Approved], Status::Executing, &begun).await.unwrap();
    assert_eq!(row.map(|row| (row.version, row.executed_at_tick)), Some((3, 40)));
    assert_eq!(actions::judge(&mut conn, id, 1, "too early").await.unwrap(), None);
    let done =
        Transition { completed_at_tick: Some(60), outcome: Some("done".into()), ..Transition::default() };
    let row =
        actions::transition(&mut conn, id, &[Status::Executing], Status::Succeeded, &done).await.unwrap();
    let row = row.unwrap();
    assert_eq!((row.executed_at_tick, row.completed_at_tick, row.outcome.as_str()), (40, 60, "done"));
    assert_eq!(actions::unjudged(&mut conn, "default").await.unwrap(), vec![row]);
    assert!(actions::judge(&mut conn, id, 1, "it helped").await.unwrap().is_some());
    assert_eq!(actions::judge(&mut conn, id, 2, "it did not").await.unwrap(), None, "one verdict");
    assert!(actions::in_status(&mut conn, None, &[Status::Succeeded]).await.unwrap().len() == 1);
}

#[tokio::test]
async fn what_an_incident_no_longer_needs_is_withdrawn() {
    let database = Database::start().await;
    for number in [1, 2, 3] {
        propose(&database, number).await;
    }
    let mut conn = database.store.acquire().await.unwrap();
    decide(&mut conn, 2, &yes("ada")).await;
    let withdrawn =
        actions::supersede_pending(&mut conn, incident(1, 0).id, "the incident cleared").await.unwrap();
    assert_eq!(withdrawn.len(), 2, "the approved one goes on");
    assert!(withdrawn.iter().all(|row| row.status == Status::Superseded.code() && row.version == 2));
    let filter = ActionFilter { incident_id: Some(incident(1, 0).id), ..ActionFilter::default() };
    assert_eq!(actions::history(&mut conn, &filter, Page::default()).await.unwrap().len(), 3);
    assert_eq!(actions::for_incident(&mut conn, incident(1, 0).id).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_another_body_is_noticed() {
    let database = Database::start().await;
    let answer = |body: &'static [u8]| {
        let store = database.store.clone();
        async move {
            let mut tx = store.begin().await?;
            let claim = idempotency::claim(&mut tx, "approve", "key-1", body).await?;
            if claim == Claim::New {
                idempotency::finish(&mut tx, "approve", "key-1", b"approved").await?;
            }
            tx.commit().await?;
            Ok::<_, StoreError>(claim)
        }
    };
    let mut requests = Vec::new();
    for _ in 0..8 {
        requests.push(tokio::spawn(answer(b"body")));
    }
    let mut new = 0;
    for request in requests {
        match request.await.unwrap().unwrap() {
            Claim::New => new += 1,
            claim => assert_eq!(claim, Claim::Replay(b"approved".to_vec())),
        }
    }
    assert_eq!(new, 1);
    assert_eq!(answer(b"another body").await.unwrap(), Claim::Mismatch);
    let mut conn = database.store.acquire().await.unwrap();
    assert_eq!(idempotency::claim(&mut conn, "reject", "key-1", b"body").await.unwrap(), Claim::New);
}

#[tokio::test]
async fn a_rolled_back_claim_leaves_the_key_free() {
    let database = Database::start().await;
    let mut tx = database.store.begin().await.unwrap();
    assert_eq!(idempotency::claim(&mut tx, "approve", "key", b"body").await.unwrap(), Claim::New);
    drop(tx);
    let mut tx = database.store.begin().await.unwrap();
    assert_eq!(idempotency::claim(&mut tx, "approve", "key", b"body").await.unwrap(), Claim::New);
    tx.execute("select 1").await.unwrap();
}
