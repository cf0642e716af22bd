//! Files with mistakes are refused with file, line and what to write instead.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sim::scenario::{self, LoadError};

const TOPOLOGY: &str = "\
name: small
zones: [east]
nodes:
  - {id: n1, zone: east, cpu_cores: 8, memory_gb: 16}
services:
  - id: web
    profile: web_server
    entry: true
    calls:
      - {to: db, timeout_ms: 200}
  - id: db
    profile: postgresql
";

const SCENARIO: &str = "\
description: Small.
family: test
topology: small.yaml
traffic:
  - service: web
    constant: {rps: 10}
timeline:
  - at_s: 5
    inject: {id: leak, kind: memory_leak, target: {service: web}, severity: 0.5}
truth:
  healing: [{action: RESTART_SERVICE, target: web}]
";

/// Loads a scenario that refers to a topology as `small.yaml`, and to a good and a bad trace.
pub(crate) fn load(scenario: &str, topology: &str) -> Result<(), LoadError> {
    let files = [
        ("main.yaml", scenario),
        ("small.yaml", topology),
        ("bad.csv", "timestamp,value\n1,5\n2,many\n"),
        ("good.csv", "timestamp,value\n1,5\n2,7\n"),
    ];
    let files: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    scenario::load("main", &files).map(drop)
}

#[test]
fn the_files_without_mistakes_load() {
    load(SCENARIO, TOPOLOGY).unwrap();
}

