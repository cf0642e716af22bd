//! An episode, played.

use std::collections::BTreeMap;

use detect::RuleSet;
use preview::Course;
use remedy::Remedy;
use sim::recording::Recording;
use sim::{Target, Workers};

use super::stage::Stage;
use crate::convert;
use crate::desk::{Policy, Record};
use crate::player::Player;
use crate::run::{Loop, Options};

/// The operator approves everything after so long, simulated seconds: the player is scored, not the operator.
pub const APPROVAL_S: f64 = 5.0;

/// What came of a player's moves.
pub(crate) struct Played {
    pub(crate) course: Course,
    pub(crate) records: Vec<Record>,
    pub(crate) suspects: Vec<Target>,
    /// When the first incident opened, simulated seconds since the start of the run.
    pub(crate) alarmed_s: Option<f64>,
    pub(crate) gave_up: Option<String>,
    /// The whole episode, to be looked at.
    pub(crate) recording: Recording,
}

pub(crate) fn play(stage: &Stage, rules: &RuleSet, player: Box<dyn Player>, approval_delay_s: f64) -> Played {
    let options = Options {
        seed: Some(stage.seed),
        policy: Policy::ApproveAll,
        approval_delay_s,
        player,
        workers: Workers::default(),
    };
    let [onset, end, close] = stage.ticks();
    let mut course = Course::new(&stage.scenario.topology);
    let mut run = Loop::with_rules(rules, stage.scenario.clone(), options);
    while run.world().tick() < close {
        if run.world().tick() == end {
            for command in stage.burst() {
                drop(run.command(&command));
            }
        }
        if let Some(snapshot) = run.step()
            && run.world().tick() > onset
        {
            course.see(&snapshot, run.world().running_topology());
        }
    }
    Played {
        course,
        // What the desk took back was not the player's idea.
        records: run.records().iter().filter(|record| record.rolls_back.is_none()).cloned().collect(),
        suspects: run.player().suspects(),
        alarmed_s: run.alarmed_s(),
        gave_up: run.player().gave_up().map(str::to_owned),
        recording: run.into_recording(),
    }
}

impl Played {
    /// Replicas that were stopped, moved, added or removed although nothing that heals asked for it, as a share of those there are.
    ///
    /// An action that the ground truth names is needed twice at most, and a scale-up of it to three times the replicas that it names;
    /// taking back what one's own scale-up added is part of the bargain.
    pub(crate) fn needless(&self, stage: &Stage) -> f64 {
        let healing = &stage.scenario.truth.healing;
        let mut times = vec![0_u32; healing.len()];
        let mut added: BTreeMap<&str, u32> = BTreeMap::new();
        let mut needless = 0.0;
        for record in self.records.iter().filter(|record| record.executed_tick.is_some()) {
            let remedy = &record.proposal.remedy;
            let named = healing.iter().position(|action| {
                convert::kind(remedy.kind()) == action.kind && *action.target == *remedy.target().id()
            });
            let needed = match (remedy, named) {
                (Remedy::ScaleDown { service, by }, None) => {
                    added.get(service.as_str()).is_some_and(|added| by <= added)
                }
                (_, None) => false,
                (_, Some(at)) => {
                    times[at] += 1;
                    times[at] <= 2 && remedy.replicas() <= 3 * healing[at].replicas.max(1)
                }
            };
            if !needed {
                needless += record.touched;
            }
            if let Remedy::ScaleUp { service, by } = remedy {
                *added.entry(service.as_str()).or_default() += by;
            }
        }
        needless
    }
}
