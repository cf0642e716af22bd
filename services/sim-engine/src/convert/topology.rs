//! The running cloud on the wire.

use proto::sim::v1 as wire;
use sim::world::view::{EdgeView, NodeView, ReplicaView, ServiceView, TopologyView};

pub(crate) fn topology(view: TopologyView) -> wire::Topology {
    let TopologyView { name, tick: _, zones, nodes, services, edges } = view;
    wire::Topology {
        name,
        zones: zones.into_iter().map(|id| wire::Zone { id: id.to_string() }).collect(),
        nodes: nodes.into_iter().map(node).collect(),
        services: services.into_iter().map(service).collect(),
        edges: edges.into_iter().map(edge).collect(),
    }
}

fn node(view: NodeView) -> wire::Node {
    let NodeView { id, zone_id, cpu_cores, memory_gb, network_mbps, state, version } = view;
    wire::Node {
        id: id.to_string(),
        zone_id: zone_id.to_string(),
        cpu_cores,
        memory_gb,
        network_mbps,
        state: state.name().to_owned(),
        version,
    }
}

fn service(view: ServiceView) -> wire::Service {
    let ServiceView {
        id,
        profile,
        desired_replicas,
        replicas,
        version,
        health,
        entry,
        door,
        read_ratio,
        static_ratio,
        user_distance_ms,
        connections_per_replica,
    } = view;
    wire::Service {
        id: id.to_string(),
        profile: profile.to_owned(),
        desired_replicas,
        replicas: replicas.into_iter().map(replica).collect(),
        version,
        health: health.name().to_owned(),
        entry,
        door,
        read_ratio,
        static_ratio,
        user_distance_ms,
        connections_per_replica,
    }
}

fn replica(view: ReplicaView) -> wire::Replica {
    let ReplicaView { ordinal, node_id, state, share: _ } = view;
    wire::Replica { ordinal, node_id: node_id.to_string(), state: state.name().to_owned() }
}

fn edge(view: EdgeView) -> wire::Edge {
    let EdgeView { from, to, calls_per_request, timeout_ms, max_retries } = view;
    wire::Edge {
        from_service_id: from.to_string(),
        to_service_id: to.to_string(),
        calls_per_request,
        timeout_ms,
        max_retries,
    }
}
