//! Topology files as they are written; see [`super::file`].

use serde::Deserialize;

use super::file::{Count, Number, Text};
#[cfg(test)]
use super::schema;

/// A cloud of Microcloud: zones, nodes, and services that call each other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "Topology"))]
pub(super) struct TopologyFile {
    /// Name, for people.
    pub(super) name: String,
    /// Ids of the zones.
    pub(super) zones: Vec<Text>,
    /// The machines.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(super) nodes: Vec<NodeFile>,
    /// What runs on them.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(super) services: Vec<ServiceFile>,
}

/// A machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct NodeFile {
    /// Letters, digits, '-', '_' and '.'; no other node has it.
    pub(super) id: Text,
    /// The zone it stands in.
    pub(super) zone: Text,
    /// Cores. The CPU limits of its replicas may add up to twice as many.
    pub(super) cpu_cores: Number,
    /// Memory, GiB. The limits of its replicas never add up to more.
    pub(super) memory_gb: Number,
    /// Disk, GiB; 1000 when absent.
    pub(super) disk_gb: Option<Number>,
    /// What its network carries, Mbit/s; 10 000 when absent.
    pub(super) network_mbps: Option<Number>,
}

/// A service: either a profile or a template, and what differs from it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(transform = schema::profile_or_template))]
pub(super) struct ServiceFile {
    /// Letters, digits, '-', '_' and '.'; no other service has it.
    pub(super) id: Text,
    /// What kind of engine it runs.
    #[cfg_attr(test, schemars(transform = schema::profiles))]
    pub(super) profile: Option<Text>,
    /// A profile with the specs of a machine one knows.
    #[cfg_attr(test, schemars(transform = schema::templates))]
    pub(super) template: Option<Text>,
    /// Replicas at the start; 1 when absent.
    #[cfg_attr(test, schemars(extend("minimum" = 1)))]
    pub(super) replicas: Option<Count>,
    /// Whether traffic enters here from outside; false when absent.
    #[serde(default)]
    pub(super) entry: bool,
    /// Ids of nodes that the first replicas are put on, in turn.
    #[serde(default)]
    pub(super) placement: Vec<Text>,
    /// How requests are spread over its replicas; `round_robin` when absent.
    #[cfg_attr(test, schemars(transform = schema::balancing))]
    pub(super) balancing: Option<Text>,
    /// Kills replicas that answer too late; nobody is killed when absent.
    pub(super) liveness: Option<LivenessFile>,
    /// What differs from the profile or the template.
    #[serde(default)]
    pub(super) specs: SpecsFile,
    /// What it calls for a request, one after the other.
    #[serde(default)]
    pub(super) calls: Vec<CallFile>,
}

/// What one replica has and can do; what is absent is the profile's or the template's.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SpecsFile {
    /// CPU limit, cores.
    pub(super) cpu_cores: Option<Number>,
    /// Clock rate, GHz; work takes 3 GHz / it as long.
    pub(super) cpu_frequency_ghz: Option<Number>,
    /// Memory limit, GiB.
    pub(super) memory_gb: Option<Number>,
    /// Disk, GiB; 0 for services that store nothing.
    pub(super) storage_gb: Option<Number>,
    /// Network limit, Mbit/s.
    pub(super) network_mbps: Option<Number>,
    /// Mean time of its own work on an idle replica, ms.
    pub(super) min_latency_ms: Option<Number>,
    /// How much that time varies: variance over squared mean. 0 is always the same, 1 exponential.
    pub(super) service_cv2: Option<Number>,
    /// Relative standard deviation of the mean from second to second, 0 to 0.25.
    pub(super) service_time_noise: Option<Number>,
    /// Requests a second at which its workers are all busy.
    pub(super) max_throughput: Option<Number>,
    /// Requests in progress at once, those that wait for a callee included.
    pub(super) concurrency: Option<Number>,
    /// Requests that may wait for a worker before more are shed.
    pub(super) queue_limit: Option<Number>,
    /// Time from start to first request, s.
    pub(super) startup_s: Option<Number>,
    /// How many times as long work takes in a replica that has just started.
    pub(super) cold_slowdown: Option<Number>,
    /// Time constant with which it warms up, s.
    pub(super) warmup_s: Option<Number>,
    /// Garbage collection per request, as a share of its work when the heap is half full.
    pub(super) gc_cost: Option<Number>,
    /// Items that a cache holds when it is warm; 0 means as many as are asked for in 20 s.
    pub(super) cache_items: Option<Number>,
    /// Time after which a cache forgets an item, s; 0 means never.
    pub(super) cache_ttl_s: Option<Number>,
    /// Memory in use without load, GiB.
    pub(super) base_memory_gb: Option<Number>,
    /// Memory that a request in progress takes, KiB.
    pub(super) request_memory_kb: Option<Number>,
    /// In and out per request, KiB.
    pub(super) request_size_kb: Option<Number>,
    /// Share of requests that fail with nothing wrong.
    pub(super) base_error_ratio: Option<Number>,
}

