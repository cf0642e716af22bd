//! Whoever plays against a scenario: sees what an operator could see, and answers with moves.
//!
//! Between two looks simulated time waits, so that whoever takes long to think loses nothing by it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;

use remedy::{ActionUpdate, Decision, Expectation, Proposal, Remedy, foresight};
use sim::world::view::TopologyView;
use sim::{Snapshot, World};
use uuid::Uuid;

use crate::convert;

mod ahead;
mod cheats;
pub mod lockstep;
mod rules;
mod script;
mod suspicion;

pub(crate) use ahead::expectations;
pub use cheats::{Cheat, Trick};
pub use rules::Rules;
pub use script::{Deed, Nobody, Script};
pub(crate) use suspicion::Suspicion;

/// A player.
pub trait Player: Send + fmt::Debug {
    /// Looks at a sample and what came with it, once a simulated second.
    fn look(&mut self, seen: &Seen<'_>) -> Moves;

    /// Hears what becomes of an action, at once.
    fn hear(&mut self, update: &ActionUpdate, tick: u64) -> Moves;

    /// Where it thinks the trouble comes from, most likely first.
    fn suspects(&self) -> Vec<sim::Target>;

    /// Why it gave up, as a sentence; `None` while it plays.
    fn gave_up(&self) -> Option<&str> {
        None
    }
}

/// What there is to see.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The sample.
    pub snapshot: &'a Snapshot,
    /// What happened to incidents with it.
    pub transitions: &'a [detect::Transition],
    world: &'a World,
    topology: OnceCell<TopologyView>,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(
        world: &'a World,
        snapshot: &'a Snapshot,
        transitions: &'a [detect::Transition],
    ) -> Self {
        Self { snapshot, transitions, world, topology: OnceCell::new() }
    }

    /// Tick of the sample.
    pub fn tick(&self) -> u64 {
        self.snapshot.tick
    }

    /// Simulated seconds since the start of the run.
    pub fn time_s(&self) -> f64 {
        convert::seconds(self.tick())
    }

    /// The cloud as it stands.
    pub fn topology(&self) -> &TopologyView {
        self.topology.get_or_init(|| self.world.topology())
    }

    /// What would come of each of these remedies, by what is to be known now.
    pub fn look_ahead(&self, remedies: &[Remedy]) -> Vec<Expectation> {
        ahead::expectations(self.world, remedies, foresight::HORIZON_S)
    }
}

/// What a player does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moves {
    /// Actions to put before the operator.
    pub proposals: Vec<Proposal>,
    /// Decisions to note.
    pub decisions: Vec<Decision>,
    /// Silences every incident for so many simulated seconds.
    pub silence_s: Option<f64>,
}

impl Moves {
    /// Adds what comes after.
    pub fn then(&mut self, more: Self) {
        self.proposals.extend(more.proposals);
        self.decisions.extend(more.decisions);
        self.silence_s = more.silence_s.or(self.silence_s);
    }
}

/// Makes proposals for players that have no memory of their own.
#[derive(Debug, Default)]
pub struct Drafts {
    attempts: BTreeMap<Uuid, u32>,
}

impl Drafts {
    /// A proposal for an incident (the nil id for none), on the present version of its target.
    pub fn propose(&mut self, seen: &Seen<'_>, incident_id: Uuid, remedy: Remedy, reason: &str) -> Proposal {
        let attempt = self.attempts.entry(incident_id).or_default();
        *attempt += 1;
        Proposal {
            action_id: remedy::action::derive_id(incident_id, *attempt, &remedy),
            incident_id,
            attempt: *attempt,
            target_version: convert::planned(&remedy).version(seen.topology()),
            remedy,
            reason: reason.to_owned(),
            tick: seen.tick(),
            traceparent: None,
        }
    }
}
