//! Which incidents of a run are true.

use std::collections::BTreeSet;

use detect::TargetKind;
use serde::Serialize;
use sim::{Scenario, Target};

use super::forecasts::Forecasts;
use super::objective::{Broken, broken, broken_around, doors};
use super::reach::Reach;
use super::score::{Grouped, RunGrade};
use super::watch::{Seen, Watched};

/// An effect may be told of for so long after it is over, s: the longest window of a rule that pages still holds it.
const AFTERMATH_S: f64 = 120.0;

/// Suspects are looked at so long after the lead opened, s: about when somebody who was called has read it.
const SUSPECTED_AFTER_S: f64 = 60.0;

/// What an incident is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// About something that the fault can reach, while it lasts.
    True,
    /// About a service beyond that, which breaks an objective all the same. It is true, and does not count as having found the fault.
    Collateral,
    /// Nothing is wrong in this scenario.
    Benign,
    /// Before the onset.
    Early,
    /// About something that the fault does not reach and that is well.
    Unrelated,
    /// The fault and its effect were over.
    Over,
}

impl Verdict {
    /// Whether something is the matter with what the incident is about.
    pub const fn is_true(self) -> bool {
        matches!(self, Self::True | Self::Collateral)
    }

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::Collateral => "let down, though out of reach",
            Self::Benign => "nothing is wrong",
            Self::Early => "before the onset",
            Self::Unrelated => "well, and out of reach of the fault",
            Self::Over => "after the end of the effect",
        }
    }
}

/// An incident and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Rule that opened it.
    pub rule: String,
    /// Detector: the family of that rule.
    pub family: String,
    /// For example `service checkout`.
    pub target: String,
    /// Simulated seconds since the start.
    pub opened_s: f64,
    /// When it was over, likewise; `None` while open.
    pub resolved_s: Option<f64>,
    /// Whether it is true, or why not.
    pub verdict: Verdict,
    /// The same detector had an incident about the same target before.
    pub repeat: bool,
    /// It was put down to another incident.
    pub symptom: bool,
}

/// What the true lead with the most symptoms, the first of equals, says about the cause.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cause {
    /// Where the root cause stands among the suspects a minute after the lead opened, from 1; `None` when it is not among them.
    pub rank_after_1m: Option<u32>,
    /// The same at the end of the run.
    pub rank_at_end: Option<u32>,
    /// The suspects a minute after the lead opened, most likely first, for example `zone zone-a`.
    pub suspects: Vec<String>,
}

/// A run with everything judged. Times are simulated seconds since its start.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Scenario.
    pub scenario: String,
    /// Its family.
    pub family: String,
    /// 1 to 5; 0 when nothing is wrong.
    pub difficulty: u8,
    /// Seed.
    pub seed: u64,
    /// Simulated length, s.
    pub length_s: f64,
    /// When the trouble begins; `None` when nothing is wrong.
    pub onset_s: Option<f64>,
    /// When an objective is first seen to be broken.
    pub broken_s: Option<f64>,
    /// Incidents of all rules together, in the order they opened.
    pub incidents: Vec<Judged>,
    /// Incidents of every rule by itself.
    pub alone: Vec<Judged>,
    /// What was suspected.
    pub cause: Cause,
    /// Forecasts and what came true of them.
    pub(super) forecasts: Forecasts,
}

pub(super) fn judge(scenario: &Scenario, seed: u64, watched: &Watched) -> Run {
    let truth = Truth::of(scenario, watched);
    let suffers = |incident: &Seen| {
        let service = scenario.topology.service(&incident.target.id);
        let service = service.filter(|_| incident.target.kind == TargetKind::Service);
        service.is_some_and(|service| broken_around(&watched.samples, service, incident.opened_s))
    };
    let incidents = judge_all(&watched.incidents, truth.as_ref(), &suffers);
    let root = scenario.truth.root_cause.as_ref();
    Run {
        cause: root.map(|root| cause(root, &watched.incidents, &incidents)).unwrap_or_default(),
        scenario: scenario.name.clone(),
        family: scenario.family.clone(),
        difficulty: scenario.truth.difficulty,
        seed,
        length_s: watched.samples.len() as f64,
        onset_s: truth.as_ref().map(|truth| truth.onset_s),
        broken_s: truth.as_ref().and_then(|truth| truth.broken).map(|broken| broken.first_s),
        incidents,
        alone: judge_all(&watched.alone, truth.as_ref(), &suffers),
        forecasts: Forecasts::default(),
    }
}

/// What is so in a run in which something is wrong.
struct Truth {
    onset_s: f64,
    /// End of the effect; `None` when it lasts.
    over_s: Option<f64>,
    broken: Option<Broken>,
    reach: Reach,
}

