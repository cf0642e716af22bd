//! The simulations of this engine: which there are, who may be asked, and their lives from creation to deletion.
//!
//! Each works on a thread of its own and shares nothing with the others but the connection to NATS and the lag of the consumer of
//! telemetry. Creating, forking, starting, stopping and deleting happen one at a time; steering does not wait for any of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Bus;
use proto::sim::v1::{Simulation, SimulationRecord, SimulationState, SimulationStatus};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::board::{Board, BoardReader};
use crate::config::Limits;
use crate::heartbeat;
use crate::id::SimulationId;
use crate::journal::{Journal, JournalError};
use crate::live::{Beginning, Launch, Live, LiveError};
use crate::meters::Meters;
use crate::refusal::Refusal;
use crate::request::SimulationHandle;

mod create;
mod delete;
mod lifecycle;
mod past;
mod recordings;
mod recover;
mod replay;

pub(crate) use create::{NewFork, NewSimulation};
pub(crate) use recordings::{NewRestored, Saved};
pub(crate) use replay::{Replayed, Span};

/// Longest wait for a change to come about. It goes on behind the caller's back: the caller is told so.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a change waits for a simulation to show where it stands. Recomputing a long run takes longer.
const SHOWS_WITHIN: Duration = Duration::from_secs(3);

/// The simulations; clones share them.
#[derive(Clone)]
pub(crate) struct Fleet {
    inner: Arc<Inner>,
}

struct Inner {
    bus: Bus,
    meters: Meters,
    limits: Limits,
    lag: watch::Receiver<u64>,
    stop: CancellationToken,
    members: Mutex<BTreeMap<SimulationId, Arc<Member>>>,
    /// Whether those that an engine before this one left are there.
    recovered: AtomicBool,
    /// One change of what there is at a time.
    changing: tokio::sync::Mutex<()>,
    /// One look at a past at a time.
    looking_back: tokio::sync::Semaphore,
    /// Takes what ends the whole engine.
    fatal: mpsc::Sender<LiveError>,
}

/// One simulation.
pub(crate) struct Member {
    id: SimulationId,
    record: SimulationRecord,
    board: Board,
    live: Mutex<Live>,
    /// Cancelled when nobody is to hear of it any more.
    silent: CancellationToken,
}

impl Member {
    fn live(&self) -> Live {
        lock(&self.live).clone()
    }

    fn describe(&self) -> Simulation {
        let shown = self.board.reader().shown();
        let failure = shown.state.as_ref().map(|state| state.failure.clone()).unwrap_or_default();
        let SimulationRecord { display_name, created_at, request_id: _, forked_from } = self.record.clone();
        Simulation {
            id: self.id.to_string(),
            display_name: if display_name.is_empty() { self.id.to_string() } else { display_name },
            status: shown.status.into(),
            failure,
            created_at,
            forked_from,
            replicas: shown.replicas,
            state: shown.state,
        }
    }

    /// Whether it takes processor and memory.
    fn works(&self) -> bool {
        !matches!(self.board.reader().status(), SimulationStatus::Stopped | SimulationStatus::Failed)
    }
}

impl Fleet {
    /// None yet. The receiver gets what ends the whole engine.
    pub(crate) fn new(
        bus: Bus,
        meters: Meters,
        limits: Limits,
        lag: watch::Receiver<u64>,
        stop: CancellationToken,
    ) -> (Self, mpsc::Receiver<LiveError>) {
        let (fatal, fatal_in) = mpsc::channel(1);
        let inner = Inner {
            bus,
            meters,
            limits,
            lag,
            stop,
            members: Mutex::default(),
            recovered: AtomicBool::new(false),
            changing: tokio::sync::Mutex::default(),
            looking_back: tokio::sync::Semaphore::new(1),
            fatal,
        };
        (Self { inner: Arc::new(inner) }, fatal_in)
    }

    /// A handle to ask a simulation with.
    pub(crate) fn handle(&self, id: &SimulationId) -> Result<SimulationHandle, Refusal> {
        Ok(self.member(id)?.live().handle)
    }

