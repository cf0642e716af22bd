//! Turns telemetry into incidents: sliding windows over dense series, rules as data, hysteresis, one open incident
//! per rule family and target.
//!
//! Pure and synchronous: no clock, no I/O, no protobuf. A caller hands in one [`Sample`] after the other and gets the
//! [`Transition`]s back; storing and publishing them is the caller's business. Time is simulated time.
//!
//! Everything the detector remembers, except its open incidents, the names of past runs and what statistics have learnt, follows
//! from the last [`Detector::history_ms`] of samples. That is what makes a restart invisible: [`Detector::restore_run`],
//! [`Detector::restore`] for each incident that is open or was not long ago, [`Detector::remember`] for each
//! [`Keepsake`], [`Detector::warm`] with that much history, and go on. It is also what lets a
//! set of rules change in mid-stream: [`Detector::beside`] is warmed with history for the rules that are new, and
//! [`Detector::adopt`] takes its windows over, while those of the other rules stay as they are.

mod backtest;
mod builtin;
mod detector;
mod flapping;
mod foretell;
mod group;
mod impact;
mod incident;
mod insight;
mod lifecycle;
mod map;
mod metrics;
mod plan;
mod record;
mod rule;
mod sample;
mod settle;
mod shard;
mod silence;
pub mod stats;
mod suspects;
mod trail;
mod windows;
mod words;

pub use backtest::{Backtest, Comparison, MAX_TOLD, Told};
pub use builtin::builtin_rules;
pub use detector::{Counters, Detector, Limits};
pub use incident::{Incident, NAMESPACE, Transition, TransitionKind, incident_id};
pub use insight::{
    AnomalyTold, FORECAST_S, Findings, ForecastMade, ForecastPoint, Keepsake, LimitReached, Memory,
};
pub use map::{CloudMap, MapError, MapLists};
pub use metrics::{METRICS, Metric};
pub use record::{Evidence, Impact, MAX_SUSPECTS, Record, Suspect, SuspectKind};
pub use rule::{
    Aggregate, Condition, MAX_ALSO, MAX_RULES, MAX_WINDOW_S, Operator, Rule, RuleError, RuleErrors, RuleSet,
    Selector, Severity, Withdrawn,
};
pub use sample::{Columns, Sample, SampleError, SimTime, Target, TargetKind};
pub use silence::{
    MAX_MATCHED, MAX_SILENCE_S, MAX_SILENCES, Matchers, Place, Silence, SilenceErrors, SilenceKind, Silenced,
    Silences,
};
pub use trail::BLOCK_S;
