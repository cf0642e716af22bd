//! From the journal back to the run: computes it again, tick for tick, and publishes what may be missing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use proto::sim::v1::command_accepted::Command as Journalled;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{ClockSet, CommandAccepted, RunStarted, ScenarioBundle, SimulationStopped};
use sim::recording::Change;
use sim::{Command, FaultId, LoadError, Scenario};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::checkpoints::Restored;
use crate::convert::{self, Invalid};
use crate::id::SimulationId;
use crate::identity::Identity;
use crate::journal::RunLog;
use crate::publisher::{Batch, Stored};
use crate::run::{Clock, Run};
use crate::settled::Settled;

/// Longest uninterrupted computation during a replay: nobody waits for a command then, only for the signal to stop.
const CHUNK: Duration = Duration::from_millis(50);

/// Why a run cannot be computed again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecoveryError {
    #[error(
        "the journal cannot be used: {what}. It was written by another version of sim-engine; run that one, or purge \
             its subject in the stream SIM_JOURNAL to begin anew"
    )]
    Journal { what: String },
    #[error(
        "the run in the journal was computed by model version {found}; this is model version {}, which computes something else: \
             run the version of sim-engine that wrote it, or purge its subject in the stream SIM_JOURNAL to begin anew",
        sim::MODEL_VERSION
    )]
    Model { found: u32 },
    #[error(
        "scenario {name:?} in the journal cannot be loaded by this version of sim-engine; run the version that wrote it, \
             or purge its subject in the stream SIM_JOURNAL to begin anew"
    )]
    Scenario { name: String, source: LoadError },
}

impl From<Invalid> for RecoveryError {
    fn from(Invalid(what): Invalid) -> Self {
        Self::Journal { what }
    }
}

/// A run that was computed again.
pub(crate) struct Recovered {
    pub(crate) run: Run,
    pub(crate) clock: Clock,
    pub(crate) settled: Settled,
}

/// Computes the run of `log` again, from a checkpoint or from its beginning up to the last thing that is known of it. Messages that are not stored yet go to `outbox`.
pub(crate) async fn replay(
    simulation_id: &SimulationId,
    log: RunLog,
    from: Option<Restored>,
    stored_through: u64,
    outbox: &mpsc::Sender<Batch>,
    stop: &CancellationToken,
) -> Result<Recovered, RecoveryError> {
    let RunLog { started, entries, noted_at: _ } = log;
    let began = Instant::now();
    let mut clock = Clock { playing: started.playing, speed: started.speed, run_to: None };
    let settled = started.settled_command_ids.iter().cloned().collect();
    let fork = started.fork;
    let parent = parent_of(&started);
    // What happened before a fork was its parent's to tell.
    let stored_through = fork.map_or(stored_through, |fork| stored_through.max(fork.tick));
    let kept_through = from.as_ref().map_or(0, |from| from.journal_sequence);
    let run = run_of(simulation_id, started, from)?.stored_through(stored_through);
    let from_tick = run.next_tick();
    let mut replay = Replay { run, settled, outbox, stop };
    if let Some(event) = fork.and_then(|fork| replay.run.forked(fork.tick, &parent)) {
        replay.publish(Batch::of(event)).await;
    }
    let count = entries.len();
    for (sequence, entry) in entries {
        if sequence <= kept_through {
            // The checkpoint has its effect on the run.
            match entry {
                Entry::ClockSet(set) => clock = clock_of(set),
                Entry::CommandAccepted(CommandAccepted {
                    command: Some(Journalled::PerformAction(action)),
                    ..
                }) => replay.settled.insert(action.command_id),
                _ => {}
            }
            continue;
        }
        match entry {
            Entry::CommandAccepted(CommandAccepted { tick, command }) => {
                replay.advance_to(tick).await;
                replay.command(command)?;
            }
            Entry::ClockSet(set) => {
                replay.advance_to(set.tick).await;
                let set = clock_of(set);
                replay.clock(clock, set).await;
                clock = set;
            }
            Entry::Stopped(SimulationStopped { state }) => {
                replay.advance_to(state.map_or(0, |state| state.tick)).await;
            }
            // A run begins the log, and a deletion leaves none.
            Entry::ProgressMade(_) | Entry::TakenOver(_) | Entry::RunStarted(_) | Entry::Deleted(_) => {}
        }
    }
    replay.advance_to(stored_through).await;
    let Replay { run, settled, .. } = replay;
    // A step that had come to its end needs no more going on.
    clock.run_to = clock.run_to.filter(|run_to| *run_to > run.next_tick());
    tracing::info!(
        run_id = %run.identity().run_id,
        from_tick,
        tick = run.next_tick(),
        entries = count,
        duration_ms = began.elapsed().as_millis() as u64,
        "run recomputed from the journal"
    );
    Ok(Recovered { run, clock, settled })
}

