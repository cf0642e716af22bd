//! What a tick costs, as ratios within one run: `cargo bench -p sim`.
//!
//! The bare kernel is what one would write by hand for the same arithmetic and nothing else: one flat
//! struct-of-arrays loop with the step of the queue, the two moments of latency, CPU and memory; no faults, states, weights,
//! nodes, graph or samples. All run interleaved; medians count, and the middle half of the measurements is told with them.
//! `docs/performance.md` says how to read it.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_types,
    missing_docs
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use sim::queueing::{Curve, Station};
use sim::{Scenario, Workers, World, scenario};

const ROUNDS: usize = 15;
const REPLICAS: usize = 100_000;
const TICKS: u64 = 20;

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
        const PER_TICK: f64 = 20.0;
        const PER_WORKER: f64 = 1.0 / 15.0;
        let count = self.share.len();
        let (share, latency, second) =
            (&self.share[..count], &mut self.latency[..count], &mut self.second[..count]);
        let backlog = &mut self.backlog[..count];
        let (leak, memory, cpu) =
            (&mut self.leak[..count], &mut self.memory[..count], &mut self.cpu[..count]);
        let (served, in_flight) = (&mut self.served[..count], &mut self.in_flight[..count]);
        let (shed, capacity) = (&mut self.shed[..count], &mut self.capacity[..count]);
        for at in 0..count {
            let paging = smaller(larger((memory[at] * 0.5 - 0.88) * 12.5, 0.0), 1.0);
            let service_s = 0.003 * (1.0 + 39.0 * paging * paging);
            let turn_s = larger(service_s * PER_WORKER, (service_s + 0.01) * (1.0 / 256.0));
            capacity[at] = DT / turn_s;
            let step = curve.step(backlog[at], offered_all * share[at], capacity[at]);
            backlog[at] = step.number;
            served[at] = step.served;
            shed[at] = step.shed;
            latency[at] = service_s + step.wait * turn_s;
            second[at] =
                service_s * service_s + step.wait_variance * turn_s * turn_s + latency[at] * latency[at];
            let rate = step.served * PER_TICK;
            in_flight[at] = smaller(rate * (service_s + 0.01), 256.0) + step.waiting;
            leak[at] = smaller(leak[at] + 1e-9, 1.0);
            memory[at] = 0.6 + leak[at] + in_flight[at] * 0.0005;
            cpu[at] = smaller(rate * 0.003 * PER_WORKER, 1.0);
        }
    }
}

/// Two bare kernels, one for each thread where there are two.
struct Kernel {
    halves: [Bare; 2],
    curve: Curve,
}

impl Kernel {
    fn new() -> Self {
        Self {
            halves: [Bare::new(REPLICAS / 2), Bare::new(REPLICAS / 2)],
            curve: Curve::new(&Station::new(15, 1.0, 512.0)),
        }
    }

    /// The load of a service of the cloud with its noise.
    fn work(half: &mut Bare, curve: &Curve) {
        for tick in 0..TICKS {
            let noise = 1.0 + 0.05 * libm::sin(tick as f64 * 0.1);
            half.tick(curve, REPLICAS as f64 / 2.0 * 125.0 * noise);
        }
        black_box(&half.second);
    }

    /// Some ticks on one thread; CPU and wall seconds.
    fn alone(&mut self) -> (f64, f64) {
        let watch = Stopwatch::start();
        for half in &mut self.halves {
            Self::work(half, &self.curve);
        }
        (watch.cpu_s(), watch.wall_s())
    }

    /// The same on two threads that never meet: the most that this machine gives. Wall seconds.
    fn together(&mut self) -> f64 {
        let watch = Stopwatch::start();
        let [left, right] = &mut self.halves;
        let curve = &self.curve;
        std::thread::scope(|scope| {
            scope.spawn(|| Self::work(left, curve));
            Self::work(right, curve);
        });
        watch.wall_s()
    }
}

fn larger(left: f64, right: f64) -> f64 {
    if left > right { left } else { right }
}

fn smaller(left: f64, right: f64) -> f64 {
    if left < right { left } else { right }
}

/// Some measurements of the same thing.
#[derive(Default)]
struct Series(Vec<f64>);

