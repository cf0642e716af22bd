//! What a tick costs, as ratios within one run: `cargo bench -p sim`.
//!
//! The bare kernel is what one would write by hand for the same arithmetic and nothing else: one flat
//! struct-of-arrays loop with the step of the queue, the two moments of latency, CPU and memory; no faults, states, weights,
//! nodes, graph or samples. Both run on one thread, interleaved; the median of the rounds counts.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use sim::queueing::{Curve, Station};
use sim::{Scenario, Workers, World, scenario};

const ROUNDS: usize = 5;
const REPLICAS: usize = 100_000;
const TICKS: u64 = 40;

/// `services` services in layers of ten, every one calling two of the next layer.
fn cloud(services: usize, replicas_each: usize) -> Arc<Scenario> {
    let nodes = (services * replicas_each).div_ceil(16);
    let mut text = "name: grid\nzones: [z]\nnodes:\n".to_owned();
    for node in 0..nodes {
        writeln!(text, "  - {{id: n{node}, zone: z, cpu_cores: 32, memory_gb: 64}}").unwrap();
    }
    text.push_str("services:\n");
    for service in 0..services {
        let entry = service < 10;
        writeln!(
            text,
            "  - id: s{service}\n    profile: microservice\n    replicas: {replicas_each}\n    entry: {entry}"
        )
        .unwrap();
        let next = (service / 10 + 1) * 10;
        if next < services {
            let (left, right) = (next + service % 10, next + (service + 3) % 10);
            writeln!(text, "    calls:\n      - {{to: s{left}, calls_per_request: 0.5}}\n      - {{to: s{right}, calls_per_request: 0.4}}").unwrap();
        }
    }
    let mut traffic = String::new();
    for service in 0..services.min(10) {
        let rps = replicas_each * 2500;
        writeln!(traffic, "  - {{service: s{service}, constant: {{rps: {rps}}}, noise: 0.05}}").unwrap();
    }
    let main = format!("description: grid\nfamily: bench\ntopology: grid.yaml\ntraffic:\n{traffic}");
    let files = BTreeMap::from([("bench.yaml".to_owned(), main), ("grid.yaml".to_owned(), text)]);
    scenario::load("bench", &files).unwrap_or_else(|error| panic!("{error}"))
}

/// A stopwatch of the CPU time of this thread where the system tells it, of wall time elsewhere: other work on the machine
/// does not count.
struct Stopwatch {
    cpu_ns: Option<f64>,
    wall: Instant,
}

impl Stopwatch {
    fn start() -> Self {
        Self { cpu_ns: thread_cpu_ns(), wall: Instant::now() }
    }

    fn cpu_s(&self) -> f64 {
        match (self.cpu_ns, thread_cpu_ns()) {
            (Some(start), Some(now)) => (now - start) / 1e9,
            _ => self.wall_s(),
        }
    }

    fn wall_s(&self) -> f64 {
        self.wall.elapsed().as_secs_f64()
    }
}

fn thread_cpu_ns() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Computes some ticks; CPU seconds of this thread and wall seconds.
fn run(world: &mut World, workers: &Workers, ticks: u64) -> (f64, f64) {
    let mut events = Vec::new();
    let watch = Stopwatch::start();
    for _ in 0..ticks {
        world.step_with(workers, &mut events);
    }
    black_box(world.telemetry_hash());
    (watch.cpu_s(), watch.wall_s())
}

/// The fields of the bare kernel.
struct Bare {
    share: Vec<f64>,
    backlog: Vec<f64>,
    leak: Vec<f64>,
    memory: Vec<f64>,
    latency: Vec<f64>,
    second: Vec<f64>,
    cpu: Vec<f64>,
    served: Vec<f64>,
    in_flight: Vec<f64>,
    shed: Vec<f64>,
    capacity: Vec<f64>,
}

impl Bare {
    fn new(count: usize) -> Self {
        let zero = || vec![0.0; count];
        Self {
            share: vec![1.0 / count as f64; count],
            backlog: zero(),
            leak: zero(),
            memory: vec![0.6; count],
            latency: zero(),
            second: zero(),
            cpu: zero(),
            served: zero(),
            in_flight: zero(),
            shed: zero(),
            capacity: zero(),
        }
    }

