//! Incidents as the agent sees them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::target::Target;

/// How urgent, 1 (informational) to 4 (critical).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Severity(pub u8);

impl Severity {
    /// An objective is at risk.
    pub const WARNING: Self = Self(2);
    /// An objective is breached.
    pub const HIGH: Self = Self(3);
    /// Users are failing.
    pub const CRITICAL: Self = Self(4);
}

/// Family of the detection rule, which tells what kind of trouble it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Requests fail.
    ErrorRate,
    /// Processors are busy.
    Cpu,
    /// Memory runs out.
    Memory,
    /// Answers are slow.
    Latency,
    /// Unusual, or on its way to a limit. Nothing is broken yet, and no rule says so: by itself no reason to act.
    Foretold,
    /// A rule this agent has no special knowledge of.
    Other(String),
}

impl From<&str> for Family {
    fn from(name: &str) -> Self {
        match name {
            "error_rate" => Self::ErrorRate,
            "cpu" => Self::Cpu,
            "memory" => Self::Memory,
            "latency" => Self::Latency,
            "anomaly" | "capacity" => Self::Foretold,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// What a message tells about its incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// It is new.
    Opened,
    /// Its severity rose.
    Escalated,
    /// It is over.
    Resolved,
    /// Something else about it is new; here only maintenance of its target, its lead and its suspects count.
    Updated,
}

/// One message about an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Which one.
    pub id: Uuid,
    /// What this message tells.
    pub transition: Transition,
    /// Counts its transitions from 1; a lower one than already seen is ignored.
    pub revision: u64,
    /// Family of its rule.
    pub family: Family,
    /// Who suffers.
    pub target: Target,
    /// Current severity.
    pub severity: Severity,
    /// One line for people.
    pub title: String,
    /// Metric of the rule.
    pub metric: String,
    /// Threshold that was crossed, in the metric's unit.
    pub threshold: f64,
    /// Tick at which it opened.
    pub opened_tick: u64,
    /// Tick of this transition.
    pub updated_tick: u64,
    /// W3C trace context that the incident came with, so that its actions belong to the same trace.
    pub traceparent: Option<String>,
    /// A maintenance window says that somebody is at work on its target.
    #[serde(default)]
    pub maintenance: bool,
    /// Id of the incident that it is a symptom of.
    #[serde(default)]
    pub symptom_of: Option<Uuid>,
    /// Where it may come from, most likely first. A symptom has none.
    #[serde(default)]
    pub suspects: Vec<Target>,
}
