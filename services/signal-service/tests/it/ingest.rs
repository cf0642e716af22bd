use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bus::Outgoing;
use proto::common::v1::Severity;
use proto::ops::v1::IncidentTransition::{self, Escalated, Opened, Resolved};
use tokio_util::sync::CancellationToken;

use crate::stack::Stack;
use crate::telemetry::{rows, run};

#[tokio::test]
async fn snapshots_become_rows_and_incidents_become_messages() {
    let mut stack = Stack::start().await;
    let run = run(1);
    let mut expected_rows = 0;
    for second in 0..100 {
        let snapshot = run.at(second);
        expected_rows += rows(&snapshot);
        stack.publish(&snapshot).await;
    }
    stack.until_stored(run.id, 99 * 20).await;
    assert_eq!(stack.count("select count(*) from metrics").await, expected_rows);
    let nan = "select count(*) from metrics where service_id = 'checkout' and metric_name = 'error_rate'";
    assert_eq!(stack.count(nan).await, 97, "three of a hundred were not measured");
    assert_eq!(stack.count("select count(*) from metrics where (node_id = '') = (service_id = '')").await, 0);

    let told = stack.told().await;
    let mut lives: BTreeMap<String, Vec<IncidentTransition>> = BTreeMap::new();
    for incident in &told {
        let target = incident.target.as_ref().unwrap();
        lives.entry(format!("{} {}", target.id, incident.family)).or_default().push(incident.transition());
        assert_eq!(incident.run_id, run.id.to_string());
        assert!(!incident.title.is_empty() && !incident.description.is_empty());
    }
    assert_eq!(lives["checkout error_rate"], [Opened, Escalated, Resolved]);
    assert_eq!(lives["payment latency"][0], Opened);
    assert_eq!(lives["node-a1 cpu"][0], Opened);
    let worst = told.iter().find(|incident| incident.transition() == Escalated).unwrap();
    assert_eq!((worst.severity(), worst.revision), (Severity::Critical, 2));
    assert_eq!(
        stack.count("select count(*) from incidents where not resolved and target_id = 'checkout'").await,
        0
    );
    stack.stop_service().await;
}

#[tokio::test]
async fn what_comes_again_changes_nothing() {
    let stack = Stack::start().await;
    let run = run(1);
    for second in 0..40 {
        stack.publish(&run.at(second)).await;
    }
    stack.until_stored(run.id, 39 * 20).await;
    let (rows, incidents) = (stack.count("select count(*) from metrics").await, stack.incidents().await);
    assert!(!incidents.is_empty());
    // Other message ids: the stream takes them, as it does after its duplicate window.
    for second in 0..40 {
        let again = Outgoing::message("sim.metrics", format!("again-{second}"), "default", &run.at(second));
        stack.bus.publish(&again).await.unwrap();
    }
    stack.publish(&run.at(40)).await;
    stack.until_stored(run.id, 40 * 20).await;
    assert_eq!(stack.count("select count(*) from metrics where tick_id < 800").await, rows);
    assert_eq!(stack.incidents().await, incidents);
}

#[tokio::test]
async fn poison_goes_to_the_dead_letters_and_its_neighbours_are_stored() {
    let stack = Stack::start().await;
    let run = run(1);
    let mut dead = stack.bus.tail("DLQ", "dlq.>", bus::From::All, CancellationToken::new()).await.unwrap();
    for second in 0..3 {
        stack.publish(&run.at(second)).await;
        match second {
            0 => stack.publish_bytes("garbage", b"\xff\xff\xff not protobuf").await,
            1 => {
                let mut short = run.at(1);
                short.services.as_mut().unwrap().columns[0].values.pop();
                let message = Outgoing::message("sim.metrics", "short", "default", &short);
                stack.bus.publish(&message).await.unwrap();
            }
            _ => {
                let mut timeless = run.at(2);
                timeless.time = None;
                let message = Outgoing::message("sim.metrics", "timeless", "default", &timeless);
                stack.bus.publish(&message).await.unwrap();
            }
        }
    }
    stack.publish(&run.at(3)).await;
    stack.until_stored(run.id, 60).await;
    assert_eq!(stack.count("select count(distinct tick_id) from metrics").await, 4);
    for _ in 0..3 {
        let letter = tokio::time::timeout(Duration::from_secs(30), dead.next()).await;
        letter.expect("three dead letters").unwrap();
    }
}

#[tokio::test]
async fn odd_values_are_handled_by_rule() {
    let stack = Stack::start().await;
    let run = run(1);
    let mut odd = run.at(0);
    let services = odd.services.as_mut().unwrap();
    services.columns[0].values = vec![f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -5.0, 1.0];
    services.columns[1].metric = "tea_temperature".into();
    stack.publish(&odd).await;
    stack.until_stored(run.id, 0).await;
    assert_eq!(
        stack.count("select count(*) from metrics where metric_name = 'error_rate'").await,
        2,
        "-5 and 1"
    );
    assert_eq!(stack.count("select count(*) from metrics where metric_name = 'tea_temperature'").await, 5);
}

#[tokio::test]
async fn a_reset_ends_the_incidents_of_the_run_before() {
    let stack = Stack::start().await;
    let (old, new) = (run(1), run(2));
    for second in 0..45 {
        stack.publish(&old.at(second)).await;
    }
    stack.until_stored(old.id, 44 * 20).await;
    assert_eq!(stack.count("select count(*) from incidents where not resolved").await, 1);
    for second in 0..15 {
        stack.publish(&new.at(second)).await;
    }
    stack.until_stored(new.id, 14 * 20).await;
    assert_eq!(stack.count("select count(*) from incidents where resolution = 'run ended'").await, 1);
    assert_eq!(stack.count("select count(*) from incidents where not resolved").await, 0);
    assert_eq!(stack.count("select count(*) from metrics where tick_id = 0").await, 2 * 19);
}

#[tokio::test]
async fn a_breach_is_told_within_milliseconds() {
    let stack = Stack::start().await;
    let run = run(1);
    // Warm: connections, consumer, the first partition.
    for second in 0..20 {
        stack.publish(&run.at(second)).await;
    }
    stack.until_stored(run.id, 19 * 20).await;
    let mut tail = stack
        .bus
        .tail("OPS_INCIDENTS", "ops.incidents", bus::From::New, CancellationToken::new())
        .await
        .unwrap();
    let mut published = Instant::now();
    let mut stored = Vec::new();
    for second in 20..300 {
        // The tail must be listening before the breach; a lone message each time.
        published = Instant::now();
        stack.publish(&run.at(second)).await;
        stack.until_stored(run.id, second.cast_signed() * 20).await;
        stored.push(published.elapsed());
        if stack.count("select count(*) from incidents").await > 0 {
            break;
        }
    }
    let told =
        tokio::time::timeout(Duration::from_secs(10), tail.next()).await.expect("an incident").unwrap();
    let to_bus = published.elapsed();
    stored.sort_unstable();
    println!(
        "breach visible -> incident on the bus: at most {to_bus:.1?}; lone snapshot -> committed (polled every 10 ms): median {:.1?} (bar 50 ms)",
        stored[stored.len() / 2]
    );
    assert!(told.traceparent.is_some());
    assert!(to_bus < Duration::from_secs(5));
}
