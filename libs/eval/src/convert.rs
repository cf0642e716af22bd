//! Between the types of the cores. Each core has its own, so that none depends on another.

use std::sync::Arc;

use detect::SimTime;
use preview::Planned;
use remedy::{
    Edge, EntitySample, Family, Node, NodeId, NodeState, Reading, Remedy, RemedyKind, Replica, ReplicaState,
    Sample, Service, ServiceId, Severity, Target, Topology, Transition, ZoneId,
};
use sim::{
    ActionKind, Columns, MetricName, Snapshot,
    world::view::{self, TopologyView},
};

/// Simulated time at tick 0: 2026-01-01T00:00:00Z. Any fixed moment would do.
const START_MICROS: i64 = 1_767_225_600_000_000;
/// The one simulation.
pub(crate) const SIMULATION: &str = "default";
/// The one run.
pub(crate) const RUN: &str = "00000000-0000-0000-0000-000000000000";

pub(crate) fn time(tick: u64) -> SimTime {
    let micros = i64::try_from(tick * u64::from(sim::TICK_MS) * 1_000).unwrap_or(i64::MAX);
    SimTime::from_micros(START_MICROS.saturating_add(micros))
}

/// What the detector looks at; time begins with the run. Columns of a snapshot are parallel to its ids and named once, so none is left out.
pub fn detector_sample<'a>(snapshot: &'a Snapshot, map: Option<&'a detect::CloudMap>) -> detect::Sample<'a> {
    detect::Sample {
        simulation: SIMULATION,
        run: RUN,
        tick: snapshot.tick,
        time: time(snapshot.tick),
        shard: 0,
        shard_count: 1,
        interval_ms: sim::SAMPLE_EVERY_MS,
        services: detector_columns(&snapshot.services),
        nodes: detector_columns(&snapshot.nodes),
        map,
    }
}

fn detector_columns(columns: &Columns) -> detect::Columns<'_> {
    let ids = detect::Columns::new(columns.ids.iter().map(AsRef::as_ref));
    columns
        .columns
        .iter()
        .fold(ids, |table, (metric, values)| table.clone().with(metric.as_str(), values).unwrap_or(table))
}

/// The map that comes with a sample. Its positions are those of the world, so that none points nowhere.
pub(crate) fn map(map: sim::CloudMap) -> Option<detect::CloudMap> {
    let sim::CloudMap { services, profiles, nodes, zones, node_zones, calls, placements } = map;
    let ids = |ids: Vec<Arc<str>>| ids.iter().map(ToString::to_string).collect();
    let lists = detect::MapLists {
        services: ids(services),
        profiles: profiles.into_iter().map(str::to_owned).collect(),
        nodes: ids(nodes),
        zones: ids(zones),
        zone_of_node: node_zones,
        calls,
        placed: placements,
    };
    detect::CloudMap::try_from(lists).ok()
}

/// What users get at every door: requests a second, the share of them that fails, %, and p99 of latency, ms; NaN where it was not measured.
pub(crate) fn at_the_doors(
    snapshot: &Snapshot,
    topology: &sim::Topology,
) -> impl Iterator<Item = (f64, f64, f64)> {
    let doors = topology.services.iter().enumerate().filter(|(index, _)| topology.is_door(*index));
    doors.map(|(_, door)| {
        let value = |metric| snapshot.services.value(&door.id, metric).map_or(f64::NAN, f64::from);
        (value(MetricName::RequestRate), value(MetricName::ErrorRate), value(MetricName::LatencyP99))
    })
}

/// What the agent looks at.
pub(crate) fn agent_sample(snapshot: &Snapshot) -> Sample {
    Sample {
        tick: snapshot.tick,
        services: entities(&snapshot.services, ServiceId::new),
        nodes: entities(&snapshot.nodes, NodeId::new),
    }
}

