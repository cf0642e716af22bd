//! Which of our metrics says what an exporter's metric says. docs/detection.md has the same tables.

use std::collections::BTreeSet;
use std::time::Duration;

use detect::{METRICS, TargetKind};
use promql_parser::label::MatchOp;
use proto::common::v1 as common;
use proto::ops::v1::RuleAggregate;

use super::selector;
use super::value::{Base, Over, Series};

/// A metric of ours, with what is done to it, so that `scale · aggregate(metric) + offset` is what the expression says.
#[derive(Debug)]
pub(super) struct Term {
    pub(super) metric: &'static str,
    pub(super) kinds: Vec<common::TargetKind>,
    pub(super) ids: BTreeSet<String>,
    pub(super) aggregate: RuleAggregate,
    pub(super) window: Duration,
    pub(super) scale: f64,
    pub(super) offset: f64,
}

/// What a metric of ours is to be multiplied with, and what added, to be what the other one is.
#[derive(Clone, Copy)]
struct Counterpart {
    metric: &'static str,
    kind: TargetKind,
    scale: f64,
    offset: f64,
}

const fn service(metric: &'static str, scale: f64, offset: f64) -> Counterpart {
    Counterpart { metric, kind: TargetKind::Service, scale, offset }
}

const fn node(metric: &'static str, scale: f64, offset: f64) -> Counterpart {
    Counterpart { metric, kind: TargetKind::Node, scale, offset }
}

/// Percent that are used, as the share that is free.
const FREE: (f64, f64) = (-0.01, 1.0);
/// Percent, as a share.
const SHARE: (f64, f64) = (0.01, 0.0);

/// Counters of requests, whose rate is a service's, and whose failed ones have a status that begins with 5.
const REQUESTS: [&str; 11] = [
    "http_requests_total",
    "http_server_requests_total",
    "http_server_requests_seconds_count",
    "http_request_duration_seconds_count",
    "istio_requests_total",
    "traefik_service_requests_total",
    "traefik_entrypoint_requests_total",
    "nginx_ingress_controller_requests",
    "nginx_http_requests_total",
    "envoy_cluster_upstream_rq",
    "caddy_http_requests_total",
];
/// Jobs of exporters that run once on every machine.
const MACHINE_JOBS: [&str; 6] =
    ["node", "nodes", "node-exporter", "node_exporter", "kubelet", "kubernetes-nodes"];
/// Labels that hold a request's status.
const STATUS: [&str; 5] = ["code", "status", "status_code", "response_code", "envoy_response_code_class"];

/// Histograms of durations of requests, and milliseconds in their unit.
const DURATIONS: [(&str, f64); 8] = [
    ("http_request_duration_seconds_bucket", 1_000.0),
    ("http_server_request_duration_seconds_bucket", 1_000.0),
    ("http_server_requests_seconds_bucket", 1_000.0),
    ("istio_request_duration_milliseconds_bucket", 1.0),
    ("traefik_service_request_duration_seconds_bucket", 1_000.0),
    ("nginx_ingress_controller_request_duration_seconds_bucket", 1_000.0),
    ("envoy_cluster_upstream_rq_time_bucket", 1.0),
    ("caddy_http_request_duration_seconds_bucket", 1_000.0),
];

/// What is always the same here: file systems can be written to.
pub(super) fn constant(name: &str) -> Option<f64> {
    matches!(name, "node_filesystem_readonly" | "node_filesystem_device_error").then_some(0.0)
}

pub(super) fn term(base: &Base, notes: &mut Vec<String>) -> Result<Term, String> {
    match base {
        Base::One(series) => {
            match METRICS.iter().find(|metric| metric.name == series.name && metric.name != "up") {
                Some(metric) => ours(metric, series, notes),
                None if series.name == "up" && !is_of_machines(series) => Err(
                "`up` of that job: what answers or not is a node here; for a service watch `replicas` < 1".to_owned(),
            ),
            None => theirs(series, single(series).ok_or_else(|| unknown(&series.name))?, notes),
            }
        }
        Base::Ratio(above, below) => {
            let counterpart = ratio(above, below).ok_or_else(|| {
                format!(
                    "nothing here measures {} / {}: docs/detection.md lists what exporters' metrics become",
                    above.name, below.name
                )
            })?;
            let mut term = theirs(above, counterpart, notes)?;
            let (_, ids) = selector::of_theirs(&below.matchers, &mut Vec::new())?;
            if term.ids.is_empty() {
                term.ids = ids;
            }
            Ok(term)
        }
        Base::Difference(more, less) => {
            let counterpart = shortfall(more, less).ok_or_else(|| {
                format!(
                    "it compares {} with {}; a rule compares one series with a number",
                    more.name, less.name
                )
            })?;
            theirs(more, counterpart, notes)
        }
        Base::Quantile(quantile, buckets) => theirs(buckets, latency(*quantile, buckets)?, notes),
    }
}

