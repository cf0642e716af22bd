//! The heart of a simulation's event stream: one ordered log of events, each encoded once, and the view that snapshots are made
//! of.
//!
//! Readers hold a cursor into the log and nothing else. A slow one falls behind until its next event is no longer
//! kept, learns so, and starts again from a snapshot; it never holds up the writer or another reader.
//! The lock is held for moves and copies of one frame only, never across an await.

mod doors;
mod frame;
pub(crate) mod reader;
mod ring;
mod view;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use std::sync::atomic::{AtomicBool, Ordering};

use ::service::metrics::Metrics as Registry;
use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use proto::ops::v1::{Action, Incident, IncidentNote, StreamHeartbeat, StreamSnapshot};
use proto::sim::v1::{MetricSnapshot, SimulationEvent, SimulationState, Topology};
use remedy::verification::Experience;
use serde::Serialize;
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::frame::EventId;
use self::ring::{Read, Ring};
use self::view::View;

pub(crate) use self::frame::EventName;

/// Streams open at once. Each costs a socket and a task; the next one is told to come back later.
pub(crate) const MAX_CLIENTS: usize = 1_024;

/// Changes that are kept for a reader of [`Hub::changes`]; whoever is further behind begins anew. Hundreds is an action storm.
const MAX_CHANGES: usize = 1_024;

/// Something that programs are told as a message.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// An incident, after a transition.
    Incident(Arc<Incident>),
    /// An action, after a change.
    Action(Arc<Action>),
}

/// Why a message could not be put on the stream.
#[derive(Debug, thiserror::Error)]
#[error("encode the data of the event `{name}`")]
pub(crate) struct EncodeError {
    name: &'static str,
    #[source]
    source: serde_json::Error,
}

/// Handle to the stream; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    epoch: u64,
    log: Mutex<Log>,
    /// Number of the newest event, to wake readers.
    newest: watch::Sender<u64>,
    heartbeat: watch::Sender<Bytes>,
    state: watch::Sender<Option<Arc<SimulationState>>>,
    changes: broadcast::Sender<Change>,
    /// Whether something may have changed the topology since it was read.
    topology_is_old: AtomicBool,
    /// What users got lately, of one run.
    users: Mutex<(String, Experience)>,
    clients: Arc<Semaphore>,
    counted: Counted,
    closed: CancellationToken,
}

/// What is counted about the streams of all simulations; clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    clients: Gauge,
    events: Counter,
    resyncs: Counter,
}

#[derive(Debug, Default)]
struct Log {
    ring: Ring,
    view: View,
    /// The snapshot event at a position, so that a thousand clients that connect together share one encoding.
    snapshot: Option<(u64, Instant, Bytes)>,
}

impl Counted {
    /// Registers what is counted.
    pub(crate) fn register(&self, registry: &Registry) {
        let Self { clients, events, resyncs } = self;
        registry.register("stream_clients", "Open event streams", clients.clone());
        registry.register("stream_events", "Events put on a stream, each counted once", events.clone());
        registry.register(
            "stream_resyncs",
            "Clients that had to start again from a snapshot",
            resyncs.clone(),
        );
    }
}