fn entities<Id>(columns: &Columns, name: impl Fn(&str) -> Id) -> Vec<EntitySample<Id>> {
    columns
        .ids
        .iter()
        .zip(&columns.versions)
        .enumerate()
        .map(|(row, (id, version))| {
            let mut reading = Reading::default();
            for (metric, values) in &columns.columns {
                reading.set(metric.as_str(), values.get(row).copied().map_or(f64::NAN, f64::from));
            }
            EntitySample { id: name(id), version: *version, reading }
        })
        .collect()
}

pub(crate) fn topology(view: &TopologyView) -> Topology {
    let nodes = view.nodes.iter().map(|node| Node {
        id: NodeId::new(&node.id),
        zone: ZoneId::new(&node.zone_id),
        cpu_cores: node.cpu_cores,
        state: match node.state {
            view::NodeState::Ready => NodeState::Ready,
            view::NodeState::Draining => NodeState::Draining,
            view::NodeState::Down => NodeState::Down,
        },
        version: node.version,
    });
    let services = view.services.iter().map(|service| Service {
        id: ServiceId::new(&service.id),
        desired_replicas: service.desired_replicas,
        replicas: service
            .replicas
            .iter()
            .map(|replica| Replica {
                node: NodeId::new(&replica.node_id),
                state: replica_state(replica.state),
            })
            .collect(),
        version: service.version,
        profile: service.profile.to_owned(),
        entry: service.entry,
        read_ratio: service.read_ratio,
        static_ratio: service.static_ratio,
        user_distance_ms: service.user_distance_ms,
        connections_per_replica: service.connections_per_replica,
    });
    let edges = view.edges.iter().map(|edge| Edge {
        from: ServiceId::new(&edge.from),
        to: ServiceId::new(&edge.to),
        timeout_ms: edge.timeout_ms,
    });
    Topology::new(nodes.collect(), services.collect(), edges.collect())
}

fn replica_state(state: view::ReplicaState) -> ReplicaState {
    match state {
        view::ReplicaState::Starting => ReplicaState::Starting,
        view::ReplicaState::Running => ReplicaState::Running,
        view::ReplicaState::Draining => ReplicaState::Draining,
        view::ReplicaState::Crashed => ReplicaState::Crashed,
    }
}

/// What the agent hears of. Nothing is under maintenance here.
pub(crate) fn incident(transition: &detect::Transition) -> remedy::Incident {
    let incident = &transition.incident;
    remedy::Incident {
        id: incident.id,
        transition: match transition.kind {
            detect::TransitionKind::Opened => Transition::Opened,
            detect::TransitionKind::Escalated => Transition::Escalated,
            detect::TransitionKind::Resolved => Transition::Resolved,
            detect::TransitionKind::Updated => Transition::Updated,
        },
        revision: incident.revision,
        family: Family::from(incident.family.as_str()),
        target: match incident.target.kind {
            detect::TargetKind::Service => Target::Service(ServiceId::new(&incident.target.id)),
            detect::TargetKind::Node => Target::Node(NodeId::new(&incident.target.id)),
        },
        severity: Severity(incident.severity as u8),
        title: incident.title.clone(),
        metric: incident.metric.clone(),
        threshold: incident.threshold,
        opened_tick: incident.tick,
        updated_tick: incident.updated_tick,
        traceparent: None,
        maintenance: false,
        symptom_of: incident.symptom_of,
        suspects: incident.record.suspects.iter().map(suspect_of_agent).collect(),
    }
}

fn suspect_of_agent(suspect: &detect::Suspect) -> Target {
    match suspect.kind {
        detect::SuspectKind::Service => Target::Service(ServiceId::new(&suspect.id)),
        detect::SuspectKind::Node => Target::Node(NodeId::new(&suspect.id)),
        detect::SuspectKind::Zone => Target::Zone(ZoneId::new(&suspect.id)),
    }
}

/// The thing of the topology that is suspected.
pub(crate) fn suspect(suspect: &detect::Suspect) -> sim::Target {
    match suspect.kind {
        detect::SuspectKind::Service => sim::Target::service(&suspect.id),
        detect::SuspectKind::Node => sim::Target::node(&suspect.id),
        detect::SuspectKind::Zone => sim::Target::zone(&suspect.id),
    }
}

