//! Events: written once, read newest first, expired, gone with their simulation; faults of a blind game are not told.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use store::deleted::{self, Deleted};
use store::events::{self, EventQuery, EventRow};
use store::games::{self, GameRow};
use store::metrics::{Batch, Row};
use store::{Keep, Store};
use uuid::Uuid;

use crate::harness::{Database, sample, seconds, start_of_time};
use crate::seed::RUN;

const FAULT_STARTED: i32 = 3;
const SERVICE_DEGRADED: i32 = 5;

pub(crate) fn event(number: u128, after_s: i64, kind: i32) -> EventRow {
    EventRow {
        id: Uuid::from_u128(number),
        position: number as i64,
        simulation_id: "default".into(),
        run_id: RUN,
        tick_id: after_s * 20,
        time: start_of_time() + seconds(after_s),
        kind,
        target_kind: 1,
        target_id: "checkout".into(),
        message: "checkout is slow".into(),
        action_id: None,
        command_id: Some(Uuid::from_u128(9)),
        attributes: BTreeMap::from([("fault".into(), "latency".into())]),
    }
}

pub(crate) async fn write(store: &Store, rows: &[EventRow]) {
    let mut conn = store.acquire().await.unwrap();
    events::write(&mut conn, rows).await.unwrap();
}

fn everything() -> EventQuery {
    EventQuery { simulation_id: "default".into(), run_id: None, kinds: Vec::new(), from: None, to: None }
}

#[tokio::test]
async fn an_event_is_there_once_and_the_newest_comes_first() {
    let database = Database::start().await;
    let rows = [event(1, 10, FAULT_STARTED), event(2, 10, SERVICE_DEGRADED), event(3, 20, SERVICE_DEGRADED)];
    for _ in 0..2 {
        write(&database.store, &rows).await;
    }
    write(&database.store, &[]).await;
    let mut conn = database.store.acquire().await.unwrap();
    let newest_first: Vec<EventRow> = rows.iter().rev().cloned().collect();
    assert_eq!(events::list(&mut conn, &everything(), 10).await.unwrap(), newest_first);
    assert_eq!(events::list(&mut conn, &everything(), 1).await.unwrap(), rows[2..]);
    let faults = EventQuery { kinds: vec![FAULT_STARTED], ..everything() };
    assert_eq!(events::list(&mut conn, &faults, 10).await.unwrap(), rows[..1]);
    let early = EventQuery { to: Some(rows[0].time), ..everything() };
    assert_eq!(events::list(&mut conn, &early, 10).await.unwrap(), newest_first[1..]);
    let late = EventQuery { from: Some(rows[2].time), ..everything() };
    assert_eq!(events::list(&mut conn, &late, 10).await.unwrap(), rows[2..]);
    let elsewhere = EventQuery { run_id: Some(Uuid::from_u128(8)), ..everything() };
    assert_eq!(events::list(&mut conn, &elsewhere, 10).await.unwrap(), []);
}

#[tokio::test]
async fn faults_of_a_blind_game_are_told_when_it_is_finished() {
    let database = Database::start().await;
    write(&database.store, &[event(1, 10, FAULT_STARTED), event(2, 20, SERVICE_DEGRADED)]).await;
    let game = GameRow {
        id: Uuid::from_u128(5),
        simulation_id: "default".into(),
        run_id: RUN,
        player: "ana".into(),
        scenario: "zone_down".into(),
        seed: 1,
        practice: false,
        length_s: 600.0,
        started_at: start_of_time(),
        finished_at: None,
        gave_up: false,
        result: None,
    };
    let mut conn = database.store.acquire().await.unwrap();
    games::begin(&mut conn, &game).await.unwrap();
    assert_eq!(events::list(&mut conn, &everything(), 10).await.unwrap().len(), 1);
    games::finish(&mut conn, game.id, false, &serde_json::json!({})).await.unwrap();
    assert_eq!(events::list(&mut conn, &everything(), 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn they_expire_with_the_hours_and_go_with_their_simulation() {
    let database = Database::start().await;
    let day = |days: i64| days * 24 * 3600;
    let latest = start_of_time() + seconds(day(100));
    let mut batch = Batch::new();
    batch.push(&Row { simulation_id: "default", ..sample("cart", "cpu_usage", latest, 1.0) }).unwrap();
    database.write(&batch).await;
    write(&database.store, &[event(1, day(9), FAULT_STARTED), event(2, day(11), FAULT_STARTED)]).await;

    let one_day = Duration::from_secs(24 * 3600);
    let keep = Keep { rows: one_day, minutes: one_day * 7, hours: one_day * 90 };
    assert_eq!(database.store.enforce_retention(keep).await.unwrap().events, 1);
    let mut conn = database.store.acquire().await.unwrap();
    assert_eq!(events::list(&mut conn, &everything(), 10).await.unwrap().len(), 1);

    let next_life = EventRow { time: latest + TimeDelta::seconds(1), ..event(3, 0, FAULT_STARTED) };
    write(&database.store, std::slice::from_ref(&next_life)).await;
    let gone = Deleted { simulation_id: "default".into(), run_id: RUN, lived_until: latest };
    deleted::note(&mut conn, &gone).await.unwrap();
    database.store.sweep_deleted().await.unwrap();
    assert_eq!(events::list(&mut conn, &everything(), 10).await.unwrap(), [next_life]);
}
