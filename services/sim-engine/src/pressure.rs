//! Backpressure: how far signal-service is behind, and what that leaves of the requested speed.
//!
//! The limits hold telemetry below what `SIM_METRICS` keeps (1 GiB, messages of at most 512 KiB), so that a slow consumer
//! costs speed and never data.

use std::time::Duration;

use bus::Bus;
use bus::async_nats::jetstream::context::ConsumerInfoErrorKind;
use bus::streams::SIM_METRICS;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Up to this many unstored messages the simulation runs at full speed: four minutes of telemetry at speed 1.
pub(crate) const LAG_SOFT_LIMIT: u64 = 250;
/// From this many on it holds: at 512 KiB a message half of the stream's 1 GiB.
pub(crate) const LAG_HARD_LIMIT: u64 = 1_000;
/// How often the consumer is asked, wall clock. At speed 1000 that is 200 messages, well inside the two limits.
const POLL_EVERY: Duration = Duration::from_millis(200);
/// Longest wait for an answer; after that the last known lag stands.
const POLL_TIMEOUT: Duration = Duration::from_secs(2);
/// Whose lag counts: the consumer that stores telemetry.
const DURABLE: &str = "signal-service";

/// Share of the requested speed that a lag leaves: all of it up to the soft limit, then linearly less, none at the hard
/// limit. The simulation settles where it produces what the consumer stores.
pub(crate) fn share_of_speed(lag: u64) -> f64 {
    let above = lag.saturating_sub(LAG_SOFT_LIMIT) as f64;
    (1.0 - above / (LAG_HARD_LIMIT - LAG_SOFT_LIMIT) as f64).max(0.0)
}

/// Follows the lag of the consumer until `token` is cancelled. No such consumer counts as no lag: nobody waits.
pub(crate) async fn follow(bus: Bus, lag: watch::Sender<u64>, token: CancellationToken) {
    let mut every = tokio::time::interval(POLL_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = token.cancelled() => return,
            _ = every.tick() => {}
        }
        match tokio::time::timeout(POLL_TIMEOUT, pending(&bus)).await {
            Ok(Ok(now)) => {
                lag.send_if_modified(|last| std::mem::replace(last, now) != now);
            }
            Ok(Err(error)) => tracing::debug!(%error, "lag of the telemetry consumer is not known"),
            Err(_) => tracing::debug!("lag of the telemetry consumer is not known: no answer"),
        }
    }
}

/// Messages that the consumer has not acknowledged.
async fn pending(bus: &Bus) -> Result<u64, bus::async_nats::Error> {
    let stream = bus.jetstream().get_stream_no_info(SIM_METRICS).await?;
    match stream.consumer_info(DURABLE).await {
        Ok(info) => Ok(info.num_pending.saturating_add(info.num_ack_pending as u64)),
        Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_falls_between_the_limits() {
        let close = |lag: u64, share: f64| (share_of_speed(lag) - share).abs() < 1e-9;
        assert!(close(0, 1.0) && close(LAG_SOFT_LIMIT, 1.0));
        assert!(close(LAG_SOFT_LIMIT.midpoint(LAG_HARD_LIMIT), 0.5));
        assert!(close(LAG_HARD_LIMIT, 0.0) && close(u64::MAX, 0.0));
    }
}
