//! Runs that are kept: recorded, computed again and compared, branched.
//!
//! A recording holds what a run is (scenario with the text of its files, seed, log of commands, length) and what came of it:
//! the first bytes of the telemetry hash at every sample, and the whole hash at the end. A [`Recorder`] writes one, a
//! [`Replay`] computes it again and names the first sample that differs, and goes on differently as another `Recorder`.
//!
//! No state is kept in it: computing again is thousands of times as fast as real time, and is the proof. The file format is
//! described in `docs/runs.md`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::envelope::EnvelopeError;
use crate::scenario::{LoadError, Scenario};
use crate::world::World;
use crate::{TICK_MS, TICKS_PER_SAMPLE};

mod file;
mod recorder;
mod replay;

pub use recorder::Recorder;
pub use replay::{Diverged, Replay};

/// Extension of recordings in file names.
pub const EXTENSION: &str = "mcr";

/// Longest run that is recorded: a year of simulated time. Its trail has 240 MiB.
pub const MAX_TICKS: u64 = 365 * 24 * 3600 * (1000 / TICK_MS as u64);

/// Most entries of a log: ten times what a live run takes.
pub const MAX_LOG: usize = 1_000_000;

/// Most scenarios that one run switches between.
pub const MAX_SCENARIOS: usize = 1_000;

/// First bytes of the telemetry hash at a sample: that two runs which differ agree in them has a probability of 2⁻⁶⁴.
pub type Digest = [u8; 8];

/// A run: what it was, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Program and version that recorded it, for people.
    pub recorded_by: String,
    /// Scenario at the start.
    pub scenario: Arc<Scenario>,
    /// Seed at the start.
    pub seed: u64,
    /// Length in ticks.
    pub ticks: u64,
    /// What was done to it, in order.
    pub log: Vec<Logged>,
    /// The run that it is a branch of.
    pub origin: Option<Origin>,
    /// Telemetry hash at every sample, shortened.
    pub trail: Vec<Digest>,
    /// Telemetry hash at the end.
    pub hash: [u8; 32],
}

/// A change of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// First tick that sees it.
    pub tick: u64,
    /// What was done.
    pub change: Change,
}

/// What can be done to a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A command; it may have been refused, and is again.
    Command(Command),
    /// What is drawn at random from here on is drawn from another seed.
    Reseed(u64),
}

/// Where a branch left the run that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Telemetry hash at the end of that run.
    pub hash: [u8; 32],
    /// First tick that is the branch's own.
    pub tick: u64,
}

/// Why bytes are not a recording that can be computed again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// The bytes cannot be read.
    #[error(transparent)]
    Unreadable(#[from] EnvelopeError),
    /// A scenario in it cannot be loaded.
    #[error("the scenario {name:?} in the recording cannot be loaded")]
    Scenario {
        /// Its name.
        name: String,
        /// Why not.
        #[source]
        source: LoadError,
    },
    /// What it holds does not fit together.
    #[error("the recording is whole but contradicts itself: {what}; record the run again")]
    Contradiction {
        /// What does not fit.
        what: String,
    },
}

/// First bytes of a hash.
fn shortened(hash: [u8; 32]) -> Digest {
    std::array::from_fn(|at| hash[at])
}

/// Samples that close in so many ticks.
fn samples_in(ticks: u64) -> u64 {
    ticks / TICKS_PER_SAMPLE
}

impl Change {
    /// Does it to a world. A refusal is part of the run: it says the same every time.
    fn apply(&self, world: &mut World) {
        match self {
            Self::Command(command) => drop(world.apply(command)),
            Self::Reseed(seed) => world.reseed(*seed),
        }
    }
}

impl Recording {
    /// Length in simulated seconds.
    pub fn simulated_s(&self) -> f64 {
        self.ticks as f64 * crate::TICK_S
    }

    /// The recording as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::write(self)
    }

    /// A recording from a file. Whatever the bytes are, this says what is wrong with them.
    ///
    /// # Errors
    /// When the bytes are no recording, of another version, cut off, damaged, or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordingError> {
        file::read(bytes)
    }

    /// The run again, at tick 0.
    pub fn replay(&self) -> Replay<'_> {
        Replay::new(self)
    }
}
