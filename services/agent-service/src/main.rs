//! agent-service: proposes what to do about open incidents.
//!
//! `ops.incidents`, the fate of actions on `ops.actions`, telemetry and sim-engine's heartbeat in; rows of `agent_*` and
//! proposals on `ops.actions` out. What is proposed, `libs/remedy` decides; this shell converts, commits and
//! publishes. docs/remediation.md explains the rules.

mod ahead;
mod config;
mod convert;
mod feeds;
mod keeper;
mod messages;
mod meters;
mod persist;
mod service;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    let info = ::service::Info {
        name: "agent-service",
        version: env!("CARGO_PKG_VERSION"),
        about: "proposes what to do about open incidents",
        variables: config::VARIABLES,
    };
    ::service::run(info, config::Config::read, service::run)
}