impl Truth {
    fn of(scenario: &Scenario, watched: &Watched) -> Option<Self> {
        let (root, onset_s) = (scenario.truth.root_cause.as_ref()?, scenario.truth.onset_s?);
        let reach = Reach::of(scenario, &watched.placed, root);
        let watched_services: BTreeSet<usize> =
            doors(&scenario.topology).union(&reach.roots).copied().collect();
        let broken = broken(&watched.samples, &watched_services, onset_s);
        // Traffic that rose stays; a fault ends, and its effect with it or later.
        let over_s = watched
            .fault_until_s
            .map(|fault_s| broken.map_or(fault_s, |broken| broken.last_s.max(fault_s)) + AFTERMATH_S);
        Some(Self { onset_s, over_s, broken, reach })
    }
}

fn judge_all(seen: &[Seen], truth: Option<&Truth>, suffers: &dyn Fn(&Seen) -> bool) -> Vec<Judged> {
    let mut before = BTreeSet::new();
    seen.iter()
        .map(|incident| Judged {
            rule: incident.rule.clone(),
            family: incident.family.clone(),
            target: format!("{} {}", incident.target.kind.as_str(), incident.target.id),
            opened_s: incident.opened_s,
            resolved_s: incident.resolved_s,
            verdict: verdict(incident, truth, suffers),
            repeat: !before.insert((&incident.family, &incident.target)),
            symptom: incident.symptom_of.is_some(),
        })
        .collect()
}

fn verdict(incident: &Seen, truth: Option<&Truth>, suffers: &dyn Fn(&Seen) -> bool) -> Verdict {
    match truth {
        None => Verdict::Benign,
        Some(truth) if incident.opened_s <= truth.onset_s => Verdict::Early,
        Some(truth) if truth.over_s.is_some_and(|over_s| incident.opened_s > over_s) => Verdict::Over,
        Some(truth) if truth.reach.covers(&incident.target) => Verdict::True,
        Some(_) if suffers(incident) => Verdict::Collateral,
        Some(_) => Verdict::Unrelated,
    }
}

/// Looks for the root cause among the suspects of the true lead with the most symptoms, the first of equals.
fn cause(root: &Target, seen: &[Seen], judged: &[Judged]) -> Cause {
    let symptoms = |lead| seen.iter().filter(|incident| incident.symptom_of == Some(lead)).count();
    let leads = (0..seen.len()).filter(|at| !judged[*at].symptom && judged[*at].verdict.is_true());
    let Some(lead) = leads.max_by_key(|at| (symptoms(*at), std::cmp::Reverse(*at))) else {
        return Cause::default();
    };
    let told = &seen[lead].suspects;
    let rank = |suspects: &[Target]| {
        let position = suspects.iter().position(|suspect| suspect == root)?;
        u32::try_from(position + 1).ok()
    };
    let after_1m = told.iter().rev().find(|(told_s, _)| *told_s <= seen[lead].opened_s + SUSPECTED_AFTER_S);
    Cause {
        rank_after_1m: after_1m.and_then(|(_, suspects)| rank(suspects)),
        rank_at_end: told.last().and_then(|(_, suspects)| rank(suspects)),
        suspects: after_1m
            .map(|(_, named)| named.iter().map(Target::to_string).collect())
            .unwrap_or_default(),
    }
}

impl Run {
    /// The run as it counts, with those incidents that are picked.
    pub fn grade<'a>(
        &self,
        incidents: impl IntoIterator<Item = &'a Judged>,
        pick: impl Fn(&Judged) -> bool,
    ) -> RunGrade {
        let mut grade = RunGrade {
            scenario: self.scenario.clone(),
            family: self.family.clone(),
            difficulty: self.difficulty,
            seed: self.seed,
            length_s: self.length_s,
            onset_s: self.onset_s,
            broken_s: self.broken_s,
            found_s: None,
            true_incidents: 0,
            collateral: 0,
            false_incidents: 0,
            repeats: 0,
            group: None,
        };
        for incident in incidents.into_iter().filter(|incident| pick(incident)) {
            grade.repeats += u32::from(incident.repeat);
            if incident.verdict == Verdict::True {
                grade.found_s = grade.found_s.or(Some(incident.opened_s));
            }
            grade.collateral += u32::from(incident.verdict == Verdict::Collateral);
            grade.true_incidents += u32::from(incident.verdict.is_true());
            grade.false_incidents += u32::from(!incident.verdict.is_true());
        }
        grade
    }

    /// The run as it counts for all rules together: of every group its lead. Which of several opens first is chance, so that a fault is
    /// found by a symptom as well.
    pub fn overall(&self) -> RunGrade {
        let symptoms = self.incidents.iter().filter(|incident| incident.symptom).count();
        RunGrade {
            found_s: self.grade(&self.incidents, |_| true).found_s,
            group: Some(Grouped {
                symptoms: u32::try_from(symptoms).unwrap_or(u32::MAX),
                cause_rank_after_1m: self.cause.rank_after_1m,
                cause_rank_at_end: self.cause.rank_at_end,
            }),
            ..self.grade(&self.incidents, |incident| !incident.symptom)
        }
    }
}
