//! agent-service as a child process, with a real nats-server and a real PostgreSQL; sim-engine is played by the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod engine;
mod faults;
mod proposals;
mod stack;
