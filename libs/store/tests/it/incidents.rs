use std::time::Duration;

use store::incidents::{self, IncidentFilter, IncidentRow};
use store::metrics::{self, Batch, Row};
use store::{Cursor, Page};
use uuid::Uuid;

use crate::harness::{Database, seconds, start_of_time};
use crate::seed::{RUN, incident, resolved, upsert};

#[tokio::test]
async fn an_old_revision_changes_nothing() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let opened = incident(1, 0);
    let over = resolved(&opened, 45);
    assert!(upsert(&mut conn, &opened).await);
    assert!(!upsert(&mut conn, &opened).await, "the same again");
    assert!(upsert(&mut conn, &over).await);
    assert!(!upsert(&mut conn, &opened).await, "an old incident does not re-open");
    assert_eq!(incidents::get(&mut conn, opened.id).await.unwrap(), Some(over));
    assert_eq!(database.count("incidents").await, 1);
}

#[tokio::test]
async fn a_storm_is_written_at_once_and_each_revision_is_told_once() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    // More than one statement's worth, opened and half of it over in one batch; the first is known already.
    let opened: Vec<IncidentRow> = (0..1_500u32).map(|number| incident(number.into(), 0)).collect();
    let over: Vec<IncidentRow> = opened.iter().step_by(2).map(|row| resolved(row, 45)).collect();
    assert!(upsert(&mut conn, &opened[0]).await);
    let batch: Vec<&IncidentRow> = opened.iter().chain(&over).collect();
    let news = incidents::upsert_all(&mut conn, &batch).await.unwrap();
    assert_eq!(news.len(), 2_250);
    assert!(!news[0] && news[1..].iter().all(|is_news| *is_news), "all but the first are news");
    assert_eq!(database.count("incidents").await, 1_500);
    for row in [&over[0], &over[749], &opened[1], &opened[1_499]] {
        assert_eq!(incidents::get(&mut conn, row.id).await.unwrap().as_ref(), Some(row));
    }
    let again = incidents::upsert_all(&mut conn, &batch).await.unwrap();
    assert!(again.iter().all(|is_news| !is_news), "nothing of it is news again");
    assert!(incidents::upsert_all(&mut conn, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn many_writers_of_one_incident_leave_the_newest_revision() {
    let database = Database::start().await;
    let mut writers = Vec::new();
    for revision in [3, 1, 5, 2, 4] {
        let store = database.store.clone();
        writers.push(tokio::spawn(async move {
            let mut conn = store.acquire().await.unwrap();
            upsert(&mut conn, &IncidentRow { revision, ..incident(1, 0) }).await;
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut conn = database.store.acquire().await.unwrap();
    assert_eq!(incidents::get(&mut conn, Uuid::from_u128(1)).await.unwrap().unwrap().revision, 5);
}

#[tokio::test]
async fn the_first_to_acknowledge_is_the_one_who_is_on_it() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let opened = incident(1, 0);
    upsert(&mut conn, &opened).await;
    let first = incidents::acknowledge(&mut conn, opened.id, "ada").await.unwrap().unwrap();
    let second = incidents::acknowledge(&mut conn, opened.id, "grace").await.unwrap().unwrap();
    assert_eq!((first.acknowledged_by.as_str(), &first), ("ada", &second));
    let shown = incidents::get(&mut conn, opened.id).await.unwrap().unwrap();
    assert_eq!((shown.acknowledged_by.as_str(), shown.acknowledged_at), ("ada", Some(first.acknowledged_at)));
    let nobody = incidents::acknowledge(&mut conn, Uuid::from_u128(99), "ada").await.unwrap();
    assert_eq!(nobody, None);
}

#[tokio::test]
async fn pages_hold_every_incident_once_whatever_arrives_meanwhile() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    for number in 0..25 {
        // Pairs share an instant, so that the id has to break the tie.
        upsert(&mut conn, &incident(number, i64::try_from(number).unwrap() / 2)).await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = Page { limit: 7, after };
        let rows = incidents::list(&mut conn, &IncidentFilter::default(), page).await.unwrap();
        let Some(last) = rows.last() else { break };
        let token = Cursor { at: last.detected_at, id: last.id }.to_string();
        after = Some(token.parse().unwrap());
        seen.extend(rows.iter().map(|row| row.id.as_u128()));
        upsert(&mut conn, &incident(1000 + seen.len() as u128, 5000)).await;
    }
    let newest_first: Vec<u128> = (0..25).rev().collect();
    assert_eq!(seen, newest_first);
}

#[tokio::test]
async fn lists_can_be_narrowed() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let minor = IncidentRow { severity: 2, ..incident(1, 0) };
    let over = incident(2, 1);
    let elsewhere = IncidentRow { simulation_id: "other".into(), ..incident(3, 2) };
    for row in [&minor, &over, &elsewhere, &resolved(&over, 5)] {
        upsert(&mut conn, row).await;
    }
    let default = Some("default".to_owned());
    for (filter, expected) in [
        (IncidentFilter::default(), vec![3, 2, 1]),
        (IncidentFilter { simulation_id: default.clone(), ..Default::default() }, vec![2, 1]),
        (IncidentFilter { open_only: true, ..Default::default() }, vec![3, 1]),
        (IncidentFilter { min_severity: 3, ..Default::default() }, vec![3, 2]),
    ] {
        let rows = incidents::list(&mut conn, &filter, Page::default()).await.unwrap();
        let ids: Vec<u128> = rows.iter().map(|row| row.id.as_u128()).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
    let leads = IncidentFilter { leads_only: true, ..Default::default() };
    let symptom = IncidentRow { symptom_of: Some(minor.id), ..incident(4, 3) };
    upsert(&mut conn, &symptom).await;
    assert_eq!(incidents::list(&mut conn, &leads, Page::default()).await.unwrap().len(), 3);
    let of_minor = IncidentFilter { symptom_of: Some(minor.id), ..Default::default() };
    assert_eq!(incidents::list(&mut conn, &of_minor, Page::default()).await.unwrap(), vec![symptom]);
}

#[tokio::test]
async fn a_detector_is_reminded_of_what_is_open_what_ended_lately_and_their_leads() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let lead = resolved(&incident(1, 0), 10);
    let symptom = IncidentRow { symptom_of: Some(lead.id), ..incident(2, 5) };
    let long_over = resolved(&incident(3, 20), 10);
    let just_over = resolved(&incident(4, 500), 95);
    let another_run = IncidentRow { run_id: Uuid::from_u128(9), ..incident(5, 500) };
    for row in [&lead, &symptom, &long_over, &just_over, &another_run] {
        upsert(&mut conn, row).await;
    }
    let mut batch = Batch::new();
    let row = Row {
        time: start_of_time() + seconds(600),
        tick: 12_000,
        node_id: "",
        service_id: "checkout",
        metric: "error_rate",
        value: 1.0,
        simulation_id: "default",
    };
    batch.push(&row).unwrap();
    metrics::copy(&mut conn, &batch).await.unwrap();
    metrics::note(&mut conn, &batch).await.unwrap();
    let rows = incidents::remembered(&mut conn, "default", RUN, Duration::from_secs(60)).await.unwrap();
    assert_eq!(rows, vec![lead, symptom, just_over]);
}
