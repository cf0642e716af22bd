//! What came of a run.

use serde::Serialize;

/// An incident, from opening to end. Times are simulated seconds since the start of the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentReport {
    /// Id.
    pub id: String,
    /// Rule that opened it.
    pub rule: String,
    /// Who suffered, for example `service checkout`.
    pub target: String,
    /// Worst severity, 1 to 4.
    pub severity: u8,
    /// One line.
    pub title: String,
    /// When it opened.
    pub opened_s: f64,
    /// When it was over; `None` if it was not.
    pub resolved_s: Option<f64>,
    /// Id of the incident that it is a symptom of.
    pub symptom_of: Option<String>,
    /// Of a lead: where it may come from, most likely first, for example `zone zone-a`.
    pub suspects: Vec<String>,
}

/// A proposed action and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionReport {
    /// Id.
    pub id: String,
    /// Incident it answered.
    pub incident_id: String,
    /// Type.
    pub kind: &'static str,
    /// Service or node.
    pub target: String,
    /// Replicas to add or remove; 0 for types that have none.
    pub replicas: u32,
    /// Why.
    pub reason: String,
    /// When it was proposed.
    pub proposed_s: f64,
    /// When it was decided on.
    pub decided_s: Option<f64>,
    /// When it took effect.
    pub executed_s: Option<f64>,
    /// When its work was done.
    pub completed_s: Option<f64>,
    /// Where it stands at the end.
    pub status: remedy::Status,
    /// Whether it helped, if judged.
    pub effect: Option<remedy::Effect>,
    /// What came of it.
    pub outcome: String,
}

/// A decision of the agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionReport {
    /// When.
    pub at_s: f64,
    /// About which incident.
    pub incident_id: String,
    /// What.
    pub verdict: &'static str,
    /// Why.
    pub reason: String,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Scenario.
    pub scenario: String,
    /// Seed.
    pub seed: u64,
    /// Simulated length, s.
    pub length_s: f64,
    /// Incidents in the order they opened.
    pub incidents: Vec<IncidentReport>,
    /// Actions in the order they were proposed.
    pub actions: Vec<ActionReport>,
    /// Decisions in their order.
    pub decisions: Vec<DecisionReport>,
    /// When the trouble began, by the scenario's ground truth.
    pub onset_s: Option<f64>,
    /// From the onset to the first incident, s.
    pub time_to_detect_s: Option<f64>,
    /// From the onset to the end of the last incident, s; `None` while any is open.
    pub time_to_mitigate_s: Option<f64>,
    /// SHA-256 of the telemetry, lower-case hex.
    pub telemetry_hash: String,
}

impl Report {
    /// Incidents that are still open.
    pub fn open(&self) -> impl Iterator<Item = &IncidentReport> {
        self.incidents.iter().filter(|incident| incident.resolved_s.is_none())
    }

    /// Actions that took effect.
    pub fn executed(&self) -> impl Iterator<Item = &ActionReport> {
        self.actions.iter().filter(|action| action.executed_s.is_some())
    }
}
