//! A run that is being recorded.

use std::sync::Arc;

use crate::command::{Command, CommandError, Effect};
use crate::event::Event;
use crate::scenario::Scenario;
use crate::workers::Workers;
use crate::world::World;

use super::{Change, Digest, Logged, Origin, Recording, shortened};

/// A world whose every change is logged.
#[derive(Debug, Clone)]
pub struct Recorder {
    world: World,
    scenario: Arc<Scenario>,
    seed: u64,
    log: Vec<Logged>,
    origin: Option<Origin>,
    trail: Vec<Digest>,
}

impl Recorder {
    /// A run at tick 0.
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> Self {
        let world = World::new(Arc::clone(&scenario), seed);
        Self { world, scenario, seed, log: Vec::new(), origin: None, trail: Vec::new() }
    }

    /// Goes on where a run stands, as a branch of it.
    pub(super) fn branch(of: &Recording, world: World, log: Vec<Logged>, trail: Vec<Digest>) -> Self {
        let origin = Some(Origin { hash: of.hash, tick: world.tick() });
        Self { world, scenario: Arc::clone(&of.scenario), seed: of.seed, log, origin, trail }
    }

    /// The world as it is now.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Applies a command before the next step, and logs it even when it is refused: refusals are events, too.
    ///
    /// # Errors
    /// The world's refusal.
    pub fn apply(&mut self, command: &Command) -> Result<Effect, CommandError> {
        self.log.push(Logged { tick: self.world.tick(), change: Change::Command(command.clone()) });
        self.world.apply(command)
    }

    /// Draws from another seed from here on.
    pub fn reseed(&mut self, seed: u64) {
        self.log.push(Logged { tick: self.world.tick(), change: Change::Reseed(seed) });
        self.world.reseed(seed);
    }

    /// Computes one tick and appends what happened to `events`.
    pub fn step_with(&mut self, workers: &Workers, events: &mut Vec<Event>) {
        self.world.step_with(workers, events);
        if self.world.sample_due() {
            self.trail.push(shortened(self.world.telemetry_hash()));
        }
    }

    /// The world as it is now, without the record.
    pub fn into_world(self) -> World {
        self.world
    }

    /// The run so far.
    pub fn finish(self) -> Recording {
        Recording {
            recorded_by: concat!("microcloud ", env!("CARGO_PKG_VERSION")).to_owned(),
            scenario: self.scenario,
            seed: self.seed,
            ticks: self.world.tick(),
            log: self.log,
            origin: self.origin,
            trail: self.trail,
            hash: self.world.telemetry_hash(),
        }
    }
}
