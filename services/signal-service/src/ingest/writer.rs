//! The second half of ingest: commits what was judged, in order, and acknowledges it, while the first half judges what follows.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bus::Delivery;
use futures::future::{TryFutureExt as _, join_all};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use store::Store;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::IngestError;
use super::lane::{Abandoned, LANES, Lane, Rooms, Turns};
use super::work::{Copied, Work, Written};
use crate::meters::Meters;

/// Work that waits while others are on their lanes. One is enough to keep the database busy, and bounds our memory.
const WAITING: usize = 1;
/// A database that answers may finish its transaction for so long after the service is asked to stop.
const GRACE: Duration = Duration::from_secs(2);

/// What the writer needs.
pub(crate) struct Sink {
    pub(crate) store: Store,
    pub(crate) relay: relay::Handle,
    pub(crate) meters: Meters,
    /// Woken when there is telemetry of deleted simulations to be dropped.
    pub(crate) sweep: Arc<Notify>,
    pub(crate) token: CancellationToken,
}

/// The task that commits, as the first half sees it.
pub(super) struct Writer {
    queue: mpsc::Sender<Work>,
    task: JoinHandle<Result<(), IngestError>>,
}

impl Writer {
    pub(super) fn spawn(sink: Sink) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        Self { queue, task: tokio::spawn(sink.run(waiting)) }
    }

    /// Hands work over; waits while there is enough of it. An error is why the writer has ended.
    pub(super) async fn take(&mut self, work: Work) -> Result<(), IngestError> {
        if self.queue.send(work).await.is_ok() {
            return Ok(());
        }
        Err(self.outcome().await.err().unwrap_or(IngestError::Stopped))
    }

    /// Waits until everything handed over is committed.
    pub(super) async fn finish(mut self) -> Result<(), IngestError> {
        let (closed, _) = mpsc::channel(WAITING);
        drop(std::mem::replace(&mut self.queue, closed));
        self.outcome().await
    }

    async fn outcome(&mut self) -> Result<(), IngestError> {
        (&mut self.task).await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(IngestError::Stopped),
        })
    }
}

impl Sink {
    async fn run(self, waiting: mpsc::Receiver<Work>) -> Result<(), IngestError> {
        let (mut turns, rooms) = (Turns::new(), Rooms::default());
        let waiting = stream::unfold(waiting, async |mut waiting| Some((waiting.recv().await?, waiting)));
        let lanes = waiting.map(|work| self.take(work, turns.next(), &rooms)).buffered(LANES);
        // In order: the first error is that of the lane that all later ones wait for, and ends them.
        lanes.try_collect().await
    }

    /// Commits when it is this lane's turn, then acknowledges. Waits for the database as long as it takes.
    async fn take(&self, work: Work, mut lane: Lane, rooms: &Rooms) -> Result<(), IngestError> {
        let copied = tokio::select! {
            copied = lane.copy_beside(&work, &self.store, rooms) => copied.map_err(|Abandoned| IngestError::Stopped)?,
            () = self.stopped() => return Err(IngestError::Stopped),
        };
        if !work.is_empty() {
            let begun = Instant::now();
            let written = self.write_until_done(&work, copied, &lane).await?;
            self.meters.committed(begun.elapsed(), written, work.snapshots);
            rooms.add(&work.rows);
        }
        lane.committed();
        if !work.incidents.is_empty() {
            self.relay.wake();
            self.meters.transitions(&work.transitions);
            for (row, _) in &work.incidents {
                tracing::info!(incident = %row.id, revision = row.revision, severity = row.severity, title = row.title, resolution = row.resolution, "incident");
            }
        }
        if !work.deleted.is_empty() {
            self.sweep.notify_one();
        }
        join_all(work.deliveries.iter().map(Delivery::ack)).await;
        Ok(())
    }

    /// One retry loop: twenty seconds of growing pauses at a time, told in the log, until the database is back or the
    /// service is asked to stop. The stream keeps the telemetry meanwhile; no more than waits here is taken from it.
    async fn write_until_done(
        &self,
        work: &Work,
        mut copied: Option<Copied>,
        lane: &Lane,
    ) -> Result<u64, IngestError> {
        let unknown = AtomicBool::new(false);
        loop {
            let attempt = || {
                let copied = copied.take();
                async {
                    let copied = match copied {
                        Some(copied) => copied,
                        None => work.copy(&self.store).await?,
                    };
                    work.finish(copied, &unknown).await
                }
                .inspect_err(|_| lane.again())
            };
            let written = tokio::select! {
                written = store::retry(attempt) => written,
                () = self.stopped() => return Err(IngestError::Stopped),
            };
            match written {
                Ok(Ok(Written::Rows(rows))) => return Ok(rows),
                Ok(Ok(Written::Already)) => return Ok(work.rows.rows()),
                Ok(Err(simulation_id)) => return Err(IngestError::Fenced { simulation_id }),
                Err(error) if error.is_transient() => {
                    self.meters.database_waits();
                    tracing::error!(%error, "the database does not take the telemetry; it waits in the stream");
                }
                Err(error) => return Err(IngestError::Store(error)),
            }
        }
    }

    async fn stopped(&self) {
        self.token.cancelled().await;
        tokio::time::sleep(GRACE).await;
    }
}
