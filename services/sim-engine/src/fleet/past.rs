//! The past of a simulation, computed again from its journal: to be looked at, to be saved, or to be left at an earlier tick.

use std::ops::ControlFlow;

use connectrpc_axum::Code;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{CommandAccepted, RunStarted};
use sim::recording::{Change, Recorder};
use sim::{Event, Workers, World};

use super::{Fleet, chain};
use crate::id::SimulationId;
use crate::identity::Identity;
use crate::journal::{Contents, Journal, RunLog};
use crate::recovery::{self, RecoveryError, scenario_of};
use crate::refusal::Refusal;
use crate::run::replicas_of;

/// Most replicas × ticks that are computed again to look back: some ten seconds of one core.
const MAX_REPLICA_TICKS: u64 = 150_000_000;

/// A run as its journal has it.
pub(super) struct Past {
    pub(super) identity: Identity,
    pub(super) log: RunLog,
}

impl Fleet {
    /// The latest run of a simulation, which may be stopped.
    pub(super) async fn past(&self, id: &SimulationId) -> Result<Past, Refusal> {
        let inner = &self.inner;
        let (_, Contents { log, .. }) = Journal::open(inner.bus.clone(), id, inner.stop.clone()).await?;
        let log = log.ok_or_else(|| {
            Refusal::not_found(format!("simulation {:?} was deleted meanwhile", id.as_str()))
        })?;
        Ok(Past { identity: recovery::identity_of(id, &log.started)?, log })
    }

    /// The tick that a simulation will compute next, running or not.
    pub(super) fn stands_at(&self, id: &SimulationId) -> Result<u64, Refusal> {
        Ok(self.member(id)?.board.reader().state()?.tick)
    }
}

impl Past {
    /// Refuses another run than this: it was reset meanwhile.
    pub(super) fn of_run(self, run: &Identity) -> Result<Self, Refusal> {
        if self.identity.run_id == run.run_id {
            return Ok(self);
        }
        Err(Refusal::new(
            Code::Aborted,
            format!("simulation {:?} began a new run meanwhile: ask again", run.simulation_id),
        ))
    }

    /// The commands that were journalled up to a place in its stream.
    pub(super) fn commands_up_to(&self, sequence: u64) -> Vec<Entry> {
        self.log.commands_up_to(sequence).cloned().collect()
    }

    /// The commands that took effect before a tick.
    pub(super) fn commands_before(&self, until_tick: u64) -> Vec<Entry> {
        let before =
            |entry: &&Entry| matches!(entry, Entry::CommandAccepted(accepted) if accepted.tick < until_tick);
        self.log.commands_up_to(u64::MAX).filter(before).cloned().collect()
    }

    /// Refuses what would take too long.
    pub(super) fn is_affordable(&self, ticks: u64) -> Result<(), Refusal> {
        let scenario = self.log.started.scenario.clone();
        let scenario = scenario.ok_or_else(|| Refusal::new(Code::Internal, "the run has no scenario"))?;
        let scenario = scenario_of(scenario)?;
        let replicas = replicas_of(&scenario).max(1);
        let most = MAX_REPLICA_TICKS / replicas;
        if ticks <= most {
            return Ok(());
        }
        let minutes = |ticks: u64| ticks * u64::from(sim::TICK_MS) / 60_000;
        Err(Refusal::exhausted(format!(
            "{} simulated minutes of {replicas} replicas take too long to compute again: at most the first {} can be looked at. \
             A reset begins a new run; `microcloud replay` computes recordings of any length",
            minutes(ticks),
            minutes(most)
        )))
    }
}

/// Computes a run again up to a tick. `each` sees the world after every tick, and what happened in it; it may end the computation.
pub(super) fn computed(
    started: &RunStarted,
    commands: &[Entry],
    until_tick: u64,
    mut each: impl FnMut(&World, &[Event]) -> ControlFlow<()>,
) -> Result<Recorder, RecoveryError> {
    let scenario = started
        .scenario
        .clone()
        .ok_or_else(|| RecoveryError::Journal { what: "its run has no scenario".to_owned() })?;
    let mut recorder = Recorder::new(scenario_of(scenario)?, started.seed);
    let (workers, mut events) = (Workers::default(), Vec::new());
    let mut advance_to = |recorder: &mut Recorder, tick: u64| {
        while recorder.world().tick() < tick {
            recorder.step_with(&workers, &mut events);
            let more = each(recorder.world(), &events);
            events.clear();
            if more.is_break() {
                return more;
            }
        }
        ControlFlow::Continue(())
    };
    for entry in commands {
        let Entry::CommandAccepted(CommandAccepted { tick, command }) = entry else { continue };
        if advance_to(&mut recorder, (*tick).min(until_tick)).is_break() {
            return Ok(recorder);
        }
        match recovery::change_of(command.clone())? {
            // A refusal is part of the run, then as now.
            Change::Command(command) => drop(recorder.apply(&command)),
            Change::Reseed(seed) => recorder.reseed(seed),
        }
    }
    let _whole_or_ended = advance_to(&mut recorder, until_tick);
    Ok(recorder)
}

impl From<RecoveryError> for Refusal {
    fn from(error: RecoveryError) -> Self {
        Self::new(Code::Internal, chain(&error))
    }
}
