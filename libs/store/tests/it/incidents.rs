use store::incidents::{self, IncidentFilter, IncidentRow};
use store::{Cursor, Page};
use uuid::Uuid;

use crate::harness::Database;
use crate::seed::{incident, resolved};

#[tokio::test]
async fn an_old_revision_changes_nothing() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let opened = incident(1, 0);
    let over = resolved(&opened, 45);
    assert!(incidents::upsert(&mut conn, &opened).await.unwrap());
    assert!(!incidents::upsert(&mut conn, &opened).await.unwrap(), "the same again");
    assert!(incidents::upsert(&mut conn, &over).await.unwrap());
    assert!(!incidents::upsert(&mut conn, &opened).await.unwrap(), "an old incident does not re-open");
    assert_eq!(incidents::get(&mut conn, opened.id).await.unwrap(), Some(over));
    assert_eq!(database.count("incidents").await, 1);
}

#[tokio::test]
async fn many_writers_of_one_incident_leave_the_newest_revision() {
    let database = Database::start().await;
    let mut writers = Vec::new();
    for revision in [3, 1, 5, 2, 4] {
        let store = database.store.clone();
        writers.push(tokio::spawn(async move {
            let mut conn = store.acquire().await.unwrap();
            incidents::upsert(&mut conn, &IncidentRow { revision, ..incident(1, 0) }).await.unwrap();
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
    incidents::upsert(&mut conn, &opened).await.unwrap();
    let first = incidents::acknowledge(&mut conn, opened.id, "ada").await.unwrap().unwrap();
    let second = incidents::acknowledge(&mut conn, opened.id, "grace").await.unwrap().unwrap();
    assert_eq!((first.acknowledged_by.as_str(), &first), ("ada", &second));
    assert_eq!(incidents::get(&mut conn, opened.id).await.unwrap().unwrap().acknowledged_by, "ada");
    let nobody = incidents::acknowledge(&mut conn, Uuid::from_u128(99), "ada").await.unwrap();
    assert_eq!(nobody, None);
}

#[tokio::test]
async fn pages_hold_every_incident_once_whatever_arrives_meanwhile() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    for number in 0..25 {
        // Pairs share an instant, so that the id has to break the tie.
        incidents::upsert(&mut conn, &incident(number, i64::try_from(number).unwrap() / 2)).await.unwrap();
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
        incidents::upsert(&mut conn, &incident(1000 + seen.len() as u128, 5000)).await.unwrap();
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
        incidents::upsert(&mut conn, row).await.unwrap();
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
    let open = incidents::open(&mut conn, "default").await.unwrap();
    assert_eq!(open, vec![minor]);
}
