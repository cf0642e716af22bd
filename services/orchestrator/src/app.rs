//! What handlers, consumers and jobs share.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use rulebook::{Book, Known};
use store::Store;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::agents::Agents;
use crate::hubs::Hubs;
use crate::metrics::Metrics;
use crate::watchdog::Watchdog;

/// How long things stay valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time in which a proposal can be decided on.
    pub action_ttl: Duration,
    /// Wall-clock time after an approval in which sim-engine may carry it out.
    pub command_ttl: Duration,
}

/// Handles to everything; clones share it.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) bus: Bus,
    pub(crate) store: Store,
    pub(crate) hubs: Hubs,
    /// Publishes what is in the outbox; woken after a commit.
    pub(crate) relay: relay::Handle,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    /// How much agents may ask for.
    pub(crate) agents: Agents,
    /// Who is heard.
    pub(crate) watchdog: Watchdog,
    /// The rules as they were a moment ago.
    pub(crate) rules: watch::Receiver<Known<Book>>,
    /// A permit for each test of rules that may run at a time.
    pub(crate) trials: Arc<Semaphore>,
    /// A permit for each question in SQL that may be asked at a time.
    pub(crate) questions: Arc<Semaphore>,
    /// Cancelled when the process is to end; every stream and loop observes it.
    pub(crate) shutdown: CancellationToken,
}
