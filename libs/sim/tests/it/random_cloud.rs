//! Random clouds: every field that a topology or a source of traffic may have, given or left out, over its whole range.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use proptest::prelude::*;
use sim::policy::Balancing;
use sim::profile::PROFILES;
use sim::template::TEMPLATES;
use sim::{Scenario, scenario};

/// Name, least and largest value; ranges over more than two orders of magnitude are drawn by magnitude.
type Field = (&'static str, f64, f64);

const SPECS: [Field; 17] = [
    ("cpu_frequency_ghz", 0.5, 6.0),
    ("storage_gb", 0.0, 50.0),
    ("network_mbps", 1.0, 1e4),
    ("service_cv2", 0.0, 25.0),
    ("service_time_noise", 0.0, 0.25),
    ("concurrency", 1.0, 1e5),
    ("queue_limit", 0.5, 1e5),
    ("startup_s", 0.05, 5.0),
    ("cold_slowdown", 1.0, 50.0),
    ("warmup_s", 0.1, 60.0),
    ("gc_cost", 0.0, 10.0),
    ("cache_items", 1.0, 1e6),
    ("cache_ttl_s", 0.0, 100.0),
    ("request_memory_kb", 1.0, 1e5),
    ("request_size_kb", 0.1, 1e4),
    ("base_error_ratio", 0.0, 1.0),
    ("base_memory_gb", 0.0, 0.4),
];

/// Latency and workers of a replica; its throughput follows.
const LATENCY_MS: (f64, f64) = (0.01, 2000.0);
const WORKERS: (f64, f64) = (0.51, 1024.0);

const CALL: [Field; 9] = [
    ("calls_per_request", 0.0, 4.0),
    ("read_ratio", 0.0, 1.0),
    ("cache_hit_ratio", 0.0, 1.0),
    ("static_hit_ratio", 0.0, 1.0),
    ("network_ms", 0.0, 200.0),
    ("timeout_ms", 1.0, 5000.0),
    ("retry_budget", 0.0, 10.0),
    ("backoff_ms", 0.0, 2000.0),
    ("backoff_max_ms", 2000.0, 5000.0),
];

const BREAKER: [Field; 6] = [
    ("failure_ratio", 0.01, 1.0),
    ("minimum_requests", 1.0, 1000.0),
    ("window_s", 0.1, 30.0),
    ("open_s", 0.05, 5.0),
    ("probe_ratio", 0.001, 1.0),
    ("probes", 1.0, 100.0),
];

const CONNECTIONS: [Field; 2] = [("acquire_timeout_ms", 1.0, 2000.0), ("setup_ms", 0.0, 100.0)];

const LIVENESS: [Field; 2] = [("timeout_ms", 1.0, 2000.0), ("period_s", 0.1, 5.0)];

/// A scenario and its topology, as files.
#[derive(Clone)]
pub(crate) struct Files(BTreeMap<String, String>);

impl Files {
    /// With a trace that every source may use.
    fn new(scenario: String, topology: String) -> Self {
        let trace = "timestamp,value\n0,10\n60,2000\n120,0\n240,30\n".to_owned();
        let files = [("main.yaml", scenario), ("any.yaml", topology), ("any.csv", trace)];
        Self(files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect())
    }

    /// A mistake in the files is one of the test.
    pub(crate) fn scenario(&self) -> Result<Arc<Scenario>, TestCaseError> {
        scenario::load("main", &self.0).map_err(|error| TestCaseError::fail(error.to_string()))
    }
}

/// As files, so that a counterexample can be kept and run.
impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(path, text)| write!(f, "\n# {path}\n{text}"))
    }
}

/// Each of the fields with a probability of 30 %, as the inside of a YAML flow mapping.
fn some(fields: &'static [Field]) -> impl Strategy<Value = String> {
    let draws = prop::collection::vec(prop::option::weighted(0.3, 0.0..=1.0), fields.len());
    draws.prop_map(move |draws| {
        let given = fields.iter().zip(draws).filter_map(|(field, draw)| Some((field, draw?)));
        let each = given.map(|((name, least, largest), draw): (&Field, f64)| {
            let by_magnitude = *least > 0.0 && largest / least > 100.0;
            let value = if by_magnitude {
                magnitude((*least, *largest), draw)
            } else {
                least + (largest - least) * draw
            };
            format!("{name}: {}", value.clamp(*least, *largest))
        });
        each.collect::<Vec<_>>().join(", ")
    })
}

/// A number between two by its magnitude.
fn magnitude((least, largest): (f64, f64), draw: f64) -> f64 {
    least * libm::pow(largest / least, draw)
}

