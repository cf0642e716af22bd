use bus::{dead_letters, streams, survey};

use crate::rig::{Rig, garbage, incident, next, until};

#[tokio::test]
async fn a_survey_tells_what_is_held_and_who_lags() {
    let rig = Rig::start().await;
    let empty = incidents(&rig).await.held.unwrap();
    assert_eq!((empty.messages, empty.last_sequence, empty.span.is_none()), (0, 0, true));

    for id in ["a", "b", "c"] {
        rig.bus.publish(&incident(id)).await.unwrap();
    }
    let mut consumer = rig.consumer().await;
    next(&mut consumer).await.ack().await;
    drop(next(&mut consumer).await);
    until("the acknowledgement is counted", || async {
        let held = incidents(&rig).await.held.unwrap();
        held.consumers.first().is_some_and(|reader| reader.last_acknowledged.is_some())
    })
    .await;

    let survey = incidents(&rig).await;
    let held = survey.held.unwrap();
    assert_eq!((held.messages, held.last_sequence), (3, 3));
    assert!(held.bytes > 0 && held.bytes < survey.max_bytes);
    let (oldest, newest) = held.span.unwrap();
    assert!(oldest <= newest);
    let [reader] = held.consumers.as_slice() else { panic!("one reader, not {:?}", held.consumers) };
    assert_eq!(reader.name, "test");
    assert_eq!(reader.waiting + reader.in_flight, 2, "{reader:?}");
    assert!(survey.refuses_when_full && survey.max_age_s == 30 * 24 * 3_600);
}

#[tokio::test]
async fn a_stream_that_somebody_deleted_is_told_as_missing() {
    let rig = Rig::start().await;
    rig.bus.jetstream().delete_stream(streams::OPS_INCIDENTS).await.unwrap();
    assert!(incidents(&rig).await.held.is_none());
    assert!(survey::streams(&rig.bus).await.unwrap().len() > 5);
}

#[tokio::test]
async fn dead_letters_are_counted_by_stream_and_the_newest_come_first() {
    let rig = Rig::start().await;
    assert!(dead_letters::counts(&rig.bus).await.unwrap().is_empty());
    assert!(dead_letters::newest(&rig.bus, 5).await.unwrap().is_empty());
    let mut consumer = rig.consumer().await;
    for id in ["first", "second", "third"] {
        rig.bus.publish(&garbage(id)).await.unwrap();
        next(&mut consumer).await.dead_letter(id).await;
    }
    let counts = dead_letters::counts(&rig.bus).await.unwrap();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(streams::OPS_INCIDENTS.to_owned(), 3)]);
    let newest = dead_letters::newest(&rig.bus, 2).await.unwrap();
    assert_eq!(newest.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>(), ["third", "second"]);
}

async fn incidents(rig: &Rig) -> survey::StreamSurvey {
    let streams = survey::streams(&rig.bus).await.unwrap();
    streams.into_iter().find(|survey| survey.name == streams::OPS_INCIDENTS).unwrap()
}
