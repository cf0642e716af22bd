//! Programs that propose: who they are, what they may see, and how much they may ask for. They propose through `ops.v1.AgentService` or by
//! publishing on `ops.actions`; both doors lead to [`crate::proposals`], and the same limits hold at both. `docs/agents.md` shows them from
//! the other side.

mod gate;
pub(crate) mod identity;
mod observe;
mod propose;
mod tally;
mod watch;

use std::sync::Arc;

use store::agents::AgentRow;

use self::gate::Gate;
use self::tally::Tally;
use self::watch::Places;

pub(crate) use gate::Limited;
pub(crate) use observe::observe;
pub(crate) use propose::{Call, propose, refused_stranger};
pub(crate) use tally::run as keep_tally;
pub(crate) use watch::watch;

/// The agent that ships. Its own rules of safety hold it (`libs/remedy`), which count in simulated time: at 1 000 × it has as much to say in
/// a second as at 1 × in a quarter of an hour.
pub(crate) const BUILT_IN: &str = "agent-service";

/// Agents that are not retired: more than anybody runs against one stack, and what is kept for each in memory stays small.
pub(crate) const MAX_AGENTS: i64 = 256;
/// Proposals of an agent at once, after it has been quiet: a plan for every suspect of a bad minute.
pub(crate) const BURST: u32 = 20;
/// Proposals of an agent a wall-clock minute, refused ones too: quicker than an operator can read them.
pub(crate) const PER_MINUTE: u32 = 60;
/// The same of all agents together: five at full speed. What is refused costs a row or two each, and that has to have an end.
pub(crate) const ALL_BURST: u32 = 100;
/// As above, a minute.
pub(crate) const ALL_PER_MINUTE: u32 = 300;
/// Actions of an agent that wait for a decision or are being carried out: more would only bury those that matter.
pub(crate) const MAX_LIVE: i64 = 20;
/// The same of all agents together.
pub(crate) const ALL_MAX_LIVE: i64 = 200;
/// Open `Watch` streams of an agent: one a simulation, and some for those that come back before the old one is noticed to be gone.
pub(crate) const MAX_WATCHES: usize = 8;

/// What is remembered about agents between calls; clones share it.
#[derive(Clone)]
pub(crate) struct Agents {
    inner: Arc<Inner>,
}

struct Inner {
    gate: Gate,
    tally: Tally,
    places: Places,
}

impl Agents {
    pub(crate) fn new() -> Self {
        Self {
            inner: Arc::new(Inner { gate: Gate::new(), tally: Tally::default(), places: Places::default() }),
        }
    }

    /// Lets a proposal in, or says when there is room for one. `None` is an agent that is not registered: all of these share one agent's part.
    pub(crate) fn admit(&self, agent: Option<&AgentRow>, simulation_id: &str) -> Result<(), Limited> {
        let name = match agent {
            Some(agent) if agent.built_in => return Ok(()),
            Some(agent) => &*agent.name,
            None => identity::UNREGISTERED,
        };
        self.inner.gate.admit(name).inspect_err(|limited| {
            self.inner.tally.add(name, simulation_id, &limited.to_string());
        })
    }

    /// The same for operators, all of whom share one agent's part.
    pub(crate) fn admit_operator(&self) -> Result<(), Limited> {
        self.inner.gate.admit(identity::OPERATORS).inspect_err(|limited| {
            self.inner.tally.add(identity::OPERATORS, "", &limited.to_string());
        })
    }
}
