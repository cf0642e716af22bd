//! Faults that begin and end: by command, by the timeline, by themselves, by an action that cures them.

use crate::command::{CommandError, Effect};
use crate::event::EventKind;
use crate::fault::{ActiveFault, FaultError, FaultId, FaultSpec, MAX_ACTIVE_FAULTS};
use crate::scenario::TimelineChange;
use crate::{TICK_S, Target, TargetKind};

use super::World;
use super::lifecycle::ticks;

impl World {
    /// Puts a fault in force from the tick to be computed on.
    pub(super) fn inject(&mut self, spec: FaultSpec, from_timeline: bool) -> Result<Effect, FaultError> {
        let mut spec = spec.checked()?;
        self.check_target(&spec)?;
        if spec.id.is_empty() {
            spec.id = format!("{}-{}-{}", spec.kind.name(), spec.target.id, self.tick);
        }
        if let Some(known) = self.faults.iter().find(|fault| fault.spec.id == spec.id) {
            if known.spec.kind == spec.kind && known.spec.target == spec.target {
                return Ok(Effect::FaultAlreadyActive(known.clone()));
            }
            return Err(FaultError::IdInUse {
                id: spec.id,
                kind: known.spec.kind.name(),
                target: known.spec.target.clone(),
            });
        }
        if self.faults.len() >= MAX_ACTIVE_FAULTS {
            return Err(FaultError::TooMany);
        }
        let fault = ActiveFault { spec, started_tick: self.tick, from_timeline };
        let spec = &fault.spec;
        let message = format!("{} began on {} at severity {}", spec.kind.name(), spec.target, spec.severity);
        let severity = spec.severity.to_string();
        let attributes = [("fault_id", &*spec.id), ("fault", spec.kind.name()), ("severity", &*severity)];
        self.emit(EventKind::FaultStarted, spec.target.clone(), message, &attributes);
        self.faults.push(fault.clone());
        self.faults_changed = true;
        Ok(Effect::FaultInjected(fault))
    }

    fn check_target(&self, spec: &FaultSpec) -> Result<(), FaultError> {
        let topology = &self.running.topology;
        let id = &spec.target.id;
        let exists = match spec.target.kind {
            TargetKind::Simulation => true,
            TargetKind::Zone => topology.zone(id).is_some(),
            TargetKind::Node => topology.node(id).is_some(),
            TargetKind::Service => topology.service(id).is_some(),
        };
        if exists && spec.kind.idle_on(&spec.target, topology).is_none() {
            return Ok(());
        }
        let fits = |target: &Target| spec.kind.idle_on(target, topology).is_none();
        let all: Vec<Target> = match spec.target.kind {
            TargetKind::Simulation => Vec::new(),
            TargetKind::Zone => topology.zones.iter().map(|zone| Target::zone(&**zone)).collect(),
            TargetKind::Node => topology.nodes.iter().map(|node| Target::node(&*node.id)).collect(),
            TargetKind::Service => {
                topology.services.iter().map(|service| Target::service(&*service.id)).collect()
            }
        };
        let known = all.into_iter().filter(fits).map(|target| target.id).collect();
        Err(FaultError::UnknownTarget { target: spec.target.clone(), known })
    }

    pub(super) fn clear(&mut self, id: &str) -> Result<Effect, CommandError> {
        match self.faults.iter().find(|fault| fault.spec.id == id).cloned() {
            Some(fault) => {
                self.end_faults_where(|known| known.spec.id == fault.spec.id, "it was cleared");
                Ok(Effect::FaultCleared(fault))
            }
            None => Err(CommandError::NoSuchFault {
                id: FaultId(id.to_owned()),
                active: self.faults.iter().map(|fault| fault.spec.id.clone()).collect(),
            }),
        }
    }

    pub(super) fn end_faults_where(&mut self, chosen: impl Fn(&ActiveFault) -> bool, why: &str) {
        let (ended, left): (Vec<_>, Vec<_>) = self.faults.drain(..).partition(|fault| chosen(fault));
        self.faults = left;
        for fault in ended {
            self.faults_changed = true;
            let spec = fault.spec;
            let message = format!("{} on {} ended: {why}", spec.kind.name(), spec.target);
            let attributes = [("fault_id", &*spec.id), ("fault", spec.kind.name())];
            self.emit(EventKind::FaultEnded, spec.target.clone(), message, &attributes);
        }
    }

    /// Ends the faults that a finished restart of a service has cured.
    pub(super) fn cure(&mut self, service: usize) {
        let target = Target::service(&*self.running.topology.services[service].id);
        let cures = crate::command::ActionKind::RestartService;
        self.end_faults_where(
            |fault| {
                fault.spec.target == target
                    && !fault.spec.persistent
                    && fault.spec.kind.info().cured_by.contains(&cures)
            },
            "the service was restarted",
        );
    }

    /// Lets the timeline entries happen whose time has come.
    pub(super) fn run_timeline(&mut self) {
        let scenario = std::sync::Arc::clone(&self.running);
        while let Some(entry) = scenario.timeline.get(self.next_entry) {
            let due = self.scenario_tick + ticks(entry.at_s);
            if due > self.tick {
                return;
            }
            self.next_entry += 1;
            match &entry.change {
                // What the world refuses here is a fault under an id in use: it is in force already.
                TimelineChange::Inject(spec) => drop(self.inject(spec.clone(), true)),
                TimelineChange::Clear(FaultId(id)) => {
                    self.end_faults_where(|fault| fault.spec.id == *id, "its time was over");
                }
            }
        }
    }

    /// Ends faults whose time is over, and folds those in force when that may give something new.
    pub(super) fn refresh_faults(&mut self) {
        let now = self.tick;
        let over = |fault: &ActiveFault| {
            fault.spec.duration_s > 0.0 && now >= fault.started_tick + ticks(fault.spec.duration_s)
        };
        if self.faults.iter().any(over) {
            self.end_faults_where(over, "its time was over");
        }
        let rising = |fault: &ActiveFault| (now - fault.started_tick) as f64 * TICK_S <= fault.spec.onset_s;
        if self.faults_changed || self.faults.iter().any(rising) {
            self.faults_changed = false;
            self.refresh_effects();
        }
    }
}
