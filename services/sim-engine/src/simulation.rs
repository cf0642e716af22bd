//! The simulation task: owns the run, its clock and its journal, and decides everything between two ticks.
//!
//! It runs on a thread of its own, so that computing ticks never holds up the async runtime.

use std::time::Duration;

use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{ProgressMade, SimulationRecord, SimulationState, SimulationStatus};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::checkpoints::{Due, Moment};
use crate::journal::{Journal, JournalError};
use crate::meters::Meters;
use crate::pace::{Pacer, SpeedMeter};
use crate::pressure::{LAG_SOFT_LIMIT, share_of_speed};
use crate::publisher::{Batch, Stored};
use crate::refusal::Refusal;
use crate::request::{Inbox, Present, Question, Reply};
use crate::run::{Chunk, Clock, Run};
use crate::settled::Settled;

mod clock;
mod commands;

pub(crate) use commands::{MAX_BUNDLE_BYTES, fits_in_the_journal, run_started};

/// Longest uninterrupted computation, wall clock: what a request waits at most before it is taken.
const CHUNK: Duration = Duration::from_millis(10);
/// How often the state that others see is refreshed while nothing changes.
const REFRESH_EVERY: Duration = Duration::from_millis(250);
/// How often progress is written to the journal. What was computed since the last note is published again after a crash, and
/// recognised by its ids; the telemetry stream forgets after an hour, so this must stay well below.
const NOTE_PROGRESS_EVERY: Duration = Duration::from_secs(60);
/// How long a stopping engine waits until what it computed is stored.
const DRAIN_PATIENCE: Duration = Duration::from_secs(3);
/// Asleep while the clock stands still; any request wakes it.
const STANDING_STILL: Duration = Duration::from_secs(3600);

/// What the simulation works with.
pub(crate) struct Parts {
    /// What it is, besides its run; every run takes it along in its first journal entry.
    pub(crate) record: SimulationRecord,
    pub(crate) journal: Journal,
    pub(crate) inbox: Inbox,
    /// Where messages go, in order.
    pub(crate) outbox: mpsc::Sender<Batch>,
    /// What of it is stored.
    pub(crate) stored: watch::Receiver<Stored>,
    /// Telemetry messages that their consumer has not stored yet.
    pub(crate) lag: watch::Receiver<u64>,
    /// Keeps the state now and then.
    pub(crate) keeper: mpsc::Sender<Moment>,
    /// Computing time between two checkpoints.
    pub(crate) checkpoint_after: Duration,
    /// Shows where it stands.
    pub(crate) board: Board,
    pub(crate) meters: Meters,
    pub(crate) stop: CancellationToken,
}

/// The simulation task.
pub(crate) struct Simulation {
    run: Run,
    clock: Clock,
    settled: Settled,
    parts: Parts,
    pacer: Pacer,
    measured: SpeedMeter,
    /// Waits for the end of a step.
    step_reply: Option<Reply<SimulationState>>,
    /// Waits for the end of everything: the journal says that it is stopped.
    stopping: Option<Reply<SimulationState>>,
    noted: Stored,
    checkpoint: Due,
}

impl Simulation {
    pub(crate) fn new(run: Run, clock: Clock, settled: Settled, parts: Parts) -> Self {
        let pacer = Pacer::new(run.identity().tick_ms);
        let noted = *parts.stored.borrow();
        let measured = SpeedMeter::default();
        let checkpoint = Due::every(parts.checkpoint_after);
        Self {
            run,
            clock,
            settled,
            parts,
            pacer,
            measured,
            step_reply: None,
            stopping: None,
            noted,
            checkpoint,
        }
    }

    /// Runs until it is told to stop or the process ends, then waits a little until everything is stored.
    pub(crate) async fn run(mut self) -> Result<(), JournalError> {
        let stop = self.parts.stop.clone();
        let mut refresh = tokio::time::interval(REFRESH_EVERY);
        refresh.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut note = tokio::time::interval(NOTE_PROGRESS_EVERY);
        let outbox = self.parts.outbox.clone();
        self.repace();
        self.show(true);
        while self.stopping.is_none() {
            let now = Instant::now();
            let due = self.due(now);
            let wake = self.pacer.due_at(now, self.run.next_tick()).unwrap_or(now + STANDING_STILL);
            tokio::select! {
                // Requests come first, so that an approved action takes effect at the very next tick.
                biased;
                () = stop.cancelled() => break,
                Some(question) = self.parts.inbox.questions.recv() => self.answer(question),
                Some(change) = self.parts.inbox.changes.recv() => self.decide(change).await?,
                Ok(()) = self.parts.lag.changed() => self.repace(),
                _ = refresh.tick() => self.show(false),
                _ = note.tick() => self.note_progress().await?,
                // Room in the outbox is taken before ticks are computed: with NATS away the simulation holds here.
                Ok(room) = outbox.reserve(), if due > 0 => {
                    let chunk = self.advance(due);
                    let batch = self.batch(chunk);
                    if !batch.messages.is_empty() || batch.done.is_some() {
                        room.send(batch);
                    }
                }
                () = tokio::time::sleep_until(wake), if due == 0 => {}
            }
        }
        self.drain().await
    }

