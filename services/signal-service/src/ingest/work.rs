//! What one transaction writes, and how.

use std::sync::atomic::{AtomicBool, Ordering};

use bus::Delivery;
use detect::Transition;
use prost::{Message as _, Name as _};
use store::deleted::{self, Deleted};
use store::incidents::{self, IncidentRow};
use store::metrics::{self, Batch};
use store::outbox::{self, OutboxMessage};
use store::progress::{self, Progress};
use store::{Store, StoreError, Tx, statistics};

use super::learnt::Learnt;
use crate::convert::{self, Snapshot, UnreadableIncident};
use crate::service::PRODUCER;

/// What the next transaction writes, and what is acknowledged after it.
#[derive(Default)]
pub(super) struct Work {
    pub(super) rows: Batch,
    /// First and last watermark of every shard and run in the batch.
    marks: Vec<(Progress, Progress)>,
    /// Incidents as they are now, oldest change first, and the messages that tell of them.
    pub(super) incidents: Vec<(IncidentRow, OutboxMessage)>,
    pub(super) transitions: Vec<Transition>,
    pub(super) deleted: Vec<Deleted>,
    pub(super) learnt: Learnt,
    pub(super) snapshots: u64,
    pub(super) deliveries: Vec<Delivery>,
}

/// A transaction that has the rows of a work and nothing else. Dropped, it rolls back.
pub(super) struct Copied {
    tx: Tx<'static>,
    rows: u64,
}

/// What became of a transaction.
pub(super) enum Written {
    Rows(u64),
    /// An attempt before, whose outcome was unknown, had committed.
    Already,
}

impl Work {
    /// Nothing to write; there may be something to acknowledge.
    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.transitions.is_empty()
    }

    pub(super) fn mark(&mut self, snapshot: &Snapshot, sequence: u64) {
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

    /// Adds a transition; `traceparent` is that of the snapshot that brought it.
    pub(super) fn tell(
        &mut self,
        transition: Transition,
        traceparent: Option<&str>,
    ) -> Result<(), UnreadableIncident> {
        let row = convert::row(&transition)?;
        let message = wire::incident(row.clone());
        let message = OutboxMessage {
            id: format!("{}:{}", row.id, row.revision),
            subject: bus::subjects::OPS_INCIDENTS.to_owned(),
            message_type: proto::ops::v1::Incident::full_name(),
            simulation_id: row.simulation_id.clone(),
            traceparent: Some(bus::trace::child_of(traceparent)),
            payload: message.encode_to_vec(),
        };
        self.incidents.push((row, message));
        self.transitions.push(transition);
        Ok(())
    }

    /// The first part of the transaction, which locks no row and waits for nobody: the rows.
    pub(super) async fn copy(&self, store: &Store) -> Result<Copied, StoreError> {
        let mut tx = store.begin().await?;
        let rows = metrics::copy(&mut tx, &self.rows).await?;
        Ok(Copied { tx, rows })
    }

    /// The rest of it, after everything before has committed: watermarks, clocks, incidents, messages. The inner error names a
    /// simulation whose watermark somebody else has moved. `unknown` tells whether a commit was tried before, and is set
    /// when one is tried now.
    pub(super) async fn finish(
        &self,
        Copied { mut tx, rows }: Copied,
        unknown: &AtomicBool,
    ) -> Result<Result<Written, String>, StoreError> {
        for (first, last) in &self.marks {
            // The first mark takes the row's lock and says whether anything of the batch is there already; the last
            // one alone would not see a writer that had stored a part of it.
            if !progress::advance(&mut tx, first).await? {
                tx.rollback().await?;
                let committed_before = unknown.load(Ordering::Relaxed);
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
        metrics::note(&mut tx, &self.rows).await?;
        let (rows_of, messages): (Vec<_>, Vec<_>) =
            self.incidents.iter().map(|(row, told)| (row, told)).unzip();
        let news = incidents::upsert_all(&mut tx, &rows_of).await?;
        // A revision that is there already has been told already.
        let messages: Vec<_> = messages
            .into_iter()
            .zip(news)
            .filter_map(|(message, is_news)| is_news.then_some(message))
            .collect();
        outbox::enqueue_all(&mut tx, PRODUCER, &messages).await?;
        statistics::write_anomalies(&mut tx, &self.learnt.anomalies).await?;
        statistics::write_forecasts(&mut tx, &self.learnt.forecasts).await?;
        for memory in self.learnt.memories.values() {
            statistics::keep(&mut tx, memory).await?;
        }
        for gone in &self.deleted {
            deleted::note(&mut tx, gone).await?;
        }
        unknown.store(true, Ordering::Relaxed);
        tx.commit().await?;
        Ok(Ok(Written::Rows(rows)))
    }
}
