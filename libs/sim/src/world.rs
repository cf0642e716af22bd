//! The running cloud and its clock of ticks.
//!
//! One tick, in this order: timeline and faults → replicas and actions that are under way → traffic and the flow down
//! the graph → every replica serves → latency and errors back up → node totals → the sample, when one is due.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::command::{Command, CommandError, Effect};
use crate::component::Component;
use crate::event::{Event, EventKind};
use crate::fault::{ActiveFault, FaultId};
use crate::scenario::Scenario;
use crate::snapshot::Snapshot;
use crate::topology::Topology;
use crate::workers::Workers;
use crate::{SAMPLE_EVERY_MS, TICK_MS, TICK_S, TICKS_PER_SAMPLE, Target};

mod balance;
mod caches;
mod calls;
mod chaos;
pub mod checkpoint;
mod cloud;
mod components;
mod delay;
mod describe;
mod distance;
mod effects;
mod faults;
mod flow;
mod health;
mod lifecycle;
mod liveness;
mod node;
mod operations;
mod outlook;
mod partition;
pub(crate) mod placement;
mod replicas;
mod reshape;
mod sample;
mod scaling;
mod service;
mod strain;
mod strike;
mod telemetry_hash;
pub mod view;

use calls::breaker::State;
use cloud::Cloud;
use components::with_components;
use operations::Operation;
use telemetry_hash::TelemetryHash;

/// A running cloud. `Clone` forks it: both go on independently, and equally when treated equally.
#[derive(Debug, Clone)]
pub struct World {
    /// As its files say.
    scenario: Arc<Scenario>,
    /// What actions have added to it, oldest first.
    components: Vec<Component>,
    /// Both together: what runs.
    running: Arc<Scenario>,
    seed: u64,
    tick: u64,
    scenario_tick: u64,
    /// First timeline entry that has not happened yet.
    next_entry: usize,
    cloud: Cloud,
    /// In force, oldest first.
    faults: Vec<ActiveFault>,
    /// Whether the faults in force changed since they were folded.
    faults_changed: bool,
    /// How many faults begin by chance, from 0 to 1.
    chaos: f64,
    operations: Vec<Operation>,
    /// Ids of the commands that carried an action.
    applied: BTreeSet<String>,
    /// Events of the tick to be computed.
    pending: Vec<Event>,
    event_index: u32,
    telemetry: TelemetryHash,
}

impl World {
    /// A world at tick 0.
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> Self {
        let cloud = Cloud::new(&scenario);
        let scenario_chaos = scenario.chaos;
        let mut world = Self {
            running: Arc::clone(&scenario),
            components: Vec::new(),
            scenario,
            seed,
            tick: 0,
            scenario_tick: 0,
            next_entry: 0,
            cloud,
            faults: Vec::new(),
            faults_changed: false,
            chaos: scenario_chaos,
            operations: Vec::new(),
            applied: BTreeSet::new(),
            pending: Vec::new(),
            event_index: 0,
            telemetry: TelemetryHash::default(),
        };
        let name = world.scenario.name.clone();
        let message = format!("a run of {name} began with seed {seed}");
        let seed = seed.to_string();
        world.emit(
            EventKind::RunStarted,
            Target::simulation(),
            message,
            &[("scenario", &name), ("seed", &seed)],
        );
        world.cloud.sampler.hash_ids(&mut world.telemetry);
        world
    }

    /// Next tick to be computed; everything before it is fixed.
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// Length of a tick, ms of simulated time.
    pub fn tick_ms(&self) -> u32 {
        TICK_MS
    }

    /// Simulated time between two samples, ms.
    pub fn sample_every_ms(&self) -> u32 {
        SAMPLE_EVERY_MS
    }

    /// Ticks between two samples.
    pub fn samples_every_ticks(&self) -> u64 {
        TICKS_PER_SAMPLE
    }

    /// Seed of the run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The current scenario, as its files say.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// The topology that runs: that of the scenario, and the components that actions have added.
    pub fn running_topology(&self) -> &Arc<Topology> {
        &self.running.topology
    }

    /// The components that actions have added, oldest first.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Tick at which the current scenario was set; its timeline counts from there.
    pub fn scenario_tick(&self) -> u64 {
        self.scenario_tick
    }

    /// How many faults begin by chance, from 0 (none) to 1.
    pub fn chaos(&self) -> f64 {
        self.chaos
    }

    /// Faults in force, oldest first.
    pub fn faults(&self) -> &[ActiveFault] {
        &self.faults
    }

    /// Draws from another seed from the next step on: what is random differs from there, the state stays. Forks that are
    /// to differ by chance alone use it.
    pub fn reseed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Applies a command before the next step. Events about it come out of that step.
    ///
    /// # Errors
    /// When the command changes nothing and its sender should know why.
    pub fn apply(&mut self, command: &Command) -> Result<Effect, CommandError> {
        match command {
            Command::SetScenario(scenario) => Ok(self.set_scenario(scenario)),
            Command::InjectFault(spec) => Ok(self.inject(spec.clone(), false)?),
            Command::ClearFault(FaultId(id)) => self.clear(id),
            Command::Act(act) => self.act(act),
            Command::SetChaos(level) => self.set_chaos(*level),
        }
    }