    /// Ticks to compute now.
    fn due(&mut self, now: Instant) -> u64 {
        let next = self.run.next_tick();
        match self.clock.run_to {
            Some(_) if share_of_speed(*self.parts.lag.borrow()) <= 0.0 => 0,
            Some(run_to) => run_to.saturating_sub(next),
            None => self.pacer.due(now, next),
        }
    }

    fn advance(&mut self, due: u64) -> Chunk {
        let started = Instant::now();
        let chunk = self.run.advance(due, started + CHUNK);
        self.measured.record(started, self.run.next_tick() - chunk.ticks);
        let took = started.elapsed();
        self.parts.meters.ticks(chunk.ticks, took);
        if self.checkpoint.computed(took) && chunk.sampled.is_some() {
            self.keep_moment();
        }
        chunk
    }

    /// Has the state kept as it is behind a sample. While another moment is being kept, the next one will do.
    fn keep_moment(&mut self) {
        if let Ok(place) = self.parts.keeper.try_reserve() {
            place.send(self.run.moment(self.parts.journal.last_sequence()));
            self.checkpoint.begin_again();
        }
    }

    fn batch(&mut self, chunk: Chunk) -> Batch {
        let stored = chunk.sampled.map(|tick| Stored { run_id: self.run.identity().run_id, tick });
        let mut batch = Batch { messages: chunk.messages, stored, done: None };
        if self.clock.run_to.is_some_and(|run_to| self.run.next_tick() >= run_to) {
            self.clock.run_to = None;
            self.show(true);
            batch.done = self.step_reply.take().map(|reply| self.answer_when_stored(reply));
        }
        batch
    }

    /// Answers a step when everything that it computed can be read from the streams.
    fn answer_when_stored(&self, reply: Reply<SimulationState>) -> oneshot::Sender<()> {
        let (done, stored) = oneshot::channel();
        let state = self.state();
        tokio::spawn(async move {
            let stopping =
                |_| Refusal::unavailable("sim-engine is stopping: look at GetState when it is back");
            answer(reply, stored.await.map(|()| state).map_err(stopping));
        });
        done
    }

    /// Answers a step that is cut short.
    fn finish_step(&mut self) {
        if let Some(reply) = self.step_reply.take() {
            answer(reply, Ok(self.state()));
        }
    }

    /// Sets the pace by the clock and by what the consumer of telemetry can take.
    fn repace(&mut self) {
        let lag = *self.parts.lag.borrow();
        if self.clock.playing {
            let speed = self.clock.speed * share_of_speed(lag);
            self.pacer.set_speed(speed, Instant::now(), self.run.next_tick());
        } else {
            self.pacer.stop();
            self.measured.clear();
        }
        self.parts.meters.lag(lag);
    }

    /// Where the simulation stands.
    fn state(&self) -> SimulationState {
        let run = self.run.identity();
        let tick = self.run.next_tick();
        let effective_speed = self.measured.speed(Instant::now(), tick, run.tick_ms);
        SimulationState {
            simulation_id: run.simulation_id.clone(),
            run_id: run.run_id.to_string(),
            scenario: self.run.scenario().name.clone(),
            seed: run.seed,
            tick,
            time: Some(run.time_of(tick).into()),
            started_at: Some(run.started_at.into()),
            tick_ms: run.tick_ms,
            playing: self.clock.playing,
            speed: self.clock.speed,
            effective_speed,
            speed_limit_reason: self.speed_limit_reason(effective_speed),
            telemetry_lag_messages: *self.parts.lag.borrow(),
            telemetry_hash: self.run.telemetry_hash(),
            active_faults: self.run.world().faults().len() as u32,
            status: self.status().into(),
            failure: String::new(),
            chaos_level: self.run.world().chaos(),
        }
    }

    /// Where it stands once its computation has ended.
    fn state_when_stopped(&self) -> SimulationState {
        SimulationState {
            status: SimulationStatus::Stopped.into(),
            playing: false,
            effective_speed: 0.0,
            speed_limit_reason: String::new(),
            ..self.state()
        }
    }

    fn status(&self) -> SimulationStatus {
        if self.stopping.is_some() {
            SimulationStatus::Stopped
        } else if self.clock.playing {
            SimulationStatus::Running
        } else if self.run.next_tick() == 0 && self.clock.run_to.is_none() {
            SimulationStatus::Created
        } else {
            SimulationStatus::Paused
        }
    }

