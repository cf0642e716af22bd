//! What other rules would have told, beside what the present ones tell of the same samples.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::detector::{Detector, Limits};
use crate::incident::{Incident, Transition, TransitionKind};
use crate::rule::{Rule, RuleErrors, RuleSet, Severity};
use crate::sample::{Sample, SimTime, Target};

/// Incidents that one side may tell of: rules that tell of more in one test are of no use to anybody.
pub const MAX_TOLD: usize = 20_000;

/// Two detectors on the same samples.
#[derive(Debug)]
pub struct Backtest {
    present: Side,
    candidate: Side,
}

/// An incident that there would have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Rule that opened it.
    pub rule: String,
    /// Its family.
    pub family: String,
    /// Who suffered.
    pub target: Target,
    /// Its highest severity.
    pub severity: Severity,
    /// One line, as of when it opened.
    pub title: String,
    /// When it opened.
    pub opened_at: SimTime,
    /// When it was over; `None` when it was open at the end.
    pub resolved_at: Option<SimTime>,
}

/// What the candidates change. An incident is the same when it is of the same family and target, and open at the same time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// Told of with the candidates only.
    pub gained: Vec<Told>,
    /// Told of with the present rules only.
    pub lost: Vec<Told>,
    /// The same incident at another time, of another rule or with another severity: at present, and with the candidates.
    pub moved: Vec<(Told, Told)>,
    /// As they are.
    pub unchanged: Vec<Told>,
    /// Samples that were judged.
    pub samples: u64,
}

#[derive(Debug)]
struct Side {
    detector: Detector,
    told: BTreeMap<Uuid, Told>,
    full: bool,
}

impl Backtest {
    /// Sets the candidates beside the present rules: in place of those of the same name, among those of the families concerned.
    ///
    /// # Errors
    /// When the two together are no set of rules.
    pub fn new(present: &RuleSet, candidates: &RuleSet, limits: Limits) -> Result<Self, RuleErrors> {
        let replaced = |rule: &&Rule| candidates.rules().iter().any(|candidate| candidate.name == rule.name);
        let replaced_families = present.rules().iter().filter(replaced).map(|rule| &rule.family);
        let families: BTreeSet<&String> =
            candidates.rules().iter().map(|rule| &rule.family).chain(replaced_families).collect();
        let present: Vec<Rule> =
            present.rules().iter().filter(|rule| families.contains(&rule.family)).cloned().collect();
        let mut changed = present.clone();
        for candidate in candidates.rules() {
            match changed.iter_mut().find(|rule| rule.name == candidate.name) {
                Some(rule) => *rule = candidate.clone(),
                None => changed.push(candidate.clone()),
            }
        }
        // What statistics tell is the same on both sides.
        let limits = Limits { scored_targets: 0, ..limits };
        let side = |rules| Ok(Side::new(Detector::new(&RuleSet::new(rules)?, limits)));
        Ok(Self { present: side(present)?, candidate: side(changed)? })
    }

    /// Metrics that either side looks at; samples need no others.
    pub fn metrics(&self) -> BTreeSet<String> {
        self.present.detector.metrics().chain(self.candidate.detector.metrics()).map(str::to_owned).collect()
    }

    /// Simulated time of samples before the first judged one that fills the windows, ms.
    pub fn history_ms(&self, interval_ms: u32) -> i64 {
        self.present.detector.history_ms(interval_ms).max(self.candidate.detector.history_ms(interval_ms))
    }

    /// Takes in a sample from before the time that is looked at.
    pub fn warm(&mut self, sample: &Sample<'_>) {
        self.present.detector.warm(sample);
        self.candidate.detector.warm(sample);
    }

    /// Takes in the next sample. False when a side has told of more than [`MAX_TOLD`] incidents: stop.
    pub fn observe(&mut self, sample: &Sample<'_>) -> bool {
        self.present.observe(sample);
        self.candidate.observe(sample);
        !self.present.full && !self.candidate.full
    }

    /// What came of it.
    pub fn finish(self) -> Comparison {
        let samples = self.candidate.detector.counters().observed;
        compare(self.present.told, self.candidate.told, samples)
    }
}

impl Side {
    fn new(detector: Detector) -> Self {
        Self { detector, told: BTreeMap::new(), full: false }
    }

    fn observe(&mut self, sample: &Sample<'_>) {
        for Transition { kind, incident } in self.detector.observe(sample) {
            match kind {
                TransitionKind::Opened if self.told.len() >= MAX_TOLD => self.full = true,
                TransitionKind::Opened => drop(self.told.insert(incident.id, Told::of(incident))),
                TransitionKind::Escalated | TransitionKind::Resolved | TransitionKind::Updated => {
                    if let Some(told) = self.told.get_mut(&incident.id) {
                        told.severity = incident.severity;
                        told.resolved_at = incident.resolved_at;
                    }
                }
            }
        }
    }
}

impl Told {
    fn of(incident: Incident) -> Self {
        let Incident { rule, family, target, severity, title, detected_at, resolved_at, .. } = incident;
        Self { rule, family, target, severity, title, opened_at: detected_at, resolved_at }
    }

    fn is_open_with(&self, other: &Self) -> bool {
        let ends_after = |one: &Self, moment| one.resolved_at.is_none_or(|end| end >= moment);
        ends_after(self, other.opened_at) && ends_after(other, self.opened_at)
    }

    /// Whether nobody would notice a difference.
    fn is_same_as(&self, other: &Self) -> bool {
        (&self.rule, self.severity, self.opened_at, self.resolved_at)
            == (&other.rule, other.severity, other.opened_at, other.resolved_at)
    }
}

/// Pairs the incidents of the two sides up, each with the first of the other side that is the same.
fn compare(present: BTreeMap<Uuid, Told>, candidate: BTreeMap<Uuid, Told>, samples: u64) -> Comparison {
    let mut comparison = Comparison { samples, ..Comparison::default() };
    let mut waiting: BTreeMap<(String, Target), Vec<Told>> = BTreeMap::new();
    for told in in_time(present) {
        waiting.entry((told.family.clone(), told.target.clone())).or_default().push(told);
    }
    for told in in_time(candidate) {
        let key = (told.family.clone(), told.target.clone());
        let others = waiting.get_mut(&key);
        let pair = others.and_then(|others| {
            let at = others.iter().position(|other| other.is_open_with(&told))?;
            Some(others.remove(at))
        });
        match pair {
            Some(other) if other.is_same_as(&told) => comparison.unchanged.push(told),
            Some(other) => comparison.moved.push((other, told)),
            None => comparison.gained.push(told),
        }
    }
    comparison.lost = waiting.into_values().flatten().collect();
    comparison.lost.sort_by_key(|told| told.opened_at);
    comparison
}

fn in_time(told: BTreeMap<Uuid, Told>) -> Vec<Told> {
    let mut told: Vec<Told> = told.into_values().collect();
    told.sort_by(|a, b| (a.opened_at, &a.target, &a.family).cmp(&(b.opened_at, &b.target, &b.family)));
    told
}
