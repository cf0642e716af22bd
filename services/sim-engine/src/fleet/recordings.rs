//! Saving a run as a recording, and beginning a simulation from one.

use std::ops::ControlFlow;

use chrono::Utc;
use connectrpc_axum::Code;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{CommandAccepted, ForkRecord, RunStarted, Simulation, SimulationRecord};
use sim::recording::{Change, Recording};
use sim::{Command, Workers, World};

use super::past;
use super::{Fleet, chain};
use crate::checkpoints::Restored;
use crate::convert;
use crate::id::SimulationId;
use crate::identity::Identity;
use crate::live::Beginning;
use crate::refusal::Refusal;
use crate::request::Forked;
use crate::run::{Clock, Run, replicas_of};
use crate::scenarios::off_runtime;
use crate::simulation::{fits_in_the_journal, run_started};

use super::create::MAX_INHERITED;

/// Largest recording that is handed over: it has to fit in one message of 1 MiB.
const MAX_RECORDING_BYTES: usize = 960 * 1024;

/// What to begin from a recording.
#[derive(Debug, Clone)]
pub(crate) struct NewRestored {
    pub(crate) id: SimulationId,
    /// Tells the request that creates it from others with the same id.
    pub(crate) request_id: String,
    pub(crate) display_name: String,
    pub(crate) recording: Vec<u8>,
    pub(crate) speed: f64,
    pub(crate) playing: bool,
}

/// A run as a file, and where it stood.
pub(crate) struct Saved {
    pub(crate) bytes: Vec<u8>,
    pub(crate) tick: u64,
    pub(crate) telemetry_hash: String,
}

impl Fleet {
    /// The run of a simulation up to its next tick. The simulation goes on meanwhile.
    pub(crate) async fn save(&self, id: &SimulationId) -> Result<Saved, Refusal> {
        let Forked { run, clock: _, journal_sequence } = self.handle(id)?.fork().await?;
        let past = self.past(id).await?.of_run(run.identity())?;
        let commands = past.commands_up_to(journal_sequence);
        let (tick, hash) = (run.next_tick(), run.world().telemetry_hash());
        let telemetry_hash = run.telemetry_hash();
        let recorded = off_runtime(move || {
            past::computed(&past.log.started, &commands, tick, |_, _| ControlFlow::Continue(()))
        });
        let recording = recorded.await??.finish();
        if recording.hash != hash {
            return Err(Refusal::new(
                Code::Internal,
                "the run computed again from its journal is not the one that runs: please report it",
            ));
        }
        let bytes = recording.to_bytes();
        if bytes.len() > MAX_RECORDING_BYTES {
            return Err(Refusal::exhausted(format!(
                "the recording has {} bytes, {MAX_RECORDING_BYTES} fit in a message: reset the simulation and save a shorter run",
                bytes.len()
            )));
        }
        Ok(Saved { bytes, tick, telemetry_hash })
    }

    /// Creates a simulation that stands where a recording ends.
    pub(crate) async fn restore(&self, new: NewRestored) -> Result<Simulation, Refusal> {
        self.detached(|fleet| async move {
            let _changing = fleet.inner.changing.lock().await;
            if let Some(same) = fleet.same(&new.id, &new.request_id)? {
                return Ok(same);
            }
            fleet.has_place()?;
            Box::pin(fleet.begin_from(new)).await
        })
        .await
    }

    async fn begin_from(&self, new: NewRestored) -> Result<Simulation, Refusal> {
        let NewRestored { id, request_id, display_name, recording, speed, playing } = new;
        let read = off_runtime(move || Recording::from_bytes(&recording)).await?;
        let recording = read.map_err(|error| Refusal::invalid(chain(&error)))?;
        self.may_hold(&id, &recording)?;
        let (recording, world) = off_runtime(move || computed(recording)).await??;

        let (mut journal, lived_until) = self.unused(&id).await?;
        let (now, tick) = (Utc::now(), recording.ticks);
        let identity = Identity::begin(id.as_str(), 1, recording.seed, now, lived_until);
        let record =
            SimulationRecord { display_name, created_at: Some(now.into()), request_id, forked_from: None };
        let started = RunStarted {
            simulation: Some(record.clone()),
            fork: Some(ForkRecord { tick, inherited_entries: recording.log.len() as u64 }),
            ..run_started(&identity, &recording.scenario, playing, speed)
        };
        journal.append(Entry::RunStarted(started)).await?;
        for logged in &recording.log {
            let command = Some(convert::journalled(&logged.change, id.as_str()));
            journal.append(Entry::CommandAccepted(CommandAccepted { tick: logged.tick, command })).await?;
        }
        tracing::info!(simulation_id = %id, run_id = %identity.run_id, tick, "simulation restored from a recording");
        let from = Restored { world, journal_sequence: 0, clock_events: 0 };
        let run = Box::new(Run::restored(identity, from).stored_through(tick));
        let first = run.forked(tick, "");
        let clock = Clock { playing, speed, run_to: None };
        self.set_up(id, record, journal, Beginning::Run { run, clock, first }).await
    }

    /// Whether a recording is within the limits of a simulation.
    fn may_hold(&self, id: &SimulationId, recording: &Recording) -> Result<(), Refusal> {
        if recording.log.len() > MAX_INHERITED {
            return Err(Refusal::exhausted(format!(
                "the recording has {} commands, a simulation begins with {MAX_INHERITED} at most",
                recording.log.len()
            )));
        }
        let switched_to = recording.log.iter().filter_map(|logged| match &logged.change {
            Change::Command(Command::SetScenario(scenario)) => Some(scenario),
            _ => None,
        });
        let mut replicas = 0;
        for scenario in std::iter::once(&recording.scenario).chain(switched_to) {
            fits_in_the_journal(scenario)?;
            replicas = replicas.max(replicas_of(scenario));
        }
        self.has_room_for(replicas, id)
    }
}

/// Computes a recorded run again; the world at its end.
fn computed(recording: Recording) -> Result<(Recording, World), Refusal> {
    let mut replay = recording.replay();
    let (workers, mut events) = (Workers::default(), Vec::new());
    while !replay.is_over() {
        replay.step_with(&workers, &mut events).map_err(|diverged| Refusal::invalid(diverged.to_string()))?;
        events.clear();
    }
    let world = replay.finish();
    Ok((recording, world))
}
