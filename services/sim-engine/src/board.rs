//! The state of the simulation as everybody else sees it: written by the simulation task alone, read without asking it.

use proto::sim::v1::SimulationState;
use tokio::sync::watch;

use crate::refusal::Refusal;

/// Writes the state.
#[derive(Debug)]
pub(crate) struct Board {
    state: watch::Sender<Option<SimulationState>>,
}

/// Reads the state.
#[derive(Debug, Clone)]
pub(crate) struct BoardReader {
    state: watch::Receiver<Option<SimulationState>>,
}

impl Board {
    pub(crate) fn new() -> (Self, BoardReader) {
        let (sender, receiver) = watch::channel(None);
        (Self { state: sender }, BoardReader { state: receiver })
    }

    /// Shows a state. Readers are woken for a change, not for every tick.
    pub(crate) fn show(&self, state: SimulationState, changed: bool) {
        self.state.send_if_modified(|shown| {
            *shown = Some(state);
            changed
        });
    }
}

impl BoardReader {
    /// The state now.
    pub(crate) fn state(&self) -> Result<SimulationState, Refusal> {
        self.state.borrow().clone().ok_or_else(|| {
            Refusal::unavailable(
                "sim-engine is still recomputing the run from its journal: try again in a few seconds",
            )
        })
    }

    /// Waits for the next change. `false` when there will be none: the simulation has stopped.
    pub(crate) async fn changed(&mut self) -> bool {
        self.state.changed().await.is_ok()
    }
}
