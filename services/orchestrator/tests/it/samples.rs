//! Incidents and proposals as signal-service and an agent would make them.

use chrono::{DateTime, Utc};
use proto::common::v1::{Severity, Target, TargetKind};
use proto::ops::v1::{Action, ActionStatus, ActionType, Incident, IncidentTransition};
use store::incidents::{IncidentRecord, IncidentRow};
use uuid::Uuid;

pub const RUN: Uuid = Uuid::from_u128(0xAAAA);

/// Simulated time of a tick.
pub fn simulated(tick: u64) -> pbjson_types::Timestamp {
    let seconds = 1_790_000_000 + tick / 20;
    pbjson_types::Timestamp { seconds: seconds.cast_signed(), nanos: 0 }
}

pub fn incident(id: Uuid) -> Incident {
    Incident {
        id: id.to_string(),
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        transition: IncidentTransition::Opened.into(),
        revision: 1,
        rule_name: "error_rate_critical".to_owned(),
        family: "error_rate".to_owned(),
        target: Some(Target { kind: TargetKind::Service.into(), id: "checkout".to_owned() }),
        severity: Severity::Critical.into(),
        title: "checkout: error rate 14.2 % > 10 %".to_owned(),
        description: "14.2 % of 1 200 req/s failed over 10 s".to_owned(),
        metric: "error_rate".to_owned(),
        observed_value: 14.2,
        threshold: 10.0,
        tick: 400,
        detected_at: Some(simulated(400)),
        updated_tick: 400,
        updated_at: Some(simulated(400)),
        ..Incident::default()
    }
}

pub fn resolved(incident: &Incident) -> Incident {
    Incident {
        transition: IncidentTransition::Resolved.into(),
        revision: incident.revision + 1,
        resolved: true,
        resolved_at: Some(simulated(900)),
        updated_tick: 900,
        updated_at: Some(simulated(900)),
        resolution: "metric clear for 10 s".to_owned(),
        ..incident.clone()
    }
}

pub fn proposal(incident: &Incident) -> Action {
    Action {
        id: Uuid::new_v4().to_string(),
        simulation_id: incident.simulation_id.clone(),
        run_id: incident.run_id.clone(),
        incident_id: incident.id.clone(),
        r#type: ActionType::ScaleUp.into(),
        target_id: "checkout".to_owned(),
        target_version: 3,
        replicas: 2,
        status: ActionStatus::Proposed.into(),
        version: 0,
        reason: "error rate 14.2 % with saturated replicas".to_owned(),
        proposed_at_tick: 420,
        proposed_at: Some(simulated(420)),
        proposed_by: "agent-service".to_owned(),
        attempt: 1,
        ..Action::default()
    }
}

pub fn row(incident: &Incident) -> IncidentRow {
    let time = |at: Option<pbjson_types::Timestamp>| at.map(|at| DateTime::<Utc>::try_from(at).unwrap());
    let target = incident.target.clone().unwrap();
    IncidentRow {
        id: incident.id.parse().unwrap(),
        simulation_id: incident.simulation_id.clone(),
        run_id: incident.run_id.parse().unwrap(),
        detected_at: time(incident.detected_at).unwrap(),
        tick_id: incident.tick.cast_signed(),
        severity: incident.severity,
        title: incident.title.clone(),
        description: incident.description.clone(),
        rule_name: incident.rule_name.clone(),
        family: incident.family.clone(),
        target_kind: target.kind,
        target_id: target.id,
        metric: incident.metric.clone(),
        observed_value: incident.observed_value,
        threshold: incident.threshold,
        labels: incident.labels.clone(),
        transition: incident.transition,
        revision: incident.revision.cast_signed(),
        updated_tick: incident.updated_tick.cast_signed(),
        updated_at: time(incident.updated_at).unwrap(),
        resolved: incident.resolved,
        resolved_at: time(incident.resolved_at),
        resolution: incident.resolution.clone(),
        symptom_of: None,
        record: IncidentRecord::default(),
        silenced_by: None,
        silence_kind: None,
        silence_version: None,
        acknowledged_by: String::new(),
        acknowledged_at: None,
    }
}
