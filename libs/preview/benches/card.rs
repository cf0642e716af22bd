//! The card of an incident in a cloud of 100 nodes: five actions and doing nothing, eight futures of five minutes.
//! `cargo bench -p preview`. Bar: 2 s on two threads.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use preview::{Plan, Planned, preview};
use sim::{ActionKind, Workers, World, scenario};

const NODES: usize = 100;
const SERVICES: usize = 100;
const REPLICAS: usize = 3;

/// Ten rows of ten services; each calls two of the next row.
fn cloud() -> World {
    let mut topology = "name: grid\nzones: [z]\nnodes:\n".to_owned();
    for node in 0..NODES {
        writeln!(topology, "  - {{id: n{node}, zone: z, cpu_cores: 32, memory_gb: 64}}").unwrap();
    }
    topology.push_str("services:\n");
    let mut traffic = String::new();
    for service in 0..SERVICES {
        let (row, column, entry) = (service / 10, service % 10, service < 10);
        let calls = if row < 9 {
            let (left, right) = (row * 10 + 10 + column, row * 10 + 10 + (column + 3) % 10);
            format!("[{{to: s{left}, calls_per_request: 0.5}}, {{to: s{right}, calls_per_request: 0.4}}]")
        } else {
            "[]".to_owned()
        };
        writeln!(topology, "  - {{id: s{service}, profile: microservice, replicas: {REPLICAS}, entry: {entry}, calls: {calls}}}").unwrap();
        if entry {
            writeln!(traffic, "  - {{service: s{service}, constant: {{rps: 7500}}, noise: 0.05}}").unwrap();
        }
    }
    let main = format!("description: grid\nfamily: bench\ntopology: grid.yaml\ntraffic:\n{traffic}");
    let files = BTreeMap::from([("bench.yaml".to_owned(), main), ("grid.yaml".to_owned(), topology)]);
    World::new(scenario::load("bench", &files).unwrap_or_else(|error| panic!("{error}")), 42)
}

fn main() {
    let mut world = cloud();
    (0..1_200).for_each(|_| world.step(&mut Vec::new()));
    let act = |kind, target: &str, replicas| Planned { kind, target: target.to_owned(), replicas };
    let candidates = [
        act(ActionKind::RestartService, "s10", 0),
        act(ActionKind::ScaleUp, "s10", 2),
        act(ActionKind::RebalanceTraffic, "s10", 0),
        act(ActionKind::DrainNode, "n7", 0),
        act(ActionKind::ScaleUp, "s20", 1),
    ];
    let workers = Workers::new(2).unwrap();
    let mut took_s: Vec<f64> = (0..5)
        .map(|_| {
            let begun = Instant::now();
            let card = preview(&world, &candidates, Plan::default(), &workers);
            assert_eq!(card.options.len(), candidates.len() + 1);
            begun.elapsed().as_secs_f64()
        })
        .collect();
    took_s.sort_by(f64::total_cmp);
    println!(
        "preview card: {:.2} s for {} options of a cloud of {NODES} nodes, two threads (median of 5, bar 2 s)",
        took_s[2],
        candidates.len() + 1
    );
}
