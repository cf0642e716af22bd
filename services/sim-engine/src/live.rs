//! One simulation at work: its thread, its publisher, and what watches over both.

use bus::Bus;
use proto::sim::v1::SimulationRecord;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::checkpoints::{self, Keeper};
use crate::id::SimulationId;
use crate::journal::{Journal, JournalError, RunLog};
use crate::meters::Meters;
use crate::publisher::{Batch, Diverged, OUTBOX, Publisher, Stored};
use crate::recovery::{self, Recovered, RecoveryError};
use crate::request::{self, SimulationHandle};
use crate::run::{Clock, Run};
use crate::settled::Settled;
use crate::simulation::{Parts, Simulation};
use crate::stored::AlreadyStored;

/// How long the publisher may go on after the simulation has ended.
const PUBLISHER_PATIENCE: Duration = Duration::from_secs(1);

/// Why a simulation ends before it is told to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LiveError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Diverged(#[from] Diverged),
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    #[error("the simulation thread cannot be started")]
    Thread { source: std::io::Error },
    #[error("the simulation thread ended in a panic; its message is in the log of sim-engine")]
    Panicked,
}

impl LiveError {
    /// Whether another engine is at it.
    pub(crate) fn is_rivalry(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Fenced { .. }) | Self::Diverged(_))
    }
}

/// A simulation at work, or one that was.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) handle: SimulationHandle,
    /// Ends it, without a word in its journal.
    pub(crate) stop: CancellationToken,
    /// Cancelled when it has ended and everything that it could store is stored.
    pub(crate) gone: CancellationToken,
}

impl Live {
    /// One that does not work.
    pub(crate) fn idle(id: SimulationId, board: &Board) -> Self {
        let (handle, _nobody) = request::channel(id, board.reader());
        let gone = CancellationToken::new();
        gone.cancel();
        Self { handle, stop: CancellationToken::new(), gone }
    }
}

/// What a simulation works with.
pub(crate) struct Launch {
    pub(crate) simulation_id: SimulationId,
    pub(crate) record: SimulationRecord,
    pub(crate) bus: Bus,
    pub(crate) meters: Meters,
    pub(crate) board: Board,
    pub(crate) lag: watch::Receiver<u64>,
    /// Computing time between two checkpoints.
    pub(crate) checkpoint_after: Duration,
    pub(crate) journal: Journal,
    pub(crate) stop: CancellationToken,
}

/// Where it begins.
pub(crate) enum Beginning {
    /// Where its journal ends.
    Journal { log: RunLog, already: AlreadyStored },
    /// With a run that is at hand; its fork, if it is one, is yet to be told.
    Run { run: Box<Run>, clock: Clock, first: Option<bus::Outgoing> },
}

impl Launch {
    /// Sets it to work. The future watches over it until its end.
    pub(crate) async fn launch(
        self,
        beginning: Beginning,
    ) -> Result<(Live, impl Future<Output = Result<(), LiveError>> + Send + use<>), LiveError> {
        let Self { simulation_id, record, bus, meters, board, lag, checkpoint_after, journal, stop } = self;
        let stop = stop.child_token();
        let rival = journal.rival().await?;
        let known_events = match &beginning {
            Beginning::Journal { already, .. } => already.events.clone(),
            Beginning::Run { .. } => std::collections::HashSet::new(),
        };
        let (outbox, batches) = mpsc::channel(OUTBOX);
        let (stored, stored_reader) = watch::channel(Stored { run_id: uuid::Uuid::nil(), tick: 0 });
        let abort = CancellationToken::new();
        let keeper = Keeper::start(bus.clone(), simulation_id.clone(), stored_reader.clone());
        let reading = bus.clone();
        let publisher = Publisher { bus, batches, stored, known_events, meters: meters.clone() };
        let publishing = tokio::spawn(publisher.run(abort.clone()));
        let (handle, inbox) = request::channel(simulation_id.clone(), board.reader());
        let stopping = stop.clone();
        let parts = Parts {
            record,
            journal,
            inbox,
            outbox,
            stored: stored_reader,
            lag,
            keeper,
            checkpoint_after,
            board,
            meters,
            stop: stopping,
        };
        let simulating = on_a_thread_of_its_own(simulation_id, beginning, reading, parts)?;
        let gone = CancellationToken::new();
        let live = Live { handle, stop: stop.clone(), gone: gone.clone() };
        let watching = Watching { simulating, publishing, abort, stop };
        Ok((live, async move {
            let _gone = gone.drop_guard();
            Box::pin(watching.over(rival)).await
        }))
    }
}

