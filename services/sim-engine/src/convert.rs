//! Between the simulation's words and the wire's. Both sides are taken apart field by field, so that a new field does not
//! compile until somebody has decided what it means here.

use std::collections::BTreeMap;
use std::sync::Arc;

use proto::common::v1 as common;
use proto::ops::v1::ActionType;
use proto::sim::v1 as wire;
use proto::sim::v1::command_accepted::Command as Journalled;
use sim::recording::Change;
use sim::{ActionKind, Command, EventKind, Scenario, TargetKind};

use crate::identity::Identity;

pub(crate) mod map;
pub(crate) mod preview;
pub(crate) mod snapshot;
pub(crate) mod topology;

/// A message that cannot be turned into what it asks for. The text says what to send instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Invalid(pub(crate) String);

pub(crate) fn target_kind(kind: TargetKind) -> common::TargetKind {
    match kind {
        TargetKind::Service => common::TargetKind::Service,
        TargetKind::Node => common::TargetKind::Node,
        TargetKind::Zone => common::TargetKind::Zone,
        TargetKind::Simulation => common::TargetKind::Simulation,
    }
}

fn event_kind(kind: EventKind) -> wire::SimulationEventKind {
    use wire::SimulationEventKind as Wire;
    match kind {
        EventKind::RunStarted => Wire::RunStarted,
        EventKind::ScenarioSet => Wire::ScenarioSet,
        EventKind::FaultStarted => Wire::FaultStarted,
        EventKind::FaultEnded => Wire::FaultEnded,
        EventKind::ServiceDegraded => Wire::ServiceDegraded,
        EventKind::ServiceRecovered => Wire::ServiceRecovered,
        EventKind::ReplicaCrashed => Wire::ReplicaCrashed,
        EventKind::ReplicaReady => Wire::ReplicaReady,
        EventKind::NodeDown => Wire::NodeDown,
        EventKind::NodeReady => Wire::NodeReady,
        EventKind::NodeDrained => Wire::NodeDrained,
        EventKind::ActionExecuting => Wire::ActionExecuting,
        EventKind::ActionSucceeded => Wire::ActionSucceeded,
        EventKind::ActionFailed => Wire::ActionFailed,
        EventKind::CircuitOpened => Wire::CircuitOpened,
        EventKind::CircuitHalfOpen => Wire::CircuitHalfOpen,
        EventKind::CircuitClosed => Wire::CircuitClosed,
        EventKind::ChaosSet => Wire::ChaosSet,
    }
}

/// A target on the wire. The model does not know what its simulation is called.
fn target(target: sim::Target, simulation_id: &str) -> common::Target {
    let sim::Target { kind, id } = target;
    let id = if kind == TargetKind::Simulation { simulation_id.to_owned() } else { id };
    common::Target { kind: target_kind(kind).into(), id }
}

/// A target from the wire.
fn target_from(wire: common::Target) -> Result<sim::Target, Invalid> {
    let common::Target { kind, id } = wire;
    let kind = match common::TargetKind::try_from(kind) {
        Ok(common::TargetKind::Service) => TargetKind::Service,
        Ok(common::TargetKind::Node) => TargetKind::Node,
        Ok(common::TargetKind::Zone) => TargetKind::Zone,
        // Whatever the caller calls it: there is one simulation to strike.
        Ok(common::TargetKind::Simulation) => return Ok(sim::Target::simulation()),
        Ok(common::TargetKind::Unspecified) | Err(_) => {
            return Err(Invalid(format!(
                "target kind {kind} is not known: use TARGET_KIND_SERVICE, TARGET_KIND_NODE, TARGET_KIND_ZONE or TARGET_KIND_SIMULATION"
            )));
        }
    };
    if id.is_empty() || id.contains(['*', '>', '?']) {
        return Err(Invalid(format!(
            "target id {id:?} names nothing: pass the id of one {kind}, never a pattern"
        )));
    }
    Ok(sim::Target { kind, id })
}

