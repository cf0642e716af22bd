//! The cloud model: zones, nodes, services, replicas, traffic and faults, advanced tick by tick.
//!
//! Pure and synchronous: no I/O, no clock, no global randomness. A [`World`] is built from a [`Scenario`] and a seed,
//! changed by [`Command`]s and advanced by [`World::step`]; what happened comes back as [`Event`]s and [`Snapshot`]s.
//! The same scenario, seed and command log give the same telemetry hash on any machine with any number of threads.
//!
//! Pacing, run ids, wall time, the journal and the network belong to sim-engine, not here. `docs/simulation.md`
//! holds the model, its formulas and their sources.

mod bound;
pub mod command;
pub mod component;
pub mod envelope;
pub mod event;
pub mod fault;
mod known;
mod map;
pub mod policy;
pub mod profile;
pub mod queueing;
pub mod recording;
pub mod reference;
pub mod rng;
pub mod scenario;
pub mod snapshot;
pub mod template;
pub mod topology;
pub mod traffic;
pub mod validate;
pub mod workers;
pub mod world;

pub use command::{Act, ActionKind, Command, CommandError, Effect};
pub use event::{Event, EventKind};
pub use fault::{ActiveFault, FaultId, FaultKind, FaultSpec};
pub use map::{CloudMap, MapWatch};
pub use scenario::{LoadError, Scenario, ScenarioSource};
pub use snapshot::{Columns, MetricName, Snapshot};
pub use topology::Topology;
pub use workers::Workers;
pub use world::World;

use std::fmt;

use serde::{Deserialize, Serialize};

/// Version of what is computed. A run can be computed again, and a checkpoint restored, by the same version only.
///
/// Raise it with every change that makes a scenario, seed and command log give another telemetry hash (the golden hashes
/// change), or that changes what a checkpoint or a recorded command holds. `docs/runs.md` tells users what follows from it.
pub const MODEL_VERSION: u32 = 12;

/// Length of one tick in simulated time, ms. Short against every timeout in the model, long enough to be a fluid step.
pub const TICK_MS: u32 = 50;

/// Simulated time between two samples, ms.
pub const SAMPLE_EVERY_MS: u32 = 1000;

/// Ticks between two samples.
pub const TICKS_PER_SAMPLE: u64 = (SAMPLE_EVERY_MS / TICK_MS) as u64;

/// Ticks in a second.
pub(crate) const TICKS_PER_SECOND: u64 = (1000 / TICK_MS) as u64;

/// Length of one tick, s.
pub(crate) const TICK_S: f64 = TICK_MS as f64 / 1000.0;

/// What kind of thing an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TargetKind {
    /// A service of the topology.
    Service,
    /// A node of the topology.
    Node,
    /// A zone of the topology.
    Zone,
    /// The simulation as a whole: its traffic.
    Simulation,
}

impl TargetKind {
    /// Lower-case name, as in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Node => "node",
            Self::Zone => "zone",
            Self::Simulation => "simulation",
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing in a topology, by its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// What the id names.
    pub kind: TargetKind,
    /// Id in the topology; `simulation` for the simulation as a whole.
    pub id: String,
}

impl Target {
    /// A service.
    pub fn service(id: impl Into<String>) -> Self {
        Self { kind: TargetKind::Service, id: id.into() }
    }

    /// A node.
    pub fn node(id: impl Into<String>) -> Self {
        Self { kind: TargetKind::Node, id: id.into() }
    }

    /// A zone.
    pub fn zone(id: impl Into<String>) -> Self {
        Self { kind: TargetKind::Zone, id: id.into() }
    }

    /// The simulation as a whole. The model does not know its id: a shell puts its own in.
    pub fn simulation() -> Self {
        Self { kind: TargetKind::Simulation, id: "simulation".to_owned() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}
