//! One run: the world, and what turns its ticks into messages. Synchronous; the only code that advances the world.

use std::sync::Arc;

use bus::{Outgoing, subjects};
use chrono::{DateTime, Utc};
use proto::common::v1::{Target, TargetKind};
use proto::sim::v1::{MetricSnapshot, SimulationEvent, SimulationEventKind};
use sim::recording::Change;
use sim::{Command, CommandError, Effect, MapWatch, Scenario, World};
use tokio::time::Instant;

use crate::checkpoints::{Moment, Restored};
use crate::convert;
use crate::identity::Identity;
use crate::{id, ids};

/// The clock of a run: whether it goes by itself, how fast, and how far a step still has to go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clock {
    pub(crate) playing: bool,
    /// Requested speed, simulated seconds a wall-clock second.
    pub(crate) speed: f64,
    /// While stopped: compute up to this tick (exclusive) and stop again.
    pub(crate) run_to: Option<u64>,
}

/// A run of the simulation.
pub(crate) struct Run {
    identity: Arc<Identity>,
    world: World,
    scenario: Arc<Scenario>,
    /// The sample of this tick, and every event before it, are already in their streams.
    stored_through: u64,
    /// Settings of the clock so far that were told as events.
    clock_events: u64,
    scratch: Vec<sim::Event>,
    map: MapWatch,
}

/// What some ticks gave.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// Events first, then the sample that closes the chunk: they are published in this order.
    pub(crate) messages: Vec<Outgoing>,
    /// Tick of the sample, when there is one.
    pub(crate) sampled: Option<u64>,
    pub(crate) ticks: u64,
}

impl Run {
    /// A run at tick 0.
    pub(crate) fn new(identity: Identity, scenario: Arc<Scenario>) -> Self {
        let world = World::new(scenario.clone(), identity.seed);
        Self {
            identity: Arc::new(identity),
            world,
            scenario,
            stored_through: 0,
            clock_events: 0,
            scratch: Vec::new(),
            map: MapWatch::default(),
        }
    }

    /// A copy that goes its own way from the next tick on, under an identity of its own. Nothing of the past is told again.
    pub(crate) fn fork(&self, identity: Identity) -> Self {
        Self {
            identity: Arc::new(identity),
            world: self.world.clone(),
            scenario: self.scenario.clone(),
            stored_through: self.next_tick(),
            clock_events: 0,
            scratch: Vec::new(),
            map: MapWatch::default(),
        }
    }

    /// A run that goes on from a checkpoint of it.
    pub(crate) fn restored(identity: Identity, from: Restored) -> Self {
        let Restored { world, journal_sequence: _, clock_events } = from;
        let scenario = world.scenario().clone();
        Self {
            identity: Arc::new(identity),
            world,
            scenario,
            stored_through: 0,
            clock_events,
            scratch: Vec::new(),
            map: MapWatch::default(),
        }
    }

    /// The run as it is now, to be kept.
    pub(crate) fn moment(&self, journal_sequence: u64) -> Moment {
        Moment {
            run_id: self.identity.run_id,
            world: self.world.clone(),
            journal_sequence,
            clock_events: self.clock_events,
        }
    }

    /// Leaves out what a process before this one published: the sample of `tick` and every event before it.
    pub(crate) fn stored_through(mut self, tick: u64) -> Self {
        self.stored_through = tick;
        self
    }

    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    pub(crate) fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// The tick to be computed next.
    pub(crate) fn next_tick(&self) -> u64 {
        self.world.tick()
    }

