//! A run that nobody interferes with, and what the detector said about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use detect::{Detector, Limits, Transition, TransitionKind};
use sim::world::view::TopologyView;
use sim::{MapWatch, Scenario, Snapshot, Target, Workers, World};
use uuid::Uuid;

use super::Rules;
use crate::convert;

/// What was seen of a run.
pub(super) struct Watched {
    /// Incidents in the order they opened.
    pub(super) incidents: Vec<Seen>,
    /// The same with every rule by itself.
    pub(super) alone: Vec<Seen>,
    /// Every sample, a second apart.
    pub(super) samples: Vec<Snapshot>,
    /// Who runs where when the trouble begins.
    pub(super) placed: TopologyView,
    /// Second of the last sample during which a fault was in force.
    pub(super) fault_until_s: Option<f64>,
}

/// An incident as its first and last transitions tell it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) rule: String,
    pub(super) family: String,
    pub(super) target: detect::Target,
    pub(super) opened_s: f64,
    pub(super) resolved_s: Option<f64>,
    /// Position of the lead among the incidents of the run, when this is a symptom.
    pub(super) symptom_of: Option<usize>,
    /// Suspects, most likely first, from when on; the last entry is what was told last.
    pub(super) suspects: Vec<(f64, Vec<Target>)>,
}

pub(super) fn watch(scenario: &Arc<Scenario>, seed: u64, rules: &Rules, length_s: f64) -> Watched {
    let mut world = World::new(scenario.clone(), seed);
    let mut together = Book::new(Detector::new(&rules.together, Limits::default()));
    let mut alone = Book::new(Detector::new(&rules.alone, Limits::default()));
    let onset = convert::ticks(scenario.truth.onset_s.unwrap_or(0.0));
    let (mut samples, mut placed, mut fault_until_s) = (Vec::new(), world.topology(), None);
    let (one, mut events, mut maps) = (Workers::default(), Vec::new(), MapWatch::default());
    while world.tick() < convert::ticks(length_s) {
        if world.tick() == onset {
            placed = world.topology();
        }
        world.step_with(&one, &mut events);
        events.clear();
        if !world.sample_due() {
            continue;
        }
        if !world.faults().is_empty() {
            fault_until_s = Some(convert::seconds(world.tick()));
        }
        let snapshot = world.snapshot();
        let map = maps.is_due(&snapshot).then(|| convert::map(world.topology().into())).flatten();
        let sample = convert::detector_sample(&snapshot, map.as_ref());
        together.look(&sample);
        alone.look(&sample);
        samples.push(snapshot);
    }
    Watched { incidents: together.seen, alone: alone.seen, samples, placed, fault_until_s }
}

/// A detector and the incidents that it told of.
struct Book {
    detector: Detector,
    seen: Vec<Seen>,
    position: BTreeMap<Uuid, usize>,
}

impl Book {
    fn new(detector: Detector) -> Self {
        Self { detector, seen: Vec::new(), position: BTreeMap::new() }
    }

    fn look(&mut self, sample: &detect::Sample<'_>) {
        for transition in self.detector.observe(sample) {
            self.note(transition);
        }
    }

    fn note(&mut self, Transition { kind, incident }: Transition) {
        let updated_s = convert::seconds(incident.updated_tick);
        let position = match self.position.get(&incident.id) {
            Some(position) => *position,
            None => {
                self.position.insert(incident.id, self.seen.len());
                self.seen.push(Seen {
                    rule: incident.rule,
                    family: incident.family,
                    target: incident.target,
                    opened_s: updated_s,
                    resolved_s: None,
                    symptom_of: incident.symptom_of.and_then(|lead| self.position.get(&lead).copied()),
                    suspects: Vec::new(),
                });
                self.seen.len() - 1
            }
        };
        let seen = &mut self.seen[position];
        if kind == TransitionKind::Resolved {
            seen.resolved_s = Some(updated_s);
        }
        // The record is dated by itself: of a lead that is over, the incident's own time stands still.
        let told_s = convert::seconds(incident.record.as_of_tick);
        let suspects: Vec<Target> = incident.record.suspects.iter().map(convert::suspect).collect();
        if seen.suspects.last().is_none_or(|(_, known)| *known != suspects) {
            seen.suspects.push((told_s, suspects));
        }
    }
}
