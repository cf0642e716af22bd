//! Policies tried on the proposals of the past, by what was known of these when they were made.

use std::collections::HashMap;

use proto::ops::v1::{ActionEffect, ApprovalMode, PolicyTally, PolicyTrial, TestPoliciesResponse};
use remedy::Severity;
use remedy::policy::{self, Facts, PolicySet, Predicted};
use store::actions::{self, ActionFilter, ActionRow, Status};
use store::predictions::{self, Prediction};
use store::{Page, PgConnection, StoreError, incidents};
use uuid::Uuid;

use super::message;
use crate::convert;

/// What policies would have said to the newest proposals. What took harm back was nobody's proposal.
pub(crate) async fn of_history(
    conn: &mut PgConnection,
    set: &PolicySet,
    filter: &ActionFilter,
    limit: u32,
) -> Result<TestPoliciesResponse, StoreError> {
    let mut rows = actions::history(conn, filter, Page { limit, after: None }).await?;
    rows.retain(|row| row.rolls_back.is_none());
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let known = predictions::of_actions(conn, &ids).await?;
    let known: HashMap<Uuid, Prediction> = known.into_iter().map(|known| (known.action_id, known)).collect();
    let mut severities: HashMap<Uuid, Option<i32>> = HashMap::new();
    let mut response = TestPoliciesResponse::default();
    for row in rows {
        let severity = match severities.get(&row.incident_id) {
            Some(severity) => *severity,
            None => {
                let severity = incidents::get(conn, row.incident_id).await?.map(|incident| incident.severity);
                *severities.entry(row.incident_id).or_insert(severity)
            }
        };
        let Some(facts) = facts(&row, severity, known.get(&row.id)) else { continue };
        let ruling = policy::decide(set, &facts);
        let mode = message::mode(ruling.mode);
        let tally = match mode {
            ApprovalMode::AutoApprove => &mut response.auto_approved,
            ApprovalMode::TwoPerson => &mut response.two_person,
            ApprovalMode::Ask | ApprovalMode::Unspecified => &mut response.asked,
        };
        count(tally.get_or_insert_default(), &row);
        response.trials.push(PolicyTrial {
            action: Some(convert::action(row)),
            mode: mode.into(),
            policy: ruling.policy,
            policy_reason: ruling.reason,
        });
    }
    Ok(response)
}

/// What was known of a proposal; `None` when its type is none of ours. The number of replicas is the one that was proposed.
fn facts(row: &ActionRow, severity: Option<i32>, known: Option<&Prediction>) -> Option<Facts> {
    let predicted = known.filter(|known| known.refused.is_empty()).map(|known| Predicted {
        harms: known.harms,
        helps: known.helps,
        bad_pct_less: known.nothing.bad_pct - known.action.bad_pct,
    });
    Some(Facts {
        kind: convert::remedy(row)?.kind(),
        target: row.target_id.clone(),
        severity: severity.and_then(|number| u8::try_from(number).ok()).map(Severity),
        blast_pct: known.and_then(|known| known.blast_pct),
        predicted,
    })
}

fn count(tally: &mut PolicyTally, row: &ActionRow) {
    tally.proposals += 1;
    let slot = if row.status == Status::Succeeded.code() {
        match ActionEffect::try_from(row.effect) {
            Ok(ActionEffect::Effective) => &mut tally.effective,
            Ok(ActionEffect::Ineffective) => &mut tally.ineffective,
            Ok(ActionEffect::Harmful) => &mut tally.harmful,
            Ok(ActionEffect::Unspecified) | Err(_) => &mut tally.unjudged,
        }
    } else if row.status == Status::Failed.code() {
        &mut tally.failed
    } else {
        &mut tally.not_done
    };
    *slot += 1;
}
