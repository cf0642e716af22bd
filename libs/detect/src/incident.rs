//! Incidents and what happens to them.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::record::Record;
use crate::rule::Severity;
use crate::sample::{Sample, SimTime, Target};
use crate::silence::Silenced;

/// Namespace of every derived id.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// Id of the incident that `rule` opened on `target` at `tick`: the same in every replay.
pub fn incident_id(simulation: &str, run: &str, rule: &str, target: &Target, tick: u64) -> Uuid {
    let name = format!("incident/{simulation}/{run}/{rule}/{}:{}/{tick}", target.kind.as_str(), target.id);
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// A breach of a rule family by one target, as of its last transition.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Derived, see [`incident_id`].
    pub id: Uuid,
    /// The simulation it was seen in.
    pub simulation: String,
    /// The run it was seen in.
    pub run: String,
    /// Rule that opened it.
    pub rule: String,
    /// Family of that rule.
    pub family: String,
    /// Who is suffering.
    pub target: Target,
    /// Worst severity so far: the rule's or, of a lead, what the users' suffering makes it.
    pub severity: Severity,
    /// Counts its transitions from 1.
    pub revision: u64,
    /// One line.
    pub title: String,
    /// What was measured against what, in words and numbers.
    pub description: String,
    /// Metric of the rule that crossed last.
    pub metric: String,
    /// Aggregate at the last transition, in the metric's unit.
    pub observed: f64,
    /// Threshold that was crossed last, in the metric's unit.
    pub threshold: f64,
    /// Labels of the rule that opened it.
    pub labels: BTreeMap<String, String>,
    /// Tick at which it opened.
    pub tick: u64,
    /// Simulated time at which it opened.
    pub detected_at: SimTime,
    /// Tick of the last transition.
    pub updated_tick: u64,
    /// Simulated time of the last transition.
    pub updated_at: SimTime,
    /// Simulated time at which it was over; `None` while open.
    pub resolved_at: Option<SimTime>,
    /// Why it ended; empty while open.
    pub resolution: String,
    /// The incident that leads its group, when this is a symptom of another one; `None` for a lead.
    pub symptom_of: Option<Uuid>,
    /// Of a lead: what is known about the group.
    pub record: Record,
    /// By what it is silenced; `None` when it is not. As it was at the end when it is over.
    pub silenced: Option<Silenced>,
}

/// What was crossed, by a rule or by what statistics find, and how it is told.
pub(crate) struct Crossed<'a> {
    pub(crate) rule: &'a str,
    pub(crate) family: &'a str,
    pub(crate) labels: &'a BTreeMap<String, String>,
    pub(crate) severity: Severity,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) metric: &'a str,
    pub(crate) observed: f64,
    pub(crate) threshold: f64,
}

impl Incident {
    /// A new one, as of this sample.
    pub(crate) fn opened(sample: &Sample<'_>, target: Target, crossed: Crossed<'_>) -> Self {
        let Sample { simulation, run, tick, time, .. } = *sample;
        let Crossed { rule, family, labels, severity, title, description, metric, observed, threshold } =
            crossed;
        Self {
            id: incident_id(simulation, run, rule, &target, tick),
            simulation: simulation.to_owned(),
            run: run.to_owned(),
            rule: rule.to_owned(),
            family: family.to_owned(),
            target,
            severity,
            revision: 1,
            title,
            description,
            metric: metric.to_owned(),
            observed,
            threshold,
            labels: labels.clone(),
            tick,
            detected_at: time,
            updated_tick: tick,
            updated_at: time,
            resolved_at: None,
            resolution: String::new(),
            symptom_of: None,
            record: Record::default(),
            silenced: None,
        }
    }

    /// Something worse was crossed. It keeps the rule that opened it.
    pub(crate) fn escalate(&mut self, sample: &Sample<'_>, crossed: Crossed<'_>) {
        let Crossed {
            rule: _,
            family: _,
            labels: _,
            severity,
            title,
            description,
            metric,
            observed,
            threshold,
        } = crossed;
        self.severity = self.severity.max(severity);
        self.revision += 1;
        (self.title, self.description) = (title, description);
        metric.clone_into(&mut self.metric);
        (self.observed, self.threshold) = (observed, threshold);
        (self.updated_tick, self.updated_at) = (sample.tick, sample.time);
    }
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransitionKind {
    /// It is new.
    Opened,
    /// Its severity rose.
    Escalated,
    /// It is over.
    Resolved,
    /// More is known about its group (symptoms, suspects, impact), or it is silenced, or not any more. Nothing else about it changed.
    Updated,
}

/// One step in the life of an incident, with the incident as it is after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// What happened.
    pub kind: TransitionKind,
    /// The incident after it.
    pub incident: Incident,
}
