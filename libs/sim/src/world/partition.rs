//! Calls that are lost because the network is cut between the caller and the callee.

use serde::{Deserialize, Serialize};

use crate::topology::Topology;

use super::cloud::Cloud;

/// What a cut separates from the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Inside {
    /// The nodes of a zone.
    Zone(usize),
    /// One node.
    Node(usize),
    /// The replicas of a service, wherever they run.
    Service(usize),
}

impl Inside {
    pub(super) fn is_in(self, topology: &Topology) -> bool {
        match self {
            Self::Zone(zone) => zone < topology.zones.len(),
            Self::Node(node) => node < topology.nodes.len(),
            Self::Service(service) => service < topology.services.len(),
        }
    }
}

/// A cut in the network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Cut {
    pub(super) inside: Inside,
    /// Share of the calls across it that are lost.
    pub(super) severity: f64,
}

impl Cloud {
    /// Works out which share of every edge's calls is lost: `a(1 − b) + (1 − a)b` of them cross a cut that has the share `a` of the
    /// caller's replicas and `b` of the callee's inside. Nobody routes around a cut.
    pub(super) fn refresh_losses(&mut self) {
        self.effects.losses.clear();
        if self.effects.cuts.is_empty() {
            return;
        }
        self.effects.losses.resize(self.edges.len(), 0.0);
        for at in 0..self.effects.cuts.len() {
            let cut = self.effects.cuts[at];
            let inside = self.inside(cut.inside);
            for (loss, edge) in self.effects.losses.iter_mut().zip(&self.topology.edges) {
                let (caller, callee) = (inside[edge.from], inside[edge.to]);
                let crossing = caller * (1.0 - callee) + (1.0 - caller) * callee;
                *loss = 1.0 - (1.0 - *loss) * (1.0 - crossing * cut.severity);
            }
        }
    }

    /// Share of every service's traffic that is inside a cut.
    fn inside(&self, what: Inside) -> Vec<f64> {
        let mut shares = vec![0.0; self.services.len()];
        match what {
            Inside::Service(service) => shares[service] = 1.0,
            Inside::Zone(_) | Inside::Node(_) => {
                for shard in &self.replicas.shards {
                    for at in 0..shard.service.len() {
                        if contains(what, shard.node[at] as usize, &self.topology) {
                            shares[shard.service[at] as usize] += shard.share[at];
                        }
                    }
                }
            }
        }
        shares
    }
}

fn contains(what: Inside, node: usize, topology: &Topology) -> bool {
    match what {
        Inside::Zone(zone) => topology.nodes[node].zone == zone,
        Inside::Node(known) => known == node,
        Inside::Service(_) => false,
    }
}
