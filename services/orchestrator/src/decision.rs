//! Decisions: one transaction with the compare-and-set, the answer for the idempotency key, the command, the status
//! message and the audit entry. Of many deciders exactly one wins, and the others learn who.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use connectrpc_axum::ConnectError;
use prost::Message as _;
use proto::ops::v1::{Action, ApplyActionCommand};
use rulebook::switch::Switch;
use store::actions::{self, ActionRow, Decision, DecisionOutcome, Status, Transition, gate};
use store::idempotency::{self, Claim};
use store::{PgConnection, StoreError, incidents};
use uuid::Uuid;

use crate::app::App;
use crate::automation;
use crate::convert;
use crate::error;
use crate::record::{self, Change, Note};

/// One scope for both decisions: a key that approved cannot be used again to reject.
const SCOPE: &str = "ActionService.decide";

/// Namespace of the ids that are derived here.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// A yes or a no, checked for form.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) decision: Decision,
    /// Chosen by the client; empty for none.
    pub(crate) idempotency_key: String,
    /// Hash of the request without its key.
    pub(crate) body_hash: Vec<u8>,
    pub(crate) traceparent: Option<String>,
}

/// What came of a request, after commit.
#[derive(Debug)]
enum Answer {
    Decided(Box<Action>),
    Repeated(Vec<u8>),
    KeyReused,
    Lost(Box<ActionRow>),
    Expired(Box<ActionRow>),
    /// The incident was over before the decision came.
    Withdrawn(Box<ActionRow>),
    /// Automation is paused, or nobody can tell whether it is.
    Paused(Switch),
    NotFound,
}

/// Decides, and returns the action as it is afterwards.
pub(crate) async fn decide(app: &App, request: &Request) -> Result<Action, ConnectError> {
    let answer =
        attempt(app, request).await.map_err(|failure| error::database("record your decision", &failure))?;
    // Statuses and the command are in the outbox now, whatever the answer is.
    app.relay.wake();
    let id = request.decision.action_id;
    let (label, result) = match answer {
        Answer::Decided(action) => ("decided", Ok(*action)),
        Answer::Repeated(bytes) => (
            "repeated",
            Action::decode(&bytes[..]).map_err(|e| error::internal("read the answer I gave before", &e)),
        ),
        Answer::KeyReused => (
            "key_reused",
            Err(error::invalid(
                "This idempotency_key was used for another request. Choose a new key for each decision, and repeat \
                 only the very same request with it.",
            )),
        ),
        Answer::Lost(row) => {
            ("lost", Err(error::precondition(why_lost(&row, request.decision.expected_version))))
        }
        Answer::Expired(row) => (
            "expired",
            Err(error::precondition(format!(
                "Action {id} expired at {}: nobody decided in time. Wait for the agent's next proposal.",
                instant(row.expires_at)
            ))),
        ),
        Answer::Withdrawn(row) => (
            "withdrawn",
            Err(error::precondition(format!(
                "Action {id} is no longer wanted: {}. Nothing was done.",
                row.decision_reason
            ))),
        ),
        Answer::Paused(switch) => ("paused", Err(automation::refusal(&switch))),
        Answer::NotFound => (
            "not_found",
            Err(error::not_found(format!(
                "There is no action {id}. ListPendingActions names the ones that wait."
            ))),
        ),
    };
    app.metrics.decision(label);
    result
}

async fn attempt(app: &App, request: &Request) -> Result<Answer, StoreError> {
    let Request { decision, idempotency_key: key, body_hash, traceparent } = request;
    let traceparent = traceparent.as_deref();
    let mut tx = app.store.begin().await?;
    if !key.is_empty() {
        match idempotency::claim(&mut tx, SCOPE, key, body_hash).await? {
            Claim::New => {}
            Claim::Replay(answer) => return Ok(Answer::Repeated(answer)),
            Claim::Mismatch => return Ok(Answer::KeyReused),
        }
    }
    let mut automation_version = 0;
    if decision.approve {
        // Held until the commit: whoever pauses automation waits for it, and then finds the command.
        gate::enter(&mut tx).await?;
        match Switch::look(&app.bus).await {
            Switch::Running(automation) => automation_version = automation.version,
            switch => {
                tx.rollback().await?;
                return paused(app, request, switch).await;
            }
        }
    }
    if decision.approve
        && let Some(row) = withdraw(&mut tx, decision, traceparent).await?
    {
        tx.commit().await?;
        return Ok(Answer::Withdrawn(Box::new(row)));
    }
    let answer = match actions::decide(&mut tx, decision).await? {
        DecisionOutcome::Decided(row) => {
            let order = Order { ttl: app.limits.command_ttl, automation_version };
            let action = decided(&mut tx, *row, decision, order, traceparent).await?;
            if !key.is_empty() {
                idempotency::finish(&mut tx, SCOPE, key, &action.encode_to_vec()).await?;
            }
            Answer::Decided(Box::new(action))
        }
        DecisionOutcome::Expired(row) => {
            let row = expire(&mut tx, *row, traceparent).await?;
            refused(&mut tx, &row, decision, "it had expired".to_owned(), traceparent).await?;
            Answer::Expired(Box::new(row))
        }
        DecisionOutcome::Lost { current } => {
            let why = why_lost(&current, decision.expected_version);
            refused(&mut tx, &current, decision, why, traceparent).await?;
            Answer::Lost(current)
        }
        DecisionOutcome::NotFound => Answer::NotFound,
    };
    tx.commit().await?;
    Ok(answer)
}

