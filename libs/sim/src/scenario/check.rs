//! From what is written to what is meant: every reference resolved, every number checked, every mistake collected.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::fault::MAX_FAULT_S;
use crate::topology::Topology;
use crate::{Target, TargetKind};

use super::file::{Number, ScenarioFile, TargetFile, Text};
use super::{Problem, Scenario, ScenarioSource};

/// Largest file, bytes: 30 days of counts per minute, or a topology of 100 000 services, are smaller.
const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// Most values in a file: 100 000 services with all their specs and calls have fewer, and reading them takes seconds.
const MAX_YAML_NODES: usize = 8_000_000;

/// Most mistakes that are listed.
const MAX_PROBLEMS: usize = 50;

/// A loading under way.
pub(super) struct Reading<'a> {
    source: &'a dyn ScenarioSource,
    sources: BTreeMap<String, String>,
    /// File that is being checked.
    pub(super) file: String,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(source: &'a dyn ScenarioSource) -> Self {
        Self { source, sources: BTreeMap::new(), file: String::new(), problems: Vec::new() }
    }

    pub(super) fn scenario(&mut self, name: &str) -> Option<Scenario> {
        self.file = format!("{name}.yaml");
        let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        if name.is_empty() || !name.chars().all(letters) {
            let message = "a scenario's name has only letters, digits, '_' and '-'";
            self.problem(0, message.to_owned());
            return None;
        }
        let path = self.file.clone();
        let file: ScenarioFile = self.parse(&path)?;
        let topology_path = self.relative_path(&file.topology)?;
        let topology = Arc::new(self.topology(&topology_path)?);
        self.file.clone_from(&path);
        let chaos = self.optional(file.chaos.as_ref(), "chaos", 0.0, 0.0, 1.0);
        let duration_s = self.optional(file.duration_s.as_ref(), "duration_s", 0.0, 0.0, MAX_FAULT_S);
        if file.traffic.is_empty() {
            self.problem(0, "traffic is empty; give at least one source, for example {service: web, constant: {rps: 100}}".to_owned());
        }
        let traffic = file
            .traffic
            .iter()
            .filter_map(|source| self.traffic(line(source.referenced), &source.value, &topology));
        let traffic = traffic.collect();
        let timeline = self.timeline(&file.timeline, duration_s, &topology);
        let truth = file.truth.as_ref().map(|truth| self.truth(truth, &topology)).unwrap_or_default();
        Some(Scenario {
            name: name.to_owned(),
            description: file.description,
            family: file.family,
            seed: file.seed.unwrap_or(42),
            duration_s,
            chaos,
            topology,
            traffic,
            timeline,
            truth,
            sources: std::mem::take(&mut self.sources),
        })
    }

    /// Reads and parses a file; a mistake in its syntax or its names ends the loading.
    pub(super) fn parse<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        let text = self.text(path)?;
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_nodes: MAX_YAML_NODES,
                // A value is an event, and a list or a map has another one at its end.
                max_events: 2 * MAX_YAML_NODES,
            },
        };
        match serde_saphyr::from_str_with_options(&text, options) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let line = error.location().map_or(0, line);
                let message = error.without_snippet().to_string();
                self.problem(
                    line,
                    format!("{}; see docs/simulation.md for the format", first_line(&message)),
                );
                None
            }
        }
    }

    pub(super) fn text(&mut self, path: &str) -> Option<String> {
        path.clone_into(&mut self.file);
        match self.source.read(path) {
            Ok(text) if text.len() > MAX_FILE_BYTES => {
                self.problem(
                    0,
                    format!("the file has {} bytes; at most {MAX_FILE_BYTES} are read", text.len()),
                );
                None
            }
            Ok(text) => {
                self.sources.insert(path.to_owned(), text.clone());
                Some(text)
            }
            Err(reason) => {
                self.problem(0, format!("cannot be read: {reason}"));
                None
            }
        }
    }

    /// A path that stays within the scenarios folder.
    pub(super) fn relative_path(&mut self, path: &Text) -> Option<String> {
        let value = &path.value;
        let inside = !value.starts_with('/')
            && !value.contains('\\')
            && value.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if inside {
            return Some(value.clone());
        }
        self.problem(
            line(path.referenced),
            format!("path {value:?}: write one below the scenarios folder, without '..'"),
        );
        None
    }

    pub(super) fn target(&mut self, at: u64, file: &TargetFile, topology: &Topology) -> Option<Target> {
        let TargetFile { service, node, zone, simulation } = file;
        match (service, node, zone, simulation) {
            (Some(id), None, None, None) => {
                self.find(id, TargetKind::Service, topology).map(|_| Target::service(&id.value))
            }
            (None, Some(id), None, None) => {
                self.find(id, TargetKind::Node, topology).map(|_| Target::node(&id.value))
            }
            (None, None, Some(id), None) => {
                self.find(id, TargetKind::Zone, topology).map(|_| Target::zone(&id.value))
            }
            (None, None, None, Some(true)) => Some(Target::simulation()),
            _ => {
                let message =
                    "a target is exactly one of {service: ID}, {node: ID}, {zone: ID}, {simulation: true}";
                self.problem(at, message.to_owned());
                None
            }
        }
    }

    /// Index of what an id names.
    pub(super) fn find(&mut self, id: &Text, kind: TargetKind, topology: &Topology) -> Option<usize> {
        let found = match kind {
            TargetKind::Service => topology.service(&id.value),
            TargetKind::Node => topology.node(&id.value),
            TargetKind::Zone => topology.zone(&id.value),
            TargetKind::Simulation => None,
        };
        if found.is_none() {
            let known: Vec<&str> = match kind {
                TargetKind::Service => topology.services.iter().map(|service| &*service.id).collect(),
                TargetKind::Node => topology.nodes.iter().map(|node| &*node.id).collect(),
                TargetKind::Zone => topology.zones.iter().map(|zone| &**zone).collect(),
                TargetKind::Simulation => Vec::new(),
            };
            self.unknown(id, kind.name(), &known);
        }
        found
    }

    pub(super) fn seconds(&mut self, number: &Number, name: &str) -> f64 {
        self.number(number, name, 0.0, MAX_FAULT_S)
    }

    /// A number within limits; outside them, or not a number at all, a problem.
    pub(super) fn number(&mut self, number: &Number, name: &str, low: f64, high: f64) -> f64 {
        if number.value >= low && number.value <= high {
            return number.value;
        }
        self.problem(
            line(number.referenced),
            format!("{name} is {}; use a number from {low} to {high}", number.value),
        );
        low
    }

    pub(super) fn optional(
        &mut self,
        number: Option<&Number>,
        name: &str,
        default: f64,
        low: f64,
        high: f64,
    ) -> f64 {
        number.map_or(default, |number| self.number(number, name, low, high))
    }

    pub(super) fn unknown(&mut self, id: &Text, what: &str, known: &[&str]) {
        let known = crate::known::use_one_of(known);
        self.problem(line(id.referenced), format!("there is no {what} {:?}; {known}", id.value));
    }

    pub(super) fn problem(&mut self, line: u64, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { file: self.file.clone(), line, message });
        }
    }
}

pub(super) fn line(location: serde_saphyr::Location) -> u64 {
    location.line()
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or(message)
}
