//! What a simulation shows of itself: written by the simulation task, and by the fleet when that task is not there; read without
//! asking either.

use proto::sim::v1::{SimulationState, SimulationStatus};
use tokio::sync::watch;

use crate::refusal::Refusal;

/// What is shown.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// Where it stands; `None` while it is recomputed from its journal.
    pub(crate) state: Option<SimulationState>,
    /// What it does, or will do once it is recomputed.
    pub(crate) status: SimulationStatus,
    /// Replicas of its topology.
    pub(crate) replicas: u64,
}

/// Writes what is shown.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    shown: watch::Sender<Shown>,
}

/// Reads it.
#[derive(Debug, Clone)]
pub(crate) struct BoardReader {
    shown: watch::Receiver<Shown>,
}

impl Board {
    pub(crate) fn new(shown: Shown) -> Self {
        Self { shown: watch::Sender::new(shown) }
    }

    pub(crate) fn reader(&self) -> BoardReader {
        BoardReader { shown: self.shown.subscribe() }
    }

    /// Shows a state. Readers are woken for a change, not for every tick.
    pub(crate) fn show(&self, state: SimulationState, replicas: u64, changed: bool) {
        self.shown.send_if_modified(|shown| {
            *shown = Shown { status: state.status(), state: Some(state), replicas };
            changed
        });
    }

    /// Shows that it is being recomputed.
    pub(crate) fn recomputing(&self, status: SimulationStatus) {
        self.shown.send_modify(|shown| {
            shown.state = None;
            shown.status = status;
        });
    }

    /// Shows that it cannot go on. What was last known of it, or else `known`, stays to be seen.
    pub(crate) fn fail(&self, reason: &str, known: impl FnOnce() -> SimulationState) {
        self.shown.send_modify(|shown| {
            let last = shown.state.take().unwrap_or_else(known);
            shown.status = SimulationStatus::Failed;
            shown.state = Some(SimulationState {
                status: SimulationStatus::Failed.into(),
                failure: reason.to_owned(),
                playing: false,
                effective_speed: 0.0,
                speed_limit_reason: String::new(),
                ..last
            });
        });
    }
}

impl BoardReader {
    /// What is shown now.
    pub(crate) fn shown(&self) -> Shown {
        self.shown.borrow().clone()
    }

    pub(crate) fn replicas(&self) -> u64 {
        self.shown.borrow().replicas
    }

    pub(crate) fn status(&self) -> SimulationStatus {
        self.shown.borrow().status
    }

    /// The state now.
    pub(crate) fn state(&self) -> Result<SimulationState, Refusal> {
        self.shown.borrow().state.clone().ok_or_else(|| {
            Refusal::unavailable(
                "sim-engine is still recomputing the run from its journal: try again in a few seconds",
            )
        })
    }

    /// Waits for the next change. `false` when there will be none: the simulation is gone.
    pub(crate) async fn changed(&mut self) -> bool {
        self.shown.changed().await.is_ok()
    }

    /// Waits until there is a state, whatever it says. `false` when the simulation is gone.
    pub(crate) async fn settled(&mut self) -> bool {
        self.shown.wait_for(|shown| shown.state.is_some()).await.is_ok()
    }
}