type Simulating = oneshot::Receiver<Result<(), LiveError>>;

struct Watching {
    simulating: Simulating,
    publishing: tokio::task::JoinHandle<Result<(), Diverged>>,
    abort: CancellationToken,
    stop: CancellationToken,
}

impl Watching {
    async fn over(self, rival: impl Future<Output = JournalError>) -> Result<(), LiveError> {
        let Self { mut simulating, mut publishing, abort, stop } = self;
        let (ended, simulated) = tokio::select! {
            ended = &mut simulating => (ended.unwrap_or(Err(LiveError::Panicked)), true),
            fenced = rival => (Err(fenced.into()), false),
            Ok(Err(diverged)) = &mut publishing => (Err(diverged.into()), false),
        };
        stop.cancel();
        let ended = match ended {
            Err(error) if error.is_rivalry() => {
                // What is still to be published is the other engine's to say.
                abort.cancel();
                Err(error)
            }
            // Stopping is no error, whoever notices it first; then the simulation is still storing what it has.
            Err(LiveError::Journal(JournalError::Stopped { .. })) if simulated => Ok(()),
            Err(LiveError::Journal(JournalError::Stopped { .. })) => settle(simulating).await,
            ended => ended,
        };
        if !publishing.is_finished() && tokio::time::timeout(PUBLISHER_PATIENCE, publishing).await.is_err() {
            abort.cancel();
        }
        ended
    }
}

/// Waits for the end of a simulation that was told to stop.
async fn settle(simulating: Simulating) -> Result<(), LiveError> {
    match simulating.await {
        Ok(Err(LiveError::Journal(JournalError::Stopped { .. }))) | Err(_) => Ok(()),
        Ok(ended) => ended,
    }
}

/// Computing ticks keeps a thread busy, so it gets one that nothing else needs.
fn on_a_thread_of_its_own(
    simulation_id: SimulationId,
    beginning: Beginning,
    bus: Bus,
    parts: Parts,
) -> Result<Simulating, LiveError> {
    let runtime = tokio::runtime::Handle::current();
    let (ended, simulating) = oneshot::channel();
    // The name of a thread is cut to fifteen characters: the ids come first.
    let name = format!("{simulation_id} (sim)");
    let simulate = move || {
        let span = tracing::info_span!("simulation", simulation_id = %simulation_id);
        let _entered = span.entered();
        let result = runtime.block_on(async {
            let simulation = begin(&simulation_id, beginning, &bus, parts).await?;
            Ok(simulation.run().await?)
        });
        // Nobody waits any more when the process is ending.
        ended.send(result).ok();
    };
    std::thread::Builder::new().name(name).spawn(simulate).map_err(|source| LiveError::Thread { source })?;
    Ok(simulating)
}

async fn begin(
    simulation_id: &SimulationId,
    beginning: Beginning,
    bus: &Bus,
    parts: Parts,
) -> Result<Simulation, LiveError> {
    match beginning {
        Beginning::Journal { log, already } => {
            let from = checkpoints::latest(bus, simulation_id, &log.started, already.tick).await;
            let Recovered { run, clock, settled } =
                recovery::replay(simulation_id, log, from, already.tick, &parts.outbox, &parts.stop).await?;
            Ok(Simulation::new(run, clock, settled, parts))
        }
        Beginning::Run { run, clock, first } => {
            if let Some(first) = first {
                // An empty outbox has room; when its reader is gone, so is the process.
                parts.outbox.send(Batch::of(first)).await.ok();
            }
            Ok(Simulation::new(*run, clock, Settled::default(), parts))
        }
    }
}
