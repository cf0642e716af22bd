//! The relay between a real PostgreSQL and a real nats-server, and with a bus that fails on purpose.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod failing_bus;
mod harness;
mod real_servers;
