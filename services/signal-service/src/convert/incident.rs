//! A transition as a row, and a row as the detector remembers it.

use chrono::{DateTime, Utc};
use detect::{
    Incident, Severity, SilenceKind, Silenced, SimTime, Target, TargetKind, Transition, TransitionKind,
};
use proto::common::v1 as common;
use proto::ops::v1 as ops;
use store::incidents::{EvidenceRecord, ImpactRecord, IncidentRecord, IncidentRow, SuspectRecord};
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
        symptom_of: incident.symptom_of,
        record: record(incident),
        silenced_by: incident.silenced.map(|silenced| silenced.by),
        silence_kind: incident.silenced.map(|silenced| silence_kind(silenced.kind) as i32),
        silence_version: incident.silenced.map(|silenced| silenced.version.cast_signed()),
        acknowledged_by: String::new(),
        acknowledged_at: None,
    })
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
        symptom_of: row.symptom_of,
        record: restored_record(row.record),
        silenced: match (row.silenced_by, row.silence_kind, row.silence_version) {
            (Some(by), Some(kind), Some(version)) => Some(Silenced {
                by,
                version: version.unsigned_abs(),
                kind: match ops::SilenceKind::try_from(kind) {
                    Ok(ops::SilenceKind::Silence) => SilenceKind::Silence,
                    Ok(ops::SilenceKind::Maintenance) => SilenceKind::Maintenance,
                    _ => return Err(number("silence kind", kind)),
                },
            }),
            _ => None,
        },
    })
}

fn record(incident: &Incident) -> IncidentRecord {
    let detect::Record { symptoms, open_symptoms, impact, suspects, suspicion, as_of_tick, as_of_us } =
        &incident.record;
    let lasted_s = (as_of_us - incident.detected_at.micros) as f64 / 1e6;
    let detect::Impact { requests_milli, failed_milli, slow_milli, worst_permille } = *impact;
    IncidentRecord {
        symptoms: *symptoms,
        open_symptoms: *open_symptoms,
        impact: ImpactRecord {
            requests_milli,
            failed_milli,
            slow_milli,
            worst_permille,
            budget_burnt_pct: impact.budget_burnt_pct(lasted_s),
        },
        suspects: suspects.iter().map(suspect).collect(),
        suspicion: *suspicion,
        as_of_tick: *as_of_tick,
        as_of_us: *as_of_us,
    }
}

fn suspect(suspect: &detect::Suspect) -> SuspectRecord {
    let detect::Suspect { kind, id, share, reasons, evidence } = suspect;
    let evidence = evidence.iter().map(|evidence| {
        let detect::Evidence { metric, target, usual, observed } = evidence;
        EvidenceRecord {
            metric: metric.clone(),
            kind: target.kind.as_str().to_owned(),
            id: target.id.clone(),
            usual: *usual,
            observed: *observed,
        }
    });
    SuspectRecord {
        kind: kind.as_str().to_owned(),
        id: id.clone(),
        share: *share,
        reasons: reasons.clone(),
        evidence: evidence.collect(),
    }
}

/// Suspects of a kind that this version does not know are left out: they are looked for again while the incident is fresh.
fn restored_record(record: IncidentRecord) -> detect::Record {
    let IncidentRecord { symptoms, open_symptoms, impact, suspects, suspicion, as_of_tick, as_of_us } =
        record;
    let ImpactRecord { requests_milli, failed_milli, slow_milli, worst_permille, budget_burnt_pct: _ } =
        impact;
    let suspects = suspects.into_iter().filter_map(|suspect| {
        let SuspectRecord { kind, id, share, reasons, evidence } = suspect;
        let kind = detect::SuspectKind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        let evidence = evidence.into_iter().filter_map(|evidence| {
            let EvidenceRecord { metric, kind, id, usual, observed } = evidence;
            let kind = TargetKind::ALL.into_iter().find(|known| known.as_str() == kind)?;
            Some(detect::Evidence { metric, target: Target { kind, id }, usual, observed })
        });
        Some(detect::Suspect { kind, id, share, reasons, evidence: evidence.collect() })
    });
    detect::Record {
        symptoms,
        open_symptoms,
        impact: detect::Impact { requests_milli, failed_milli, slow_milli, worst_permille },
        suspects: suspects.collect(),
        suspicion,
        as_of_tick,
        as_of_us,
    }
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

fn silence_kind(kind: SilenceKind) -> ops::SilenceKind {
    match kind {
        SilenceKind::Silence => ops::SilenceKind::Silence,
        SilenceKind::Maintenance => ops::SilenceKind::Maintenance,
    }
}

fn transition_kind(kind: TransitionKind) -> ops::IncidentTransition {
    match kind {
        TransitionKind::Opened => ops::IncidentTransition::Opened,
        TransitionKind::Escalated => ops::IncidentTransition::Escalated,
        TransitionKind::Resolved => ops::IncidentTransition::Resolved,
        TransitionKind::Updated => ops::IncidentTransition::Updated,
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
            symptom_of: Some(Uuid::from_u128(3)),
            record: detect::Record {
                symptoms: 2,
                open_symptoms: 1,
                impact: detect::Impact {
                    requests_milli: 5,
                    failed_milli: 4,
                    slow_milli: 3,
                    worst_permille: 2,
                },
                suspects: vec![detect::Suspect {
                    kind: detect::SuspectKind::Zone,
                    id: "zone-a".into(),
                    share: 0.75,
                    reasons: vec!["3 of its 4 nodes are down.".into()],
                    evidence: vec![detect::Evidence {
                        metric: "up".into(),
                        target: Target { kind: TargetKind::Node, id: "node-a1".into() },
                        usual: Some(1.0),
                        observed: 0.0,
                    }],
                }],
                suspicion: 4.5,
                as_of_tick: 60,
                as_of_us: 1_700_000_001_123_456,
            },
            silenced: Some(Silenced { by: Uuid::from_u128(4), version: 17, kind: SilenceKind::Maintenance }),
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
        let message = wire::incident(row.clone());
        assert_eq!(message.transition(), ops::IncidentTransition::Resolved);
        assert_eq!(message.severity(), common::Severity::High);
        assert_eq!(message.target.as_ref().unwrap().kind(), common::TargetKind::Service);
        assert!(message.resolved);
        assert_eq!(message.resolved_at.as_ref().unwrap().seconds, 1_700_000_030);
        assert_eq!(message.id, row.id.to_string());
        assert_eq!(message.silenced_by, Uuid::from_u128(4).to_string());
        assert_eq!((message.silence_kind(), message.silence_version), (ops::SilenceKind::Maintenance, 17));
    }

    #[test]
    fn a_row_from_a_newer_version_is_refused_by_name() {
        let mut row = row(&Transition { kind: TransitionKind::Opened, incident: incident() }).unwrap();
        row.target_kind = 9;
        assert!(restored(row).unwrap_err().to_string().contains("target kind 9"));
    }
}
