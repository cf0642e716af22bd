//! Telemetry in, rows and incidents out: one transaction a batch, acknowledged after it has committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bus::{Bus, Delivery};
use chrono::Utc;
use detect::{Detector, Transition};
use futures::future::join_all;
use prost::{Message as _, Name as _};
use proto::sim::v1::MetricSnapshot;
use store::deleted::{self, Deleted};
use store::metrics::Batch;
use store::outbox::OutboxMessage;
use store::progress::Progress;
use store::{Store, StoreError, incidents, metrics, outbox, progress};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::convert::{self, Snapshot, UnreadableIncident};
use crate::history::{self, Range, Stopped};
use crate::marks::{Marks, Standing};
use crate::meters::Meters;
use crate::service::PRODUCER;

mod adopt;

/// Encoded rows in one transaction. Past it a batch is committed in parts, so that neither our memory nor a transaction
/// grows with the size of the cloud.
const MAX_BATCH_BYTES: usize = 8 << 20;

/// Why the service cannot go on. A restart resumes from the watermark.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error("the telemetry could not be stored")]
    Store(#[source] StoreError),
    #[error("another signal-service stores the telemetry of simulation {simulation_id}; stop one of the two")]
    Fenced { simulation_id: String },
    #[error("an incident could not be converted")]
    Convert(#[source] UnreadableIncident),
    #[error("the service was asked to stop while it was waiting for a server")]
    Stopped,
}

impl From<Stopped> for IngestError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

/// Stores and judges telemetry, in the order of the stream.
pub(crate) struct Ingest {
    store: Store,
    bus: Bus,
    relay: relay::Handle,
    detector: Detector,
    marks: Marks,
    meters: Meters,
    /// Woken when there is telemetry of deleted simulations to be dropped.
    sweep: Arc<Notify>,
    token: CancellationToken,
    work: Work,
}

/// What the next transaction writes.
#[derive(Default)]
struct Work {
    rows: Batch,
    /// First and last watermark of every shard and run in the batch.
    marks: Vec<(Progress, Progress)>,
    transitions: Vec<(Transition, Option<String>)>,
    deleted: Vec<Deleted>,
    snapshots: u64,
}

/// What became of a transaction.
enum Written {
    Rows(u64),
    /// An attempt before, whose outcome was unknown, had committed.
    Already,
}

impl Ingest {
    pub(crate) fn new(
        store: Store,
        bus: Bus,
        relay: relay::Handle,
        (detector, marks): (Detector, Marks),
        meters: Meters,
        sweep: Arc<Notify>,
        token: CancellationToken,
    ) -> Self {
        meters.open_incidents(detector.open_incidents());
        Self { store, bus, relay, detector, marks, meters, sweep, token, work: Work::default() }
    }

    /// Deals with a batch of deliveries and acknowledges them.
    pub(crate) async fn take(&mut self, mut deliveries: Vec<Delivery>) -> Result<(), IngestError> {
        deliveries.sort_by_key(|delivery| delivery.stream_sequence);
        let mut done = Vec::with_capacity(deliveries.len());
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
            self.add(&snapshot, delivery.stream_sequence, delivery.traceparent.as_deref());
            self.meters.delivered(delivery.published_at, Utc::now());
            done.push(delivery);
            if self.work.rows.bytes() >= MAX_BATCH_BYTES {
                self.commit(&mut done).await?;
            }
        }
        self.commit(&mut done).await
    }

    /// Takes the messages from `from` up to, not including, `to` from the stream itself. The durable consumer delivers
    /// them later, when the dead process's acknowledgement is overdue, and they are duplicates then.
    async fn fill(&mut self, from: u64, to: u64) -> Result<(), IngestError> {
        let mut range = Range::open(&self.bus, history::EVERYTHING, from, to - 1, &self.token).await?;
        let mut filled = 0_u64;
        while let Some(message) = range.next().await? {
            if let Ok(snapshot) = read(&message) {
                self.add(&snapshot, message.stream_sequence, message.traceparent.as_deref());
                filled += 1;
            }
            if self.work.rows.bytes() >= MAX_BATCH_BYTES {
                self.commit(&mut Vec::new()).await?;
            }
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

    /// Stores and judges a snapshot, unless that has been done.
    fn add(&mut self, snapshot: &Snapshot, sequence: u64, traceparent: Option<&str>) {
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
                    let trace = (!transitions.is_empty()).then(|| traceparent.map(str::to_owned)).flatten();
                    self.work.transitions.extend(transitions.into_iter().map(|t| (t, trace.clone())));
                }
                // Both check what `Snapshot` has checked.
                (Err(error), _) => {
                    tracing::error!(%error, sequence, "a checked snapshot could not be judged");
                }
                (_, Err(error)) => {
                    tracing::error!(%error, sequence, "a checked snapshot could not be stored");
                }
            }
            self.work.mark(snapshot, sequence);
            self.marks.advance(snapshot);
        }
        self.marks.pass(sequence, standing == Standing::New);
    }

    async fn dead_letter(&mut self, delivery: &Delivery, reason: &str) {
        delivery.dead_letter(reason).await;
        self.meters.dead_letter();
        self.marks.pass(delivery.stream_sequence, false);
    }

    /// Commits what has been gathered, then acknowledges. Waits for the database as long as it takes.
    async fn commit(&mut self, done: &mut Vec<Delivery>) -> Result<(), IngestError> {
        if !self.work.is_empty() {
            let rows = self.work.incident_rows().map_err(IngestError::Convert)?;
            let begun = Instant::now();
            let written = self.write_until_done(&rows).await?;
            self.meters.committed(begun.elapsed(), written, self.work.snapshots);
            if !rows.is_empty() {
                self.relay.wake();
                self.meters.transitions(self.work.transitions.iter().map(|(transition, _)| transition));
                self.meters.open_incidents(self.detector.open_incidents());
                for (row, _) in &rows {
                    tracing::info!(incident = %row.id, revision = row.revision, severity = row.severity, title = row.title, resolution = row.resolution, "incident");
                }
            }
            self.meters.detector(self.detector.counters(), self.detector.window_bytes());
            if !self.work.deleted.is_empty() {
                self.sweep.notify_one();
            }
            self.work.clear();
        }
        join_all(done.iter().map(Delivery::ack)).await;
        done.clear();
        Ok(())
    }

    /// One retry loop: twenty seconds of growing pauses at a time, told in the log, until the database is back or the
    /// service is asked to stop. The stream keeps the telemetry meanwhile; nothing is taken from it.
    async fn write_until_done(
        &self,
        rows: &[(incidents::IncidentRow, OutboxMessage)],
    ) -> Result<u64, IngestError> {
        let attempts = AtomicU32::new(0);
        loop {
            let attempt = || async {
                self.work.write(&self.store, rows, attempts.fetch_add(1, Ordering::Relaxed)).await
            };
            let written = tokio::select! {
                written = store::retry(attempt) => written,
                () = stopped(&self.token) => return Err(IngestError::Stopped),
            };
            match written {
                Ok(Ok(Written::Rows(rows))) => return Ok(rows),
                Ok(Ok(Written::Already)) => return Ok(self.work.rows.rows()),
                Ok(Err(simulation_id)) => return Err(IngestError::Fenced { simulation_id }),
                Err(error) if error.is_transient() => {
                    self.meters.database_waits();
                    tracing::error!(%error, "the database does not take the telemetry; it waits in the stream");
                }
                Err(error) => return Err(IngestError::Store(error)),
            }
        }
    }
}