/// A metric of ours: labels say which targets.
fn ours(metric: &detect::Metric, series: &Series, notes: &mut Vec<String>) -> Result<Term, String> {
    let (kind, ids) = selector::of_ours(&series.matchers)?;
    let kinds =
        TargetKind::ALL.into_iter().filter(|of| metric.is_of(*of) && kind.is_none_or(|only| only == *of));
    let kinds: Vec<_> = kinds.map(message).collect();
    if kinds.is_empty() {
        return Err(format!("{} is not measured of what its labels name", metric.name));
    }
    let aggregate = match series.over {
        Over::Instant | Over::Last => RuleAggregate::Last,
        Over::Avg => RuleAggregate::Avg,
        Over::Max => RuleAggregate::Max,
        Over::Min => RuleAggregate::Min,
        Over::P95 => RuleAggregate::P95,
        Over::Rate => {
            notes.push("a rate is the newest minus the oldest value here, not a regression".to_owned());
            RuleAggregate::Rate
        }
    };
    Ok(Term { metric: metric.name, kinds, ids, aggregate, window: series.range, scale: 1.0, offset: 0.0 })
}

/// An exporter's metric: labels that have no meaning here are left out.
fn theirs(series: &Series, counterpart: Counterpart, notes: &mut Vec<String>) -> Result<Term, String> {
    let Counterpart { metric, kind, scale, offset } = counterpart;
    let (of, ids) = selector::of_theirs(&series.matchers, notes)?;
    let ids = if of.is_none_or(|of| of == kind) { ids } else { BTreeSet::new() };
    let aggregate = match series.over {
        // The rate of a counter over a range is the mean over it of what we measure directly.
        Over::Rate | Over::Avg => RuleAggregate::Avg,
        Over::Instant | Over::Last => RuleAggregate::Last,
        // Of what is free the most is of what is used the least.
        Over::Max if scale < 0.0 => RuleAggregate::Min,
        Over::Min if scale < 0.0 => RuleAggregate::Max,
        Over::Max => RuleAggregate::Max,
        Over::Min => RuleAggregate::Min,
        Over::P95 if scale < 0.0 => {
            return Err(
                "the 95th percentile of what is free is the 5th of what is used, which a rule does not have"
                    .to_owned(),
            );
        }
        Over::P95 => RuleAggregate::P95,
    };
    Ok(Term { metric, kinds: vec![message(kind)], ids, aggregate, window: series.range, scale, offset })
}

fn single(series: &Series) -> Option<Counterpart> {
    let rated = series.over == Over::Rate;
    let has = |label: &str, value: &str| {
        series.matchers.iter().any(|matcher| {
            matcher.name == label && matcher.value == value && matches!(matcher.op, MatchOp::Equal)
        })
    };
    Some(match series.name.as_str() {
        "up" if !rated => node("up", 1.0, 0.0),
        "kube_node_status_condition" if !rated && has("condition", "Ready") && has("status", "true") => {
            node("up", 1.0, 0.0)
        }
        "node_cpu_seconds_total" if rated && has("mode", "idle") => node("cpu_usage", FREE.0, FREE.1),
        "node_cpu_seconds_total" if rated && is_busy(series) => node("cpu_usage", SHARE.0, SHARE.1),
        "kube_deployment_status_replicas_available"
        | "kube_deployment_status_replicas_ready"
        | "kube_statefulset_status_replicas_ready"
        | "kube_statefulset_status_replicas_available"
            if !rated =>
        {
            service("replicas", 1.0, 0.0)
        }
        "kube_deployment_status_replicas_unavailable" if !rated => service("replicas_missing", 1.0, 0.0),
        name if rated && REQUESTS.contains(&name) && !is_failed(series) => service("request_rate", 1.0, 0.0),
        _ => return None,
    })
}

