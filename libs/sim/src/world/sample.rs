//! Samples: what was measured over an interval, as columns, hashed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::Digest;

use crate::queueing::gamma_percentiles;
use crate::snapshot::{Columns, MetricName, Snapshot};
use crate::topology::Topology;
use crate::{SAMPLE_EVERY_MS, TICK_S, TICKS_PER_SAMPLE};

use super::cloud::Cloud;
use super::telemetry_hash::{Link, TelemetryHash};
use super::view::Percentiles;

/// Columns of services, in order.
const SERVICE_METRICS: [MetricName; 14] = [
    MetricName::CpuUsage,
    MetricName::MemoryUsage,
    MetricName::DiskUsage,
    MetricName::NetworkMbps,
    MetricName::RequestRate,
    MetricName::Throughput,
    MetricName::ErrorRate,
    MetricName::LatencyP50,
    MetricName::LatencyP95,
    MetricName::LatencyP99,
    MetricName::QueueDepth,
    MetricName::ActiveConnections,
    MetricName::Replicas,
    MetricName::ReplicasMissing,
];

/// Columns of nodes, in order.
const NODE_METRICS: [MetricName; 6] = [
    MetricName::CpuUsage,
    MetricName::MemoryUsage,
    MetricName::DiskUsage,
    MetricName::NetworkMbps,
    MetricName::Replicas,
    MetricName::Up,
];

/// Sums over the ticks of an interval.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct ServiceTally {
    offered: f64,
    completed: f64,
    failed: f64,
    served: f64,
    tree: f64,
    tree_squared: f64,
    own: f64,
    own_squared: f64,
    /// Replica ticks, and what they add up to.
    active: f64,
    cpu: f64,
    memory_gb: f64,
    in_flight: f64,
    waiting: f64,
    network_mbit: f64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct NodeTally {
    up_ticks: f64,
    used_cores: f64,
    memory_gb: f64,
    network_mbit: f64,
}

/// Sums of the interval that is open, and the columns of the one that was closed last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sampler {
    services: Vec<ServiceTally>,
    nodes: Vec<NodeTally>,
    own: Vec<Percentiles>,
    tick: u64,
    /// Who is in which row; follows from the topology, as the next does.
    #[serde(skip)]
    service_ids: Arc<[Arc<str>]>,
    #[serde(skip)]
    node_ids: Arc<[Arc<str>]>,
    service_columns: Vec<(MetricName, Vec<f32>)>,
    node_columns: Vec<(MetricName, Vec<f32>)>,
    /// Replicas and disk per node, counted when a sample is closed.
    node_replicas: Vec<f64>,
    node_disk_gb: Vec<f64>,
}

impl Sampler {
    pub(super) fn new(topology: &Topology) -> Self {
        let (services, nodes) = (topology.services.len(), topology.nodes.len());
        let columns = |metrics: &[MetricName], rows: usize| -> Vec<(MetricName, Vec<f32>)> {
            metrics.iter().map(|metric| (*metric, vec![f32::NAN; rows])).collect()
        };
        Self {
            services: vec![ServiceTally::default(); services],
            nodes: vec![NodeTally::default(); nodes],
            own: vec![Percentiles::NONE; services],
            tick: 0,
            service_ids: topology.services.iter().map(|service| Arc::clone(&service.id)).collect(),
            node_ids: topology.nodes.iter().map(|node| Arc::clone(&node.id)).collect(),
            service_columns: columns(&SERVICE_METRICS, services),
            node_columns: columns(&NODE_METRICS, nodes),
            node_replicas: vec![0.0; nodes],
            node_disk_gb: vec![0.0; nodes],
        }
    }

    pub(super) fn snapshot(&self, service_versions: Vec<u64>, node_versions: Vec<u64>) -> Snapshot {
        let columns = |ids: &Arc<[Arc<str>]>, versions, columns: &Vec<_>| Columns {
            ids: Arc::clone(ids),
            versions,
            columns: columns.clone(),
        };
        Snapshot {
            tick: self.tick,
            services: columns(&self.service_ids, service_versions, &self.service_columns),
            nodes: columns(&self.node_ids, node_versions, &self.node_columns),
        }
    }

    /// Takes over who is in which row.
    pub(super) fn take_ids_from(&mut self, new: Self) {
        self.service_ids = new.service_ids;
        self.node_ids = new.node_ids;
    }

