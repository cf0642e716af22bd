//! Small clouds, written where they are used.

use std::collections::BTreeMap;

use sim::scenario;

use crate::stage::Stage;

/// A stage with one big node in each of two zones, these services, and a constant rate of requests to the first of them.
pub(crate) fn cloud(services: &str, rps: f64) -> Stage {
    cloud_with(services, &format!("traffic: [{{service: {}, constant: {{rps: {rps}}}}}]\n", first(services)))
}

/// The same with whatever the scenario says after its topology.
pub(crate) fn cloud_with(services: &str, rest: &str) -> Stage {
    let topology = format!(
        "name: small\nzones: [east, west]\nnodes:\n  - {{id: n1, zone: east, cpu_cores: 64, memory_gb: 256}}\n  - {{id: n2, zone: west, cpu_cores: 64, memory_gb: 256}}\nservices:\n{services}"
    );
    let main = format!("description: Small.\nfamily: test\ntopology: small.yaml\n{rest}");
    let files = BTreeMap::from([("main.yaml".to_owned(), main), ("small.yaml".to_owned(), topology)]);
    Stage::with(scenario::load("main", &files).unwrap_or_else(|error| panic!("{error}")), 42)
}

fn first(services: &str) -> &str {
    let (_, after) = services.split_once("id: ").unwrap();
    after.split([',', '\n']).next().unwrap().trim()
}
