//! The edge: protobuf and rows on one side, the detector's types on the other.

mod incident;
mod snapshot;
pub(crate) mod statistics;

pub(crate) use incident::{UnreadableIncident, restored, row};
pub(crate) use snapshot::Snapshot;
