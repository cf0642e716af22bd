//! The agent that ships.

use remedy::{ActionUpdate, Agent, Freshness, Limits, Output, Tuning};

use super::{Moves, Player, Seen, Suspicion};
use crate::convert;

/// [`remedy::Agent`] as a player: the very code that agent-service runs.
#[derive(Debug)]
pub struct Rules {
    agent: Agent,
    suspicion: Suspicion,
}

impl Rules {
    /// With these safety rules and thresholds.
    pub fn new(limits: Limits, tuning: Tuning) -> Self {
        Self { agent: Agent::new(limits, tuning, sim::TICK_MS), suspicion: Suspicion::default() }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::new(Limits::default(), Tuning::default())
    }
}

impl Player for Rules {
    fn look(&mut self, seen: &Seen<'_>) -> Moves {
        self.suspicion.hear(seen.transitions);
        if self.agent.is_concerned() || !seen.transitions.is_empty() {
            self.agent.observe_topology(convert::topology(seen.topology()));
        }
        let freshness = Freshness::at(seen.tick());
        let mut moves =
            Moves::from(self.agent.observe_telemetry(convert::agent_sample(seen.snapshot), freshness));
        for incident in seen.transitions.iter().filter_map(convert::incident) {
            moves.then(self.agent.observe_incident(&incident, freshness).into());
        }
        moves
    }

    fn hear(&mut self, update: &ActionUpdate, tick: u64) -> Moves {
        self.agent.observe_action(update, Freshness::at(tick)).into()
    }

    fn suspects(&self) -> Vec<sim::Target> {
        self.suspicion.suspects()
    }
}

impl From<Output> for Moves {
    fn from(Output { proposals, decisions }: Output) -> Self {
        Self { proposals, decisions, silence_s: None }
    }
}
