//! `sim.events`: what sim-engine did with a command moves its action; a new run ends the actions of the old one.

use bus::{Delivery, Failure};
use chrono::{DateTime, Utc};
use proto::sim::v1::{SimulationEvent, SimulationEventKind as Kind};
use remedy::lifecycle::{self, Report};
use rulebook::switch::REFUSED_BY_SWITCH;
use store::actions::{self, ActionRow, Status, Transition};
use store::{PgConnection, StoreError, inbox, incidents};
use uuid::Uuid;

use super::incidents::judge_effective;
use super::{EVENTS, decode, persist};
use crate::app::App;
use crate::convert;
use crate::record::{self, Change, Note};

/// Name of sim-engine in the audit.
const ENGINE: &str = "sim-engine";

pub(crate) async fn handle(app: &App, delivery: &Delivery) -> Result<(), Failure> {
    let event: SimulationEvent = decode(delivery)?;
    match event.kind() {
        Kind::RunStarted => {
            let run = uuid("run_id", &event.run_id)?;
            persist(app, delivery, || end_other_runs(app, delivery, &event, run)).await?;
        }
        Kind::SimulationDeleted => {
            persist(app, delivery, || end_simulation(app, delivery, &event)).await?;
        }
        Kind::ActionExecuting | Kind::ActionSucceeded | Kind::ActionFailed => {
            let action = uuid("action_id", &event.action_id)?;
            persist(app, delivery, || follow(app, delivery, &event, action)).await?;
        }
        _ => return Ok(()),
    }
    app.relay.wake();
    Ok(())
}

fn uuid(field: &str, value: &str) -> Result<Uuid, Failure> {
    Uuid::try_parse(value).map_err(|_| Failure::Poison(format!("{field} of the event is no UUID: {value:?}")))
}

async fn follow(app: &App, delivery: &Delivery, event: &SimulationEvent, id: Uuid) -> Result<(), StoreError> {
    let trace = delivery.traceparent.as_deref();
    let mut tx = app.store.begin().await?;
    if !inbox::first_time(&mut tx, EVENTS, &delivery.id).await? {
        return Ok(());
    }
    let changes = moved(&mut tx, event, id).await?;
    if changes.is_empty() {
        // A late or foreign report. The state machine knows no such step, so it is kept as a note only.
        let note = Note {
            actor: ENGINE.to_owned(),
            verb: "action.report.ignored",
            simulation_id: event.simulation_id.clone(),
            subject_id: id.to_string(),
            reason: format!("{} at tick {}: {}", event.kind().as_str_name(), event.tick, event.message),
        };
        tracing::warn!(action_id = %id, event = event.id, "report about an action does not fit its state; ignored");
        record::note(&mut tx, note, trace).await?;
    } else {
        record::changes(&mut tx, &changes, trace).await?;
    }
    tx.commit().await
}

/// The steps that a report means, in order. Empty when it fits no step.
async fn moved(
    conn: &mut PgConnection,
    event: &SimulationEvent,
    id: Uuid,
) -> Result<Vec<Change>, StoreError> {
    let Some(row) = actions::get(conn, id).await? else { return Ok(Vec::new()) };
    let report = match event.kind() {
        Kind::ActionExecuting => Report::Executing,
        Kind::ActionSucceeded => Report::Succeeded,
        _ if event.attributes.contains_key(REFUSED_BY_SWITCH) => Report::RefusedBySwitch,
        _ => Report::Failed,
    };
    let mut from = convert::status(row.status);
    let mut steps = Steps { conn, event, id, changes: Vec::new() };
    for to in lifecycle::after(from, report) {
        let Some(row) = steps.step(from, *to).await? else { break };
        if *to == remedy::Status::Succeeded {
            steps.judge(&row).await?;
        }
        from = *to;
    }
    Ok(steps.changes)
}

struct Steps<'a> {
    conn: &'a mut PgConnection,
    event: &'a SimulationEvent,
    id: Uuid,
    changes: Vec<Change>,
}

