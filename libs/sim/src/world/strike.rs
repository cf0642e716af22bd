//! What the faults in force make of services: of the work of their replicas, of the network that leads to them.

use crate::TICK_S;

use super::cloud::Cloud;
use super::delay::Delay;
use super::replicas::Lane;

impl Cloud {
    /// Works out what faults make of every service's replicas.
    pub(super) fn refresh_lanes(&mut self) {
        for (service, common) in self.common.iter_mut().enumerate() {
            let specs = &self.topology.services[service].specs;
            let room_gb = (specs.memory_gb * 0.96 - specs.base_memory_gb).max(0.0);
            for (lane, strain) in common.lanes.iter_mut().zip(&self.effects.services[service].strain) {
                let work_s = specs.service_time_s();
                let pool = libm::pow(specs.concurrency, strain.pool).max(1.0);
                *lane = Lane {
                    work_s,
                    service_s: work_s * strain.slowdown / (1.0 - strain.hog),
                    pool,
                    per_slot: 1.0 / pool,
                    hog: strain.hog,
                    leak_gb: strain.leak_per_s * specs.memory_gb * TICK_S,
                    leak_cap_gb: room_gb,
                    own_error: 1.0 - (1.0 - specs.base_error_ratio) * (1.0 - strain.own_error),
                };
            }
        }
        self.release_leaks();
        self.refresh_network();
    }

    /// Memory that a leak took comes back when the leak ends.
    fn release_leaks(&mut self) {
        for shard in &mut self.replicas.shards {
            for at in 0..shard.service.len() {
                let lane = &self.common[shard.service[at] as usize].lanes[usize::from(shard.clean[at])];
                if lane.leak_gb == 0.0 {
                    shard.leak_gb[at] = 0.0;
                }
            }
        }
    }

    /// Works out what faults on the network do to every service: a node's reach it in proportion to the traffic its replicas there
    /// take.
    pub(super) fn refresh_network(&mut self) {
        for (service, effect) in self.services.iter_mut().zip(&self.effects.services) {
            service.delay = effect.delay;
        }
        if self.effects.node_delay {
            self.spread_node_delay();
        }
        self.refresh_losses();
    }

    fn spread_node_delay(&mut self) {
        // First and second moment of the mixture over the nodes.
        let mut mixed = vec![(0.0, 0.0); self.services.len()];
        for shard in &self.replicas.shards {
            for at in 0..shard.service.len() {
                let delay = self.effects.nodes[shard.node[at] as usize].delay;
                let (mean, square) = &mut mixed[shard.service[at] as usize];
                *mean += delay.mean_s * shard.share[at];
                *square += delay.second_moment() * shard.share[at];
            }
        }
        for (service, (mean_s, square)) in self.services.iter_mut().zip(mixed) {
            let variance = (square - mean_s * mean_s).max(0.0);
            service.delay = service.delay.plus(Delay { mean_s, variance });
        }
    }
}
