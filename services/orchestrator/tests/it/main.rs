//! The orchestrator against a real nats-server and a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    clippy::large_futures
)]

mod agents;
mod automation;
mod crash;
mod decisions;
mod engine;
mod events;
mod http;
mod incidents;
mod loops;
mod outages;
mod policies;
mod previews;
mod proposals;
mod rpc;
mod rules;
mod samples;
mod silences;
mod stack;
mod stream;
mod system;
mod verification;
