//! No field of the files takes a number that is none, or that makes no sense; the message has its line.

use crate::files::load;

/// A topology and a scenario with every field that takes a number.
const NUMBERS_OF_TOPOLOGY: &str = "\
name: small
zones: [east]
nodes:
  - {id: n1, zone: east, cpu_cores: 16, memory_gb: 64, disk_gb: 900, network_mbps: 9000}
services:
  - id: web
    profile: web_server
    entry: true
    replicas: 2
    liveness: {timeout_ms: 900, period_s: 5, failures: 2}
    specs:
      cpu_cores: 2
      cpu_frequency_ghz: 3.2
      memory_gb: 4
      storage_gb: 5
      network_mbps: 900
      min_latency_ms: 6
      service_cv2: 1.5
      service_time_noise: 0.1
      max_throughput: 900
      concurrency: 90
      queue_limit: 60
      startup_s: 3
      cold_slowdown: 2
      warmup_s: 20
      gc_cost: 0.1
      cache_items: 1000
      cache_ttl_s: 60
      base_memory_gb: 1
      request_memory_kb: 256
      request_size_kb: 2
      base_error_ratio: 0.001
    calls:
      - to: db
        calls_per_request: 1.5
        read_ratio: 0.9
        cache_hit_ratio: 0.5
        static_hit_ratio: 0.6
        network_ms: 0.4
        timeout_ms: 300
        retries: 2
        retry_budget: 0.3
        backoff_ms: 20
        backoff_max_ms: 200
        breaker: {failure_ratio: 0.4, minimum_requests: 30, window_s: 8, open_s: 4, probe_ratio: 0.2, probes: 12}
        connections: {per_replica: 20, acquire_timeout_ms: 250, setup_ms: 3}
  - id: db
    profile: postgresql
";

const NUMBERS_OF_SCENARIO: &str = "\
description: Small.
family: test
duration_s: 100
chaos: 0.1
topology: small.yaml
traffic:
  - service: web
    noise: 0.05
    distance_ms: 200
    constant: {rps: 10}
    ramp: {from_rps: 1, to_rps: 2, start_s: 3, over_s: 4}
    diurnal: {mean_rps: 5, swing: 0.5, period_s: 60, phase: 0.25}
    spike: {base_rps: 1, peak_rps: 9, start_s: 20, duration_s: 5}
    bursty: {base_rps: 1, peak_rps: 9, quiet_s: 20, burst_s: 5}
    trace: {file: good.csv, scale: 2, speed_up: 3}
    endpoints: [{name: all, share: 1, static_ratio: 0.2, read_ratio: 0.7}]
  - service: web
    trace: {file: good.csv, peak_rps: 40}
timeline:
  - at_s: 5
    inject: {kind: memory_leak, target: {service: web}, severity: 0.5, onset_s: 2, duration_s: 10}
truth:
  onset_s: 5
  difficulty: 3
";

/// Places of the numbers of a text, as positions of their first and last letter.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let starts = text.match_indices(": ").map(|(at, colon)| at + colon.len());
    let until =
        |start: usize| text[start..].find([',', '}', ']', '\n']).map(|length| (start, start + length));
    starts.filter_map(until).filter(|(start, end)| text[*start..*end].parse::<f64>().is_ok()).collect()
}

#[test]
fn no_field_takes_a_number_that_is_none_or_has_no_place() {
    load(NUMBERS_OF_SCENARIO, NUMBERS_OF_TOPOLOGY).unwrap();
    let written =
        [include_str!("../../src/scenario/file.rs"), include_str!("../../src/scenario/topology_file.rs")];
    let fields = written.into_iter().flat_map(str::lines).filter(|line| {
        [": Number", ": Option<Number>", ": Count", ": Option<Count>"].iter().any(|kind| line.contains(kind))
    });
    for field in fields.filter_map(|line| line.trim().strip_prefix("pub(super) ")) {
        let name = &field[..=field.find(':').unwrap()];
        let known = NUMBERS_OF_SCENARIO.contains(name) || NUMBERS_OF_TOPOLOGY.contains(name);
        assert!(known, "{name} is not tried here");
    }
    for (file, text) in [("main.yaml", NUMBERS_OF_SCENARIO), ("small.yaml", NUMBERS_OF_TOPOLOGY)] {
        for (start, end) in numbers(text) {
            for absurd in [".nan", ".inf", "-.inf", "-1", "1e300", "many"] {
                let wrong = format!("{}{absurd}{}", &text[..start], &text[end..]);
                let pair = if file == "main.yaml" {
                    (&*wrong, NUMBERS_OF_TOPOLOGY)
                } else {
                    (NUMBERS_OF_SCENARIO, &*wrong)
                };
                let error = load(pair.0, pair.1).expect_err(&wrong);
                let line = text[..start].lines().count() as u64;
                let told = error.problems.iter().any(|problem| problem.file == file && problem.line == line);
                assert!(told, "line {line} with {absurd}: {error}");
            }
        }
    }
}