/// What is replaced by what in which file, and how the first problem must read.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        "topology",
        "profile: postgresql",
        "template: mainframe",
        "small.yaml:12: there is no template \"mainframe\"; use one of high",
    ),
    ("topology", "    profile: postgresql\n", "", "small.yaml:11: db needs either a profile or a template"),
    ("topology", "timeout_ms: 200", "backoff_ms: .nan", "small.yaml:10: backoff_ms is NaN"),
    (
        "topology",
        "timeout_ms: 200",
        "breaker: {failure_ratio: 2}",
        "small.yaml:10: failure_ratio is 2; use a number from 0.01 to 1",
    ),
    (
        "topology",
        "timeout_ms: 200",
        "connections: {per_replica: 0}",
        "small.yaml:10: per_replica is 0; use a number from 1",
    ),
    (
        "topology",
        "entry: true",
        "entry: true\n    balancing: magic",
        "small.yaml:9: there is no balancing \"magic\"; use one of round_robin",
    ),
    (
        "topology",
        "entry: true",
        "entry: true\n    specs: {max_throughput: .inf}",
        "small.yaml:9: max_throughput is inf; use a number",
    ),
    (
        "scenario",
        "topology: small.yaml",
        "topology: small.yaml\nchaos: 1.5",
        "main.yaml:4: chaos is 1.5; use a number from 0 to 1",
    ),
    (
        "scenario",
        "constant: {rps: 10}",
        "bursty: {base_rps: 1, peak_rps: 2, quiet_s: 0, burst_s: 5}",
        "main.yaml:6: quiet_s is 0; use a number from 2 to 600",
    ),
    (
        "scenario",
        "constant: {rps: 10}",
        "constant: {rps: 10}\n    endpoints: [{name: a, share: 0.5}]",
        "main.yaml:7: the shares of the endpoints add up to 0.5; make them 1",
    ),
    (
        "scenario",
        "kind: memory_leak",
        "kind: disk_full",
        "main.yaml:9: disk_full makes no difference to web, which stores nothing",
    ),
    (
        "scenario",
        "kind: memory_leak",
        "kind: cache_flush",
        "main.yaml:9: cache_flush makes no difference to web, which caches nothing",
    ),
    (
        "scenario",
        "severity: 0.5}",
        "duration_s: 10}\n  - at_s: 15\n    inject: {id: leak, kind: cpu_hog, target: {service: db}}",
        "main.yaml:10: fault id \"leak\" is in force since 5 s; choose another id",
    ),
    (
        "scenario",
        "severity: 0.5}",
        "duration_s: 10}\n  - at_s: 16\n    clear: leak",
        "main.yaml:10: no fault \"leak\" of the timeline is in force at 16 s; there are none",
    ),
    (
        "scenario",
        "at_s: 5",
        "at_s: 2\n    clear: leak\n  - at_s: 5",
        "main.yaml:8: no fault \"leak\" of the timeline is in force at 2 s",
    ),
    (
        "scenario",
        "topology: small.yaml",
        "topology: small.yaml\nduration_s: 4",
        "main.yaml:9: at_s is 5, after the end of the scenario; use at most duration_s, 4",
    ),
    (
        "topology",
        "profile: postgresql",
        "profile: postgresql\n    specs: {max_throughput: 1000000}",
        "small.yaml:13: max_throughput 1000000 at min_latency_ms 3 takes 3000 workers: a replica has at most 1024",
    ),
    (
        "topology",
        "profile: postgresql",
        "profile: postgresql\n    specs: {min_latency_ms: 0.05}",
        "small.yaml:13: max_throughput 5000 at min_latency_ms 0.05 takes 0.25 workers: one worker alone does more",
    ),
    (
        "topology",
        "profile: postgresql",
        "profile: postgresql\n    replicas: 6",
        "small.yaml:11: 5 replicas of db (4 cores, 8 GiB of memory, 200 GiB of disk each) find no room",
    ),
    ("topology", "name: small", "nam: small", "small.yaml:1: "),
    ("topology", "entry: true", "entry: true\n    colour: red", "colour"),
    (
        "topology",
        "{to: db, timeout_ms: 200}",
        "{to: cache}",
        "small.yaml:10: there is no service \"cache\"; use one of web, db",
    ),
    (
        "topology",
        "profile: postgresql",
        "profile: oracle",
        "small.yaml:12: there is no profile \"oracle\"; use one of web_server",
    ),
    ("topology", "zone: east", "zone: west", "small.yaml:4: there is no zone \"west\"; use one of east"),
    ("topology", "cpu_cores: 8", "cpu_cores: 0", "small.yaml:4: cpu_cores is 0; use a number from 0.1"),
    ("topology", "cpu_cores: 8", "cpu_cores: .nan", "small.yaml:4: cpu_cores is NaN"),
    ("topology", "memory_gb: 16", "memory_gb: .inf", "small.yaml:4: memory_gb is inf"),
    ("topology", "timeout_ms: 200", "timeout_ms: -1", "small.yaml:10: timeout_ms is -1"),
    ("topology", "timeout_ms: 200", "timeout_ms: soon", "small.yaml:10: "),
    ("topology", "timeout_ms: 200", "retries: 99", "small.yaml:10: retries is 99; use 0 to 10"),
    ("topology", "timeout_ms: 200", "cache_hit_ratio: 1.5", "small.yaml:10: cache_hit_ratio is 1.5"),
    ("topology", "id: db", "id: web", "small.yaml:11: service id \"web\" is used twice"),
    ("topology", "id: db", "id: 'd b'", "service id \"d b\": use 1 to 63 letters"),
    (
        "topology",
        "profile: postgresql",
        "profile: postgresql\n    calls: [{to: web}]",
        "small.yaml:6: services call in a circle: web → db → web",
    ),
    (
        "topology",
        "profile: postgresql",
        "profile: postgresql\n    replicas: 0",
        "small.yaml:13: replicas is 0; use 1",
    ),
    (
        "topology",
        "profile: postgresql",
        "profile: postgresql\n    replicas: 9",
        "small.yaml:11: 8 replicas of db",
    ),
    (
        "topology",
        "profile: postgresql",
        "profile: postgresql\n    placement: [n7]",
        "small.yaml:13: there is no node \"n7\"; use one of n1",
    ),
    (
        "topology",
        "profile: postgresql",
        "profile: postgresql\n    specs: {base_memory_gb: 9}",
        "base_memory_gb is 9; it must be below memory_gb, 8",
    ),
    (
        "scenario",
        "topology: small.yaml",
        "topology: ../small.yaml",
        "main.yaml:3: path \"../small.yaml\": write one below",
    ),
    ("scenario", "topology: small.yaml", "topology: large.yaml", "large.yaml: cannot be read"),
    ("scenario", "service: web\n", "service: db\n", "main.yaml:5: db is not an entry service"),
    ("scenario", "rps: 10", "rps: .nan", "main.yaml:6: rps is NaN; use a number from 0"),
    ("scenario", "constant: {rps: 10}", "noise: 0.1", "main.yaml:5: give at least one of constant, ramp"),
    ("scenario", "constant: {rps: 10}", "trace: {file: bad.csv}", "bad.csv:3: value \"many\": write a count"),
    (
        "scenario",
        "kind: memory_leak",
        "kind: gremlins",
        "main.yaml:9: unknown fault kind \"gremlins\"; use one of node_crash",
    ),
    ("scenario", "severity: 0.5", "severity: 2", "main.yaml:9: severity is 2; use a number from 0 to 1"),
    (
        "scenario",
        "RESTART_SERVICE",
        "REBOOT",
        "main.yaml:11: there is no action \"REBOOT\"; use one of RESTART_SERVICE",
    ),
];

