//! The loop.

use std::sync::Arc;
use std::time::Duration;

use store::{Store, StoreError, outbox};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Publish, PublishFailed};

/// Messages claimed in one transaction. They go one after the other, because one that fails must not be overtaken; at
/// the 2 000 a second that a syncing server takes, a batch is about 30 ms.
const BATCH: u32 = 64;
/// After this long a batch commits what it has. With the bus's publish deadline (30 s) on top, it stays below the 60 s
/// after which PostgreSQL ends a transaction that does nothing.
const BATCH_TIME: Duration = Duration::from_secs(20);
/// How often the relay looks without being woken: for rows of a process that died between its commit and the wake.
const POLL: Duration = Duration::from_millis(250);
/// Pauses after failures.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Publishes one producer's outbox. Two of the same producer are safe: the second waits for the first's transaction.
#[derive(Debug)]
pub struct Relay<P = bus::Bus> {
    store: Store,
    to: P,
    producer: &'static str,
    wake: Arc<Notify>,
}

/// Wakes a relay.
#[derive(Debug, Clone)]
pub struct Handle(Arc<Notify>);

impl Handle {
    /// Call it after a commit that put something in the outbox; without it the message leaves 250 ms later.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the outbox could not be read or marked")]
    Store(#[from] StoreError),
    #[error("a message could not be published")]
    Publish(#[from] PublishFailed),
}

impl<P: Publish> Relay<P> {
    /// A relay for the rows that `producer` has put in the outbox. `to` is the bus.
    pub fn new(store: Store, to: P, producer: &'static str) -> Self {
        Self { store, to, producer, wake: Arc::new(Notify::new()) }
    }

    /// For waking it after a commit.
    pub fn handle(&self) -> Handle {
        Handle(self.wake.clone())
    }

    /// Publishes until the token is cancelled. Failures are logged and waited out: it never gives up.
    pub async fn run(self, token: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !token.is_cancelled() {
            match self.send_batch(&token).await {
                // There may be more.
                Ok(sent) if sent > 0 => pause = FIRST_PAUSE,
                Ok(_) => {
                    pause = FIRST_PAUSE;
                    tokio::select! {
                        () = token.cancelled() => {}
                        () = self.wake.notified() => {}
                        () = tokio::time::sleep(POLL) => {}
                    }
                }
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(producer = self.producer, %error, cause, ?pause, "the outbox waits");
                    tokio::select! {
                        () = token.cancelled() => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// One transaction: claim, publish in order, mark what was acknowledged. A failure in the middle still marks what
    /// went before it; a failure to mark publishes again later, with the same ids.
    async fn send_batch(&self, token: &CancellationToken) -> Result<usize, Interrupted> {
        let mut tx = self.store.begin().await?;
        let rows = outbox::claim(&mut tx, self.producer, BATCH).await?;
        let started = Instant::now();
        let mut acknowledged = Vec::with_capacity(rows.len());
        let mut failure = None;
        for row in &rows {
            if started.elapsed() > BATCH_TIME {
                break;
            }
            tokio::select! {
                biased;
                // What is in flight stays unmarked and goes out again after the restart.
                () = token.cancelled() => break,
                outcome = self.to.publish(row) => match outcome {
                    Ok(stream_sequence) => acknowledged.push((row.position, stream_sequence)),
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                },
            }
        }
        if !acknowledged.is_empty() {
            outbox::mark_sent(&mut tx, &acknowledged).await?;
        }
        tx.commit().await?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(acknowledged.len()),
        }
    }
}
