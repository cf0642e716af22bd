//! What can be asked of the simulation, and the handle to ask with.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use proto::ops::v1::ApplyActionCommand;
use proto::sim::v1::{SimulationState, SimulationStatus};
use rulebook::switch::Switch;
use sim::world::view::TopologyView;
use sim::{ActiveFault, FaultId, FaultSpec, Scenario, World};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::board::BoardReader;
use crate::id::SimulationId;
use crate::pace::Speed;
use crate::refusal::Refusal;
use crate::run::{Clock, Run};

/// Requests that may wait for the simulation. It takes them between ticks, so more than a few mean that it is stuck; then
/// callers wait here and time out.
const QUEUE: usize = 64;
/// Longest wait for an answer. The change may still come about: the caller is told so.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait for a step: 100 000 ticks of a large cloud take minutes.
const STEP_PATIENCE: Duration = Duration::from_secs(120);

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// A setting of the clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ClockChange {
    Play,
    Pause,
    Step { ticks: u64 },
    SetSpeed(Speed),
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Performed {
    /// It is in the journal now and takes effect at the next tick, or the world refuses it there; events tell.
    Journalled,
    /// It was in the journal already.
    Before,
    /// It was refused before it could reach the world; the event that tells so is stored.
    Refused,
}

/// What the kill switch said about a command, and when.
#[derive(Debug)]
pub(crate) struct Permit {
    refused: Option<String>,
    asked_at: Instant,
}

impl Permit {
    /// How long the answer counts: a command that waited longer for its turn is asked about again, so that nothing takes effect
    /// later than a second after a pause.
    const COUNTS_FOR: Duration = Duration::from_millis(500);

    /// What the switch says. Where it cannot be read nothing is decided: the command waits.
    pub(crate) fn of(switch: &Switch, command: &ApplyActionCommand) -> Result<Self, Refusal> {
        let refused = switch.refuses(command.automation_version);
        match (switch, refused) {
            (Switch::Unreadable, Some(why)) => Err(Refusal::unavailable(why)),
            (_, refused) => Ok(Self { refused, asked_at: Instant::now() }),
        }
    }

    /// Why the command may not be carried out, if it may not.
    pub(crate) fn check(self) -> Result<Option<String>, Refusal> {
        if self.refused.is_none() && self.asked_at.elapsed() > Self::COUNTS_FOR {
            return Err(Refusal::unavailable(
                "the command waited for its turn: whether automation runs is to be asked again",
            ));
        }
        Ok(self.refused)
    }
}

/// Changes the simulation. Each is in the journal before it takes effect.
#[derive(Debug)]
pub(crate) enum Change {
    Clock(ClockChange, Reply<SimulationState>),
    SetScenario(Arc<Scenario>, Reply<SimulationState>),
    Reset {
        scenario: Option<Arc<Scenario>>,
        seed: Option<u64>,
        reply: Reply<SimulationState>,
    },
    InjectFault(FaultSpec, Reply<ActiveFault>),
    ClearFault(FaultId, Reply<ActiveFault>),
    SetChaos(f64, Reply<SimulationState>),
    Perform(Box<ApplyActionCommand>, Permit, Reply<Performed>),
    /// Leaves it as it is: a fork is made between two ticks.
    Fork(Reply<Forked>),
    /// Ends the task, once everything is stored.
    Stop(Reply<SimulationState>),
}

/// A simulation at the moment of a fork.
pub(crate) struct Forked {
    pub(crate) run: Run,
    pub(crate) clock: Clock,
    /// Place of the last journal entry that the run has seen.
    pub(crate) journal_sequence: u64,
}

impl std::fmt::Debug for Forked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forked").field("tick", &self.run.next_tick()).finish_non_exhaustive()
    }
}

/// Reads the simulation; answered even while a change waits for the journal.
#[derive(Debug)]
pub(crate) enum Question {
    Topology(Reply<TopologyView>),
    Faults(Reply<Vec<ActiveFault>>),
    Present(Reply<Present>),
}

/// What is the case, to look ahead from. A preview takes what a scenario has in store out of it.
pub(crate) struct Present {
    pub(crate) world: World,
    pub(crate) run_id: String,
    /// Simulated time of the next tick.
    pub(crate) time: DateTime<Utc>,
}

impl std::fmt::Debug for Present {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Present").field("tick", &self.world.tick()).finish_non_exhaustive()
    }
}

/// Where the simulation takes its requests from.
pub(crate) struct Inbox {
    pub(crate) changes: mpsc::Receiver<Change>,
    pub(crate) questions: mpsc::Receiver<Question>,
}

/// Asks a simulation.
#[derive(Debug, Clone)]
pub(crate) struct SimulationHandle {
    id: SimulationId,
    changes: mpsc::Sender<Change>,
    questions: mpsc::Sender<Question>,
    board: BoardReader,
}

