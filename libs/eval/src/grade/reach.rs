//! Whom a fault can reach: whoever may rightly be named by an incident about it.

use std::collections::BTreeSet;
use std::sync::Arc;

use sim::scenario::{Scenario, TimelineChange};
use sim::traffic::Shape;
use sim::{Target, TargetKind, Topology, world::view::TopologyView};

/// Services and nodes within reach of a root cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    /// The services that the root cause is, or that run on it.
    pub(super) roots: BTreeSet<usize>,
    services: BTreeSet<Arc<str>>,
    nodes: BTreeSet<Arc<str>>,
}

impl Reach {
    /// Where the trouble starts: the root cause and what runs on it, and where it is traffic that rises, whatever it flows through. Within
    /// reach are whoever calls those services and whomever they call, however far along the dependency graph, the machines that they
    /// run on, and those that the root cause is or has.
    pub(super) fn of(scenario: &Scenario, placed: &TopologyView, root: &Target) -> Self {
        let topology = &*scenario.topology;
        let mut nodes = nodes(placed, root);
        let roots: BTreeSet<usize> = match root.kind {
            TargetKind::Service => topology.service(&root.id).into_iter().collect(),
            TargetKind::Node | TargetKind::Zone => {
                let placed_there =
                    |service: &Arc<str>| runs_on(placed, service).any(|on| nodes.contains(&on));
                let services = topology.services.iter().enumerate();
                services.filter(|(_, spec)| placed_there(&spec.id)).map(|(index, _)| index).collect()
            }
            TargetKind::Simulation => (0..topology.services.len()).collect(),
        };
        let calls = calls(topology);
        let callers = |of: &BTreeSet<usize>| {
            closure(of, |service| calls.iter().filter(move |(_, to)| *to == service).map(|(from, _)| *from))
        };
        let callees = |of: &BTreeSet<usize>| {
            closure(of, |service| calls.iter().filter(move |(from, _)| *from == service).map(|(_, to)| *to))
        };
        let start: BTreeSet<usize> = roots.union(&callees(&rising(scenario))).copied().collect();
        let id = |service: &usize| topology.services[*service].id.clone();
        nodes.extend(start.iter().flat_map(|service| runs_on(placed, &id(service))));
        let services = callers(&start).union(&callees(&start)).map(id).collect();
        Self { roots, services, nodes }
    }

    pub(super) fn covers(&self, target: &detect::Target) -> bool {
        match target.kind {
            detect::TargetKind::Service => self.services.contains(target.id.as_str()),
            detect::TargetKind::Node => self.nodes.contains(target.id.as_str()),
        }
    }
}

/// Who depends on whom, caller first. What is looked up in a cache depends on the cache, and the cache on what is behind it.
fn calls(topology: &Topology) -> BTreeSet<(usize, usize)> {
    let calls = topology.edges.iter().flat_map(|edge| {
        let cached = edge.cache.map(|cache| [(edge.from, cache), (cache, edge.to)]);
        std::iter::once((edge.from, edge.to)).chain(cached.into_iter().flatten())
    });
    calls.filter(|(from, to)| from != to).collect()
}

/// Where traffic changes in a scenario in which nothing else does: there it is what the matter is.
fn rising(scenario: &Scenario) -> BTreeSet<usize> {
    let faults = scenario.timeline.iter().any(|entry| matches!(entry.change, TimelineChange::Inject(_)));
    let changes = |shape: &Shape| !matches!(shape, Shape::Constant { .. });
    let sources = scenario.traffic.iter().filter(|source| !faults && source.shapes.iter().any(changes));
    sources.map(|source| source.service).collect()
}

/// The machines that the root cause is or has.
fn nodes(placed: &TopologyView, root: &Target) -> BTreeSet<Arc<str>> {
    let of = placed.nodes.iter().filter(|node| match root.kind {
        TargetKind::Service => false,
        TargetKind::Node => *node.id == *root.id,
        TargetKind::Zone => *node.zone_id == *root.id,
        TargetKind::Simulation => true,
    });
    of.map(|node| node.id.clone()).collect()
}

