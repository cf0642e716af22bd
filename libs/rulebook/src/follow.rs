//! A bucket as it is now, for whoever goes by it or shows it.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, From, Tail};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::kept::{self, Bucket};

/// Between two looks when nothing is heard: a bucket that was deleted says nothing.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Between two attempts of the first look.
const PAUSE: Duration = Duration::from_millis(250);
/// A file of rules is applied key by key; this much silence ends a series of changes.
const SETTLED: Duration = Duration::from_millis(30);
/// Changes that are waited for at most before they are taken up.
const SERIES: usize = 256;

/// What is known about a bucket.
#[derive(Debug)]
pub struct Known<B> {
    /// What it held when it was whole last.
    pub book: Arc<B>,
    /// Where that stands.
    pub standing: Standing,
}

impl<B> Clone for Known<B> {
    fn clone(&self) -> Self {
        Self { book: self.book.clone(), standing: self.standing }
    }
}

/// Where the last whole set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is what the bucket holds.
    Current,
    /// The bucket was never filled: the set is that of the release.
    Unseeded,
    /// The bucket is gone, or was made anew and is not filled: the set is the last known one.
    Lost,
}

/// Follows the bucket.
#[derive(Debug)]
pub struct Follower<B> {
    bus: Bus,
    tell: watch::Sender<Known<B>>,
    token: CancellationToken,
}

impl<B: Bucket> Follower<B> {
    /// Reads the bucket, waiting for a server that is away. `None` when it is asked to stop meanwhile. Give the follower a task of its own,
    /// in which it [`run`](Self::run)s.
    pub async fn open(bus: Bus, token: CancellationToken) -> Option<(Self, watch::Receiver<Known<B>>)> {
        let mut told = false;
        let book = loop {
            let error = match token.run_until_cancelled(kept::read::<B>(&bus)).await? {
                Ok(book) => break book,
                Err(error) => error,
            };
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(%error, what = B::WHAT, "a bucket cannot be read yet");
            }
            token.run_until_cancelled(tokio::time::sleep(PAUSE)).await?;
        };
        let known = if book.is_whole() {
            Known { book: Arc::new(book), standing: Standing::Current }
        } else {
            Known { book: Arc::new(B::initial()), standing: Standing::Unseeded }
        };
        let (tell, hear) = watch::channel(known);
        Some((Self { bus, tell, token }, hear))
    }

    /// Tells of every change until shutdown.
    pub async fn run(self) {
        let mut tail = None;
        while !self.token.is_cancelled() {
            if tail.is_none() {
                let opened = self.bus.tail(B::STREAM, B::SUBJECTS, From::New, self.token.clone()).await;
                tail = opened
                    .inspect_err(
                        |error| tracing::debug!(%error, what = B::WHAT, "a bucket cannot be followed yet"),
                    )
                    .ok();
            }
            tokio::select! {
                () = self.token.cancelled() => return,
                () = heard(tail.as_mut()) => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
            self.look().await;
        }
    }

    /// Compares what is there with what is known.
    async fn look(&self) {
        let now = match self.bus.bucket_standing(B::STREAM).await {
            Ok(now) => now,
            Err(error) => return tracing::debug!(%error, what = B::WHAT, "a bucket cannot be seen"),
        };
        {
            let known = self.tell.borrow();
            if known.standing == Standing::Current && known.book.standing() == now {
                return;
            }
        }
        match kept::read::<B>(&self.bus).await {
            Ok(book) => drop(self.tell.send_if_modified(|known| known.learn(book))),
            Err(error) => tracing::debug!(%error, what = B::WHAT, "a bucket cannot be read"),
        }
    }
}

impl<B: Bucket> Known<B> {
    /// Takes in what the bucket holds; true when that changes anything.
    fn learn(&mut self, book: B) -> bool {
        let before = self.standing;
        if book.is_whole() {
            self.standing = Standing::Current;
            let changed = book.standing() != self.book.standing();
            if changed {
                let (was, is) = (self.book.standing(), book.standing());
                if was.made_at_ns != is.made_at_ns && was.revision > 0 {
                    tracing::error!(
                        what = B::WHAT,
                        "the bucket was deleted and made anew: what it holds now is in force"
                    );
                }
                self.book = Arc::new(book);
            }
            return changed || before != Standing::Current;
        }
        if before != Standing::Current {
            return false;
        }
        tracing::error!(
            what = B::WHAT,
            revision = self.book.standing().revision,
            "the bucket was deleted or emptied; what was known last stays in force, and the orchestrator writes it again"
        );
        self.standing = Standing::Lost;
        true
    }
}

/// Waits for a change, and for those that follow it at once.
async fn heard(tail: Option<&mut Tail>) {
    let Some(tail) = tail else { return std::future::pending().await };
    tail.next().await;
    for _ in 1..SERIES {
        if tokio::time::timeout(SETTLED, tail.next()).await.is_err() {
            return;
        }
    }
}
