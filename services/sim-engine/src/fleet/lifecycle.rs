//! Starting, pausing, resuming and stopping.

use std::sync::Arc;

use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{ClockSet, Simulation, SimulationStatus};

use super::{Fleet, Member, SHOWS_WITHIN, chain};
use crate::id::SimulationId;
use crate::journal::Journal;
use crate::live::Beginning;
use crate::refusal::Refusal;
use crate::request::ClockChange;
use crate::stored;

impl Fleet {
    /// Lets the clock run, wherever the simulation stands.
    pub(crate) async fn start(&self, id: SimulationId) -> Result<Simulation, Refusal> {
        self.detached(|fleet| async move {
            let _changing = fleet.inner.changing.lock().await;
            let member = fleet.member(&id)?;
            if !member.works() {
                fleet.has_room_for(member.board.reader().replicas(), &id)?;
                fleet.work_again(&member).await?;
            }
            let mut shown = member.board.reader();
            let settled = tokio::time::timeout(SHOWS_WITHIN, shown.settled()).await;
            if settled.is_ok() && shown.status() != SimulationStatus::Running {
                member.live().handle.clock(ClockChange::Play).await?;
            }
            Ok(member.describe())
        })
        .await
    }

    /// Stops the clock.
    pub(crate) async fn pause(&self, id: &SimulationId) -> Result<Simulation, Refusal> {
        self.handle(id)?.clock(ClockChange::Pause).await?;
        self.get(id)
    }

    /// Lets the clock run, unless there is nothing that could compute.
    pub(crate) async fn resume(&self, id: &SimulationId) -> Result<Simulation, Refusal> {
        self.handle(id)?.clock(ClockChange::Play).await?;
        self.get(id)
    }

    /// Ends the computation.
    pub(crate) async fn stop(&self, id: SimulationId) -> Result<Simulation, Refusal> {
        self.detached(|fleet| async move {
            let _changing = fleet.inner.changing.lock().await;
            let member = fleet.member(&id)?;
            if member.board.reader().status() != SimulationStatus::Stopped {
                let live = member.live();
                live.handle.stop().await?;
                live.gone.cancelled().await;
            }
            Ok(member.describe())
        })
        .await
    }

    /// Sets a stopped or failed simulation to work, from its journal.
    async fn work_again(&self, member: &Arc<Member>) -> Result<(), Refusal> {
        member.live().gone.cancelled().await;
        let inner = &self.inner;
        let (mut journal, mut contents) =
            Journal::open(inner.bus.clone(), &member.id, inner.stop.clone()).await?;
        journal.take_over(&contents).await?;
        let Some(log) = &mut contents.log else {
            return Err(Refusal::precondition(format!(
                "the journal of simulation {:?} is gone: delete it, and create it again",
                member.id.as_str()
            )));
        };
        if let Some(state) = log.stopped() {
            // Written before the run is recomputed: a start that was answered holds, whatever happens meanwhile.
            let set = ClockSet { tick: state.tick, playing: true, speed: state.speed, run_to_tick: 0 };
            let sequence = journal.append(Entry::ClockSet(set)).await?;
            log.entries.push((sequence, Entry::ClockSet(set)));
        }
        let already = stored::of_run(&inner.bus, &member.id, log, &inner.stop).await;
        let already = already.map_err(|error| Refusal::unavailable(chain(&error)))?;
        let (playing, _) = log.clock();
        member.board.recomputing(if playing { SimulationStatus::Running } else { SimulationStatus::Paused });
        if let Some(log) = contents.log {
            self.set_to_work(member, journal, Beginning::Journal { log, already }).await?;
        }
        Ok(())
    }
}
