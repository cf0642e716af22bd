use std::time::Duration;

use bus::{From, Outgoing, Tail, streams, subjects};
use proto::sim::v1::MetricSnapshot;

use crate::rig::{DEADLINE, Rig, incident};

#[tokio::test]
async fn a_reader_begins_where_it_is_told() {
    let rig = Rig::start().await;
    for (id, shard) in [("0-a", 0), ("0-b", 0), ("1-a", 1)] {
        rig.bus.publish(&snapshot(id, shard)).await.unwrap();
    }
    let open = |from| rig.bus.tail(streams::SIM_METRICS, "sim.metrics.>", from, rig.token.clone());
    let (mut new, mut last) = (open(From::New).await.unwrap(), open(From::LastPerSubject).await.unwrap());
    let (mut second, mut all) = (open(From::Sequence(2)).await.unwrap(), open(From::All).await.unwrap());
    rig.bus.publish(&snapshot("2-a", 2)).await.unwrap();
    assert_eq!(ids(&mut new, 1).await, ["2-a"]);
    assert_eq!(ids(&mut last, 3).await, ["0-b", "1-a", "2-a"]);
    assert_eq!(ids(&mut second, 3).await, ["0-b", "1-a", "2-a"]);
    assert_eq!(ids(&mut all, 4).await, ["0-a", "0-b", "1-a", "2-a"]);
}

#[tokio::test]
async fn a_killed_and_restarted_server_leaves_no_gap_and_no_repetition() {
    let mut rig = Rig::start().await;
    let mut tail = open(&rig, From::All).await;
    rig.bus.publish(&incident("1")).await.unwrap();
    assert_eq!(ids(&mut tail, 1).await, ["1"]);
    rig.server.kill().await.unwrap();
    rig.server.restart().await.unwrap();
    for id in ["2", "3"] {
        rig.bus.publish(&incident(id)).await.unwrap();
    }
    assert_eq!(ids(&mut tail, 2).await, ["2", "3"]);
}

#[tokio::test]
async fn what_came_during_an_interruption_is_not_missed_by_a_reader_of_new_messages() {
    let mut rig = Rig::start().await;
    rig.bus.publish(&incident("old")).await.unwrap();
    let mut tail = open(&rig, From::New).await;
    rig.server.kill().await.unwrap();
    rig.server.restart().await.unwrap();
    // The reader does not run meanwhile, so that the message is there before it notices anything.
    rig.bus.publish(&incident("new")).await.unwrap();
    assert_eq!(ids(&mut tail, 1).await, ["new"]);
}

#[tokio::test]
async fn a_stream_that_was_made_again_is_read_from_its_beginning() {
    let rig = Rig::start().await;
    let mut tail = open(&rig, From::All).await;
    for id in ["1", "2", "3"] {
        rig.bus.publish(&incident(id)).await.unwrap();
    }
    assert_eq!(ids(&mut tail, 3).await.len(), 3);
    rig.bus.jetstream().delete_stream(streams::OPS_INCIDENTS).await.unwrap();
    rig.bus.publish(&incident("reborn")).await.unwrap();
    assert_eq!(ids(&mut tail, 1).await, ["reborn"]);
}

#[tokio::test]
async fn shutdown_ends_a_waiting_reader() {
    let rig = Rig::start().await;
    let mut tail = open(&rig, From::New).await;
    rig.token.cancel();
    assert!(tokio::time::timeout(Duration::from_secs(5), tail.next()).await.unwrap().is_none());
}

async fn open(rig: &Rig, from: From) -> Tail {
    rig.bus.tail(streams::OPS_INCIDENTS, ">", from, rig.token.clone()).await.unwrap()
}

fn snapshot(id: &str, shard: u32) -> Outgoing {
    Outgoing::message(subjects::sim_metrics_shard(shard), id, "default", &MetricSnapshot::default())
}

async fn ids(tail: &mut Tail, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    while ids.len() < count {
        ids.push(tokio::time::timeout(DEADLINE, tail.next()).await.expect("no message in time").unwrap().id);
    }
    ids
}
