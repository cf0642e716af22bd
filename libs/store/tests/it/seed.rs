//! A short history to ask questions about: two services and two nodes for an hour, incidents, actions.

use std::collections::BTreeMap;
use std::time::Duration;

use store::PgConnection;
use store::actions::{self, Proposal, Ruling, Status, Transition, Verdict};
use store::incidents::{self, IncidentRecord, IncidentRow};
use store::metrics::{Batch, Row};
use store::notes;
use store::predictions::{self, Came};
use uuid::Uuid;

use crate::events;
use crate::harness::{Database, seconds, start_of_time};
use crate::predictions::prediction;
use crate::statistics;

pub(crate) const RUN: Uuid = Uuid::from_u128(0xabc);

/// Writes one transition; whether it was news.
pub(crate) async fn upsert(conn: &mut PgConnection, row: &IncidentRow) -> bool {
    incidents::upsert_all(conn, &[row]).await.unwrap() == [true]
}

/// An open incident of `checkout`, detected `after_s` into the hour.
pub(crate) fn incident(number: u128, after_s: i64) -> IncidentRow {
    IncidentRow {
        id: Uuid::from_u128(number),
        simulation_id: "default".into(),
        run_id: RUN,
        detected_at: start_of_time() + seconds(after_s),
        tick_id: after_s * 20,
        severity: 4,
        title: "checkout: error rate 14.2 % > 10 %".into(),
        description: "average of 10 s".into(),
        rule_name: "error_rate_critical".into(),
        family: "error_rate".into(),
        target_kind: 1,
        target_id: "checkout".into(),
        metric: "error_rate".into(),
        observed_value: 14.2,
        threshold: 10.0,
        labels: BTreeMap::new(),
        transition: 1,
        revision: 1,
        updated_tick: after_s * 20,
        updated_at: start_of_time() + seconds(after_s),
        resolved: false,
        resolved_at: None,
        resolution: String::new(),
        symptom_of: None,
        record: IncidentRecord::default(),
        silenced_by: None,
        silence_kind: None,
        silence_version: None,
        acknowledged_by: String::new(),
        acknowledged_at: None,
    }
}

/// The same incident, over.
pub(crate) fn resolved(open: &IncidentRow, after_s: i64) -> IncidentRow {
    IncidentRow {
        transition: 3,
        revision: open.revision + 1,
        updated_tick: open.tick_id + after_s * 20,
        updated_at: open.detected_at + seconds(after_s),
        resolved: true,
        resolved_at: Some(open.detected_at + seconds(after_s)),
        resolution: "metric clear for 10 s".into(),
        ..open.clone()
    }
}

/// One person decides.
pub(crate) fn ask() -> Ruling {
    Ruling { mode: 1, policy: "default".into(), reason: String::new(), approvals_needed: 1 }
}

/// A proposal that answers an incident.
pub(crate) fn proposal(number: u128, incident: &IncidentRow) -> Proposal {
    Proposal {
        id: Uuid::from_u128(number),
        simulation_id: incident.simulation_id.clone(),
        run_id: incident.run_id,
        incident_id: incident.id,
        action_type: 2,
        target_id: "checkout".into(),
        target_version: 1,
        replicas: 2,
        reason: "CPU 97 % on 2 of 2 replicas; 2 more bring it to 49 %".into(),
        proposed_at_tick: incident.tick_id + 1,
        proposed_at: incident.detected_at + seconds(1),
        proposed_by: "agent-service".into(),
        attempt: 1,
        rolls_back: None,
    }
}

pub(crate) const VALID_FOR: Duration = Duration::from_secs(900);

