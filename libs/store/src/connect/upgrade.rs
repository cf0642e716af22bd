//! A database that an older release has filled is taken over with everything in it.

use backing::Postgres;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection as _, Row as _};
use uuid::Uuid;

use crate::incidents::IncidentFilter;
use crate::page::Page;
use crate::{DbConfig, Store, actions, incidents, rollup};

/// The newest migration of the release before roll-ups, groups of incidents and approvals.
const OLD: i64 = 8;
/// Seconds of telemetry that it has stored.
const STORED_S: i64 = 7_500;

const FILL: &str = "
insert into metrics (time, tick_id, node_id, service_id, metric_name, metric_value, simulation_id)
select timestamptz '2041-05-17T10:00:00Z' + s * interval '1 s', s * 20, '', 'checkout', 'error_rate', s % 7, 'default'
from generate_series(0, 7499) s;
insert into telemetry_clock values ('default', '2041-05-17T12:04:59Z', 149980);
insert into incidents (id, simulation_id, run_id, detected_at, tick_id, severity, title, description, rule_name, family,
                       target_kind, target_id, metric, observed_value, threshold, transition, revision, updated_tick, updated_at)
values ('6f1f1c9e-7a0f-5ad5-9a54-0a8f4a1d0001', 'default', '6f1f1c9e-7a0f-5ad5-9a54-0a8f4a1d0002', '2041-05-17T10:05:00Z', 6000,
        3, 'checkout: error rate 6 % > 5 %', 'as it was', 'error_rate_high', 'error_rate', 1, 'checkout', 'error_rate', 6, 5, 1, 1,
        6000, '2041-05-17T10:05:00Z');
insert into incident_acknowledgements values ('6f1f1c9e-7a0f-5ad5-9a54-0a8f4a1d0001', 'ana');
insert into actions (id, simulation_id, run_id, incident_id, action_type, target_id, target_version, status, version, reason,
                     proposed_at_tick, proposed_at, proposed_by, attempt, expires_at)
values ('6f1f1c9e-7a0f-5ad5-9a54-0a8f4a1d0003', 'default', '6f1f1c9e-7a0f-5ad5-9a54-0a8f4a1d0002',
        '6f1f1c9e-7a0f-5ad5-9a54-0a8f4a1d0001', 1, 'checkout', 1, 1, 1, 'restart it', 6010, '2041-05-17T10:05:01Z', 'agent-service',
        1, now() + interval '1 hour');
";

fn began() -> DateTime<Utc> {
    "2041-05-17T10:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn what_an_older_release_stored_is_there_after_an_upgrade() {
    let server = Postgres::ephemeral().await.unwrap();
    let config = DbConfig { host: "127.0.0.1".into(), port: server.port(), ..DbConfig::default() };
    let old = Store::connect(&config).await.unwrap();
    old.migrate_to(Some(OLD)).await.unwrap();
    println!("flavour: {}", old.flavour());
    let mut sql = sqlx::PgConnection::connect(&server.url()).await.unwrap();
    let until = began() + TimeDelta::seconds(STORED_S);
    let room = sqlx::query("select metrics_make_room($1, $2)").bind(began()).bind(until);
    room.execute(&mut sql).await.unwrap();
    sqlx::raw_sql(FILL).execute(&mut sql).await.unwrap();
    old.close().await;

    let store = Store::connect(&config).await.unwrap();
    store.migrate().await.unwrap();
    store.migrate().await.unwrap();
    let mut conn = store.acquire().await.unwrap();

    // The incident and its proposal, with what later releases know about neither.
    let filter = IncidentFilter { leads_only: true, ..IncidentFilter::default() };
    let listed = incidents::list(&mut conn, &filter, Page::default()).await.unwrap();
    let [incident] = listed.as_slice() else { panic!("{} incidents", listed.len()) };
    assert_eq!(
        (incident.title.as_str(), incident.acknowledged_by.as_str()),
        ("checkout: error rate 6 % > 5 %", "ana")
    );
    assert!(incident.labels.is_empty() && incident.record.suspects.is_empty());
    let proposal: Uuid = "6f1f1c9e-7a0f-5ad5-9a54-0a8f4a1d0003".parse().unwrap();
    let action = actions::get(&mut conn, proposal).await.unwrap().unwrap();
    assert_eq!((action.approvals_needed, action.policy.as_str(), action.rolls_back), (1, "default", None));

    // Telemetry is read from the rows until the minutes and hours are rolled up, and is the same afterwards.
    let due = rollup::coverage(&mut conn, "default").await.unwrap().unwrap();
    assert_eq!((due.minutes_due, due.hours_due), (124, 2));
    let before = minutes_and_hours(&mut sql).await;
    while store.roll_up().await.unwrap() != rollup::Rolled::default() {}
    let done = rollup::coverage(&mut conn, "default").await.unwrap().unwrap();
    assert_eq!((done.minutes_due, done.hours_due), (0, 0));
    assert_eq!(before, minutes_and_hours(&mut sql).await);
    assert_eq!(before.0.len(), 125);
    assert_eq!(before.1.iter().map(|(_, samples, _)| samples).sum::<i64>(), STORED_S);
}

type Buckets = Vec<(DateTime<Utc>, i64, f64)>;

async fn minutes_and_hours(sql: &mut sqlx::PgConnection) -> (Buckets, Buckets) {
    let mut read = Vec::new();
    for query in [
        "select time, samples, sum_value from metrics_1m order by time",
        "select time, samples, sum_value from metrics_1h order by time",
    ] {
        let rows = sqlx::query(query).fetch_all(&mut *sql).await.unwrap();
        read.push(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect());
    }
    let hours = read.pop().unwrap();
    (read.pop().unwrap(), hours)
}
