//! Between the wire and the core. Every message is taken apart field by field, so that a new field is a compile error
//! here and not a silent loss.

use chrono::{DateTime, TimeDelta, Utc};
use proto::{
    common::v1::{Target as WireTarget, TargetKind},
    ops::v1::{
        self as ops, ActionEffect, ActionStatus, ActionType, IncidentTransition, SilenceKind, SuspectKind,
    },
    sim::v1::{self as sim, EntityColumns, MetricColumn, MetricSnapshot},
};
use remedy::{
    ActionUpdate, Edge, Effect, EntitySample, Family, Incident, Node, NodeId, NodeState, Proposal, Reading,
    Remedy, Replica, ReplicaState, Sample, Service, ServiceId, Severity, Status, Target, Topology,
    Transition, ZoneId,
};
use uuid::Uuid;

/// Name under which this agent proposes.
pub(crate) const AGENT: &str = "agent-service";

/// Which simulation and run a message is about, and when in its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The simulation.
    pub(crate) simulation_id: String,
    /// Its run.
    pub(crate) run_id: Uuid,
    /// Simulated time.
    pub(crate) time: DateTime<Utc>,
}

/// Why a message makes no sense. It goes to the dead letters with this sentence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConvertError {
    /// An id is not a UUID.
    #[error("{field} must be a UUID, not {value:?}")]
    Id {
        /// Field.
        field: &'static str,
        /// What it holds.
        value: String,
    },
    /// A field is empty or out of range.
    #[error("{field} is missing or unknown; publish messages as docs/messages.md describes them")]
    Missing {
        /// Field.
        field: &'static str,
    },
    /// A column is not parallel to the ids.
    #[error("column {metric} has {values} values for {ids} ids; send one value an id")]
    Column {
        /// Metric.
        metric: String,
        /// Values it has.
        values: usize,
        /// Ids there are.
        ids: usize,
    },
}

/// An incident message; `None` when it only tells people more about a group whose lead is over.
pub(crate) fn incident(
    message: ops::Incident,
    traceparent: Option<String>,
) -> Result<Option<(Scope, Incident)>, ConvertError> {
    let transition = match message.transition() {
        IncidentTransition::Opened => Transition::Opened,
        IncidentTransition::Escalated => Transition::Escalated,
        IncidentTransition::Resolved => Transition::Resolved,
        IncidentTransition::Updated if message.resolved => return Ok(None),
        IncidentTransition::Updated => Transition::Updated,
        IncidentTransition::Unspecified => return Err(ConvertError::Missing { field: "transition" }),
    };
    let ops::Incident {
        id,
        simulation_id,
        run_id,
        transition: _,
        revision,
        rule_name: _,
        family,
        target,
        severity,
        title,
        description: _,
        metric,
        observed_value: _,
        threshold,
        tick,
        detected_at: _,
        updated_tick,
        updated_at,
        resolved: _,
        resolved_at: _,
        acknowledged_by: _,
        acknowledged_at: _,
        labels: _,
        resolution: _,
        symptom_of,
        symptoms: _,
        open_symptoms: _,
        impact: _,
        suspects,
        silenced_by: _,
        silence_kind,
        silence_version: _,
    } = message;
    let scope = scope(simulation_id, &run_id, updated_at)?;
    let severity = u8::try_from(severity)
        .ok()
        .filter(|severity| (1..=4).contains(severity))
        .ok_or(ConvertError::Missing { field: "severity" })?;
    let incident = Incident {
        id: uuid("id", &id)?,
        transition,
        revision,
        family: Family::from(family.as_str()),
        target: wire_target(target)?,
        severity: Severity(severity),
        title,
        metric,
        threshold,
        opened_tick: tick,
        updated_tick,
        traceparent,
        maintenance: silence_kind == SilenceKind::Maintenance as i32,
        symptom_of: if symptom_of.is_empty() { None } else { Some(uuid("symptom_of", &symptom_of)?) },
        // Of a kind that is not known here nothing could be done about.
        suspects: suspects.iter().filter_map(suspect).collect(),
    };
    Ok(Some((scope, incident)))
}

fn suspect(suspect: &ops::Suspect) -> Option<Target> {
    match suspect.kind() {
        SuspectKind::Service => Some(Target::Service(ServiceId::new(&suspect.id))),
        SuspectKind::Node => Some(Target::Node(NodeId::new(&suspect.id))),
        SuspectKind::Zone => Some(Target::Zone(ZoneId::new(&suspect.id))),
        SuspectKind::Unspecified => None,
    }
}

fn wire_target(target: Option<WireTarget>) -> Result<Target, ConvertError> {
    let target = target.ok_or(ConvertError::Missing { field: "target" })?;
    let kind = target.kind();
    let WireTarget { kind: _, id } = target;
    if id.is_empty() {
        return Err(ConvertError::Missing { field: "target.id" });
    }
    Ok(match kind {
        TargetKind::Service => Target::Service(ServiceId::new(&id)),
        TargetKind::Node => Target::Node(NodeId::new(&id)),
        TargetKind::Zone => Target::Zone(ZoneId::new(&id)),
        TargetKind::Simulation => Target::Simulation,
        TargetKind::Unspecified => return Err(ConvertError::Missing { field: "target.kind" }),
    })
}

