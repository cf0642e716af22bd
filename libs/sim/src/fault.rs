//! What can go wrong: the kinds of faults, and what it takes to inject one.
//!
//! A fault changes nothing by itself. Every tick the faults in force are folded into effects (see `world::effects`), so
//! that ending one reverts exactly what it did and overlapping ones combine.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Target;

mod error;
mod idle;
mod kinds;

pub use error::FaultError;
pub use kinds::{FaultKind, KindInfo, kinds};

/// Most faults that may be in force at once: far above any scenario, low enough to keep a tick's cost bounded.
pub const MAX_ACTIVE_FAULTS: usize = 256;

/// Longest onset or duration, simulated seconds (30 days).
pub const MAX_FAULT_S: f64 = 2_592_000.0;

/// Names a fault within a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FaultId(pub String);

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A fault to inject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultSpec {
    /// Chosen by the caller, or empty to have one derived from kind, target and tick.
    pub id: String,
    /// What kind.
    pub kind: FaultKind,
    /// What it strikes.
    pub target: Target,
    /// How hard, in (0, 1]; 0 means the kind's default.
    pub severity: f64,
    /// Simulated seconds from the first effect to full severity; 0 means at once.
    pub onset_s: f64,
    /// Simulated seconds until it ends by itself; 0 means until it is cleared or cured.
    pub duration_s: f64,
    /// Whether it survives the actions that cure its kind.
    pub persistent: bool,
}

impl FaultSpec {
    /// A fault of a kind on a target with every default: derived id, default severity, no onset, no end.
    pub fn new(kind: FaultKind, target: Target) -> Self {
        Self {
            id: String::new(),
            kind,
            target,
            severity: 0.0,
            onset_s: 0.0,
            duration_s: 0.0,
            persistent: false,
        }
    }

    /// Checks the numbers and the kind of target, and fills in the default severity. Whether the target exists is the
    /// world's to say.
    ///
    /// # Errors
    /// Names the first value that is wrong and what to write instead.
    pub fn checked(mut self) -> Result<Self, FaultError> {
        let info = self.kind.info();
        if !info.targets.contains(&self.target.kind) {
            return Err(FaultError::WrongTarget {
                kind: info.name,
                given: self.target.kind,
                allowed: info.targets,
            });
        }
        if !(0.0..=1.0).contains(&self.severity) {
            return Err(FaultError::Severity { kind: info.name, given: self.severity });
        }
        for (name, value) in [("onset_s", self.onset_s), ("duration_s", self.duration_s)] {
            if !(0.0..=MAX_FAULT_S).contains(&value) {
                return Err(FaultError::Time { name, given: value });
            }
        }
        if self.severity == 0.0 {
            self.severity = info.default_severity;
        }
        Ok(self)
    }
}

/// A fault that is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// What was injected, with its id and defaults filled in.
    pub spec: FaultSpec,
    /// Tick at which it began.
    pub started_tick: u64,
    /// Whether it came from the scenario's timeline; such faults end when the scenario is switched.
    pub from_timeline: bool,
}

impl ActiveFault {
    /// Its id.
    pub fn id(&self) -> FaultId {
        FaultId(self.spec.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        let base = FaultSpec::new(FaultKind::MemoryLeak, Target::service("a"));
        for severity in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert!(FaultSpec { severity, ..base.clone() }.checked().is_err(), "{severity}");
        }
        assert!(FaultSpec { duration_s: f64::NAN, ..base.clone() }.checked().is_err());
        assert!(FaultSpec { target: Target::node("a"), ..base.clone() }.checked().is_err());
        assert!((base.checked().unwrap().severity - 0.5).abs() < 1e-12);
    }
}
