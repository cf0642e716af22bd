//! Creating and forking. What makes a simulation is in its journal before it does anything.

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use connectrpc_axum::Code;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{ForkPoint, ForkRecord, RunStarted, Simulation, SimulationRecord, SimulationStatus};
use sim::Scenario;

use super::past::{self, Past};
use super::{Fleet, SHOWS_WITHIN};
use crate::board::{Board, Shown};
use crate::checkpoints::Restored;
use crate::id::SimulationId;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::live::Beginning;
use crate::refusal::Refusal;
use crate::request::Forked;
use crate::run::{Clock, Run, replicas_of};
use crate::scenarios::off_runtime;
use crate::simulation::{fits_in_the_journal, run_started};
use crate::stored;

/// Most commands of its parent that a fork takes along. Each is written to the journal of the fork, a millisecond or two on a
/// disk that is told to write.
pub(super) const MAX_INHERITED: usize = 5_000;

/// What to create.
#[derive(Debug, Clone)]
pub(crate) struct NewSimulation {
    pub(crate) id: SimulationId,
    /// Tells the request that creates it from others with the same id.
    pub(crate) request_id: String,
    pub(crate) display_name: String,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) seed: u64,
    pub(crate) speed: f64,
    pub(crate) playing: bool,
}

/// What to fork.
#[derive(Debug, Clone)]
pub(crate) struct NewFork {
    pub(crate) parent: SimulationId,
    pub(crate) id: SimulationId,
    /// Tells the request that creates it from others with the same id.
    pub(crate) request_id: String,
    pub(crate) display_name: String,
    /// Tick of the parent's run at which it leaves; `None` means the present.
    pub(crate) at_tick: Option<u64>,
    /// `None` means the parent's.
    pub(crate) speed: Option<f64>,
    pub(crate) playing: bool,
}

impl Fleet {
    /// Creates a simulation at tick 0.
    pub(crate) async fn create(&self, new: NewSimulation) -> Result<Simulation, Refusal> {
        self.detached(|fleet| async move {
            let _changing = fleet.inner.changing.lock().await;
            if let Some(same) = fleet.same(&new.id, &new.request_id)? {
                return Ok(same);
            }
            fits_in_the_journal(&new.scenario)?;
            fleet.has_place()?;
            fleet.has_room_for(replicas_of(&new.scenario), &new.id)?;
            Box::pin(fleet.begin(new)).await
        })
        .await
    }

    /// Creates a copy of a simulation, as it is or was, that goes its own way from there on.
    pub(crate) async fn fork(&self, new: NewFork) -> Result<Simulation, Refusal> {
        self.detached(|fleet| async move {
            let _changing = fleet.inner.changing.lock().await;
            if let Some(same) = fleet.same(&new.id, &new.request_id)? {
                return Ok(same);
            }
            fleet.has_place()?;
            let replicas = fleet.member(&new.parent)?.board.reader().replicas();
            fleet.has_room_for(replicas, &new.id)?;
            let stem = match new.at_tick {
                None => fleet.stem(&new.parent).await?,
                Some(tick) => fleet.stem_at(&new.parent, tick).await?,
            };
            fleet.has_room_for(stem.run.replicas(), &new.id)?;
            Box::pin(fleet.branch(new, stem)).await
        })
        .await
    }

    /// A simulation as it is now.
    async fn stem(&self, parent: &SimulationId) -> Result<Stem, Refusal> {
        let Forked { run, clock, journal_sequence } = self.handle(parent)?.fork().await?;
        let past = self.past(parent).await?.of_run(run.identity())?;
        let commands = past.commands_up_to(journal_sequence);
        Ok(Stem { run, speed: clock.speed, started: past.log.started, commands })
    }

    /// A simulation as it was when it had computed `tick` ticks, without what was done to it then.
    async fn stem_at(&self, parent: &SimulationId, tick: u64) -> Result<Stem, Refusal> {
        let stands = self.stands_at(parent)?;
        if tick > stands {
            return Err(Refusal::new(
                Code::OutOfRange,
                format!(
                    "simulation {:?} stands at tick {stands}: it has not come to tick {tick} yet",
                    parent.as_str()
                ),
            ));
        }
        let past = self.past(parent).await?;
        past.is_affordable(tick)?;
        let (commands, (_, speed)) = (past.commands_before(tick), past.log.clock());
        let Past { identity, log } = past;
        off_runtime(move || {
            let recorder = past::computed(&log.started, &commands, tick, |_, _| ControlFlow::Continue(()))?;
            let from = Restored { world: recorder.into_world(), journal_sequence: 0, clock_events: 0 };
            let run = Run::restored(identity, from);
            Ok(Stem { run, speed, started: log.started, commands })
        })
        .await?
    }

    /// What the same request made before. Another request with the same id is refused.
    pub(super) fn same(&self, id: &SimulationId, request_id: &str) -> Result<Option<Simulation>, Refusal> {
        let Some(member) = self.members().get(id).cloned() else { return Ok(None) };
        if member.record.request_id == request_id {
            return Ok(Some(member.describe()));
        }
        Err(Refusal::already_exists(format!(
            "there is a simulation {:?} already, and another request created it: choose another id, or delete it first",
            id.as_str()
        )))
    }

