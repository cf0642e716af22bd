//! The engine put together: what runs beside what, and how it starts and ends.

use std::sync::Arc;
use std::time::Duration;

use bus::streams::OPS_COMMANDS;
use bus::{Bus, CallError, Consumer, ConsumerSpec, StreamError, code, subjects};
use chrono::Utc;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{GetStateRequest, GetStateResponse};
use sim::Scenario;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::config::FirstRun;
use crate::control::{self, Control};
use crate::identity::Identity;
use crate::journal::{Journal, JournalError, RunLog};
use crate::meters::Meters;
use crate::orders::{self, Orders};
use crate::publisher::{Diverged, OUTBOX, Publisher, Stored};
use crate::recovery::{self, Recovered, RecoveryError};
use crate::request::{Inbox, SimulationHandle};
use crate::run::{Clock, Run};
use crate::settled::Settled;
use crate::simulation::{Parts, Simulation, run_started};
use crate::stored::{self, AlreadyStored, StreamUnreadable};
use crate::{SIMULATION_ID, heartbeat, pressure};

/// How long an engine that answers may go on answering before a new one gives up: one that is being stopped is gone by then.
const RIVAL_PATIENCE: Duration = Duration::from_secs(5);
/// Longest wait for an engine's answer; a frozen one does not answer, and is taken over from.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
const RIVAL_ASK_AGAIN: Duration = Duration::from_millis(250);
/// How long the publisher may go on after the simulation has ended.
const PUBLISHER_PATIENCE: Duration = Duration::from_secs(1);

