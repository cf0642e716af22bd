//! What comes without being kept: telemetry, and sim-engine's heartbeat. Missing some of either does no harm: the next
//! sample says how things are, and without heartbeats nothing is proposed.

use std::time::Duration;

use bus::{Bus, From, StreamError, streams, subjects};
use futures::StreamExt as _;
use prost::Message as _;
use proto::sim::v1::{MetricSnapshot, SimulationState, SimulationStatus};
use tokio_util::sync::CancellationToken;

use crate::convert;
use crate::keeper::Handle;

/// Pause before the next try when the bus refuses a subscription.
const RETRY: Duration = Duration::from_secs(1);

/// Passes telemetry on until shutdown.
pub(crate) async fn telemetry(bus: Bus, keeper: Handle, token: CancellationToken) -> Result<(), StreamError> {
    // Shards of a large cloud have subjects below that of a small one.
    const EVERY_SHARD: &str = "sim.metrics.>";
    let whole = bus.tail(streams::SIM_METRICS, subjects::SIM_METRICS, From::New, token.clone()).await?;
    let shards = bus.tail(streams::SIM_METRICS, EVERY_SHARD, From::New, token).await?;
    tokio::join!(pass_on(whole, keeper.clone()), pass_on(shards, keeper));
    Ok(())
}

async fn pass_on(mut tail: bus::Tail, keeper: Handle) {
    while let Some(delivery) = tail.next().await {
        match delivery.decode::<MetricSnapshot>() {
            Ok(sample) => keeper.sample(sample).await,
            // signal-service puts it among the dead letters; here it is merely not seen.
            Err(error) => tracing::debug!(%error, "unreadable telemetry"),
        }
    }
}

/// Whether nothing can be done about a simulation: it was stopped, or has failed. Without heartbeats nothing is proposed for it.
fn stands_for_good(state: &SimulationState) -> bool {
    matches!(state.status(), SimulationStatus::Stopped | SimulationStatus::Failed)
}

/// Passes heartbeats on until shutdown.
pub(crate) async fn heartbeats(bus: Bus, keeper: Handle, token: CancellationToken) {
    while !token.is_cancelled() {
        match bus.client().subscribe(subjects::SIM_STATE).await {
            Ok(mut heard) => {
                while let Some(Some(message)) = token.run_until_cancelled(heard.next()).await {
                    let state = SimulationState::decode(message.payload).map_err(|error| error.to_string());
                    if state.as_ref().is_ok_and(stands_for_good) {
                        continue;
                    }
                    match state.and_then(|state| convert::heartbeat(state).map_err(|error| error.to_string()))
                    {
                        Ok(beat) => keeper.beat(beat).await,
                        Err(error) => tracing::warn!(error, "unreadable heartbeat"),
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot listen to sim-engine's heartbeat yet");
                token.run_until_cancelled(tokio::time::sleep(RETRY)).await;
            }
        }
    }
}
