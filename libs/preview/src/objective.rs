//! What users are owed, where they notice it.
//!
//! At every *door* over half a minute at most 1.44 % of requests fail (14.4 times what an objective of 99.9 % allows: the rate at which
//! Beyer et al., *The Site Reliability Workbook*, 2018, chapter 5, call somebody), and the p99 of latency is at most 500 ms.

use sim::Topology;
use sim::topology::Carries;

/// Time over which an objective is looked at, simulated seconds.
pub const WINDOW_S: usize = 30;
/// Most requests that may fail, %.
pub const FAILED_PCT: f64 = 1.44;
/// Longest that the slowest request in a hundred may take, ms.
pub const P99_MS: f64 = 500.0;

/// Positions of the services whose users notice: those that traffic enters, and those that are handed work asynchronously, whose caller has
/// long gone.
pub fn doors(topology: &Topology) -> Vec<usize> {
    // What a database passes on to its copy is no work that anybody has handed over.
    let handed_over = |service| {
        let mut calls = topology.edges.iter().filter(|edge| edge.to == service);
        calls.any(|edge| edge.asynchronous && edge.carries == Carries::All)
    };
    (0..topology.services.len())
        .filter(|service| topology.services[*service].entry || handed_over(*service))
        .collect()
}
