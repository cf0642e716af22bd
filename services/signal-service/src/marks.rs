//! How far the telemetry is stored: what is new, what was there already, and what is missing in between.
//!
//! The tick decides within a run, because a stream that was made anew starts its sequence numbers from 1. The sequence
//! numbers decide whether something is missing: after a crash the durable consumer delivers what is new first, and what
//! the dead process held in its hands only when its acknowledgement is overdue.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use store::progress::Progress;
use uuid::Uuid;

use crate::convert::Snapshot;

/// What a snapshot is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// To be stored and judged.
    New,
    /// Stored already.
    Duplicate,
    /// A straggler of a run that is over.
    Late,
}

/// The watermarks of every simulation.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Newest place in the stream that was dealt with; 0 before the first.
    cursor: u64,
    simulations: HashMap<String, Mark>,
}

/// How far one simulation is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) run_id: Uuid,
    pub(crate) latest: Option<DateTime<Utc>>,
    /// Newest tick of each shard.
    pub(crate) ticks: HashMap<i32, i64>,
}

impl Marks {
    /// From the stored watermarks. A simulation is in the run of its newest message.
    pub(crate) fn new(progress: &[Progress], latest: &HashMap<String, DateTime<Utc>>) -> Self {
        let mut newest: HashMap<&str, &Progress> = HashMap::new();
        for row in progress {
            let seen = newest.entry(&row.simulation_id).or_insert(row);
            if row.stream_sequence > seen.stream_sequence {
                *seen = row;
            }
        }
        let simulations = newest.into_iter().map(|(simulation, newest)| {
            let shards = progress
                .iter()
                .filter(|row| row.simulation_id == simulation && row.run_id == newest.run_id)
                .map(|row| (row.shard, row.tick));
            let mark = Mark {
                run_id: newest.run_id,
                latest: latest.get(simulation).copied(),
                ticks: shards.collect(),
            };
            (simulation.to_owned(), mark)
        });
        let cursor = progress.iter().map(|row| row.stream_sequence.unsigned_abs()).max().unwrap_or(0);
        Self { cursor, simulations: simulations.collect() }
    }

    /// Newest place in the stream that was dealt with.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// The stream is a new one: its sequence numbers say nothing about what is stored.
    pub(crate) fn stream_made_anew(&mut self) {
        self.cursor = 0;
    }

    pub(crate) fn simulations(&self) -> impl Iterator<Item = (&str, &Mark)> {
        self.simulations.iter().map(|(simulation, mark)| (simulation.as_str(), mark))
    }

    pub(crate) fn of(&self, simulation: &str) -> Option<&Mark> {
        self.simulations.get(simulation)
    }

    /// Where the messages begin that lie between what was dealt with and this one.
    pub(crate) fn missing_before(&self, sequence: u64) -> Option<u64> {
        (sequence > self.cursor + 1).then_some(self.cursor + 1)
    }

    /// What this snapshot is to us.
    pub(crate) fn standing(&self, snapshot: &Snapshot, sequence: u64) -> Standing {
        let Some(mark) = self.simulations.get(&snapshot.simulation_id) else { return Standing::New };
        if mark.run_id == snapshot.run_id {
            return match mark.ticks.get(&snapshot.shard) {
                Some(tick) if snapshot.tick <= *tick => Standing::Duplicate,
                _ => Standing::New,
            };
        }
        // Simulated time never goes back: a later time is a newer run. A run whose clock is off is still recognised by
        // its place in the stream.
        let newer = mark.latest.is_none_or(|latest| snapshot.time > latest) || sequence > self.cursor;
        if newer { Standing::New } else { Standing::Late }
    }

    /// Notes that the snapshot is dealt with.
    pub(crate) fn advance(&mut self, snapshot: &Snapshot) {
        let new = || Mark { run_id: snapshot.run_id, latest: None, ticks: HashMap::new() };
        let mark = self.simulations.entry(snapshot.simulation_id.clone()).or_insert_with(new);
        if mark.run_id != snapshot.run_id {
            *mark = new();
        }
        mark.latest = mark.latest.max(Some(snapshot.time));
        mark.ticks.insert(snapshot.shard, snapshot.tick);
    }

    /// Notes that everything up to this place in the stream is dealt with. `new` tells that the message was: if it
    /// stood before the cursor, the stream was made anew.
    pub(crate) fn pass(&mut self, sequence: u64, new: bool) {
        self.cursor = if new { sequence } else { self.cursor.max(sequence) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::sim::v1::MetricSnapshot;

    fn snapshot(run: u128, tick: u64, seconds: i64) -> Snapshot {
        MetricSnapshot {
            simulation_id: "default".into(),
            run_id: Uuid::from_u128(run).to_string(),
            tick,
            time: DateTime::from_timestamp(seconds, 0).map(Into::into),
            shard_count: 1,
            sample_interval_ms: 1_000,
            ..MetricSnapshot::default()
        }
        .try_into()
        .unwrap()
    }

    fn stored() -> Marks {
        let progress = Progress {
            simulation_id: "default".into(),
            shard: 0,
            run_id: Uuid::from_u128(1),
            tick: 100,
            stream_sequence: 50,
        };
        let latest = DateTime::from_timestamp(1_000, 0).unwrap();
        Marks::new(&[progress], &HashMap::from([("default".to_owned(), latest)]))
    }

    #[test]
    fn within_a_run_the_tick_decides() {
        let marks = stored();
        assert_eq!(marks.standing(&snapshot(1, 100, 1_000), 50), Standing::Duplicate);
        assert_eq!(marks.standing(&snapshot(1, 80, 999), 60), Standing::Duplicate);
        assert_eq!(marks.standing(&snapshot(1, 120, 1_001), 51), Standing::New);
        assert_eq!(marks.standing(&snapshot(1, 120, 1_001), 3), Standing::New, "the stream was made anew");
    }

    #[test]
    fn another_run_is_new_when_its_time_or_its_place_is() {
        let marks = stored();
        assert_eq!(marks.standing(&snapshot(2, 0, 1_001), 51), Standing::New);
        assert_eq!(marks.standing(&snapshot(2, 0, 500), 51), Standing::New, "its clock is off");
        assert_eq!(marks.standing(&snapshot(2, 0, 1_001), 2), Standing::New, "the stream was made anew");
        assert_eq!(marks.standing(&snapshot(9, 400, 500), 20), Standing::Late);
    }

    #[test]
    fn a_jump_in_the_stream_is_missing_messages() {
        let mut marks = stored();
        assert_eq!(marks.missing_before(51), None);
        assert_eq!(marks.missing_before(20), None);
        assert_eq!(marks.missing_before(60), Some(51));
        marks.pass(60, false);
        assert_eq!(marks.missing_before(61), None);
        marks.pass(1, true);
        assert_eq!(marks.cursor(), 1, "the stream was made anew");
    }

    #[test]
    fn a_new_run_forgets_the_ticks_of_the_old_one() {
        let mut marks = stored();
        marks.advance(&snapshot(2, 0, 1_001));
        assert_eq!(marks.standing(&snapshot(2, 20, 1_002), 52), Standing::New);
        assert_eq!(marks.of("default").unwrap().ticks, HashMap::from([(0, 0)]));
    }
}
