//! Shutdown: one token that everything observes, and a deadline for the rest.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long a service may take to finish what it has in hand.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(5);

/// A token that SIGTERM and SIGINT cancel.
///
/// # Errors
/// When the process cannot listen for signals.
pub fn token() -> std::io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
            _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
        }
        cancel.cancel();
        // Who asks twice is not to be kept waiting.
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("asked twice: stopping without draining");
        std::process::exit(1);
    });
    Ok(token)
}

/// A service did not end after it was asked to.
#[derive(Debug, thiserror::Error)]
#[error("not drained {} s after the signal: what it had in hand comes again at the next start", (DRAIN_DEADLINE + CLOSING).as_secs())]
pub(crate) struct Overdue;

/// After draining, for closing connections and writing the last lines.
const CLOSING: Duration = Duration::from_secs(2);

/// Returns when a service should have ended long ago.
pub(crate) async fn overdue(token: CancellationToken) {
    token.cancelled().await;
    tokio::time::sleep(DRAIN_DEADLINE + CLOSING).await;
}

/// Waits for tasks that observe the token, at most [`DRAIN_DEADLINE`]. Says whether they ended in time.
pub async fn drain<T>(tasks: impl IntoIterator<Item = tokio::task::JoinHandle<T>>) -> bool {
    let all = async {
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task ended badly");
            }
        }
    };
    let in_time = tokio::time::timeout(DRAIN_DEADLINE, all).await.is_ok();
    if !in_time {
        tracing::warn!(deadline_s = DRAIN_DEADLINE.as_secs(), "not everything ended in time");
    }
    in_time
}
