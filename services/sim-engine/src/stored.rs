//! What the streams hold already: where an engine that takes over has to go on.

use std::collections::HashSet;

use bus::async_nats::jetstream::message::StreamMessage;
use bus::async_nats::jetstream::stream::LastRawMessageErrorKind;
use bus::streams::{SIM_EVENTS, SIM_METRICS};
use bus::{Bus, subjects};
use chrono::{DateTime, Utc};
use prost::Message as _;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{MetricSnapshot, SimulationEvent, SimulationEventKind};

use crate::journal::RunLog;

/// Most events after the last sample that are looked up: far more than a minute of simulated time brings about.
const MAX_EVENTS_LOOKED_UP: usize = 10_000;

/// A stream cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the stream {stream} cannot be read: check that NATS is up and has its streams")]
pub(crate) struct StreamUnreadable {
    stream: &'static str,
    source: bus::async_nats::Error,
}

/// What is stored of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AlreadyStored {
    /// Tick of the last sample; every event before it is stored too.
    pub(crate) tick: u64,
    /// Ids of events after it.
    pub(crate) events: HashSet<String>,
}

/// Simulated time that the simulation has lived through, by its telemetry: counts when its journal is gone.
pub(crate) async fn lived_until(
    bus: &Bus,
    simulation_id: &str,
) -> Result<Option<DateTime<Utc>>, StreamUnreadable> {
    let last = last_sample(bus).await?.filter(|sample| sample.simulation_id == simulation_id);
    Ok(last.and_then(|sample| sample.time).and_then(|time| DateTime::try_from(time).ok()))
}

/// What is stored of the run in `log`.
pub(crate) async fn of_run(bus: &Bus, log: &RunLog) -> Result<AlreadyStored, StreamUnreadable> {
    let run_id = &log.started.run_id;
    let noted = log.entries.iter().rev().find_map(|entry| match entry {
        Entry::ProgressMade(progress) => Some(progress.tick),
        _ => None,
    });
    let sampled = last_sample(bus).await?.filter(|sample| sample.run_id == *run_id).map(|sample| {
        // The shards of a sample are published in order: without the last one it is not complete.
        let complete = sample.shard + 1 >= sample.shard_count;
        if complete { sample.tick } else { sample.tick.saturating_sub(sim::TICKS_PER_SAMPLE) }
    });
    // The stream itself knows best: it may have forgotten what it acknowledged. When all of it is too old to be kept, the note counts.
    let tick = sampled.or(noted).unwrap_or_default();
    Ok(AlreadyStored { tick, events: events_since(bus, run_id, tick).await? })
}

/// The last message of a subject, which may be a pattern.
pub(crate) async fn last_of_subject(
    bus: &Bus,
    stream: &str,
    subject: &str,
) -> Result<Option<StreamMessage>, bus::async_nats::Error> {
    let stream = bus.jetstream().get_stream_no_info(stream).await?;
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn last_sample(bus: &Bus) -> Result<Option<MetricSnapshot>, StreamUnreadable> {
    let unreadable = |source| StreamUnreadable { stream: SIM_METRICS, source };
    let mut last: Option<(u64, MetricSnapshot)> = None;
    for subject in [subjects::SIM_METRICS, "sim.metrics.>"] {
        let Some(message) = last_of_subject(bus, SIM_METRICS, subject).await.map_err(unreadable)? else {
            continue;
        };
        // What is no sample was not published by an engine, and says nothing about one.
        let Ok(sample) = MetricSnapshot::decode(message.payload) else { continue };
        if last.as_ref().is_none_or(|(known, _)| *known < message.sequence) {
            last = Some((message.sequence, sample));
        }
    }
    Ok(last.map(|(_, sample)| sample))
}

/// Ids of the run's events from `tick` on, read from the end of the stream backwards.
async fn events_since(bus: &Bus, run_id: &str, tick: u64) -> Result<HashSet<String>, StreamUnreadable> {
    let unreadable = |source| StreamUnreadable { stream: SIM_EVENTS, source };
    let mut ids = HashSet::new();
    let last = last_of_subject(bus, SIM_EVENTS, subjects::SIM_EVENTS).await.map_err(unreadable)?;
    let Some(last) = last else { return Ok(ids) };
    let stream =
        bus.jetstream().get_stream_no_info(SIM_EVENTS).await.map_err(|error| unreadable(error.into()))?;
    for sequence in (1..=last.sequence).rev().take(MAX_EVENTS_LOOKED_UP) {
        // Before the first message that is kept there is nothing to find.
        let Ok(message) = stream.get_raw_message(sequence).await else { break };
        let Ok(event) = SimulationEvent::decode(message.payload) else { continue };
        if event.run_id == run_id {
            if event.tick < tick {
                break;
            }
            ids.insert(event.id);
        } else if event.kind != i32::from(SimulationEventKind::ActionFailed) {
            // A refused command names the run it was meant for; anything else means that the run before is reached.
            break;
        }
    }
    Ok(ids)
}