/// A while after the service is asked to stop: a database that answers may finish its transaction.
async fn stopped(token: &CancellationToken) {
    token.cancelled().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}

pub(crate) fn read(delivery: &Delivery) -> Result<Snapshot, String> {
    let message: MetricSnapshot = delivery.decode().map_err(|error| error.to_string())?;
    Snapshot::try_from(message).map_err(|error| format!("invalid MetricSnapshot: {error}"))
}

impl Work {
    fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.transitions.is_empty()
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.marks.clear();
        self.transitions.clear();
        self.deleted.clear();
        self.snapshots = 0;
    }

    fn mark(&mut self, snapshot: &Snapshot, sequence: u64) {
        self.snapshots += 1;
        let mark = Progress {
            simulation_id: snapshot.simulation_id.clone(),
            shard: snapshot.shard,
            run_id: snapshot.run_id,
            tick: snapshot.tick,
            stream_sequence: sequence.cast_signed(),
        };
        let same = |(first, _): &&mut (Progress, Progress)| {
            (first.run_id, first.shard, &first.simulation_id)
                == (mark.run_id, mark.shard, &mark.simulation_id)
        };
        match self.marks.iter_mut().find(same) {
            Some((_, last)) => *last = mark,
            None => self.marks.push((mark.clone(), mark)),
        }
    }

    fn incident_rows(&self) -> Result<Vec<(incidents::IncidentRow, OutboxMessage)>, UnreadableIncident> {
        let row = |(transition, traceparent): &(Transition, Option<String>)| {
            let row = convert::row(transition)?;
            let message = wire::incident(row.clone());
            let message = OutboxMessage {
                id: format!("{}:{}", row.id, row.revision),
                subject: bus::subjects::OPS_INCIDENTS.to_owned(),
                message_type: proto::ops::v1::Incident::full_name(),
                simulation_id: row.simulation_id.clone(),
                traceparent: Some(bus::trace::child_of(traceparent.as_deref())),
                payload: message.encode_to_vec(),
            };
            Ok((row, message))
        };
        self.transitions.iter().map(row).collect()
    }

    /// One transaction: watermarks, rows, incidents, messages. The inner error names a simulation whose watermark
    /// somebody else has moved.
    async fn write(
        &self,
        store: &Store,
        rows: &[(incidents::IncidentRow, OutboxMessage)],
        attempt: u32,
    ) -> Result<Result<Written, String>, StoreError> {
        let mut tx = store.begin().await?;
        for (first, last) in &self.marks {
            // The first mark takes the row's lock and says whether anything of the batch is there already; the last
            // one alone would not see a writer that had stored a part of it.
            if !progress::advance(&mut tx, first).await? {
                tx.rollback().await?;
                let committed_before = attempt > 0;
                return Ok(if committed_before {
                    Ok(Written::Already)
                } else {
                    Err(first.simulation_id.clone())
                });
            }
            if first.tick < last.tick {
                progress::advance(&mut tx, last).await?;
            }
        }
        let copied = metrics::copy(&mut tx, &self.rows).await?;
        for (row, message) in rows {
            // A revision that is there already has been told already.
            if incidents::upsert(&mut tx, row).await? {
                outbox::enqueue(&mut tx, PRODUCER, message).await?;
            }
        }
        for gone in &self.deleted {
            deleted::note(&mut tx, gone).await?;
        }
        tx.commit().await?;
        Ok(Ok(Written::Rows(copied)))
    }
}
