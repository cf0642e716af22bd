use bus::{PublishError, streams};
use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::{Silence, SilenceMatchers};
use rulebook::silences::Book;
use rulebook::{Change, Follower, Known, put};
use tokio_util::sync::CancellationToken;

use crate::bucket::{PATIENCE, server};

fn silence(number: u128, for_s: i64) -> Silence {
    let at = |seconds| chrono::DateTime::from_timestamp(1_760_000_000 + seconds, 0).map(Into::into);
    Silence {
        id: uuid::Uuid::from_u128(number).to_string(),
        simulation_id: "default".to_owned(),
        matchers: Some(SilenceMatchers {
            targets: vec![Target { kind: TargetKind::Service.into(), id: "checkout".to_owned() }],
            ..SilenceMatchers::default()
        }),
        starts_at: at(0),
        ends_at: at(for_s),
        ..Silence::default()
    }
}

fn change(value: Silence, expected_version: u64) -> Change<Silence> {
    Change { value, expected_version, id: uuid::Uuid::new_v4().to_string(), traceparent: None }
}

#[tokio::test]
async fn silences_are_followed_and_a_bucket_that_was_deleted_silences_nothing() {
    let (_server, bus) = server().await;
    let token = CancellationToken::new();
    let (follower, mut known) = Follower::<Book>::open(bus.clone(), token.clone()).await.unwrap();
    let task = tokio::spawn(follower.run());
    let mut until = async |what: &str, reached: &dyn Fn(&Known<Book>) -> bool| {
        let heard = tokio::time::timeout(PATIENCE, known.wait_for(|known| reached(known))).await;
        heard.unwrap_or_else(|_| panic!("not in time: {what}")).unwrap().book.clone()
    };

    let first = put(&bus, change(silence(1, 60), 0)).await.unwrap();
    let late = put(&bus, change(silence(1, 90), 0)).await;
    assert!(matches!(late, Err(PublishError::Fenced { .. })), "somebody was faster: {late:?}");
    put(&bus, change(silence(2, 120), 0)).await.unwrap();
    // Whatever a NATS client writes does not keep the others from holding.
    put(&bus, change(silence(3, -1), 0)).await.unwrap();
    let book = until("three silences", &|known| known.book.count() == 3).await;
    let in_force = book.in_force();
    assert_eq!(in_force.silences.count(), 2);
    assert!(in_force.left_out[0].why.contains("ends before it begins"), "{:?}", in_force.left_out);
    assert_eq!(book.silences()[0].id, silence(2, 0).id, "the last to end comes first");

    put(&bus, change(Silence { deleted: true, ..silence(1, 60) }, first.version)).await.unwrap();
    let book = until("one is deleted", &|known| known.book.count() == 2).await;
    assert!(book.get(&first.id).unwrap().deleted, "its story can be told");

    bus.jetstream().delete_stream(streams::OPS_SILENCES).await.unwrap();
    until("nothing is silenced", &|known| known.book.count() == 0).await;
    token.cancel();
    task.await.unwrap();
}
