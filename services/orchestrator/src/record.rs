//! What every change of an action entails, in the transaction of the change: a message that tells everyone, and an
//! audit entry that tells why.

use prost::{Message as _, Name as _};
use proto::ops::v1::{Action, ApplyActionCommand};
use serde_json::{Value, json};
use store::actions::{ActionRow, Status};
use store::audit::{self, AuditEntry};
use store::outbox::{self, OutboxMessage};
use store::{PgConnection, StoreError};

use crate::convert;

/// Name of this service in the outbox and the audit.
pub(crate) const PRODUCER: &str = "orchestrator";
/// Characters that are kept of a name that nobody has checked: as long as a checked one may be.
const MAX_UNCHECKED: usize = 128;

/// A change that has been made to an action.
#[derive(Debug)]
pub(crate) struct Change {
    /// Where the action stood before; `None` when it is new.
    pub(crate) from: Option<Status>,
    /// The action as it is now.
    pub(crate) row: ActionRow,
    /// Who changed it: an operator or a service.
    pub(crate) actor: String,
    /// What was done, for example `action.approve`.
    pub(crate) verb: &'static str,
    /// Why.
    pub(crate) reason: String,
}

/// Something worth knowing later that changed no action: a refusal, an acknowledgement.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) actor: String,
    pub(crate) verb: &'static str,
    pub(crate) simulation_id: String,
    pub(crate) subject_id: String,
    pub(crate) reason: String,
}

/// Puts the messages of changes into the outbox and appends their audit entries. Call it last in a transaction: audit
/// entries of different transactions wait for each other.
pub(crate) async fn changes(
    conn: &mut PgConnection,
    changes: &[Change],
    traceparent: Option<&str>,
) -> Result<(), StoreError> {
    let messages: Vec<OutboxMessage> =
        changes.iter().map(|change| status_message(change.row.clone(), traceparent)).collect();
    outbox::enqueue_all(conn, PRODUCER, &messages.iter().collect::<Vec<_>>()).await?;
    for change in changes {
        audit::append(conn, &entry(change, traceparent)).await?;
    }
    Ok(())
}

/// Puts the command of an approval into the outbox.
pub(crate) async fn command(
    conn: &mut PgConnection,
    command: &ApplyActionCommand,
    traceparent: Option<&str>,
) -> Result<(), StoreError> {
    let message = OutboxMessage {
        id: command.id.clone(),
        subject: bus::subjects::OPS_COMMANDS.to_owned(),
        message_type: ApplyActionCommand::full_name(),
        simulation_id: command.simulation_id.clone(),
        traceparent: traceparent.map(ToOwned::to_owned),
        payload: command.encode_to_vec(),
    };
    outbox::enqueue(conn, PRODUCER, &message).await.map(|_new| ())
}

/// What an unchecked name may be in the audit: it may hold anything, so it is cut and made printable.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_UNCHECKED).collect()
}

/// What PostgreSQL takes as text.
pub(crate) fn without_nul(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').collect()
}

/// Appends a note to the audit.
pub(crate) async fn note(
    conn: &mut PgConnection,
    note: Note,
    traceparent: Option<&str>,
) -> Result<(), StoreError> {
    let Note { actor, verb, simulation_id, subject_id, reason } = note;
    let entry = AuditEntry {
        actor,
        action: verb.to_owned(),
        simulation_id,
        subject_id,
        before: None,
        after: None,
        reason,
        trace_id: trace_id(traceparent),
    };
    audit::append(conn, &entry).await.map(|_seq| ())
}

fn status_message(row: ActionRow, traceparent: Option<&str>) -> OutboxMessage {
    let action = convert::action(row);
    OutboxMessage {
        id: format!("{}:{}", action.id, action.version),
        subject: bus::subjects::OPS_ACTIONS.to_owned(),
        message_type: Action::full_name(),
        simulation_id: action.simulation_id.clone(),
        traceparent: traceparent.map(ToOwned::to_owned),
        payload: action.encode_to_vec(),
    }
}

fn entry(change: &Change, traceparent: Option<&str>) -> AuditEntry {
    let row = &change.row;
    AuditEntry {
        actor: change.actor.clone(),
        action: change.verb.to_owned(),
        simulation_id: row.simulation_id.clone(),
        subject_id: row.id.to_string(),
        before: change
            .from
            .map(|from| json!({ "status": convert::status_name(from.code()), "version": row.version - 1 })),
        after: Some(state(row)),
        reason: change.reason.clone(),
        trace_id: trace_id(traceparent),
    }
}

/// What an auditor wants to see of an action.
fn state(row: &ActionRow) -> Value {
    json!({
        "status": convert::status_name(row.status),
        "version": row.version,
        "type": convert::type_name(row.action_type),
        "target": row.target_id,
        "target_version": row.target_version,
        "replicas": row.replicas,
        "proposed_replicas": row.proposed_replicas.unwrap_or(row.replicas),
        "policy": row.policy,
        "approvals": row.approvals.iter().map(|approval| &approval.by).collect::<Vec<_>>(),
        "approvals_needed": row.approvals_needed,
        "incident_id": row.incident_id,
        "run_id": row.run_id,
        "outcome": row.outcome,
        "effect": row.effect,
    })
}

fn trace_id(traceparent: Option<&str>) -> String {
    traceparent.and_then(bus::trace::trace_id).unwrap_or_default().to_owned()
}