    /// What a simulation shows of itself.
    pub(crate) fn board(&self, id: &SimulationId) -> Result<BoardReader, Refusal> {
        Ok(self.member(id)?.board.reader())
    }

    /// Whether every simulation is known, and the one that is always there shows where it stands and can go on.
    pub(crate) fn default_works(&self) -> Result<(), Refusal> {
        self.is_recovered()?;
        let state = self.handle(&SimulationId::default_simulation())?.state()?;
        match state.status() {
            SimulationStatus::Failed => Err(Refusal::unavailable(state.failure)),
            _ => Ok(()),
        }
    }

    /// One simulation.
    pub(crate) fn get(&self, id: &SimulationId) -> Result<Simulation, Refusal> {
        Ok(self.member(id)?.describe())
    }

    /// The simulations behind `after`, by id, at most `limit`, and whether there are more.
    pub(crate) fn list(
        &self,
        after: Option<&SimulationId>,
        limit: usize,
    ) -> Result<(Vec<Simulation>, bool), Refusal> {
        self.is_recovered()?;
        let members = self.members();
        let mut behind =
            members.iter().filter(|(id, _)| after.is_none_or(|after| *id > after)).map(|(_, member)| member);
        let page: Vec<Simulation> = behind.by_ref().take(limit).map(|member| member.describe()).collect();
        Ok((page, behind.next().is_some()))
    }