/// The machines of a service's replicas.
fn runs_on<'a>(placed: &'a TopologyView, service: &str) -> impl Iterator<Item = Arc<str>> + use<'a> {
    let service = placed.services.iter().find(|known| *known.id == *service);
    service.into_iter().flat_map(|service| service.replicas.iter().map(|replica| replica.node_id.clone()))
}

/// Everything that `next` leads to, the start included.
fn closure<I: Iterator<Item = usize>>(start: &BTreeSet<usize>, next: impl Fn(usize) -> I) -> BTreeSet<usize> {
    let (mut reached, mut open) = (start.clone(), start.iter().copied().collect::<Vec<_>>());
    while let Some(service) = open.pop() {
        open.extend(next(service).filter(|found| reached.insert(*found)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// `front` calls `left` and `right`; `left` calls `depth`, which `store` caches for it.
    const SMALL: &str = "name: small
zones: [east, west]
nodes:
  - {id: n1, zone: east, cpu_cores: 16, memory_gb: 64}
  - {id: n2, zone: west, cpu_cores: 16, memory_gb: 64}
services:
  - {id: front, profile: api_gateway, entry: true, placement: [n1], calls: [{to: left}, {to: right}]}
  - {id: left, profile: api_server, placement: [n1], calls: [{to: depth, cache_hit_ratio: 0.9, cache: store}]}
  - {id: right, profile: api_server, placement: [n2]}
  - {id: depth, profile: postgresql, placement: [n2]}
  - {id: store, profile: redis, placement: [n2]}
";
    const STEADY: &str = "traffic: [{service: front, constant: {rps: 1}}]\n";
    const RISING: &str =
        "traffic: [{service: front, ramp: {from_rps: 1, to_rps: 2, start_s: 5, over_s: 9}}]\n";

    fn reached(root: &Target, rest: &str) -> Vec<&'static str> {
        let main = format!("description: Small.\nfamily: test\ntopology: small.yaml\n{rest}");
        let files = [("main.yaml", main), ("small.yaml", SMALL.to_owned())];
        let files = files.map(|(name, text)| (name.to_owned(), text));
        let scenario = sim::scenario::load("main", &BTreeMap::from(files)).unwrap();
        let placed = sim::World::new(scenario.clone(), 1).topology();
        let reach = Reach::of(&scenario, &placed, root);
        let service = |id: &str| detect::Target { kind: detect::TargetKind::Service, id: id.to_owned() };
        let node = |id: &str| detect::Target { kind: detect::TargetKind::Node, id: id.to_owned() };
        let services = ["front", "left", "right", "depth", "store"];
        let services = services.into_iter().filter(|id| reach.covers(&service(id)));
        services.chain(["n1", "n2"].into_iter().filter(|id| reach.covers(&node(id)))).collect()
    }

    #[test]
    fn a_service_reaches_its_callers_and_callees_and_its_machines() {
        assert_eq!(reached(&Target::service("left"), STEADY), ["front", "left", "depth", "store", "n1"]);
        assert_eq!(reached(&Target::service("right"), STEADY), ["front", "right", "n2"]);
        assert_eq!(reached(&Target::service("store"), STEADY), ["front", "left", "depth", "store", "n2"]);
    }

    #[test]
    fn a_machine_or_a_zone_reaches_what_runs_there_and_whoever_depends_on_it() {
        let west = ["front", "left", "right", "depth", "store", "n2"];
        assert_eq!(reached(&Target::node("n2"), STEADY), west);
        assert_eq!(reached(&Target::zone("west"), STEADY), west);
    }

    #[test]
    fn traffic_that_rises_reaches_whatever_it_flows_through() {
        let all = ["front", "left", "right", "depth", "store", "n1", "n2"];
        assert_eq!(reached(&Target::service("right"), RISING), all);
    }
}
