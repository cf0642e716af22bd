//! The store against a real PostgreSQL, one server a test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod actions;
mod agent;
mod audit;
mod events;
mod harness;
mod incidents;
mod lifecycle;
mod messaging;
mod metrics;
mod predictions;
mod reader;
mod restart;
mod retention;
mod rollups;
mod schema;
mod seed;
mod sql_docs;
mod statistics;
