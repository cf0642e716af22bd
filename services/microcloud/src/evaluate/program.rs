//! A player that is another program: it reads observations on its standard input and writes answers on its standard output, a JSON
//! object a line (`eval::player::lockstep`). What it writes to standard error is shown.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use eval::benchmark::APPROVAL_S;
use eval::player::lockstep::{Begin, Lockstep, Say};
use eval::player::{Moves, Player, Seen};
use remedy::ActionUpdate;
use sim::Target;

/// Longest answer, bytes.
const MAX_LINE: u64 = 1 << 20;
/// Time that a program has to end by itself once it is told that all is over.
const GOODBYE: Duration = Duration::from_secs(1);

/// A program at play.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<Result<String, String>>,
    timeout: Duration,
    lockstep: Lockstep,
    stopped: Option<String>,
}

impl Program {
    /// Starts a command of the shell. The error is a sentence.
    pub(crate) fn start(command: &str, timeout: Duration) -> Result<Self, String> {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("it cannot be spoken to".to_owned());
        };
        let mut program = Self {
            child,
            input: Some(input),
            answers: listen(output),
            timeout,
            lockstep: Lockstep::default(),
            stopped: None,
        };
        if let Err(reason) = program.say(&Say::Begin(Begin::new(APPROVAL_S))) {
            program.stopped = Some(reason);
        }
        Ok(program)
    }

    fn say(&mut self, what: &Say) -> Result<(), String> {
        let mut line = serde_json::to_string(what).map_err(|error| error.to_string())?;
        line.push('\n');
        let input = self.input.as_mut().ok_or("it does not listen any more")?;
        input
            .write_all(line.as_bytes())
            .and_then(|()| input.flush())
            .map_err(|error| format!("it stopped listening: {error}"))
    }

    fn ask(&mut self, seen: &Seen<'_>) -> Result<Moves, String> {
        let observation = self.lockstep.observation(seen);
        self.say(&observation)?;
        let answer = match self.answers.recv_timeout(self.timeout) {
            Ok(answer) => answer?,
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("it gave no answer within {}", humantime::format_duration(self.timeout)));
            }
            Err(RecvTimeoutError::Disconnected) => return Err("it ended".to_owned()),
        };
        self.lockstep.moves(seen, &answer).map_err(|error| error.to_string())
    }
}

/// Reads answers on a thread of their own: only so can one be waited for no longer than some time.
fn listen(output: ChildStdout) -> Receiver<Result<String, String>> {
    let (sender, answers) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        loop {
            let mut line = String::new();
            let read = output.by_ref().take(MAX_LINE).read_line(&mut line);
            let answer = match read {
                Ok(0) => return,
                Ok(_) if !line.ends_with('\n') && line.len() as u64 >= MAX_LINE => {
                    Err(format!("its answer is longer than {MAX_LINE} bytes"))
                }
                Ok(_) => Ok(line),
                Err(error) => Err(format!("its answer cannot be read: {error}")),
            };
            let last = answer.is_err();
            // Nobody listens any more when the episode is over.
            if sender.send(answer).is_err() || last {
                return;
            }
        }
    });
    answers
}

impl Player for Program {
    fn look(&mut self, seen: &Seen<'_>) -> Moves {
        if self.stopped.is_some() {
            return Moves::default();
        }
        self.ask(seen).unwrap_or_else(|reason| {
            self.stopped = Some(format!("at {:.0} s {reason}", seen.time_s()));
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

impl Drop for Program {
    fn drop(&mut self) {
        // Whoever has stopped is not asked to.
        let told = self.stopped.is_none() && self.say(&Say::End).is_ok();
        self.input = None;
        let deadline = Instant::now() + GOODBYE;
        let left = || deadline.saturating_duration_since(Instant::now());
        // It has ended when it writes no more.
        while told && !left().is_zero() && self.answers.recv_timeout(left()).is_ok() {}
        // Has no effect on one that has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A program that could not be started.
#[derive(Debug)]
pub(crate) struct Stopped {
    reason: String,
}

impl Stopped {
    pub(crate) fn new(reason: String) -> Self {
        Self { reason }
    }
}

impl Player for Stopped {
    fn look(&mut self, _: &Seen<'_>) -> Moves {
        Moves::default()
    }

    fn hear(&mut self, _: &ActionUpdate, _: u64) -> Moves {
        Moves::default()
    }

    fn suspects(&self) -> Vec<Target> {
        Vec::new()
    }

    fn gave_up(&self) -> Option<&str> {
        Some(&self.reason)
    }
}
