//! What each change does: try it out, journal it, apply it, answer.

use std::sync::Arc;

use chrono::Utc;
use connectrpc_axum::Code;
use proto::ops::v1::ApplyActionCommand;
use proto::sim::v1::command_accepted::Command as Journalled;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{CommandAccepted, RunStarted, SimulationState};
use sim::{ActiveFault, Command, Effect, FaultId, FaultSpec, Scenario};
use tokio::sync::oneshot;

use super::{Simulation, answer};
use crate::identity::Identity;
use crate::journal::JournalError;
use crate::order::Refused;
use crate::publisher::{Batch, Stored};
use crate::refusal::Refusal;
use crate::request::{Change, Forked, Performed, Permit, Reply};
use crate::run::{Run, event_message};
use crate::{convert, order};

/// Most entries of a run in the journal: a start reads and replays them all.
const MAX_ENTRIES: usize = 100_000;
/// Largest scenario with all its files: it has to fit in one message of 1 MiB.
pub(crate) const MAX_BUNDLE_BYTES: usize = 896 * 1024;

impl Simulation {
    /// Takes one change between two ticks.
    pub(super) async fn decide(&mut self, change: Change) -> Result<(), JournalError> {
        match change {
            Change::Clock(change, reply) => self.set_clock(change, reply).await?,
            Change::SetScenario(scenario, reply) => {
                let set = self.set_scenario(scenario).await?;
                answer(reply, set);
            }
            Change::Reset { scenario, seed, reply } => {
                let reset = self.reset(scenario, seed).await?;
                answer(reply, reset);
            }
            Change::InjectFault(spec, reply) => {
                let injected = self.inject_fault(spec).await?;
                answer(reply, injected);
            }
            Change::ClearFault(id, reply) => {
                let cleared = self.clear_fault(id).await?;
                answer(reply, cleared);
            }
            Change::SetChaos(level, reply) => {
                let journalled = Journalled::ChaosLevel(level);
                let set = self.carry_out(Command::SetChaos(level), journalled).await?;
                answer(reply, set.map(|_| self.state()));
            }
            Change::Perform(command, permit, reply) => self.perform(*command, permit, reply).await?,
            Change::Fork(reply) => answer(reply, Ok(self.forked())),
            Change::Stop(reply) => self.end(reply).await?,
        }
        Ok(())
    }

    fn forked(&self) -> Forked {
        Forked {
            run: self.run.fork(Identity::clone(self.run.identity())),
            clock: self.clock,
            journal_sequence: self.parts.journal.last_sequence(),
        }
    }

    async fn set_scenario(
        &mut self,
        scenario: Arc<Scenario>,
    ) -> Result<Result<SimulationState, Refusal>, JournalError> {
        if let Err(refusal) = fits_in_the_journal(&scenario) {
            return Ok(Err(refusal));
        }
        let journalled = Journalled::SetScenario(convert::bundle(&scenario));
        let done = self.carry_out(Command::SetScenario(scenario), journalled).await?;
        Ok(done.map(|_| self.state()))
    }

    async fn inject_fault(&mut self, spec: FaultSpec) -> Result<Result<ActiveFault, Refusal>, JournalError> {
        let fault = match self.run.try_out(&Command::InjectFault(spec)) {
            Ok(Effect::FaultInjected(fault)) => fault,
            Ok(Effect::FaultAlreadyActive(fault)) => return Ok(Ok(fault)),
            Ok(other) => return Ok(Err(unexpected(&other))),
            Err(error) => return Ok(Err(error.into())),
        };
        // Journalled as the world filled it in, so that its id does not depend on who derives it.
        let simulation_id = &self.run.identity().simulation_id;
        let journalled = Journalled::InjectFault(convert::fault_spec(fault.spec.clone(), simulation_id));
        let done = self.carry_out(Command::InjectFault(fault.spec.clone()), journalled).await?;
        Ok(done.map(|effect| match effect {
            Effect::FaultInjected(fault) | Effect::FaultAlreadyActive(fault) => fault,
            _ => fault,
        }))
    }

    async fn clear_fault(&mut self, id: FaultId) -> Result<Result<ActiveFault, Refusal>, JournalError> {
        let journalled = Journalled::ClearFaultId(id.0.clone());
        let done = self.carry_out(Command::ClearFault(id), journalled).await?;
        Ok(done.and_then(|effect| match effect {
            Effect::FaultCleared(fault) => Ok(fault),
            other => Err(unexpected(&other)),
        }))
    }

    /// Tries a command out on a fork, journals it, and applies it before the next tick.
    async fn carry_out(
        &mut self,
        command: Command,
        journalled: Journalled,
    ) -> Result<Result<Effect, Refusal>, JournalError> {
        if let Err(error) = self.run.try_out(&command) {
            return Ok(Err(error.into()));
        }
        if let Err(refusal) = self.journal_command(journalled).await? {
            return Ok(Err(refusal));
        }
        let effect = self.run.apply(&command).map_err(Refusal::from);
        self.show(true);
        Ok(effect)
    }

