//! The map of a cloud: who calls whom, and what runs where. It comes with the telemetry, so that what follows from it
//! does not depend on when it was asked for.

use std::collections::{BTreeMap, VecDeque};

use crate::sample::{Target, TargetKind};

/// Profiles that answer for others from memory.
const CACHES: [&str; 2] = ["redis", "cdn"];

/// Services, nodes and zones of a cloud. Numbers are positions in the lists of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CloudMap {
    services: Vec<String>,
    caches: Vec<bool>,
    nodes: Vec<String>,
    zones: Vec<String>,
    zone_of: Vec<usize>,
    callees: Vec<Vec<usize>>,
    callers: Vec<Vec<usize>>,
    /// Nodes of each service, with the replicas it has there.
    hosts: Vec<Vec<(usize, u32)>>,
    service_index: BTreeMap<String, usize>,
    node_index: BTreeMap<String, usize>,
}

/// Why a map makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// A position is past the end of its list.
    #[error("{what} names {list} {position} of {count}; positions count from 0")]
    Position {
        /// What holds the position.
        what: &'static str,
        /// The list it points into.
        list: &'static str,
        /// The position.
        position: usize,
        /// Length of the list.
        count: usize,
    },
    /// Not one zone a node.
    #[error("{zones} zones are given for {nodes} nodes; give every node its zone")]
    Zones {
        /// Zones that were given.
        zones: usize,
        /// Nodes.
        nodes: usize,
    },
    /// Not one profile a service.
    #[error("{profiles} profiles are given for {services} services; give every service its profile, or none")]
    Profiles {
        /// Profiles that were given.
        profiles: usize,
        /// Services.
        services: usize,
    },
    /// A name appears twice.
    #[error("{kind} {id:?} appears twice")]
    Repeated {
        /// `service` or `node`.
        kind: &'static str,
        /// The name.
        id: String,
    },
}

/// The lists that make a map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MapLists {
    /// Ids of the services.
    pub services: Vec<String>,
    /// Engine profile of each service; empty when they are not known.
    pub profiles: Vec<String>,
    /// Ids of the nodes.
    pub nodes: Vec<String>,
    /// Ids of the zones.
    pub zones: Vec<String>,
    /// Position of each node's zone.
    pub zone_of_node: Vec<usize>,
    /// Positions of caller and callee of each call.
    pub calls: Vec<(usize, usize)>,
    /// Positions of service and node, and how many replicas of it are there.
    pub placed: Vec<(usize, usize, u32)>,
}

impl TryFrom<MapLists> for CloudMap {
    type Error = MapError;

    fn try_from(lists: MapLists) -> Result<Self, MapError> {
        let MapLists { services, profiles, nodes, zones, zone_of_node, calls, placed } = lists;
        if !profiles.is_empty() && profiles.len() != services.len() {
            return Err(MapError::Profiles { profiles: profiles.len(), services: services.len() });
        }
        if zone_of_node.len() != nodes.len() {
            return Err(MapError::Zones { zones: zone_of_node.len(), nodes: nodes.len() });
        }
        for zone in &zone_of_node {
            within("a node", "zone", *zone, zones.len())?;
        }
        let mut map = Self {
            service_index: index("service", &services)?,
            node_index: index("node", &nodes)?,
            callees: vec![Vec::new(); services.len()],
            callers: vec![Vec::new(); services.len()],
            hosts: vec![Vec::new(); services.len()],
            caches: (0..services.len())
                .map(|service| {
                    profiles.get(service).is_some_and(|profile| CACHES.contains(&profile.as_str()))
                })
                .collect(),
            services,
            nodes,
            zones,
            zone_of: zone_of_node,
        };
        for (caller, callee) in calls {
            within("a call", "service", caller.max(callee), map.services.len())?;
            map.callees[caller].push(callee);
            map.callers[callee].push(caller);
        }
        for (service, node, replicas) in placed {
            within("a placement", "service", service, map.services.len())?;
            within("a placement", "node", node, map.nodes.len())?;
            map.hosts[service].push((node, replicas));
        }
        Ok(map)
    }
}

fn within(what: &'static str, list: &'static str, position: usize, count: usize) -> Result<(), MapError> {
    if position < count { Ok(()) } else { Err(MapError::Position { what, list, position, count }) }
}

fn index(kind: &'static str, ids: &[String]) -> Result<BTreeMap<String, usize>, MapError> {
    let mut index = BTreeMap::new();
    for (position, id) in ids.iter().enumerate() {
        if index.insert(id.clone(), position).is_some() {
            return Err(MapError::Repeated { kind, id: id.clone() });
        }
    }
    Ok(index)
}

impl CloudMap {
    /// Ids of the services.
    pub fn services(&self) -> &[String] {
        &self.services
    }

    /// Ids of the nodes.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Ids of the zones.
    pub fn zones(&self) -> &[String] {
        &self.zones
    }

    /// Position of a service.
    pub fn service(&self, id: &str) -> Option<usize> {
        self.service_index.get(id).copied()
    }

    /// Position of a node.
    pub fn node(&self, id: &str) -> Option<usize> {
        self.node_index.get(id).copied()
    }

