//! signal-service as a child process against a real nats-server and PostgreSQL, and the detector on real scenarios.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod faults;
mod ingest;
mod kill;
mod learnt;
mod order;
mod rules;
mod scenarios;
mod silences;
mod simulations;
mod stack;
mod telemetry;