    async fn journal_command(&mut self, command: Journalled) -> Result<Result<u64, Refusal>, JournalError> {
        if self.parts.journal.entries() >= MAX_ENTRIES {
            return Ok(Err(Refusal::exhausted(format!(
                "this run took {MAX_ENTRIES} commands, which is the most: begin a new one with Reset"
            ))));
        }
        let accepted = CommandAccepted { tick: self.run.next_tick(), command: Some(command) };
        self.append(Entry::CommandAccepted(accepted)).await
    }

    /// Begins a new run at tick 0.
    async fn reset(
        &mut self,
        scenario: Option<Arc<Scenario>>,
        seed: Option<u64>,
    ) -> Result<Result<SimulationState, Refusal>, JournalError> {
        let scenario = scenario.unwrap_or_else(|| self.run.scenario().clone());
        if let Err(refusal) = fits_in_the_journal(&scenario) {
            return Ok(Err(refusal));
        }
        let before = self.run.identity().clone();
        let lived_until = before.time_of(self.run.next_tick());
        let seed = seed.unwrap_or(before.seed);
        let identity =
            Identity::begin(&before.simulation_id, before.ordinal + 1, seed, Utc::now(), Some(lived_until));
        let settled_command_ids = self.settled.to_take_along();
        let simulation = Some(self.parts.record.clone());
        let started = RunStarted {
            settled_command_ids,
            simulation,
            ..run_started(&identity, &scenario, self.clock.playing, self.clock.speed)
        };
        let sequence = match self.append(Entry::RunStarted(started)).await? {
            Ok(sequence) => sequence,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.parts.journal.purge_before(sequence).await;
        self.noted = Stored { run_id: identity.run_id, tick: 0 };
        self.run = Run::new(identity, scenario);
        self.clock.run_to = None;
        self.finish_step();
        self.pacer.stop();
        self.measured.clear();
        self.repace();
        self.show(true);
        Ok(Ok(self.state()))
    }

    /// Performs an approved action, once.
    async fn perform(
        &mut self,
        command: ApplyActionCommand,
        permit: Permit,
        reply: Reply<Performed>,
    ) -> Result<(), JournalError> {
        if self.settled.contains(&command.id) {
            self.parts.meters.command("repeated");
            answer(reply, Ok(Performed::Before));
            return Ok(());
        }
        match permit.check() {
            Ok(None) => {}
            Ok(Some(why)) => return self.refuse(&command, Refused::BySwitch(why), reply).await,
            Err(refusal) => {
                answer(reply, Err(refusal));
                return Ok(());
            }
        }
        let act = match order::checked(&command, self.run.identity(), Utc::now()) {
            Ok(act) => act,
            Err(reason) => return self.refuse(&command, Refused::Because(reason), reply).await,
        };
        let journalled = Journalled::PerformAction(convert::perform_action(&act));
        if let Err(refusal) = self.journal_command(journalled).await? {
            return self.refuse(&command, Refused::Because(refusal.message), reply).await;
        }
        self.settled.insert(command.id);
        self.parts.meters.command("journalled");
        if let Err(refused) = self.run.apply(&Command::Act(act)) {
            // The next tick has the event that tells; so has every replay.
            tracing::info!(action_id = command.action_id, reason = %refused, "action refused by the simulation");
        }
        self.show(true);
        answer(reply, Ok(Performed::Journalled));
        Ok(())
    }

    /// Tells that a command was refused before it reached the world. Answers when the event is stored.
    async fn refuse(
        &mut self,
        command: &ApplyActionCommand,
        refused: Refused,
        reply: Reply<Performed>,
    ) -> Result<(), JournalError> {
        self.parts.meters.command("refused");
        let event = order::refusal(command, refused, self.run.next_tick(), self.run.time());
        let (done, stored) = oneshot::channel();
        let batch = Batch { messages: vec![event_message(&event)], stored: None, done: Some(done) };
        self.publish(batch).await;
        tokio::spawn(async move {
            let told = stored.await.map(|()| Performed::Refused);
            answer(reply, told.map_err(|_| Refusal::unavailable("sim-engine is stopping")));
        });
        Ok(())
    }
}

/// The first entry of a run of `default`.
pub(crate) fn run_started(run: &Identity, scenario: &Arc<Scenario>, playing: bool, speed: f64) -> RunStarted {
    RunStarted {
        run_id: run.run_id.to_string(),
        ordinal: run.ordinal,
        seed: run.seed,
        started_at: Some(run.started_at.into()),
        tick_ms: run.tick_ms,
        scenario: Some(convert::bundle(scenario)),
        playing,
        speed,
        settled_command_ids: Vec::new(),
        model_version: sim::MODEL_VERSION,
        simulation: None,
        fork: None,
    }
}

pub(crate) fn fits_in_the_journal(scenario: &Scenario) -> Result<(), Refusal> {
    let bytes: usize = scenario.sources.iter().map(|(path, text)| path.len() + text.len()).sum();
    if bytes <= MAX_BUNDLE_BYTES {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InvalidArgument,
        format!(
            "the files of scenario {:?} have {bytes} bytes together, {MAX_BUNDLE_BYTES} fit in the journal: shorten its traces",
            scenario.name
        ),
    ))
}

fn unexpected(effect: &Effect) -> Refusal {
    Refusal::new(
        Code::Internal,
        format!("the simulation answered {effect:?} where it should not: please report it"),
    )
}