    /// Simulated time of the tick to be computed next.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.identity.time_of(self.next_tick())
    }

    /// Computes at most `ticks` ticks: stops at a sample, and at `deadline`, so that commands are taken soon.
    pub(crate) fn advance(&mut self, ticks: u64, deadline: Instant) -> Chunk {
        let mut chunk = Chunk::default();
        while chunk.ticks < ticks {
            self.world.step(&mut self.scratch);
            chunk.ticks += 1;
            let stored_through = self.stored_through;
            for event in self.scratch.drain(..).filter(|event| event.tick >= stored_through) {
                chunk.messages.push(event_message(&convert::event(&self.identity, event)));
            }
            if self.world.sample_due() {
                // The sample is taken even when it is stored already: taking it is what the telemetry hash counts.
                let snapshot = self.world.snapshot();
                if snapshot.tick > stored_through {
                    chunk.sampled = Some(snapshot.tick);
                    chunk.messages.extend(self.snapshot_messages(&snapshot));
                    break;
                }
            }
            if Instant::now() >= deadline {
                break;
            }
        }
        chunk
    }

    fn snapshot_messages(&mut self, snapshot: &sim::Snapshot) -> impl Iterator<Item = Outgoing> + use<> {
        let map = self.map.is_due(snapshot).then(|| convert::map::cloud_map(self.world.topology().into()));
        let messages = convert::snapshot::messages(&self.identity, &self.scenario.name, snapshot, map);
        messages.into_iter().map(|message| sample_message(&message))
    }

    /// Changes the world before its next tick.
    pub(crate) fn apply(&mut self, command: &Command) -> Result<Effect, CommandError> {
        let effect = self.world.apply(command)?;
        if let Command::SetScenario(scenario) = command {
            self.scenario = scenario.clone();
        }
        Ok(effect)
    }

    /// Changes the run before its next tick, as its journal says.
    pub(crate) fn change(&mut self, change: &Change) -> Result<(), CommandError> {
        match change {
            Change::Command(command) => self.apply(command).map(drop),
            Change::Reseed(seed) => {
                self.world.reseed(*seed);
                Ok(())
            }
        }
    }

    /// What a command would do, found out on a fork.
    pub(crate) fn try_out(&self, command: &Command) -> Result<Effect, CommandError> {
        self.world.clone().apply(command)
    }

    /// Replicas of the topology.
    pub(crate) fn replicas(&self) -> u64 {
        replicas_of(&self.scenario)
    }

    /// The event that tells of the beginning of a fork at `tick`, unless everything from there on is stored. At tick 0 the world
    /// itself tells.
    pub(crate) fn forked(&self, tick: u64, parent: &str) -> Option<Outgoing> {
        if tick == 0 || tick < self.stored_through {
            return None;
        }
        let run = &self.identity;
        let scenario = &self.scenario.name;
        let message = if parent.is_empty() {
            format!("a run of {scenario} was restored from a recording at tick {tick}")
        } else {
            format!("a run of {scenario} began as a fork of {parent} at tick {tick}")
        };
        let id = ids::fork_event(run.run_id).to_string();
        let mut event = self.event_of_simulation(SimulationEventKind::RunStarted, id, message);
        event.tick = tick;
        event.time = Some(run.time_of(tick).into());
        for (name, value) in [
            ("scenario", self.scenario.name.clone()),
            ("seed", run.seed.to_string()),
            ("forked_from", parent.to_owned()),
        ] {
            event.attributes.insert(name.to_owned(), value);
        }
        Some(event_message(&event))
    }

    /// The event that tells how the clock is set from now on.
    pub(crate) fn clock_changed(&mut self, clock: Clock) -> Option<Outgoing> {
        let id = ids::clock_event(self.identity.run_id, self.clock_events);
        self.clock_events += 1;
        let tick = self.next_tick();
        if tick < self.stored_through {
            return None;
        }
        let message = if clock.playing {
            format!("The clock runs at speed {}.", clock.speed)
        } else {
            "The clock stands still.".to_owned()
        };
        let mut event = self.event_of_simulation(SimulationEventKind::ClockChanged, id.to_string(), message);
        event.attributes.insert("playing".to_owned(), clock.playing.to_string());
        event.attributes.insert("speed".to_owned(), clock.speed.to_string());
        Some(event_message(&event))
    }

    /// An event about the simulation itself at the next tick.
    pub(crate) fn event_of_simulation(
        &self,
        kind: SimulationEventKind,
        id: String,
        message: String,
    ) -> SimulationEvent {
        let run = &self.identity;
        let tick = self.next_tick();
        SimulationEvent {
            id,
            simulation_id: run.simulation_id.clone(),
            run_id: run.run_id.to_string(),
            tick,
            time: Some(run.time_of(tick).into()),
            kind: kind.into(),
            target: Some(Target { kind: TargetKind::Simulation.into(), id: run.simulation_id.clone() }),
            message,
            ..SimulationEvent::default()
        }
    }

    /// The telemetry hash so far, lower-case hex.
    pub(crate) fn telemetry_hash(&self) -> String {
        use std::fmt::Write as _;
        self.world.telemetry_hash().iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            write!(hex, "{byte:02x}").unwrap_or_default();
            hex
        })
    }
}

/// Replicas of a scenario's topology.
pub(crate) fn replicas_of(scenario: &Scenario) -> u64 {
    scenario.topology.services.iter().map(|service| u64::from(service.replicas)).sum()
}

/// A sample as a message. The simulation `default` has subjects of its own, so that a small cloud's is `sim.metrics`.
pub(crate) fn sample_message(sample: &MetricSnapshot) -> Outgoing {
    let subject = match (sample.simulation_id.as_str(), sample.shard_count) {
        (id::DEFAULT, 0 | 1) => subjects::SIM_METRICS.to_owned(),
        (id::DEFAULT, _) => subjects::sim_metrics_shard(sample.shard),
        (simulation_id, _) => subjects::sim_metrics_of(simulation_id, sample.shard),
    };
    Outgoing::message(subject, sample_id(sample), sample.simulation_id.clone(), sample)
}

/// Id of a sample's message.
pub(crate) fn sample_id(sample: &MetricSnapshot) -> String {
    format!("{}:{}:{}", sample.run_id, sample.tick, sample.shard)
}

/// A fact as a message; its id is the message's.
pub(crate) fn event_message(event: &SimulationEvent) -> Outgoing {
    Outgoing::message(subjects::SIM_EVENTS, event.id.clone(), event.simulation_id.clone(), event)
}
