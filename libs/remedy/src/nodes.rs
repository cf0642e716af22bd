//! Nodes that stand out: dead ones, hot ones, and those that make everything on them sick (gray failures).

use std::collections::BTreeMap;

use crate::{
    condition::{Assessment, Condition},
    limits::Tuning,
    target::{NodeId, ServiceId},
    telemetry::Windows,
    topology::{NodeState, ReplicaState, Topology},
    words,
};

/// A node has to make at least this many services sick before their sickness is put down to it.
const SICK_TOGETHER: usize = 2;

/// What makes a node suspect.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Suspicion {
    /// It does not answer.
    Down,
    /// Busy, and far busier than its peers.
    Hot {
        /// Its CPU load, %.
        cpu_pct: f64,
        /// Median of the others, %.
        peers_pct: f64,
    },
    /// All that is sick runs on it, and something healthy runs elsewhere.
    Gray {
        /// The sick services.
        sick: Vec<ServiceId>,
        /// Healthy services that have nothing to do with it.
        healthy_elsewhere: usize,
    },
}

impl Suspicion {
    /// The numbers, for a reason.
    pub(crate) fn words(&self, node: &NodeId, tuning: &Tuning) -> String {
        match self {
            Self::Down => format!("node {node} is down"),
            Self::Hot { cpu_pct, peers_pct } => format!(
                "node {node} CPU {} over {:.0} s while the median of its peers is {}",
                words::pct(*cpu_pct),
                tuning.window_s,
                words::pct(*peers_pct)
            ),
            Self::Gray { sick, healthy_elsewhere } => {
                let names: Vec<String> = sick.iter().map(ToString::to_string).collect();
                format!(
                    "every service with trouble of its own ({}) has a replica on node {node}, and {healthy_elsewhere} \
                     services without one are healthy",
                    words::list(&names)
                )
            }
        }
    }
}

/// Looks at one node.
pub(crate) fn suspect(
    node: &NodeId,
    topology: &Topology,
    windows: &Windows,
    assessments: &BTreeMap<ServiceId, Assessment>,
    tuning: &Tuning,
) -> Option<Suspicion> {
    match topology.node(node)?.state {
        NodeState::Down => return Some(Suspicion::Down),
        NodeState::Draining => return None,
        NodeState::Ready => {}
    }
    hot(node, topology, windows, tuning).or_else(|| gray(node, topology, assessments, tuning))
}

fn hot(node: &NodeId, topology: &Topology, windows: &Windows, tuning: &Tuning) -> Option<Suspicion> {
    let load = |id: &NodeId| windows.node(id)?.mean(|reading| reading.cpu_pct);
    let cpu_pct = load(node)?;
    let mut peers: Vec<f64> = topology
        .nodes()
        .filter(|peer| peer.state == NodeState::Ready && &peer.id != node)
        .filter_map(|peer| load(&peer.id))
        .collect();
    peers.sort_by(f64::total_cmp);
    let peers_pct = *peers.get(peers.len() / 2)?;
    (cpu_pct >= tuning.overload_cpu_pct && cpu_pct - peers_pct >= tuning.outlier_cpu_points)
        .then_some(Suspicion::Hot { cpu_pct, peers_pct })
}

fn gray(
    node: &NodeId,
    topology: &Topology,
    assessments: &BTreeMap<ServiceId, Assessment>,
    tuning: &Tuning,
) -> Option<Suspicion> {
    let runs_here = |id: &ServiceId| {
        topology.service(id).is_some_and(|service| {
            service
                .replicas
                .iter()
                .any(|replica| &replica.node == node && replica.state == ReplicaState::Running)
        })
    };
    let sick: Vec<ServiceId> =
        roots(topology, assessments).map(|assessment| assessment.service.clone()).collect();
    // What suffers from its load suffers wherever it runs.
    let by_load =
        sick.iter().any(|id| assessments.get(id).is_some_and(|assessment| assessment.under_load(tuning)));
    if sick.len() < SICK_TOGETHER || by_load || !sick.iter().all(runs_here) {
        return None;
    }
    let healthy_elsewhere = assessments
        .values()
        .filter(|assessment| assessment.condition == Condition::Healthy && !runs_here(&assessment.service))
        .count();
    // Another node with the same sick services is just as likely: then co-location says nothing.
    let another = topology.nodes().filter(|other| &other.id != node).any(|other| {
        sick.iter().all(|id| {
            topology
                .service(id)
                .is_some_and(|service| service.replicas.iter().any(|replica| replica.node == other.id))
        })
    });
    (healthy_elsewhere >= SICK_TOGETHER && !another).then_some(Suspicion::Gray { sick, healthy_elsewhere })
}

/// Unhealthy services whose trouble no callee explains.
pub(crate) fn roots<'a>(
    topology: &'a Topology,
    assessments: &'a BTreeMap<ServiceId, Assessment>,
) -> impl Iterator<Item = &'a Assessment> {
    assessments.values().filter(|assessment| {
        assessment.condition.is_unhealthy()
            && !topology.callees(&assessment.service).iter().any(|edge| {
                assessments
                    .get(&edge.to)
                    .is_some_and(|callee| assessment.condition.explained_by(callee.condition))
            })
    })
}
