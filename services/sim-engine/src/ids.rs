//! Derived ids: the same run, tick and position give the same id in every replay, whoever computes it.

use uuid::Uuid;

/// Namespace of every id that Microcloud derives.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// Id of a run. The start is part of it, so that a journal that begins anew does not repeat the runs of a lost one.
pub(crate) fn run(simulation_id: &str, ordinal: u64, seed: u64, started_at_ms: i64) -> Uuid {
    derive(&format!("run/{simulation_id}/{ordinal}/{seed}/{started_at_ms}"))
}

/// Id of the run of a fork. When it was made is part of it: a fork that was deleted and made again is another run.
pub(crate) fn fork_run(
    simulation_id: &str,
    seed: u64,
    started_at_ms: i64,
    tick: u64,
    made_at_ms: i64,
) -> Uuid {
    derive(&format!("run/{simulation_id}/fork/{seed}/{started_at_ms}/{tick}/{made_at_ms}"))
}

/// Id of the event that tells of the beginning of a fork's run.
pub(crate) fn fork_event(run_id: Uuid) -> Uuid {
    derive(&format!("event/{run_id}/fork"))
}

/// Id of the event that tells of the deletion of a simulation in its last run.
pub(crate) fn deleted_event(run_id: &str) -> Uuid {
    derive(&format!("event/{run_id}/deleted"))
}

/// Id of a request that creates a simulation: equal requests have equal ids.
pub(crate) fn request(kind: &str, encoded: &[u8]) -> Uuid {
    Uuid::new_v5(&derive(kind), encoded)
}

/// Id of the event that tells of the `ordinal`-th setting of a run's clock.
pub(crate) fn clock_event(run_id: Uuid, ordinal: u64) -> Uuid {
    derive(&format!("event/{run_id}/clock/{ordinal}"))
}

/// Id of the event that tells of a command that was refused before it reached the simulation.
pub(crate) fn refusal_event(command_id: &str) -> Uuid {
    derive(&format!("event/refused/{command_id}"))
}

fn derive(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_each_part_and_on_nothing_else() {
        let first = run("default", 1, 42, 1_000);
        assert_eq!(first, run("default", 1, 42, 1_000));
        for other in
            [run("default", 2, 42, 1_000), run("default", 1, 43, 1_000), run("default", 1, 42, 1_001)]
        {
            assert_ne!(first, other);
        }
        assert_ne!(clock_event(first, 0), clock_event(first, 1));
        assert_ne!(refusal_event("a"), refusal_event("b"));
        assert_ne!(request("create", b"a"), request("create", b"b"));
        assert_ne!(request("create", b"a"), request("fork", b"a"));
        assert_ne!(fork_run("f", 1, 0, 20, 5), fork_run("f", 1, 0, 20, 6));
    }
}
