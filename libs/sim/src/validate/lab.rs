//! Small clouds for measuring: topologies written as users write them, loaded and run.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::scenario::{self, LoadError, Scenario};
use crate::world::view::Percentiles;
use crate::{TICK_S, World};

/// A service of a small cloud.
#[derive(Debug, Clone)]
pub(super) struct Bench {
    pub(super) replicas: u32,
    pub(super) workers: u32,
    pub(super) service_s: f64,
    pub(super) cv2: f64,
    pub(super) queue_limit: u32,
    /// Callees by index, and calls a request.
    pub(super) calls: Vec<(usize, f64)>,
}

impl Bench {
    /// One replica, exponential service times, a queue without end, no callees.
    pub(super) fn new(workers: u32, service_s: f64) -> Self {
        Self { replicas: 1, workers, service_s, cv2: 1.0, queue_limit: 1_000_000, calls: Vec::new() }
    }

    /// What all its replicas can serve, requests/s.
    pub(super) fn capacity_rps(&self) -> f64 {
        f64::from(self.replicas * self.workers) / self.service_s
    }

    fn text(&self, index: usize) -> String {
        let Self { replicas, workers, service_s, cv2, queue_limit, calls } = self;
        let calls: Vec<String> = calls
            .iter()
            .map(|(to, calls)| {
                format!("{{to: s{to}, calls_per_request: {calls}, timeout_ms: 3600000, retries: 0}}")
            })
            .collect();
        // Enough of everything that is not looked at.
        format!(
            "  - id: s{index}
    profile: microservice
    replicas: {replicas}
    entry: {}
    specs:
      min_latency_ms: {}
      max_throughput: {}
      service_cv2: {cv2}
      queue_limit: {queue_limit}
      concurrency: 1000000
      base_error_ratio: 0
      request_memory_kb: 0
    calls: [{}]
",
            index == 0,
            service_s * 1000.0,
            f64::from(*workers) / service_s,
            calls.join(", ")
        )
    }
}

/// A cloud of the services with traffic at the first one; `traffic` is its shape as in a scenario file.
fn scenario(services: &[Bench], traffic: &str) -> Result<Arc<Scenario>, LoadError> {
    let mut topology =
        "name: bench\nzones: [z]\nnodes: [{id: n, zone: z, cpu_cores: 4000, memory_gb: 100000}]\nservices:\n"
            .to_owned();
    for (index, service) in services.iter().enumerate() {
        topology.push_str(&service.text(index));
    }
    let main = format!(
        "description: A bench.\nfamily: validation\ntopology: bench.yaml\ntraffic: [{{service: s0, {traffic}}}]\n"
    );
    let files = BTreeMap::from([("main.yaml".to_owned(), main), ("bench.yaml".to_owned(), topology)]);
    scenario::load("main", &files)
}

/// What a service did in steady state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steady {
    /// Mean number of requests, waiting or in service.
    pub(super) number: f64,
    pub(super) throughput_rps: f64,
    /// Share of the arrivals that was turned away.
    pub(super) blocked: f64,
    pub(super) sojourn: Percentiles,
}

/// Time that a cloud is given to settle, and that is then measured, s.
const SETTLE_S: u64 = 300;
const MEASURE_S: u64 = 20;

/// Steady state of every service with `rps` at the first.
pub(super) fn steady(services: &[Bench], rps: f64) -> Result<Vec<Steady>, LoadError> {
    let mut world = World::new(scenario(services, &format!("constant: {{rps: {rps}}}"))?, 1);
    let mut events = Vec::new();
    let ticks = |seconds: u64| (seconds as f64 / TICK_S) as u64;
    for _ in 0..ticks(SETTLE_S) {
        world.step(&mut events);
    }
    let mut sums = vec![[0.0; 4]; services.len()];
    for _ in 0..ticks(MEASURE_S) {
        world.step(&mut events);
        for (sum, flow) in sums.iter_mut().zip(world.flows()) {
            let parts = [flow.queued + flow.in_service, flow.completed, flow.failed, flow.offered];
            for (sum, part) in sum.iter_mut().zip(parts) {
                *sum += part;
            }
        }
    }
    let steady = |(index, [number, completed, failed, offered]): (usize, &[f64; 4])| Steady {
        number: number / ticks(MEASURE_S) as f64 / f64::from(services[index].replicas),
        throughput_rps: completed / MEASURE_S as f64,
        blocked: failed / offered,
        sojourn: world.own_latency(&format!("s{index}")).unwrap_or(Percentiles::NONE),
    };
    Ok(sums.iter().enumerate().map(steady).collect())
}

/// What a service did, tick by tick.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    /// Requests at the end of the tick, waiting or in service.
    pub(super) number: Vec<f64>,
    /// Requests served in the tick, and turned away.
    pub(super) served: Vec<f64>,
    pub(super) blocked: Vec<f64>,
}

/// The course of every service under a traffic shape as in a scenario file.
pub(super) fn course(services: &[Bench], traffic: &str, ticks: usize) -> Result<Vec<Course>, LoadError> {
    let mut world = World::new(scenario(services, traffic)?, 1);
    let mut events = Vec::new();
    let mut courses = vec![Course::default(); services.len()];
    for _ in 0..ticks {
        world.step(&mut events);
        for (course, flow) in courses.iter_mut().zip(world.flows()) {
            course.number.push(flow.queued + flow.in_service);
            course.served.push(flow.completed);
            course.blocked.push(flow.failed);
        }
    }
    Ok(courses)
}
