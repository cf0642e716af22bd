//! `RuleService.Test`.

use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use detect::{Comparison, SimTime, TargetKind, Told};
use pbjson_types::Timestamp;
use proto::common::v1 as common;
use proto::ops::v1::{
    RuleServiceTestRequest, RuleServiceTestResponse, RuleTestCounts, RuleTestIncident, RuleTestPair,
};

use super::fields;
use crate::app::App;
use crate::error;
use crate::rules::trial::{self, Outcome, Trial};

/// Rules in one test: those that belong together.
const MAX_CANDIDATES: usize = 64;
/// Incidents in each list of the answer.
const MAX_LISTED: usize = 1_000;

pub(super) async fn test(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<RuleServiceTestRequest>,
) -> Result<ConnectResponse<RuleServiceTestResponse>, ConnectError> {
    let RuleServiceTestRequest { rules, simulation_id, from, to } = request;
    if rules.is_empty() || rules.len() > MAX_CANDIDATES {
        return Err(error::invalid(format!(
            "rules has {} entries; send the definitions of 1 to {MAX_CANDIDATES} rules.",
            rules.len()
        )));
    }
    let instant = |field, time: Option<Timestamp>| time.map(|time| fields::instant(field, time)).transpose();
    let trial = Trial {
        candidates: rulebook::checked(&rules).map_err(|mistakes| error::invalid(format!("{mistakes}.")))?,
        simulation_id: fields::simulation(simulation_id)?,
        from: instant("from", from)?,
        to: instant("to", to)?,
    };
    let outcome = trial::run(&app, &trial).await?;
    Ok(ConnectResponse(answer(outcome)))
}

fn answer(outcome: Outcome) -> RuleServiceTestResponse {
    let Outcome { comparison, from, to } = outcome;
    let Comparison { gained, lost, moved, unchanged, samples } = comparison;
    let counts = RuleTestCounts {
        gained: gained.len() as u64,
        lost: lost.len() as u64,
        moved: moved.len() as u64,
        unchanged: unchanged.len() as u64,
    };
    let list = |told: Vec<Told>| told.into_iter().take(MAX_LISTED).map(incident).collect();
    RuleServiceTestResponse {
        gained: list(gained),
        lost: list(lost),
        moved: moved.into_iter().take(MAX_LISTED).map(pair).collect(),
        unchanged: list(unchanged),
        counts: Some(counts),
        from: Some(from.into()),
        to: Some(to.into()),
        samples,
    }
}

fn pair((present, candidate): (Told, Told)) -> RuleTestPair {
    let later_us = candidate.opened_at.micros - present.opened_at.micros;
    RuleTestPair {
        present: Some(incident(present)),
        candidate: Some(incident(candidate)),
        opened_later_s: later_us as f64 / 1e6,
    }
}

fn incident(told: Told) -> RuleTestIncident {
    let Told { rule, family: _, target, severity, title, opened_at, resolved_at } = told;
    let kind = match target.kind {
        TargetKind::Service => common::TargetKind::Service,
        TargetKind::Node => common::TargetKind::Node,
    };
    RuleTestIncident {
        rule_name: rule,
        target: Some(common::Target { kind: kind.into(), id: target.id }),
        severity: severity.number(),
        title,
        opened_at: moment(opened_at),
        resolved_at: resolved_at.and_then(moment),
    }
}

fn moment(time: SimTime) -> Option<Timestamp> {
    chrono::DateTime::from_timestamp_micros(time.micros).map(Into::into)
}
