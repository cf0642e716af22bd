//! One queue with ten workers at 80 % load: the model, and the request-level simulator that validates it. `benches/mm10`
//! runs the same in other simulators.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::disallowed_types)]

use std::collections::BTreeMap;

use sim::reference::{Network, Service, Source, Station};
use sim::traffic::Shape;
use sim::{World, scenario};

const RATE_RPS: f64 = 800.0;
const DURATION_S: f64 = 200.0;

/// The model is so quick that it needs more to do.
const MODEL_S: f64 = 100.0 * DURATION_S;

/// CPU time of this thread so far, s; wall time where the system does not tell: other programs do not count.
fn cpu_s() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent_ns: Option<f64> = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    spent_ns.map_or_else(wall_s, |spent_ns| spent_ns / 1e9)
}

fn wall_s() -> f64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
    now.map_or(0.0, |since| since.as_secs_f64())
}

fn main() {
    let topology = "name: mm10\nzones: [z]\nnodes: [{id: n, zone: z, cpu_cores: 8, memory_gb: 8}]\nservices:\n  - {id: s, profile: microservice, entry: true, specs: {min_latency_ms: 10, max_throughput: 1000}}\n";
    let main = format!(
        "description: M/M/10.\nfamily: bench\ntopology: mm10.yaml\ntraffic: [{{service: s, constant: {{rps: {RATE_RPS}}}}}]\n"
    );
    let files =
        BTreeMap::from([("main.yaml".to_owned(), main), ("mm10.yaml".to_owned(), topology.to_owned())]);
    let mut world = World::new(scenario::load("main", &files).expect("the files above"), 42);
    let mut events = Vec::new();
    let start_s = cpu_s();
    for _ in 0..(MODEL_S * 20.0) as u64 {
        world.step(&mut events);
    }
    let speed = MODEL_S / (cpu_s() - start_s);
    let mean_ms = world.own_latency("s").expect("its only service").mean_ms;
    println!(
        "mm10: Microcloud's model: {speed:.0} × real time, mean sojourn {mean_ms:.3} ms (Erlang: 12.046 ms)"
    );

    let network = Network {
        stations: vec![Station {
            workers: 10,
            room: usize::MAX,
            mean_s: 0.01,
            service: Service::Exponential,
            routes: Vec::new(),
        }],
        sources: vec![Source { station: 0, shape: Shape::Constant { rps: RATE_RPS }, peak_rps: RATE_RPS }],
    };
    let start_s = cpu_s();
    let recording = network.run(42, 0, 200, DURATION_S / 200.0);
    let seconds = cpu_s() - start_s;
    let station = &recording.stations[0];
    let served: f64 = station.served.iter().sum();
    let mean_ms = station.sojourn_s.iter().sum::<f64>() / served * 1000.0;
    println!(
        "mm10: Microcloud's request-level reference: {:.0} × real time ({:.2} M events/s), mean sojourn {mean_ms:.3} ms",
        DURATION_S / seconds,
        2.0 * served / seconds / 1e6
    );
}