    /// Makes sure that a simulation may have as many replicas, and holds off every other change until the guard is dropped.
    pub(crate) async fn make_room(
        &self,
        id: &SimulationId,
        replicas: u64,
    ) -> Result<Option<tokio::sync::MutexGuard<'_, ()>>, Refusal> {
        if replicas <= self.member(id)?.board.reader().replicas() {
            return Ok(None);
        }
        let changing = self.inner.changing.lock().await;
        self.has_room_for(replicas, id)?;
        Ok(Some(changing))
    }

    /// Waits until every simulation has ended, after the signal to stop.
    pub(crate) async fn ended(&self) {
        let live: Vec<Live> = self.members().values().map(|member| member.live()).collect();
        for live in live {
            live.gone.cancelled().await;
        }
    }

    fn member(&self, id: &SimulationId) -> Result<Arc<Member>, Refusal> {
        let members = self.members();
        if let Some(member) = members.get(id) {
            return Ok(Arc::clone(member));
        }
        self.is_recovered()?;
        let there_are: Vec<String> = members.keys().map(|id| format!("{:?}", id.as_str())).collect();
        Err(Refusal::not_found(format!(
            "there is no simulation {:?}; there are: {}",
            id.as_str(),
            there_are.join(", ")
        )))
    }

    fn is_recovered(&self) -> Result<(), Refusal> {
        if self.inner.recovered.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(Refusal::unavailable("sim-engine is still reading its journals: try again in a few seconds"))
    }

    /// Whether a simulation may have as many replicas beside the others.
    fn has_room_for(&self, replicas: u64, id: &SimulationId) -> Result<(), Refusal> {
        let others: u64 = (self.members().iter())
            .filter(|(other, member)| *other != id && member.works())
            .map(|(_, member)| member.board.reader().replicas())
            .sum();
        let most = self.inner.limits.replicas;
        if others.saturating_add(replicas) <= most {
            return Ok(());
        }
        Err(Refusal::exhausted(format!(
            "{replicas} replicas beside the {others} of the other simulations are more than {most}, which is the most: \
             stop or delete another simulation, choose a smaller topology, or raise REPLICA_LIMIT of sim-engine"
        )))
    }

    /// Does something that must not be left half done when the caller goes away.
    async fn detached<T, Fut>(&self, change: impl FnOnce(Self) -> Fut) -> Result<T, Refusal>
    where
        T: Send + 'static,
        Fut: Future<Output = Result<T, Refusal>> + Send + 'static,
    {
        self.is_recovered()?;
        let changing = tokio::spawn(change(self.clone()));
        match tokio::time::timeout(PATIENCE, changing).await {
            Ok(Ok(changed)) => changed,
            Ok(Err(_panicked)) => Err(Refusal::new(
                connectrpc_axum::Code::Internal,
                "sim-engine made a mistake: its log says which. Please report it",
            )),
            Err(_) => Err(Refusal::unavailable(format!(
                "no answer within {} s: sim-engine waits for NATS, or for another change. \
                 This one may still take effect: look at the list of simulations before trying again",
                PATIENCE.as_secs()
            ))),
        }
    }

    /// Adds a simulation that does not work yet.
    fn enlist(&self, id: SimulationId, record: SimulationRecord, board: Board) -> Arc<Member> {
        let live = Mutex::new(Live::idle(id.clone(), &board));
        let silent = self.inner.stop.child_token();
        let member = Arc::new(Member { id: id.clone(), record, board, live, silent });
        tokio::spawn(heartbeat::beat(self.inner.bus.clone(), member.board.reader(), member.silent.clone()));
        let mut members = self.members();
        members.insert(id, Arc::clone(&member));
        self.inner.meters.simulations(members.len());
        member
    }

    /// Sets a simulation to work, or shows why it cannot.
    async fn set_to_work(
        &self,
        member: &Arc<Member>,
        journal: Journal,
        beginning: Beginning,
    ) -> Result<(), Refusal> {
        if let Err(error) = self.launch(member, journal, beginning).await {
            let refusal = Refusal::unavailable(format!("it does not work yet: {}", chain(&error)));
            self.failed(member, error).await;
            return Err(refusal);
        }
        Ok(())
    }

    async fn launch(
        &self,
        member: &Arc<Member>,
        journal: Journal,
        beginning: Beginning,
    ) -> Result<(), LiveError> {
        let inner = &self.inner;
        let launch = Launch {
            simulation_id: member.id.clone(),
            record: member.record.clone(),
            bus: inner.bus.clone(),
            meters: inner.meters.of(&member.id),
            board: member.board.clone(),
            lag: inner.lag.clone(),
            checkpoint_after: inner.limits.checkpoint_after,
            journal,
            stop: inner.stop.clone(),
        };
        let (live, watching) = launch.launch(beginning).await?;
        *lock(&member.live) = live;
        let (fleet, member) = (self.clone(), Arc::clone(member));
        tokio::spawn(async move {
            if let Err(error) = Box::pin(watching).await {
                fleet.failed(&member, error).await;
            }
        });
        Ok(())
    }

    /// A simulation cannot go on. Its neighbours can, unless another engine took over `default`: then it takes over all.
    async fn failed(&self, member: &Member, error: LiveError) {
        let reason = chain(&error);
        tracing::error!(simulation_id = %member.id, reason, "simulation failed");
        member.board.fail(&reason, || SimulationState {
            simulation_id: member.id.to_string(),
            ..SimulationState::default()
        });
        if member.id.is_default() && error.is_rivalry() {
            // When nobody takes it, the engine is ending already.
            self.inner.fatal.send(error).await.ok();
        }
    }

    fn members(&self) -> MutexGuard<'_, BTreeMap<SimulationId, Arc<Member>>> {
        lock(&self.inner.members)
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        let what = chain(&error);
        match error {
            JournalError::Refused { .. } => Self::exhausted(format!(
                "{what}: nothing was changed. Delete a simulation or reset one to empty its journal, or check the disk of NATS"
            )),
            JournalError::Fenced { .. } => Self::precondition(what),
            JournalError::Undecodable { .. } => Self::precondition(format!(
                "{what}: run the version of sim-engine that wrote it, or delete the simulation"
            )),
            JournalError::Read { .. } | JournalError::Stopped { .. } => Self::unavailable(what),
        }
    }
}

/// An error and its causes in one sentence.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one of these is held, and each holds a whole value anyway.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