    /// Whether there may be one more.
    pub(super) fn has_place(&self) -> Result<(), Refusal> {
        let most = self.inner.limits.simulations;
        if self.members().len() < most {
            return Ok(());
        }
        Err(Refusal::exhausted(format!(
            "{most} simulations exist, which is the most: delete one that is not needed, or raise SIMULATION_LIMIT of sim-engine"
        )))
    }

    async fn begin(&self, new: NewSimulation) -> Result<Simulation, Refusal> {
        let NewSimulation { id, request_id, display_name, scenario, seed, speed, playing } = new;
        let (mut journal, lived_until) = self.unused(&id).await?;
        let now = Utc::now();
        let identity = Identity::begin(id.as_str(), 1, seed, now, lived_until);
        let record =
            SimulationRecord { display_name, created_at: Some(now.into()), request_id, forked_from: None };
        let started = RunStarted {
            simulation: Some(record.clone()),
            ..run_started(&identity, &scenario, playing, speed)
        };
        journal.append(Entry::RunStarted(started)).await?;
        tracing::info!(simulation_id = %id, run_id = %identity.run_id, scenario = scenario.name, seed, "simulation created");
        let run = Box::new(Run::new(identity, scenario));
        let clock = Clock { playing, speed, run_to: None };
        self.set_up(id, record, journal, Beginning::Run { run, clock, first: None }).await
    }

    async fn branch(&self, new: NewFork, stem: Stem) -> Result<Simulation, Refusal> {
        let NewFork { parent, id, request_id, display_name, at_tick: _, speed, playing } = new;
        let Stem { run, speed: parents_speed, started, commands } = stem;
        if commands.len() > MAX_INHERITED {
            return Err(Refusal::exhausted(format!(
                "the run of simulation {:?} took {} commands, a fork takes along {MAX_INHERITED}: fork one that was reset since",
                parent.as_str(),
                commands.len()
            )));
        }
        let parents = Identity::clone(run.identity());
        let (mut journal, lived_until) = self.unused(&id).await?;
        let (now, tick) = (Utc::now(), run.next_tick());
        let identity = parents.fork(id.as_str(), tick, now, lived_until);
        let from = ForkPoint { simulation_id: parent.to_string(), run_id: parents.run_id.to_string(), tick };
        let record = SimulationRecord {
            display_name,
            created_at: Some(now.into()),
            request_id,
            forked_from: Some(from),
        };
        let clock = Clock { playing, speed: speed.unwrap_or(parents_speed), run_to: None };
        let started = RunStarted {
            run_id: identity.run_id.to_string(),
            ordinal: identity.ordinal,
            started_at: Some(identity.started_at.into()),
            playing,
            speed: clock.speed,
            settled_command_ids: Vec::new(),
            simulation: Some(record.clone()),
            fork: Some(ForkRecord { tick, inherited_entries: commands.len() as u64 }),
            ..started
        };
        journal.append(Entry::RunStarted(started)).await?;
        for command in commands {
            journal.append(command).await?;
        }
        tracing::info!(simulation_id = %id, run_id = %identity.run_id, parent = %parent, tick, "simulation forked");
        let run = Box::new(run.fork(identity));
        let first = run.forked(tick, parent.as_str());
        self.set_up(id, record, journal, Beginning::Run { run, clock, first }).await
    }

    /// The journal of an id that no simulation has, and until when one had it.
    pub(super) async fn unused(
        &self,
        id: &SimulationId,
    ) -> Result<(Journal, Option<DateTime<Utc>>), Refusal> {
        let inner = &self.inner;
        let (journal, contents) = Journal::open(inner.bus.clone(), id, inner.stop.clone()).await?;
        if contents.log.as_ref().is_some_and(crate::journal::RunLog::is_complete) {
            return Err(Refusal::precondition(format!(
                "the journal of simulation {:?} is written by another sim-engine: let one engine run at a time",
                id.as_str()
            )));
        }
        let by_telemetry = stored::lived_until(&inner.bus, id).await;
        let by_telemetry = by_telemetry.map_err(|error| Refusal::unavailable(super::chain(&error)))?;
        Ok((journal, contents.lived_until().max(by_telemetry)))
    }

    /// Adds a simulation whose journal is written, and sets it to work.
    pub(super) async fn set_up(
        &self,
        id: SimulationId,
        record: SimulationRecord,
        journal: Journal,
        beginning: Beginning,
    ) -> Result<Simulation, Refusal> {
        let replicas = match &beginning {
            Beginning::Run { run, .. } => run.replicas(),
            Beginning::Journal { .. } => 0,
        };
        let board = Board::new(Shown { state: None, status: SimulationStatus::Created, replicas });
        let member = self.enlist(id, record, board);
        self.set_to_work(&member, journal, beginning).await?;
        let mut shown = member.board.reader();
        // When it takes longer, the answer has no state yet.
        drop(tokio::time::timeout(SHOWS_WITHIN, shown.settled()).await);
        Ok(member.describe())
    }
}

/// What a fork grows from.
struct Stem {
    /// The parent's run, at the tick where the fork leaves it.
    run: Run,
    /// The parent's speed.
    speed: f64,
    /// How the parent's run began, and what was done to it since, up to there.
    started: RunStarted,
    commands: Vec<Entry>,
}