/// Notes that somebody would have approved. The claim of the key is undone: it may be used when automation goes on.
async fn paused(app: &App, request: &Request, switch: Switch) -> Result<Answer, StoreError> {
    let Request { decision, traceparent, .. } = request;
    let mut tx = app.store.begin().await?;
    let Some(row) = actions::get(&mut tx, decision.action_id).await? else { return Ok(Answer::NotFound) };
    let why = switch.why_not().unwrap_or_default();
    refused(&mut tx, &row, decision, why, traceparent.as_deref()).await?;
    tx.commit().await?;
    Ok(Answer::Paused(switch))
}

/// Supersedes a proposal whose incident is over already; its message may still be on the way to us.
async fn withdraw(
    conn: &mut PgConnection,
    decision: &Decision,
    traceparent: Option<&str>,
) -> Result<Option<ActionRow>, StoreError> {
    let Some(row) = actions::get(conn, decision.action_id).await? else { return Ok(None) };
    if row.status != Status::Proposed.code() {
        return Ok(None);
    }
    let Some(incident) = incidents::get(conn, row.incident_id).await?.filter(|incident| incident.resolved)
    else {
        return Ok(None);
    };
    let reason = format!("its incident is over: {}", incident.resolution);
    let with = Transition { decision_reason: Some(reason.clone()), ..Transition::default() };
    let moved = actions::transition(conn, row.id, &[Status::Proposed], Status::Superseded, &with).await?;
    let Some(row) = moved else { return Ok(None) };
    let change = Change {
        from: Some(Status::Proposed),
        row: row.clone(),
        actor: record::PRODUCER.to_owned(),
        verb: "action.supersede",
        reason: reason.clone(),
    };
    record::changes(conn, &[change], traceparent).await?;
    refused(conn, &row, decision, reason, traceparent).await?;
    Ok(Some(row))
}

async fn decided(
    conn: &mut PgConnection,
    row: ActionRow,
    decision: &Decision,
    order: Order,
    traceparent: Option<&str>,
) -> Result<Action, StoreError> {
    if decision.approve {
        record::command(conn, &command_for(&row, order), traceparent).await?;
    }
    let change = Change {
        from: Some(Status::Proposed),
        row: row.clone(),
        actor: decision.decided_by.clone(),
        verb: if decision.approve { "action.approve" } else { "action.reject" },
        reason: decision.reason.clone(),
    };
    record::changes(conn, &[change], traceparent).await?;
    Ok(convert::action(row))
}

async fn expire(
    conn: &mut PgConnection,
    row: ActionRow,
    traceparent: Option<&str>,
) -> Result<ActionRow, StoreError> {
    let reason = "nobody decided in time";
    let with = Transition { decision_reason: Some(reason.to_owned()), ..Transition::default() };
    // The expiry job may have been quicker; then there is nothing left to do.
    match actions::transition(conn, row.id, &[Status::Proposed], Status::Expired, &with).await? {
        None => Ok(row),
        Some(row) => {
            let change = Change {
                from: Some(Status::Proposed),
                row: row.clone(),
                actor: record::PRODUCER.to_owned(),
                verb: "action.expire",
                reason: reason.to_owned(),
            };
            record::changes(conn, &[change], traceparent).await?;
            Ok(row)
        }
    }
}

async fn refused(
    conn: &mut PgConnection,
    row: &ActionRow,
    decision: &Decision,
    reason: String,
    traceparent: Option<&str>,
) -> Result<(), StoreError> {
    let note = Note {
        actor: decision.decided_by.clone(),
        verb: if decision.approve { "action.approve.refused" } else { "action.reject.refused" },
        simulation_id: row.simulation_id.clone(),
        subject_id: row.id.to_string(),
        reason,
    };
    record::note(conn, note, traceparent).await
}

