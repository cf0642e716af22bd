//! The files as they are written: the same names, nothing checked yet, the line of every value kept.

use serde::Deserialize;
use serde_saphyr::Spanned;

pub(super) type Text = Spanned<String>;
pub(super) type Number = Spanned<f64>;
pub(super) type Count = Spanned<u64>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub(super) description: String,
    pub(super) family: String,
    pub(super) seed: Option<u64>,
    pub(super) duration_s: Option<Number>,
    pub(super) chaos: Option<Number>,
    pub(super) topology: Text,
    pub(super) traffic: Vec<Spanned<TrafficFile>>,
    #[serde(default)]
    pub(super) timeline: Vec<Spanned<EntryFile>>,
    pub(super) truth: Option<TruthFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficFile {
    pub(super) service: Text,
    pub(super) noise: Option<Number>,
    pub(super) constant: Option<ConstantFile>,
    pub(super) ramp: Option<RampFile>,
    pub(super) diurnal: Option<DiurnalFile>,
    pub(super) spike: Option<SpikeFile>,
    pub(super) bursty: Option<BurstyFile>,
    pub(super) trace: Option<TraceFile>,
    #[serde(default)]
    pub(super) endpoints: Vec<EndpointFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConstantFile {
    pub(super) rps: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RampFile {
    pub(super) from_rps: Number,
    pub(super) to_rps: Number,
    pub(super) start_s: Number,
    pub(super) over_s: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DiurnalFile {
    pub(super) mean_rps: Number,
    pub(super) swing: Number,
    pub(super) period_s: Number,
    pub(super) phase: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpikeFile {
    pub(super) base_rps: Number,
    pub(super) peak_rps: Number,
    pub(super) start_s: Number,
    pub(super) duration_s: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BurstyFile {
    pub(super) base_rps: Number,
    pub(super) peak_rps: Number,
    pub(super) quiet_s: Number,
    pub(super) burst_s: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointFile {
    pub(super) name: String,
    pub(super) share: Number,
    pub(super) static_ratio: Option<Number>,
    pub(super) read_ratio: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceFile {
    pub(super) file: Text,
    pub(super) scale: Option<Number>,
    pub(super) peak_rps: Option<Number>,
    pub(super) speed_up: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryFile {
    pub(super) at_s: Number,
    pub(super) inject: Option<FaultFile>,
    pub(super) clear: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultFile {
    pub(super) id: Option<Text>,
    pub(super) kind: Text,
    pub(super) target: TargetFile,
    pub(super) severity: Option<Number>,
    pub(super) onset_s: Option<Number>,
    pub(super) duration_s: Option<Number>,
    #[serde(default)]
    pub(super) persistent: bool,
}

/// Exactly one of the fields is to be given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetFile {
    pub(super) service: Option<Text>,
    pub(super) node: Option<Text>,
    pub(super) zone: Option<Text>,
    pub(super) simulation: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TruthFile {
    pub(super) root_cause: Option<TargetFile>,
    #[serde(default)]
    pub(super) cause: String,
    pub(super) onset_s: Option<Number>,
    #[serde(default)]
    pub(super) healing: Vec<TruthActionFile>,
    #[serde(default)]
    pub(super) all_needed: bool,
    #[serde(default)]
    pub(super) harmful: Vec<TruthActionFile>,
    pub(super) difficulty: Option<Count>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TruthActionFile {
    pub(super) action: Text,
    pub(super) target: Text,
    pub(super) replicas: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopologyFile {
    pub(super) name: String,
    pub(super) zones: Vec<Text>,
    pub(super) nodes: Vec<NodeFile>,
    pub(super) services: Vec<ServiceFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeFile {
    pub(super) id: Text,
    pub(super) zone: Text,
    pub(super) cpu_cores: Number,
    pub(super) memory_gb: Number,
    pub(super) disk_gb: Option<Number>,
    pub(super) network_mbps: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceFile {
    pub(super) id: Text,
    pub(super) profile: Option<Text>,
    pub(super) template: Option<Text>,
    pub(super) replicas: Option<Count>,
    #[serde(default)]
    pub(super) entry: bool,
    #[serde(default)]
    pub(super) placement: Vec<Text>,
    pub(super) balancing: Option<Text>,
    pub(super) liveness: Option<LivenessFile>,
    #[serde(default)]
    pub(super) specs: SpecsFile,
    #[serde(default)]
    pub(super) calls: Vec<CallFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpecsFile {
    pub(super) cpu_cores: Option<Number>,
    pub(super) cpu_frequency_ghz: Option<Number>,
    pub(super) memory_gb: Option<Number>,
    pub(super) storage_gb: Option<Number>,
    pub(super) network_mbps: Option<Number>,
    pub(super) min_latency_ms: Option<Number>,
    pub(super) service_cv2: Option<Number>,
    pub(super) service_time_noise: Option<Number>,
    pub(super) max_throughput: Option<Number>,
    pub(super) concurrency: Option<Number>,
    pub(super) queue_limit: Option<Number>,
    pub(super) startup_s: Option<Number>,
    pub(super) cold_slowdown: Option<Number>,
    pub(super) warmup_s: Option<Number>,
    pub(super) gc_cost: Option<Number>,
    pub(super) cache_items: Option<Number>,
    pub(super) cache_ttl_s: Option<Number>,
    pub(super) base_memory_gb: Option<Number>,
    pub(super) request_memory_kb: Option<Number>,
    pub(super) request_size_kb: Option<Number>,
    pub(super) base_error_ratio: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallFile {
    pub(super) to: Text,
    pub(super) calls_per_request: Option<Number>,
    pub(super) read_ratio: Option<Number>,
    pub(super) cache_hit_ratio: Option<Number>,
    pub(super) static_hit_ratio: Option<Number>,
    pub(super) cache: Option<Text>,
    pub(super) network_ms: Option<Number>,
    pub(super) timeout_ms: Option<Number>,
    pub(super) retries: Option<Count>,
    pub(super) retry_budget: Option<Number>,
    pub(super) backoff_ms: Option<Number>,
    pub(super) backoff_max_ms: Option<Number>,
    pub(super) breaker: Option<BreakerFile>,
    pub(super) connections: Option<ConnectionsFile>,
    #[serde(default)]
    pub(super) coalescing: bool,
    pub(super) required: Option<bool>,
    #[serde(default)]
    pub(super) asynchronous: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakerFile {
    pub(super) failure_ratio: Option<Number>,
    pub(super) minimum_requests: Option<Number>,
    pub(super) window_s: Option<Number>,
    pub(super) open_s: Option<Number>,
    pub(super) probe_ratio: Option<Number>,
    pub(super) probes: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectionsFile {
    pub(super) per_replica: Number,
    pub(super) acquire_timeout_ms: Option<Number>,
    pub(super) setup_ms: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LivenessFile {
    pub(super) timeout_ms: Option<Number>,
    pub(super) period_s: Option<Number>,
    pub(super) failures: Option<Count>,
}