/// A status of an action; `None` for a proposal, which is not news to agents.
pub(crate) fn action(message: ops::Action) -> Result<Option<(Scope, ActionUpdate)>, ConvertError> {
    if message.version == 0 {
        return Ok(None);
    }
    let (status, effect, kind) = (message.status(), message.effect(), message.r#type());
    let ops::Action {
        id,
        simulation_id,
        run_id,
        incident_id,
        r#type: _,
        target_id,
        target_version,
        replicas,
        status: _,
        version,
        reason: _,
        proposed_at_tick,
        proposed_at,
        proposed_by: _,
        attempt,
        expires_at: _,
        decided_by: _,
        decided_at: _,
        decision_reason,
        executed_at_tick: _,
        completed_at_tick,
        outcome,
        effect: _,
        updated_at: _,
        approval_mode: _,
        policy: _,
        policy_reason: _,
        approvals: _,
        approvals_needed: _,
        proposed_replicas: _,
        replicas_by: _,
        rolls_back: _,
    } = message;
    let scope = scope(simulation_id, &run_id, proposed_at)?;
    let update = ActionUpdate {
        id: uuid("id", &id)?,
        incident_id: uuid("incident_id", &incident_id)?,
        attempt,
        version,
        remedy: wire_remedy(kind, &target_id, replicas)?,
        target_version,
        status: wire_status(status)?,
        effect: wire_effect(effect),
        proposed_tick: proposed_at_tick,
        completed_tick: (completed_at_tick > 0).then_some(completed_at_tick),
        note: if outcome.is_empty() { decision_reason } else { outcome },
    };
    Ok(Some((scope, update)))
}

fn wire_remedy(kind: ActionType, target: &str, by: u32) -> Result<Remedy, ConvertError> {
    if target.is_empty() {
        return Err(ConvertError::Missing { field: "target_id" });
    }
    let kind = wire::remedy_kind(kind).ok_or(ConvertError::Missing { field: "type" })?;
    Ok(kind.on(target, by))
}

fn wire_status(status: ActionStatus) -> Result<Status, ConvertError> {
    Ok(match status {
        ActionStatus::Proposed => Status::Proposed,
        ActionStatus::Approved => Status::Approved,
        ActionStatus::Executing => Status::Executing,
        ActionStatus::Succeeded => Status::Succeeded,
        ActionStatus::Failed => Status::Failed,
        ActionStatus::Rejected => Status::Rejected,
        ActionStatus::Expired => Status::Expired,
        ActionStatus::Cancelled => Status::Cancelled,
        ActionStatus::Superseded => Status::Superseded,
        ActionStatus::Unspecified => return Err(ConvertError::Missing { field: "status" }),
    })
}

fn wire_effect(effect: ActionEffect) -> Option<Effect> {
    match effect {
        ActionEffect::Unspecified => None,
        ActionEffect::Effective => Some(Effect::Effective),
        ActionEffect::Ineffective => Some(Effect::Ineffective),
        ActionEffect::Harmful => Some(Effect::Harmful),
    }
}

/// A proposal as version 0 of its action.
pub(crate) fn proposal(proposal: &Proposal, scope: &Scope) -> ops::Action {
    let kind = wire::action_type(proposal.remedy.kind());
    ops::Action {
        id: proposal.action_id.to_string(),
        simulation_id: scope.simulation_id.clone(),
        run_id: scope.run_id.to_string(),
        incident_id: proposal.incident_id.to_string(),
        r#type: kind.into(),
        target_id: proposal.remedy.target().id().to_owned(),
        target_version: proposal.target_version,
        replicas: proposal.remedy.replicas(),
        status: ActionStatus::Proposed.into(),
        version: 0,
        reason: proposal.reason.clone(),
        proposed_at_tick: proposal.tick,
        proposed_at: Some(scope.time.into()),
        proposed_by: AGENT.to_owned(),
        attempt: proposal.attempt,
        ..ops::Action::default()
    }
}

/// One shard of a sample.
pub(crate) fn sample(message: MetricSnapshot) -> Result<(Scope, Sample), ConvertError> {
    let MetricSnapshot {
        simulation_id,
        run_id,
        tick,
        time,
        shard: _,
        shard_count: _,
        sample_interval_ms: _,
        services,
        nodes,
        scenario: _,
        deleted: _,
        map: _,
    } = message;
    let scope = scope(simulation_id, &run_id, time)?;
    let sample = Sample {
        tick,
        services: entities(services.unwrap_or_default(), ServiceId::new)?,
        nodes: entities(nodes.unwrap_or_default(), NodeId::new)?,
    };
    Ok((scope, sample))
}

fn entities<Id>(
    columns: EntityColumns,
    name: impl Fn(&str) -> Id,
) -> Result<Vec<EntitySample<Id>>, ConvertError> {
    let EntityColumns { ids, versions, columns } = columns;
    let mut readings = vec![Reading::default(); ids.len()];
    for MetricColumn { metric, values } in columns {
        if values.len() != ids.len() {
            return Err(ConvertError::Column { metric, values: values.len(), ids: ids.len() });
        }
        for (reading, value) in readings.iter_mut().zip(values) {
            reading.set(&metric, f64::from(value));
        }
    }
    let versions = versions.into_iter().chain(std::iter::repeat(0));
    Ok(ids
        .iter()
        .zip(versions)
        .zip(readings)
        .map(|((id, version), reading)| EntitySample { id: name(id), version, reading })
        .collect())
}

/// The running cloud.
pub(crate) fn topology(message: sim::Topology) -> Topology {
    let sim::Topology { name: _, zones: _, nodes, services, edges } = message;
    let nodes = nodes.into_iter().map(|node| {
        let sim::Node { id, zone_id, cpu_cores, memory_gb: _, network_mbps: _, state, version } = node;
        let state = match state.as_str() {
            "ready" => NodeState::Ready,
            "draining" => NodeState::Draining,
            // A state this agent does not know takes no replicas.
            _ => NodeState::Down,
        };
        Node { id: NodeId::new(&id), zone: ZoneId::new(&zone_id), cpu_cores, state, version }
    });
    let services = services.into_iter().map(|service| {
        let sim::Service {
            id,
            profile,
            desired_replicas,
            replicas,
            version,
            health: _,
            entry,
            door: _,
            read_ratio,
            static_ratio,
            user_distance_ms,
            connections_per_replica,
        } = service;
        Service {
            id: ServiceId::new(&id),
            desired_replicas,
            replicas: replicas.into_iter().map(replica).collect(),
            version,
            profile,
            entry,
            read_ratio,
            static_ratio,
            user_distance_ms,
            connections_per_replica,
        }
    });
    let edges = edges.into_iter().map(|edge| {
        let sim::Edge { from_service_id, to_service_id, calls_per_request: _, timeout_ms, max_retries: _ } =
            edge;
        Edge { from: ServiceId::new(&from_service_id), to: ServiceId::new(&to_service_id), timeout_ms }
    });
    Topology::new(nodes.collect(), services.collect(), edges.collect())
}

fn replica(replica: sim::Replica) -> Replica {
    let sim::Replica { ordinal: _, node_id, state } = replica;
    let state = match state.as_str() {
        "starting" => ReplicaState::Starting,
        "running" => ReplicaState::Running,
        "draining" => ReplicaState::Draining,
        _ => ReplicaState::Crashed,
    };
    Replica { node: NodeId::new(&node_id), state }
}

/// What a heartbeat says about the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beat {
    /// The simulation, its run and its time.
    pub(crate) scope: Scope,
    /// Tick it has reached.
    pub(crate) tick: u64,
    /// Length of a tick, simulated ms.
    pub(crate) tick_ms: u32,
}