fn ratio(above: &Series, below: &Series) -> Option<Counterpart> {
    let names = (above.name.as_str(), below.name.as_str());
    Some(match names {
        ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes") => {
            node("memory_usage", FREE.0, FREE.1)
        }
        ("node_filesystem_avail_bytes" | "node_filesystem_free_bytes", "node_filesystem_size_bytes") => {
            node("disk_usage", FREE.0, FREE.1)
        }
        ("kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes") => {
            service("disk_usage", FREE.0, FREE.1)
        }
        ("kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes") => {
            service("disk_usage", SHARE.0, SHARE.1)
        }
        (
            "container_memory_working_set_bytes" | "container_memory_usage_bytes" | "container_memory_rss",
            "container_spec_memory_limit_bytes" | "kube_pod_container_resource_limits",
        ) => service("memory_usage", SHARE.0, SHARE.1),
        ("container_cpu_usage_seconds_total", "kube_pod_container_resource_limits")
            if above.over == Over::Rate =>
        {
            service("cpu_usage", SHARE.0, SHARE.1)
        }
        (above_name, below_name)
            if above_name == below_name
                && REQUESTS.contains(&above_name)
                && is_failed(above)
                && !is_failed(below) =>
        {
            service("error_rate", SHARE.0, SHARE.1)
        }
        _ => return None,
    })
}

fn shortfall(more: &Series, less: &Series) -> Option<Counterpart> {
    match (more.name.as_str(), less.name.as_str()) {
        (
            "kube_deployment_spec_replicas",
            "kube_deployment_status_replicas_available" | "kube_deployment_status_replicas_ready",
        )
        | (
            "kube_statefulset_replicas" | "kube_statefulset_status_replicas",
            "kube_statefulset_status_replicas_ready",
        ) => Some(service("replicas_missing", 1.0, 0.0)),
        (
            "kube_deployment_status_replicas_available" | "kube_deployment_status_replicas_ready",
            "kube_deployment_spec_replicas",
        )
        | (
            "kube_statefulset_status_replicas_ready",
            "kube_statefulset_replicas" | "kube_statefulset_status_replicas",
        ) => Some(service("replicas_missing", -1.0, 0.0)),
        _ => None,
    }
}

fn latency(quantile: f64, buckets: &Series) -> Result<Counterpart, String> {
    let Some((_, ms)) = DURATIONS.iter().find(|(name, _)| *name == buckets.name) else {
        return Err(unknown(&buckets.name));
    };
    let metric = [(0.5, "latency_p50"), (0.95, "latency_p95"), (0.99, "latency_p99")];
    let metric = metric.iter().find(|(of, _)| (of - quantile).abs() < 1e-9);
    let (_, metric) = metric.ok_or("of the quantiles of latency there are 0.5, 0.95 and 0.99")?;
    Ok(service(metric, 1.0 / ms, 0.0))
}

/// Whether what is scraped runs once on every machine.
fn is_of_machines(series: &Series) -> bool {
    let mut jobs = series.matchers.iter().filter(|matcher| matcher.name == "job");
    jobs.all(|job| matches!(job.op, MatchOp::Equal) && MACHINE_JOBS.contains(&job.value.as_str()))
}

/// Whether the series counts failed requests only.
fn is_failed(series: &Series) -> bool {
    series.matchers.iter().any(|matcher| {
        STATUS.contains(&matcher.name.as_str())
            && matches!(matcher.op, MatchOp::Equal | MatchOp::Re(_))
            && matcher.value.trim_start_matches(['^', '(']).starts_with('5')
    })
}

/// Whether the series counts the time in which cores were not idle.
fn is_busy(series: &Series) -> bool {
    series.matchers.iter().any(|matcher| {
        matcher.name == "mode"
            && matches!(matcher.op, MatchOp::NotEqual | MatchOp::NotRe(_))
            && matcher.value.trim_start_matches('(').starts_with("idle")
    })
}

fn unknown(name: &str) -> String {
    if name.contains(':') {
        return format!("{name} is what a recording rule computes: write its expression out");
    }
    format!("nothing here measures {name}: docs/detection.md lists what exporters' metrics become")
}

fn message(kind: TargetKind) -> common::TargetKind {
    match kind {
        TargetKind::Service => common::TargetKind::Service,
        TargetKind::Node => common::TargetKind::Node,
    }
}
