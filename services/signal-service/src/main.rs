//! signal-service: stores telemetry, and turns it into incidents.
//!
//! `sim.metrics` in; rows of `metrics` and `incidents`, and messages on `ops.incidents`, out. What an incident is,
//! `libs/detect` knows; this shell converts, commits and publishes. docs/detection.md explains both.

mod config;
mod convert;
mod history;
mod ingest;
mod marks;
mod meters;
mod resume;
mod retention;
mod rollup;
mod service;

use std::process::ExitCode;

fn main() -> ExitCode {
    let info = ::service::Info {
        name: "signal-service",
        version: env!("CARGO_PKG_VERSION"),
        about: "stores telemetry and turns it into incidents",
        variables: config::VARIABLES,
    };
    ::service::run(info, config::Config::read, service::run)
}
