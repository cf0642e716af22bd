//! A node while it runs, and how its replicas slow each other down.

use serde::{Deserialize, Serialize};

use crate::TICK_S;

use super::cloud::Cloud;
use super::view::NodeState;

/// Most by which the flow through a node's full network recovers in a tick: senders find out by trying, as TCP does.
const NETWORK_RECOVERY: f64 = 1.05;

/// Least share of its speed that a full network leaves a node.
const MIN_FLOW: f64 = 1e-3;

/// A node while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) version: u64,
    pub(super) down: bool,
    /// Takes no new replicas.
    pub(super) cordoned: bool,
    /// Share of the wanted CPU time that there is, of the last tick.
    pub(super) contention: f64,
    /// Share of their speed at which its replicas fill the network and no more.
    pub(super) flow: f64,
}

impl Node {
    pub(super) fn new() -> Self {
        Self { version: 1, down: false, cordoned: false, contention: 1.0, flow: 1.0 }
    }

    pub(super) fn state(&self) -> NodeState {
        match (self.down, self.cordoned) {
            (true, _) => NodeState::Down,
            (false, true) => NodeState::Draining,
            (false, false) => NodeState::Ready,
        }
    }
}

impl Cloud {
    /// Node totals of this tick become the speed of the next one.
    pub(super) fn contend(&mut self) {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let effect = &self.effects.nodes[index];
            let cores = self.topology.nodes[index].cpu_cores * (1.0 - effect.hog);
            let wanted = self.node_sums[index].wanted_cores;
            node.contention = if wanted > cores { cores / wanted } else { 1.0 };
            let sent_mbps = self.node_sums[index].network_mbit / TICK_S;
            let room = self.topology.nodes[index].network_mbps / sent_mbps.max(f64::MIN_POSITIVE);
            node.flow = (node.flow * room.min(NETWORK_RECOVERY)).clamp(MIN_FLOW, 1.0);
            self.node_speed[index] = effect.speed * node.contention.min(node.flow);
        }
    }
}
