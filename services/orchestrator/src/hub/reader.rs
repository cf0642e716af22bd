//! One client's way through the event log, as a stream of shared frames.

use std::collections::VecDeque;
use std::convert::Infallible;

use bytes::Bytes;
use futures::Stream;
use prometheus_client::metrics::gauge::Gauge;
use proto::ops::v1::StreamResync;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

use super::frame::{self, EventId, EventName};
use super::ring::Read;
use super::{EncodeError, Hub};

/// Events handed to the connection before the log is looked at again. They are shared, so this bounds a client's
/// backlog in memory to what its socket has not taken yet.
const BATCH: usize = 64;

/// Tells browsers how long to wait before they connect again, and opens the response at once.
const PREAMBLE: &[u8] = b"retry: 1000\n\n";

/// Why the stream of a client cannot go on where it was.
const TOO_OLD: &str =
    "The events after your last one are no longer kept. Replace your state with the snapshot that follows.";
const OTHER_EPOCH: &str = "Your last event is of another simulation, or the orchestrator was restarted since. Replace your state with the snapshot that follows.";
const MALFORMED: &str =
    "Last-Event-ID is not an id of this stream. Send the last id you received, or none. A snapshot follows.";
const TOO_SLOW: &str = "You read too slowly and events you had not read are no longer kept. Replace your state with the snapshot that follows.";

/// Where a client wants to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// With a snapshot.
    Fresh,
    /// After the event with this id, as the client sent it.
    After(String),
}

/// All places are taken.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} event streams are open, which is the limit: close a page that you do not need, or try again later",
    super::MAX_CLIENTS
)]
pub(crate) struct Full;

impl Hub {
    /// Opens a client's stream. It ends when `shutdown` is cancelled.
    pub(crate) fn subscribe(
        &self,
        start: &Start,
        shutdown: CancellationToken,
    ) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + Send + use<>, Full> {
        let permit = self.inner.clients.clone().try_acquire_owned().map_err(|_| Full)?;
        let mut reader = Reader {
            newest: self.inner.newest.subscribe(),
            heartbeat: self.inner.heartbeat.subscribe(),
            hub: self.clone(),
            cursor: 0,
            ready: VecDeque::from([Bytes::from_static(PREAMBLE)]),
            shutdown,
            _place: Place::take(self, permit),
        };
        reader.begin(start);
        Ok(futures::stream::unfold(reader, |mut reader| async move {
            let frame = reader.next().await?;
            Some((Ok(frame), reader))
        }))
    }
}

struct Reader {
    hub: Hub,
    newest: watch::Receiver<u64>,
    heartbeat: watch::Receiver<Bytes>,
    cursor: u64,
    ready: VecDeque<Bytes>,
    shutdown: CancellationToken,
    _place: Place,
}

/// A place among the open streams, given back when the client is gone.
struct Place {
    clients: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn take(hub: &Hub, permit: OwnedSemaphorePermit) -> Self {
        let clients = hub.inner.counted.clients.clone();
        clients.inc();
        Self { clients, _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clients.dec();
    }
}

impl Reader {
    fn begin(&mut self, start: &Start) {
        let Start::After(text) = start else { return self.start_afresh(None) };
        match EventId::parse(text) {
            None => self.start_afresh(Some(MALFORMED)),
            Some(id) if id.epoch != self.hub.inner.epoch => self.start_afresh(Some(OTHER_EPOCH)),
            Some(id) => {
                self.cursor = id.number;
                self.read(TOO_OLD);
            }
        }
    }

