//! The event streams of all simulations: one [`Hub`] each, so that nothing of one can show in another.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::service::metrics::Metrics as Registry;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::hub::{Counted, Hub, MAX_CLIENTS};

/// The simulation that `microcloud up` starts, and that an empty `simulation_id` means.
pub(crate) const DEFAULT_SIMULATION: &str = "default";

/// Simulations whose stream is kept: as many as an engine runs at most.
const MAX_SIMULATIONS: usize = 64;
/// Last runs of deleted simulations that are remembered, so that a message on its way does not bring one back.
const MAX_GONE: usize = 256;

/// The streams; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Hubs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    default: Hub,
    others: Mutex<Others>,
    /// Epoch of the newest stream: an event id of one stream is none of another.
    epoch: AtomicU64,
    clients: Arc<Semaphore>,
    counted: Counted,
    shutdown: CancellationToken,
}

#[derive(Debug, Default)]
struct Others {
    hubs: BTreeMap<String, Hub>,
    gone: VecDeque<String>,
}

impl Hubs {
    /// The stream of `default`. `epoch` tells this life of the process from every other one, for example its start time.
    pub(crate) fn new(epoch: u64, shutdown: CancellationToken) -> Self {
        let (clients, counted) = (Arc::new(Semaphore::new(MAX_CLIENTS)), Counted::default());
        let default = Hub::new(epoch, clients.clone(), counted.clone(), shutdown.child_token());
        let others = Mutex::default();
        let inner = Inner { default, others, epoch: AtomicU64::new(epoch), clients, counted, shutdown };
        Self { inner: Arc::new(inner) }
    }

    /// Registers what is counted about the streams.
    pub(crate) fn register(&self, registry: &Registry) {
        self.inner.counted.register(registry);
    }

    /// The stream of the simulation that is always there.
    pub(crate) fn default(&self) -> &Hub {
        &self.inner.default
    }

    /// The stream of a simulation, if anything was heard of it.
    pub(crate) fn find(&self, simulation_id: &str) -> Option<Hub> {
        if simulation_id == DEFAULT_SIMULATION {
            return Some(self.inner.default.clone());
        }
        self.others().hubs.get(simulation_id).cloned()
    }

    /// The stream of a simulation of which something is heard now. `None` when it was deleted in this run, or there are too many.
    pub(crate) fn of(&self, simulation_id: &str, run_id: &str) -> Option<Hub> {
        if simulation_id == DEFAULT_SIMULATION {
            return Some(self.inner.default.clone());
        }
        let mut others = self.others();
        if let Some(hub) = others.hubs.get(simulation_id) {
            return Some(hub.clone());
        }
        if others.gone.iter().any(|gone| gone == run_id) {
            return None;
        }
        if others.hubs.len() >= MAX_SIMULATIONS {
            tracing::warn!(simulation_id, "too many simulations at a time: this one has no stream");
            return None;
        }
        let inner = &self.inner;
        let epoch = inner.epoch.fetch_add(1, Ordering::Relaxed) + 1;
        let (clients, counted) = (inner.clients.clone(), inner.counted.clone());
        let hub = Hub::new(epoch, clients, counted, inner.shutdown.child_token());
        others.hubs.insert(simulation_id.to_owned(), hub.clone());
        Some(hub)
    }

    /// Every stream there is.
    pub(crate) fn all(&self) -> Vec<(String, Hub)> {
        let others = self.others();
        let default = (DEFAULT_SIMULATION.to_owned(), self.inner.default.clone());
        let others = others.hubs.iter().map(|(id, hub)| (id.clone(), hub.clone()));
        std::iter::once(default).chain(others).collect()
    }

    /// Ends the stream of a simulation that was deleted.
    pub(crate) fn remove(&self, simulation_id: &str, run_id: &str) {
        let mut others = self.others();
        if let Some(hub) = others.hubs.remove(simulation_id) {
            hub.close();
        }
        if others.gone.len() >= MAX_GONE {
            others.gone.pop_front();
        }
        others.gone.push_back(run_id.to_owned());
    }

    fn others(&self) -> MutexGuard<'_, Others> {
        // Nothing panics while it is held.
        self.inner.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proto::sim::v1::SimulationEvent;

    use super::*;
    use crate::hub::reader::Start;

    fn hubs() -> Hubs {
        Hubs::new(7, CancellationToken::new())
    }

    #[test]
    fn a_simulation_that_was_deleted_does_not_come_back_until_there_is_a_new_one() {
        let hubs = hubs();
        let hub = hubs.of("a", "run 1").unwrap();
        hubs.remove("a", "run 1");
        assert!(hub.closed().is_cancelled());
        assert!(hubs.of("a", "run 1").is_none(), "a late heartbeat");
        assert!(hubs.of("a", "run 2").is_some());
    }

    #[test]
    fn there_are_at_most_as_many_as_an_engine_runs() {
        let hubs = hubs();
        for number in 0..MAX_SIMULATIONS {
            assert!(hubs.of(&format!("s{number}"), "r").is_some());
        }
        assert!(hubs.of("one more", "r").is_none());
        assert!(hubs.of(DEFAULT_SIMULATION, "r").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_id_of_one_stream_is_none_of_another() {
        use futures::StreamExt as _;

        let hubs = hubs();
        let (one, other) = (hubs.of("a", "r").unwrap(), hubs.of("b", "r").unwrap());
        for hub in [&one, &other] {
            hub.publish_event(&SimulationEvent::default()).unwrap();
        }
        let mut frames = Box::pin(other.subscribe(&Start::After("8-1".to_owned()), other.closed()).unwrap());
        frames.next().await;
        let resync = String::from_utf8(frames.next().await.unwrap().unwrap().to_vec()).unwrap();
        assert!(resync.contains("event: resync") && resync.contains("another simulation"), "{resync}");
    }
}