/// A heartbeat of sim-engine.
pub(crate) fn heartbeat(message: sim::SimulationState) -> Result<Beat, ConvertError> {
    let sim::SimulationState { simulation_id, run_id, tick, time, tick_ms, .. } = message;
    Ok(Beat { scope: scope(simulation_id, &run_id, time)?, tick, tick_ms })
}

/// Simulated time of an earlier tick of the same run.
pub(crate) fn time_of(tick: u64, known: (u64, DateTime<Utc>), tick_ms: u32) -> DateTime<Utc> {
    let (known_tick, known_time) = known;
    let ticks = i64::try_from(known_tick.abs_diff(tick)).unwrap_or(i64::MAX);
    let apart = TimeDelta::try_milliseconds(ticks.saturating_mul(i64::from(tick_ms))).unwrap_or_default();
    let time = if tick >= known_tick {
        known_time.checked_add_signed(apart)
    } else {
        known_time.checked_sub_signed(apart)
    };
    time.unwrap_or(known_time)
}

fn scope(
    simulation_id: String,
    run_id: &str,
    time: Option<pbjson_types::Timestamp>,
) -> Result<Scope, ConvertError> {
    if simulation_id.is_empty() {
        return Err(ConvertError::Missing { field: "simulation_id" });
    }
    let time = time
        .and_then(|time| DateTime::<Utc>::try_from(time).ok())
        .ok_or(ConvertError::Missing { field: "the simulated time" })?;
    Ok(Scope { simulation_id, run_id: uuid("run_id", run_id)?, time })
}

fn uuid(field: &'static str, value: &str) -> Result<Uuid, ConvertError> {
    Uuid::try_parse(value).map_err(|_| ConvertError::Id { field, value: value.chars().take(64).collect() })
}