impl Series {
    fn median(&self) -> f64 {
        let mut values = self.0.clone();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// Median, and between which two values the middle half lies.
    fn told(&self, digits: usize) -> String {
        let mut values = self.0.clone();
        values.sort_by(f64::total_cmp);
        let (low, high) = (values[values.len() / 4], values[values.len() * 3 / 4]);
        format!("{:.digits$} ({low:.digits$} to {high:.digits$})", self.median())
    }
}

/// The tick core against the bare kernel, and two threads against one, interleaved.
fn core(one: &Workers) {
    let scenario = cloud(100, REPLICAS / 100);
    let two = Workers::new(2).expect("two workers");
    let mut world = World::new(Arc::clone(&scenario), 42);
    let mut parallel = world.clone();
    let mut kernel = Kernel::new();
    let [mut ours, mut theirs, mut ratios] = [(); 3].map(|()| Series::default());
    let [mut twos, mut most, mut serial] = [(); 3].map(|()| Series::default());
    for round in 0..=ROUNDS {
        let (seconds, wall) = run(&mut world, one, TICKS);
        let (kernel_seconds, kernel_wall) = kernel.alone();
        let (caller_seconds, threads) = run(&mut parallel, &two, TICKS);
        let kernel_threads = kernel.together();
        // The first round warms caches and threads.
        if round > 0 {
            ours.0.push(seconds);
            theirs.0.push(kernel_seconds);
            ratios.0.push(kernel_seconds / seconds);
            twos.0.push(wall / threads);
            most.0.push(kernel_wall / kernel_threads);
            serial.0.push(caller_seconds / seconds);
        }
    }
    assert_eq!(world.telemetry_hash(), parallel.telemetry_hash(), "two threads must give what one gives");
    let rate = |seconds: &Series| (REPLICAS as u64 * TICKS) as f64 / 1e6 / seconds.median();
    println!(
        "tick core: {} of the bare kernel ({:.1} M replica ticks/s for {:.1} M)",
        ratios.told(2),
        rate(&ours),
        rate(&theirs)
    );
    println!(
        "two threads: {} × one by the clock on the wall, bit-identical; two bare kernels that never meet get {} × here",
        twos.told(2),
        most.told(2)
    );
    let share = serial.median();
    println!(
        "two threads: {:.1} % of a tick is not shared, so that two free cores give at most {:.2} ×",
        share * 100.0,
        2.0 / (1.0 + share)
    );
    let per_tick_ms = ours.median() / TICKS as f64 * 1e3;
    println!(
        "{REPLICAS} replicas: {per_tick_ms:.2} ms a tick of 50 ms: {:.1} × real time on one core",
        50.0 / per_tick_ms
    );
}

/// Cost a replica and tick as the cloud grows: ten times, a hundred times … the same service, ten at least.
fn growth(one: &Workers) {
    let mut first = None;
    for replicas in [10, 100, 1_000, 10_000, 100_000] {
        let services = (replicas / 10).clamp(1, 100);
        let scenario = cloud(services, replicas / services);
        let ticks = (1_000_000 / replicas as u64).clamp(20, 20_000);
        let mut seconds = Series::default();
        for _ in 0..ROUNDS {
            seconds.0.push(run(&mut World::new(Arc::clone(&scenario), 42), one, ticks).0);
        }
        let per_tick_us = seconds.median() / ticks as f64 * 1e6;
        let (first_replicas, first_us) = *first.get_or_insert((replicas, per_tick_us));
        println!(
            "{replicas} replicas of {services} services: {per_tick_us:.1} µs a tick, {:.0} ns a replica; {} × the replicas cost {:.1} × as much",
            per_tick_us * 1e3 / replicas as f64,
            replicas / first_replicas,
            per_tick_us / first_us
        );
    }
}

fn headless(one: &Workers) {
    let scenario = cloud(100, 3);
    let mut seconds = Series::default();
    for _ in 0..ROUNDS {
        seconds.0.push(run(&mut World::new(Arc::clone(&scenario), 42), one, 12_000).0);
    }
    println!(
        "headless: 10 simulated minutes of 100 services, 300 replicas in {} s ({:.0} × real time)",
        seconds.told(3),
        600.0 / seconds.median()
    );
}

/// A part of what is measured, on one thread unless it says otherwise.
type Part = fn(&Workers);

fn main() {
    let one = Workers::new(1).expect("one worker");
    // `cargo bench -p sim -- growth` runs one part.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|given| !given.starts_with('-')).collect();
    let parts: [(&str, Part); 3] = [("core", core), ("headless", headless), ("growth", growth)];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part(&one);
        }
    }
}