/// Why the engine ends before it is told to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("another sim-engine runs simulation {SIMULATION_ID:?} on this NATS and answers: stop it first")]
    Rival,
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Diverged(#[from] Diverged),
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    #[error(transparent)]
    Stored(#[from] StreamUnreadable),
    #[error("the consumer of commands cannot be opened")]
    Orders(#[from] StreamError),
    #[error("the control API cannot be served over NATS")]
    NatsApi { source: bus::async_nats::Error },
    #[error("the simulation thread cannot be started")]
    Thread { source: std::io::Error },
    #[error("the simulation thread ended in a panic; its message is in the log above")]
    Panicked,
}

/// What the engine is made of.
pub(crate) struct Engine {
    pub(crate) bus: Bus,
    pub(crate) meters: Meters,
    pub(crate) control: Control,
    pub(crate) simulation: SimulationHandle,
    pub(crate) board: Board,
    pub(crate) inbox: Inbox,
    pub(crate) first_run: FirstRun,
    pub(crate) first_scenario: Arc<Scenario>,
}

impl Engine {
    /// Runs until `stop`, or until something ends it. `stop` is cancelled in either case.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<(), EngineError> {
        let _stops_everything = stop.clone().drop_guard();
        let Self { bus, meters, control, simulation, board, inbox, first_run, first_scenario } = self;
        make_sure_of_no_rival(&bus, &stop).await?;
        let (journal, log) = Journal::open(bus.clone(), SIMULATION_ID, stop.clone()).await?;
        let rival = journal.rival().await?;
        let already = match &log {
            Some(log) => stored::of_run(&bus, log).await?,
            None => AlreadyStored::default(),
        };

        let (outbox, batches) = mpsc::channel(OUTBOX);
        let (stored, stored_reader) = watch::channel(Stored { run_id: uuid::Uuid::nil(), tick: 0 });
        let abort = CancellationToken::new();
        let known_events = already.events.clone();
        let publisher = Publisher { bus: bus.clone(), batches, stored, known_events, meters: meters.clone() };
        let mut publishing = tokio::spawn(publisher.run(abort.clone()));
        let (lag, lag_reader) = watch::channel(0);
        tokio::spawn(pressure::follow(bus.clone(), lag, stop.clone()));
        tokio::spawn(heartbeat::beat(bus.clone(), simulation.board(), stop.clone()));

        let parts = Parts {
            journal,
            inbox,
            outbox,
            stored: stored_reader,
            lag: lag_reader,
            board,
            meters,
            stop: stop.clone(),
        };
        let start = Start { bus: bus.clone(), log, already, first_run, first_scenario };
        let mut simulating = on_a_thread_of_its_own(start, parts)?;

        let serving = serve(bus, control, simulation, stop.clone());
        let (ended, simulated) = tokio::select! {
            ended = &mut simulating => (ended.unwrap_or(Err(EngineError::Panicked)), true),
            fenced = rival => (Err(fenced.into()), false),
            Err(error) = serving => (Err(error), false),
            Ok(Err(diverged)) = &mut publishing => return Err(diverged.into()),
        };
        stop.cancel();
        let ended = match ended {
            Err(EngineError::Journal(error @ JournalError::Fenced { .. })) => {
                // What is still to be published is the other engine's to say.
                abort.cancel();
                Err(error.into())
            }
            // Stopping is no error, whoever notices it first; then the simulation is still storing what it has.
            Err(EngineError::Journal(JournalError::Stopped { .. })) if simulated => Ok(()),
            Err(EngineError::Journal(JournalError::Stopped { .. })) => settle(simulating).await,
            ended => ended,
        };
        if !publishing.is_finished() && tokio::time::timeout(PUBLISHER_PATIENCE, publishing).await.is_err() {
            abort.cancel();
        }
        ended
    }
}

type Simulating = oneshot::Receiver<Result<(), EngineError>>;

/// Waits for the end of a simulation that was told to stop.
async fn settle(simulating: Simulating) -> Result<(), EngineError> {
    match simulating.await {
        Ok(Err(EngineError::Journal(JournalError::Stopped { .. }))) | Err(_) => Ok(()),
        Ok(ended) => ended,
    }
}

/// Computing ticks keeps a thread busy, so it gets one that nothing else needs.
fn on_a_thread_of_its_own(start: Start, parts: Parts) -> Result<Simulating, EngineError> {
    let runtime = tokio::runtime::Handle::current();
    let (ended, simulating) = oneshot::channel();
    let simulate = move || {
        let result = runtime.block_on(async { Ok(start.simulation(parts).await?.run().await?) });
        // Nobody waits any more when the process is ending.
        ended.send(result).ok();
    };
    std::thread::Builder::new()
        .name("simulation".to_owned())
        .spawn(simulate)
        .map_err(|source| EngineError::Thread { source })?;
    Ok(simulating)
}

/// What a simulation starts from.
struct Start {
    bus: Bus,
    log: Option<RunLog>,
    already: AlreadyStored,
    first_run: FirstRun,
    first_scenario: Arc<Scenario>,
}

impl Start {
    async fn simulation(self, parts: Parts) -> Result<Simulation, EngineError> {
        match self.log {
            Some(log) => {
                let Recovered { run, clock, settled } =
                    recovery::replay(log, self.already.tick, &parts.outbox, &parts.stop).await?;
                Ok(Simulation::new(run, clock, settled, parts))
            }
            None => self.first(parts).await,
        }
    }

    /// The first run of a simulation without a journal.
    async fn first(self, mut parts: Parts) -> Result<Simulation, EngineError> {
        let FirstRun { seed, speed, playing } = self.first_run;
        let lived_until = stored::lived_until(&self.bus, SIMULATION_ID).await?;
        let identity = Identity::begin(SIMULATION_ID, 1, seed, Utc::now(), lived_until);
        let clock = Clock { playing, speed, run_to: None };
        let started = run_started(&identity, &self.first_scenario, clock, Vec::new());
        parts.journal.append(Entry::RunStarted(started)).await?;
        tracing::info!(run_id = %identity.run_id, scenario = self.first_scenario.name, seed, "first run begins");
        Ok(Simulation::new(Run::new(identity, self.first_scenario), clock, Settled::default(), parts))
    }
}

/// Takes requests and commands from NATS once the simulation is there. Ends only with an error.
async fn serve(
    bus: Bus,
    control: Control,
    simulation: SimulationHandle,
    stop: CancellationToken,
) -> Result<(), EngineError> {
    let mut board = simulation.board();
    while simulation.state().is_err() {
        if !board.changed().await {
            return Ok(());
        }
    }
    let spec = ConsumerSpec::durable(OPS_COMMANDS, orders::DURABLE);
    let consumer = Consumer::open(&bus, spec, stop.clone()).await?;
    let calls = bus.serve_calls(
        "sim-engine",
        env!("CARGO_PKG_VERSION"),
        subjects::SIM_CONTROL,
        &control::nats::METHODS,
        control,
        stop.clone(),
    );
    let ((), served) = tokio::join!(bus::serve(consumer, Orders { simulation }), calls);
    served.map_err(|source| EngineError::NatsApi { source })
}

/// Whether an engine answers over NATS.
pub(crate) async fn answers(bus: &Bus) -> Result<GetStateResponse, CallError> {
    bus.call(&subjects::sim_control("GetState"), &GetStateRequest::default(), ANSWERS_WITHIN).await
}

/// Two engines would compute the same run apart. One that is stopping gets the time to do so; one that does not answer is dead, or
/// frozen, and will find the journal taken over.
async fn make_sure_of_no_rival(bus: &Bus, stop: &CancellationToken) -> Result<(), EngineError> {
    let since = Instant::now();
    while !stop.is_cancelled() {
        let asked = answers(bus).await;
        match asked {
            Err(error) if [code::UNAVAILABLE, code::DEADLINE_EXCEEDED].contains(&error.code) => return Ok(()),
            _ if since.elapsed() >= RIVAL_PATIENCE => return Err(EngineError::Rival),
            _ => tokio::time::sleep(RIVAL_ASK_AGAIN).await,
        }
    }
    Ok(())
}
