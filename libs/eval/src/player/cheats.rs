//! Players that try to score without helping. A score that one of them could win would be worth nothing.

use std::fmt;
use std::str::FromStr;

use remedy::{ActionUpdate, NodeId, Remedy, ServiceId};
use sim::world::view::{NodeState, ServiceView};
use uuid::Uuid;

use super::{Drafts, Moves, Player, Seen, Suspicion};

/// How a player cheats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trick {
    /// Restarts every service whenever an incident opens.
    RestartEverything,
    /// Gives every service ten times its replicas when the first incident opens.
    ScaleEverything,
    /// Takes away what requests could be served with, so that few are left to be slow: every service to one replica, and the
    /// machines that are left without use drained.
    ShedLoad,
    /// Sees to it that nobody is called.
    SilenceDetectors,
}

impl Trick {
    /// Every trick.
    pub const ALL: [Self; 4] =
        [Self::RestartEverything, Self::ScaleEverything, Self::ShedLoad, Self::SilenceDetectors];

    /// Name, for example `restart-everything`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RestartEverything => "restart-everything",
            Self::ScaleEverything => "scale-everything",
            Self::ShedLoad => "shed-load",
            Self::SilenceDetectors => "silence-detectors",
        }
    }
}

impl fmt::Display for Trick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Trick {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|trick| trick.name() == name).ok_or(())
    }
}

/// Replicas per replica of a service that is scaled for no reason.
const TOO_MANY: u32 = 10;
/// Simulated seconds between two rounds of restarts.
const AGAIN_S: f64 = 60.0;
/// As long as a silence may be, simulated seconds.
const FOR_GOOD_S: f64 = 86_400.0;

/// A player that cheats.
#[derive(Debug)]
pub struct Cheat {
    trick: Trick,
    last_s: Option<f64>,
    alarmed: bool,
    drafts: Drafts,
    suspicion: Suspicion,
}

impl Cheat {
    /// One that knows this trick.
    pub fn new(trick: Trick) -> Self {
        Self {
            trick,
            last_s: None,
            alarmed: false,
            drafts: Drafts::default(),
            suspicion: Suspicion::default(),
        }
    }

    fn is_due(&self, now_s: f64) -> bool {
        match (self.trick, self.last_s) {
            (Trick::SilenceDetectors, last) => last.is_none(),
            (_, None) => self.alarmed,
            (Trick::RestartEverything, Some(last)) => now_s >= last + AGAIN_S,
            (Trick::ScaleEverything | Trick::ShedLoad, Some(_)) => false,
        }
    }

    fn remedies(&self, seen: &Seen<'_>) -> Vec<Remedy> {
        let services = seen.topology().services.iter();
        let id = |service: &ServiceView| ServiceId::new(&service.id);
        match self.trick {
            Trick::RestartEverything => {
                services.map(|service| Remedy::RestartService { service: id(service) }).collect()
            }
            Trick::ScaleEverything => services
                .map(|service| Remedy::ScaleUp {
                    service: id(service),
                    by: service.desired_replicas * (TOO_MANY - 1),
                })
                .collect(),
            Trick::ShedLoad => {
                let shrink = services.filter(|service| service.desired_replicas > 1).map(|service| {
                    Remedy::ScaleDown { service: id(service), by: service.desired_replicas - 1 }
                });
                let nodes = seen.topology().nodes.iter().skip(1);
                let drain = nodes
                    .filter(|node| node.state == NodeState::Ready)
                    .map(|node| Remedy::DrainNode { node: NodeId::new(&node.id) });
                shrink.chain(drain).collect()
            }
            Trick::SilenceDetectors => Vec::new(),
        }
    }
}

impl Player for Cheat {
    fn look(&mut self, seen: &Seen<'_>) -> Moves {
        self.suspicion.hear(seen.transitions);
        self.alarmed |= !seen.transitions.is_empty();
        if !self.is_due(seen.time_s()) {
            return Moves::default();
        }
        self.last_s = Some(seen.time_s());
        let remedies = self.remedies(seen);
        let propose = |remedy| self.drafts.propose(seen, Uuid::nil(), remedy, "it looks busy");
        Moves {
            proposals: remedies.into_iter().map(propose).collect(),
            silence_s: (self.trick == Trick::SilenceDetectors).then_some(FOR_GOOD_S),
            ..Moves::default()
        }
    }

    fn hear(&mut self, _: &ActionUpdate, _: u64) -> Moves {
        Moves::default()
    }

    fn suspects(&self) -> Vec<sim::Target> {
        self.suspicion.suspects()
    }
}
