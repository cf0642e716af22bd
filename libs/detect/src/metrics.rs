//! What is measured, in words: the metrics that rules may watch.

use crate::sample::TargetKind;

/// A metric of telemetry. docs/messages.md has them as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name in telemetry.
    pub name: &'static str,
    /// Name in sentences.
    pub label: &'static str,
    /// Unit; empty for counts and shares.
    pub unit: &'static str,
    kinds: &'static [TargetKind],
}

impl Metric {
    const fn new(
        name: &'static str,
        label: &'static str,
        unit: &'static str,
        kinds: &'static [TargetKind],
    ) -> Self {
        Self { name, label, unit, kinds }
    }

    /// Whether it is measured of this kind of target.
    pub fn is_of(&self, kind: TargetKind) -> bool {
        self.kinds.contains(&kind)
    }
}

const SERVICES: &[TargetKind] = &[TargetKind::Service];
const NODES: &[TargetKind] = &[TargetKind::Node];
const BOTH: &[TargetKind] = &TargetKind::ALL;

/// Every metric.
pub const METRICS: [Metric; 15] = [
    Metric::new("cpu_usage", "CPU usage", "%", BOTH),
    Metric::new("memory_usage", "memory usage", "%", BOTH),
    Metric::new("disk_usage", "disk usage", "%", BOTH),
    Metric::new("network_mbps", "network traffic", "Mbit/s", BOTH),
    Metric::new("request_rate", "request rate", "req/s", SERVICES),
    Metric::new("throughput", "throughput", "req/s", SERVICES),
    Metric::new("error_rate", "error rate", "%", SERVICES),
    Metric::new("latency_p50", "p50 latency", "ms", SERVICES),
    Metric::new("latency_p95", "p95 latency", "ms", SERVICES),
    Metric::new("latency_p99", "p99 latency", "ms", SERVICES),
    Metric::new("queue_depth", "queue depth", "", SERVICES),
    Metric::new("active_connections", "active connections", "", SERVICES),
    Metric::new("replicas", "replicas", "", BOTH),
    Metric::new("replicas_missing", "replicas missing", "", SERVICES),
    Metric::new("up", "share of time up", "", NODES),
];

/// The metric of this name.
pub(crate) fn named(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}
