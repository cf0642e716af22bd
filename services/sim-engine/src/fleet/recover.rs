//! After a start: every simulation that has a journal comes back, each from its own.

use std::sync::Arc;

use chrono::Utc;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{RunStarted, SimulationRecord, SimulationStatus};
use sim::Scenario;

use super::Fleet;
use crate::board::{Board, Shown};
use crate::config::FirstRun;
use crate::engine::EngineError;
use crate::id::SimulationId;
use crate::identity::Identity;
use crate::journal::{Contents, Journal, JournalError, RunLog};
use crate::live::Beginning;
use crate::run::{Clock, Run, replicas_of};
use crate::simulation::run_started;
use crate::{recovery, stored};

impl Fleet {
    /// Brings back what an engine before this one left, and makes sure of `default`. The runs are recomputed beside each other;
    /// this does not wait for them.
    pub(crate) async fn recover(
        &self,
        first_run: FirstRun,
        first_scenario: Arc<Scenario>,
    ) -> Result<(), EngineError> {
        let default = SimulationId::default_simulation();
        let mut ids = stored::journals(&self.inner.bus).await?;
        ids.remove(&default);
        if !Box::pin(self.bring_back(default)).await? {
            self.first(first_run, first_scenario).await?;
        }
        for id in ids {
            Box::pin(self.bring_back(id)).await?;
        }
        self.inner.recovered.store(true, std::sync::atomic::Ordering::Release);
        Ok(())
    }

    /// Brings a simulation back as its journal says. False when there is none.
    async fn bring_back(&self, id: SimulationId) -> Result<bool, EngineError> {
        let inner = &self.inner;
        let opened = Journal::open(inner.bus.clone(), &id, inner.stop.clone()).await;
        let (journal, contents) = match opened {
            Ok(opened) => opened,
            Err(error @ JournalError::Undecodable { .. }) => {
                let member = self.enlist(id, SimulationRecord::default(), unknown());
                self.failed(&member, error.into()).await;
                return Ok(true);
            }
            Err(error) => return Err(EngineError::Journal(error)),
        };
        match &contents.log {
            Some(log) if !log.is_complete() => {
                tracing::warn!(simulation_id = %id, "a fork that was never completed is removed");
                journal.purge_before(journal.last_sequence() + 1).await;
                return Ok(false);
            }
            Some(_) => self.go_on(id, journal, contents).await?,
            None => {
                if let Some(deleted) = contents.deleted.as_ref().filter(|_| contents.has_remains) {
                    tracing::info!(simulation_id = %id, "completing a deletion");
                    self.tell_deleted(&id, deleted).await;
                    journal.purge_before(journal.last_sequence()).await;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn go_on(
        &self,
        id: SimulationId,
        mut journal: Journal,
        contents: Contents,
    ) -> Result<(), EngineError> {
        let inner = &self.inner;
        if let Some(log) = contents.log.as_ref().filter(|log| log.stopped().is_some()) {
            self.enlist(id, record_of(log), stopped(log));
            return Ok(());
        }
        journal.take_over(&contents).await?;
        let Some(log) = contents.log else { return Ok(()) };
        let already = stored::of_run(&inner.bus, &id, &log, &inner.stop).await?;
        let (playing, _) = log.clock();
        let status = if playing { SimulationStatus::Running } else { SimulationStatus::Paused };
        let board = Board::new(Shown { state: None, status, replicas: replicas_at_the_start(&log) });
        let member = self.enlist(id, record_of(&log), board);
        if let Err(error) = self.launch(&member, journal, Beginning::Journal { log, already }).await {
            self.failed(&member, error).await;
        }
        Ok(())
    }

    /// The first run of `default`, when it has no journal.
    async fn first(&self, first_run: FirstRun, scenario: Arc<Scenario>) -> Result<(), EngineError> {
        let FirstRun { seed, speed, playing } = first_run;
        let inner = &self.inner;
        let id = SimulationId::default_simulation();
        let (mut journal, _) = Journal::open(inner.bus.clone(), &id, inner.stop.clone()).await?;
        let now = Utc::now();
        let lived_until = stored::lived_until(&inner.bus, &id).await?;
        let identity = Identity::begin(id.as_str(), 1, seed, now, lived_until);
        let record = SimulationRecord { created_at: Some(now.into()), ..SimulationRecord::default() };
        let started = RunStarted {
            simulation: Some(record.clone()),
            ..run_started(&identity, &scenario, playing, speed)
        };
        journal.append(Entry::RunStarted(started)).await?;
        tracing::info!(run_id = %identity.run_id, scenario = scenario.name, seed, "first run begins");
        let run = Box::new(Run::new(identity, scenario));
        let clock = Clock { playing, speed, run_to: None };
        let status = if playing { SimulationStatus::Running } else { SimulationStatus::Created };
        let member =
            self.enlist(id, record, Board::new(Shown { state: None, status, replicas: run.replicas() }));
        Ok(self.launch(&member, journal, Beginning::Run { run, clock, first: None }).await?)
    }
}

fn record_of(log: &RunLog) -> SimulationRecord {
    log.started.simulation.clone().unwrap_or_default()
}

/// What the run began with; once it is recomputed, the board shows what there is.
fn replicas_at_the_start(log: &RunLog) -> u64 {
    let scenario = log.started.scenario.clone().map(recovery::scenario_of);
    scenario.and_then(Result::ok).map_or(0, |scenario| replicas_of(&scenario))
}

fn stopped(log: &RunLog) -> Board {
    let state = log.stopped().cloned();
    Board::new(Shown { state, status: SimulationStatus::Stopped, replicas: replicas_at_the_start(log) })
}

/// Of a journal that cannot be read nothing is known.
fn unknown() -> Board {
    Board::new(Shown { state: None, status: SimulationStatus::Failed, replicas: 0 })
}