/// The engine's command for a remedy. `command_id` is derived like the orchestrator's.
pub(crate) fn act(action_id: uuid::Uuid, remedy: &Remedy, target_version: u64) -> sim::Act {
    sim::Act {
        command_id: format!("command/{action_id}"),
        action_id: action_id.to_string(),
        kind: kind(remedy.kind()),
        target: remedy.target().id().to_owned(),
        target_version,
        replicas: remedy.replicas(),
    }
}

/// The remedy as one looks ahead at it.
pub(crate) fn planned(remedy: &Remedy) -> Planned {
    Planned {
        kind: kind(remedy.kind()),
        target: remedy.target().id().to_owned(),
        replicas: remedy.replicas(),
    }
}

/// What the engine calls it.
pub(crate) fn kind(kind: RemedyKind) -> ActionKind {
    match kind {
        RemedyKind::RestartService => ActionKind::RestartService,
        RemedyKind::ScaleUp => ActionKind::ScaleUp,
        RemedyKind::ScaleDown => ActionKind::ScaleDown,
        RemedyKind::DrainNode => ActionKind::DrainNode,
        RemedyKind::RebalanceTraffic => ActionKind::RebalanceTraffic,
        RemedyKind::AddReadReplica => ActionKind::AddReadReplica,
        RemedyKind::AddCache => ActionKind::AddCache,
        RemedyKind::AddLoadBalancer => ActionKind::AddLoadBalancer,
        RemedyKind::AddCdn => ActionKind::AddCdn,
        RemedyKind::AddConsumers => ActionKind::AddConsumers,
        RemedyKind::RemoveComponent => ActionKind::RemoveComponent,
        RemedyKind::UndrainNode => ActionKind::UndrainNode,
        RemedyKind::SpreadTraffic => ActionKind::SpreadTraffic,
    }
}

/// The remedy that an action of a ground truth is.
pub(crate) fn remedy(action: &sim::scenario::TruthAction) -> Remedy {
    remedy_of(action.kind, &action.target, action.replicas)
}

/// The remedy that an action is; 0 replicas mean one.
pub(crate) fn remedy_of(kind: ActionKind, target: &str, replicas: u32) -> Remedy {
    let kind = match kind {
        ActionKind::RestartService => RemedyKind::RestartService,
        ActionKind::ScaleUp => RemedyKind::ScaleUp,
        ActionKind::ScaleDown => RemedyKind::ScaleDown,
        ActionKind::DrainNode => RemedyKind::DrainNode,
        ActionKind::RebalanceTraffic => RemedyKind::RebalanceTraffic,
        ActionKind::AddReadReplica => RemedyKind::AddReadReplica,
        ActionKind::AddCache => RemedyKind::AddCache,
        ActionKind::AddLoadBalancer => RemedyKind::AddLoadBalancer,
        ActionKind::AddCdn => RemedyKind::AddCdn,
        ActionKind::AddConsumers => RemedyKind::AddConsumers,
        ActionKind::RemoveComponent => RemedyKind::RemoveComponent,
        ActionKind::UndrainNode => RemedyKind::UndrainNode,
        ActionKind::SpreadTraffic => RemedyKind::SpreadTraffic,
    };
    kind.on(target, replicas.max(1))
}

/// Seconds since the start of the run.
pub(crate) fn seconds(tick: u64) -> f64 {
    tick as f64 * f64::from(sim::TICK_MS) / 1000.0
}

/// Seconds since the start of the run, of a time that a sample had.
pub fn seconds_of(time: SimTime) -> f64 {
    (time.micros - START_MICROS) as f64 / 1e6
}

/// Simulated seconds as ticks.
pub(crate) fn ticks(seconds: f64) -> u64 {
    (seconds.max(0.0) * 1000.0 / f64::from(sim::TICK_MS)).round() as u64
}

/// The scenario, shared.
pub(crate) type Scenario = Arc<sim::Scenario>;
