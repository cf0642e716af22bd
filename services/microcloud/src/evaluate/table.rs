//! Where episodes wait for players that are clients of ours, and where both sides of each leave their words for the other.
//!
//! A game is a thread that plays an episode, and waits; a client's call is a task on the server, and waits too. Neither waits without limit:
//! a game whose player is too slow goes on without it, a call that finds nothing to say is told to ask again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use eval::player::lockstep::Say;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::outside::Line;

/// Once nobody has called for so long, no client comes any more.
const LONELY: Duration = Duration::from_secs(600);
/// Between two looks whether anybody has called.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The table; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    games: Mutex<Games>,
    /// A game has begun to wait, or everything is over.
    more: Notify,
    heard: Mutex<Instant>,
}

impl Default for Inner {
    fn default() -> Self {
        Self { games: Mutex::default(), more: Notify::new(), heard: Mutex::new(Instant::now()) }
    }
}

#[derive(Debug, Default)]
struct Games {
    last: u64,
    waiting: VecDeque<Seat>,
    /// By episode id.
    taken: BTreeMap<String, Arc<Game>>,
    finished: bool,
}

/// A game as clients see it.
#[derive(Debug)]
pub(super) struct Game {
    answers: SyncSender<String>,
    said: watch::Receiver<Said>,
    /// The turn that was answered last. Calls about one game are taken one after the other.
    pub(super) answered: tokio::sync::Mutex<u32>,
}

/// What has been said last in a game.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// Counts what wants an answer.
    pub(super) turn: u32,
    /// Since the answer before.
    pub(super) says: Vec<Value>,
    /// Nothing more is said.
    pub(super) over: bool,
    /// Why it went on without its player, or empty.
    pub(super) stopped: String,
}

#[derive(Debug)]
struct Seat {
    id: String,
    game: Arc<Game>,
    taken: SyncSender<()>,
}

/// A game as the thread that plays it sees it.
#[derive(Debug)]
pub(super) struct Chair {
    table: Table,
    taken: Receiver<()>,
    is_taken: bool,
    answers: Receiver<String>,
    said: watch::Sender<Said>,
    /// Not told yet: `begin` goes with the first observation.
    says: Vec<Value>,
}

impl Table {
    /// Lets a game wait for a client.
    pub(super) fn sit_down(&self) -> Chair {
        let (taker, taken) = mpsc::sync_channel(1);
        let (sender, answers) = mpsc::sync_channel(1);
        let (said, listener) = watch::channel(Said::default());
        let mut games = self.games();
        games.last += 1;
        let id = format!("episode-{}", games.last);
        let game =
            Arc::new(Game { answers: sender, said: listener, answered: tokio::sync::Mutex::default() });
        games.waiting.push_back(Seat { id, game, taken: taker });
        drop(games);
        self.inner.more.notify_one();
        Chair { table: self.clone(), taken, is_taken: false, answers, said, says: Vec::new() }
    }

    /// The next game that waits, with its id; `None` after a while, or when everything is over.
    pub(super) async fn take(&self, patience: Duration) -> Option<(String, Arc<Game>)> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let more = self.inner.more.notified();
            {
                let mut games = self.games();
                if games.finished {
                    return None;
                }
                while let Some(Seat { id, game, taken }) = games.waiting.pop_front() {
                    // One that has given up waiting is left out.
                    if taken.send(()).is_ok() {
                        games.taken.insert(id.clone(), Arc::clone(&game));
                        if !games.waiting.is_empty() {
                            self.inner.more.notify_one();
                        }
                        return Some((id, game));
                    }
                }
            }
            tokio::time::timeout_at(deadline, more).await.ok()?;
        }
    }

    /// A game that was taken and whose end has not been told.
    pub(super) fn game(&self, id: &str) -> Option<Arc<Game>> {
        self.games().taken.get(id).cloned()
    }

    /// The end of a game has been told.
    pub(super) fn forget(&self, id: &str) {
        self.games().taken.remove(id);
    }

    /// Somebody has called.
    pub(super) fn heard(&self) {
        *self.inner.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Everything has been played.
    pub(super) fn finish(&self) {
        self.games().finished = true;
        self.inner.more.notify_waiters();
    }

    pub(super) fn is_finished(&self) -> bool {
        self.games().finished
    }

    fn lonely(&self) -> bool {
        self.inner.heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= LONELY
    }

    fn games(&self) -> MutexGuard<'_, Games> {
        // Nothing panics while it is held.
        self.inner.games.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Game {
    /// What is said next after a turn.
    pub(super) async fn next(&self, after: u32) -> Said {
        let mut said = self.said.clone();
        // It ends with the game, and then holds the end.
        let next = said.wait_for(|said| said.turn > after || said.over).await;
        match next {
            Ok(next) => next.clone(),
            Err(_) => self.said.borrow().clone(),
        }
    }

    pub(super) fn present(&self) -> Said {
        self.said.borrow().clone()
    }

    /// Hands over an answer; there is room for the one that is waited for.
    pub(super) fn answer(&self, answer: String) {
        self.answers.try_send(answer).ok();
    }
}

impl Chair {
    /// Waits until a client has taken the game.
    fn wait_for_client(&mut self) -> Result<(), String> {
        while !self.is_taken {
            match self.taken.recv_timeout(LOOK_EVERY) {
                Ok(()) => self.is_taken = true,
                Err(RecvTimeoutError::Timeout) if self.table.lonely() => {
                    return Err(format!("nobody came to play within {}", humantime::format_duration(LONELY)));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("nobody can come to play any more".to_owned());
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, why: &str) {
        let end = serde_json::to_value(Say::End).into_iter().collect();
        self.said.send_modify(|said| {
            if !said.over {
                *said = Said { turn: said.turn, says: end, over: true, stopped: why.to_owned() };
            }
        });
    }
}

impl Line for Chair {
    fn say(&mut self, what: &Say) -> Result<(), String> {
        self.wait_for_client()?;
        self.says.push(serde_json::to_value(what).map_err(|error| error.to_string())?);
        if matches!(what, Say::Observation(_)) {
            let says = std::mem::take(&mut self.says);
            self.said.send_modify(|said| {
                *said = Said { turn: said.turn + 1, says, ..Said::default() };
            });
        }
        Ok(())
    }

    fn answer(&mut self, timeout: Duration) -> Result<Option<String>, String> {
        Ok(self.answers.recv_timeout(timeout).ok())
    }

    fn stopped(&mut self, why: &str) {
        self.end(why);
    }
}

impl Drop for Chair {
    fn drop(&mut self) {
        self.end("");
    }
}
