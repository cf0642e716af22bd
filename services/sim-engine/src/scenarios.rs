//! Scenarios for requests: read and checked without holding up the runtime.

use std::sync::Arc;

use catalogue::Scenarios;
use connectrpc_axum::Code;
use sim::Scenario;

use crate::refusal::Refusal;

/// Loads one scenario of the folder.
pub(crate) async fn fetch(scenarios: &Scenarios, name: String) -> Result<Arc<Scenario>, Refusal> {
    let scenarios = scenarios.clone();
    Ok(off_runtime(move || scenarios.load(&name)).await??)
}

/// Reads or checks files beside the runtime.
pub(crate) async fn off_runtime<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| Refusal::new(Code::Internal, format!("reading scenarios failed: {error}")))
}
