//! Telemetry in, rows and incidents out: one transaction a batch, acknowledged after it has committed.
//!
//! Two halves at work at the same time: this one reads and judges, the [`writer`] commits what was judged before.

use bus::{Bus, Delivery};
use chrono::Utc;
use detect::Detector;
use proto::sim::v1::MetricSnapshot;
use store::StoreError;
use tokio_util::sync::CancellationToken;

use crate::convert::{Snapshot, UnreadableIncident};
use crate::history::{self, Range, Stopped};
use crate::marks::{Marks, Standing};
use crate::meters::Meters;

mod adopt;
mod lane;
mod learnt;
mod work;
mod writer;

use work::Work;
pub(crate) use writer::Sink;
use writer::Writer;

/// Encoded rows in one transaction, about 20 000. Past it a batch is committed in parts, so that neither our memory nor a transaction
/// grows with the size of the cloud, and the database works on one part while the next is judged.
const MAX_WORK_BYTES: usize = 2 << 20;

/// Why the service cannot go on. A restart resumes from the watermark.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error("the telemetry could not be stored")]
    Store(#[source] StoreError),
    #[error("another signal-service stores the telemetry of simulation {simulation_id}; stop one of the two")]
    Fenced { simulation_id: String },
    #[error("an incident could not be converted")]
    Convert(#[from] UnreadableIncident),
    #[error("the service was asked to stop while it was waiting for a server")]
    Stopped,
}

impl From<Stopped> for IngestError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

/// Judges telemetry, in the order of the stream.
pub(crate) struct Ingest {
    bus: Bus,
    detector: Detector,
    marks: Marks,
    meters: Meters,
    token: CancellationToken,
    work: Work,
    writer: Writer,
}

impl Ingest {
    pub(crate) fn new(bus: Bus, (detector, marks): (Detector, Marks), sink: Sink) -> Self {
        let (meters, token) = (sink.meters.clone(), sink.token.clone());
        meters.open_incidents(detector.open_incidents());
        Self { bus, detector, marks, meters, token, work: Work::default(), writer: Writer::spawn(sink) }
    }

    /// Deals with a batch of deliveries. They are acknowledged once they are stored.
    pub(crate) async fn take(&mut self, mut deliveries: Vec<Delivery>) -> Result<(), IngestError> {
        deliveries.sort_by_key(|delivery| delivery.stream_sequence);
        for delivery in deliveries {
            if let Some(from) = self.marks.missing_before(delivery.stream_sequence) {
                self.fill(from, delivery.stream_sequence).await?;
            }
            // Asked of everything, seen before or not: only the consumer's own delivery can be dead-lettered.
            let snapshot = match read(&delivery) {
                Ok(snapshot) => snapshot,
                Err(reason) => {
                    self.dead_letter(&delivery, &reason).await;
                    continue;
                }
            };
            self.add(&snapshot, delivery.stream_sequence, delivery.traceparent.as_deref())?;
            self.meters.delivered(delivery.published_at, Utc::now());
            self.work.deliveries.push(delivery);
            self.hand_over_if_full().await?;
        }
        self.hand_over().await
    }

    /// Waits until everything that was taken is stored and acknowledged.
    pub(crate) async fn finish(self) -> Result<(), IngestError> {
        self.writer.finish().await
    }

    /// Takes the messages from `from` up to, not including, `to` from the stream itself. The durable consumer delivers
    /// them later, when the dead process's acknowledgement is overdue, and they are duplicates then.
    async fn fill(&mut self, from: u64, to: u64) -> Result<(), IngestError> {
        let mut range = Range::open(&self.bus, history::EVERYTHING, from, to - 1, &self.token).await?;
        let mut filled = 0_u64;
        while let Some(message) = range.next().await? {
            if let Ok(snapshot) = read(&message) {
                self.add(&snapshot, message.stream_sequence, message.traceparent.as_deref())?;
                filled += 1;
            }
            self.hand_over_if_full().await?;
        }
        if filled > 0 {
            tracing::info!(
                messages = filled,
                from,
                to,
                "read telemetry that was in the hands of a dead process"
            );
        }
        Ok(())
    }

    /// Judges a snapshot and adds it to the work, unless that has been done.
    fn add(
        &mut self,
        snapshot: &Snapshot,
        sequence: u64,
        traceparent: Option<&str>,
    ) -> Result<(), IngestError> {
        let standing = self.marks.standing(snapshot);
        self.meters.snapshot(standing);
        if standing == Standing::New {
            self.meters.infinite(snapshot.infinite_values);
            let judged = if snapshot.deleted {
                self.work.deleted.push(snapshot.deletion());
                Ok(self.detector.forget(&snapshot.simulation_id))
            } else {
                snapshot.sample().map(|sample| self.detector.observe(&sample))
            };
            match (judged, snapshot.push_rows(&mut self.work.rows)) {
                (Ok(transitions), Ok(())) => {
                    for transition in transitions {
                        self.work.tell(transition, traceparent)?;
                    }
                }
                // Both check what `Snapshot` has checked.
                (Err(error), _) => {
                    tracing::error!(%error, sequence, "a checked snapshot could not be judged");
                }
                (_, Err(error)) => {
                    tracing::error!(%error, sequence, "a checked snapshot could not be stored");
                }
            }
            self.work.learnt.take(&mut self.detector, snapshot.run_id);
            self.work.mark(snapshot, sequence);
            self.marks.advance(snapshot);
        }
        self.marks.pass(sequence, standing == Standing::New);
        Ok(())
    }

    async fn dead_letter(&mut self, delivery: &Delivery, reason: &str) {
        delivery.dead_letter(reason).await;
        self.meters.dead_letter();
        self.marks.pass(delivery.stream_sequence, false);
    }

    async fn hand_over_if_full(&mut self) -> Result<(), IngestError> {
        if self.work.rows.bytes() >= MAX_WORK_BYTES { self.hand_over().await } else { Ok(()) }
    }

    /// Gives what has been gathered to the writer. Duplicates go the same way: what they repeat may still wait there.
    async fn hand_over(&mut self) -> Result<(), IngestError> {
        self.meters.open_incidents(self.detector.open_incidents());
        self.meters.detector(&self.detector);
        self.writer.take(std::mem::take(&mut self.work)).await
    }
}

pub(crate) fn read(delivery: &Delivery) -> Result<Snapshot, String> {
    let message: MetricSnapshot = delivery.decode().map_err(|error| error.to_string())?;
    Snapshot::try_from(message).map_err(|error| format!("invalid MetricSnapshot: {error}"))
}
