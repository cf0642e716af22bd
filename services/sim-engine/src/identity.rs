//! What identifies a run, and its simulated time.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::ids;

/// Simulated time between the end of a run and the start of the next, so that no instant belongs to two runs.
const GAP_BETWEEN_RUNS: TimeDelta = TimeDelta::seconds(1);

/// One run of one simulation: fixed from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) simulation_id: String,
    pub(crate) run_id: Uuid,
    /// Counts the runs from 1.
    pub(crate) ordinal: u64,
    pub(crate) seed: u64,
    /// Simulated time of tick 0, whole milliseconds.
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) tick_ms: u32,
}

impl Identity {
    /// The run that begins now: at wall-clock time, or just after what the simulation has already lived through when it ran
    /// faster than the wall clock. Simulated time never goes backwards.
    pub(crate) fn begin(
        simulation_id: &str,
        ordinal: u64,
        seed: u64,
        wall_now: DateTime<Utc>,
        lived_until: Option<DateTime<Utc>>,
    ) -> Self {
        let earliest = lived_until.map_or(wall_now, |until| wall_now.max(until + GAP_BETWEEN_RUNS));
        let started_at = DateTime::from_timestamp_millis(earliest.timestamp_millis()).unwrap_or(earliest);
        let run_id = ids::run(simulation_id, ordinal, seed, started_at.timestamp_millis());
        Self {
            simulation_id: simulation_id.to_owned(),
            run_id,
            ordinal,
            seed,
            started_at,
            tick_ms: sim::TICK_MS,
        }
    }

    /// The run of a fork of this run at `tick`. Its simulated time is its parent's; it is later only where a simulation of the
    /// same id has lived through that time before.
    pub(crate) fn fork(
        &self,
        fork_id: &str,
        tick: u64,
        wall_now: DateTime<Utc>,
        lived_until: Option<DateTime<Utc>>,
    ) -> Self {
        let leaves_at = self.time_of(tick);
        let later = lived_until
            .map_or(TimeDelta::zero(), |until| (until + GAP_BETWEEN_RUNS - leaves_at).max(TimeDelta::zero()));
        let started_at = self.started_at.checked_add_signed(later).unwrap_or(self.started_at);
        let started_at_ms = started_at.timestamp_millis();
        let run_id = ids::fork_run(fork_id, self.seed, started_at_ms, tick, wall_now.timestamp_millis());
        Self { simulation_id: fork_id.to_owned(), run_id, ordinal: 1, started_at, ..self.clone() }
    }

    /// Simulated time at which `tick` begins.
    pub(crate) fn time_of(&self, tick: u64) -> DateTime<Utc> {
        // A tick count that leaves the calendar would take longer than the machine lives.
        let ms = i64::try_from(tick.saturating_mul(u64::from(self.tick_ms))).unwrap_or(i64::MAX);
        TimeDelta::try_milliseconds(ms)
            .and_then(|since| self.started_at.checked_add_signed(since))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_never_begins_before_the_one_before_it_ended() {
        let now = Utc::now();
        let ahead = now + TimeDelta::hours(5);
        assert_eq!(
            Identity::begin("default", 2, 1, now, Some(ahead)).started_at.timestamp_millis(),
            (ahead + GAP_BETWEEN_RUNS).timestamp_millis()
        );
        let behind = now - TimeDelta::hours(5);
        assert_eq!(
            Identity::begin("default", 2, 1, now, Some(behind)).started_at.timestamp_millis(),
            now.timestamp_millis()
        );
    }

    #[test]
    fn a_fork_has_the_time_of_its_parent_unless_its_id_lived_through_it() {
        let parent = Identity::begin("default", 3, 1, Utc::now(), None);
        let fork = parent.fork("f", 200, Utc::now(), None);
        assert_eq!((fork.time_of(200), fork.seed), (parent.time_of(200), parent.seed));
        assert_ne!(fork.run_id, parent.run_id);
        let until = parent.time_of(300);
        let again = parent.fork("f", 200, Utc::now(), Some(until));
        assert_eq!(again.time_of(200), until + GAP_BETWEEN_RUNS);
    }

    #[test]
    fn simulated_time_is_start_plus_ticks() {
        let run = Identity::begin("default", 1, 1, Utc::now(), None);
        assert_eq!(run.time_of(0), run.started_at);
        assert_eq!(run.time_of(20), run.started_at + TimeDelta::seconds(1));
        assert_eq!(run.time_of(u64::MAX), DateTime::<Utc>::MAX_UTC, "absurd ticks do not panic");
    }
}
