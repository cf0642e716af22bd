//! A lone service against the closed form of its queue.

use std::collections::BTreeMap;

use sim::{Command, queueing, scenario};

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

#[test]
fn mean_latency_follows_the_m_m_c_queue() {
    for workers in [1, 2, 8, 32] {
        for utilisation in [0.1, 0.3, 0.5, 0.7, 0.8] {
            let mut stage = lone(workers, utilisation);
            stage.run_s(60);
            // The fit's median and 99th percentile stand for the whole distribution: compare at one server exactly.
            let wait_ms = 10.0 * queueing::mmc_mean_wait(workers, utilisation);
            let own = stage.world.own_latency("s").unwrap();
            let expected = queueing::gamma_percentiles(10.0 + wait_ms, variance(workers, utilisation));
            for (got, expected) in [(own.p50_ms, expected[0]), (own.p99_ms, expected[2])] {
                assert!(
                    (got / expected - 1.0).abs() < 0.06,
                    "{workers} at {utilisation}: {got} for {expected}"
                );
            }
        }
    }
}

/// Variance of the response time of M/M/c, ms², with 10 ms of service.
fn variance(workers: u32, utilisation: f64) -> f64 {
    let must_wait = queueing::erlang_c(workers, utilisation);
    let wait = 10.0 / (f64::from(workers) * (1.0 - utilisation));
    100.0 + must_wait * (2.0 - must_wait) * wait * wait
}

#[test]
fn an_m_m_1_queue_has_exponential_latency() {
    let mut stage = lone(1, 0.6);
    stage.run_s(60);
    let own = stage.world.own_latency("s").unwrap();
    let mean_ms = 10.0 / (1.0 - 0.6);
    for (got, factor) in [(own.p50_ms, 0.693), (own.p95_ms, 2.996), (own.p99_ms, 4.605)] {
        assert!((got / (mean_ms * factor) - 1.0).abs() < 0.05, "{got} for {}", mean_ms * factor);
    }
}

#[test]
fn past_saturation_the_backlog_grows_to_the_limit_and_the_rest_is_shed() {
    let mut stage = lone(4, 1.5);
    stage.run_s(30);
    let value = |metric| stage.mean("s", metric, 5).unwrap();
    assert!((value(sim::MetricName::Throughput) / 400.0 - 1.0).abs() < 0.03);
    assert!((value(sim::MetricName::ErrorRate) - 33.3).abs() < 2.0);
    assert!((value(sim::MetricName::QueueDepth) - 512.0).abs() < 1.0);
    assert!(value(sim::MetricName::CpuUsage) > 97.0);
    let spike = sim::FaultSpec::new(sim::FaultKind::TrafficSpike, sim::Target::simulation());
    stage.apply(&Command::InjectFault(spike)).unwrap();
    stage.run_s(10);
    assert!(
        (stage.mean("s", sim::MetricName::QueueDepth, 5).unwrap() - 512.0).abs() < 1.0,
        "the queue is bounded"
    );
}
