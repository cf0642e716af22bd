use bus::dead_letters::{self, DeadLetterError};

use crate::rig::{Rig, incident, next};

#[tokio::test]
async fn a_dead_letter_is_replayed_once_under_its_first_id() {
    let rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    let traceparent = bus::trace::new();
    rig.bus.publish(&incident("dead").with_traceparent(&traceparent)).await.unwrap();
    next(&mut consumer).await.dead_letter("broken\nrule").await;

    let letter = dead_letters::list(&rig.bus, 10).await.unwrap().remove(0);
    assert_eq!((letter.subject.as_str(), letter.stream.as_str()), ("ops.incidents", "OPS_INCIDENTS"));
    assert_eq!((letter.consumer.as_str(), letter.reason.as_str()), ("test", "broken rule"));
    assert_eq!(dead_letters::show(&rig.bus, letter.sequence).await.unwrap().payload, letter.payload);

    dead_letters::replay(&rig.bus, letter.sequence).await.unwrap();
    let replayed = next(&mut consumer).await;
    assert_eq!((replayed.id.as_str(), replayed.message_type.as_str()), ("dead", "ops.v1.Incident"));
    assert_eq!(replayed.traceparent, Some(traceparent));
    assert_ne!(replayed.stream_sequence, letter.stream_sequence);
    replayed.ack().await;

    let again = dead_letters::replay(&rig.bus, letter.sequence).await.unwrap_err();
    assert!(
        matches!(again, DeadLetterError::NotFound { .. } | DeadLetterError::AlreadyReplayed { .. }),
        "{again}"
    );
    assert_eq!(rig.stored().await, 2);
}

#[tokio::test]
async fn the_largest_message_fits_among_the_dead() {
    let rig = Rig::start().await;
    let mut consumer = rig.consumer().await;
    let large = bus::Outgoing { payload: vec![0xff; 1_007 * 1_024].into(), ..incident("large") };
    rig.bus.publish(&large).await.unwrap();
    next(&mut consumer).await.dead_letter(&"reason ".repeat(1_000)).await;
    assert_eq!(dead_letters::list(&rig.bus, 10).await.unwrap().remove(0).payload, large.payload);
}

#[tokio::test]
async fn an_unknown_number_says_where_to_look() {
    let rig = Rig::start().await;
    let error = dead_letters::show(&rig.bus, 7).await.unwrap_err().to_string();
    assert!(error.contains("dlq list"), "{error}");
    assert!(dead_letters::replay(&rig.bus, 7).await.is_err());
}