/// A call to another service, and how failures of it are dealt with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CallFile {
    /// Id of the callee.
    pub(super) to: Text,
    /// Calls per request, before cache hits and retries; 1 when absent.
    pub(super) calls_per_request: Option<Number>,
    /// Share of the calls that only read; that of the caller's requests when absent.
    pub(super) read_ratio: Option<Number>,
    /// Share of the reads that a warm cache answers instead of the callee; 0 when absent.
    pub(super) cache_hit_ratio: Option<Number>,
    /// The same for static content, where the caller's requests are passed on as they are; `cache_hit_ratio` when absent.
    pub(super) static_hit_ratio: Option<Number>,
    /// Id of the service that caches; the caller itself when absent.
    pub(super) cache: Option<Text>,
    /// Time on the network, there and back, ms; 0.5 when absent.
    pub(super) network_ms: Option<Number>,
    /// Time the caller waits for an answer, ms; 1000 when absent.
    pub(super) timeout_ms: Option<Number>,
    /// Attempts after the first; 1 when absent, 10 at most.
    #[cfg_attr(test, schemars(extend("maximum" = 10)))]
    pub(super) retries: Option<Count>,
    /// Most retries per first attempt, averaged over 10 s; 0.2 when absent.
    pub(super) retry_budget: Option<Number>,
    /// Mean wait before the first retry, ms, doubled with each further one; 50 when absent.
    pub(super) backoff_ms: Option<Number>,
    /// Longest mean wait before a retry, ms; 2000 when absent.
    pub(super) backoff_max_ms: Option<Number>,
    /// Stops calling when too many attempts fail; never when absent.
    pub(super) breaker: Option<BreakerFile>,
    /// Connections to the callee; unlimited when absent.
    pub(super) connections: Option<ConnectionsFile>,
    /// Whether the cache asks once for what several requests miss at the same time; false when absent.
    #[serde(default)]
    pub(super) coalescing: bool,
    /// Whether a request fails when this call does; true when absent.
    pub(super) required: Option<bool>,
    /// Whether the caller goes on without waiting for an answer; false when absent.
    #[serde(default)]
    pub(super) asynchronous: bool,
}

/// A circuit breaker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct BreakerFile {
    /// Share of failed attempts in the window from which it opens; 0.5 when absent.
    pub(super) failure_ratio: Option<Number>,
    /// Attempts in the window below which it never opens; 20 when absent.
    pub(super) minimum_requests: Option<Number>,
    /// Length of the window, s; 10 when absent.
    pub(super) window_s: Option<Number>,
    /// Time for which it lets nothing through once it is open, s; 5 when absent.
    pub(super) open_s: Option<Number>,
    /// Share of the calls that it lets through to find out; 0.1 when absent.
    pub(super) probe_ratio: Option<Number>,
    /// Calls after which it closes or opens again; 10 when absent.
    pub(super) probes: Option<Number>,
}

/// Connections that a caller keeps to a callee.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ConnectionsFile {
    /// Most connections of one replica of the caller.
    pub(super) per_replica: Number,
    /// Longest wait for a free connection, ms; 500 when absent.
    pub(super) acquire_timeout_ms: Option<Number>,
    /// Worker time that opening a connection costs the callee, ms; 0 when absent.
    pub(super) setup_ms: Option<Number>,
}

/// When a replica that answers too late is killed and started again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LivenessFile {
    /// Longest response time of its own work that passes, ms; 1000 when absent.
    pub(super) timeout_ms: Option<Number>,
    /// Time between two probes, s; 10 when absent.
    pub(super) period_s: Option<Number>,
    /// Failed probes in a row after which it is killed; 3 when absent.
    #[cfg_attr(test, schemars(extend("minimum" = 1)))]
    pub(super) failures: Option<Count>,
}
