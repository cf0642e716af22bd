//! Players that do not look: one that does nothing, and one that does what it was told to.

use remedy::{ActionUpdate, Remedy};
use uuid::Uuid;

use super::{Drafts, Moves, Player, Seen, Suspicion};

/// Does nothing. What the detector suspects is all it has to say.
#[derive(Debug, Default)]
pub struct Nobody {
    suspicion: Suspicion,
}

impl Player for Nobody {
    fn look(&mut self, seen: &Seen<'_>) -> Moves {
        self.suspicion.hear(seen.transitions);
        Moves::default()
    }

    fn hear(&mut self, _: &ActionUpdate, _: u64) -> Moves {
        Moves::default()
    }

    fn suspects(&self) -> Vec<sim::Target> {
        self.suspicion.suspects()
    }
}

/// A remedy, and when it is proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// Simulated seconds since the start of the run.
    pub at_s: f64,
    /// What to do.
    pub remedy: Remedy,
}

/// Proposes what it was told to, when it was told to.
#[derive(Debug)]
pub struct Script {
    /// The next one last.
    deeds: Vec<Deed>,
    suspicion: Suspicion,
    /// What it suspects, whatever the detector does.
    knows: Vec<sim::Target>,
    drafts: Drafts,
}

impl Script {
    /// Suspects what it is told to; told nothing, what the detector does.
    pub fn new(mut deeds: Vec<Deed>, knows: Vec<sim::Target>) -> Self {
        deeds.sort_by(|one, other| other.at_s.total_cmp(&one.at_s));
        Self { deeds, suspicion: Suspicion::default(), knows, drafts: Drafts::default() }
    }
}

impl Player for Script {
    fn look(&mut self, seen: &Seen<'_>) -> Moves {
        self.suspicion.hear(seen.transitions);
        let mut moves = Moves::default();
        while let Some(deed) = self.deeds.pop_if(|deed| deed.at_s <= seen.time_s()) {
            let proposal = self.drafts.propose(seen, Uuid::nil(), deed.remedy, "it is in the script");
            moves.proposals.push(proposal);
        }
        moves
    }

    fn hear(&mut self, _: &ActionUpdate, _: u64) -> Moves {
        Moves::default()
    }

    fn suspects(&self) -> Vec<sim::Target> {
        if self.knows.is_empty() { self.suspicion.suspects() } else { self.knows.clone() }
    }
}
