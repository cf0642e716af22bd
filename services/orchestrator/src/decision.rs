//! Decisions: one transaction with the compare-and-set, the answer for the idempotency key, the command, the status
//! message and the audit entry. Of many deciders exactly one wins, and the others learn who. What a decision means is for
//! `remedy::lifecycle` to say.

use connectrpc_axum::ConnectError;
use prost::Message as _;
use proto::ops::v1::{Action, ActionStatus};
use remedy::lifecycle::{self, Answer as Says, Life, Outcome, Refusal};
use rulebook::switch::Switch;
use store::actions::{self, ActionRow, Status, Transition, Verdict, gate};
use store::budget;
use store::idempotency::{self, Claim};
use store::{PgConnection, StoreError, incidents};
use uuid::Uuid;

mod command;
mod refusal;

pub(crate) use command::command_id;
use command::{Order, command_for};
use refusal::refusal_of;

use crate::app::App;
use crate::automation;
use crate::convert;
use crate::error;
use crate::record::{self, Change, Note};

/// One scope for both decisions: a key that approved cannot be used again to reject.
const SCOPE: &str = "ActionService.decide";

/// A yes or a no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) action_id: Uuid,
    pub(crate) says: Says,
    pub(crate) by: String,
    /// Why; empty for a yes without words.
    pub(crate) reason: String,
    /// The version that was looked at; `None` for whatever is there.
    pub(crate) expected_version: Option<u64>,
    /// Whether a policy decides; then the budget of automatic approvals has to allow it.
    pub(crate) automatic: bool,
}

impl Decision {
    fn approves(&self) -> bool {
        matches!(self.says, Says::Approve { .. })
    }
}

/// Approvals without a person.
const BUDGET: budget::Bucket = budget::Bucket {
    scope: "automatic",
    capacity: remedy::policy::BURST as f64,
    per_minute: remedy::policy::REFILL_PER_MINUTE as f64,
};

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
    /// It counts, and perhaps decides.
    Counted(Box<Action>),
    Repeated(Vec<u8>),
    KeyReused,
    Refused(Box<ActionRow>, Refusal),
    /// No more approvals without a person for the moment.
    Exhausted,
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
        Answer::Counted(action) if action.status() == ActionStatus::Proposed => ("counted", Ok(*action)),
        Answer::Counted(action) => ("decided", Ok(*action)),
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
        Answer::Refused(row, refusal) => refusal_of(&row, refusal, &request.decision),
        Answer::Exhausted => (
            "exhausted",
            Err(error::precondition(
                "Enough was approved without a person for the moment. A person still may.",
            )),
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
    let mut order = Order { ttl: app.limits.command_ttl, automation_version: 0 };
    if decision.approves() {
        // Held until the commit: whoever pauses automation waits for it, and then finds the command.
        gate::enter(&mut tx).await?;
        match Switch::look(&app.bus).await {
            Switch::Running(automation) => order.automation_version = automation.version,
            switch => {
                tx.rollback().await?;
                return paused(app, request, switch).await;
            }
        }
        if let Some(row) = withdraw(&mut tx, decision, traceparent).await? {
            tx.commit().await?;
            return Ok(Answer::Withdrawn(Box::new(row)));
        }
    }
    let answer = judge(&mut tx, decision, order, traceparent).await?;
    match &answer {
        Answer::Counted(action) if !key.is_empty() => {
            idempotency::finish(&mut tx, SCOPE, key, &action.encode_to_vec()).await?;
        }
        // The token and everything else is given back.
        Answer::Exhausted => {
            tx.rollback().await?;
            return Ok(answer);
        }
        _ => {}
    }
    tx.commit().await?;
    Ok(answer)
}

/// Locks the action, asks the rules of its life, and writes what they say.
async fn judge(
    conn: &mut PgConnection,
    decision: &Decision,
    order: Order,
    traceparent: Option<&str>,
) -> Result<Answer, StoreError> {
    let Some(held) = actions::hold(conn, decision.action_id).await? else { return Ok(Answer::NotFound) };
    let Decision { says, by, expected_version, automatic, .. } = decision;
    let row = held.row;
    let outcome = lifecycle::decide(&life(&row), by, *says, *expected_version, held.late);
    let next = match outcome {
        Outcome::Refused(refusal) => return refuse(conn, row, refusal, decision, traceparent).await,
        Outcome::Decided(next) | Outcome::Counted(next) => next,
    };
    if *automatic && !budget::take(conn, BUDGET).await? {
        return Ok(Answer::Exhausted);
    }
    let verdict = Verdict {
        status: convert::stored_status(next.status),
        by: by.clone(),
        reason: decision.reason.clone(),
        approves: decision.approves(),
        replicas: (next.replicas.cast_signed() != row.replicas).then(|| next.replicas.cast_signed()),
    };
    match actions::settle(conn, &row, &verdict).await? {
        // Its time was up between the lock and now.
        None => refuse(conn, row, Refusal::Late, decision, traceparent).await,
        Some(row) => Ok(Answer::Counted(Box::new(decided(conn, row, decision, order, traceparent).await?))),
    }
}

/// The row as far as deciding on it is concerned.
fn life(row: &ActionRow) -> Life {
    Life {
        status: convert::status(row.status),
        version: u64::try_from(row.version).unwrap_or_default(),
        proposed_by: row.proposed_by.clone(),
        approvals_needed: u32::try_from(row.approvals_needed).unwrap_or(u32::MAX),
        approvals: row.approvals.iter().map(|approval| approval.by.clone()).collect(),
        replicas: u32::try_from(row.replicas).unwrap_or_default(),
        replicas_by: row.replicas_by.clone(),
    }
}

/// Notes a decision that does not count; one that comes too late lets the proposal expire.
async fn refuse(
    conn: &mut PgConnection,
    row: ActionRow,
    refusal: Refusal,
    decision: &Decision,
    traceparent: Option<&str>,
) -> Result<Answer, StoreError> {
    let row = if refusal == Refusal::Late { expire(conn, row, traceparent).await? } else { row };
    let why = refusal_of(&row, refusal, decision).1.err();
    let why = why.and_then(|error| error.message().map(ToOwned::to_owned)).unwrap_or_default();
    refused(conn, &row, decision, why, traceparent).await?;
    Ok(Answer::Refused(Box::new(row), refusal))
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

/// Supersedes a proposal whose incident is over already; its message may still be on the way to us. What takes something back is wanted
/// then.
async fn withdraw(
    conn: &mut PgConnection,
    decision: &Decision,
    traceparent: Option<&str>,
) -> Result<Option<ActionRow>, StoreError> {
    let Some(row) = actions::get(conn, decision.action_id).await? else { return Ok(None) };
    if row.status != Status::Proposed.code() || convert::takes_back(&row) {
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
    if row.status == Status::Approved.code() {
        record::command(conn, &command_for(&row, order), traceparent).await?;
    }
    let change = Change {
        from: Some(Status::Proposed),
        actor: decision.by.clone(),
        verb: match (decision.approves(), row.status == Status::Approved.code()) {
            (true, true) => "action.approve",
            (true, false) => "action.approve.first",
            (false, _) => "action.reject",
        },
        reason: decision.reason.clone(),
        row: row.clone(),
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
        actor: decision.by.clone(),
        verb: if decision.approves() { "action.approve.refused" } else { "action.reject.refused" },
        simulation_id: row.simulation_id.clone(),
        subject_id: row.id.to_string(),
        reason,
    };
    record::note(conn, note, traceparent).await
}
