//! Queueing theory: what a replica's queue does at every load, settled or not, and how latencies are summed up.
//!
//! [`Station`] is the stationary queue (many workers, any variability of service times, a bounded room), [`Curve`] is its
//! table and the step that moves a replica's state in time. [`gamma_percentiles`], [`gamma_tail`] and [`truncate`] work on
//! latencies that are known by mean and variance.

mod curve;
mod gamma;
mod station;

pub use curve::{Curve, Step};
pub use gamma::{gamma_percentiles, gamma_tail, truncate};
pub use station::{Station, StationKey, Stationary};

/// Most different queues in a topology: the table of each takes about 30 KiB and some milliseconds.
pub const MAX_STATIONS: usize = 4096;