/// A handle, and the inbox that its requests arrive in.
pub(crate) fn channel(id: SimulationId, board: BoardReader) -> (SimulationHandle, Inbox) {
    let (changes, changes_in) = mpsc::channel(QUEUE);
    let (questions, questions_in) = mpsc::channel(QUEUE);
    (
        SimulationHandle { id, changes, questions, board },
        Inbox { changes: changes_in, questions: questions_in },
    )
}

impl SimulationHandle {
    pub(crate) fn id(&self) -> &str {
        self.id.as_str()
    }

    /// The state, without asking.
    pub(crate) fn state(&self) -> Result<SimulationState, Refusal> {
        self.board.state()
    }

    /// Follows the state.
    pub(crate) fn board(&self) -> BoardReader {
        self.board.clone()
    }

    pub(crate) async fn clock(&self, change: ClockChange) -> Result<SimulationState, Refusal> {
        let patience = if matches!(change, ClockChange::Step { .. }) { STEP_PATIENCE } else { PATIENCE };
        self.change(patience, |reply| Change::Clock(change, reply)).await
    }

    pub(crate) async fn set_scenario(&self, scenario: Arc<Scenario>) -> Result<SimulationState, Refusal> {
        self.change(PATIENCE, |reply| Change::SetScenario(scenario, reply)).await
    }

    pub(crate) async fn reset(
        &self,
        scenario: Option<Arc<Scenario>>,
        seed: Option<u64>,
    ) -> Result<SimulationState, Refusal> {
        self.change(PATIENCE, |reply| Change::Reset { scenario, seed, reply }).await
    }

    pub(crate) async fn inject_fault(&self, spec: FaultSpec) -> Result<ActiveFault, Refusal> {
        self.change(PATIENCE, |reply| Change::InjectFault(spec, reply)).await
    }

    pub(crate) async fn clear_fault(&self, id: FaultId) -> Result<ActiveFault, Refusal> {
        self.change(PATIENCE, |reply| Change::ClearFault(id, reply)).await
    }

    pub(crate) async fn set_chaos(&self, level: f64) -> Result<SimulationState, Refusal> {
        self.change(PATIENCE, |reply| Change::SetChaos(level, reply)).await
    }

    pub(crate) async fn perform(
        &self,
        command: ApplyActionCommand,
        permit: Permit,
    ) -> Result<Performed, Refusal> {
        self.change(PATIENCE, |reply| Change::Perform(Box::new(command), permit, reply)).await
    }

    pub(crate) async fn fork(&self) -> Result<Forked, Refusal> {
        self.change(PATIENCE, Change::Fork).await
    }

    /// Ends the task; answers when everything is stored.
    pub(crate) async fn stop(&self) -> Result<SimulationState, Refusal> {
        self.change(PATIENCE, Change::Stop).await
    }

    pub(crate) async fn topology(&self) -> Result<TopologyView, Refusal> {
        self.question(Question::Topology).await
    }

    pub(crate) async fn faults(&self) -> Result<Vec<ActiveFault>, Refusal> {
        self.question(Question::Faults).await
    }

    pub(crate) async fn present(&self) -> Result<Present, Refusal> {
        self.question(Question::Present).await
    }

    /// Whether there is a task to ask.
    fn is_there(&self) -> Result<(), Refusal> {
        let state = self.board.state()?;
        let id = self.id();
        match state.status() {
            SimulationStatus::Stopped => Err(Refusal::precondition(format!(
                "simulation {id:?} is stopped: SimulationService.Start (`microcloud sim start {id}`) goes on where it was"
            ))),
            SimulationStatus::Failed => Err(Refusal::precondition(format!(
                "simulation {id:?} has failed: {}. SimulationService.Start (`microcloud sim start {id}`) tries again",
                state.failure
            ))),
            _ => Ok(()),
        }
    }

    async fn change<T>(
        &self,
        patience: Duration,
        request: impl FnOnce(Reply<T>) -> Change,
    ) -> Result<T, Refusal> {
        self.is_there()?;
        let (reply, answer) = oneshot::channel();
        ask(patience, self.changes.send(request(reply)), answer).await
    }

    async fn question<T>(&self, request: impl FnOnce(Reply<T>) -> Question) -> Result<T, Refusal> {
        self.is_there()?;
        let (reply, answer) = oneshot::channel();
        ask(PATIENCE, self.questions.send(request(reply)), answer).await
    }
}

async fn ask<T, E>(
    patience: Duration,
    sending: impl Future<Output = Result<(), E>>,
    answer: oneshot::Receiver<Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let stopping = || Refusal::unavailable("sim-engine is stopping: try again when it is back");
    let asking = async {
        sending.await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    };
    tokio::time::timeout(patience, asking).await.unwrap_or_else(|_| {
        Err(Refusal::unavailable(format!(
            "no answer within {} s: the simulation waits for NATS, or has much to compute. \
             The change may still take effect: look at GetState before trying again",
            patience.as_secs()
        )))
    })
}