/// A fact on the wire, with the id it has in every replay.
pub(crate) fn event(run: &Identity, event: sim::Event) -> wire::SimulationEvent {
    let run_id = run.run_id.to_string();
    let id = event.id(&run_id).to_string();
    let sim::Event { tick, index: _, kind, target: to_whom, message, action_id, command_id, attributes } =
        event;
    wire::SimulationEvent {
        id,
        simulation_id: run.simulation_id.clone(),
        run_id,
        tick,
        time: Some(run.time_of(tick).into()),
        kind: event_kind(kind).into(),
        target: Some(target(to_whom, &run.simulation_id)),
        message,
        action_id,
        command_id,
        attributes,
    }
}

/// A fault in force, on the wire.
pub(crate) fn active_fault(fault: sim::ActiveFault, simulation_id: &str) -> wire::ActiveFault {
    let sim::ActiveFault { spec, started_tick, from_timeline: _ } = fault;
    wire::ActiveFault { spec: Some(fault_spec(spec, simulation_id)), started_tick }
}

pub(crate) fn fault_spec(spec: sim::FaultSpec, simulation_id: &str) -> wire::FaultSpec {
    let sim::FaultSpec { id, kind, target: whom, severity, onset_s, duration_s, persistent } = spec;
    wire::FaultSpec {
        id,
        kind: kind.name().to_owned(),
        target: Some(target(whom, simulation_id)),
        severity,
        duration_s,
        onset_s,
        persistent,
    }
}

/// Longest fault id that is taken: it is repeated in events and in the journal.
const MAX_FAULT_ID: usize = 128;

/// A fault to inject, from the wire. Whether the target exists is for the world to say.
pub(crate) fn fault_spec_from(wire: wire::FaultSpec) -> Result<sim::FaultSpec, Invalid> {
    let wire::FaultSpec { id, kind, target, severity, duration_s, onset_s, persistent } = wire;
    if id.len() > MAX_FAULT_ID {
        return Err(Invalid(format!("the fault id has {} characters: use at most {MAX_FAULT_ID}", id.len())));
    }
    let kind = sim::FaultKind::by_name(&kind).map_err(|error| Invalid(error.to_string()))?;
    let target = target.ok_or_else(|| {
        Invalid(format!("the fault has no target: say what {} strikes, a kind and an id", kind.name()))
    })?;
    let target = target_from(target)?;
    let spec = sim::FaultSpec { id, kind, target, severity, onset_s, duration_s, persistent };
    spec.checked().map_err(|error| Invalid(error.to_string()))
}

/// The kinds of faults there are.
pub(crate) fn fault_kinds() -> Vec<wire::FaultKind> {
    let kind = |info: &sim::fault::KindInfo| wire::FaultKind {
        kind: info.name.to_owned(),
        targets: info.targets.iter().map(|kind| target_kind(*kind).into()).collect(),
        description: info.description.to_owned(),
    };
    sim::fault::kinds().iter().map(kind).collect()
}

/// What an action does, from its number on the wire.
pub(crate) fn action_kind_from(number: i32) -> Result<ActionKind, Invalid> {
    match ActionType::try_from(number) {
        Ok(ActionType::RestartService) => Ok(ActionKind::RestartService),
        Ok(ActionType::ScaleUp) => Ok(ActionKind::ScaleUp),
        Ok(ActionType::ScaleDown) => Ok(ActionKind::ScaleDown),
        Ok(ActionType::DrainNode) => Ok(ActionKind::DrainNode),
        Ok(ActionType::RebalanceTraffic) => Ok(ActionKind::RebalanceTraffic),
        Ok(ActionType::UndrainNode) => Ok(ActionKind::UndrainNode),
        Ok(ActionType::SpreadTraffic) => Ok(ActionKind::SpreadTraffic),
        Ok(ActionType::AddReadReplica) => Ok(ActionKind::AddReadReplica),
        Ok(ActionType::AddCache) => Ok(ActionKind::AddCache),
        Ok(ActionType::AddLoadBalancer) => Ok(ActionKind::AddLoadBalancer),
        Ok(ActionType::AddCdn) => Ok(ActionKind::AddCdn),
        Ok(ActionType::AddConsumers) => Ok(ActionKind::AddConsumers),
        Ok(ActionType::RemoveComponent) => Ok(ActionKind::RemoveComponent),
        Ok(ActionType::Unspecified) | Err(_) => {
            let known = ActionKind::ALL.map(ActionKind::name).join(", ");
            Err(Invalid(format!("action type {number} is not known: use one of {known}")))
        }
    }
}

