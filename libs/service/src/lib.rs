//! What every process needs: configuration, logging, metrics, health, shutdown, and the short story that every `main` tells.
//!
//! It knows nothing of NATS, of the database, or of what a service is for.

pub mod config;
pub mod health;
pub mod http;
pub mod logging;
pub mod metrics;
mod process;
mod procfs;
pub mod shutdown;

pub use process::{Info, run};
