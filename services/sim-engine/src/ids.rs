//! Derived ids: the same run, tick and position give the same id in every replay, whoever computes it.

use uuid::Uuid;

/// Namespace of every id that Microcloud derives.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// Id of a run. The start is part of it, so that a journal that begins anew does not repeat the runs of a lost one.
pub(crate) fn run(simulation_id: &str, ordinal: u64, seed: u64, started_at_ms: i64) -> Uuid {
    derive(&format!("run/{simulation_id}/{ordinal}/{seed}/{started_at_ms}"))
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
    }
}
