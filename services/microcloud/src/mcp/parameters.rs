//! What the tools are asked with. The descriptions are what the model reads.

#![allow(clippy::doc_markdown)] // Shown as they are, without Markdown.

use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::{ActionType, PlannedAction};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Incidents {
    /// Only those that are open; true when left out.
    #[serde(default = "yes")]
    pub(super) open_only: bool,
    /// At most this many, newest first, 1 to 100; 20 when left out.
    #[serde(default)]
    pub(super) limit: u32,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct OneIncident {
    /// UUID of the incident.
    pub(super) incident_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Telemetry {
    /// Metrics: `cpu_usage`, `memory_usage`, `disk_usage` (%), `error_rate` (%), `latency_p50`, `latency_p95`, `latency_p99` (ms), `request_rate`,
    /// `throughput` (req/s), `queue_depth`, `active_connections`, `network_mbps`, `replicas`, `replicas_missing`, `up`.
    pub(super) metrics: Vec<String>,
    /// Ids of services; all of them when neither services nor nodes are named.
    #[serde(default)]
    pub(super) services: Vec<String>,
    /// Ids of nodes.
    #[serde(default)]
    pub(super) nodes: Vec<String>,
    /// How far back from the newest sample, simulated seconds; 600 when left out.
    #[serde(default)]
    pub(super) last_s: u32,
    /// Seconds a value is taken over; chosen to fit when left out.
    #[serde(default)]
    pub(super) step_s: f64,
}

impl Telemetry {
    pub(super) fn targets(&self) -> Vec<Target> {
        let named = |kind: TargetKind, ids: &[String]| -> Vec<Target> {
            ids.iter().map(|id| Target { kind: kind.into(), id: id.clone() }).collect()
        };
        [named(TargetKind::Service, &self.services), named(TargetKind::Node, &self.nodes)].concat()
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Planned {
    /// RESTART_SERVICE, SCALE_UP, SCALE_DOWN, DRAIN_NODE, REBALANCE_TRAFFIC, ADD_READ_REPLICA, ADD_CACHE, ADD_LOAD_BALANCER, ADD_CDN,
    /// ADD_CONSUMERS, REMOVE_COMPONENT, UNDRAIN_NODE or SPREAD_TRAFFIC.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Id of one service, or of one node for DRAIN_NODE and UNDRAIN_NODE.
    pub(super) target: String,
    /// Replicas to add, remove or begin with, for types that take them; 1 when left out.
    #[serde(default)]
    pub(super) replicas: u32,
}

impl Planned {
    pub(super) fn kind(&self) -> Result<ActionType, String> {
        let name = format!("ACTION_TYPE_{}", self.kind.trim_start_matches("ACTION_TYPE_"));
        ActionType::from_str_name(&name).filter(|kind| *kind != ActionType::Unspecified).ok_or_else(|| {
            format!(
                "There is no action type {:?}; the description of the tool names those there are.",
                self.kind
            )
        })
    }

    pub(super) fn planned(&self) -> Result<PlannedAction, String> {
        let kind = self.kind()?;
        Ok(PlannedAction { r#type: kind.into(), target_id: self.target.clone(), replicas: self.replicas })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Actions {
    /// At most 8, each looked at by itself beside doing nothing.
    pub(super) actions: Vec<Planned>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Proposal {
    /// UUID of the incident that it answers.
    pub(super) incident_id: String,
    #[serde(flatten)]
    pub(super) action: Planned,
    /// Why, in words and numbers: the operator reads it before deciding.
    pub(super) reason: String,
    /// Version of the target that was looked at (`topology` tells it): the proposal is refused when it has changed since.
    #[serde(default)]
    pub(super) expected_target_version: u64,
}
