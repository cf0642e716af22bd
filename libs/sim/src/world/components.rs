//! Actions that change the running topology: components come and go.

use std::sync::Arc;

use crate::Target;
use crate::command::Act;
use crate::component::{self, Component, ComponentKind, MAX_COMPONENT_REPLICAS, MAX_COMPONENTS};
use crate::scenario::Scenario;
use crate::topology::MAX_ENTITIES;
use crate::traffic::Traffic;

use super::World;
use super::lifecycle::{DRAIN_S, ticks};
use super::operations::Work;
use super::replicas::Replica;
use super::view::ReplicaState;

/// The scenario with the components in its topology, its traffic going to where it enters now.
pub(super) fn with_components(
    base: &Arc<Scenario>,
    components: &[Component],
) -> Result<Arc<Scenario>, String> {
    if components.is_empty() {
        return Ok(Arc::clone(base));
    }
    let extended = component::extend(&base.topology, components)?;
    let traffic = base.traffic.iter();
    let traffic = traffic
        .map(|source| Traffic { service: extended.entrances[source.service], ..source.clone() })
        .collect();
    Ok(Arc::new(Scenario { topology: Arc::new(extended.topology), traffic, ..Scenario::clone(base) }))
}

impl World {
    /// Starts the replicas of a component; it gets calls when they run.
    pub(super) fn begin_add(
        &mut self,
        kind: ComponentKind,
        target: usize,
        act: &Act,
    ) -> Result<Work, String> {
        let replicas = act.replicas.max(1);
        if replicas > MAX_COMPONENT_REPLICAS {
            return Err(format!(
                "{replicas} replicas are too many for a new component; begin with at most {MAX_COMPONENT_REPLICAS} and scale it up"
            ));
        }
        let topology = &self.running.topology;
        if self.components.len() >= MAX_COMPONENTS || topology.services.len() >= MAX_ENTITIES {
            return Err(format!(
                "{} components were added already; remove one that is not needed any more",
                self.components.len()
            ));
        }
        let added = Component {
            kind,
            target: topology.services[target].id.to_string(),
            replicas,
            beside: self.cloud.services[target].desired,
            routed: false,
        };
        let id = added.id();
        if topology.service(&id).is_some() {
            return Err(format!("there is a service {id} already; scale that one up instead"));
        }
        if let Some(reason) = component::refusal(topology, kind, target) {
            return Err(reason);
        }
        let mut components = self.components.clone();
        components.push(added);
        let scenario = with_components(&self.scenario, &components)?;
        let rows = self.cloud.replicas.rows();
        // The last one in the list is the last service.
        let service = scenario.topology.services.len() - 1;
        let Some(nodes) = self.cloud.find_room(&scenario.topology, &rows, &[(service, replicas)], None)
        else {
            let specs = &scenario.topology.services[service].specs;
            return Err(format!(
                "no ready node has room for {replicas} replicas of {} cores, {} GiB of memory and {} GiB of disk; scale something else down first",
                specs.cpu_cores, specs.memory_gb, specs.storage_gb
            ));
        };
        self.components = components;
        self.cloud.services[target].version += 1;
        self.reshape(scenario);
        self.start_replicas(self.cloud.replicas.rows(), &nodes);
        Ok(Work::Add { id })
    }

    /// Sends calls to a component once its replicas run; what to tell when that is done.
    pub(super) fn advance_add(&mut self, id: &str) -> Option<String> {
        let service = self.running.topology.service(id)?;
        let starting = self.cloud.replicas_of(service).any(|index| {
            let row = self.cloud.replicas.row(index);
            row.state != ReplicaState::Running && !self.cloud.nodes[row.node as usize].down
        });
        if starting || self.cloud.services[service].running == 0 {
            return None;
        }
        self.route(id, true);
        Some(format!("{id} takes requests"))
    }

    /// Sends calls past a component and its replicas away.
    pub(super) fn begin_remove(&mut self, id: &str) -> Result<Work, String> {
        let Some(component) = self.components.iter().find(|component| component.id() == id) else {
            let added: Vec<String> = self.components.iter().map(Component::id).collect();
            let added = if added.is_empty() { "none".to_owned() } else { added.join(", ") };
            return Err(format!("it was not added by an action; only these can be removed: {added}"));
        };
        if !component.routed {
            return Err("it takes no requests yet, or no longer; wait until that is done".to_owned());
        }
        if let Some(other) = self.components.iter().find(|other| other.target == id) {
            return Err(format!("{} stands on it; remove that first", other.id()));
        }
        self.route(id, false);
        let until_tick = self.tick + ticks(DRAIN_S);
        if let Some(service) = self.running.topology.service(id) {
            for index in self.cloud.replicas_of(service) {
                let row = self.cloud.replicas.row(index);
                self.cloud.replicas.set(index, &Replica { state: ReplicaState::Draining, until_tick, ..row });
            }
            let state = &mut self.cloud.services[service];
            state.version += 1;
            state.desired = 0;
            self.cloud.refresh_shares();
        }
        Ok(Work::Remove { id: id.to_owned() })
    }

    /// Forgets a component once its replicas are gone; what to tell when that is done.
    pub(super) fn advance_remove(&mut self, id: &str) -> Option<String> {
        let service = self.running.topology.service(id)?;
        if !self.cloud.replicas_of(service).is_empty() {
            return None;
        }
        self.take_away(id);
        Some(format!("{id} is gone"))
    }

    /// Takes a component away, whatever it does.
    pub(super) fn take_away(&mut self, id: &str) {
        self.components.retain(|component| component.id() != id);
        let gone = Target::service(id);
        self.end_faults_where(|fault| fault.spec.target == gone, "the component was removed");
        self.refresh_scenario();
    }

    /// Lets calls go to a component, or past it.
    fn route(&mut self, id: &str, routed: bool) {
        for component in self.components.iter_mut().filter(|component| component.id() == id) {
            component.routed = routed;
        }
        self.refresh_scenario();
    }

    /// Works out anew what runs.
    pub(super) fn refresh_scenario(&mut self) {
        // Each of the components was put into what runs before, and nothing that it stands on is taken away.
        if let Ok(scenario) = with_components(&self.scenario, &self.components) {
            self.reshape(scenario);
        }
    }
}