/// Fills a database with the history.
pub(crate) async fn an_hour(database: &Database) {
    telemetry(database).await;
    let found = [statistics::anomaly(610, "checkout"), statistics::anomaly(3_520, "checkout")];
    statistics::write(&database.store, &found, &statistics::forecast(3_540, "orders-db")).await;
    events::write(&database.store, &[events::event(20, 598, 3), events::event(21, 650, 4)]).await;
    let mut tx = database.store.begin().await.unwrap();
    let cured = incident(1, 600);
    let ignored = IncidentRow {
        rule_name: "cpu_high".into(),
        severity: 2,
        silenced_by: Some(Uuid::from_u128(77)),
        silence_kind: Some(2),
        silence_version: Some(7),
        ..incident(2, 1200)
    };
    let current = incident(3, 3500);
    for open in [&cured, &ignored, &current] {
        assert!(upsert(&mut tx, open).await);
    }
    incidents::acknowledge(&mut tx, cured.id, "ada").await.unwrap();
    notes::add(&mut tx, Uuid::from_u128(30), cured.id, "ada", "It began with the deployment.")
        .await
        .unwrap()
        .unwrap();
    for (number, open) in [(10, &cured), (11, &ignored), (12, &current)] {
        assert!(actions::record_proposed(&mut tx, &proposal(number, open), &ask(), VALID_FOR).await.unwrap());
    }
    for (number, approve) in [(10, true), (11, false)] {
        let held = actions::hold(&mut tx, Uuid::from_u128(number)).await.unwrap().unwrap();
        let verdict = Verdict {
            status: if approve { Status::Approved } else { Status::Rejected },
            by: "ada".into(),
            reason: "looks right".into(),
            approves: approve,
            replicas: None,
        };
        actions::settle(&mut tx, &held.row, &verdict).await.unwrap();
    }
    let executed = Transition { executed_at_tick: Some(12_100), ..Transition::default() };
    let id = Uuid::from_u128(10);
    actions::transition(&mut tx, id, &[Status::Approved], Status::Executing, &executed)
        .await
        .unwrap()
        .unwrap();
    let done = Transition {
        completed_at_tick: Some(12_300),
        outcome: Some("4 replicas take traffic".into()),
        ..Transition::default()
    };
    actions::transition(&mut tx, id, &[Status::Executing], Status::Succeeded, &done).await.unwrap().unwrap();
    actions::judge(&mut tx, id, 1, "the incident resolved after 45 s").await.unwrap().unwrap();
    predictions::keep(&mut tx, &prediction(10)).await.unwrap();
    predictions::settle(&mut tx, id, Came::Acted, Some((105.0, 0.2))).await.unwrap();
    store::agent::learn(&mut tx, "overloaded", "SCALE_UP", true).await.unwrap();
    upsert(&mut tx, &resolved(&cured, 45)).await;
    upsert(&mut tx, &resolved(&ignored, 400)).await;
    tx.commit().await.unwrap();
    let mut conn = database.store.acquire().await.unwrap();
    notes::add(&mut conn, Uuid::from_u128(31), cured.id, "ada", "Its limits are raised.")
        .await
        .unwrap()
        .unwrap();
}

async fn telemetry(database: &Database) {
    let mut batch = Batch::new();
    for second in (0..3600_i64).step_by(5) {
        let time = start_of_time() + seconds(second);
        let bad = (600..645).contains(&second) || second >= 3500;
        for service_id in ["checkout", "cart"] {
            let failing = bad && service_id == "checkout";
            for (metric, value) in [
                ("error_rate", if failing { 14.2 } else { 0.1 }),
                ("latency_p99", if failing { 900.0 } else { 45.0 }),
                ("latency_p50", 12.0),
                ("request_rate", 250.0),
                ("throughput", if failing { 214.0 } else { 250.0 }),
                ("cpu_usage", if failing { 97.0 } else { 41.0 }),
                ("memory_usage", 55.0),
                ("queue_depth", if failing { 80.0 } else { 0.0 }),
                ("replicas", 2.0),
            ] {
                let row = Row {
                    time,
                    tick: second * 20,
                    node_id: "",
                    service_id,
                    metric,
                    value,
                    simulation_id: "default",
                };
                batch.push(&row).unwrap();
            }
        }
        for (node_id, cpu) in [("node-a1", 71.0), ("node-b1", 33.0)] {
            for (metric, value) in [("cpu_usage", cpu), ("memory_usage", 60.0), ("network_mbps", 120.0)] {
                let row = Row {
                    time,
                    tick: second * 20,
                    node_id,
                    service_id: "",
                    metric,
                    value,
                    simulation_id: "default",
                };
                batch.push(&row).unwrap();
            }
        }
    }
    database.write(&batch).await;
}
