//! Everything that a topology turns into when it runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::queueing::{Curve, StationKey};
use crate::scenario::Scenario;
use crate::topology::{ServiceSpec, Topology};
use crate::{TICK_S, TICKS_PER_SECOND, rng};

use super::caches::Cache;
use super::calls::Edge;
use super::calls::retries::Level;
use super::delay::Delay;
use super::effects::Effects;
use super::placement;
use super::replicas::{Common, Lane, NodeSums, Replica, Replicas, Sums, Surroundings};
use super::sample::Sampler;
use super::view::{Health, NodeState, ReplicaState};
use crate::workers::Workers;

/// Share of the disk in use at the start.
const INITIAL_DISK_SHARE: f64 = 0.35;

/// Most by which the flow through a node's full network recovers in a tick: senders find out by trying, as TCP does.
const NETWORK_RECOVERY: f64 = 1.05;

/// Least share of its speed that a full network leaves a node.
const MIN_FLOW: f64 = 1e-3;

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
    pub(super) cache: Cache,
    pub(super) disk_gb: f64,
    /// Share of its writes that fail.
    pub(super) write_failure: f64,
    /// Requests of this tick that write, and that ask for static content.
    pub(super) writes: f64,
    pub(super) statics: f64,
    /// Worker time that opening connections still takes, s.
    pub(super) setup_s: f64,
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
    /// Share of the requests that ended in this tick and failed, those left out that failed because they write.
    pub(super) error_ratio: f64,
    /// Share that failed at once, without being served.
    pub(super) rejected_ratio: f64,
    /// Time that faults add to every call.
    pub(super) delay: Delay,
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
    /// Share of their speed at which its replicas fill the network and no more.
    pub(super) flow: f64,
}

impl Node {
    fn new() -> Self {
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
    /// Retries that wait; those of edge `e` are `first_level[e]..first_level[e + 1]`.
    pub(super) levels: Vec<Level>,
    pub(super) first_level: Vec<usize>,
    /// Edges whose circuit breaker changed in the last tick.
    pub(super) breaker_changes: Vec<usize>,
    pub(super) sums: Vec<Sums>,
    pub(super) node_sums: Vec<NodeSums>,
    pub(super) node_speed: Vec<f64>,
    pub(super) effects: Effects,
    pub(super) sampler: Sampler,
    /// Whether some replica is starting, draining or down.
    pub(super) unsettled: bool,
    /// Whether some replica is colder than it will be.
    pub(super) warming: bool,
    /// Failed liveness probes in a row, by service and ordinal.
    pub(super) failed_probes: BTreeMap<(u32, u32), u32>,
    /// Replicas of the service that is being balanced, and what each should get.
    pub(super) targets: Vec<(usize, f64)>,
}

impl Cloud {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let topology = Arc::clone(&scenario.topology);
        let services = topology.services.iter().map(Service::new).collect();
        let mut curves = BTreeMap::new();
        let common = topology.services.iter().map(|spec| Common::new(spec, &mut curves)).collect();
        let first_edge = (0..=topology.services.len())
            .map(|service| topology.edges.partition_point(|edge| edge.from < service))
            .collect();
        let mut first_level = vec![0];
        for edge in &topology.edges {
            first_level.push(first_level[first_level.len() - 1] + edge.retries.max as usize);
        }
        let mut cloud = Self {
            replicas: Replicas::from_rows(placement::initial(&topology)),
            common,
            services,
            nodes: vec![Node::new(); topology.nodes.len()],
            edges: vec![Edge::default(); topology.edges.len()],
            first_edge,
            levels: vec![Level::default(); first_level[topology.edges.len()]],
            first_level,
            breaker_changes: Vec::new(),
            sums: vec![Sums::default(); topology.services.len()],
            node_sums: vec![NodeSums::default(); topology.nodes.len()],
            node_speed: vec![1.0; topology.nodes.len()],
            effects: Effects::none(&topology),
            sampler: Sampler::new(&topology),
            unsettled: false,
            warming: false,
            failed_probes: BTreeMap::new(),
            targets: Vec::new(),
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
    fn refresh_network(&mut self) {
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

    /// Works out which replicas take which share of their service's traffic. To be called after every change of states,
    /// weights or replicas.
    pub(super) fn refresh_shares(&mut self) {
        self.unsettled = false;
        let mut left = vec![1.0; self.services.len()];
        let mut fewer = false;
        for (service, left) in left.iter_mut().enumerate() {
            let range = self.replicas_of(service);
            let mut total = 0.0;
            let mut running = 0;
            for index in range.clone() {
                let row = self.replicas.row(index);
                if row.state == ReplicaState::Running {
                    total += row.weight * row.preference;
                    running += 1;
                } else {
                    self.unsettled = true;
                }
            }
            for index in range {
                let row = self.replicas.row(index);
                let share = if row.state == ReplicaState::Running {
                    row.weight * row.preference / total
                } else {
                    0.0
                };
                self.replicas.set_share(index, share);
            }
            let before = self.services[service].running;
            self.services[service].running = running;
            if running < before {
                fewer = true;
                *left = f64::from(running) / f64::from(before);
            }
            if before != running {
                let lane = &self.common[service].lanes[0];
                let one = self.common[service].workers / lane.service_s;
                self.services[service].capacity_rps = one * f64::from(running);
            }
        }
        if fewer {
            self.forget_calls(&left);
        }
        self.refresh_network();
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

    /// Replaces all replicas after a structural change.
    pub(super) fn rebuild(&mut self, rows: Vec<Replica>) {
        self.replicas = Replicas::from_rows(rows);
        self.refresh_shares();
    }
}

impl Service {
    /// Share of this tick's requests that write.
    pub(super) fn write_share(&self) -> f64 {
        self.share_of(self.writes)
    }

    /// Share of this tick's requests that ask for static content.
    pub(super) fn static_share(&self) -> f64 {
        self.share_of(self.statics)
    }

    fn share_of(&self, part: f64) -> f64 {
        if self.offered > 0.0 { (part / self.offered).min(1.0) } else { 0.0 }
    }

    fn new(spec: &ServiceSpec) -> Self {
        let idle_s = spec.specs.service_time_s();
        Self {
            cache: Cache::new(&spec.specs),
            version: 1,
            desired: spec.replicas,
            next_ordinal: spec.replicas,
            health: Health::Healthy,
            clean_samples: 0,
            running: 0,
            disk_gb: spec.specs.storage_gb * INITIAL_DISK_SHARE,
            write_failure: 0.0,
            writes: 0.0,
            statics: 0.0,
            setup_s: 0.0,
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
            delay: Delay::default(),
        }
    }
}

impl Common {
    /// Services with the same queue share its table.
    fn new(spec: &ServiceSpec, curves: &mut BTreeMap<StationKey, Curve>) -> Self {
        const KIB_PER_GIB: f64 = 1_048_576.0;
        let specs = &spec.specs;
        let station = specs.station();
        let curve = curves.entry(station.key()).or_insert_with(|| Curve::new(&station)).clone();
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
            transfer_s: specs.request_size_kb * 8.0 * 1024.0 / 1e6 / specs.network_mbps,
            downstream_s: 0.0,
            stretch: 1.0,
            gc_cost: specs.gc_cost,
            warmup_s: specs.warmup_s,
            lanes: [Lane::default(); 2],
        }
    }
}