/// Number of an action on the wire.
pub(crate) fn action_type(kind: ActionKind) -> ActionType {
    match kind {
        ActionKind::RestartService => ActionType::RestartService,
        ActionKind::ScaleUp => ActionType::ScaleUp,
        ActionKind::ScaleDown => ActionType::ScaleDown,
        ActionKind::DrainNode => ActionType::DrainNode,
        ActionKind::RebalanceTraffic => ActionType::RebalanceTraffic,
        ActionKind::UndrainNode => ActionType::UndrainNode,
        ActionKind::SpreadTraffic => ActionType::SpreadTraffic,
        ActionKind::AddReadReplica => ActionType::AddReadReplica,
        ActionKind::AddCache => ActionType::AddCache,
        ActionKind::AddLoadBalancer => ActionType::AddLoadBalancer,
        ActionKind::AddCdn => ActionType::AddCdn,
        ActionKind::AddConsumers => ActionType::AddConsumers,
        ActionKind::RemoveComponent => ActionType::RemoveComponent,
    }
}

/// An approved action as the journal keeps it.
pub(crate) fn perform_action(act: &sim::Act) -> wire::PerformAction {
    let sim::Act { command_id, action_id, kind, target, target_version, replicas } = act;
    wire::PerformAction {
        command_id: command_id.clone(),
        action_id: action_id.clone(),
        action_type: action_type(*kind).into(),
        target_id: target.clone(),
        target_version: *target_version,
        replicas: *replicas,
    }
}

/// A change of a run as the journal keeps it.
pub(crate) fn journalled(change: &Change, simulation_id: &str) -> Journalled {
    match change {
        Change::Command(Command::SetScenario(scenario)) => Journalled::SetScenario(bundle(scenario)),
        Change::Command(Command::InjectFault(spec)) => {
            Journalled::InjectFault(fault_spec(spec.clone(), simulation_id))
        }
        Change::Command(Command::ClearFault(id)) => Journalled::ClearFaultId(id.0.clone()),
        Change::Command(Command::Act(act)) => Journalled::PerformAction(perform_action(act)),
        Change::Command(Command::SetChaos(level)) => Journalled::ChaosLevel(*level),
        Change::Reseed(seed) => Journalled::Reseed(*seed),
    }
}

/// An approved action from the journal.
pub(crate) fn perform_action_from(wire: wire::PerformAction) -> Result<sim::Act, Invalid> {
    let wire::PerformAction { command_id, action_id, action_type, target_id, target_version, replicas } =
        wire;
    let kind = action_kind_from(action_type)?;
    Ok(sim::Act { command_id, action_id, kind, target: target_id, target_version, replicas })
}

/// A scenario with all its files, as the journal keeps it.
pub(crate) fn bundle(scenario: &Arc<Scenario>) -> wire::ScenarioBundle {
    let files: BTreeMap<String, String> = scenario.sources.clone();
    wire::ScenarioBundle { name: scenario.name.clone(), files }
}

/// A scenario for pickers.
pub(crate) fn scenario_summary(scenario: &Scenario) -> wire::ScenarioSummary {
    wire::ScenarioSummary {
        name: scenario.name.clone(),
        description: scenario.description.clone(),
        family: scenario.family.clone(),
        duration_s: scenario.duration_s,
        difficulty: u32::from(scenario.truth.difficulty),
    }
}
