use std::time::Duration;

use bus::{Bus, BusConfig, Outgoing, PublishError, streams, subjects};

use crate::rig::{Rig, incident};

#[tokio::test]
async fn the_same_id_is_stored_once() {
    let rig = Rig::start().await;
    let first = rig.bus.publish(&incident("a:1")).await.unwrap();
    let again = rig.bus.publish(&incident("a:1")).await.unwrap();
    assert!(!first.duplicate && again.duplicate);
    assert_eq!(first.stream_sequence, again.stream_sequence);
    assert_eq!(rig.stored().await, 1);
}

#[tokio::test]
async fn a_pipeline_keeps_its_order() {
    let rig = Rig::start().await;
    let messages: Vec<_> = (0..1_000).map(|n| incident(&n.to_string())).collect();
    let published = rig.bus.publish_all(&messages).await.unwrap();
    let sequences: Vec<_> = published.iter().map(|published| published.stream_sequence).collect();
    assert_eq!(sequences, (1..=1_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_publish_to_a_frozen_server_ends_as_one_copy() {
    let rig = Rig::start().await;
    rig.server.freeze();
    let bus = rig.bus.clone();
    let publishing = tokio::spawn(async move { bus.publish(&incident("frozen:1")).await });
    // Longer than one acknowledgement is waited for: at least one attempt ends as unknown.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(!publishing.is_finished());
    rig.server.thaw();
    publishing.await.unwrap().unwrap();
    assert_eq!(rig.stored().await, 1);
}

#[tokio::test]
async fn publishes_over_a_killed_server_are_each_stored_once() {
    let mut rig = Rig::start().await;
    let bus = rig.bus.clone();
    let publishing = tokio::spawn(async move {
        let messages: Vec<_> = (0..2_000).map(|n| incident(&n.to_string())).collect();
        bus.publish_all(&messages).await
    });
    crate::rig::until("some are stored", async || rig.stored().await > 20).await;
    rig.server.kill().await.unwrap();
    rig.server.restart().await.unwrap();
    publishing.await.unwrap().unwrap();
    assert_eq!(rig.stored().await, 2_000);
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_says_so() {
    let rig = Rig::start().await;
    let config = BusConfig {
        publish_deadline: Duration::from_millis(100),
        ..BusConfig::new(rig.server.url(), "impatient")
    };
    let bus = Bus::connect(config).await.unwrap();
    rig.server.freeze();
    let error = bus.publish(&incident("unknown:1")).await.unwrap_err();
    assert!(matches!(error, PublishError::Unknown { .. }), "{error}");
    assert!(error.to_string().contains("publish it again with the same id"), "{error}");
}

#[tokio::test]
async fn what_can_never_work_is_refused_at_once() {
    let rig = Rig::start().await;
    let too_large = Outgoing { payload: vec![0; 1_020 * 1_024].into(), ..incident("large:1") };
    let enormous = Outgoing { payload: vec![0; 2 << 20].into(), ..incident("large:2") };
    let no_subject = Outgoing { subject: "ops incidents".to_owned(), ..incident("subject:1") };
    for message in [too_large, enormous, no_subject] {
        let refused = tokio::time::timeout(Duration::from_secs(10), rig.bus.publish(&message)).await.unwrap();
        assert!(matches!(refused, Err(PublishError::Refused { .. })), "{}: {refused:?}", message.id);
    }
}

#[tokio::test]
async fn a_second_writer_is_fenced_but_a_repetition_is_not() {
    let rig = Rig::start().await;
    let entry = |id: &str, expected| Outgoing {
        expected_last_subject_sequence: Some(expected),
        ..Outgoing::message(
            subjects::sim_journal("default"),
            id,
            "default",
            &proto::sim::v1::SimulationEvent::default(),
        )
    };
    let first = rig.bus.publish(&entry("j:1", 0)).await.unwrap();
    let fenced = rig.bus.publish(&entry("other:1", 0)).await.unwrap_err();
    assert!(matches!(fenced, PublishError::Fenced { expected: 0, .. }), "{fenced}");
    // A writer whose acknowledgement got lost says the same again, and must not be taken for another writer.
    assert!(rig.bus.publish(&entry("j:1", 0)).await.unwrap().duplicate);
    rig.bus.publish(&entry("j:2", first.stream_sequence)).await.unwrap();
}

#[tokio::test]
async fn a_deleted_stream_is_made_again_by_the_next_publish() {
    let rig = Rig::start().await;
    rig.bus.jetstream().delete_stream(streams::OPS_INCIDENTS).await.unwrap();
    rig.bus.publish(&incident("after:1")).await.unwrap();
    assert_eq!(rig.stored().await, 1);
}

#[tokio::test]
async fn connecting_waits_for_a_server_that_is_not_there_yet() {
    let port = backing::free_port().unwrap();
    let config = BusConfig::new(format!("nats://127.0.0.1:{port}"), "early");
    let connecting = tokio::spawn(Bus::connect(config));
    let options = backing::NatsOptions { port: Some(port), ..backing::NatsOptions::default() };
    let _server = backing::NatsServer::start(options).await.unwrap();
    connecting.await.unwrap().unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn connecting_gives_up_in_time_and_says_what_to_do() {
    let port = backing::free_port().unwrap();
    let config = BusConfig {
        give_up_after: Duration::from_millis(300),
        ..BusConfig::new(format!("nats://user:canary@127.0.0.1:{port}"), "lonely")
    };
    let error = Bus::connect(config).await.unwrap_err().to_string();
    assert!(error.contains("set NATS_URL") && !error.contains("canary"), "{error}");
}