/// How fast a replica is, if it is not as fast as its profile.
fn pace() -> impl Strategy<Value = String> {
    prop::option::of((0.0..=1.0, 0.0..=1.0)).prop_map(|draws| {
        draws.map_or_else(String::new, |(latency, workers)| {
            let latency_ms = magnitude(LATENCY_MS, latency);
            let throughput = magnitude(WORKERS, workers) / latency_ms * 1000.0;
            format!("min_latency_ms: {latency_ms}, max_throughput: {throughput}")
        })
    })
}

/// A mapping that may be absent: `name: {fields}`.
fn perhaps(
    name: &'static str,
    always: &'static str,
    fields: &'static [Field],
) -> impl Strategy<Value = String> {
    prop::option::weighted(0.3, some(fields)).prop_map(move |inside| {
        inside.map_or_else(String::new, |inside| format!(", {name}: {{{}}}", joined(always, &inside)))
    })
}

fn joined(one: &str, other: &str) -> String {
    if one.is_empty() || other.is_empty() { format!("{one}{other}") } else { format!("{one}, {other}") }
}

/// A service without its calls.
fn service() -> impl Strategy<Value = String> {
    let profiles = PROFILES.iter().map(|profile| format!("profile: {}", profile.name));
    let templates = TEMPLATES.iter().map(|template| format!("template: {}", template.name));
    let profile = prop::sample::select(profiles.chain(templates).collect::<Vec<_>>());
    let balancing = prop::option::of(prop::sample::select(Balancing::ALL.to_vec()));
    let liveness = perhaps("liveness", "failures: 2", &LIVENESS);
    (profile, 1..5_u32, balancing, liveness, (some(&SPECS), pace())).prop_map(
        |(profile, replicas, balancing, liveness, (specs, pace))| {
            let balancing =
                balancing.map_or_else(String::new, |policy| format!(", balancing: {}", policy.name()));
            let specs = joined("cpu_cores: 1, memory_gb: 2", &joined(&specs, &pace));
            format!("{profile}, replicas: {replicas}{balancing}{liveness}, specs: {{{specs}}}")
        },
    )
}

/// A call from some service to a later one, without the two of them.
fn call() -> impl Strategy<Value = String> {
    let breaker = perhaps("breaker", "", &BREAKER);
    let connections = perhaps("connections", "per_replica: 7", &CONNECTIONS);
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.8));
    (some(&CALL), 0..=10_u32, breaker, connections, flags).prop_map(
        |(fields, retries, breaker, connections, (asynchronous, coalescing, required))| {
            let flags =
                format!("asynchronous: {asynchronous}, coalescing: {coalescing}, required: {required}");
            joined(&format!("retries: {retries}, {flags}"), &fields) + &breaker + &connections
        },
    )
}

fn shape() -> impl Strategy<Value = String> {
    let rps = || prop_oneof![Just(0.0), 0.001..10.0, 10.0..5000.0];
    prop_oneof![
        rps().prop_map(|rps| format!("constant: {{rps: {rps}}}")),
        (rps(), rps(), 0.0..5.0, 0.0..5.0).prop_map(|(from, to, start, over)| format!(
            "ramp: {{from_rps: {from}, to_rps: {to}, start_s: {start}, over_s: {over}}}"
        )),
        (rps(), 0.0..=1.0, 1.0..30.0).prop_map(|(mean, swing, period)| format!(
            "diurnal: {{mean_rps: {mean}, swing: {swing}, period_s: {period}}}"
        )),
        (rps(), rps(), 0.0..5.0, 0.0..5.0).prop_map(|(base, peak, start, duration)| format!(
            "spike: {{base_rps: {base}, peak_rps: {peak}, start_s: {start}, duration_s: {duration}}}"
        )),
        (rps(), rps(), 2.0..10.0, 2.0..10.0).prop_map(|(base, peak, quiet, burst)| format!(
            "bursty: {{base_rps: {base}, peak_rps: {peak}, quiet_s: {quiet}, burst_s: {burst}}}"
        )),
        (1.0..5000.0).prop_map(|peak| format!("trace: {{file: any.csv, peak_rps: {peak}, speed_up: 60}}")),
    ]
}

