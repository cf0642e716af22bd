//! The map of the cloud on the wire.

use std::sync::Arc;

use proto::sim::v1 as wire;

/// Placements that are sent at most: they take 6 bytes each, and the map shares a message with the sample.
const MAX_PLACEMENTS: usize = 20_000;

pub(crate) fn cloud_map(map: sim::CloudMap) -> wire::CloudMap {
    let sim::CloudMap { services, profiles, nodes, zones, node_zones, calls, mut placements } = map;
    if placements.len() > MAX_PLACEMENTS {
        placements.clear();
    }
    let ids = |ids: Vec<Arc<str>>| ids.iter().map(ToString::to_string).collect();
    // A cloud has far fewer than 2^32 of anything.
    let small = |position: usize| position as u32;
    wire::CloudMap {
        services: ids(services),
        profiles: profiles.into_iter().map(str::to_owned).collect(),
        nodes: ids(nodes),
        zones: ids(zones),
        node_zones: node_zones.into_iter().map(small).collect(),
        callers: calls.iter().map(|(caller, _)| small(*caller)).collect(),
        callees: calls.iter().map(|(_, callee)| small(*callee)).collect(),
        placed_services: placements.iter().map(|(service, _, _)| small(*service)).collect(),
        placed_nodes: placements.iter().map(|(_, node, _)| small(*node)).collect(),
        placed_replicas: placements.iter().map(|(_, _, replicas)| *replicas).collect(),
    }
}
