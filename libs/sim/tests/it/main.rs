//! The simulation from outside: files in, telemetry and events out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod actions;
mod calls;
mod catalogue;
mod checkpoints;
mod components;
mod determinism;
mod faults;
mod files;
mod fuzz;
mod metastable;
mod numbers;
mod outlook;
mod properties;
mod queues;
mod random;
mod random_cloud;
mod recordings;
mod scenarios;
mod sheets;
mod small;
mod stage;
mod validation;
