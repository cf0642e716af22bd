//! Two transactions at a time, committed one after the other.
//!
//! A [`Lane`] copies the rows of its work while the lane before it still copies or commits, and does the rest, everything
//! that locks rows or has an order, only when that one has committed. If the one before fails and has to be done again, the rows
//! copied beside it are rolled back and copied anew after it: that may take long, and nothing must be in its way.
//!
//! Two lanes do not deadlock. While it waits, a lane has locks of the tables and partitions that writers share, and none of a
//! row; `metrics` has no unique index over which inserts could meet. What makes partitions or chunks, and locks the table
//! until it commits, goes alone ([`Rooms`]). Whatever a third party brings between the two ends with `lock_timeout` (10 s):
//! the lane before fails, the one behind it lets go.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use store::metrics::Batch;
use store::{Store, StoreError};
use tokio::sync::watch;

use super::work::{Copied, Work};

/// Transactions at a time. Each keeps one core of the database busy with COPY; the roll-ups and the service need theirs too.
pub(super) const LANES: usize = 2;

/// How far the work of a lane has come, as far as the next lane has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    FirstAttempt,
    /// An attempt failed; it is done again until it succeeds.
    Again,
    Committed,
}

/// One lane: what was before it, and what it tells the one after it.
#[derive(Debug)]
pub(super) struct Lane {
    before: watch::Receiver<Stage>,
    stage: watch::Sender<Stage>,
}

/// The lanes in order; each takes its turn after the one before.
#[derive(Debug)]
pub(super) struct Turns(watch::Receiver<Stage>);

/// The lane before has ended without a commit.
#[derive(Debug)]
pub(super) struct Abandoned;

impl Turns {
    pub(super) fn new() -> Self {
        Self(watch::channel(Stage::Committed).1)
    }

    pub(super) fn next(&mut self) -> Lane {
        let (stage, next) = watch::channel(Stage::FirstAttempt);
        Lane { before: std::mem::replace(&mut self.0, next), stage }
    }
}

impl Lane {
    /// Copies the rows of the work beside the lane before, and waits for that one to commit. `None` when the rows are to be
    /// copied afterwards: they may not be copied beside it, that did not succeed, or the one before has to be done again.
    pub(super) async fn copy_beside(
        &mut self,
        work: &Work,
        store: &Store,
        rooms: &Rooms,
    ) -> Result<Option<Copied>, Abandoned> {
        let mut copied = None;
        if !work.is_empty() && rooms.has_all(&work.rows) {
            let mut before = self.before.clone();
            let at_once = async {
                match before.wait_for(|stage| *stage != Stage::FirstAttempt).await.as_deref() {
                    Ok(Stage::Committed) => Ok(()),
                    _ => Err(None),
                }
            };
            let copying = async { work.copy(store).await.map_err(Some) };
            copied = match tokio::try_join!(copying, at_once) {
                Ok((copied, ())) => Some(copied),
                Err(failed) => {
                    told(failed);
                    None
                }
            };
        }
        match self.before.wait_for(|stage| *stage == Stage::Committed).await {
            Ok(_) => Ok(copied),
            Err(_) => Err(Abandoned),
        }
    }

    /// Tells the next lane to let go of what it has copied.
    pub(super) fn again(&self) {
        self.stage.send_replace(Stage::Again);
    }

    /// Gives the next lane its turn.
    pub(super) fn committed(self) {
        self.stage.send_replace(Stage::Committed);
    }
}

fn told(failed: Option<StoreError>) {
    if let Some(error) = failed {
        tracing::debug!(%error, "a batch is copied again after the one before it");
    }
}

/// The partitions or chunks that this process has committed rows to: they are there.
#[derive(Debug, Default)]
pub(super) struct Rooms(Mutex<BTreeSet<i64>>);

impl Rooms {
    /// Ten simulated weeks of one simulation. Past it everything is forgotten, and one batch of each goes alone again.
    const MOST: usize = 280;

    fn has_all(&self, rows: &Batch) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.rooms().all(|room| known.contains(&room))
    }

    pub(super) fn add(&self, rows: &Batch) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.extend(rows.rooms());
    }
}
