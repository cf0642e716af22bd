//! A transition as a row and as `ops.v1.Incident`, and a row as the detector remembers it.

use chrono::{DateTime, Utc};
use detect::{Incident, Severity, SimTime, Target, TargetKind, Transition, TransitionKind};
use proto::common::v1 as common;
use proto::ops::v1 as ops;
use store::incidents::IncidentRow;
use uuid::Uuid;

/// A time or an id that came from a checked snapshot did not survive the way back. Not expected to happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableIncident {
    #[error("incident {id}: run {run:?} is not a UUID")]
    Run { id: Uuid, run: String },
    #[error("incident {id}: time {micros} µs is out of range")]
    Time { id: Uuid, micros: i64 },
    #[error(
        "incident {id}: {field} {value} in the database is unknown to this version; upgrade signal-service"
    )]
    Number { id: Uuid, field: &'static str, value: i64 },
}

/// The row of the incident after this transition.
pub(crate) fn row(transition: &Transition) -> Result<IncidentRow, UnreadableIncident> {
    let Transition { kind, incident } = transition;
    let time = |time: SimTime| moment(incident.id, time);
    Ok(IncidentRow {
        id: incident.id,
        simulation_id: incident.simulation.clone(),
        run_id: Uuid::try_parse(&incident.run)
            .map_err(|_| UnreadableIncident::Run { id: incident.id, run: incident.run.clone() })?,
        detected_at: time(incident.detected_at)?,
        tick_id: incident.tick.cast_signed(),
        severity: incident.severity.number(),
        title: incident.title.clone(),
        description: incident.description.clone(),
        rule_name: incident.rule.clone(),
        family: incident.family.clone(),
        target_kind: target_kind(incident.target.kind) as i32,
        target_id: incident.target.id.clone(),
        metric: incident.metric.clone(),
        observed_value: incident.observed,
        threshold: incident.threshold,
        labels: incident.labels.clone(),
        transition: transition_kind(*kind) as i32,
        revision: incident.revision.cast_signed(),
        updated_tick: incident.updated_tick.cast_signed(),
        updated_at: time(incident.updated_at)?,
        resolved: incident.resolved_at.is_some(),
        resolved_at: incident.resolved_at.map(time).transpose()?,
        resolution: incident.resolution.clone(),
        acknowledged_by: String::new(),
    })
}

/// The message that tells of the row's transition.
pub(crate) fn to_message(row: &IncidentRow) -> ops::Incident {
    // Exhaustive, so that a new column asks whether it belongs in the message.
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
        acknowledged_by: _,
    } = row.clone();
    ops::Incident {
        id: id.to_string(),
        simulation_id,
        run_id: run_id.to_string(),
        transition,
        revision: revision.cast_unsigned(),
        rule_name,
        family,
        target: Some(common::Target { kind: target_kind, id: target_id }),
        severity,
        title,
        description,
        metric,
        observed_value,
        threshold,
        labels,
        tick: tick_id.cast_unsigned(),
        detected_at: Some(detected_at.into()),
        updated_tick: updated_tick.cast_unsigned(),
        updated_at: Some(updated_at.into()),
        resolved,
        resolved_at: resolved_at.map(Into::into),
        // Acknowledgements are the orchestrator's to tell.
        acknowledged_by: String::new(),
        resolution,
    }
}

/// The incident that a row speaks of.
pub(crate) fn restored(row: IncidentRow) -> Result<Incident, UnreadableIncident> {
    let number = |field, value: i32| UnreadableIncident::Number { id: row.id, field, value: value.into() };
    let kind = match common::TargetKind::try_from(row.target_kind) {
        Ok(common::TargetKind::Service) => TargetKind::Service,
        Ok(common::TargetKind::Node) => TargetKind::Node,
        _ => return Err(number("target kind", row.target_kind)),
    };
    let severity = Severity::from_number(row.severity).ok_or_else(|| number("severity", row.severity))?;
    let time = |time: DateTime<Utc>| SimTime::from_micros(time.timestamp_micros());
    Ok(Incident {
        id: row.id,
        simulation: row.simulation_id,
        run: row.run_id.to_string(),
        rule: row.rule_name,
        family: row.family,
        target: Target { kind, id: row.target_id },
        severity,
        revision: row.revision.unsigned_abs(),
        title: row.title,
        description: row.description,
        metric: row.metric,
        observed: row.observed_value,
        threshold: row.threshold,
        labels: row.labels,
        tick: row.tick_id.unsigned_abs(),
        detected_at: time(row.detected_at),
        updated_tick: row.updated_tick.unsigned_abs(),
        updated_at: time(row.updated_at),
        resolved_at: row.resolved_at.map(time),
        resolution: row.resolution,
    })
}

fn moment(id: Uuid, time: SimTime) -> Result<DateTime<Utc>, UnreadableIncident> {
    DateTime::from_timestamp_micros(time.micros).ok_or(UnreadableIncident::Time { id, micros: time.micros })
}

fn target_kind(kind: TargetKind) -> common::TargetKind {
    match kind {
        TargetKind::Service => common::TargetKind::Service,
        TargetKind::Node => common::TargetKind::Node,
    }
}

fn transition_kind(kind: TransitionKind) -> ops::IncidentTransition {
    match kind {
        TransitionKind::Opened => ops::IncidentTransition::Opened,
        TransitionKind::Escalated => ops::IncidentTransition::Escalated,
        TransitionKind::Resolved => ops::IncidentTransition::Resolved,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn incident() -> Incident {
        Incident {
            id: Uuid::from_u128(1),
            simulation: "default".into(),
            run: Uuid::from_u128(2).to_string(),
            rule: "error_rate_high".into(),
            family: "error_rate".into(),
            target: Target { kind: TargetKind::Service, id: "checkout".into() },
            severity: Severity::High,
            revision: 1,
            title: "checkout: error rate 6 % > 5 %".into(),
            description: "…".into(),
            metric: "error_rate".into(),
            observed: 6.0,
            threshold: 5.0,
            labels: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
            tick: 40,
            detected_at: SimTime::from_micros(1_700_000_000_123_456),
            updated_tick: 40,
            updated_at: SimTime::from_micros(1_700_000_000_123_456),
            resolved_at: None,
            resolution: String::new(),
        }
    }

    #[test]
    fn an_incident_survives_the_way_through_its_row() {
        let transition = Transition { kind: TransitionKind::Opened, incident: incident() };
        assert_eq!(restored(row(&transition).unwrap()).unwrap(), incident());
    }

    #[test]
    fn the_message_says_what_the_row_says() {
        let mut resolved = incident();
        resolved.resolved_at = Some(SimTime::from_micros(1_700_000_030_000_000));
        resolved.resolution = "metric clear for 10 s".into();
        let row = row(&Transition { kind: TransitionKind::Resolved, incident: resolved }).unwrap();
        let message = to_message(&row);
        assert_eq!(message.transition(), ops::IncidentTransition::Resolved);
        assert_eq!(message.severity(), common::Severity::High);
        assert_eq!(message.target.unwrap().kind(), common::TargetKind::Service);
        assert!(message.resolved);
        assert_eq!(message.resolved_at.unwrap().seconds, 1_700_000_030);
        assert_eq!(message.id, row.id.to_string());
    }

    #[test]
    fn a_row_from_a_newer_version_is_refused_by_name() {
        let mut row = row(&Transition { kind: TransitionKind::Opened, incident: incident() }).unwrap();
        row.target_kind = 9;
        assert!(restored(row).unwrap_err().to_string().contains("target kind 9"));
    }
}
