//! The loop around a handler: one message at a time, in order, settled according to what the handler says.

use std::time::Duration;

use crate::{Consumer, Delivery};

/// A message that failed this often becomes a dead letter.
const MAX_ATTEMPTS: u64 = 5;
/// First pause before a failed message comes again; doubles with every attempt.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Why a message could not be handled.
#[derive(Debug)]
pub enum Failure {
    /// It may work later (the database is away, say): the message comes again, and becomes a dead letter after five attempts.
    Retry(Box<dyn std::error::Error + Send + Sync>),
    /// The service cannot do anything now, and it is not the message's fault: it comes again as often as it takes.
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
/// those behind it.
pub async fn serve(mut consumer: Consumer, mut handler: impl Handler) {
    while let Some(delivery) = consumer.next().await {
        match handler.handle(&delivery).await {
            Ok(()) => delivery.ack().await,
            Err(Failure::Poison(reason)) => delivery.dead_letter(&reason).await,
            Err(Failure::Retry(error)) if delivery.attempt >= MAX_ATTEMPTS => {
                delivery
                    .dead_letter(&format!("failed {} times, last with: {}", delivery.attempt, chain(&*error)))
                    .await;
            }
            Err(Failure::Retry(error) | Failure::Wait(error)) => {
                tracing::warn!(
                    subject = delivery.subject,
                    message_id = delivery.id,
                    attempt = delivery.attempt,
                    error = chain(&*error),
                    "message failed, it will come again"
                );
                delivery.retry_after(pause(delivery.attempt)).await;
            }
        }
    }
}

fn pause(attempt: u64) -> Duration {
    const LONGEST_SHIFT: u64 = 5;
    RETRY_PAUSE * (1 << attempt.saturating_sub(1).min(LONGEST_SHIFT))
}

/// An error and its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
