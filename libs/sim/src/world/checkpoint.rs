//! A world as bytes, and back: what is restored goes on bit for bit like what was saved.
//!
//! A checkpoint holds the text of the scenario and everything that changes while a world runs. What follows from the scenario
//! (topology, tables, ids) is derived again. Every field of the world is named here, so that a new one does not compile until
//! it is clear to which of the two it belongs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::component::Component;
use crate::envelope::{self, EnvelopeError, Kind};
use crate::event::Event;
use crate::fault::ActiveFault;
use crate::scenario::{self, LoadError, Scenario};

use super::World;
use super::calls::Edge;
use super::calls::retries::Level;
use super::cloud::Cloud;
use super::components::with_components;
use super::effects::Effects;
use super::node::Node;
use super::operations::Operation;
use super::replicas::{Common, NodeSums, Replicas, Sums};
use super::sample::Sampler;
use super::service::Service;
use super::telemetry_hash::TelemetryHash;

mod sense;

/// Why a world cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The bytes cannot be read.
    #[error(transparent)]
    Unreadable(#[from] EnvelopeError),
    /// The scenario in it cannot be loaded.
    #[error(
        "the scenario {name:?} in the checkpoint cannot be loaded: begin a new run, or restore an older checkpoint"
    )]
    Scenario {
        /// Its name.
        name: String,
        /// Why not.
        #[source]
        source: LoadError,
    },
    /// What it holds does not fit together.
    #[error(
        "the checkpoint is whole but contradicts itself: {what}; begin a new run, or restore an older checkpoint"
    )]
    Contradiction {
        /// What does not fit.
        what: String,
    },
}

/// The body of a checkpoint.
#[derive(Serialize, Deserialize)]
struct WorldState<'a> {
    scenario_name: Cow<'a, str>,
    components: Cow<'a, [Component]>,
    sources: Cow<'a, BTreeMap<String, String>>,
    seed: u64,
    tick: u64,
    scenario_tick: u64,
    next_entry: usize,
    cloud: CloudState<'a>,
    faults: Cow<'a, [ActiveFault]>,
    faults_changed: bool,
    chaos: f64,
    operations: Cow<'a, [Operation]>,
    applied: Cow<'a, BTreeSet<String>>,
    pending: Cow<'a, [Event]>,
    event_index: u32,
    telemetry: TelemetryHash,
}

#[derive(Serialize, Deserialize)]
struct CloudState<'a> {
    replicas: Cow<'a, Replicas>,
    common: Cow<'a, [Common]>,
    services: Cow<'a, [Service]>,
    nodes: Cow<'a, [Node]>,
    edges: Cow<'a, [Edge]>,
    levels: Cow<'a, [Level]>,
    sums: Cow<'a, [Sums]>,
    node_sums: Cow<'a, [NodeSums]>,
    node_speed: Cow<'a, [f64]>,
    effects: Cow<'a, Effects>,
    sampler: Cow<'a, Sampler>,
    unsettled: bool,
    warming: bool,
    failed_probes: Cow<'a, BTreeMap<(u32, u32), u32>>,
}

impl World {
    /// The world as bytes, to be restored by [`World::restore`] of the same [`MODEL_VERSION`](crate::MODEL_VERSION).
    pub fn checkpoint(&self) -> Vec<u8> {
        let Self {
            scenario,
            components,
            // Follows from the two before.
            running: _,
            seed,
            tick,
            scenario_tick,
            next_entry,
            cloud,
            faults,
            faults_changed,
            chaos,
            operations,
            applied,
            pending,
            event_index,
            telemetry,
        } = self;
        let state = WorldState {
            scenario_name: Cow::Borrowed(&scenario.name),
            components: Cow::Borrowed(components),
            sources: Cow::Borrowed(&scenario.sources),
            seed: *seed,
            tick: *tick,
            scenario_tick: *scenario_tick,
            next_entry: *next_entry,
            cloud: cloud.state(),
            faults: Cow::Borrowed(faults),
            faults_changed: *faults_changed,
            chaos: *chaos,
            operations: Cow::Borrowed(operations),
            applied: Cow::Borrowed(applied),
            pending: Cow::Borrowed(pending),
            event_index: *event_index,
            telemetry: *telemetry,
        };
        envelope::seal(Kind::Checkpoint, &state)
    }

