//! The orchestrator: decisions, API, event stream and dashboard.

use std::process::ExitCode;

use orchestrator::config::{Config, VARIABLES};
use orchestrator::service::{Service, ServiceError};
use service::Info;
use tokio_util::sync::CancellationToken;

const INFO: Info = Info {
    name: "orchestrator",
    version: env!("CARGO_PKG_VERSION"),
    about: "decisions, API, event stream and dashboard of Microcloud",
    variables: VARIABLES,
};

fn main() -> ExitCode {
    service::run(INFO, Config::from_env, run)
}

async fn run(config: Config, shutdown: CancellationToken) -> Result<(), ServiceError> {
    // Waiting for NATS or PostgreSQL must not outlive a request to end.
    let starting = Box::pin(Service::start(config, shutdown.clone()));
    let Some(started) = shutdown.run_until_cancelled(starting).await else {
        return Ok(());
    };
    started?.finished().await
}