    /// Goes on with the interval that is open in another sampler; `now` has the new number of every service in it.
    pub(super) fn take_over(&mut self, old: Self, now: &[Option<usize>]) {
        for (service, number) in now.iter().enumerate() {
            let Some(number) = *number else { continue };
            self.services[number] = old.services[service];
            self.own[number] = old.own[service];
            for ((_, new), (_, old)) in self.service_columns.iter_mut().zip(&old.service_columns) {
                new[number] = old[service];
            }
        }
        let Self { nodes, tick, node_columns, node_replicas, node_disk_gb, .. } = old;
        (self.nodes, self.tick, self.node_columns) = (nodes, tick, node_columns);
        (self.node_replicas, self.node_disk_gb) = (node_replicas, node_disk_gb);
    }

    /// Whether both have the same columns with as many rows.
    pub(super) fn is_shaped_like(&self, other: &Self) -> bool {
        let same = |left: &[(MetricName, Vec<f32>)], right: &[(MetricName, Vec<f32>)]| {
            let column = |(name, values): &(MetricName, Vec<f32>)| (*name, values.len());
            left.iter().map(column).eq(right.iter().map(column))
        };
        let rows = |sampler: &Self| {
            let Self { services, nodes, own, node_replicas, node_disk_gb, .. } = sampler;
            [services.len(), nodes.len(), own.len(), node_replicas.len(), node_disk_gb.len()]
        };
        rows(self) == rows(other)
            && same(&self.service_columns, &other.service_columns)
            && same(&self.node_columns, &other.node_columns)
    }

    pub(super) fn own_percentiles(&self, service: usize) -> Percentiles {
        self.own[service]
    }

    /// Takes the id tables into the hash: which row is whose.
    pub(super) fn hash_ids(&self, telemetry: &mut TelemetryHash) {
        telemetry.add(Link::Ids, |hasher| {
            for ids in [&self.service_ids, &self.node_ids] {
                hasher.update((ids.len() as u64).to_le_bytes());
                for id in ids.iter() {
                    hasher.update((id.len() as u64).to_le_bytes());
                    hasher.update(id.as_bytes());
                }
            }
        });
    }

    fn hash_values(&self, telemetry: &mut TelemetryHash) {
        telemetry.add(Link::Sample, |hasher| {
            hasher.update(self.tick.to_le_bytes());
            for (_, values) in self.service_columns.iter().chain(&self.node_columns) {
                for value in values {
                    hasher.update(value.to_bits().to_le_bytes());
                }
            }
        });
    }

    pub(super) fn service_value(&self, metric: usize, service: usize) -> f32 {
        self.service_columns[metric].1[service]
    }
}

/// A share in percent; NaN when there is nothing to divide by. NaN is always the same one, for the hash.
fn percent(part: f64, whole: f64) -> f32 {
    if whole > 0.0 { (part / whole * 100.0).clamp(0.0, 100.0) as f32 } else { f32::NAN }
}

impl Cloud {
    /// Adds the tick that was computed to the open interval.
    pub(super) fn measure(&mut self) {
        for (index, tally) in self.sampler.services.iter_mut().enumerate() {
            let (service, sums) = (&self.services[index], &self.sums[index]);
            tally.offered += service.offered;
            tally.completed += service.completed;
            tally.failed += service.failed;
            tally.served += sums.served;
            // What users wait: the way to the entry is a part of it.
            let way = &service.distance.way;
            let (mean, variance) = (service.tree.0 + way.mean_s, service.tree.1 + way.variance);
            tally.tree += sums.served * mean;
            tally.tree_squared += sums.served * (variance + mean * mean);
            tally.own += sums.latency;
            tally.own_squared += sums.latency_squared;
            tally.active += sums.active;
            tally.cpu += sums.cpu;
            tally.memory_gb += sums.memory_gb;
            tally.in_flight += sums.in_flight;
            tally.waiting += sums.waiting;
            tally.network_mbit += sums.served * self.common[index].request_mbit;
        }
        for (index, tally) in self.sampler.nodes.iter_mut().enumerate() {
            let used = &self.node_sums[index];
            if !self.nodes[index].down {
                tally.up_ticks += 1.0;
                let hog = self.effects.nodes[index].hog * self.topology.nodes[index].cpu_cores;
                tally.used_cores += used.used_cores + hog;
            }
            tally.memory_gb += used.memory_gb;
            tally.network_mbit += used.network_mbit;
        }
    }

