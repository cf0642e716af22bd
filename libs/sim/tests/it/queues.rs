//! A lone service against the closed form of its queue.

use std::collections::BTreeMap;

use sim::{Command, scenario};

use crate::stage::Stage;

fn lone(workers: u32, utilisation: f64) -> Stage {
    let throughput = f64::from(workers) * 100.0;
    let topology = format!(
        "name: lone\nzones: [z]\nnodes: [{{id: n, zone: z, cpu_cores: 8, memory_gb: 8}}]\nservices:\n  - id: s\n    profile: microservice\n    entry: true\n    specs: {{min_latency_ms: 10, max_throughput: {throughput}}}\n"
    );
    let main = format!(
        "description: Lone.\nfamily: test\ntopology: lone.yaml\ntraffic: [{{service: s, constant: {{rps: {}}}}}]\n",
        throughput * utilisation
    );
    let files = BTreeMap::from([("main.yaml".to_owned(), main), ("lone.yaml".to_owned(), topology)]);
    Stage::with(scenario::load("main", &files).unwrap_or_else(|error| panic!("{error}")), 5)
}

/// Erlang C by its sum.
fn must_wait(workers: u32, utilisation: f64) -> f64 {
    let load = utilisation * f64::from(workers);
    let (mut term, mut below) = (1.0, 0.0);
    for busy in 0..workers {
        below += term;
        term *= load / f64::from(busy + 1);
    }
    let all = term / (1.0 - utilisation);
    all / (below + all)
}

#[test]
fn mean_latency_follows_the_m_m_c_queue() {
    for workers in [1, 2, 8, 32] {
        for utilisation in [0.1, 0.5, 0.8, 0.95] {
            let mut stage = lone(workers, utilisation);
            stage.run_s(60);
            let wait = must_wait(workers, utilisation) / (f64::from(workers) * (1.0 - utilisation));
            let own = stage.world.own_latency("s").unwrap();
            let error = own.mean_ms / (10.0 + 10.0 * wait) - 1.0;
            assert!(error.abs() < 0.005, "{workers} at {utilisation}: {own:?} for {wait}");
        }
    }
}

#[test]
fn an_m_m_1_queue_has_exponential_latency() {
    for utilisation in [0.1, 0.6, 0.95] {
        let mut stage = lone(1, utilisation);
        stage.run_s(60);
        let own = stage.world.own_latency("s").unwrap();
        let mean_ms = 10.0 / (1.0 - utilisation);
        for (got, factor) in
            [(own.p50_ms, std::f64::consts::LN_2), (own.p95_ms, 2.995_732), (own.p99_ms, 4.605_17)]
        {
            assert!((got / (mean_ms * factor) - 1.0).abs() < 0.01, "{got} for {}", mean_ms * factor);
        }
    }
}

#[test]
fn past_saturation_the_line_grows_to_the_limit_and_the_rest_is_shed() {
    let mut stage = lone(4, 1.5);
    stage.run_s(30);
    let value = |metric| stage.mean("s", metric, 5).unwrap();
    assert!((value(sim::MetricName::Throughput) / 400.0 - 1.0).abs() < 0.001);
    assert!((value(sim::MetricName::ErrorRate) - 33.3).abs() < 0.1);
    assert!((value(sim::MetricName::QueueDepth) - 510.0).abs() < 0.1, "two places are free on average");
    assert!(value(sim::MetricName::CpuUsage) > 99.0);
    let spike = sim::FaultSpec::new(sim::FaultKind::TrafficSpike, sim::Target::simulation());
    stage.apply(&Command::InjectFault(spike)).unwrap();
    stage.run_s(10);
    assert!(stage.mean("s", sim::MetricName::QueueDepth, 5).unwrap() <= 512.0, "the queue is bounded");
}
