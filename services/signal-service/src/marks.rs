//! How far the telemetry is stored: what is new, what was there already, and what is missing in between.
//!
//! The tick decides within a run, because a stream that was made anew starts its sequence numbers from 1. The sequence
//! numbers decide whether something is missing: after a crash the durable consumer delivers what is new first, and what
//! the dead process held in its hands only when its acknowledgement is overdue.

use std::collections::{HashMap, HashSet, VecDeque};

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

/// Runs of a simulation that are remembered. The stream keeps an hour of stragglers: more resets than one every fourteen
/// seconds.
pub(crate) const RUNS: u32 = 256;

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
    /// Runs that are over, oldest first.
    pub(crate) over: VecDeque<Uuid>,
    /// Newest tick of each shard.
    pub(crate) ticks: HashMap<i32, i64>,
    /// Whether the simulation was deleted: whatever comes of this run is a straggler.
    pub(crate) deleted: bool,
}

impl Marks {
    /// From the stored watermarks and the runs of each simulation, newest first. A simulation is in its newest run.
    pub(crate) fn new(
        progress: &[Progress],
        runs: HashMap<String, Vec<Uuid>>,
        deleted: &HashSet<Uuid>,
    ) -> Self {
        let mark = |(simulation, runs): (String, Vec<Uuid>)| {
            let (run_id, over) = runs.split_first()?;
            let shards =
                progress.iter().filter(|row| row.simulation_id == simulation && row.run_id == *run_id);
            let ticks = shards.map(|row| (row.shard, row.tick)).collect();
            let over = over.iter().rev().copied().collect();
            Some((simulation, Mark { run_id: *run_id, over, ticks, deleted: deleted.contains(run_id) }))
        };
        let cursor = progress.iter().map(|row| row.stream_sequence.unsigned_abs()).max().unwrap_or(0);
        Self { cursor, simulations: runs.into_iter().filter_map(mark).collect() }
    }

    /// Newest place in the stream that was dealt with.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// The stream is a new one: its sequence numbers say nothing about what is stored.
    pub(crate) fn stream_made_anew(&mut self) {
        self.cursor = 0;
    }

    /// The simulations there are.
    pub(crate) fn simulations(&self) -> impl Iterator<Item = (&str, &Mark)> {
        let there_are = self.simulations.iter().filter(|(_, mark)| !mark.deleted);
        there_are.map(|(simulation, mark)| (simulation.as_str(), mark))
    }

    pub(crate) fn of(&self, simulation: &str) -> Option<&Mark> {
        self.simulations.get(simulation)
    }

    /// Where the messages begin that lie between what was dealt with and this one.
    pub(crate) fn missing_before(&self, sequence: u64) -> Option<u64> {
        (sequence > self.cursor + 1).then_some(self.cursor + 1)
    }

    /// What this snapshot is to us.
    pub(crate) fn standing(&self, snapshot: &Snapshot) -> Standing {
        let Some(mark) = self.simulations.get(&snapshot.simulation_id) else { return Standing::New };
        if mark.over.contains(&snapshot.run_id) {
            return Standing::Late;
        }
        if mark.deleted && mark.run_id == snapshot.run_id {
            return Standing::Duplicate;
        }
        match mark.ticks.get(&snapshot.shard) {
            Some(tick) if mark.run_id == snapshot.run_id && snapshot.tick <= *tick => Standing::Duplicate,
            _ => Standing::New,
        }
    }

    /// Notes that the snapshot is dealt with.
    pub(crate) fn advance(&mut self, snapshot: &Snapshot) {
        let new =
            || Mark { run_id: snapshot.run_id, over: VecDeque::new(), ticks: HashMap::new(), deleted: false };
        let mark = self.simulations.entry(snapshot.simulation_id.clone()).or_insert_with(new);
        if mark.run_id != snapshot.run_id {
            if mark.over.len() >= RUNS as usize {
                mark.over.pop_front();
            }
            mark.over.push_back(mark.run_id);
            mark.run_id = snapshot.run_id;
            mark.ticks.clear();
        }
        mark.deleted = snapshot.deleted;
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
    use chrono::DateTime;
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
        let runs = vec![Uuid::from_u128(1), Uuid::from_u128(9)];
        Marks::new(&[progress], HashMap::from([("default".to_owned(), runs)]), &HashSet::new())
    }

    #[test]
    fn of_a_deleted_simulation_nothing_is_new_until_there_is_one_again() {
        let mut marks = stored();
        let mut deletion = snapshot(1, 121, 1_002);
        deletion.deleted = true;
        assert_eq!(marks.standing(&deletion), Standing::New);
        marks.advance(&deletion);
        assert_eq!(marks.simulations().count(), 0);
        let mut of_another_shard = snapshot(1, 120, 1_002);
        of_another_shard.shard = 1;
        assert_eq!(marks.standing(&of_another_shard), Standing::Duplicate);
        marks.advance(&snapshot(2, 0, 1_003));
        assert_eq!(marks.simulations().count(), 1);
        assert_eq!(marks.standing(&deletion), Standing::Late);
    }

    #[test]
    fn within_a_run_the_tick_decides() {
        let marks = stored();
        assert_eq!(marks.standing(&snapshot(1, 100, 1_000)), Standing::Duplicate);
        assert_eq!(marks.standing(&snapshot(1, 80, 999)), Standing::Duplicate);
        assert_eq!(marks.standing(&snapshot(1, 120, 1_001)), Standing::New);
    }

    #[test]
    fn a_run_that_is_over_is_late_and_any_other_is_new() {
        let marks = stored();
        assert_eq!(marks.standing(&snapshot(2, 0, 1_001)), Standing::New);
        assert_eq!(marks.standing(&snapshot(2, 0, 500)), Standing::New, "its clock went back");
        assert_eq!(marks.standing(&snapshot(9, 400, 500)), Standing::Late);
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
    fn a_new_run_forgets_the_ticks_of_the_old_one_and_remembers_its_name() {
        let mut marks = stored();
        marks.advance(&snapshot(2, 0, 1_001));
        assert_eq!(marks.standing(&snapshot(2, 20, 1_002)), Standing::New);
        assert_eq!(marks.standing(&snapshot(1, 120, 1_002)), Standing::Late);
        assert_eq!(marks.of("default").unwrap().ticks, HashMap::from([(0, 0)]));
    }
}