/// What a command says besides the action itself.
#[derive(Debug, Clone, Copy)]
struct Order {
    /// How long it may be carried out.
    ttl: Duration,
    /// Version of the kill switch that it was approved under.
    automation_version: u64,
}

/// Id of the command of an approved action: it follows from the action and the version that the approval made.
pub(crate) fn command_id(row: &ActionRow) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("command/{}/{}", row.id, row.version).as_bytes())
}

/// The order to sim-engine: the same however often it is built.
fn command_for(row: &ActionRow, Order { ttl, automation_version }: Order) -> ApplyActionCommand {
    let id = command_id(row).to_string();
    let action = convert::action(row.clone());
    let approved_at = row.decided_at.unwrap_or(row.updated_at);
    let valid_until = approved_at + TimeDelta::from_std(ttl).unwrap_or(TimeDelta::zero());
    ApplyActionCommand {
        id,
        simulation_id: action.simulation_id,
        run_id: action.run_id,
        action_id: action.id,
        r#type: action.r#type,
        target_id: action.target_id,
        target_version: action.target_version,
        replicas: action.replicas,
        approved_by: action.decided_by,
        approved_at: Some(convert::timestamp(approved_at)),
        valid_until: Some(convert::timestamp(valid_until)),
        automation_version,
    }
}

fn why_lost(row: &ActionRow, expected_version: Option<i64>) -> String {
    let id = row.id;
    let status = convert::status_name(row.status);
    let at = instant(row.decided_at.unwrap_or(row.updated_at));
    let because =
        if row.decision_reason.is_empty() { String::new() } else { format!(" ({})", row.decision_reason) };
    if row.status == Status::Proposed.code() {
        return format!(
            "Action {id} is at version {}, you looked at version {}. Load it again and decide on what you see.",
            row.version,
            expected_version.unwrap_or_default()
        );
    }
    if row.decided_by.is_empty() {
        return format!("Nobody can decide on action {id} any more: it became {status} at {at}{because}.");
    }
    let decided = if row.status == Status::Rejected.code() { "rejected" } else { "approved" };
    format!(
        "{} {decided} action {id} at {at}{because}; it is {status} now, at version {}.",
        row.decided_by, row.version
    )
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approved() -> ActionRow {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        ActionRow {
            id: Uuid::from_u128(1),
            simulation_id: "default".to_owned(),
            run_id: Uuid::from_u128(2),
            incident_id: Uuid::from_u128(3),
            action_type: 2,
            target_id: "checkout".to_owned(),
            target_version: 4,
            replicas: 2,
            status: Status::Approved.code(),
            version: 2,
            reason: "r".to_owned(),
            proposed_at_tick: 10,
            proposed_at: at,
            proposed_by: "agent-service".to_owned(),
            attempt: 1,
            expires_at: at,
            decided_by: "alice".to_owned(),
            decided_at: Some(at),
            decision_reason: String::new(),
            executed_at_tick: 0,
            completed_at_tick: 0,
            outcome: String::new(),
            effect: 0,
            recorded_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn a_command_is_the_same_however_often_it_is_built() {
        let order = Order { ttl: Duration::from_secs(60), automation_version: 3 };
        let command = command_for(&approved(), order);
        assert_eq!(command, command_for(&approved(), order));
        assert_eq!(command.valid_until.unwrap().seconds - command.approved_at.unwrap().seconds, 60);
        let other_decision = ActionRow { version: 3, ..approved() };
        assert_ne!(command.id, command_for(&other_decision, order).id);
    }

    #[test]
    fn the_loser_learns_who_decided_what_and_when() {
        let why = why_lost(&approved(), None);
        assert!(why.starts_with("alice approved action"), "{why}");
        assert!(why.contains("2026-09-21T"), "{why}");
        let rejected = ActionRow {
            status: Status::Rejected.code(),
            decision_reason: "too risky".to_owned(),
            ..approved()
        };
        let why = why_lost(&rejected, None);
        assert!(why.contains("rejected") && why.contains("(too risky)"), "{why}");
        let moved = ActionRow { status: Status::Proposed.code(), ..approved() };
        assert!(why_lost(&moved, Some(1)).contains("you looked at version 1"));
        let expired = ActionRow { status: Status::Expired.code(), decided_by: String::new(), ..approved() };
        assert!(why_lost(&expired, None).contains("it became EXPIRED"));
    }
}
