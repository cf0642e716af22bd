//! What is expected of remedies, by whoever can look ahead, and what follows from it.
//!
//! The core asks ([`Question`]) and goes on; the answer comes as an observation. Without an answer, or without anybody to ask, the
//! order of the ladder decides.

use std::collections::BTreeMap;

use crate::{
    action::{Remedy, RemedyKind},
    condition::Condition,
    diagnosis::{Cause, CauseKind},
    limits::Tuning,
    remedies::Candidate,
    safety::{Refusal, Rule},
    target::Target,
};

/// Futures to look at before proposing. Two tell whether something helps; a card for people has more.
pub const FUTURES: u32 = 2;
/// How far to look, simulated seconds: restarts and moves are over by then, and what they did shows.
pub const HORIZON_S: u32 = 60;
/// Share of the futures from which on something counts as expected.
pub(crate) const LIKELY: f64 = 0.5;
/// What is left of the bad requests when most is cured, as a share of those there would be.
const CURED: f64 = 0.25;

/// A question for whoever can look ahead: what comes of each of these, on the cloud as it is now, and of doing nothing?
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What they are to cure; comes back with the answer.
    pub cause: Target,
    /// Each by itself.
    pub remedies: Vec<Remedy>,
}

/// What is expected of a remedy.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The remedy.
    pub remedy: Remedy,
    /// Place among those that were asked about and doing nothing, from 1; 0 when the cloud would refuse it.
    pub rank: u32,
    /// Share of the futures in which fewer requests fail or are slow than when nothing is done.
    pub helps: f64,
    /// Share of the futures in which more do.
    pub harms: f64,
    /// Users' requests that fail or are slow, % of all.
    pub bad_pct: f64,
    /// The same when nothing is done.
    pub bad_nothing_pct: f64,
}

/// What was asked and answered about a cause.
#[derive(Debug, Clone)]
enum Known {
    Asked,
    /// `None`: whoever was asked could not tell.
    Told {
        tick: u64,
        expected: Option<Vec<Expectation>>,
    },
}

/// Longest pause between two questions, in lengths of belief.
const MAX_PATIENCE: u64 = 8;

/// The questions and answers of an agent. It forgets them over a restart and asks again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Foresight {
    known: BTreeMap<Target, Known>,
    /// How many lengths of belief an answer lasts: twice as many each time that nothing is expected to help.
    patience: BTreeMap<Target, u64>,
}

/// What to do with candidates.
pub(crate) enum Foreseen {
    /// Ask, and wait for the answer.
    Ask(Question),
    /// Wait for an answer.
    Wait,
    /// Go on, the most promising first.
    Choose(Vec<Candidate>),
}

impl Foresight {
    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.patience.clear();
    }

    pub(crate) fn tell(&mut self, cause: Target, tick: u64, expected: Option<Vec<Expectation>>) {
        self.known.insert(cause, Known::Told { tick, expected });
    }

    /// Sorts candidates by what is expected of them. Those that would do harm, or no good, are ruled out.
    pub(crate) fn sort(
        &mut self,
        cause: &Cause,
        (rungs, ideas): (Vec<Candidate>, Vec<Candidate>),
        (tick, lasts): (u64, u64),
        (barred, tuning): (&mut Vec<Refusal>, &Tuning),
    ) -> Foreseen {
        let patience = self.patience.entry(cause.target.clone()).or_insert(1);
        match self.known.get(&cause.target) {
            Some(Known::Asked) => return Foreseen::Wait,
            Some(Known::Told { tick: told, expected }) if tick < told.saturating_add(lasts * *patience) => {
                let Some(expected) = expected else { return Foreseen::Choose(rungs) };
                // Another condition has other rungs: that is news, and asked about at once.
                if rungs.iter().all(|rung| of(expected, rung).is_some()) {
                    let chosen = choose(cause, (rungs, ideas), expected, (barred, tuning));
                    *patience = if chosen.is_empty() { *patience } else { 1 };
                    return Foreseen::Choose(chosen);
                }
                *patience = 1;
            }
            Some(Known::Told { .. }) => *patience = (*patience * 2).min(MAX_PATIENCE),
            None => {}
        }
        self.known.insert(cause.target.clone(), Known::Asked);
        let mut remedies: Vec<Remedy> = Vec::new();
        for Candidate { remedy, .. } in rungs.into_iter().chain(ideas) {
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
        Foreseen::Ask(Question { cause: cause.target.clone(), remedies })
    }
}

/// Of the same remedy by several numbers of replicas the nearest one: the numbers change from second to second.
fn of<'a>(expected: &'a [Expectation], candidate: &Candidate) -> Option<&'a Expectation> {
    let (kind, target) = (candidate.remedy.kind(), candidate.remedy.target());
    let same = expected.iter().filter(|told| told.remedy.kind() == kind && told.remedy.target() == target);
    same.min_by_key(|told| told.remedy.replicas().abs_diff(candidate.remedy.replicas()))
}

fn choose(
    cause: &Cause,
    (rungs, ideas): (Vec<Candidate>, Vec<Candidate>),
    expected: &[Expectation],
    (barred, tuning): (&mut Vec<Refusal>, &Tuning),
) -> Vec<Candidate> {
    let (mut helpful, mut harmless) = (Vec::new(), Vec::new());
    let rungs = rungs.into_iter().map(|rung| (rung, true));
    for (mut candidate, is_rung) in rungs.chain(ideas.into_iter().map(|idea| (idea, false))) {
        let Some(told) = of(expected, &candidate) else { continue };
        let Expectation { rank, helps, harms, bad_pct, bad_nothing_pct, .. } = told;
        let share = format!("{bad_pct:.2} % of requests bad instead of {bad_nothing_pct:.2} %");
        if *rank > 0 && *helps >= LIKELY && helps > harms {
            candidate.sentence.push_str(&format!(" Looking ahead: {share}."));
            candidate.cures = *bad_pct <= CURED * bad_nothing_pct;
            helpful.push((*rank, candidate));
        } else if *rank > 0 && *harms < LIKELY && is_rung && is_precaution(cause, &candidate.remedy, tuning) {
            harmless.push(candidate);
        } else if is_rung {
            let (kind, target) = (candidate.remedy.kind(), candidate.remedy.target());
            let why = match rank {
                0 => format!("{kind} of {target} would be refused"),
                _ => format!("{kind} of {target} is not expected to help: {share}"),
            };
            barred.push(Refusal { rule: Rule::Foreseen, why });
        }
    }
    helpful.sort_by_key(|(rank, _)| *rank);
    helpful.into_iter().map(|(_, candidate)| candidate).chain(harmless).collect()
}

/// What may be done although it is not expected to change much within the time looked ahead: more capacity where it runs short, and
/// bringing back what is lost. Nobody foresees that traffic goes on rising, or that the next replica falls.
fn is_precaution(cause: &Cause, remedy: &Remedy, tuning: &Tuning) -> bool {
    match (&cause.kind, remedy.kind()) {
        (CauseKind::Node { down, .. }, _) => *down,
        (CauseKind::Service { assessment, .. }, RemedyKind::RestartService) => {
            matches!(assessment.condition, Condition::Down | Condition::PartlyDown | Condition::MemoryHigh)
        }
        (CauseKind::Service { assessment, .. }, RemedyKind::ScaleUp) => match assessment.condition {
            Condition::Slow | Condition::Failing => assessment.under_load(tuning),
            _ => true,
        },
        _ => false,
    }
}