    fn set_scenario(&mut self, scenario: &Arc<Scenario>) -> Effect {
        let world_replaced = *self.scenario.topology != *scenario.topology;
        self.end_faults_where(|fault| world_replaced || fault.from_timeline, "the scenario was switched");
        if world_replaced {
            self.abandon_operations("the topology was replaced by that of another scenario");
        }
        self.scenario = Arc::clone(scenario);
        if world_replaced {
            self.components.clear();
        }
        self.running =
            with_components(&self.scenario, &self.components).unwrap_or_else(|_| Arc::clone(&self.scenario));
        self.scenario_tick = self.tick;
        self.chaos = scenario.chaos;
        self.next_entry = 0;
        if world_replaced {
            self.cloud = Cloud::new(scenario);
            self.cloud.sampler.hash_ids(&mut self.telemetry);
        }
        let message = format!("the scenario is now {}", scenario.name);
        self.emit(EventKind::ScenarioSet, Target::simulation(), message, &[("scenario", &scenario.name)]);
        Effect::ScenarioSet { world_replaced }
    }

    /// Computes one tick on the calling thread and appends what happened to `events`.
    pub fn step(&mut self, events: &mut Vec<Event>) {
        self.step_with(&Workers::default(), events);
    }

    /// Computes one tick with the given workers; the result does not depend on how many there are.
    pub fn step_with(&mut self, workers: &Workers, events: &mut Vec<Event>) {
        // A small cloud has nothing to share out: waking a thread takes longer than its tick.
        if self.cloud.replicas.shards.len() > 1 {
            workers.enter(|| self.step_among(workers, events));
        } else {
            self.step_among(workers, events);
        }
    }

    fn step_among(&mut self, workers: &Workers, events: &mut Vec<Event>) {
        self.run_timeline();
        self.draw_chaos();
        self.refresh_faults();
        self.advance_replicas();
        self.crash_looping();
        self.probe_replicas();
        self.advance_operations();
        let at_s = (self.tick - self.scenario_tick) as f64 * TICK_S;
        self.cloud.flow_down(&self.running, self.seed, at_s);
        self.cloud.strain_services();
        self.cloud.warm_replicas();
        self.cloud.balance();
        self.cloud.serve(workers, self.seed, self.tick);
        self.cloud.flow_up(self.tick);
        self.report_breakers();
        self.cloud.contend();
        self.cloud.measure();
        if (self.tick + 1).is_multiple_of(TICKS_PER_SAMPLE) {
            self.cloud.close_sample(self.tick + 1, &mut self.telemetry);
            self.judge_health();
        }
        self.tick += 1;
        self.event_index = 0;
        events.append(&mut self.pending);
    }

    /// Says which circuit breakers changed in this tick.
    fn report_breakers(&mut self) {
        for index in std::mem::take(&mut self.cloud.breaker_changes) {
            let topology = &self.running.topology;
            let (from, to) = (topology.edges[index].from, topology.edges[index].to);
            let (caller, callee) =
                (Target::service(&*topology.services[from].id), topology.services[to].id.to_string());
            let (kind, what) = match self.cloud.edges[index].breaker.state {
                State::Open { .. } => (EventKind::CircuitOpened, "stopped calling"),
                State::HalfOpen => (EventKind::CircuitHalfOpen, "tries again to call"),
                State::Closed => (EventKind::CircuitClosed, "calls again as usual"),
            };
            let message = format!("{} {what} {callee}", caller.id);
            self.emit(kind, caller, message, &[("callee", &callee)]);
        }
    }

    /// Whether the last step closed a sample.
    pub fn sample_due(&self) -> bool {
        self.tick > 0 && self.tick.is_multiple_of(TICKS_PER_SAMPLE)
    }

    /// The last sample that was closed; before the first one, columns without values.
    pub fn snapshot(&self) -> Snapshot {
        let versions = self.cloud.services.iter().map(|service| service.version).collect();
        let node_versions = self.cloud.nodes.iter().map(|node| node.version).collect();
        self.cloud.sampler.snapshot(versions, node_versions)
    }

    /// SHA-256 of all samples of the run so far, as a chain: id tables, ticks and the bits of the values.
    pub fn telemetry_hash(&self) -> [u8; 32] {
        self.telemetry.bytes()
    }

    /// Notes that something happened in the tick to be computed.
    fn emit(&mut self, kind: EventKind, target: Target, message: String, attributes: &[(&str, &str)]) {
        let attributes =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let event = Event {
            tick: self.tick,
            index: self.event_index,
            kind,
            target,
            message,
            action_id: String::new(),
            command_id: String::new(),
            attributes,
        };
        self.event_index += 1;
        self.pending.push(event);
    }
}
