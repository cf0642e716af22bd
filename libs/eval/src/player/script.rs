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

/// Proposes what it was told to, at the time it was told to.
#[derive(Debug)]
pub struct Script {
    at_s: f64,
    remedies: Vec<Remedy>,
    suspects: Vec<sim::Target>,
    drafts: Drafts,
}

impl Script {
    /// Everything at one time, simulated seconds since the start of the run.
    pub fn new(at_s: f64, remedies: Vec<Remedy>, suspects: Vec<sim::Target>) -> Self {
        Self { at_s, remedies, suspects, drafts: Drafts::default() }
    }
}

impl Player for Script {
    fn look(&mut self, seen: &Seen<'_>) -> Moves {
        if seen.time_s() < self.at_s {
            return Moves::default();
        }
        let due = std::mem::take(&mut self.remedies).into_iter();
        let propose = |remedy| self.drafts.propose(seen, Uuid::nil(), remedy, "it is in the script");
        Moves { proposals: due.map(propose).collect(), ..Moves::default() }
    }

    fn hear(&mut self, _: &ActionUpdate, _: u64) -> Moves {
        Moves::default()
    }

    fn suspects(&self) -> Vec<sim::Target> {
        self.suspects.clone()
    }
}
