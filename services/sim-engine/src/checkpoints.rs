//! The state of a run, kept in JetStream now and then, so that a start computes again only what came after.
//!
//! A checkpoint is a shortcut and nothing more: when there is none, or none that can be used, the run is computed again from its
//! beginning and is the same. It counts only when everything before it is in its stream, so that nothing goes untold.

use std::time::Duration;

use bus::streams::SIM_CHECKPOINTS;
use bus::{Bus, Outgoing, PublishError, subjects};
use prost::Message as _;
use proto::sim::v1::{CheckpointPart, RunStarted};
use sim::World;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::id::SimulationId;
use crate::publisher::Stored;
use crate::stored::last_of_subject;

/// Bytes of a part: well within a message of 1 MiB.
const PART_BYTES: usize = 512 * 1024;
/// Most parts that are written and read: 100 000 replicas have a tenth of it.
const MAX_PARTS: usize = 256;
/// Two in turn: one is whole while the other is written, and the older one still counts when NATS forgot the latest telemetry.
const SLOTS: u64 = 2;

/// A moment of a run.
pub(crate) struct Moment {
    pub(crate) run_id: Uuid,
    pub(crate) world: World,
    /// Last entry of the journal that has taken effect.
    pub(crate) journal_sequence: u64,
    /// Settings of the clock so far that were told as events.
    pub(crate) clock_events: u64,
}

/// Why a checkpoint is not kept. The next one is tried all the same.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("the state has {bytes} bytes, {} are kept", PART_BYTES * MAX_PARTS)]
    TooLarge { bytes: usize },
    #[error("the state could not be written down")]
    Encode(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// Takes moments of one simulation and keeps them.
pub(crate) struct Keeper {
    bus: Bus,
    simulation_id: SimulationId,
    stored: watch::Receiver<Stored>,
    slot: u64,
}

impl Keeper {
    /// Keeps what comes from the channel until that closes. One moment at a time: the simulation passes over the others.
    pub(crate) fn start(
        bus: Bus,
        simulation_id: SimulationId,
        stored: watch::Receiver<Stored>,
    ) -> mpsc::Sender<Moment> {
        let (sender, mut moments) = mpsc::channel::<Moment>(1);
        let mut keeper = Self { bus, simulation_id, stored, slot: 0 };
        tokio::spawn(async move {
            while let Some(moment) = moments.recv().await {
                let tick = moment.world.tick();
                if let Err(error) = keeper.keep(moment).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(tick, error, "checkpoint is not kept; a start computes more again");
                }
            }
        });
        sender
    }

    async fn keep(&mut self, moment: Moment) -> Result<(), KeepError> {
        let Moment { run_id, world, journal_sequence, clock_events } = moment;
        let tick = world.tick();
        if !self.is_stored(run_id, tick).await {
            return Ok(());
        }
        let bytes = tokio::task::spawn_blocking(move || world.checkpoint()).await?;
        let parts = bytes.chunks(PART_BYTES);
        if parts.len() > MAX_PARTS {
            return Err(KeepError::TooLarge { bytes: bytes.len() });
        }
        let part_count = parts.len() as u32;
        // Drawn, not derived: the same tick may be kept again after a restart, in the other slot.
        let name = Uuid::new_v4();
        for (part, content) in (0..).zip(parts) {
            let message = CheckpointPart {
                simulation_id: self.simulation_id.to_string(),
                run_id: run_id.to_string(),
                tick,
                journal_sequence,
                clock_events,
                part,
                part_count,
                content: content.to_vec(),
            };
            let subject = subjects::sim_checkpoint(self.simulation_id.as_str(), self.slot, part);
            let id = format!("checkpoint:{name}:{part}");
            self.bus.publish(&Outgoing::message(subject, id, self.simulation_id.as_str(), &message)).await?;
        }
        self.slot = (self.slot + 1) % SLOTS;
        tracing::debug!(tick, bytes = bytes.len(), "checkpoint kept");
        Ok(())
    }

    /// Waits until everything before a tick is in its stream. False when the run is over before that.
    async fn is_stored(&mut self, run_id: Uuid, tick: u64) -> bool {
        let there = |stored: &Stored| stored.run_id != run_id || stored.tick >= tick;
        let waited = self.stored.wait_for(there).await;
        waited.is_ok_and(|stored| stored.run_id == run_id)
    }
}

