//! Decides what to do about open incidents.
//!
//! [`Agent`] is fed incidents, telemetry, topology and the fate of earlier actions, and answers with
//! [`Proposal`]s and [`Decision`]s: effects as data, which the caller stores and publishes. It is pure: no clock, no
//! I/O, no randomness. Time is the simulation's tick; the age of the heartbeat, the only thing measured in wall time,
//! is passed in as [`Freshness`].
//!
//! The way from an incident to a proposal, one module a step:
//!
//! 1. [`telemetry`]: means over the last seconds, "unknown" where nothing was measured;
//! 2. [`condition`]: what each service and node suffers from, by those means;
//! 3. [`diagnosis`]: the deepest cause along the dependency graph that explains the incident;
//! 4. [`remedies`]: candidates for that cause, in the order of its ladder, with reasons in words and numbers; [`autoscale`] adds
//!    the components that would take load off it;
//! 5. foresight: of what whoever can look ahead expects to help, the best; without anybody to ask, the order of the ladder;
//!    what has hardly ever helped against such a thing comes last on it ([`track_record`]);
//! 6. [`safety`]: the rules that keep automation from causing the outage; each can be switched off in [`Limits`];
//! 7. [`agent`]: memory of attempts, cooldowns and rejections, and the choice of the first admissible candidate.
//!
//! It proposes only. Approving, commanding and judging the effect are the orchestrator's, by the rules of [`policy`] (whose yes a
//! proposal takes), [`lifecycle`] (what becomes of it) and [`verification`] (whether it helped or did harm).

pub mod action;
pub mod agent;
pub mod autoscale;
pub mod condition;
mod decide;
pub mod diagnosis;
pub mod foresight;
mod ideas;
pub mod incident;
pub mod lifecycle;
pub mod limits;
pub mod memory;
mod nodes;
mod options;
pub mod policy;
pub mod remedies;
pub mod safety;
pub mod scale;
mod standing;
pub mod target;
pub mod telemetry;
pub mod topology;
pub mod track_record;
mod undo;
pub mod verification;
mod words;

pub use action::{ActionUpdate, Component, Effect, Remedy, RemedyKind, Status};
pub use agent::{Agent, Decision, Output, Proposal, Verdict};
pub use foresight::{Expectation, Question};
pub use incident::{Family, Incident, Severity, Transition};
pub use limits::{Freshness, Heartbeat, Limits, Tuning};
pub use memory::{Changes, Memory};
pub use options::{Suspected, options};
pub use safety::Rule;
pub use target::{NodeId, ServiceId, Target, ZoneId};
pub use telemetry::{EntitySample, Reading, Sample};
pub use topology::{Edge, Node, NodeState, Replica, ReplicaState, Service, Topology};
