//! Metrics and their units.

use connectrpc_axum::ConnectError;
use store::metrics::Aggregate;

use crate::error;

/// As docs/messages.md lists them.
const UNITS: &[(&str, &str)] = &[
    ("cpu_usage", "%"),
    ("memory_usage", "%"),
    ("disk_usage", "%"),
    ("network_mbps", "Mbit/s"),
    ("request_rate", "req/s"),
    ("throughput", "req/s"),
    ("error_rate", "%"),
    ("latency_p50", "ms"),
    ("latency_p95", "ms"),
    ("latency_p99", "ms"),
    ("queue_depth", "requests"),
    ("active_connections", "connections"),
    ("replicas", "replicas"),
    ("replicas_missing", "replicas"),
    ("up", "share"),
];

/// Refuses a metric that there is not.
pub(super) fn known(metric: &str) -> Result<(), ConnectError> {
    if UNITS.iter().any(|(name, _)| *name == metric) {
        return Ok(());
    }
    let names: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
    Err(error::invalid(format!("There is no metric {metric:?}. Use one of: {}.", names.join(", "))))
}

/// Unit of what an aggregate makes of a known metric.
pub(super) fn unit(metric: &str, aggregate: Aggregate) -> String {
    let unit = UNITS.iter().find(|(name, _)| *name == metric).map_or("", |(_, unit)| *unit);
    match aggregate {
        Aggregate::Count => "samples".to_owned(),
        // A change of req/s a second is req/s².
        Aggregate::Rate => unit.strip_suffix("/s").map_or(format!("{unit}/s"), |per| format!("{per}/s²")),
        _ => unit.to_owned(),
    }
}
