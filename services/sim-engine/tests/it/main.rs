//! sim-engine as its own process against a real nats-server: what its callers and its consumers see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod backpressure;
mod clock;
mod control;
mod engine;
mod fencing;
mod fleet;
mod orders;
mod recordings;
mod recovery;
mod switch;
