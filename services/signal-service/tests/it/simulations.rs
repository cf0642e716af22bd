//! Several simulations on one stream: each is stored and judged as if it were alone.

use bus::Outgoing;
use chrono::DateTime;
use proto::sim::v1::MetricSnapshot;

use crate::stack::Stack;
use crate::telemetry::{Run, rows, run};

fn of(simulation: &str, run: Run, second: u64) -> MetricSnapshot {
    MetricSnapshot { simulation_id: simulation.to_owned(), ..run.at(second) }
}

fn message(snapshot: &MetricSnapshot) -> Outgoing {
    let id = format!("{}:{}:{}", snapshot.run_id, snapshot.tick, snapshot.shard);
    let simulation = &snapshot.simulation_id;
    Outgoing::message(format!("sim.metrics.{simulation}.0"), id, simulation, snapshot)
}

fn deletion(simulation: &str, run: Run, second: u64) -> MetricSnapshot {
    let last = of(simulation, run, second);
    MetricSnapshot { tick: last.tick + 1, deleted: true, services: None, nodes: None, ..last }
}

#[tokio::test]
async fn a_simulation_beside_a_much_faster_one_is_judged_as_if_it_were_alone() {
    /// More than the windows' history of the slow one is looked back for at a start, all simulations together.
    const BURST: u64 = 17_000;
    const SECONDS: u64 = 130;
    let (alone, mut beside) = tokio::join!(Stack::start(), Stack::start());
    let slow = run(1);
    for second in 0..SECONDS {
        alone.publish(&slow.at(second)).await;
    }
    for second in 0..SECONDS {
        beside.publish(&slow.at(second)).await;
        // In the middle of a breach, and while it clears.
        if second == 28 || second == 64 {
            let from = if second == 28 { 0 } else { BURST };
            let empty = |tick: u64| MetricSnapshot {
                tick,
                services: None,
                nodes: None,
                time: DateTime::from_timestamp(1_900_000_000 + tick.cast_signed(), 0).map(Into::into),
                ..of("fast", run(2), 0)
            };
            let burst: Vec<_> = (from..from + BURST).map(|tick| message(&empty(tick))).collect();
            beside.bus.publish_all(&burst).await.unwrap();
            beside.until_stored(run(2).id, (from + BURST - 1).cast_signed()).await;
            beside.until_stored(slow.id, second.cast_signed() * 20).await;
            beside.kill_service().await;
            beside.start_service().await;
        }
    }
    for stack in [&alone, &beside] {
        stack.until_stored(slow.id, (SECONDS.cast_signed() - 1) * 20).await;
    }
    let expected = alone.incidents().await;
    assert!(expected.len() >= 3, "the telemetry has trouble in it: {expected:#?}");
    assert_eq!(beside.incidents().await, expected);
}

#[tokio::test]
async fn of_a_deleted_simulation_incidents_end_and_telemetry_goes_and_the_others_keep_theirs() {
    let mut stack = Stack::start().await;
    let (kept, gone) = (run(1), run(2));
    let mut expected_rows = 0;
    for second in 0..30 {
        expected_rows += rows(&kept.at(second));
        stack.publish(&kept.at(second)).await;
        stack.bus.publish(&message(&of("gone", gone, second))).await.unwrap();
    }
    stack
        .until("both have an open incident", async || {
            stack.count("select count(*) from incidents where not resolved").await == 2
        })
        .await;
    stack.bus.publish(&message(&deletion("gone", gone, 29))).await.unwrap();
    stack
        .until("the telemetry is gone", async || {
            stack.count("select count(*) from metrics where simulation_id = 'gone'").await == 0
                && stack.count("select count(*) from deleted_simulations where swept_at is not null").await
                    == 1
        })
        .await;
    assert_eq!(stack.count("select count(*) from metrics").await, expected_rows);
    assert_eq!(stack.count("select count(*) from telemetry_clock").await, 1);
    let ended = "select count(*) from incidents where resolved and simulation_id = 'gone' and resolution = 'simulation deleted'";
    assert_eq!(stack.count(ended).await, 1);
    assert_eq!(stack.count("select count(*) from incidents where not resolved").await, 1);

    // A straggler, also after a restart, brings nothing back; a simulation that is created with the same id is a new one.
    for restart in [false, true] {
        if restart {
            stack.kill_service().await;
            stack.start_service().await;
        }
        let straggler = Outgoing { id: format!("again {restart}"), ..message(&of("gone", gone, 29)) };
        stack.bus.publish(&straggler).await.unwrap();
    }
    let again = run(3);
    for second in 0..5 {
        stack.bus.publish(&message(&of("gone", again, second))).await.unwrap();
    }
    stack.until_stored(again.id, 4 * 20).await;
    let stored: i64 = (0..5).map(|second| rows(&again.at(second))).sum();
    assert_eq!(stack.count("select count(*) from metrics where simulation_id = 'gone'").await, stored);
}
