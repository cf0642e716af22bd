//! One queue with ten workers at 80 % load: the model, and the request-level simulator that validates it. `benches/mm10`
//! runs the same in other simulators.

#![allow(clippy::print_stdout, clippy::expect_used)]

use std::collections::BTreeMap;
use std::time::Instant;

use sim::reference::{Network, Service, Source, Station};
use sim::traffic::Shape;
use sim::{World, scenario};

const RATE_RPS: f64 = 800.0;
const DURATION_S: f64 = 200.0;

fn main() {
    let topology = "name: mm10\nzones: [z]\nnodes: [{id: n, zone: z, cpu_cores: 8, memory_gb: 8}]\nservices:\n  - {id: s, profile: microservice, entry: true, specs: {min_latency_ms: 10, max_throughput: 1000}}\n";
    let main = format!(
        "description: M/M/10.\nfamily: bench\ntopology: mm10.yaml\ntraffic: [{{service: s, constant: {{rps: {RATE_RPS}}}}}]\n"
    );
    let files =
        BTreeMap::from([("main.yaml".to_owned(), main), ("mm10.yaml".to_owned(), topology.to_owned())]);
    let mut world = World::new(scenario::load("main", &files).expect("the files above"), 42);
    let mut events = Vec::new();
    let watch = Instant::now();
    for _ in 0..(DURATION_S * 20.0) as u64 {
        world.step(&mut events);
    }
    let speed = DURATION_S / watch.elapsed().as_secs_f64();
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
    let watch = Instant::now();
    let recording = network.run(42, 0, 200, DURATION_S / 200.0);
    let seconds = watch.elapsed().as_secs_f64();
    let station = &recording.stations[0];
    let served: f64 = station.served.iter().sum();
    let mean_ms = station.sojourn_s.iter().sum::<f64>() / served * 1000.0;
    println!(
        "mm10: Microcloud's request-level reference: {:.0} × real time ({:.2} M events/s), mean sojourn {mean_ms:.3} ms",
        DURATION_S / seconds,
        2.0 * served / seconds / 1e6
    );
}