    /// The world that a checkpoint was taken of.
    ///
    /// # Errors
    /// Whatever the bytes are: when they are no checkpoint, of another version, cut off, damaged, or do not fit together.
    pub fn restore(checkpoint: &[u8]) -> Result<Self, CheckpointError> {
        let state: WorldState<'_> = envelope::open(Kind::Checkpoint, checkpoint)?;
        let name = state.scenario_name.into_owned();
        let scenario = scenario::load(&name, state.sources.as_ref())
            .map_err(|source| CheckpointError::Scenario { name, source })?;
        let components = state.components.into_owned();
        let contradiction = |what| CheckpointError::Contradiction { what };
        sense::components(&components).map_err(contradiction)?;
        let running = with_components(&scenario, &components).map_err(contradiction)?;
        let world = Self {
            cloud: Cloud::restored(&running, state.cloud).map_err(contradiction)?,
            scenario,
            components,
            running,
            seed: state.seed,
            tick: state.tick,
            scenario_tick: state.scenario_tick,
            next_entry: state.next_entry,
            faults: state.faults.into_owned(),
            faults_changed: state.faults_changed,
            chaos: state.chaos,
            operations: state.operations.into_owned(),
            applied: state.applied.into_owned(),
            pending: state.pending.into_owned(),
            event_index: state.event_index,
            telemetry: state.telemetry,
        };
        world.makes_sense().map_err(contradiction)?;
        Ok(world)
    }
}

impl Cloud {
    fn state(&self) -> CloudState<'_> {
        let Self {
            // These follow from the scenario.
            topology: _,
            first_edge: _,
            first_level: _,
            // Empty between two ticks.
            breaker_changes: _,
            // Scratch space.
            targets: _,
            replicas,
            common,
            services,
            nodes,
            edges,
            levels,
            sums,
            node_sums,
            node_speed,
            effects,
            sampler,
            unsettled,
            warming,
            failed_probes,
        } = self;
        CloudState {
            replicas: Cow::Borrowed(replicas),
            common: Cow::Borrowed(common),
            services: Cow::Borrowed(services),
            nodes: Cow::Borrowed(nodes),
            edges: Cow::Borrowed(edges),
            levels: Cow::Borrowed(levels),
            sums: Cow::Borrowed(sums),
            node_sums: Cow::Borrowed(node_sums),
            node_speed: Cow::Borrowed(node_speed),
            effects: Cow::Borrowed(effects),
            sampler: Cow::Borrowed(sampler),
            unsettled: *unsettled,
            warming: *warming,
            failed_probes: Cow::Borrowed(failed_probes),
        }
    }

    /// A new cloud of the scenario with the state put in.
    fn restored(scenario: &Arc<Scenario>, state: CloudState<'_>) -> Result<Self, String> {
        let new = Self::new(scenario);
        state.fits(&new)?;
        let mut common = state.common.into_owned();
        for (common, new) in common.iter_mut().zip(new.common) {
            common.curve = new.curve;
        }
        let mut sampler = state.sampler.into_owned();
        sampler.take_ids_from(new.sampler);
        Ok(Self {
            topology: new.topology,
            first_edge: new.first_edge,
            first_level: new.first_level,
            breaker_changes: new.breaker_changes,
            targets: new.targets,
            replicas: state.replicas.into_owned(),
            common,
            services: state.services.into_owned(),
            nodes: state.nodes.into_owned(),
            edges: state.edges.into_owned(),
            levels: state.levels.into_owned(),
            sums: state.sums.into_owned(),
            node_sums: state.node_sums.into_owned(),
            node_speed: state.node_speed.into_owned(),
            effects: state.effects.into_owned(),
            sampler,
            unsettled: state.unsettled,
            warming: state.warming,
            failed_probes: state.failed_probes.into_owned(),
        })
    }
}