    fn speed_limit_reason(&self, effective_speed: f64) -> String {
        /// Below this share of the requested speed something holds the simulation back, and not just a busy moment.
        const NOTICEABLY_SLOWER: f64 = 0.9;
        let lag = *self.parts.lag.borrow();
        if !self.clock.playing && self.clock.run_to.is_none() {
            String::new()
        } else if lag > LAG_SOFT_LIMIT {
            format!("signal-service is {lag} telemetry messages behind; every simulation slows down alike")
        } else if self.parts.outbox.capacity() == 0 {
            "NATS does not take telemetry as fast as it is computed".to_owned()
        } else if self.clock.playing
            && self.measured.is_settled()
            && effective_speed < self.clock.speed * NOTICEABLY_SLOWER
        {
            format!("this machine computes this cloud at a speed of {effective_speed:.1}")
        } else {
            String::new()
        }
    }

    /// Shows the state to everybody; `changed` wakes those who follow it.
    fn show(&mut self, changed: bool) {
        let now = Instant::now();
        if self.clock.playing || self.clock.run_to.is_some() {
            self.measured.record(now, self.run.next_tick());
        }
        let state = self.state();
        self.parts.meters.state(&state);
        self.parts.board.show(state, self.run.replicas(), changed);
    }

    fn answer(&self, question: Question) {
        answer_from(&self.run, question);
    }

    /// Appends to the journal; questions are answered meanwhile. Only a rival, or stopping, ends in an error: a refusal by the
    /// server changes nothing and is told to whoever asked.
    async fn append(&mut self, entry: Entry) -> Result<Result<u64, Refusal>, JournalError> {
        let Self { run, parts, .. } = self;
        let Parts { journal, inbox, meters, .. } = parts;
        let started = Instant::now();
        let appending = journal.append(entry);
        tokio::pin!(appending);
        loop {
            tokio::select! {
                appended = &mut appending => {
                    meters.journalled(started.elapsed());
                    return match appended {
                        Ok(sequence) => Ok(Ok(sequence)),
                        Err(error @ JournalError::Refused { .. }) => Ok(Err(Refusal::exhausted(format!(
                            "{error}: nothing was changed. Reset the simulation to empty its journal, or check the disk of NATS"
                        )))),
                        Err(error) => Err(error),
                    };
                }
                Some(question) = inbox.questions.recv() => answer_from(run, question),
            }
        }
    }

    /// Puts messages in the outbox behind everything before them; answers questions while there is no room.
    async fn publish(&mut self, batch: Batch) {
        let outbox = self.parts.outbox.clone();
        let sending = outbox.send(batch);
        tokio::pin!(sending);
        loop {
            tokio::select! {
                // A batch that is not taken any more is published after the next start.
                _ = &mut sending => return,
                () = self.parts.stop.cancelled() => return,
                Some(question) = self.parts.inbox.questions.recv() => answer_from(&self.run, question),
            }
        }
    }

    /// Writes to the journal up to where everything is stored.
    async fn note_progress(&mut self) -> Result<(), JournalError> {
        let stored = *self.parts.stored.borrow();
        if stored == self.noted || stored.run_id != self.run.identity().run_id {
            return Ok(());
        }
        match self.append(Entry::ProgressMade(ProgressMade { tick: stored.tick })).await? {
            Ok(_) => self.noted = stored,
            Err(refusal) => tracing::warn!(%refusal, "progress is not noted in the journal"),
        }
        Ok(())
    }

    /// Waits until everything is stored, so that the next start has nothing to publish again.
    async fn drain(mut self) -> Result<(), JournalError> {
        let (done, stored) = oneshot::channel();
        let marker = Batch { messages: Vec::new(), stored: None, done: Some(done) };
        let draining = async {
            if self.parts.outbox.send(marker).await.is_ok() && stored.await.is_ok() {
                self.note_progress().await?;
            }
            Ok(())
        };
        let drained = tokio::time::timeout(DRAIN_PATIENCE, draining).await.unwrap_or_else(|_| {
            tracing::warn!("stopped before everything was stored: the next start publishes the rest");
            Ok(())
        });
        if let Some(reply) = self.stopping.take() {
            let state = self.state_when_stopped();
            answer(reply, Ok(state));
        }
        drained
    }
}

fn answer_from(run: &Run, question: Question) {
    match question {
        Question::Topology(reply) => answer(reply, Ok(run.world().topology())),
        Question::Faults(reply) => answer(reply, Ok(run.world().faults().to_vec())),
        Question::Present(reply) => {
            let present = Present {
                world: run.world().clone(),
                run_id: run.identity().run_id.to_string(),
                time: run.time(),
            };
            answer(reply, Ok(present));
        }
    }
}

/// Answers, unless whoever asked has gone.
fn answer<T>(reply: Reply<T>, with: Result<T, Refusal>) {
    reply.send(with).ok();
}