    fn tick(&mut self, curve: &Curve, offered_all: f64) {
        const DT: f64 = 0.05;
        const WORKERS: f64 = 15.0;
        let count = self.share.len();
        let (share, latency, second) =
            (&self.share[..count], &mut self.latency[..count], &mut self.second[..count]);
        let backlog = &mut self.backlog[..count];
        let (leak, memory, cpu) =
            (&mut self.leak[..count], &mut self.memory[..count], &mut self.cpu[..count]);
        let (served, in_flight) = (&mut self.served[..count], &mut self.in_flight[..count]);
        let (shed, capacity) = (&mut self.shed[..count], &mut self.capacity[..count]);
        for at in 0..count {
            let paging = ((memory[at] * 0.5 - 0.88) * 12.5).clamp(0.0, 1.0);
            let service_s = 0.003 * (1.0 + 39.0 * paging * paging);
            let turn_s = (service_s / WORKERS).max((service_s + 0.01) / 256.0);
            capacity[at] = DT / turn_s;
            let step = curve.step(backlog[at], offered_all * share[at], capacity[at]);
            backlog[at] = step.number;
            served[at] = step.served;
            shed[at] = step.shed;
            latency[at] = service_s + step.wait * turn_s;
            second[at] =
                service_s * service_s + step.wait_variance * turn_s * turn_s + latency[at] * latency[at];
            let rate = step.served / DT;
            in_flight[at] = (rate * (service_s + 0.01)).min(256.0) + step.waiting;
            leak[at] = (leak[at] + 1e-9).min(1.0);
            memory[at] = 0.6 + leak[at] + in_flight[at] * 0.0005;
            cpu[at] = (rate * 0.003 / WORKERS).min(1.0);
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let scenario = cloud(100, REPLICAS / 100);
    let one = Workers::new(1).expect("one worker");
    let two = Workers::new(2).expect("two workers");
    let mut world = World::new(Arc::clone(&scenario), 42);
    let mut parallel = world.clone();
    let mut bare = Bare::new(REPLICAS);
    let curve = Curve::new(&Station::new(15, 1.0, 512.0));
    let (mut ours, mut theirs, mut twos) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (seconds, wall) = run(&mut world, &one, TICKS);
        let watch = Stopwatch::start();
        for tick in 0..TICKS {
            // The load of a service of the cloud with its noise.
            bare.tick(&curve, REPLICAS as f64 * 125.0 * (1.0 + 0.05 * libm::sin(tick as f64 * 0.1)));
        }
        black_box(&bare.second);
        let kernel = watch.cpu_s();
        let (_, threads) = run(&mut parallel, &two, TICKS);
        // The first round warms caches and threads.
        if round > 0 {
            ours.push(seconds);
            theirs.push(kernel);
            twos.push(wall / threads);
        }
    }
    assert_eq!(world.telemetry_hash(), parallel.telemetry_hash(), "two threads must give what one gives");
    let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| theirs / ours).collect();
    let work = (REPLICAS as u64 * TICKS) as f64 / 1e6;
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = median(ratios);
    println!("tick core ratio: {ratio:.2} ({:.1} M entity-ticks/s vs {:.1} M)", work / ours, work / theirs);
    println!("two threads: {:.2} × one by the clock on the wall, bit-identical", median(twos));
    let per_tick_ms = ours / TICKS as f64 * 1e3;
    println!(
        "{REPLICAS} replicas: {per_tick_ms:.2} ms a tick of 50 ms: {:.1} × real time on one core",
        50.0 / per_tick_ms
    );
    headless(&one);
    growth(&one);
}

/// Cost a replica and tick as the cloud grows: ten times, a hundred times … the same service, ten at least.
fn growth(one: &Workers) {
    let mut first = None;
    for replicas in [10, 100, 1_000, 10_000, 100_000] {
        let services = (replicas / 10).clamp(1, 100);
        let scenario = cloud(services, replicas / services);
        let ticks = (2_000_000 / replicas as u64).clamp(40, 20_000);
        let seconds =
            (0..ROUNDS).map(|_| run(&mut World::new(Arc::clone(&scenario), 42), one, ticks).0).collect();
        let per_tick_us = median(seconds) / ticks as f64 * 1e6;
        let (first_replicas, first_us) = *first.get_or_insert((replicas, per_tick_us));
        println!(
            "{replicas} replicas: {per_tick_us:.1} µs a tick, {:.0} ns a replica; {} × the replicas cost {:.1} × as much",
            per_tick_us * 1e3 / replicas as f64,
            replicas / first_replicas,
            per_tick_us / first_us
        );
    }
}

fn headless(one: &Workers) {
    let scenario = cloud(100, 3);
    let seconds =
        (0..ROUNDS).map(|_| run(&mut World::new(Arc::clone(&scenario), 42), one, 12_000).0).collect();
    let seconds = median(seconds);
    println!(
        "headless: 10 simulated minutes of 100 services, 300 replicas in {seconds:.3} s ({:.0} × real time)",
        600.0 / seconds
    );
}
