//! Deleting. The journal says so first; then everybody is told; then the rest of the journal goes. An engine that dies in between
//! finds the rest and tells again.

use std::time::Duration;

use bus::Outgoing;
use chrono::Utc;
use proto::common::v1::{Target, TargetKind};
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{MetricSnapshot, SimulationDeleted, SimulationEvent, SimulationEventKind};

use super::{Fleet, Member, chain};
use crate::id::SimulationId;
use crate::journal::{self, Journal, JournalError, RunLog};
use crate::refusal::Refusal;
use crate::run::{event_message, sample_message};
use crate::{checkpoints, convert, ids, stored};

/// Wait before a message whose fate is unknown is sent again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

impl Fleet {
    /// Removes a simulation.
    pub(crate) async fn delete(&self, id: SimulationId) -> Result<(), Refusal> {
        if id.is_default() {
            return Err(Refusal::precondition(
                "the simulation \"default\" is always there: begin it anew with ControlService.Reset (`microcloud sim reset`), or stop it",
            ));
        }
        self.detached(|fleet| async move {
            let _changing = fleet.inner.changing.lock().await;
            let member = fleet.member(&id)?;
            member.silent.cancel();
            let live = member.live();
            live.stop.cancel();
            live.gone.cancelled().await;
            fleet.bury(&member).await?;
            let mut members = fleet.members();
            members.remove(&id);
            fleet.inner.meters.forget(&id);
            fleet.inner.meters.simulations(members.len());
            Ok(())
        })
        .await
    }

    async fn bury(&self, member: &Member) -> Result<(), Refusal> {
        let inner = &self.inner;
        let opened = Journal::open(inner.bus.clone(), &member.id, inner.stop.clone()).await;
        let (mut journal, contents) = match opened {
            Ok(opened) => opened,
            Err(JournalError::Undecodable { .. }) => return self.bury_unread(member).await,
            Err(error) => return Err(error.into()),
        };
        let deleted = match (contents.log, contents.deleted) {
            (Some(log), _) => {
                let deleted = self.end_of(member, &log).await?;
                journal.append(Entry::Deleted(deleted.clone())).await?;
                deleted
            }
            // A deletion before this one was not completed.
            (None, Some(deleted)) => deleted,
            // Somebody purged it: there is no run whose end could be told.
            (None, None) => return Ok(()),
        };
        tracing::info!(simulation_id = %member.id, run_id = deleted.run_id, tick = deleted.tick, "simulation deleted");
        self.tell_deleted(&member.id, &deleted).await;
        checkpoints::forget(&inner.bus, &member.id).await;
        journal.purge_before(journal.last_sequence()).await;
        Ok(())
    }

    /// A simulation whose journal this engine cannot read: what is stored of it tells its end.
    async fn bury_unread(&self, member: &Member) -> Result<(), Refusal> {
        let bus = &self.inner.bus;
        let unreachable = |error: &(dyn std::error::Error + 'static)| Refusal::unavailable(chain(error));
        if let Some(last) = stored::last_of(bus, &member.id).await.map_err(|error| unreachable(&error))? {
            let MetricSnapshot { run_id, tick, time, .. } = last;
            let deleted = SimulationDeleted { run_id, tick, lived_until: time };
            self.tell_deleted(&member.id, &deleted).await;
        }
        journal::discard(bus, &member.id).await.map_err(|error| unreachable(&error))
    }

    /// The end of a simulation: what it showed last, or what of it is stored.
    async fn end_of(&self, member: &Member, log: &RunLog) -> Result<SimulationDeleted, Refusal> {
        let sampled = stored::last_of(&self.inner.bus, &member.id).await;
        let sampled = sampled.map_err(|error| Refusal::unavailable(chain(&error)))?.unwrap_or_default();
        let shown = member.board.reader().shown().state.unwrap_or_default();
        let latest = |one: Option<_>, other: Option<_>| {
            let time = |time: Option<_>| time.and_then(|time| chrono::DateTime::<Utc>::try_from(time).ok());
            time(one).max(time(other)).map(Into::into)
        };
        Ok(SimulationDeleted {
            run_id: log.started.run_id.clone(),
            tick: shown.tick.max(sampled.tick),
            lived_until: latest(latest(shown.time, sampled.time), log.started.started_at),
        })
    }

    /// Tells everybody that a simulation is no more: as a fact, and behind its last sample.
    pub(super) async fn tell_deleted(&self, id: &SimulationId, deleted: &SimulationDeleted) {
        let event = SimulationEvent {
            id: ids::deleted_event(&deleted.run_id).to_string(),
            simulation_id: id.to_string(),
            run_id: deleted.run_id.clone(),
            tick: deleted.tick,
            time: deleted.lived_until,
            kind: SimulationEventKind::SimulationDeleted.into(),
            target: Some(Target { kind: TargetKind::Simulation.into(), id: id.to_string() }),
            message: format!("simulation {id} was deleted"),
            ..SimulationEvent::default()
        };
        let sample = convert::snapshot::deletion(id.as_str(), deleted);
        for message in [sample_message(&sample), event_message(&event)] {
            self.tell(&message).await;
        }
    }

    /// Publishes a message, however long it takes; it is tried again by the next engine when this one ends.
    async fn tell(&self, message: &Outgoing) {
        while let Err(error) = self.inner.bus.publish(message).await {
            tracing::warn!(id = message.id, %error, "the deletion is not told yet");
            tokio::select! {
                () = self.inner.stop.cancelled() => return,
                () = tokio::time::sleep(RETRY_AFTER) => {}
            }
        }
    }
}
