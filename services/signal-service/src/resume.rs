//! Picks up where the last process stopped: watermarks and open incidents from the database, windows from the stream.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bus::{Bus, subjects};
use detect::{Detector, Limits, Memory, RuleSet};
use store::{Store, StoreError, deleted, incidents, progress};
use tokio_util::sync::CancellationToken;

use crate::convert::{self, Snapshot, statistics};
use crate::history::{self, Range, Stopped};
use crate::ingest;
use crate::marks::{self, Mark, Marks};

/// Messages that are read first; a small cloud's thirty seconds of telemetry.
const FIRST_LOOK: u64 = 64;
/// Messages of a simulation that are read at most: thirty seconds of a cloud in 500 shards. A simulation whose history lies
/// further back than that starts with empty windows: unknown, until they have filled.
const FARTHEST_LOOK: usize = 16_384;
/// The simulation with subjects of its own.
const DEFAULT_SIMULATION: &str = "default";

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResumeError {
    #[error("what the last process left could not be read")]
    Store(#[source] StoreError),
    #[error("the state of the telemetry stream could not be read; is JetStream enabled?")]
    Stream(#[source] bus::StreamError),
    #[error("the service was asked to stop while it was reading the telemetry stream")]
    Stopped,
}

impl From<Stopped> for ResumeError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

/// The state as it was at the watermark, with these rules.
pub(crate) async fn resume(
    store: &Store,
    bus: &Bus,
    rules: &RuleSet,
    token: &CancellationToken,
) -> Result<(Detector, Marks), ResumeError> {
    let mut detector = Detector::new(rules, Limits::default());
    let mut marks = store::retry(|| stored_marks(store)).await.map_err(ResumeError::Store)?;
    for (simulation, mark) in marks.simulations() {
        detector.restore_run(simulation, &mark.run_id.to_string(), mark.over.iter().map(ToString::to_string));
    }
    let remembered = store::retry(|| remembered(store, &marks)).await.map_err(ResumeError::Store)?;
    let restored = remembered.len();
    for row in remembered {
        match convert::restored(row) {
            Ok(incident) => detector.restore(incident),
            Err(error) => tracing::error!(%error, "an incident is left as it is"),
        }
    }
    for row in store::retry(|| learnt(store, &marks)).await.map_err(ResumeError::Store)? {
        match statistics::keepsake(&row) {
            Ok(keepsake) => detector.remember(keepsake),
            Err(error) => {
                tracing::warn!(simulation = row.simulation_id, shard = row.shard, %error, "what statistics had learnt cannot be read; they learn anew");
            }
        }
    }
    let (_, last) = history::bounds(bus).await.map_err(ResumeError::Stream)?;
    if last < marks.cursor() {
        tracing::warn!(
            last,
            cursor = marks.cursor(),
            "the telemetry stream was made anew; windows start empty"
        );
        marks.stream_made_anew();
        return Ok((detector, marks));
    }
    let warmed = warm(bus, &mut detector, &marks, token).await?;
    tracing::info!(cursor = marks.cursor(), incidents = restored, samples = warmed, "resumed");
    Ok((detector, marks))
}

/// Fills a detector's windows with what the stream has from before the watermark. Returns how many samples that was.
pub(crate) async fn warm(
    bus: &Bus,
    detector: &mut Detector,
    marks: &Marks,
    token: &CancellationToken,
) -> Result<u64, ResumeError> {
    let (first, _) = history::bounds(bus).await.map_err(ResumeError::Stream)?;
    let history = read_back(bus, detector, marks, first, token).await?;
    let mut warmed = 0_u64;
    for snapshot in &history {
        let past = marks.of(&snapshot.simulation_id).is_some_and(|mark| is_past(mark, snapshot));
        if past && let Ok(sample) = snapshot.sample() {
            detector.warm(&sample);
            warmed += 1;
        }
    }
    Ok(warmed)
}

async fn stored_marks(store: &Store) -> Result<Marks, StoreError> {
    let mut conn = store.acquire().await?;
    let rows = progress::get_all(&mut conn).await?;
    let mut runs = HashMap::new();
    for row in &rows {
        if !runs.contains_key(&row.simulation_id) {
            let of_simulation = progress::runs(&mut conn, &row.simulation_id, marks::RUNS).await?;
            runs.insert(row.simulation_id.clone(), of_simulation);
        }
    }
    let deleted: HashSet<_> = deleted::all(&mut conn).await?.into_iter().map(|gone| gone.run_id).collect();
    Ok(Marks::new(&rows, runs, &deleted))
}

async fn remembered(store: &Store, marks: &Marks) -> Result<Vec<incidents::IncidentRow>, StoreError> {
    const MEMORY: Duration = Duration::from_millis(Detector::memory_ms().unsigned_abs());
    let mut conn = store.acquire().await?;
    let mut rows = Vec::new();
    for (simulation, mark) in marks.simulations() {
        rows.extend(incidents::remembered(&mut conn, simulation, mark.run_id, MEMORY).await?);
    }
    Ok(rows)
}

async fn learnt(store: &Store, marks: &Marks) -> Result<Vec<store::statistics::MemoryRow>, StoreError> {
    let mut conn = store.acquire().await?;
    let mut rows = Vec::new();
    for (simulation, mark) in marks.simulations() {
        rows.extend(store::statistics::memories(&mut conn, simulation, mark.run_id, Memory::FORMAT).await?);
    }
    Ok(rows)
}

/// Whether the snapshot was stored before the watermark, in the run that it belongs to.
fn is_past(mark: &Mark, snapshot: &Snapshot) -> bool {
    mark.run_id == snapshot.run_id
        && mark.ticks.get(&snapshot.shard).is_some_and(|tick| snapshot.tick <= *tick)
}

/// The snapshots before the cursor, far enough back for every simulation, oldest first. Each is read by its own subjects: a
/// simulation that runs a thousand times as fast as another one would bury the other's history.
async fn read_back(
    bus: &Bus,
    detector: &Detector,
    marks: &Marks,
    first: u64,
    token: &CancellationToken,
) -> Result<Vec<Snapshot>, Stopped> {
    let mut history = Vec::new();
    for (simulation, mark) in marks.simulations() {
        let cursor = marks.cursor();
        let mut look = FIRST_LOOK;
        let snapshots = loop {
            let from = cursor.saturating_sub(look - 1).max(first).max(1);
            let snapshots = read_range(bus, simulation, from, cursor, token).await?;
            let enough = reaches_back(detector, simulation, mark, &snapshots);
            if enough || from <= first || snapshots.len() >= FARTHEST_LOOK {
                if !enough && from > first {
                    tracing::warn!(
                        simulation,
                        messages = snapshots.len(),
                        "the windows' history lies too far back; some start empty"
                    );
                }
                break snapshots;
            }
            look *= 4;
        };
        history.extend(snapshots);
    }
    Ok(history)
}

/// The snapshots of one simulation, oldest first.
async fn read_range(
    bus: &Bus,
    simulation: &str,
    from: u64,
    to: u64,
    token: &CancellationToken,
) -> Result<Vec<Snapshot>, Stopped> {
    let of_default = [subjects::SIM_METRICS.to_owned(), format!("{}.*", subjects::SIM_METRICS)];
    let of_another = [subjects::sim_metrics_every_shard(simulation)];
    let subjects = if simulation == DEFAULT_SIMULATION { &of_default[..] } else { &of_another[..] };
    let mut snapshots = Vec::new();
    for subject in subjects.iter().filter(|_| to > 0) {
        let mut range = Range::open(bus, subject, from, to, token).await?;
        while let Some(message) = range.next().await? {
            let sequence = message.stream_sequence;
            snapshots.extend(ingest::read(&message).ok().map(|snapshot| (sequence, snapshot)));
        }
    }
    snapshots.sort_by_key(|(sequence, _)| *sequence);
    Ok(snapshots.into_iter().map(|(_, snapshot)| snapshot).collect())
}

/// Whether the snapshots go back far enough to determine the state of a simulation: by time, or to before its run.
fn reaches_back(detector: &Detector, simulation: &str, mark: &Mark, snapshots: &[Snapshot]) -> bool {
    let mut ours = snapshots.iter().filter(|snapshot| snapshot.simulation_id == simulation);
    let Some(oldest) = ours.next() else { return false };
    if oldest.run_id != mark.run_id {
        return true;
    }
    let newest = ours.next_back().unwrap_or(oldest);
    let interval_ms = oldest.interval_ms.max(newest.interval_ms);
    (newest.time - oldest.time).num_milliseconds() >= detector.history_ms(interval_ms)
}
