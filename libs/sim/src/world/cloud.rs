//! Everything that a topology turns into when it runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::queueing::{Curve, Station};
use crate::scenario::Scenario;
use crate::topology::{ServiceSpec, Topology};
use crate::{TICK_S, TICKS_PER_SECOND, rng};

use super::effects::Effects;
use super::placement;
use super::replicas::{Common, Lane, NodeSums, Replica, Replicas, Sums, Surroundings};
use super::sample::Sampler;
use super::view::{Health, NodeState, ReplicaState};
use crate::workers::Workers;

/// Share of the disk in use at the start.
const INITIAL_DISK_SHARE: f64 = 0.35;

/// A service while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) version: u64,
    pub(super) desired: u32,
    pub(super) next_ordinal: u32,
    pub(super) health: Health,
    /// Clean samples in a row since it was last not healthy.
    pub(super) clean_samples: u32,
    /// Replicas that take traffic.
    pub(super) running: u32,
    /// How much of its content a cache holds, 0 to 1.
    pub(super) warmth: f64,
    pub(super) disk_gb: f64,
    /// Requests that were waiting in replicas that went away in this tick.
    pub(super) lost: f64,
    /// Requests that found no replica in this tick.
    pub(super) refused: f64,
    /// What all its replicas can serve, as of the last tick.
    pub(super) capacity_rps: f64,
    /// Requests that its replicas hold, and those of them that wait for a worker.
    pub(super) backlog: f64,
    pub(super) waiting: f64,
    /// Share of the requests at hand that was served in the last tick.
    pub(super) served_share: f64,
    /// Requests whose callees were called in this tick.
    pub(super) called: f64,
    /// Requests served so far whose callees are still to be called; negative when some were called too early.
    pub(super) calls_owed: f64,
    pub(super) offered: f64,
    pub(super) completed: f64,
    pub(super) failed: f64,
    /// Own latency: mean, s, and variance, s².
    pub(super) own: (f64, f64),
    /// Latency with callees: mean, s, and variance, s².
    pub(super) tree: (f64, f64),
    /// Share of the requests that ended in this tick and failed.
    pub(super) error_ratio: f64,
    /// Share that failed at once, without being served.
    pub(super) rejected_ratio: f64,
    /// Time on the network that faults add to every call, s.
    pub(super) network_s: f64,
}

/// A node while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) version: u64,
    pub(super) down: bool,
    /// Takes no new replicas.
    pub(super) cordoned: bool,
    /// Share of the wanted CPU time that there is, of the last tick.
    pub(super) contention: f64,
}

impl Node {
    pub(super) fn state(&self) -> NodeState {
        match (self.down, self.cordoned) {
            (true, _) => NodeState::Down,
            (false, true) => NodeState::Draining,
            (false, false) => NodeState::Ready,
        }
    }
}

/// A call path while it runs.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Edge {
    /// Retries per first attempt, from what failed in the last tick.
    pub(super) retries: f64,
    /// Calls per request of the caller after cache hits.
    pub(super) calls: f64,
}

/// Everything that runs.
#[derive(Debug, Clone)]
pub(super) struct Cloud {
    pub(super) topology: Arc<Topology>,
    pub(super) replicas: Replicas,
    pub(super) common: Vec<Common>,
    pub(super) services: Vec<Service>,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// Edges of service `s` are `first_edge[s]..first_edge[s + 1]`.
    pub(super) first_edge: Vec<usize>,
    pub(super) sums: Vec<Sums>,
    pub(super) node_sums: Vec<NodeSums>,
    pub(super) node_speed: Vec<f64>,
    pub(super) effects: Effects,
    pub(super) sampler: Sampler,
    /// Whether some replica is starting, draining or down.
    pub(super) unsettled: bool,
}

