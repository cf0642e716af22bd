//! Scenario files: a topology, traffic, a timeline of faults, and what is true about them.
//!
//! Loading is pure: a [`ScenarioSource`] hands over the text of the files, and everything that was read is kept in
//! [`Scenario::sources`], so that a journal can load the very same scenario again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::Target;
use crate::command::ActionKind;
use crate::fault::{FaultId, FaultSpec};
use crate::topology::Topology;
use crate::traffic::Traffic;

mod check;
mod check_calls;
mod check_specs;
mod check_timeline;
mod check_topology;
mod check_traffic;
mod check_truth;
mod file;
#[cfg(test)]
mod schema;
mod topology_file;
mod trace;

/// The families of the scenarios that ship, from what everybody should see first to what takes experience. A scenario of one's own
/// may have a family of its own; lists put it after these.
pub const FAMILIES: [&str; 9] = [
    "benign",
    "load",
    "dependency",
    "capacity",
    "deployment",
    "data_tier",
    "zone_and_network",
    "gray_failure",
    "metastable",
];

/// Where the text of scenario files comes from.
pub trait ScenarioSource {
    /// The text at a path relative to the scenarios folder, for example `topologies/shop.yaml`. Paths never leave the
    /// folder. The error is a sentence that says what is wrong with the path.
    fn read(&self, relative_path: &str) -> Result<String, String>;
}

impl ScenarioSource for BTreeMap<String, String> {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        self.get(relative_path).cloned().ok_or_else(|| format!("there is no file {relative_path}"))
    }
}

/// A checked scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Name: the file's without its extension.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Family it belongs to, for example `load`.
    pub family: String,
    /// Seed when the caller has none.
    pub seed: u64,
    /// Length, simulated seconds; 0 means it goes on until switched.
    pub duration_s: f64,
    /// How many faults begin by chance, from 0 (none) to 1.
    pub chaos: f64,
    /// The cloud.
    pub topology: Arc<Topology>,
    /// Traffic from outside, added up per entry service.
    pub traffic: Vec<Traffic>,
    /// What happens when, in order of time.
    pub timeline: Vec<TimelineEntry>,
    /// What is true about it, for grading.
    pub truth: GroundTruth,
    /// Path to text of every file that was read: loads the same scenario again.
    pub sources: BTreeMap<String, String>,
}

/// Something that happens at a time after the scenario was set.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// Simulated seconds after the scenario was set.
    pub at_s: f64,
    /// What happens.
    pub change: TimelineChange,
}

/// What a timeline can do.
#[derive(Debug, Clone, PartialEq)]
pub enum TimelineChange {
    /// A fault begins.
    Inject(FaultSpec),
    /// A fault ends.
    Clear(FaultId),
}

/// What is true about a scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroundTruth {
    /// What is the matter, if anything: the target of the fault that started it.
    pub root_cause: Option<Target>,
    /// Why, in a sentence.
    pub cause: String,
    /// Simulated seconds after the scenario was set at which it begins.
    pub onset_s: Option<f64>,
    /// Actions that heal it, each by itself unless `all_needed`.
    pub healing: Vec<TruthAction>,
    /// Whether all of `healing` are needed.
    pub all_needed: bool,
    /// Actions that make it worse.
    pub harmful: Vec<TruthAction>,
    /// How hard it is to find, 1 to 5; 0 when nothing is wrong.
    pub difficulty: u8,
}

/// An action that a ground truth names.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthAction {
    /// What to do.
    pub kind: ActionKind,
    /// To whom.
    pub target: String,
    /// Replicas to add or remove; 0 for other kinds.
    pub replicas: u32,
}

/// Why a scenario could not be loaded: every mistake that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The mistakes, in the order of the files and lines.
    pub problems: Vec<Problem>,
}

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the file, relative to the scenarios folder.
    pub file: String,
    /// Line, from 1; 0 when the file as a whole is meant.
    pub line: u64,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// Loads the scenario `name` from `<name>.yaml`, with the topology and traces it refers to.
///
/// # Errors
/// Every mistake in the first file that has any, with file and line.
pub fn load(name: &str, source: &dyn ScenarioSource) -> Result<Arc<Scenario>, LoadError> {
    let mut reading = check::Reading::new(source);
    match reading.scenario(name) {
        Some(scenario) if reading.problems.is_empty() => Ok(Arc::new(scenario)),
        _ => {
            let mut problems = reading.problems;
            problems.sort();
            problems.dedup();
            Err(LoadError { problems })
        }
    }
}