    /// The next frame, or `None` when the server shuts down.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.shutdown.is_cancelled() {
                return None;
            }
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            // Marked as seen before the log is read: an event published in between wakes the wait below.
            self.newest.mark_unchanged();
            self.read(TOO_SLOW);
            if !self.ready.is_empty() {
                continue;
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return None,
                changed = self.newest.changed() => changed.ok()?,
                changed = self.heartbeat.changed() => {
                    changed.ok()?;
                    self.ready.push_back(self.heartbeat.borrow_and_update().clone());
                }
            }
        }
    }

    fn read(&mut self, when_missed: &'static str) {
        match self.hub.read_after(self.cursor, BATCH) {
            Read::Frames(frames, cursor) => {
                self.ready.extend(frames);
                self.cursor = cursor;
            }
            Read::UpToDate => {}
            Read::Missed => self.start_afresh(Some(when_missed)),
            Read::Ahead => self.start_afresh(Some(MALFORMED)),
        }
    }

    fn start_afresh(&mut self, reason: Option<&str>) {
        match self.afresh(reason) {
            Ok(frames) => self.ready.extend(frames),
            Err(error) => {
                // Without a snapshot the client would show half a picture: end its stream, it connects again.
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "snapshot not encoded; stream ended"
                );
                self.shutdown = CancellationToken::new();
                self.shutdown.cancel();
            }
        }
    }

    fn afresh(&mut self, reason: Option<&str>) -> Result<Vec<Bytes>, EncodeError> {
        let mut frames = Vec::with_capacity(2);
        if let Some(reason) = reason {
            self.hub.inner.counted.resyncs.inc();
            let data = super::encode(EventName::Resync, &StreamResync { reason: reason.to_owned() })?;
            frames.push(frame::frame(None, EventName::Resync, &data));
        }
        let (snapshot, number) = self.hub.snapshot_event()?;
        frames.push(snapshot);
        self.cursor = number;
        Ok(frames)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures::StreamExt as _;
    use proto::ops::v1::{Action, ActionStatus};
    use proto::sim::v1::SimulationEvent;
    use tokio::time::{Duration, timeout};

    use super::*;

    type Frames = Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>> + Send>>;

    const EPOCH: u64 = 7;

    fn hub() -> Hub {
        let places = std::sync::Arc::new(tokio::sync::Semaphore::new(super::super::MAX_CLIENTS));
        Hub::new(EPOCH, places, super::super::Counted::default(), CancellationToken::new())
    }

    fn open(hub: &Hub, start: &Start) -> Frames {
        Box::pin(hub.subscribe(start, CancellationToken::new()).unwrap())
    }

    fn after(number: u64) -> Start {
        Start::After(format!("{EPOCH}-{number}"))
    }

    fn happen(hub: &Hub, message: &str) {
        hub.publish_event(&SimulationEvent { message: message.to_owned(), ..SimulationEvent::default() })
            .unwrap();
    }

    async fn next(frames: &mut Frames) -> String {
        let frame = timeout(Duration::from_secs(5), frames.next()).await.expect("an event in time");
        String::from_utf8(frame.unwrap().unwrap().to_vec()).unwrap()
    }

    async fn nothing_more(frames: &mut Frames) {
        assert!(timeout(Duration::from_secs(60), frames.next()).await.is_err(), "no more events expected");
    }

    /// Skips what opens the response.
    async fn opened(hub: &Hub, start: &Start) -> Frames {
        let mut frames = open(hub, start);
        assert!(next(&mut frames).await.starts_with("retry:"));
        frames
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_client_gets_a_snapshot_and_then_every_event() {
        let hub = hub();
        happen(&hub, "before");
        let mut frames = opened(&hub, &Start::Fresh).await;
        let snapshot = next(&mut frames).await;
        assert!(snapshot.starts_with("id: 7-1\nevent: snapshot\n"), "{snapshot}");
        happen(&hub, "after");
        let event = next(&mut frames).await;
        assert!(event.starts_with("id: 7-2\nevent: event\n") && event.contains("after"), "{event}");
        nothing_more(&mut frames).await;
    }

    #[tokio::test(start_paused = true)]
    async fn resuming_neither_skips_nor_repeats() {
        let hub = hub();
        for number in 1..=200 {
            happen(&hub, &format!("fact {number}"));
        }
        let mut frames = opened(&hub, &after(100)).await;
        for number in 101..=200 {
            let event = next(&mut frames).await;
            assert!(event.starts_with(&format!("id: 7-{number}\n")), "{event}");
            assert!(event.contains(&format!("fact {number}\"")), "{event}");
        }
        nothing_more(&mut frames).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_id_that_is_of_no_use_leads_to_a_resync() {
        let hub = hub();
        for _ in 0..5_000 {
            happen(&hub, "x");
        }
        for (id, why) in [
            ("7-3", "no longer kept"),
            ("6-4999", "restarted"),
            ("nonsense", "not an id"),
            ("7-5001", "not an id"),
            ("\"><script>", "not an id"),
        ] {
            let mut frames = opened(&hub, &Start::After(id.to_owned())).await;
            let resync = next(&mut frames).await;
            assert!(resync.starts_with("event: resync\n") && resync.contains(why), "{id}: {resync}");
            assert!(next(&mut frames).await.starts_with("id: 7-5000\nevent: snapshot\n"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_holds_up_nobody_and_is_told() {
        let hub = hub();
        let mut slow = opened(&hub, &Start::Fresh).await;
        let mut quick = opened(&hub, &Start::Fresh).await;
        assert!(next(&mut slow).await.contains("snapshot"));
        assert!(next(&mut quick).await.contains("snapshot"));
        for number in 1..=10_000 {
            happen(&hub, "x");
            assert!(next(&mut quick).await.starts_with(&format!("id: 7-{number}\n")));
        }
        let resync = next(&mut slow).await;
        assert!(resync.starts_with("event: resync\n") && resync.contains("too slowly"), "{resync}");
        assert!(next(&mut slow).await.starts_with("id: 7-10000\nevent: snapshot\n"));
        nothing_more(&mut slow).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_is_encoded_once_for_everyone() {
        let hub = hub();
        let mut clients = Vec::new();
        for _ in 0..50 {
            let mut frames = opened(&hub, &Start::Fresh).await;
            next(&mut frames).await;
            clients.push(frames);
        }
        happen(&hub, "shared");
        let mut addresses = Vec::new();
        for frames in &mut clients {
            addresses.push(frames.next().await.unwrap().unwrap().as_ptr());
        }
        assert!(addresses.iter().all(|address| *address == addresses[0]), "clients must share the bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn the_place_of_a_client_that_left_is_free_again() {
        let hub = hub();
        let clients: Vec<Frames> =
            (0..super::super::MAX_CLIENTS).map(|_| open(&hub, &Start::Fresh)).collect();
        assert!(hub.subscribe(&Start::Fresh, CancellationToken::new()).is_err());
        drop(clients);
        assert_eq!(hub.inner.counted.clients.get(), 0);
        assert!(hub.subscribe(&Start::Fresh, CancellationToken::new()).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn streams_end_at_shutdown() {
        let hub = hub();
        let shutdown = CancellationToken::new();
        let mut frames = Box::pin(hub.subscribe(&Start::Fresh, shutdown.clone()).unwrap());
        frames.next().await.unwrap().unwrap();
        frames.next().await.unwrap().unwrap();
        shutdown.cancel();
        assert!(frames.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_redelivered_action_is_not_told_twice() {
        let hub = hub();
        let mut frames = opened(&hub, &Start::Fresh).await;
        next(&mut frames).await;
        let proposed = Action {
            id: "a".to_owned(),
            version: 1,
            status: ActionStatus::Proposed.into(),
            ..Action::default()
        };
        hub.publish_action(proposed.clone()).unwrap();
        hub.publish_action(proposed).unwrap();
        assert!(next(&mut frames).await.contains("event: action"));
        nothing_more(&mut frames).await;
        let mut late = opened(&hub, &Start::Fresh).await;
        assert_eq!(next(&mut late).await.matches("PROPOSED").count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn heartbeats_come_without_an_id() {
        let hub = hub();
        let mut frames = opened(&hub, &Start::Fresh).await;
        next(&mut frames).await;
        hub.beat(pbjson_types::Timestamp::default()).unwrap();
        assert!(next(&mut frames).await.starts_with("event: heartbeat\ndata: {"));
    }
}
