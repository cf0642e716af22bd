//! Whether what a checkpoint holds fits together: every index is in range and no counter is near its end, so that a restored
//! world computes as safely as any other. Values are not judged; those come from a world that computed them.

use crate::component::{Component, MAX_COMPONENT_REPLICAS, MAX_COMPONENTS};
use crate::topology::{MAX_REPLICAS, MAX_REPLICAS_PER_SERVICE, Topology};
use crate::world::World;
use crate::world::cloud::Cloud;
use crate::world::operations::Work;

use super::CloudState;

/// Ticks past which no run goes: half a million years, and far from where arithmetic on ticks overflows.
const MAX_TICK: u64 = 1 << 48;

/// Most changes of a definition that are believed.
const MAX_VERSION: u64 = 1 << 48;

fn same(what: &str, found: usize, expected: usize) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("it has {found} {what}, the topology {expected}")) }
}

fn at_most(what: &str, found: u64, limit: u64) -> Result<(), String> {
    if found <= limit { Ok(()) } else { Err(format!("{what} is {found}, past {limit}")) }
}

impl CloudState<'_> {
    /// Every table has the rows that a new cloud of the same topology has.
    pub(super) fn fits(&self, new: &Cloud) -> Result<(), String> {
        let (services, nodes) = (new.services.len(), new.nodes.len());
        same("services", self.services.len(), services)?;
        same("services in common", self.common.len(), services)?;
        same("sums of services", self.sums.len(), services)?;
        same("effects on services", self.effects.services.len(), services)?;
        same("nodes", self.nodes.len(), nodes)?;
        same("sums of nodes", self.node_sums.len(), nodes)?;
        same("speeds of nodes", self.node_speed.len(), nodes)?;
        same("effects on nodes", self.effects.nodes.len(), nodes)?;
        same("call paths", self.edges.len(), new.edges.len())?;
        same("retries of call paths", self.levels.len(), new.levels.len())?;
        if !self.effects.losses.is_empty() {
            same("losses of call paths", self.effects.losses.len(), new.edges.len())?;
        }
        for cut in &self.effects.cuts {
            if !cut.inside.is_in(&new.topology) {
                return Err("the network is cut around something that the topology lacks".to_owned());
            }
        }
        if !self.sampler.is_shaped_like(&new.sampler) {
            return Err("its last sample is not one of the topology".to_owned());
        }
        at_most("the number of replicas", self.replicas.len() as u64, MAX_REPLICAS as u64)?;
        for index in 0..self.replicas.len() {
            let row = self.replicas.row(index);
            if row.service as usize >= services || row.node as usize >= nodes {
                return Err(format!("its replica {index} is of no service, or on no node, of the topology"));
            }
        }
        for service in self.services.iter() {
            at_most("a number of replicas", service.desired.into(), MAX_REPLICAS_PER_SERVICE.into())?;
            at_most("an ordinal", service.next_ordinal.into(), (u32::MAX / 2).into())?;
            at_most("a version", service.version, MAX_VERSION)?;
        }
        self.nodes.iter().try_for_each(|node| at_most("a version", node.version, MAX_VERSION))
    }
}

impl World {
    /// Ticks are in order and whatever is under way is under way somewhere.
    pub(super) fn makes_sense(&self) -> Result<(), String> {
        at_most("its tick", self.tick, MAX_TICK)?;
        at_most("the tick of its scenario", self.scenario_tick, self.tick)?;
        at_most("the next entry", self.next_entry as u64, self.running.timeline.len() as u64)?;
        at_most("the number of its events", self.event_index.into(), (u32::MAX / 2).into())?;
        if !(0.0..=1.0).contains(&self.chaos) {
            return Err(format!("its chaos level is {}", self.chaos));
        }
        for fault in &self.faults {
            at_most("the start of a fault", fault.started_tick, self.tick)?;
            fault.spec.clone().checked().map_err(|error| format!("a fault in force: {error}"))?;
        }
        let topology = &self.running.topology;
        self.operations.iter().try_for_each(|operation| work_in(topology, operation.work()))
    }
}

/// No more components than can be added, none larger.
pub(super) fn components(components: &[Component]) -> Result<(), String> {
    at_most("the number of its components", components.len() as u64, MAX_COMPONENTS as u64)?;
    components.iter().try_for_each(|component| {
        at_most("the replicas of a component", component.replicas.into(), MAX_COMPONENT_REPLICAS.into())?;
        at_most("a number of replicas", component.beside.into(), MAX_REPLICAS_PER_SERVICE.into())
    })
}

fn work_in(topology: &Topology, work: &Work) -> Result<(), String> {
    let service = |index: &usize| *index < topology.services.len();
    let known = match work {
        Work::Restart { service: index, .. }
        | Work::ScaleUp { service: index, .. }
        | Work::ScaleDown { service: index, .. } => service(index),
        Work::Drain { node, moved } => {
            *node < topology.nodes.len() && moved.iter().all(|(index, _)| service(index))
        }
        Work::Undrain { node, moved, leaving } => {
            *node < topology.nodes.len() && moved.iter().chain(leaving).all(|(index, _)| service(index))
        }
        Work::Rebalance { .. } | Work::Spread { .. } => true,
        Work::Add { id } | Work::Remove { id } => topology.service(id).is_some(),
    };
    if known { Ok(()) } else { Err("work is under way on something that the topology lacks".to_owned()) }
}
