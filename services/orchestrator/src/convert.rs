//! Rows ↔ messages. Everything is taken apart completely, so that a new field is a compile error here.

use chrono::{DateTime, Utc};
use proto::ops::v1::{
    Action, ActionEffect, ActionStatus, ActionType, Band, Calibration, Expected, Prediction, PredictionCame,
};
use remedy::Remedy;
use store::actions::{ActionRow, Approval, Status};
use store::predictions::{self, Came};

use crate::proposal::Proposal;

/// Time on the wire.
pub(crate) fn timestamp(time: DateTime<Utc>) -> pbjson_types::Timestamp {
    time.into()
}

/// Counters are never negative in the tables.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn small(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// An action as the API shows it.
pub(crate) fn action(row: ActionRow) -> Action {
    let ActionRow {
        id,
        simulation_id,
        run_id,
        incident_id,
        action_type,
        target_id,
        target_version,
        replicas,
        status,
        version,
        reason,
        proposed_at_tick,
        proposed_at,
        proposed_by,
        attempt,
        expires_at,
        decided_by,
        decided_at,
        decision_reason,
        executed_at_tick,
        completed_at_tick,
        outcome,
        effect,
        recorded_at: _,
        updated_at,
        approval_mode,
        policy,
        policy_reason,
        approvals,
        approvals_needed,
        proposed_replicas,
        replicas_by,
        rolls_back,
    } = row;
    Action {
        id: id.to_string(),
        simulation_id,
        run_id: run_id.to_string(),
        incident_id: incident_id.to_string(),
        r#type: ActionType::try_from(action_type).unwrap_or_default().into(),
        target_id,
        target_version: count(target_version),
        replicas: small(replicas),
        status: ActionStatus::try_from(status).unwrap_or_default().into(),
        version: count(version),
        reason,
        proposed_at_tick: count(proposed_at_tick),
        proposed_at: Some(timestamp(proposed_at)),
        proposed_by,
        attempt: small(attempt),
        expires_at: Some(timestamp(expires_at)),
        decided_by,
        decided_at: decided_at.map(timestamp),
        decision_reason,
        executed_at_tick: count(executed_at_tick),
        completed_at_tick: count(completed_at_tick),
        outcome,
        effect: ActionEffect::try_from(effect).unwrap_or_default().into(),
        updated_at: Some(timestamp(updated_at)),
        approval_mode,
        policy,
        policy_reason,
        approvals: approvals.0.into_iter().map(approval).collect(),
        approvals_needed: small(approvals_needed),
        proposed_replicas: small(proposed_replicas.unwrap_or(replicas)),
        replicas_by,
        rolls_back: rolls_back.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// What an action does, in the words of the rules; `None` when its type is none of ours.
pub(crate) fn remedy(row: &ActionRow) -> Option<Remedy> {
    let kind = wire::remedy_kind(ActionType::try_from(row.action_type).ok()?)?;
    Some(kind.on(&row.target_id, small(row.replicas)))
}

/// Whether it takes something back. Then it is right although, or because, its incident is over.
pub(crate) fn takes_back(row: &ActionRow) -> bool {
    row.rolls_back.is_some() || remedy(row).is_some_and(|remedy| remedy.kind().takes_back())
}

/// How good predictions were, as the API shows it.
pub(crate) fn calibration(tally: &predictions::Tally) -> Calibration {
    let &predictions::Tally { action_type, made, compared, p99_in_band, error_in_band, p99_error_pct } =
        tally;
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Calibration {
        r#type: action_type.unwrap_or_default(),
        made: count(made),
        compared: count(compared),
        p99_in_band: count(p99_in_band),
        error_in_band: count(error_in_band),
        p99_error_pct,
    }
}

/// A prediction as the API shows it.
pub(crate) fn prediction(row: predictions::Prediction) -> Prediction {
    let predictions::Prediction {
        action_id: _,
        simulation_id: _,
        run_id: _,
        made_at_tick,
        made_at,
        horizon_s,
        due_at_tick: _,
        futures,
        helps,
        harms,
        rank,
        options,
        refused,
        action,
        nothing,
        blast_pct: _,
        came,
        came_p99_ms,
        came_error_pct,
    } = row;
    Prediction {
        made_at_tick: count(made_at_tick),
        made_at: Some(timestamp(made_at)),
        horizon_s: small(horizon_s),
        futures: small(futures),
        rank: small(rank),
        options: small(options),
        helps,
        harms,
        refused,
        action: Some(expected(action)),
        nothing: Some(expected(nothing)),
        came: match came {
            Came::Pending => PredictionCame::Unspecified,
            Came::Acted => PredictionCame::Acted,
            Came::NotActed => PredictionCame::NotActed,
            Came::NotComparable => PredictionCame::NotComparable,
        }
        .into(),
        came_p99_ms,
        came_error_pct,
    }
}

fn expected(predictions::Expected { p99_ms, error_pct, bad_pct }: predictions::Expected) -> Expected {
    let band = |predictions::Band { low, mid, high }| mid.is_finite().then_some(Band { low, mid, high });
    Expected {
        p99_ms: band(p99_ms),
        error_pct: band(error_pct),
        bad_pct: Some(bad_pct).filter(|share| share.is_finite()),
    }
}

fn approval(Approval { by, at }: Approval) -> proto::ops::v1::Approval {
    proto::ops::v1::Approval { operator: by, at: Some(timestamp(at)) }
}

/// Where a row's action stands, in the words of the rules. A number that is none of the table's cannot be there.
pub(crate) fn status(code: i32) -> remedy::Status {
    match code {
        1 => remedy::Status::Proposed,
        2 => remedy::Status::Approved,
        3 => remedy::Status::Executing,
        4 => remedy::Status::Succeeded,
        5 => remedy::Status::Failed,
        6 => remedy::Status::Rejected,
        7 => remedy::Status::Expired,
        8 => remedy::Status::Cancelled,
        _ => remedy::Status::Superseded,
    }
}

/// The same, as the table takes it.
pub(crate) fn stored_status(status: remedy::Status) -> Status {
    match status {
        remedy::Status::Proposed => Status::Proposed,
        remedy::Status::Approved => Status::Approved,
        remedy::Status::Executing => Status::Executing,
        remedy::Status::Succeeded => Status::Succeeded,
        remedy::Status::Failed => Status::Failed,
        remedy::Status::Rejected => Status::Rejected,
        remedy::Status::Expired => Status::Expired,
        remedy::Status::Cancelled => Status::Cancelled,
        remedy::Status::Superseded => Status::Superseded,
    }
}

/// A checked proposal as the table takes it.
pub(crate) fn proposed_row(proposal: &Proposal) -> store::actions::Proposal {
    let Proposal { id, run_id, incident_id, kind, remedy: _, proposed_at, action } = proposal;
    store::actions::Proposal {
        id: *id,
        simulation_id: action.simulation_id.clone(),
        run_id: *run_id,
        incident_id: *incident_id,
        action_type: i32::from(*kind),
        target_id: action.target_id.clone(),
        // Checked to fit when the proposal was read.
        target_version: action.target_version.cast_signed(),
        replicas: action.replicas.cast_signed(),
        reason: action.reason.clone(),
        proposed_at_tick: action.proposed_at_tick.cast_signed(),
        proposed_at: *proposed_at,
        proposed_by: action.proposed_by.clone(),
        attempt: i32::try_from(action.attempt).unwrap_or(i32::MAX),
        rolls_back: None,
    }
}

/// Whether a recorded action came from this very proposal. What the orchestrator itself fills in does not count.
pub(crate) fn came_from(row: &ActionRow, proposal: &Proposal) -> bool {
    let proposed = proposed_row(proposal);
    row.simulation_id == proposed.simulation_id
        && row.run_id == proposed.run_id
        && row.incident_id == proposed.incident_id
        && row.action_type == proposed.action_type
        && row.target_id == proposed.target_id
        && row.target_version == proposed.target_version
        && row.proposed_replicas.unwrap_or(row.replicas) == proposed.replicas
        && row.reason == proposed.reason
        && row.proposed_at_tick == proposed.proposed_at_tick
        && row.proposed_by == proposed.proposed_by
        && row.attempt == proposed.attempt
}

/// Name of a status for people, for example `APPROVED`.
pub(crate) fn status_name(status: i32) -> &'static str {
    let name = ActionStatus::try_from(status).unwrap_or_default().as_str_name();
    name.strip_prefix("ACTION_STATUS_").unwrap_or(name)
}

/// Name of an action's type for people, for example `SCALE_UP`.
pub(crate) fn type_name(kind: i32) -> &'static str {
    let name = ActionType::try_from(kind).unwrap_or_default().as_str_name();
    name.strip_prefix("ACTION_TYPE_").unwrap_or(name)
}
