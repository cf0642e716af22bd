//! What must hold besides a policy before anything is approved without a person.

use super::Facts;
use crate::action::RemedyKind;

/// Automatic approvals at once …
pub const BURST: u32 = 4;
/// … and then this many a minute (wall clock) over everything.
pub const REFILL_PER_MINUTE: u32 = 4;
/// Nothing is approved on telemetry further behind the engine's clock than this, simulated seconds.
pub const MAX_SAMPLE_AGE_S: f64 = 10.0;
/// A service that was not heard for this long, wall-clock seconds, is taken for dead.
pub const SILENT_AFTER_S: u64 = 10;

/// A node of the cloud as far as zones are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Id of the node.
    pub node: String,
    /// Id of the zone that it stands in.
    pub zone: String,
    /// Whether it is down, drained, being drained, or about to be by an approved action.
    pub out: bool,
}

/// What is the case around a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    /// How far the newest telemetry is behind the engine's clock, simulated seconds; `None` when either is not known.
    pub sample_age_s: Option<f64>,
    /// Services that automation rests on and that are silent.
    pub silent: Vec<String>,
    /// Every node; `None` when the topology is not known.
    pub zones: Option<Vec<Zone>>,
}

/// Why nothing is approved without a person for now. A person still may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// Telemetry is too old, or nobody knows how old.
    StaleTelemetry,
    /// A service is silent.
    Silent(String),
    /// Nodes of another zone are out.
    SecondZone {
        /// One of them.
        node: String,
        /// Its zone.
        zone: String,
    },
    /// It is not known where the target stands.
    UnknownZone,
}

impl Hold {
    /// Name in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StaleTelemetry => "stale_telemetry",
            Self::Silent(_) => "silent_service",
            Self::SecondZone { .. } => "second_zone",
            Self::UnknownZone => "unknown_zone",
        }
    }
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StaleTelemetry => {
                write!(
                    f,
                    "the newest telemetry is older than {MAX_SAMPLE_AGE_S:.0} simulated seconds, or not known"
                )
            }
            Self::Silent(service) => write!(f, "{service} has been silent for more than {SILENT_AFTER_S} s"),
            Self::SecondZone { node, zone } => {
                write!(f, "node {node} of zone {zone} is out already: a second zone needs a human")
            }
            Self::UnknownZone => f.write_str("it is not known in which zone the node stands"),
        }
    }
}

/// Whether a policy's yes may count now.
///
/// # Errors
/// Why not.
pub fn permit(facts: &Facts, around: &Surroundings) -> Result<(), Hold> {
    if let Some(silent) = around.silent.first() {
        return Err(Hold::Silent(silent.clone()));
    }
    // What is no number is no age.
    if !around.sample_age_s.is_some_and(|age| age <= MAX_SAMPLE_AGE_S) {
        return Err(Hold::StaleTelemetry);
    }
    if facts.kind != RemedyKind::DrainNode {
        return Ok(());
    }
    let zones = around.zones.as_ref().ok_or(Hold::UnknownZone)?;
    let own = zones.iter().find(|known| known.node == facts.target).ok_or(Hold::UnknownZone)?;
    match zones.iter().find(|known| known.out && known.zone != own.zone) {
        Some(other) => Err(Hold::SecondZone { node: other.node.clone(), zone: other.zone.clone() }),
        None => Ok(()),
    }
}