/// A source of traffic without its service: one shape or two, noise, endpoints or none.
fn source() -> impl Strategy<Value = String> {
    let endpoints = prop::option::of((0.0..=1.0, 0.0..=1.0, 0.0..=1.0));
    let shapes = (shape(), prop::option::of(0.0..1000.0));
    (shapes, 0.0..=0.5, endpoints).prop_map(|((shape, steady), noise, endpoints)| {
        let constant = steady.filter(|_| !shape.starts_with("constant"));
        let constant = constant.map_or_else(String::new, |rps| format!(", constant: {{rps: {rps}}}"));
        let endpoints = endpoints.map_or_else(String::new, |(share, statics, reads): (f64, f64, f64)| {
            format!(
                ", endpoints: [{{name: a, share: {share}, static_ratio: {statics}}}, {{name: b, share: {}, read_ratio: {reads}}}]",
                1.0 - share
            )
        });
        format!("noise: {noise}, distance_ms: {}, {shape}{constant}{endpoints}", noise * 2000.0)
    })
}

/// A cloud of one to eight services on four nodes in two zones.
pub(crate) fn any_files() -> impl Strategy<Value = Files> {
    let place = any::<prop::sample::Index>;
    let cache = prop::option::weighted(0.3, place());
    let calls = prop::collection::vec((place(), place(), cache, call()), 0..12);
    let sources = prop::collection::vec((place(), source()), 1..4);
    let chaos = prop_oneof![Just(0.0), 0.0..=1.0];
    (prop::collection::vec(service(), 1..8), calls, sources, chaos).prop_map(|(services, calls, sources, chaos)| {
        let count = services.len();
        let mut text = "name: any\nzones: [z0, z1]\nnodes:\n".to_owned();
        for node in 0..4 {
            // The last one is narrow and small.
            let (network, disk) = if node == 3 { (20, 30) } else { (10_000, 100_000) };
            writeln!(text, "  - {{id: n{node}, zone: z{}, cpu_cores: 8, memory_gb: 64, network_mbps: {network}, disk_gb: {disk}}}", node % 2).unwrap();
        }
        text.push_str("services:\n");
        for (index, service) in services.iter().enumerate() {
            let mut paths = Vec::new();
            for (from, to, cache, call) in &calls {
                if from.index(count) == index && index + 1 < count {
                    let to = index + 1 + to.index(count - index - 1);
                    let cache = cache.map_or_else(String::new, |cache| format!(", cache: s{}", cache.index(count)));
                    paths.push(format!("{{to: s{to}, {call}{cache}}}"));
                }
            }
            writeln!(text, "  - {{id: s{index}, entry: {}, {service}, calls: [{}]}}", index % 3 == 0, paths.join(", ")).unwrap();
        }
        let mut main =
            format!("description: Any.\nfamily: test\nchaos: {chaos}\ntopology: any.yaml\ntraffic:\n");
        for (place, source) in &sources {
            let entry = place.index(count.div_ceil(3)) * 3;
            writeln!(main, "  - {{service: s{entry}, {source}}}").unwrap();
        }
        Files::new(main, text)
    })
}

/// Services in a random graph with room for everybody, so that nothing fails: any number of workers, any variability.
pub(crate) fn roomy_files() -> impl Strategy<Value = Files> {
    let services = prop::collection::vec((1..4_u32, 100.0..1000.0, 0.0..5.0), 1..6);
    let calls =
        prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0.0..1.5), 0..8);
    (services, calls, shape(), 0.0..=0.5).prop_map(|(services, calls, shape, noise)| {
        let mut text = "name: any\nzones: [z]\nnodes: [{id: n, zone: z, cpu_cores: 400, memory_gb: 4000}]\nservices:\n".to_owned();
        let count = services.len();
        for (index, (replicas, throughput, cv2)) in services.iter().enumerate() {
            let paths: Vec<String> = calls
                .iter()
                .filter(|(from, ..)| from.index(count) == index && index + 1 < count)
                .map(|(_, to, per_request)| {
                    let to = index + 1 + to.index(count - index - 1);
                    format!("{{to: s{to}, calls_per_request: {per_request}, timeout_ms: 3600000, retries: 0}}")
                })
                .collect();
            writeln!(
                text,
                "  - {{id: s{index}, profile: microservice, entry: {}, replicas: {replicas}, specs: {{min_latency_ms: 20, max_throughput: {throughput}, service_cv2: {cv2}, concurrency: 1000000, queue_limit: 1000000, base_error_ratio: 0, request_memory_kb: 0}}, calls: [{}]}}",
                index == 0,
                paths.join(", ")
            )
            .unwrap();
        }
        let main = format!("description: Any.\nfamily: test\ntopology: any.yaml\ntraffic: [{{service: s0, noise: {noise}, {shape}}}]\n");
        Files::new(main, text)
    })
}
