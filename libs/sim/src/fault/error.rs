//! Why a fault cannot be injected.

use crate::{Target, TargetKind};

use super::{MAX_ACTIVE_FAULTS, MAX_FAULT_S, kinds};

/// Why a fault cannot be injected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FaultError {
    /// The kind is not known.
    #[error("unknown fault kind {kind:?}; use one of {}", kind_names())]
    UnknownKind {
        /// What was asked for.
        kind: String,
    },
    /// The kind does not strike this kind of target.
    #[error("{kind} cannot strike a {given}; give it a {}", target_names(allowed))]
    WrongTarget {
        /// The fault's kind.
        kind: &'static str,
        /// The target's kind.
        given: TargetKind,
        /// What it could be.
        allowed: &'static [TargetKind],
    },
    /// There is no such target, or none that the fault can strike.
    #[error(
        "there is no {target} in this topology that the fault can strike; {}",
        crate::known::use_one_of(known)
    )]
    UnknownTarget {
        /// What was asked for.
        target: Target,
        /// Ids of that kind.
        known: Vec<String>,
    },
    /// The severity is out of range.
    #[error("severity {given} of {kind}: use a number above 0 and up to 1, or 0 for the default")]
    Severity {
        /// The fault's kind.
        kind: &'static str,
        /// What was given.
        given: f64,
    },
    /// A time is out of range.
    #[error("{name} {given}: use simulated seconds from 0 to {MAX_FAULT_S}")]
    Time {
        /// Which one.
        name: &'static str,
        /// What was given.
        given: f64,
    },
    /// The id is in use by another fault.
    #[error("fault id {id:?} is in force as {kind} of {target}; choose another id or clear that one first")]
    IdInUse {
        /// The id.
        id: String,
        /// Kind of the other one.
        kind: &'static str,
        /// Target of the other one.
        target: Target,
    },
    /// Too many at once.
    #[error("{MAX_ACTIVE_FAULTS} faults are in force already; clear some first")]
    TooMany,
}

fn kind_names() -> String {
    kinds().iter().map(|info| info.name).collect::<Vec<_>>().join(", ")
}

fn target_names(kinds: &[TargetKind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or ")
}