/// What is restored of a run.
pub(crate) struct Restored {
    pub(crate) world: World,
    pub(crate) journal_sequence: u64,
    pub(crate) clock_events: u64,
}

/// The latest checkpoint of a run that can be used: one at or before the last sample that is stored.
pub(crate) async fn latest(
    bus: &Bus,
    simulation_id: &SimulationId,
    started: &RunStarted,
    stored_through: u64,
) -> Option<Restored> {
    let mut firsts = Vec::new();
    for slot in 0..SLOTS {
        match part(bus, simulation_id, slot, 0).await {
            Ok(Some(first)) if first.run_id == started.run_id && first.tick <= stored_through => {
                firsts.push((slot, first));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(slot, error, "checkpoint cannot be read"),
        }
    }
    firsts.sort_by_key(|(_, first)| std::cmp::Reverse(first.tick));
    for (slot, first) in firsts {
        let tick = first.tick;
        match whole(bus, simulation_id, slot, first).await {
            Ok(restored) => return Some(restored),
            Err(error) => {
                tracing::warn!(tick, error, "checkpoint cannot be used; an older one, or the journal, is");
            }
        }
    }
    None
}

async fn whole(
    bus: &Bus,
    simulation_id: &SimulationId,
    slot: u64,
    first: CheckpointPart,
) -> Result<Restored, String> {
    let CheckpointPart { run_id, tick, journal_sequence, clock_events, part_count, mut content, .. } = first;
    if part_count as usize > MAX_PARTS {
        return Err(format!("it has {part_count} parts, {MAX_PARTS} are read"));
    }
    for position in 1..part_count {
        let next = part(bus, simulation_id, slot, position).await?;
        let next = next.filter(|next| next.run_id == run_id && next.tick == tick);
        let next = next.ok_or_else(|| format!("part {position} of {part_count} is missing"))?;
        content.extend(next.content);
    }
    let restoring = tokio::task::spawn_blocking(move || World::restore(&content));
    let world = restoring.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    if world.tick() != tick {
        return Err(format!("it is of tick {}", world.tick()));
    }
    Ok(Restored { world, journal_sequence, clock_events })
}

async fn part(
    bus: &Bus,
    simulation_id: &SimulationId,
    slot: u64,
    position: u32,
) -> Result<Option<CheckpointPart>, String> {
    let subject = subjects::sim_checkpoint(simulation_id.as_str(), slot, position);
    let message = last_of_subject(bus, SIM_CHECKPOINTS, &subject).await.map_err(|error| error.to_string())?;
    message
        .map(|message| CheckpointPart::decode(message.payload).map_err(|error| error.to_string()))
        .transpose()
}

/// Forgets the checkpoints of a simulation that is no more.
pub(crate) async fn forget(bus: &Bus, simulation_id: &SimulationId) {
    let purge = async {
        let stream = bus.jetstream().get_stream_no_info(SIM_CHECKPOINTS).await?;
        stream.purge().filter(subjects::sim_checkpoints_of(simulation_id.as_str())).await?;
        Ok::<_, bus::async_nats::Error>(())
    };
    if let Err(error) = purge.await {
        tracing::warn!(%simulation_id, %error, "checkpoints of a deleted simulation stay until the next one of its id");
    }
}

/// When a moment is worth keeping: after so much computing that a start would have to repeat it.
#[derive(Debug)]
pub(crate) struct Due {
    after: Duration,
    computed: Duration,
}

impl Due {
    pub(crate) fn every(after: Duration) -> Self {
        Self { after, computed: Duration::ZERO }
    }

    /// Takes in some computing; whether a moment is due.
    pub(crate) fn computed(&mut self, took: Duration) -> bool {
        self.computed += took;
        self.computed >= self.after
    }

    pub(crate) fn begin_again(&mut self) {
        self.computed = Duration::ZERO;
    }
}
