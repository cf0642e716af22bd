//! The agent that ships.

use remedy::{ActionUpdate, Agent, Freshness, Limits, Output, Question, Tuning};

use super::{Moves, Player, Seen, Suspicion};
use crate::convert;

/// [`remedy::Agent`] as a player: the very code that agent-service runs.
#[derive(Debug)]
pub struct Rules {
    agent: Agent,
    /// Asked between two looks, and answered at the next one.
    open: Vec<Question>,
    suspicion: Suspicion,
}

impl Rules {
    /// With these safety rules and thresholds.
    pub fn new(limits: Limits, tuning: Tuning) -> Self {
        let agent = Agent::new(limits, tuning, sim::TICK_MS).with_foresight();
        Self { agent, open: Vec::new(), suspicion: Suspicion::default() }
    }
}

impl Rules {
    /// Answers what the agent asks, until it asks no more.
    fn answered(&mut self, seen: &Seen<'_>, output: Output) -> Moves {
        let Output { proposals, decisions, questions, lesson: _ } = output;
        let mut moves = Moves { proposals, decisions, silence_s: None };
        for Question { cause, remedies } in questions {
            let expected = seen.look_ahead(&remedies);
            let output = self.agent.observe_outlook(&cause, Some(expected), Freshness::at(seen.tick()));
            moves.then(self.answered(seen, output));
        }
        moves
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
        let questions = std::mem::take(&mut self.open);
        let mut moves = self.answered(seen, Output { questions, ..Output::default() });
        let output = self.agent.observe_telemetry(convert::agent_sample(seen.snapshot), freshness);
        moves.then(self.answered(seen, output));
        for incident in seen.transitions.iter().map(convert::incident) {
            let output = self.agent.observe_incident(&incident, freshness);
            moves.then(self.answered(seen, output));
        }
        moves
    }

    fn hear(&mut self, update: &ActionUpdate, tick: u64) -> Moves {
        let Output { proposals, decisions, questions, lesson: _ } =
            self.agent.observe_action(update, Freshness::at(tick));
        self.open.extend(questions);
        Moves { proposals, decisions, silence_s: None }
    }

    fn suspects(&self) -> Vec<sim::Target> {
        self.suspicion.suspects()
    }
}