impl Hub {
    /// An empty stream. `epoch` tells it from every other one, of this process and of those before. `clients` are the places for
    /// readers, which all streams share.
    pub(crate) fn new(
        epoch: u64,
        clients: Arc<Semaphore>,
        counted: Counted,
        closed: CancellationToken,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                epoch,
                log: Mutex::default(),
                newest: watch::Sender::new(0),
                heartbeat: watch::Sender::new(Bytes::new()),
                state: watch::Sender::new(None),
                changes: broadcast::Sender::new(MAX_CHANGES),
                topology_is_old: AtomicBool::new(true),
                users: Mutex::default(),
                clients,
                counted,
                closed,
            }),
        }
    }

    /// Cancelled when the simulation is deleted, or the process ends: streams end then.
    pub(crate) fn closed(&self) -> CancellationToken {
        self.inner.closed.clone()
    }

    /// The simulation is no more.
    pub(crate) fn close(&self) {
        self.inner.closed.cancel();
    }

    /// Something may have changed the topology.
    pub(crate) fn topology_changed(&self) {
        self.inner.topology_is_old.store(true, Ordering::Relaxed);
    }

    /// Whether the topology is to be read again; asks once.
    pub(crate) fn wants_topology(&self) -> bool {
        self.inner.topology_is_old.swap(false, Ordering::Relaxed)
    }

    /// Publishes one shard of a sample.
    pub(crate) fn publish_metrics(&self, snapshot: &MetricSnapshot) -> Result<(), EncodeError> {
        self.publish(EventName::Metrics, snapshot, |_| true).map(drop)
    }

    /// Publishes a fact about the simulated cloud.
    pub(crate) fn publish_event(&self, event: &SimulationEvent) -> Result<(), EncodeError> {
        self.publish(EventName::Event, event, |_| true).map(drop)
    }

    /// Publishes a transition, unless it is not newer than what was published before.
    pub(crate) fn publish_incident(&self, mut incident: Incident) -> Result<(), EncodeError> {
        self.log().view.note_acknowledgement(&mut incident);
        let incident = Arc::new(incident);
        if self.publish(EventName::Incident, &*incident, |view| view.incident_changed(&incident))? {
            self.tell(Change::Incident(incident));
        }
        Ok(())
    }

    /// Publishes a change of an action, unless it is not newer than what was published before.
    pub(crate) fn publish_action(&self, action: Action) -> Result<(), EncodeError> {
        let action = Arc::new(action);
        if self.publish(EventName::Action, &*action, |view| view.action_changed(&action))? {
            self.tell(Change::Action(action));
        }
        Ok(())
    }

    /// Publishes that an operator has acknowledged an open incident.
    pub(crate) fn publish_acknowledgement(&self, acknowledged: &Incident) -> Result<(), EncodeError> {
        let Some(incident) = self.log().view.acknowledged(acknowledged) else { return Ok(()) };
        self.publish(EventName::Incident, &*incident, |_| true).map(drop)
    }

    /// Publishes a note, or that it was removed.
    pub(crate) fn publish_note(&self, note: &IncidentNote) -> Result<(), EncodeError> {
        self.publish(EventName::Note, note, |_| true).map(drop)
    }

    /// Takes over incidents and actions that were stored before this process began to listen. Publishes nothing.
    pub(crate) fn restore(&self, incidents: Vec<Incident>, actions: Vec<Action>) {
        let mut log = self.log();
        for incident in incidents {
            log.view.incident_changed(&Arc::new(incident));
        }
        for action in actions {
            log.view.action_changed(&Arc::new(action));
        }
        log.snapshot = None;
    }

    /// Takes over the newest sample without publishing it.
    pub(crate) fn sampled(&self, snapshot: Arc<MetricSnapshot>) {
        if let Some(topology) = self.topology() {
            let mut users = self.inner.users.lock().unwrap_or_else(PoisonError::into_inner);
            if users.0 != snapshot.run_id {
                *users = (snapshot.run_id.clone(), Experience::default());
            }
            doors::see(&mut users.1, &snapshot, &topology);
        }
        self.log().view.sampled(snapshot);
    }

    /// What users got lately.
    pub(crate) fn users(&self) -> Experience {
        self.inner.users.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Takes over the topology for the next snapshots.
    pub(crate) fn set_topology(&self, topology: Topology) {
        let mut log = self.log();
        log.view.set_topology(topology);
        log.snapshot = None;
    }

    /// Takes over a heartbeat of sim-engine. True when something a person steers has changed.
    pub(crate) fn heard_state(&self, state: SimulationState) -> bool {
        let state = Arc::new(state);
        let mut log = self.log();
        let changed = log.view.heard_state(Arc::clone(&state), Instant::now());
        if changed {
            log.snapshot = None;
        }
        drop(log);
        self.inner.state.send_replace(Some(state));
        changed
    }

    /// Sends every client a sign of life.
    pub(crate) fn beat(&self, server_time: pbjson_types::Timestamp) -> Result<(), EncodeError> {
        let state = self.state().map(|state| SimulationState::clone(&state));
        let data = encode(EventName::Heartbeat, &StreamHeartbeat { server_time: Some(server_time), state })?;
        self.inner.heartbeat.send_replace(frame::frame(None, EventName::Heartbeat, &data));
        Ok(())
    }

    /// The newest state, unless sim-engine has been silent for more than five seconds.
    pub(crate) fn state(&self) -> Option<Arc<SimulationState>> {
        self.log().view.state(Instant::now())
    }

    /// Every state as it is heard, the newest one first; for `ControlService.Watch`.
    pub(crate) fn watch_state(&self) -> watch::Receiver<Option<Arc<SimulationState>>> {
        self.inner.state.subscribe()
    }

    /// Changes of incidents and actions from now on. Look at the [`Hub::snapshot`] after it: then nothing is missed.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes.subscribe()
    }

    /// What a fresh page is shown.
    pub(crate) fn snapshot(&self) -> StreamSnapshot {
        let view = self.log().view.clone();
        view.snapshot(Instant::now())
    }

    /// All shards of the newest sample; empty before the first.
    pub(crate) fn latest(&self) -> Vec<Arc<MetricSnapshot>> {
        self.log().view.latest()
    }

    /// The topology, as far as it is known.
    pub(crate) fn topology(&self) -> Option<Arc<Topology>> {
        self.log().view.topology()
    }

    fn tell(&self, change: Change) {
        // Nobody may be listening.
        self.inner.changes.send(change).ok();
    }

    /// Puts a message on the stream; `false` when it says nothing new.
    fn publish<T: Serialize>(
        &self,
        name: EventName,
        message: &T,
        take_over: impl FnOnce(&mut View) -> bool,
    ) -> Result<bool, EncodeError> {
        let data = encode(name, message)?;
        let mut log = self.log();
        if !take_over(&mut log.view) {
            return Ok(false);
        }
        let number = log.ring.next();
        log.ring.push(frame::frame(Some(self.id(number)), name, &data));
        log.snapshot = None;
        drop(log);
        self.inner.counted.events.inc();
        self.inner.newest.send_replace(number);
        Ok(true)
    }

    fn read_after(&self, cursor: u64, limit: usize) -> Read {
        self.log().ring.read_after(cursor, limit)
    }

    /// A snapshot event and the position it stands for: the events after it continue it without gap or overlap.
    fn snapshot_event(&self) -> Result<(Bytes, u64), EncodeError> {
        let now = Instant::now();
        let (number, view) = {
            let log = self.log();
            let newest = log.ring.newest();
            // The view also follows heartbeats, which have no number: a cached snapshot may be that much older.
            if let Some((number, made, event)) = &log.snapshot
                && *number == newest
                && now.duration_since(*made) < SNAPSHOT_REUSE
            {
                return Ok((event.clone(), newest));
            }
            (newest, log.view.clone())
        };
        let data = encode(EventName::Snapshot, &view.snapshot(now))?;
        let event = frame::frame(Some(self.id(number)), EventName::Snapshot, &data);
        self.log().snapshot = Some((number, now, event.clone()));
        Ok((event, number))
    }

    fn id(&self, number: u64) -> EventId {
        EventId { epoch: self.inner.epoch, number }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // A panic while the lock was held cannot leave a frame half pushed; going on is better than going down.
        self.inner.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long clients that connect one after the other may share an encoded snapshot.
const SNAPSHOT_REUSE: tokio::time::Duration = tokio::time::Duration::from_millis(250);

fn encode<T: Serialize>(name: EventName, message: &T) -> Result<Vec<u8>, EncodeError> {
    frame::encode(message).map_err(|source| EncodeError { name: name.as_str(), source })
}
