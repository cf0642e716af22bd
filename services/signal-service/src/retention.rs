//! Throws old telemetry away, relative to each simulation's latest time.

use std::time::Duration;

use store::Store;
use tokio_util::sync::CancellationToken;

/// Wall-clock time between two sweeps. At 1000 × real time a sweep covers three simulated days.
const EVERY: Duration = Duration::from_secs(300);

/// Sweeps until the token is cancelled. A sweep that fails is told and tried again at the next turn.
pub(crate) async fn run(store: Store, keep: Duration, token: CancellationToken) {
    let mut turns = tokio::time::interval(EVERY);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while token.run_until_cancelled(turns.tick()).await.is_some() {
        match token.run_until_cancelled(store.enforce_retention(keep)).await {
            Some(Ok(swept)) if swept == store::Swept::default() => {}
            Some(Ok(swept)) => tracing::info!(?swept, "old telemetry was dropped"),
            Some(Err(error)) => {
                tracing::warn!(%error, "the retention sweep failed, the next one tries again");
            }
            None => break,
        }
    }
}
