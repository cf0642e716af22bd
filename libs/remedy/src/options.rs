//! What could be done about a suspect, whether or not the ladder would: the options that people compare.

use crate::action::Remedy;
use crate::target::{ServiceId, Target};

/// Every remedy whose target is the suspect, those that change least first. `replicas` is how many a service should have; a
/// scale-up adds half of that, at least one. A zone has none.
pub fn options(suspect: &Target, replicas: u32) -> Vec<Remedy> {
    match suspect {
        Target::Service(service) => of_service(service, replicas),
        Target::Node(node) => vec![Remedy::DrainNode { node: node.clone() }],
        Target::Zone(_) | Target::Simulation => Vec::new(),
    }
}

fn of_service(service: &ServiceId, replicas: u32) -> Vec<Remedy> {
    let rebalance = (replicas > 1).then(|| Remedy::RebalanceTraffic { service: service.clone() });
    let restart = Remedy::RestartService { service: service.clone() };
    let scale_up = Remedy::ScaleUp { service: service.clone(), by: replicas.div_ceil(2).max(1) };
    rebalance.into_iter().chain([restart, scale_up]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{NodeId, ZoneId};

    fn names(suspect: &Target, replicas: u32) -> Vec<(&'static str, u32)> {
        options(suspect, replicas).iter().map(|remedy| (remedy.kind().name(), remedy.replicas())).collect()
    }

    #[test]
    fn a_service_is_scaled_by_half_and_balanced_only_among_several() {
        let cart = Target::Service(ServiceId::new("cart"));
        assert_eq!(names(&cart, 1), [("RESTART_SERVICE", 0), ("SCALE_UP", 1)]);
        assert_eq!(names(&cart, 5), [("REBALANCE_TRAFFIC", 0), ("RESTART_SERVICE", 0), ("SCALE_UP", 3)]);
    }

    #[test]
    fn a_node_can_be_drained_and_a_zone_cannot() {
        assert_eq!(names(&Target::Node(NodeId::new("n1")), 0), [("DRAIN_NODE", 0)]);
        assert_eq!(names(&Target::Zone(ZoneId::new("east")), 0), []);
    }
}
