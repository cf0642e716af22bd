//! The line to a player that is another program: it reads what is said on its standard input and writes answers on its standard output, a
//! JSON object a line. What it writes to standard error is shown.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use eval::player::lockstep::Say;
use eval::player::{Moves, Player, Seen};
use remedy::ActionUpdate;
use sim::Target;

use super::outside::{Line, MAX_ANSWER, Outside};

/// Time that a program has to end by itself once it is told that all is over.
const GOODBYE: Duration = Duration::from_secs(1);

/// The pipes of a running program.
#[derive(Debug)]
pub(crate) struct Pipes {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<Result<String, String>>,
    stopped: bool,
}

/// Starts a command of the shell, which plays. The error is a sentence.
pub(super) fn start(command: &str, timeout: Duration) -> Result<Outside<Pipes>, String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it cannot be spoken to".to_owned());
    };
    let pipes = Pipes { child, input: Some(input), answers: listen(output), stopped: false };
    Ok(Outside::new(pipes, timeout))
}

/// Reads answers on a thread of their own: only so can one be waited for no longer than some time.
fn listen(output: ChildStdout) -> Receiver<Result<String, String>> {
    let (sender, answers) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        loop {
            let mut line = String::new();
            let read = output.by_ref().take(MAX_ANSWER as u64).read_line(&mut line);
            let answer = match read {
                Ok(0) => return,
                Ok(_) if !line.ends_with('\n') && line.len() >= MAX_ANSWER => {
                    Err(format!("its answer is longer than {MAX_ANSWER} bytes"))
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

impl Line for Pipes {
    fn say(&mut self, what: &Say) -> Result<(), String> {
        let mut line = serde_json::to_string(what).map_err(|error| error.to_string())?;
        line.push('\n');
        let input = self.input.as_mut().ok_or("it does not listen any more")?;
        input
            .write_all(line.as_bytes())
            .and_then(|()| input.flush())
            .map_err(|error| format!("it stopped listening: {error}"))
    }

    fn answer(&mut self, timeout: Duration) -> Result<Option<String>, String> {
        match self.answers.recv_timeout(timeout) {
            Ok(answer) => answer.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err("it ended".to_owned()),
        }
    }

    fn stopped(&mut self, _: &str) {
        self.stopped = true;
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        // Whoever has stopped is not asked to.
        let told = !self.stopped && self.say(&Say::End).is_ok();
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
pub(super) struct Stopped {
    reason: String,
}

impl Stopped {
    pub(super) fn new(reason: String) -> Self {
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
