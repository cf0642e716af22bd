//! `ops.incidents`: when an incident is over, its open proposals are no longer wanted, and what was done has helped.

use bus::{Delivery, Failure};
use proto::ops::v1::{ActionEffect, Incident};
use store::actions::{self, ActionRow, Status};
use store::{PgConnection, StoreError, inbox};
use uuid::Uuid;

use super::{INCIDENTS, decode, persist};
use crate::app::App;
use crate::convert;
use crate::record::{self, Change};

pub(crate) async fn handle(app: &App, delivery: &Delivery) -> Result<(), Failure> {
    let incident: Incident = decode(delivery)?;
    if !incident.resolved {
        return Ok(());
    }
    let id = Uuid::try_parse(&incident.id)
        .map_err(|_| Failure::Poison(format!("the incident's id is no UUID: {:?}", incident.id)))?;
    let changed = persist(app, delivery, || close(app, delivery, id, &incident)).await?;
    if changed > 0 {
        app.relay.wake();
        tracing::info!(incident_id = incident.id, actions = changed, "incident over: its actions moved on");
    }
    Ok(())
}

async fn close(app: &App, delivery: &Delivery, id: Uuid, incident: &Incident) -> Result<usize, StoreError> {
    let mut tx = app.store.begin().await?;
    if !inbox::first_time(&mut tx, INCIDENTS, &delivery.id).await? {
        return Ok(0);
    }
    let reason = format!("its incident is over: {}", incident.resolution);
    let superseded = actions::supersede_pending(&mut tx, id, &reason).await?;
    let mut changes: Vec<Change> = superseded
        .into_iter()
        .map(|row| Change {
            from: Some(Status::Proposed),
            row,
            actor: record::PRODUCER.to_owned(),
            verb: "action.supersede",
            reason: reason.clone(),
        })
        .collect();
    for row in actions::for_incident(&mut tx, id).await? {
        changes.extend(judge_effective(&mut tx, &row, &incident.resolution).await?);
    }
    record::changes(&mut tx, &changes, delivery.traceparent.as_deref()).await?;
    tx.commit().await?;
    Ok(changes.len())
}

/// Beginnings of resolutions that say nothing about the cloud: whatever had been done, its run ended, or nobody judges it any more.
const NOT_HEALED: [&str; 3] = ["run ended", "simulation deleted", "rule "];

/// Marks a finished action as effective, unless it was judged before, has not finished, or the incident only ended with its run. What takes
/// something back answers no open incident: it is judged by what users get.
pub(crate) async fn judge_effective(
    conn: &mut PgConnection,
    row: &ActionRow,
    resolution: &str,
) -> Result<Option<Change>, StoreError> {
    let is_healed = !NOT_HEALED.iter().any(|beginning| resolution.starts_with(beginning));
    if !is_healed || convert::takes_back(row) {
        return Ok(None);
    }
    let outcome = format!("the incident resolved after it: {resolution}");
    let judged = actions::judge(conn, row.id, ActionEffect::Effective.into(), &outcome).await?;
    Ok(judged.map(|row| Change {
        from: Some(Status::Succeeded),
        row,
        actor: record::PRODUCER.to_owned(),
        verb: "action.effect",
        reason: outcome,
    }))
}