impl Cloud {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let topology = Arc::clone(&scenario.topology);
        let services = topology.services.iter().map(Service::new).collect();
        let mut curves = Vec::new();
        let common = topology.services.iter().map(|spec| Common::new(spec, &mut curves)).collect();
        let first_edge = (0..=topology.services.len())
            .map(|service| topology.edges.partition_point(|edge| edge.from < service))
            .collect();
        let mut cloud = Self {
            replicas: Replicas::from_rows(placement::initial(&topology)),
            common,
            services,
            nodes: vec![
                Node { version: 1, down: false, cordoned: false, contention: 1.0 };
                topology.nodes.len()
            ],
            edges: vec![Edge::default(); topology.edges.len()],
            first_edge,
            sums: vec![Sums::default(); topology.services.len()],
            node_sums: vec![NodeSums::default(); topology.nodes.len()],
            node_speed: vec![1.0; topology.nodes.len()],
            effects: Effects::none(&topology),
            sampler: Sampler::new(&topology),
            unsettled: false,
            topology,
        };
        cloud.refresh_lanes();
        cloud.refresh_shares();
        cloud
    }

    /// Indexes of a service's replicas.
    pub(super) fn replicas_of(&self, service: usize) -> std::ops::Range<usize> {
        let find = |wanted: usize| {
            let shards = &self.replicas.shards;
            let shard = shards
                .partition_point(|shard| shard.service.last().is_some_and(|last| (*last as usize) < wanted));
            let within = shards
                .get(shard)
                .map_or(0, |shard| shard.service.partition_point(|service| (*service as usize) < wanted));
            (shard * super::replicas::SHARD_SIZE + within).min(self.replicas.len())
        };
        find(service)..find(service + 1)
    }

    /// Works out what faults make of every service's replicas.
    pub(super) fn refresh_lanes(&mut self) {
        for (service, common) in self.common.iter_mut().enumerate() {
            let specs = &self.topology.services[service].specs;
            let room_gb = (specs.memory_gb * 0.96 - specs.base_memory_gb).max(0.0);
            for (lane, strain) in common.lanes.iter_mut().zip(&self.effects.services[service].strain) {
                let work_s = specs.service_time_s();
                *lane = Lane {
                    work_s,
                    service_s: work_s * strain.slowdown / (1.0 - strain.hog),
                    pool: libm::pow(specs.concurrency, strain.pool).max(1.0),
                    hog: strain.hog,
                    leak_gb: strain.leak_per_s * specs.memory_gb * TICK_S,
                    leak_cap_gb: room_gb,
                    own_error: 1.0 - (1.0 - specs.base_error_ratio) * (1.0 - strain.own_error),
                };
            }
            self.services[service].network_s = self.effects.services[service].network_s;
        }
        self.release_leaks();
        self.spread_node_latency();
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

    /// A node's latency reaches a service in proportion to the traffic its replicas there take.
    fn spread_node_latency(&mut self) {
        if !self.effects.node_latency {
            return;
        }
        for shard in &self.replicas.shards {
            for at in 0..shard.service.len() {
                let added = self.effects.nodes[shard.node[at] as usize].network_s * shard.share[at];
                self.services[shard.service[at] as usize].network_s += added;
            }
        }
    }

    /// Works out which replicas take which share of their service's traffic. To be called after every change of states,
    /// weights or replicas.
    pub(super) fn refresh_shares(&mut self) {
        self.unsettled = false;
        for service in 0..self.services.len() {
            let range = self.replicas_of(service);
            let mut total = 0.0;
            let mut running = 0;
            for index in range.clone() {
                let row = self.replicas.row(index);
                if row.state == ReplicaState::Running {
                    total += row.weight;
                    running += 1;
                } else {
                    self.unsettled = true;
                }
            }
            for index in range {
                let row = self.replicas.row(index);
                let share = if row.state == ReplicaState::Running { row.weight / total } else { 0.0 };
                self.replicas.set_share(index, share);
            }
            let before = self.services[service].running;
            self.services[service].running = running;
            if before != running {
                let lane = &self.common[service].lanes[0];
                let one = self.common[service].workers / lane.service_s;
                self.services[service].capacity_rps = one * f64::from(running);
            }
        }
        self.services.iter_mut().zip(&self.effects.services).for_each(|(service, effect)| {
            service.network_s = effect.network_s;
        });
        self.spread_node_latency();
    }

    /// Lets every replica serve a tick.
    pub(super) fn serve(&mut self, workers: &Workers, seed: u64, tick: u64) {
        let around = Surroundings {
            common: &self.common,
            node_speed: &self.node_speed,
            key: rng::key(seed, rng::Purpose::ServiceTime),
            second: tick / TICKS_PER_SECOND,
            within: (tick % TICKS_PER_SECOND) as f64 * TICK_S,
        };
        self.replicas.serve(workers, &around, &mut self.sums, &mut self.node_sums);
    }

    /// Node totals of this tick become the CPU speed of the next one.
    pub(super) fn contend(&mut self) {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let effect = &self.effects.nodes[index];
            let cores = self.topology.nodes[index].cpu_cores * (1.0 - effect.hog);
            let wanted = self.node_sums[index].wanted_cores;
            node.contention = if wanted > cores { cores / wanted } else { 1.0 };
            self.node_speed[index] = effect.speed * node.contention;
        }
    }

    /// Replaces all replicas after a structural change.
    pub(super) fn rebuild(&mut self, rows: Vec<Replica>) {
        self.replicas = Replicas::from_rows(rows);
        self.refresh_shares();
    }
}

impl Service {
    fn new(spec: &ServiceSpec) -> Self {
        let idle_s = spec.specs.service_time_s();
        Self {
            version: 1,
            desired: spec.replicas,
            next_ordinal: spec.replicas,
            health: Health::Healthy,
            clean_samples: 0,
            running: 0,
            warmth: 1.0,
            disk_gb: spec.specs.storage_gb * INITIAL_DISK_SHARE,
            lost: 0.0,
            refused: 0.0,
            capacity_rps: 0.0,
            backlog: 0.0,
            waiting: 0.0,
            served_share: 1.0,
            called: 0.0,
            calls_owed: 0.0,
            offered: 0.0,
            completed: 0.0,
            failed: 0.0,
            own: (idle_s, idle_s * idle_s),
            tree: (idle_s, idle_s * idle_s),
            error_ratio: 0.0,
            rejected_ratio: 0.0,
            network_s: 0.0,
        }
    }
}

impl Common {
    /// Services with the same queue share its table.
    fn new(spec: &ServiceSpec, curves: &mut Vec<(Station, Curve)>) -> Self {
        const KIB_PER_GIB: f64 = 1_048_576.0;
        let specs = &spec.specs;
        let station = specs.station();
        let known = curves.iter().find(|(known, _)| *known == station).map(|(_, curve)| curve.clone());
        let curve = known.unwrap_or_else(|| {
            let curve = Curve::new(&station);
            curves.push((station, curve.clone()));
            curve
        });
        Self {
            offered: 0.0,
            workers: station.workers(),
            curve,
            service_cv2: specs.service_cv2,
            service_time_noise: specs.service_time_noise,
            cpu_cores: specs.cpu_cores,
            memory_gb: specs.memory_gb,
            base_memory_gb: specs.base_memory_gb,
            request_memory_gb: specs.request_memory_kb / KIB_PER_GIB,
            request_mbit: specs.request_size_kb * 8.0 * 1024.0 / 1e6,
            downstream_s: 0.0,
            lanes: [Lane::default(); 2],
        }
    }
}
