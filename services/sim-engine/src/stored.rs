//! What the streams hold already: where an engine that takes over has to go on.

use std::collections::{BTreeSet, HashSet};

use bus::async_nats::jetstream::message::StreamMessage;
use bus::async_nats::jetstream::stream::LastRawMessageErrorKind;
use bus::streams::{SIM_EVENTS, SIM_JOURNAL, SIM_METRICS};
use bus::{Bus, subjects};
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use prost::Message as _;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{MetricSnapshot, SimulationEvent};
use tokio_util::sync::CancellationToken;

use crate::id::SimulationId;
use crate::journal::RunLog;

/// Most events that are looked up, of all simulations together: half a second of reading. Those of a simulation that stood still
/// while others brought about more than this may be told a second time, with the id they had.
const MAX_EVENTS_LOOKED_UP: usize = 100_000;
/// How much earlier than the last sample the look begins: the server's clock may have been set back by as much.
const CLOCK_MARGIN: TimeDelta = TimeDelta::seconds(10);

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
    simulation_id: &SimulationId,
) -> Result<Option<DateTime<Utc>>, StreamUnreadable> {
    let last = last_of(bus, simulation_id).await?;
    Ok(last.and_then(|sample| sample.time).and_then(|time| DateTime::try_from(time).ok()))
}

/// The last sample of a simulation.
pub(crate) async fn last_of(
    bus: &Bus,
    simulation_id: &SimulationId,
) -> Result<Option<MetricSnapshot>, StreamUnreadable> {
    Ok(last_sample(bus, simulation_id).await?.map(|(_, sample)| sample))
}

/// What is stored of the run in `log`.
pub(crate) async fn of_run(
    bus: &Bus,
    simulation_id: &SimulationId,
    log: &RunLog,
    stop: &CancellationToken,
) -> Result<AlreadyStored, StreamUnreadable> {
    let run_id = &log.started.run_id;
    let noted = log.entries.iter().rev().find_map(|(_, entry)| match entry {
        Entry::ProgressMade(progress) => Some(progress.tick),
        _ => None,
    });
    let last = last_sample(bus, simulation_id).await?.filter(|(_, sample)| sample.run_id == *run_id);
    let stored_at = last.as_ref().map(|(at, _)| *at);
    let sampled = last.map(|(_, sample)| {
        // The shards of a sample are published in order: without the last one it is not complete.
        let complete = sample.shard + 1 >= sample.shard_count;
        if complete { sample.tick } else { sample.tick.saturating_sub(sim::TICKS_PER_SAMPLE) }
    });
    // The stream itself knows best: it may have forgotten what it acknowledged. When all of it is too old to be kept, the note counts.
    let tick = sampled.or(noted).unwrap_or_default();
    let since = stored_at.or(log.noted_at).unwrap_or_default();
    Ok(AlreadyStored { tick, events: events_since(bus, run_id, tick, since, stop).await? })
}

/// The simulations that have a journal.
pub(crate) async fn journals(bus: &Bus) -> Result<BTreeSet<SimulationId>, StreamUnreadable> {
    let unreadable = |source| StreamUnreadable { stream: SIM_JOURNAL, source };
    let subjects = async {
        let stream = bus.jetstream().get_stream_no_info(SIM_JOURNAL).await?;
        let subjects = stream.info_with_subjects(subjects::SIM_JOURNALS).await?;
        Ok::<Vec<(String, usize)>, bus::async_nats::Error>(subjects.try_collect().await?)
    };
    let prefix = subjects::sim_journal("");
    let ids = subjects.await.map_err(unreadable)?.into_iter().filter_map(|(subject, _)| {
        let id = SimulationId::parse(subject.strip_prefix(&prefix)?);
        id.inspect_err(|error| tracing::warn!(subject, %error, "no journal of ours: left alone")).ok()
    });
    Ok(ids.collect())
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

/// The last sample of a simulation, and when it was stored.
async fn last_sample(
    bus: &Bus,
    simulation_id: &SimulationId,
) -> Result<Option<(DateTime<Utc>, MetricSnapshot)>, StreamUnreadable> {
    let unreadable = |source| StreamUnreadable { stream: SIM_METRICS, source };
    let of_another = [subjects::sim_metrics_every_shard(simulation_id.as_str())];
    let of_default = [subjects::SIM_METRICS.to_owned(), format!("{}.*", subjects::SIM_METRICS)];
    let subjects = if simulation_id.is_default() { &of_default[..] } else { &of_another[..] };
    let mut last: Option<(u64, DateTime<Utc>, MetricSnapshot)> = None;
    for subject in subjects {
        let Some(message) = last_of_subject(bus, SIM_METRICS, subject).await.map_err(unreadable)? else {
            continue;
        };
        // What is no sample was not published by an engine, and says nothing about one.
        let Ok(sample) = MetricSnapshot::decode(message.payload) else { continue };
        if last.as_ref().is_none_or(|(known, _, _)| *known < message.sequence) {
            let stored_at =
                DateTime::from_timestamp(message.time.unix_timestamp(), message.time.nanosecond());
            last = Some((message.sequence, stored_at.unwrap_or_default(), sample));
        }
    }
    Ok(last.map(|(_, stored_at, sample)| (stored_at, sample)))
}

/// Ids of the run's events from `tick` on. Events of the ticks before a sample are stored before the sample, so the look begins
/// when that was stored.
async fn events_since(
    bus: &Bus,
    run_id: &str,
    tick: u64,
    since: DateTime<Utc>,
    stop: &CancellationToken,
) -> Result<HashSet<String>, StreamUnreadable> {
    let unreadable = |source| StreamUnreadable { stream: SIM_EVENTS, source };
    let mut ids = HashSet::new();
    let last = last_of_subject(bus, SIM_EVENTS, subjects::SIM_EVENTS).await.map_err(unreadable)?;
    let Some(last) = last else { return Ok(ids) };
    let from = since - CLOCK_MARGIN;
    if last.time.unix_timestamp() < from.timestamp() {
        return Ok(ids);
    }
    let tail = bus.tail(SIM_EVENTS, subjects::SIM_EVENTS, bus::From::Time(from), stop.clone()).await;
    let mut tail = tail.map_err(|error| unreadable(error.into()))?;
    for _ in 0..MAX_EVENTS_LOOKED_UP {
        let Some(delivery) = tail.next().await else { break };
        if let Ok(event) = delivery.decode::<SimulationEvent>()
            && event.run_id == run_id
            && event.tick >= tick
        {
            ids.insert(event.id);
        }
        if delivery.stream_sequence >= last.sequence {
            break;
        }
    }
    Ok(ids)
}
