//! What users are owed, where they notice it.
//!
//! At every *door* over half a minute at most 1.44 % of requests fail (14.4 times what an objective of 99.9 % allows: the rate at which
//! Beyer et al., *The Site Reliability Workbook*, 2018, chapter 5, call somebody), and the p99 of latency is at most 500 ms.

use sim::Topology;

/// Time over which an objective is looked at, simulated seconds.
pub const WINDOW_S: usize = 30;
/// Most requests that may fail, %.
pub const FAILED_PCT: f64 = 1.44;
/// Longest that the slowest request in a hundred may take, ms.
pub const P99_MS: f64 = 500.0;

/// Positions of the doors.
pub fn doors(topology: &Topology) -> Vec<usize> {
    (0..topology.services.len()).filter(|service| topology.is_door(*service)).collect()
}
