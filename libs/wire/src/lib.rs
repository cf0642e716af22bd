//! Rows of the store, and remedies, as messages, for every service that tells of them. Everything is taken apart completely, so that a new
//! column is a compile error here.

use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::{
    ActionType, Evidence, Impact, Incident, IncidentTransition, PlannedAction, Preview, PreviewOption,
    Suspect, SuspectKind,
};
use remedy::{Expectation, Remedy, RemedyKind};
use store::incidents::{EvidenceRecord, ImpactRecord, IncidentRecord, IncidentRow, SuspectRecord};

/// What a remedy is called on the wire.
pub fn action_type(kind: RemedyKind) -> ActionType {
    match kind {
        RemedyKind::RestartService => ActionType::RestartService,
        RemedyKind::ScaleUp => ActionType::ScaleUp,
        RemedyKind::ScaleDown => ActionType::ScaleDown,
        RemedyKind::DrainNode => ActionType::DrainNode,
        RemedyKind::RebalanceTraffic => ActionType::RebalanceTraffic,
        RemedyKind::AddReadReplica => ActionType::AddReadReplica,
        RemedyKind::AddCache => ActionType::AddCache,
        RemedyKind::AddLoadBalancer => ActionType::AddLoadBalancer,
        RemedyKind::AddCdn => ActionType::AddCdn,
        RemedyKind::AddConsumers => ActionType::AddConsumers,
        RemedyKind::RemoveComponent => ActionType::RemoveComponent,
        RemedyKind::UndrainNode => ActionType::UndrainNode,
        RemedyKind::SpreadTraffic => ActionType::SpreadTraffic,
    }
}

/// A remedy that somebody looks ahead at.
pub fn planned(remedy: &Remedy) -> PlannedAction {
    PlannedAction {
        r#type: action_type(remedy.kind()).into(),
        target_id: remedy.target().id().to_owned(),
        replicas: remedy.replicas(),
    }
}

/// What a preview of these remedies, each by itself, says about them; `None` when it has not as many options as were asked about.
pub fn expectations(remedies: &[Remedy], preview: &Preview) -> Option<Vec<Expectation>> {
    let (nothing, options) = preview.options.split_first()?;
    let bad = |option: &PreviewOption| option.bad_pct.as_ref().map_or(0.0, |band| band.mid);
    let expectation = |(remedy, option): (&Remedy, &PreviewOption)| Expectation {
        remedy: remedy.clone(),
        rank: option.rank,
        helps: option.helps,
        harms: option.harms,
        bad_pct: bad(option),
        bad_nothing_pct: bad(nothing),
    };
    (options.len() == remedies.len()).then(|| remedies.iter().zip(options).map(expectation).collect())
}

/// What a remedy on the wire is; `None` when it is none of ours.
pub fn remedy_kind(action_type: ActionType) -> Option<RemedyKind> {
    match action_type {
        ActionType::Unspecified => None,
        ActionType::RestartService => Some(RemedyKind::RestartService),
        ActionType::ScaleUp => Some(RemedyKind::ScaleUp),
        ActionType::ScaleDown => Some(RemedyKind::ScaleDown),
        ActionType::DrainNode => Some(RemedyKind::DrainNode),
        ActionType::RebalanceTraffic => Some(RemedyKind::RebalanceTraffic),
        ActionType::AddReadReplica => Some(RemedyKind::AddReadReplica),
        ActionType::AddCache => Some(RemedyKind::AddCache),
        ActionType::AddLoadBalancer => Some(RemedyKind::AddLoadBalancer),
        ActionType::AddCdn => Some(RemedyKind::AddCdn),
        ActionType::AddConsumers => Some(RemedyKind::AddConsumers),
        ActionType::RemoveComponent => Some(RemedyKind::RemoveComponent),
        ActionType::UndrainNode => Some(RemedyKind::UndrainNode),
        ActionType::SpreadTraffic => Some(RemedyKind::SpreadTraffic),
    }
}

/// An incident as of its last transition.
pub fn incident(row: IncidentRow) -> Incident {
    let IncidentRow {
        id,
        simulation_id,
        run_id,
        detected_at,
        tick_id,
        severity,
        title,
        description,
        rule_name,
        family,
        target_kind,
        target_id,
        metric,
        observed_value,
        threshold,
        labels,
        transition,
        revision,
        updated_tick,
        updated_at,
        resolved,
        resolved_at,
        resolution,
        symptom_of,
        record,
        silenced_by,
        silence_kind,
        silence_version,
        acknowledged_by,
        acknowledged_at,
    } = row;
    let IncidentRecord {
        symptoms,
        open_symptoms,
        impact: cost,
        suspects,
        suspicion: _,
        as_of_tick: _,
        as_of_us: _,
    } = record;
    Incident {
        id: id.to_string(),
        simulation_id,
        run_id: run_id.to_string(),
        transition: IncidentTransition::try_from(transition).unwrap_or_default().into(),
        revision: count(revision),
        rule_name,
        family,
        target: Some(Target { kind: target_kind, id: target_id }),
        severity,
        title,
        description,
        metric,
        observed_value,
        threshold,
        labels,
        tick: count(tick_id),
        detected_at: Some(detected_at.into()),
        updated_tick: count(updated_tick),
        updated_at: Some(updated_at.into()),
        resolved,
        resolved_at: resolved_at.map(Into::into),
        acknowledged_by,
        acknowledged_at: acknowledged_at.map(Into::into),
        resolution,
        impact: symptom_of.is_none().then(|| impact(cost)),
        symptom_of: symptom_of.map(|lead| lead.to_string()).unwrap_or_default(),
        symptoms,
        open_symptoms,
        suspects: suspects.into_iter().map(suspect).collect(),
        silenced_by: silenced_by.map(|silence| silence.to_string()).unwrap_or_default(),
        silence_kind: silence_kind.unwrap_or_default(),
        silence_version: silence_version.map(count).unwrap_or_default(),
    }
}

fn impact(record: ImpactRecord) -> Impact {
    let ImpactRecord { requests_milli, failed_milli, slow_milli, worst_permille, budget_burnt_pct } = record;
    Impact {
        requests: requests_milli as f64 / 1_000.0,
        failed: failed_milli as f64 / 1_000.0,
        slow: slow_milli as f64 / 1_000.0,
        worst_pct: f64::from(worst_permille) / 10.0,
        budget_burnt_pct,
    }
}

fn suspect(record: SuspectRecord) -> Suspect {
    let SuspectRecord { kind, id, share, reasons, evidence: series } = record;
    let kind = match kind.as_str() {
        "service" => SuspectKind::Service,
        "node" => SuspectKind::Node,
        "zone" => SuspectKind::Zone,
        _ => SuspectKind::Unspecified,
    };
    Suspect { kind: kind.into(), id, share, reasons, evidence: series.into_iter().map(evidence).collect() }
}

fn evidence(record: EvidenceRecord) -> Evidence {
    let EvidenceRecord { metric, kind, id, usual, observed } = record;
    let kind = if kind == "node" { TargetKind::Node } else { TargetKind::Service };
    Evidence { metric, target: Some(Target { kind: kind.into(), id }), usual, observed }
}

/// Counters are never negative in the tables.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
