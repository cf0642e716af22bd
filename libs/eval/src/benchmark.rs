//! Players scored against what was possible: the same trouble with nobody acting, and with the best that hindsight knows.
//! `docs/benchmark.md` has the definitions in words.
//!
//! Episodes are independent of each other and are spread over the threads of a pool; the result does not depend on how many there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use detect::{RuleErrors, RuleSet};
use remedy::Remedy;
use sim::{Scenario, Workers};

use crate::player::{Cheat, Deed, Nobody, Player, Rules, Script, Trick};

mod game;
mod guard;
mod hindsight;
mod play;
mod report;
mod row;
mod stage;

pub use game::{GameRow, game};
pub use guard::Reference;
pub use play::APPROVAL_S;
pub use report::{Interval, Report, ScenarioScore, Standing};
pub use row::Row;
pub use stage::{AFTER_ONSET_S, BURST_PCT, BURST_S, CALM_S, REACTION_S};

use crate::convert::seconds;
use hindsight::Hindsight;
use stage::Stage;

/// Most seeds: every one costs the whole catalogue.
pub const MAX_SEEDS: u64 = 1_000;

/// Makes a player for an episode. Every episode has a fresh one, so that none learns from another.
pub type Maker<'a> = &'a (dyn Fn() -> Box<dyn Player> + Sync);

/// Who is scored.
#[derive(Clone, Copy)]
pub enum Entrant<'a> {
    /// The agent that ships.
    Rules,
    /// Nobody acts.
    Nobody,
    /// Does what turned out best, as early as anybody could.
    Oracle,
    /// Tries to score without helping.
    Cheat(Trick),
    /// Anybody else.
    Other(Maker<'a>),
}

impl Entrant<'_> {
    fn player(self, stage: &Stage, hindsight: &Hindsight) -> Box<dyn Player> {
        match self {
            Self::Rules => Box::new(Rules::default()),
            Self::Nobody => Box::new(Nobody::default()),
            Self::Oracle => {
                let root = stage.scenario.truth.root_cause.iter().cloned().collect();
                let proposed_s = stage.onset_s + REACTION_S - play::APPROVAL_S;
                let deed = |remedy: &Remedy| Deed { at_s: proposed_s, remedy: remedy.clone() };
                Box::new(Script::new(hindsight.best.iter().map(deed).collect(), root))
            }
            Self::Cheat(trick) => Box::new(Cheat::new(trick)),
            Self::Other(make) => make(),
        }
    }
}

/// What is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Every scenario runs with the seeds 1 to this.
    pub seeds: u64,
    /// Threads.
    pub workers: Workers,
}

impl Default for Options {
    fn default() -> Self {
        Self { seeds: 5, workers: Workers::default() }
    }
}

/// Hears of every episode that is over: the row, how many are done, how many there are.
pub type Told<'a> = &'a (dyn Fn(&Row, usize, usize) + Sync);

/// Lets a player play every scenario with every seed. Episodes for which `known` has a row are not played again.
///
/// # Errors
/// When the built-in rules contradict themselves, which they do not.
pub fn evaluate(
    scenarios: &[Arc<Scenario>],
    entrant: Entrant<'_>,
    options: &Options,
    known: &(dyn Fn(&Scenario, u64) -> Option<Row> + Sync),
    told: Told<'_>,
) -> Result<Vec<Row>, RuleErrors> {
    let rules = RuleSet::new(detect::builtin_rules())?;
    let seeds = 1..=options.seeds.min(MAX_SEEDS);
    let mut episodes: Vec<Episode> = scenarios
        .iter()
        .flat_map(|scenario| {
            seeds.clone().map(|seed| Episode { scenario: scenario.clone(), seed, row: None })
        })
        .collect();
    let (done, all) = (AtomicUsize::new(0), episodes.len());
    options.workers.for_each(&mut episodes, |episode| {
        let row = known(&episode.scenario, episode.seed).unwrap_or_else(|| episode.play(&rules, entrant));
        told(&row, done.fetch_add(1, Ordering::Relaxed) + 1, all);
        episode.row = Some(row);
    });
    Ok(episodes.into_iter().filter_map(|episode| episode.row).collect())
}

/// A scenario with a seed, and what came of it.
struct Episode {
    scenario: Arc<Scenario>,
    seed: u64,
    row: Option<Row>,
}

impl Episode {
    fn play(&self, rules: &RuleSet, entrant: Entrant<'_>) -> Row {
        let stage = Stage::new(self.scenario.clone(), self.seed);
        let hindsight = Hindsight::of(&stage);
        let played = play::play(&stage, rules, entrant.player(&stage, &hindsight), APPROVAL_S);
        Row::of(&stage, &hindsight, &played)
    }
}