struct Replay<'a> {
    run: Run,
    settled: Settled,
    outbox: &'a mpsc::Sender<Batch>,
    stop: &'a CancellationToken,
}

impl Replay<'_> {
    async fn advance_to(&mut self, tick: u64) {
        while self.run.next_tick() < tick && !self.stop.is_cancelled() {
            let chunk = self.run.advance(tick - self.run.next_tick(), Instant::now() + CHUNK);
            let run_id = self.run.identity().run_id;
            let stored = chunk.sampled.map(|tick| Stored { run_id, tick });
            self.publish(Batch { messages: chunk.messages, stored, done: None }).await;
        }
    }

    fn command(&mut self, command: Option<Journalled>) -> Result<(), RecoveryError> {
        if let Some(Journalled::PerformAction(action)) = &command {
            self.settled.insert(action.command_id.clone());
        }
        if let Err(refused) = self.run.change(&change_of(command)?) {
            // An action may be refused, then as now. The other commands were tried out before they were journalled.
            tracing::debug!(%refused, "command refused in the replay");
        }
        Ok(())
    }

    async fn clock(&mut self, before: Clock, set: Clock) {
        let stepping = before.run_to.is_some_and(|run_to| run_to > self.run.next_tick());
        let is_step = set.run_to.is_some() && !stepping;
        if !is_step && let Some(event) = self.run.clock_changed(set) {
            self.publish(Batch::of(event)).await;
        }
    }

    async fn publish(&self, batch: Batch) {
        if !batch.messages.is_empty() {
            tokio::select! {
                // The publisher outlives the replay; when it has gone, so has the process.
                _ = self.outbox.send(batch) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }
}

/// A command in a journal.
pub(crate) fn change_of(command: Option<Journalled>) -> Result<Change, RecoveryError> {
    Ok(Change::Command(match command {
        Some(Journalled::SetScenario(bundle)) => Command::SetScenario(scenario_of(bundle)?),
        Some(Journalled::InjectFault(spec)) => Command::InjectFault(convert::fault_spec_from(spec)?),
        Some(Journalled::ClearFaultId(id)) => Command::ClearFault(FaultId(id)),
        Some(Journalled::PerformAction(action)) => Command::Act(convert::perform_action_from(action)?),
        Some(Journalled::ChaosLevel(level)) => Command::SetChaos(level),
        Some(Journalled::Reseed(seed)) => return Ok(Change::Reseed(seed)),
        None => return Err(Invalid("it holds a command that is not known".to_owned()).into()),
    }))
}

fn clock_of(set: ClockSet) -> Clock {
    let ClockSet { tick: _, playing, speed, run_to_tick } = set;
    Clock { playing, speed, run_to: (run_to_tick > 0).then_some(run_to_tick) }
}

fn parent_of(started: &RunStarted) -> String {
    let forked_from = started.simulation.as_ref().and_then(|simulation| simulation.forked_from.as_ref());
    forked_from.map(|parent| parent.simulation_id.clone()).unwrap_or_default()
}

fn run_of(
    simulation_id: &SimulationId,
    started: RunStarted,
    from: Option<Restored>,
) -> Result<Run, RecoveryError> {
    let identity = identity_of(simulation_id, &started)?;
    if let Some(from) = from {
        return Ok(Run::restored(identity, from));
    }
    let scenario = started.scenario.ok_or_else(|| journal("its run has no scenario"))?;
    Ok(Run::new(identity, scenario_of(scenario)?))
}

/// The run in a journal. Refused is what this version would compute differently.
pub(crate) fn identity_of(
    simulation_id: &SimulationId,
    started: &RunStarted,
) -> Result<Identity, RecoveryError> {
    if started.tick_ms != sim::TICK_MS {
        return Err(journal("its ticks have another length"));
    }
    if started.model_version != sim::MODEL_VERSION {
        return Err(RecoveryError::Model { found: started.model_version });
    }
    Ok(Identity {
        simulation_id: simulation_id.to_string(),
        run_id: Uuid::try_parse(&started.run_id).map_err(|_| journal("its run has no id"))?,
        ordinal: started.ordinal,
        seed: started.seed,
        started_at: started
            .started_at
            .and_then(|at| DateTime::try_from(at).ok())
            .ok_or_else(|| journal("its run has no start"))?,
        tick_ms: started.tick_ms,
    })
}

fn journal(what: &str) -> RecoveryError {
    RecoveryError::Journal { what: what.to_owned() }
}

/// The scenario in a journal.
pub(crate) fn scenario_of(bundle: ScenarioBundle) -> Result<Arc<Scenario>, RecoveryError> {
    let ScenarioBundle { name, files } = bundle;
    let files: BTreeMap<String, String> = files;
    sim::scenario::load(&name, &files).map_err(|source| RecoveryError::Scenario { name, source })
}
