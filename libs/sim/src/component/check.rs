//! Whether a component makes sense: the right engine, something to take over, nothing there that does the same.

use crate::policy::Balancing;
use crate::topology::{Carries, EdgeSpec, Topology};

use super::ComponentKind;

/// Engines that others read from and write to.
const DATABASES: [&str; 2] = ["postgresql", "mongodb"];
const QUEUE: &str = "message_queue";

/// Why the component would be of no use, and what to do instead.
pub(super) fn refusal(topology: &Topology, kind: ComponentKind, target: usize) -> Option<String> {
    let service = &topology.services[target];
    let profile = service.profile.name;
    match kind {
        ComponentKind::ReadReplica | ComponentKind::Cache if !DATABASES.contains(&profile) => Some(format!(
            "it runs {profile}, and a {kind} stands beside a database ({}); name one",
            DATABASES.join(" or ")
        )),
        ComponentKind::ReadReplica if !calls_to(topology, target).any(may_read) => {
            Some("nobody reads from it; scale it up instead".to_owned())
        }
        ComponentKind::Cache if !reads_of(topology, target).any(is_uncached_read) => Some(
            "all its reads have a cache, or there are none; scale it up, or add a read replica".to_owned(),
        ),
        ComponentKind::LoadBalancer if service.balancing != Balancing::RoundRobin => Some(format!(
            "its requests are spread by {} already; scale it up instead",
            service.balancing.name()
        )),
        ComponentKind::LoadBalancer if profile == "load_balancer" => {
            Some("it is a load balancer itself; name the service behind it".to_owned())
        }
        ComponentKind::LoadBalancer if !service.entry && calls_to(topology, target).next().is_none() => {
            Some("nobody calls it; name a service that takes requests".to_owned())
        }
        ComponentKind::Cdn if !service.entry => {
            let entries = topology.services.iter().filter(|service| service.entry);
            let entries: Vec<&str> = entries.map(|service| &*service.id).collect();
            Some(format!("no traffic enters there; name one of {}", entries.join(", ")))
        }
        ComponentKind::Cdn if profile == "cdn" => Some("it is a CDN itself; scale it up instead".to_owned()),
        ComponentKind::Consumers if !calls_to(topology, target).any(|call| is_delivery(topology, call)) => {
            Some("no message queue delivers to it; name a service that consumes from one".to_owned())
        }
        _ => None,
    }
}

/// Calls that may read from a database: those of its read replica are reads of it.
fn reads_of(topology: &Topology, database: usize) -> impl Iterator<Item = &EdgeSpec> {
    let copy = topology.service(&read_replica_of(&topology.services[database].id));
    topology.edges.iter().filter(move |edge| edge.to == database || Some(edge.to) == copy)
}

/// Id of the read replica that a database has, or would have.
pub(super) fn read_replica_of(database: &str) -> String {
    format!("{database}-{}", ComponentKind::ReadReplica.suffix())
}

fn calls_to(topology: &Topology, target: usize) -> impl Iterator<Item = &EdgeSpec> {
    topology.edges.iter().filter(move |edge| edge.to == target)
}

pub(super) fn may_read(edge: &EdgeSpec) -> bool {
    edge.carries != Carries::Writes && edge.read_ratio.is_none_or(|reads| reads > 0.0)
}

pub(super) fn is_uncached_read(edge: &EdgeSpec) -> bool {
    may_read(edge) && edge.cache_hit_ratio <= 0.0 && !edge.asynchronous
}

fn is_delivery(topology: &Topology, edge: &EdgeSpec) -> bool {
    edge.asynchronous && topology.services[edge.from].profile.name == QUEUE
}
