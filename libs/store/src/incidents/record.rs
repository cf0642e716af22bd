//! What is known about a group of incidents, in the column `record` of its lead.

use serde::{Deserialize, Serialize};

/// The record of a lead; empty for a symptom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncidentRecord {
    /// Incidents that were put down to the lead, over or not.
    pub symptoms: u32,
    /// Of these, the ones that are still open.
    pub open_symptoms: u32,
    /// What the group cost the users so far.
    pub impact: ImpactRecord,
    /// Where it may come from, most likely first.
    pub suspects: Vec<SuspectRecord>,
    /// How much speaks against the first suspect, without unit.
    pub suspicion: f64,
    /// The impact counts every tick before this one.
    pub as_of_tick: u64,
    /// Simulated time of that tick, microseconds since the Unix epoch.
    pub as_of_us: i64,
}

/// Requests of users where they enter the cloud, since the lead opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImpactRecord {
    /// All of them, 1/1000.
    pub requests_milli: u64,
    /// Those that failed, 1/1000.
    pub failed_milli: u64,
    /// Those that were slow, 1/1000.
    pub slow_milli: u64,
    /// Largest share that failed or was slow over ten seconds, 1/1000.
    pub worst_permille: u32,
    /// Part of a day's error budget that was used up, %.
    pub budget_burnt_pct: f64,
}

/// Where a group may come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuspectRecord {
    /// `service`, `node` or `zone`.
    pub kind: String,
    /// Id in the topology.
    pub id: String,
    /// Its part of all the suspicion there is, 0 to 1.
    pub share: f64,
    /// Why, the weightiest first.
    pub reasons: Vec<String>,
    /// The series that say so.
    pub evidence: Vec<EvidenceRecord>,
}

/// A series that speaks against a suspect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceRecord {
    /// Metric name.
    pub metric: String,
    /// `service` or `node`.
    pub kind: String,
    /// Id of whose series it is.
    pub id: String,
    /// What was usual before, in the metric's unit, if enough was seen.
    pub usual: Option<f64>,
    /// What was seen, in the metric's unit.
    pub observed: f64,
}
