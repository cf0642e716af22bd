//! Real servers, started, stopped, killed and restarted.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod nats;
mod postgres;
mod process;
