//! Why a decision does not count, in sentences that say what to do.

use chrono::{DateTime, SecondsFormat, Utc};
use connectrpc_axum::ConnectError;
use proto::ops::v1::Action;
use remedy::lifecycle::{self, Refusal};
use store::actions::{ActionRow, Status};

use super::Decision;
use crate::convert;
use crate::error;

/// Why a decision does not count: its label in the metrics, and the sentence.
pub(super) fn refusal_of(
    row: &ActionRow,
    refusal: Refusal,
    decision: &Decision,
) -> (&'static str, Result<Action, ConnectError>) {
    let id = row.id;
    let (label, error) = match refusal {
        Refusal::Over | Refusal::Changed => {
            ("lost", error::precondition(why_lost(row, decision.expected_version)))
        }
        Refusal::Late => (
            "expired",
            error::precondition(format!(
                "Action {id} expired at {}: nobody decided in time. Wait for the agent's next proposal.",
                instant(row.expires_at)
            )),
        ),
        Refusal::Proposer => (
            "proposer",
            error::precondition(format!(
                "{} proposed action {id}, which takes the approval of two other people. Ask somebody else.",
                row.proposed_by
            )),
        ),
        Refusal::Twice => (
            "twice",
            error::precondition(format!(
                "{} has approved action {id} already. It takes the approval of {} different people: ask somebody else.",
                decision.by, row.approvals_needed
            )),
        ),
        Refusal::NoReplicas => (
            "invalid",
            error::invalid(format!(
                "Action {id} is {}, which has no number of replicas. Approve it as it is, or reject it.",
                convert::type_name(row.action_type)
            )),
        ),
        Refusal::TooManyReplicas => (
            "invalid",
            error::invalid(format!("replicas must be 1 to {}, or 0 to leave it.", lifecycle::MAX_REPLICAS)),
        ),
    };
    (label, Err(error))
}

fn why_lost(row: &ActionRow, expected_version: Option<u64>) -> String {
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
    use super::super::command::tests::approved;
    use super::*;

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
