//! The loop around a handler: one message at a time, in order, settled according to what the handler says.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::Instrument as _;

use crate::{Consumer, Delivery, trace};

/// A message that failed this often becomes a dead letter.
const MAX_ATTEMPTS: u64 = 5;
/// First pause before a failed message comes again; doubles with every attempt.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// How often the pause doubles at most: 6.4 s.
const LONGEST_SHIFT: u64 = 5;
/// Failing messages that are remembered; more than a consumer may have unanswered.
const REMEMBERED: usize = 4_096;

/// Why a message could not be handled.
#[derive(Debug)]
pub enum Failure {
    /// It may work later, and it may be the message's fault: it comes again, and becomes a dead letter after five failures.
    Retry(Box<dyn std::error::Error + Send + Sync>),
    /// The service cannot do anything now (the database is away, say), and it is not the message's fault: it comes again as often
    /// as it takes, and the loop slows down meanwhile.
    Wait(Box<dyn std::error::Error + Send + Sync>),
    /// It can never work: the message becomes a dead letter at once.
    Poison(String),
}

impl Failure {
    /// For `map_err`.
    pub fn retry(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Retry(error.into())
    }

    /// For `map_err`.
    pub fn wait(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Wait(error.into())
    }

    /// For `map_err`.
    pub fn poison(reason: impl std::fmt::Display) -> Self {
        Self::Poison(reason.to_string())
    }
}

/// What a service does with a message. The effect must be idempotent: an acknowledgement can get lost.
pub trait Handler: Send {
    /// Handles one message; it is acknowledged when this returns Ok.
    fn handle(&mut self, delivery: &Delivery) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Handles every message until shutdown. A failing message waits for its next attempt at the server, and does not hold up
/// those behind it; a slow one is kept alive. The handler's log lines carry the message's id and trace.
pub async fn serve(mut consumer: Consumer, mut handler: impl Handler) {
    let mut failures = Failures::default();
    let mut waits = 0;
    while let Some(delivery) = consumer.next().await {
        let span = tracing::info_span!(
            "message",
            subject = delivery.subject,
            message_id = delivery.id,
            trace_id = delivery.traceparent.as_deref().and_then(trace::trace_id)
        );
        let handling = handle(&mut handler, &delivery, consumer.keep_alive());
        let outcome = handling.instrument(span.clone()).await;
        let slow_down = settle(&delivery, outcome, &mut failures).instrument(span).await;
        if !slow_down {
            waits = 0;
            continue;
        }
        waits += 1;
        tokio::select! {
            () = consumer.token().cancelled() => {}
            () = tokio::time::sleep(pause(waits)) => {}
        }
    }
}

/// Runs the handler, telling the server now and then that work goes on.
async fn handle(
    handler: &mut impl Handler,
    delivery: &Delivery,
    keep_alive: Duration,
) -> Result<(), Failure> {
    let mut work = std::pin::pin!(handler.handle(delivery));
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            () = tokio::time::sleep(keep_alive) => delivery.in_progress().await,
        }
    }
}

/// Answers the message. True when the service cannot do anything now.
async fn settle(delivery: &Delivery, outcome: Result<(), Failure>, failures: &mut Failures) -> bool {
    let sequence = delivery.stream_sequence;
    match outcome {
        Ok(()) => {
            failures.forget(sequence);
            delivery.ack().await;
        }
        Err(Failure::Poison(reason)) => {
            failures.forget(sequence);
            delivery.dead_letter(&reason).await;
        }
        Err(Failure::Retry(error)) => {
            let failed = failures.count(sequence);
            let error = chain(&*error);
            if failed >= MAX_ATTEMPTS {
                failures.forget(sequence);
                delivery.dead_letter(&format!("failed {failed} times, last with: {error}")).await;
            } else {
                tracing::warn!(failed, error, "message failed, it will come again");
                delivery.retry_after(pause(failed)).await;
            }
        }
        Err(Failure::Wait(error)) => {
            tracing::warn!(error = chain(&*error), "cannot handle messages now, trying again");
            delivery.retry_after(RETRY_PAUSE).await;
            return true;
        }
    }
    false
}

/// How often each unsettled message failed, by its place in the stream. The server's count of deliveries would not do: it
/// also grows when a service restarts, waits for its database, or is slow.
#[derive(Debug, Default)]
struct Failures(BTreeMap<u64, u64>);

impl Failures {
    fn count(&mut self, sequence: u64) -> u64 {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&sequence) {
            self.0.pop_first();
        }
        let failed = self.0.entry(sequence).or_default();
        *failed += 1;
        *failed
    }

    fn forget(&mut self, sequence: u64) {
        self.0.remove(&sequence);
    }
}

fn pause(failed: u64) -> Duration {
    RETRY_PAUSE * (1 << failed.saturating_sub(1).min(LONGEST_SHIFT))
}

/// An error and its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_message_and_bounded() {
        let mut failures = Failures::default();
        assert_eq!((failures.count(7), failures.count(7), failures.count(8)), (1, 2, 1));
        failures.forget(7);
        assert_eq!(failures.count(7), 1);
        for sequence in 0..10_000 {
            failures.count(sequence);
        }
        assert!(failures.0.len() <= REMEMBERED);
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert_eq!(pause(1), RETRY_PAUSE);
        assert_eq!(pause(3), RETRY_PAUSE * 4);
        assert_eq!(pause(1_000), RETRY_PAUSE * 32);
    }
}