    /// Position of a node's zone.
    pub(crate) fn zone_of(&self, node: usize) -> usize {
        self.zone_of[node]
    }

    /// Whether a service answers for others from memory.
    pub(crate) fn is_cache(&self, service: usize) -> bool {
        self.caches[service]
    }

    /// Who calls a service.
    pub(crate) fn callers(&self, service: usize) -> &[usize] {
        &self.callers[service]
    }

    /// Whom a service calls.
    pub(crate) fn callees(&self, service: usize) -> &[usize] {
        &self.callees[service]
    }

    /// Nodes of a service, with the replicas it has there.
    pub(crate) fn hosts(&self, service: usize) -> &[(usize, u32)] {
        &self.hosts[service]
    }

    /// Whether users come in here: nobody in the cloud calls the service.
    pub(crate) fn is_entry(&self, service: &str) -> bool {
        self.service(service).is_some_and(|service| self.callers[service].is_empty())
    }

    /// A service and everything it calls, directly or not. The start comes first.
    pub(crate) fn below(&self, service: usize) -> Vec<usize> {
        reach(service, &self.callees)
    }

    /// A service and everything that calls it, directly or not. The start comes first.
    pub(crate) fn above(&self, service: usize) -> Vec<usize> {
        reach(service, &self.callers)
    }

    /// Whether trouble of the one may be trouble of the other: one calls the other, directly or not; it runs on the
    /// node, or calls what does; both run on one node; both nodes are in one zone.
    pub(crate) fn related(&self, a: &Target, b: &Target) -> bool {
        if a == b {
            return true;
        }
        let position = |target: &Target| match target.kind {
            TargetKind::Service => self.service(&target.id),
            TargetKind::Node => self.node(&target.id),
        };
        let (Some(i), Some(j)) = (position(a), position(b)) else { return false };
        match (a.kind, b.kind) {
            (TargetKind::Service, TargetKind::Service) => {
                self.below(i).contains(&j) || self.below(j).contains(&i) || self.share_a_node(i, j)
            }
            (TargetKind::Service, TargetKind::Node) => self.rests_on(i, j),
            (TargetKind::Node, TargetKind::Service) => self.rests_on(j, i),
            (TargetKind::Node, TargetKind::Node) => self.zone_of[i] == self.zone_of[j],
        }
    }

    fn rests_on(&self, service: usize, node: usize) -> bool {
        self.below(service).iter().any(|callee| self.hosts[*callee].iter().any(|(host, _)| *host == node))
    }

    fn share_a_node(&self, a: usize, b: usize) -> bool {
        self.hosts[a].iter().any(|(node, _)| self.hosts[b].iter().any(|(other, _)| other == node))
    }
}

fn reach(start: usize, next: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; next.len()];
    seen[start] = true;
    let mut queue = VecDeque::from([start]);
    let mut order = Vec::new();
    while let Some(at) = queue.pop_front() {
        order.push(at);
        for to in &next[at] {
            if !std::mem::replace(&mut seen[*to], true) {
                queue.push_back(*to);
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> CloudMap {
        let lists = MapLists {
            profiles: Vec::new(),
            services: ["gateway", "orders", "db", "mail"].map(str::to_owned).to_vec(),
            nodes: ["n1", "n2", "n3"].map(str::to_owned).to_vec(),
            zones: ["a", "b"].map(str::to_owned).to_vec(),
            zone_of_node: vec![0, 0, 1],
            calls: vec![(0, 1), (1, 2)],
            placed: vec![(0, 0, 2), (1, 1, 1), (2, 2, 1), (3, 1, 1)],
        };
        CloudMap::try_from(lists).unwrap()
    }

    fn service(id: &str) -> Target {
        Target { kind: TargetKind::Service, id: id.to_owned() }
    }

    fn node(id: &str) -> Target {
        Target { kind: TargetKind::Node, id: id.to_owned() }
    }

    #[test]
    fn callers_and_callees_are_related_however_far_apart() {
        assert!(map().related(&service("gateway"), &service("db")));
        assert!(map().related(&service("db"), &service("gateway")));
    }

    #[test]
    fn services_are_related_to_the_nodes_they_rest_on_and_to_their_neighbours_there() {
        let map = map();
        assert!(map.related(&service("gateway"), &node("n3")), "its database runs there");
        assert!(!map.related(&service("mail"), &node("n3")));
        assert!(map.related(&service("mail"), &service("orders")), "both run on n2");
        assert!(!map.related(&service("mail"), &service("db")));
    }

    #[test]
    fn nodes_are_related_within_a_zone() {
        assert!(map().related(&node("n1"), &node("n2")));
        assert!(!map().related(&node("n1"), &node("n3")));
    }

    #[test]
    fn a_map_that_points_nowhere_is_refused() {
        let lists = MapLists { services: vec!["a".into()], calls: vec![(0, 1)], ..MapLists::default() };
        let error = CloudMap::try_from(lists).unwrap_err();
        assert_eq!(error.to_string(), "a call names service 1 of 1; positions count from 0");
    }
}