    /// Turns the open interval into columns, hashes them and opens the next interval.
    pub(super) fn close_sample(&mut self, tick: u64, telemetry: &mut TelemetryHash) {
        self.sampler.tick = tick;
        for service in 0..self.services.len() {
            let values = self.service_values(service);
            for ((_, column), value) in self.sampler.service_columns.iter_mut().zip(values) {
                column[service] = value;
            }
        }
        self.count_on_nodes();
        for node in 0..self.nodes.len() {
            let values = self.node_values(node);
            for ((_, column), value) in self.sampler.node_columns.iter_mut().zip(values) {
                column[node] = value;
            }
        }
        self.sampler.hash_values(telemetry);
        self.sampler.services.fill(ServiceTally::default());
        self.sampler.nodes.fill(NodeTally::default());
    }

    fn service_values(&mut self, index: usize) -> [f32; SERVICE_METRICS.len()] {
        let tally = self.sampler.services[index];
        let service = &self.services[index];
        let specs = &self.topology.services[index].specs;
        let interval_s = f64::from(SAMPLE_EVERY_MS) / 1000.0;
        let per_tick = 1.0 / TICKS_PER_SAMPLE as f64;
        let latency = percentiles_ms(tally.served, tally.tree, tally.tree_squared);
        let [p50_ms, p95_ms, p99_ms] = percentiles_ms(tally.served, tally.own, tally.own_squared);
        let mean_ms = if tally.served > 0.0 { tally.own / tally.served * 1000.0 } else { f64::NAN };
        self.sampler.own[index] = Percentiles { mean_ms, p50_ms, p95_ms, p99_ms };
        let latency = latency.map(|value| if value.is_nan() { f32::NAN } else { value as f32 });
        [
            percent(tally.cpu, tally.active),
            percent(tally.memory_gb, tally.active * specs.memory_gb),
            percent(
                self.effects.services[index].disk_used(service.disk_gb, specs.storage_gb),
                specs.storage_gb,
            ),
            (tally.network_mbit / interval_s) as f32,
            (tally.offered / interval_s) as f32,
            (tally.completed / interval_s) as f32,
            percent(tally.failed, tally.completed + tally.failed),
            latency[0],
            latency[1],
            latency[2],
            (tally.waiting * per_tick) as f32,
            (tally.in_flight * per_tick) as f32,
            service.running as f32,
            service.desired.saturating_sub(service.running) as f32,
        ]
    }

    fn count_on_nodes(&mut self) {
        self.sampler.node_replicas.fill(0.0);
        self.sampler.node_disk_gb.fill(0.0);
        for shard in &self.replicas.shards {
            for (service, node) in shard.service.iter().zip(&shard.node) {
                self.sampler.node_replicas[*node as usize] += 1.0;
                self.sampler.node_disk_gb[*node as usize] += self.services[*service as usize].disk_gb;
            }
        }
    }

    fn node_values(&self, index: usize) -> [f32; NODE_METRICS.len()] {
        let tally = self.sampler.nodes[index];
        let spec = &self.topology.nodes[index];
        if tally.up_ticks == 0.0 {
            // A node that does not answer measures nothing.
            return [f32::NAN, f32::NAN, f32::NAN, 0.0, self.sampler.node_replicas[index] as f32, 0.0];
        }
        [
            percent(tally.used_cores, tally.up_ticks * spec.cpu_cores),
            percent(tally.memory_gb, tally.up_ticks * spec.memory_gb),
            percent(self.sampler.node_disk_gb[index], spec.disk_gb),
            (tally.network_mbit / (TICK_S * TICKS_PER_SAMPLE as f64)) as f32,
            self.sampler.node_replicas[index] as f32,
            (tally.up_ticks / TICKS_PER_SAMPLE as f64) as f32,
        ]
    }
}

fn percentiles_ms(weight: f64, sum: f64, squares: f64) -> [f64; 3] {
    if weight <= 0.0 {
        return [f64::NAN; 3];
    }
    let mean = sum / weight;
    gamma_percentiles(mean, (squares / weight - mean * mean).max(0.0)).map(|seconds| seconds * 1000.0)
}
