//! The engine put together: what runs beside what, and how it starts and ends.

use std::sync::Arc;
use std::time::Duration;

use bus::streams::OPS_COMMANDS;
use bus::{Bus, CallError, Consumer, ConsumerSpec, StreamError, code, subjects};
use proto::sim::v1::{GetStateRequest, GetStateResponse};
use sim::Scenario;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::FirstRun;
use crate::control::{self, Control};
use crate::fleet::Fleet;
use crate::id::{self, SimulationId};
use crate::journal::JournalError;
use crate::live::LiveError;
use crate::orders::{self, Orders};
use crate::pressure;
use crate::simulations::{self, Simulations};
use crate::stored::StreamUnreadable;

/// How long an engine that answers may go on answering before a new one gives up: one that is being stopped is gone by then.
const RIVAL_PATIENCE: Duration = Duration::from_secs(5);
/// Longest wait for an engine's answer; a frozen one does not answer, and is taken over from.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
const RIVAL_ASK_AGAIN: Duration = Duration::from_millis(250);

/// Why the engine ends before it is told to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("another sim-engine runs simulation {:?} on this NATS and answers: stop it first", id::DEFAULT)]
    Rival,
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Stored(#[from] StreamUnreadable),
    #[error("the consumer of commands cannot be opened")]
    Orders(#[from] StreamError),
    #[error("the control API cannot be served over NATS")]
    NatsApi { source: bus::async_nats::Error },
}

/// What the engine is made of.
pub(crate) struct Engine {
    pub(crate) bus: Bus,
    pub(crate) fleet: Fleet,
    /// What a simulation ends the whole engine with.
    pub(crate) fatal: mpsc::Receiver<LiveError>,
    /// Where the lag of the telemetry's consumer is written to.
    pub(crate) lag: watch::Sender<u64>,
    pub(crate) control: Control,
    pub(crate) simulations: Simulations,
    pub(crate) first_run: FirstRun,
    pub(crate) first_scenario: Arc<Scenario>,
}

impl Engine {
    /// Runs until `stop`, or until something ends it. `stop` is cancelled in either case.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<(), EngineError> {
        let _stops_everything = stop.clone().drop_guard();
        let Self { bus, fleet, mut fatal, lag, control, simulations, first_run, first_scenario } = self;
        make_sure_of_no_rival(&bus, &stop).await?;
        tokio::spawn(pressure::follow(bus.clone(), lag, stop.clone()));
        // Boxed, like the other futures that talk to NATS: together they are too large for a stack.
        match Box::pin(fleet.recover(first_run, first_scenario)).await {
            Err(EngineError::Journal(JournalError::Stopped { .. })) => {}
            recovered => recovered?,
        }
        let serving = serve(bus, fleet.clone(), control, simulations, stop.clone());
        let ended = tokio::select! {
            Some(error) = fatal.recv() => Err(error.into()),
            served = serving => served,
        };
        stop.cancel();
        fleet.ended().await;
        ended
    }
}

/// Takes requests and commands from NATS once the simulation `default` shows where it stands. Ends with `stop`, or an error.
async fn serve(
    bus: Bus,
    fleet: Fleet,
    control: Control,
    simulations: Simulations,
    stop: CancellationToken,
) -> Result<(), EngineError> {
    if let Ok(mut board) = fleet.board(&SimulationId::default_simulation()) {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = board.settled() => {}
        }
    }
    let spec = ConsumerSpec::durable(OPS_COMMANDS, orders::DURABLE);
    let consumer = Consumer::open(&bus, spec, stop.clone()).await?;
    let (name, version) = ("sim-engine", env!("CARGO_PKG_VERSION"));
    let steering =
        bus.serve_calls(name, version, subjects::SIM_CONTROL, &control::nats::METHODS, control, stop.clone());
    let creating = bus.serve_calls(
        name,
        version,
        subjects::SIM_CONTROL_SIMULATION,
        &simulations::nats::METHODS,
        simulations,
        stop.clone(),
    );
    let ordered = Orders { fleet, bus: bus.clone() };
    let ((), steered, created) = tokio::join!(bus::serve(consumer, ordered), steering, creating);
    steered.and(created).map_err(|source| EngineError::NatsApi { source })
}

/// Whether an engine answers over NATS.
pub(crate) async fn answers(bus: &Bus) -> Result<GetStateResponse, CallError> {
    bus.call(&subjects::sim_control("GetState"), &GetStateRequest::default(), ANSWERS_WITHIN).await
}

/// Two engines would compute the same runs apart. One that is stopping gets the time to do so; one that does not answer is dead,
/// or frozen, and will find its journals taken over.
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
