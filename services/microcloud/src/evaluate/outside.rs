//! A player outside of this process: what it is told and how its answers are understood is `eval::player::lockstep`'s, how both travel is a
//! line's.

use std::fmt::Debug;
use std::time::Duration;

use eval::benchmark::APPROVAL_S;
use eval::player::lockstep::{Begin, Lockstep, Say};
use eval::player::{Moves, Player, Seen};
use remedy::ActionUpdate;
use sim::Target;

/// Longest answer, bytes.
pub(super) const MAX_ANSWER: usize = 1 << 20;

/// How words travel to a player and back. Errors are sentences about the player ("it …").
pub(super) trait Line: Debug + Send {
    /// Says something.
    fn say(&mut self, what: &Say) -> Result<(), String>;

    /// Waits for the answer to what was said last. What came too late is for the caller to tell: `None`.
    fn answer(&mut self, timeout: Duration) -> Result<Option<String>, String>;

    /// Hears why the player is not asked any more.
    fn stopped(&mut self, why: &str);
}

/// A player at play.
#[derive(Debug)]
pub(super) struct Outside<L> {
    line: L,
    timeout: Duration,
    lockstep: Lockstep,
    begun: bool,
    stopped: Option<String>,
}

impl<L: Line> Outside<L> {
    pub(super) fn new(line: L, timeout: Duration) -> Self {
        Self { line, timeout, lockstep: Lockstep::default(), begun: false, stopped: None }
    }

    fn ask(&mut self, seen: &Seen<'_>) -> Result<Moves, String> {
        if !self.begun {
            self.begun = true;
            self.line.say(&Say::Begin(Begin::new(APPROVAL_S)))?;
        }
        let observation = self.lockstep.observation(seen);
        self.line.say(&observation)?;
        let answer = self.line.answer(self.timeout)?.ok_or_else(|| {
            format!("it gave no answer within {}", humantime::format_duration(self.timeout))
        })?;
        self.lockstep.moves(seen, &answer).map_err(|error| error.to_string())
    }
}

impl<L: Line> Player for Outside<L> {
    fn look(&mut self, seen: &Seen<'_>) -> Moves {
        if self.stopped.is_some() {
            return Moves::default();
        }
        self.ask(seen).unwrap_or_else(|reason| {
            let why = format!("at {:.0} s {reason}", seen.time_s());
            self.line.stopped(&why);
            self.stopped = Some(why);
            Moves::default()
        })
    }

    fn hear(&mut self, update: &ActionUpdate, _: u64) -> Moves {
        self.lockstep.hear(update);
        Moves::default()
    }

    fn suspects(&self) -> Vec<Target> {
        self.lockstep.suspects().to_vec()
    }

    fn gave_up(&self) -> Option<&str> {
        self.stopped.as_deref()
    }
}
