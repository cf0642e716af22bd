//! The running cloud and its clock of ticks.

use std::sync::Arc;

use crate::command::{Command, CommandError, Effect};
use crate::event::Event;
use crate::fault::ActiveFault;
use crate::scenario::Scenario;
use crate::snapshot::{Columns, Snapshot};
use crate::workers::Workers;

pub mod view;

use view::{Flow, Percentiles, TopologyView};

/// A running cloud. `Clone` forks it.
#[derive(Debug, Clone)]
pub struct World {
    scenario: Arc<Scenario>,
    seed: u64,
    tick: u64,
}

impl World {
    /// A world at tick 0.
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> Self {
        Self { scenario, seed, tick: 0 }
    }

    /// Next tick to be computed; everything before it is fixed.
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// Length of a tick, ms of simulated time.
    pub fn tick_ms(&self) -> u32 {
        crate::TICK_MS
    }

    /// Ticks between two samples.
    pub fn samples_every_ticks(&self) -> u64 {
        crate::TICKS_PER_SAMPLE
    }

    /// Seed of the run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The current scenario.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// Tick at which the current scenario was set; its timeline counts from there.
    pub fn scenario_tick(&self) -> u64 {
        0
    }

    /// Applies a command before the next step. Events about it come out of that step.
    ///
    /// # Errors
    /// When the command changes nothing and its sender should know why.
    pub fn apply(&mut self, command: &Command) -> Result<Effect, CommandError> {
        match command {
            Command::SetScenario(scenario) => {
                self.scenario = Arc::clone(scenario);
                Ok(Effect::ScenarioSet { world_replaced: true })
            }
            _ => Ok(Effect::ActionStarted),
        }
    }

    /// Computes one tick on the calling thread and appends what happened to `events`.
    pub fn step(&mut self, events: &mut Vec<Event>) {
        self.step_with(&Workers::default(), events);
    }

    /// Computes one tick with the given workers; the result does not depend on how many there are.
    pub fn step_with(&mut self, _workers: &Workers, _events: &mut Vec<Event>) {
        self.tick += 1;
    }

    /// Whether the last step closed a sample.
    pub fn sample_due(&self) -> bool {
        self.tick > 0 && self.tick.is_multiple_of(crate::TICKS_PER_SAMPLE)
    }

    /// The last sample that was closed.
    pub fn snapshot(&self) -> Snapshot {
        let empty = || Columns { ids: Arc::from(Vec::new()), versions: Vec::new(), columns: Vec::new() };
        Snapshot { tick: self.tick, services: empty(), nodes: empty() }
    }

    /// SHA-256 over all samples of the run so far.
    pub fn telemetry_hash(&self) -> [u8; 32] {
        [0; 32]
    }

    /// What exists now.
    pub fn topology(&self) -> TopologyView {
        TopologyView {
            name: self.scenario.topology.name.clone(),
            tick: self.tick,
            zones: Vec::new(),
            nodes: Vec::new(),
            services: Vec::new(),
            edges: Vec::new(),
        }
    }

    /// Faults in force, oldest first.
    pub fn faults(&self) -> &[ActiveFault] {
        &[]
    }

    /// Flow of every service in the last tick, in file order.
    pub fn flows(&self) -> Vec<Flow> {
        Vec::new()
    }

    /// Latency of a service's own work in the last sample, callees left out.
    pub fn own_latency(&self, _service: &str) -> Option<Percentiles> {
        None
    }
}