impl Steps<'_> {
    async fn step(
        &mut self,
        from: remedy::Status,
        to: remedy::Status,
    ) -> Result<Option<ActionRow>, StoreError> {
        let tick = i64::try_from(self.event.tick).unwrap_or(i64::MAX);
        let message = self.event.message.clone();
        let nothing = Transition::default();
        let (verb, with) = match to {
            remedy::Status::Executing => {
                ("action.execute", Transition { executed_at_tick: Some(tick), ..nothing })
            }
            remedy::Status::Succeeded => (
                "action.succeed",
                Transition { completed_at_tick: Some(tick), outcome: Some(message), ..nothing },
            ),
            remedy::Status::Cancelled => {
                ("action.cancel", Transition { decision_reason: Some(message), ..nothing })
            }
            _ => ("action.fail", Transition { outcome: Some(message), ..nothing }),
        };
        let (from, to) = (convert::stored_status(from), convert::stored_status(to));
        let moved = actions::transition(self.conn, self.id, &[from], to, &with).await?;
        if let Some(row) = &moved {
            self.changes.push(Change {
                from: Some(from),
                row: row.clone(),
                actor: ENGINE.to_owned(),
                verb,
                reason: self.event.message.clone(),
            });
        }
        Ok(moved)
    }

    /// The incident may have been over before its action was done; nobody would come back to it.
    async fn judge(&mut self, row: &ActionRow) -> Result<(), StoreError> {
        let incident = incidents::get(self.conn, row.incident_id).await?;
        if let Some(incident) = incident.filter(|incident| incident.resolved) {
            self.changes.extend(judge_effective(self.conn, row, &incident.resolution).await?);
        }
        Ok(())
    }
}

/// A command for another run is refused by sim-engine, so nothing of an old run can still happen.
async fn end_other_runs(
    app: &App,
    delivery: &Delivery,
    event: &SimulationEvent,
    run: Uuid,
) -> Result<(), StoreError> {
    let reason = format!("its run ended: run {run} began");
    let began = event.time.and_then(|time| DateTime::<Utc>::try_from(time).ok());
    // Simulated time never goes backwards, so an action from later than this start belongs to a newer run yet.
    let is_over = |row: &ActionRow| row.run_id != run && began.is_none_or(|began| row.proposed_at < began);
    end_actions(app, delivery, event, &reason, is_over).await
}

/// A command for a simulation that is no more is refused by sim-engine, so nothing of it can still happen.
async fn end_simulation(app: &App, delivery: &Delivery, event: &SimulationEvent) -> Result<(), StoreError> {
    let ended = event.time.and_then(|time| DateTime::<Utc>::try_from(time).ok());
    // One that was created with the same id since lives later.
    let is_over = |row: &ActionRow| ended.is_none_or(|ended| row.proposed_at <= ended);
    end_actions(app, delivery, event, "its simulation was deleted", is_over).await
}

async fn end_actions(
    app: &App,
    delivery: &Delivery,
    event: &SimulationEvent,
    reason: &str,
    is_over: impl Fn(&ActionRow) -> bool,
) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    if !inbox::first_time(&mut tx, EVENTS, &delivery.id).await? {
        return Ok(());
    }
    let unfinished = [Status::Proposed, Status::Approved, Status::Executing];
    let mut changes = Vec::new();
    for row in actions::in_status(&mut tx, Some(&event.simulation_id), &unfinished).await? {
        if !is_over(&row) {
            continue;
        }
        let with = Transition { decision_reason: Some(reason.to_owned()), ..Transition::default() };
        for (from, to, verb) in [
            (Status::Proposed, Status::Superseded, "action.supersede"),
            (Status::Approved, Status::Cancelled, "action.cancel"),
            (Status::Executing, Status::Cancelled, "action.cancel"),
        ] {
            let moved = actions::transition(&mut tx, row.id, &[from], to, &with).await?;
            changes.extend(moved.map(|row| Change {
                from: Some(from),
                row,
                actor: record::PRODUCER.to_owned(),
                verb,
                reason: reason.to_owned(),
            }));
        }
    }
    record::changes(&mut tx, &changes, delivery.traceparent.as_deref()).await?;
    tx.commit().await
}
