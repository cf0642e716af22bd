//! Publishes what the simulation computed, in order: each message is stored before the next one is sent. So the events of a
//! tick are always stored before the sample that shows them, and a retry never overtakes.
//!
//! It works beside the simulation, which computes ahead by as much as the queue holds and then waits.

use std::collections::HashSet;
use std::time::Duration;

use bus::{Bus, Outgoing, subjects};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::meters::Meters;

mod telemetry;

pub(crate) use telemetry::Diverged;
use telemetry::Telemetry;

/// Batches that the simulation may be ahead: about a quarter of a second at speed 1000, and at most 128 MiB of the largest
/// messages.
pub(crate) const OUTBOX: usize = 256;
/// Wait before a message whose fate is unknown is sent again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Messages that belong together, in order.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) messages: Vec<Outgoing>,
    /// What is stored once the batch is.
    pub(crate) stored: Option<Stored>,
    /// Told when the batch is stored.
    pub(crate) done: Option<oneshot::Sender<()>>,
}

impl Batch {
    /// A batch of one message.
    pub(crate) fn of(message: Outgoing) -> Self {
        Self { messages: vec![message], stored: None, done: None }
    }
}

/// Everything up to and including the sample of this tick is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) run_id: Uuid,
    pub(crate) tick: u64,
}

/// Publishes batches.
pub(crate) struct Publisher {
    pub(crate) bus: Bus,
    pub(crate) batches: mpsc::Receiver<Batch>,
    pub(crate) stored: watch::Sender<Stored>,
    /// Events that an engine before this one stored after its last sample.
    pub(crate) known_events: HashSet<String>,
    pub(crate) meters: Meters,
}

impl Publisher {
    /// Publishes until the simulation has gone and all is stored, or until `abort`. Fails when another engine is at it too.
    pub(crate) async fn run(self, abort: CancellationToken) -> Result<(), Diverged> {
        tokio::select! {
            () = abort.cancelled() => Ok(()),
            published = self.publish_all() => published,
        }
    }

    async fn publish_all(mut self) -> Result<(), Diverged> {
        let mut telemetry = Telemetry::new(self.bus.clone(), self.meters.clone());
        while let Some(batch) = self.batches.recv().await {
            let Batch { messages, stored, done } = batch;
            for message in &messages {
                let started = Instant::now();
                let is_event = message.subject == subjects::SIM_EVENTS;
                if is_event {
                    self.event(message).await;
                } else {
                    telemetry.publish(message).await?;
                }
                self.meters.published(is_event, message.payload.len(), started.elapsed());
            }
            if let Some(stored) = stored {
                self.stored.send_replace(stored);
            }
            if let Some(done) = done {
                // Whoever waited may have gone.
                done.send(()).ok();
            }
        }
        Ok(())
    }

    /// Publishes one event, however long it takes.
    async fn event(&mut self, message: &Outgoing) {
        if !self.known_events.is_empty() && self.known_events.remove(&message.id) {
            return;
        }
        while let Err(error) = self.bus.publish(message).await {
            self.meters.publish_failed();
            tracing::warn!(id = message.id, %error, "event is not published yet, the simulation waits");
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}