#[test]
fn every_mistake_is_named_with_its_place_and_a_way_out() {
    for &(file, from, to, expected) in MISTAKES {
        let text = if file == "topology" { TOPOLOGY } else { SCENARIO };
        assert!(text.contains(from), "{from}");
        let wrong = text.replacen(from, to, 1);
        let result = if file == "topology" { load(SCENARIO, &wrong) } else { load(&wrong, TOPOLOGY) };
        let error = result.expect_err(to).to_string();
        assert!(error.contains(expected), "{to}: {error}\nlacks: {expected}");
    }
}

#[test]
fn mistakes_are_listed_together() {
    let wrong = TOPOLOGY
        .replace("cpu_cores: 8", "cpu_cores: -8")
        .replace("timeout_ms: 200", "timeout_ms: 0")
        .replace("to: db", "to: dv");
    let error = load(SCENARIO, &wrong).unwrap_err();
    assert_eq!(error.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [4, 10, 10]);
}

/// `count` services in a chain of ten, on a node for every ten, as a topology file.
fn large(count: usize) -> String {
    let mut text = "name: large\nzones: [z]\nnodes:\n".to_owned();
    for node in 0..count.div_ceil(10) {
        writeln!(text, "  - {{id: n{node}, zone: z, cpu_cores: 32, memory_gb: 64}}").unwrap();
    }
    text.push_str("services:\n");
    for service in 0..count {
        writeln!(text, "  - id: s{service}\n    profile: microservice\n    entry: {}", service == 0).unwrap();
        if service % 10 < 9 {
            writeln!(text, "    calls: [{{to: s{}}}]", service + 1).unwrap();
        }
    }
    text
}

const FIRST_ONLY: &str = "description: Large.\nfamily: test\ntopology: small.yaml\ntraffic: [{service: s0, constant: {rps: 10}}]\n";

#[test]
fn a_hundred_thousand_services_load() {
    #[allow(clippy::disallowed_types)] // The limit is far from what it takes.
    let start = std::time::Instant::now();
    load(FIRST_ONLY, &large(100_000)).unwrap();
    // Two seconds on a free core; whatever is quadratic takes minutes.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    println!("{:?}", start.elapsed());
}

#[test]
fn mistakes_in_a_large_file_are_told_shortly() {
    let text = large(5000);
    let error = load(FIRST_ONLY, &text.replace("to: s4999", "to: s9999")).unwrap_err().to_string();
    assert!(error.contains("there is no service \"s9999\"") && error.len() < 400, "{error}");
    let circle = text.replace("  - id: s9\n", "  - id: s9\n    calls: [{to: s0}]\n");
    let error = load(FIRST_ONLY, &circle).unwrap_err().to_string();
    assert!(error.contains("in a circle: s0 → s1 → s2") && error.contains("s9 → s0"), "{error}");
    let error = load(FIRST_ONLY, &large(100_001)).unwrap_err().to_string();
    assert!(error.contains("too many services or nodes; at most 100000 each"), "{error}");
}

#[test]
fn names_that_are_no_names_are_refused() {
    for name in ["", "../x", "a/b", "a b"] {
        assert!(scenario::load(name, &BTreeMap::<String, String>::new()).is_err(), "{name}");
    }
}

#[test]
fn the_example_of_the_docs_loads() {
    let docs = include_str!("../../../../docs/simulation.md");
    let mut files = BTreeMap::new();
    for block in docs.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let name = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# file: "))
            .expect("an example names its file");
        files.insert(name.to_owned(), text.to_owned());
    }
    scenario::load("example", &files).unwrap_or_else(|error| panic!("{error}"));
}
