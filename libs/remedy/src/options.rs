//! What could be done about a suspect, whether or not the ladder would: the options that people compare.

use crate::action::{Component, Remedy};
use crate::autoscale::{CDN, DATABASES};
use crate::target::{ServiceId, Target};

/// What is known of a service that is suspected.
#[derive(Debug, Clone, Copy, Default)]
pub struct Suspected<'a> {
    /// Replicas that it should have.
    pub replicas: u32,
    /// Engine profile, for example `postgresql`.
    pub profile: &'a str,
    /// Whether traffic enters there.
    pub entry: bool,
    /// Share of its requests that only read, 0 to 1.
    pub read_ratio: Option<f64>,
    /// Share of its requests that ask for static content, 0 to 1.
    pub static_ratio: Option<f64>,
    /// How far the users are whose traffic enters there, ms on the way.
    pub user_distance_ms: Option<f64>,
    /// Whether a message queue delivers to it.
    pub consumes: bool,
}

/// Every remedy whose target is the suspect, those that change least first. A scale-up adds half of the replicas that a service
/// should have, at least one. A zone has none.
pub fn options(suspect: &Target, known: &Suspected<'_>) -> Vec<Remedy> {
    match suspect {
        Target::Service(service) => of_service(service, known),
        Target::Node(node) => vec![Remedy::DrainNode { node: node.clone() }],
        Target::Zone(_) | Target::Simulation => Vec::new(),
    }
}

fn of_service(service: &ServiceId, known: &Suspected<'_>) -> Vec<Remedy> {
    let rebalance = (known.replicas > 1).then(|| Remedy::RebalanceTraffic { service: service.clone() });
    let restart = Remedy::RestartService { service: service.clone() };
    let half = known.replicas.div_ceil(2).max(1);
    let scale_up = Remedy::ScaleUp { service: service.clone(), by: half };
    let add = |(component, by)| Remedy::AddComponent { component, service: service.clone(), by };
    let components = components(known, half).into_iter().map(add);
    rebalance.into_iter().chain([restart, scale_up]).chain(components).collect()
}

/// Components that have something to take over there.
fn components(known: &Suspected<'_>, half: u32) -> Vec<(Component, u32)> {
    let some = |value: Option<f64>| value.filter(|value| *value > 0.0);
    let mut found = Vec::new();
    if let Some(reads) = some(known.read_ratio).filter(|_| DATABASES.contains(&known.profile)) {
        // It takes all reads at once.
        let copies = (f64::from(known.replicas) * reads).ceil() as u32;
        let copies = copies.clamp(1, Component::MOST_REPLICAS);
        found.extend([(Component::ReadReplica, copies), (Component::Cache, 1)]);
    }
    let spared = some(known.static_ratio).or(some(known.user_distance_ms));
    if known.entry && known.profile != CDN && spared.is_some() {
        found.push((Component::Cdn, 1));
    }
    if known.consumes {
        found.push((Component::Consumers, half.min(Component::MOST_REPLICAS)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{NodeId, ZoneId};

    fn names(suspect: &Target, known: &Suspected<'_>) -> Vec<(&'static str, u32)> {
        options(suspect, known).iter().map(|remedy| (remedy.kind().name(), remedy.replicas())).collect()
    }

    #[test]
    fn a_service_is_scaled_by_half_and_balanced_only_among_several() {
        let cart = Target::Service(ServiceId::new("cart"));
        let with = |replicas| Suspected { replicas, profile: "api_server", ..Suspected::default() };
        assert_eq!(names(&cart, &with(1)), [("RESTART_SERVICE", 0), ("SCALE_UP", 1)]);
        assert_eq!(
            names(&cart, &with(5)),
            [("REBALANCE_TRAFFIC", 0), ("RESTART_SERVICE", 0), ("SCALE_UP", 3)]
        );
    }

    #[test]
    fn components_are_offered_where_they_have_something_to_take_over() {
        let at = Target::Service(ServiceId::new("it"));
        let added = |known: Suspected<'_>| -> Vec<&'static str> {
            let names = names(&at, &Suspected { replicas: 1, ..known });
            names.into_iter().map(|(name, _)| name).filter(|name| name.starts_with("ADD")).collect()
        };
        let known = Suspected::default();
        let database = Suspected { profile: "postgresql", ..known };
        assert_eq!(added(Suspected { read_ratio: Some(0.9), ..database }), ["ADD_READ_REPLICA", "ADD_CACHE"]);
        assert!(added(Suspected { read_ratio: Some(0.0), ..database }).is_empty());
        assert_eq!(added(Suspected { entry: true, static_ratio: Some(0.4), ..known }), ["ADD_CDN"]);
        assert_eq!(added(Suspected { consumes: true, ..known }), ["ADD_CONSUMERS"]);
    }

    #[test]
    fn a_node_can_be_drained_and_a_zone_cannot() {
        let known = Suspected::default();
        assert_eq!(names(&Target::Node(NodeId::new("n1")), &known), [("DRAIN_NODE", 0)]);
        assert_eq!(names(&Target::Zone(ZoneId::new("east")), &known), []);
    }
}
