//! The model sheets in `docs/model` say what the code does: names, defaults and units are compared, table by table.

use std::collections::BTreeMap;

use sim::fault::kinds;
use sim::profile::{PROFILES, Profile, Specs, by_name};
use sim::scenario;
use sim::template::{TEMPLATES, Template};
use sim::topology::{Carries, EdgeSpec};

const SHEETS: [&str; 14] = [
    "compute",
    "load-balancer",
    "gateway",
    "cdn",
    "cache",
    "sql",
    "nosql",
    "queue",
    "templates",
    "replicas",
    "placement",
    "calls",
    "traffic",
    "faults",
];

/// Which sheet has which profiles.
const ENGINES: &[(&str, &[&str])] = &[
    (
        "compute",
        &[
            "web_server",
            "api_server",
            "microservice",
            "application_server",
            "batch_processor",
            "real_time_processor",
        ],
    ),
    ("load-balancer", &["load_balancer"]),
    ("gateway", &["api_gateway"]),
    ("cdn", &["cdn"]),
    ("cache", &["redis"]),
    ("sql", &["postgresql"]),
    ("nosql", &["mongodb"]),
    ("queue", &["message_queue"]),
];

/// A page of the docs.
fn page(path: &str) -> String {
    let path = format!("{}/../../docs/{path}.md", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sheet(name: &str) -> String {
    page(&format!("model/{name}"))
}

/// Name, unit and value of every spec.
fn specs(specs: &Specs) -> [(&'static str, &'static str, f64); 21] {
    let Specs {
        cpu_cores,
        cpu_frequency_ghz,
        memory_gb,
        storage_gb,
        network_mbps,
        min_latency_ms,
        service_cv2,
        service_time_noise,
        max_throughput,
        concurrency,
        queue_limit,
        startup_s,
        cold_slowdown,
        warmup_s,
        base_memory_gb,
        request_memory_kb,
        gc_cost,
        cache_items,
        cache_ttl_s,
        request_size_kb,
        base_error_ratio,
    } = *specs;
    [
        ("max_throughput", "req/s", max_throughput),
        ("min_latency_ms", "ms", min_latency_ms),
        ("service_cv2", "–", service_cv2),
        ("service_time_noise", "–", service_time_noise),
        ("concurrency", "requests", concurrency),
        ("queue_limit", "requests", queue_limit),
        ("cpu_cores", "cores", cpu_cores),
        ("cpu_frequency_ghz", "GHz", cpu_frequency_ghz),
        ("memory_gb", "GiB", memory_gb),
        ("base_memory_gb", "GiB", base_memory_gb),
        ("request_memory_kb", "KiB", request_memory_kb),
        ("gc_cost", "–", gc_cost),
        ("storage_gb", "GiB", storage_gb),
        ("network_mbps", "Mbit/s", network_mbps),
        ("request_size_kb", "KiB", request_size_kb),
        ("base_error_ratio", "–", base_error_ratio),
        ("startup_s", "s", startup_s),
        ("cold_slowdown", "–", cold_slowdown),
        ("warmup_s", "s", warmup_s),
        ("cache_items", "items", cache_items),
        ("cache_ttl_s", "s", cache_ttl_s),
    ]
}

/// A number as people write it: groups of three digits from ten thousand on.
fn number(value: f64) -> String {
    let text = value.to_string();
    if value < 10_000.0 || value.fract() > 0.0 {
        return text;
    }
    let groups = text.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join(" ")
}

/// What a sheet should have, unless it has these lines one after the other.
fn missing(name: &str, table: &[String]) -> Option<String> {
    let table = table.join("\n");
    (!sheet(name).contains(&table))
        .then(|| format!("docs/model/{name}.md should have the table\n\n{table}\n"))
}

#[test]
fn every_engine_is_in_a_sheet_with_its_defaults() {
    let described: Vec<&str> = ENGINES.iter().flat_map(|(_, profiles)| profiles.iter().copied()).collect();
    for Profile { name, .. } in PROFILES {
        assert!(described.contains(name), "{name} is in no sheet");
    }
    let wrong = ENGINES.iter().filter_map(|(name, profiles)| {
        let columns: Vec<_> =
            profiles.iter().map(|profile| specs(&by_name(profile).unwrap().defaults)).collect();
        let row = |first: &[&str], values: Vec<String>| {
            let cells: Vec<&str> = first.iter().copied().chain(values.iter().map(String::as_str)).collect();
            format!("| {} |", cells.join(" | "))
        };
        let names = profiles.iter().map(|profile| format!("`{profile}`")).collect();
        let mut table =
            vec![row(&["parameter", "unit"], names), format!("|{}", "---|".repeat(profiles.len() + 2))];
        for (at, (parameter, unit, _)) in columns[0].iter().enumerate() {
            let values = columns.iter().map(|column| number(column[at].2)).collect();
            table.push(row(&[&format!("`{parameter}`"), unit], values));
        }
        missing(name, &table)
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_spec_is_explained() {
    let sheet = sheet("replicas");
    for (parameter, unit, _) in specs(&PROFILES[0].defaults) {
        let row = format!("\n| `{parameter}` | {unit} | ");
        assert!(sheet.contains(&row), "docs/model/replicas.md lacks the row {row}");
    }
}

#[test]
fn every_template_is_listed_with_what_it_changes() {
    let mut table =
        vec!["| template | profile | stands for | changes |".to_owned(), "|---|---|---|---|".to_owned()];
    for template in TEMPLATES {
        let Template { name, profile, description, .. } = template;
        let defaults = &by_name(profile).unwrap().defaults;
        let made = template.specs(defaults);
        let changes: Vec<String> = specs(defaults)
            .iter()
            .zip(specs(&made))
            .filter(|(default, made)| (default.2 - made.2).abs() > 0.0)
            .map(|(_, (parameter, _, value))| format!("`{parameter}` {}", number(value)))
            .collect();
        table.push(format!("| `{name}` | `{profile}` | {description} | {} |", changes.join(", ")));
    }
    assert_eq!(missing("templates", &table), None);
}

#[test]
fn every_fault_is_listed() {
    let mut table = vec![
        "| kind | strikes | severity | cured by | what it does |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for kind in kinds() {
        let targets: Vec<&str> = kind.targets.iter().map(|target| target.name()).collect();
        let cures: Vec<&str> = kind.cured_by.iter().map(|action| action.name()).collect();
        let cures = if cures.is_empty() { "–".to_owned() } else { cures.join(", ") };
        table.push(format!(
            "| `{}` | {} | {} | {cures} | {} |",
            kind.name,
            targets.join(", "),
            kind.default_severity,
            kind.description
        ));
    }
    assert_eq!(missing("faults", &table), None);
}

/// Rows of a sheet as (parameter, default), for tables with the head `parameter | default | unit | …`.
fn defaults(name: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut inside = false;
    for line in sheet(name).lines() {
        inside = line.starts_with("| parameter | default | unit |") || (inside && line.starts_with('|'));
        let mut cells = line.split('|').map(str::trim).skip(1);
        if let (true, Some(parameter), Some(default)) = (inside, cells.next(), cells.next())
            && let Some(parameter) = parameter.strip_prefix('`')
        {
            found.insert(parameter.trim_end_matches('`').to_owned(), default.to_owned());
        }
    }
    found
}

/// A service that calls another with every part of the policy and all of its defaults.
fn call_by_default() -> (EdgeSpec, sim::topology::ServiceSpec) {
    let topology = "name: t\nzones: [z]\nnodes: [{id: n, zone: z, cpu_cores: 8, memory_gb: 64}]\nservices:\n  - {id: a, profile: microservice, entry: true, liveness: {}, calls: [{to: b, breaker: {}, connections: {per_replica: 10}}]}\n  - {id: b, profile: postgresql}\n";
    let main = "description: D.\nfamily: f\ntopology: t.yaml\ntraffic: [{service: a, constant: {rps: 1}}]\n";
    let files =
        [("main.yaml", main), ("t.yaml", topology)].map(|(path, text)| (path.to_owned(), text.to_owned()));
    let scenario = scenario::load("main", &BTreeMap::from(files)).unwrap();
    let EdgeSpec { from, .. } = scenario.topology.edges[0];
    (scenario.topology.edges[0].clone(), scenario.topology.services[from].clone())
}

#[test]
fn the_policy_of_calls_has_the_defaults_of_its_sheet() {
    let (call, caller) = call_by_default();
    let EdgeSpec {
        from: _,
        to: _,
        calls_per_request,
        read_ratio,
        carries,
        cache_hit_ratio,
        static_hit_ratio,
        cache,
        network_ms,
        timeout_ms,
        retries,
        breaker,
        connections,
        coalescing,
        required,
        asynchronous,
    } = call;
    assert_eq!((read_ratio, carries, cache), (None, Carries::All, None));
    let (breaker, connections) = (breaker.unwrap(), connections.unwrap());
    let liveness = caller.liveness.unwrap();
    let flag = |set: bool| set.to_string();
    let calls = BTreeMap::from([
        ("calls_per_request", number(calls_per_request)),
        ("read_ratio", "the caller's".to_owned()),
        ("cache_hit_ratio", number(cache_hit_ratio)),
        ("static_hit_ratio", format!("{} (`cache_hit_ratio`)", number(static_hit_ratio))),
        ("cache", "the caller".to_owned()),
        ("coalescing", flag(coalescing)),
        ("network_ms", number(network_ms)),
        ("timeout_ms", number(timeout_ms)),
        ("required", flag(required)),
        ("asynchronous", flag(asynchronous)),
        ("retries", retries.max.to_string()),
        ("retry_budget", number(retries.budget)),
        ("backoff_ms", number(retries.backoff_ms)),
        ("backoff_max_ms", number(retries.backoff_max_ms)),
        ("breaker.failure_ratio", number(breaker.failure_ratio)),
        ("breaker.minimum_requests", number(breaker.minimum_requests)),
        ("breaker.window_s", number(breaker.window_s)),
        ("breaker.open_s", number(breaker.open_s)),
        ("breaker.probe_ratio", number(breaker.probe_ratio)),
        ("breaker.probes", number(breaker.probes)),
        ("connections.per_replica", "to be given".to_owned()),
        ("connections.acquire_timeout_ms", number(connections.acquire_timeout_ms)),
        ("connections.setup_ms", number(connections.setup_ms)),
    ]);
    let replicas = BTreeMap::from([
        ("liveness.timeout_ms", number(liveness.timeout_ms)),
        ("liveness.period_s", number(liveness.period_s)),
        ("liveness.failures", liveness.failures.to_string()),
    ]);
    for (name, expected) in [("calls", calls), ("replicas", replicas)] {
        let expected: BTreeMap<String, String> =
            expected.into_iter().map(|(parameter, default)| (parameter.to_owned(), default)).collect();
        assert_eq!(defaults(name), expected, "docs/model/{name}.md");
    }
    let balancing = ("balancing".to_owned(), caller.balancing.name().to_owned());
    assert_eq!(defaults("load-balancer"), BTreeMap::from([balancing]));
}

#[test]
fn every_field_of_the_files_is_in_a_sheet_and_every_sheet_in_the_overview() {
    let overview = page("simulation");
    let pages = SHEETS.iter().map(|name| sheet(name)).chain([overview.clone()]).collect::<String>();
    let written =
        [include_str!("../../src/scenario/file.rs"), include_str!("../../src/scenario/topology_file.rs")];
    let fields = written.into_iter().flat_map(str::lines);
    let fields = fields.filter_map(|line| line.trim().strip_prefix("pub(super) ")?.split_once(": "));
    let unknown: Vec<&str> = fields
        .map(|(field, _)| field)
        .filter(|field| {
            ![format!("`{field}"), format!(".{field}`"), format!("{field}:")]
                .iter()
                .any(|known| pages.contains(known))
        })
        .collect();
    assert!(unknown.is_empty(), "described nowhere: {unknown:?}");
    for name in SHEETS {
        assert!(overview.contains(&format!("(model/{name}.md)")), "docs/simulation.md has no link to {name}");
    }
}
