//! A recording that is being computed again.

use std::fmt;

use crate::TICK_MS;
use crate::event::Event;
use crate::workers::Workers;
use crate::world::World;

use super::{Digest, Recorder, Recording, samples_in, shortened};

/// A run that is computed again, tick by tick, and compared at every sample.
#[derive(Debug, Clone)]
pub struct Replay<'a> {
    recording: &'a Recording,
    world: World,
    /// First entry of the log that was not applied yet.
    next: usize,
}

/// The first sample that is not what was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Diverged {
    /// Its tick: the runs differ in one of the ticks since the sample before it.
    pub tick: u64,
    /// What was recorded.
    pub recorded: Digest,
    /// What was computed now.
    pub computed: Digest,
}

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.tick as f64 * f64::from(TICK_MS) / 1000.0;
        let from = self.tick.saturating_sub(crate::TICKS_PER_SAMPLE);
        write!(
            f,
            "the runs differ first in the sample at tick {} ({seconds} s), that is in ticks {from} to ",
            self.tick
        )?;
        write!(f, "{}: recorded ", self.tick.saturating_sub(1))?;
        self.recorded.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(", computed ")?;
        self.computed.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::error::Error for Diverged {}

impl<'a> Replay<'a> {
    pub(super) fn new(recording: &'a Recording) -> Self {
        let world = World::new(recording.scenario.clone(), recording.seed);
        Self { recording, world, next: 0 }
    }

    /// The world as it is now.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Whether every tick of the recording was computed.
    pub fn is_over(&self) -> bool {
        self.world.tick() >= self.recording.ticks
    }

    /// Applies what was logged before the next tick, computes the tick, and appends what happened to `events`. Past the end of
    /// the recording nothing happens.
    ///
    /// # Errors
    /// The sample that this tick closes, when it is not what was recorded.
    pub fn step_with(&mut self, workers: &Workers, events: &mut Vec<Event>) -> Result<(), Diverged> {
        if self.is_over() {
            return Ok(());
        }
        self.apply_due();
        self.world.step_with(workers, events);
        if !self.world.sample_due() {
            return Ok(());
        }
        let tick = self.world.tick();
        let computed = shortened(self.world.telemetry_hash());
        // Reading has made sure that there is a digest for every sample.
        let recorded = self.recording.trail.get((samples_in(tick) - 1) as usize).copied().unwrap_or_default();
        if computed == recorded { Ok(()) } else { Err(Diverged { tick, recorded, computed }) }
    }

    fn apply_due(&mut self) {
        let log = &self.recording.log;
        while let Some(entry) = log.get(self.next).filter(|entry| entry.tick <= self.world.tick()) {
            entry.change.apply(&mut self.world);
            self.next += 1;
        }
    }

    /// The world as it is now, with what was logged for the tick to be computed next.
    pub fn finish(mut self) -> World {
        self.apply_due();
        self.world
    }

    /// Goes on differently from here. What was logged for this very tick is left to the branch.
    pub fn branch(self) -> Recorder {
        let Self { recording, world, next } = self;
        let trail = recording.trail[..samples_in(world.tick()) as usize].to_vec();
        Recorder::branch(recording, world, recording.log[..next].to_vec(), trail)
    }
}
