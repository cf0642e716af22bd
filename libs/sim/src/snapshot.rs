//! One sample of every metric of every entity, by column.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A metric that the simulation measures. `docs/messages.md` lists names and units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MetricName {
    /// CPU in use, percent of the limit (service) or of the cores (node).
    CpuUsage,
    /// Memory in use, percent of the limit.
    MemoryUsage,
    /// Disk in use, percent of the space.
    DiskUsage,
    /// Traffic on the network, Mbit/s.
    NetworkMbps,
    /// Requests that arrived, 1/s.
    RequestRate,
    /// Requests that were answered well, 1/s.
    Throughput,
    /// Requests that failed, percent of those that ended.
    ErrorRate,
    /// Median latency including callees, ms.
    LatencyP50,
    /// 95th percentile of latency including callees, ms.
    LatencyP95,
    /// 99th percentile of latency including callees, ms.
    LatencyP99,
    /// Requests waiting for a free worker, mean over the interval.
    QueueDepth,
    /// Requests in progress, those that wait for a callee included, mean over the interval.
    ActiveConnections,
    /// Replicas that take traffic.
    Replicas,
    /// Replicas that there should be, and that take no traffic.
    ReplicasMissing,
    /// Share of the interval in which a node answered, 0 to 1.
    Up,
}

impl MetricName {
    /// Name in messages and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CpuUsage => "cpu_usage",
            Self::MemoryUsage => "memory_usage",
            Self::DiskUsage => "disk_usage",
            Self::NetworkMbps => "network_mbps",
            Self::RequestRate => "request_rate",
            Self::Throughput => "throughput",
            Self::ErrorRate => "error_rate",
            Self::LatencyP50 => "latency_p50",
            Self::LatencyP95 => "latency_p95",
            Self::LatencyP99 => "latency_p99",
            Self::QueueDepth => "queue_depth",
            Self::ActiveConnections => "active_connections",
            Self::Replicas => "replicas",
            Self::ReplicasMissing => "replicas_missing",
            Self::Up => "up",
        }
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A sample of the whole cloud. It describes the interval that ends at `tick`.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Ticks computed so far: the sample closes at simulated time `tick` × [`TICK_MS`](crate::TICK_MS).
    pub tick: u64,
    /// The services, in file order.
    pub services: Columns,
    /// The nodes, in file order.
    pub nodes: Columns,
}

/// Metrics of one kind of entity, one array a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Ids in the topology; position i of every column belongs to `ids[i]`.
    pub ids: Arc<[Arc<str>]>,
    /// Version of each entity's definition, parallel to `ids`.
    pub versions: Vec<u64>,
    /// The metrics; NaN means "not measured".
    pub columns: Vec<(MetricName, Vec<f32>)>,
}

impl Columns {
    /// One entity's value of a metric; `None` when the id or the metric is not there or was not measured.
    pub fn value(&self, id: &str, metric: MetricName) -> Option<f32> {
        let row = self.ids.iter().position(|known| &**known == id)?;
        let (_, values) = self.columns.iter().find(|(name, _)| *name == metric)?;
        values.get(row).copied().filter(|value| !value.is_nan())
    }
}
