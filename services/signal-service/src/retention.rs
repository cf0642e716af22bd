//! Throws old telemetry away, relative to each simulation's latest time.

use std::sync::Arc;
use std::time::Duration;

use store::{Keep, Store};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Wall-clock time between two sweeps. At 1000 × real time a sweep covers three simulated days.
const EVERY: Duration = Duration::from_secs(300);

/// Drops the telemetry of deleted simulations when it is woken, and at every turn what a deletion before left.
pub(crate) async fn sweep_deleted(store: Store, woken: Arc<Notify>, token: CancellationToken) {
    loop {
        match token.run_until_cancelled(store.sweep_deleted()).await {
            Some(Ok(0)) => {}
            Some(Ok(rows)) => tracing::info!(rows, "telemetry of deleted simulations was dropped"),
            Some(Err(error)) => {
                tracing::warn!(%error, "telemetry of deleted simulations stays until the next sweep");
            }
            None => return,
        }
        tokio::select! {
            () = token.cancelled() => return,
            () = woken.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Sweeps until the token is cancelled. A sweep that fails is told and tried again at the next turn.
pub(crate) async fn run(store: Store, keep: Keep, token: CancellationToken) {
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
