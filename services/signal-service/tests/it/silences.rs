//! Silences that come and go while the service judges, and while it is away.

use chrono::DateTime;
use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::{Incident, IncidentTransition, Silence, SilenceChange, SilenceKind, SilenceMatchers};
use rulebook::Change;
use rulebook::silences::Book;

use crate::stack::Stack;
use crate::telemetry::run;

/// Of `checkout`, which fails from second 20 of the run on.
fn silence(seconds: std::ops::Range<i64>, kind: SilenceKind) -> Silence {
    let at = |second: i64| DateTime::from_timestamp(run(1).start_s + second, 0).map(Into::into);
    Silence {
        id: uuid::Uuid::from_u128(7).to_string(),
        kind: kind.into(),
        simulation_id: "default".to_owned(),
        matchers: Some(SilenceMatchers {
            targets: vec![Target { kind: TargetKind::Service.into(), id: "checkout".to_owned() }],
            ..SilenceMatchers::default()
        }),
        starts_at: at(seconds.start),
        ends_at: at(seconds.end),
        comment: "known".to_owned(),
        created_by: "ana".to_owned(),
        change: SilenceChange::Created.into(),
        changed_by: "ana".to_owned(),
        ..Silence::default()
    }
}

/// Writes a silence over whatever is kept under its id.
async fn write(stack: &Stack, silence: Silence) -> u64 {
    let kept = Book::read(&stack.bus).await.unwrap().get(&silence.id).map_or(0, |kept| kept.version);
    let id = uuid::Uuid::new_v4().to_string();
    let change = Change { value: silence, expected_version: kept, id, traceparent: None };
    rulebook::put(&stack.bus, change).await.unwrap().version
}

async fn publish(stack: &Stack, seconds: std::ops::Range<u64>) {
    let last = seconds.end - 1;
    for second in seconds {
        stack.publish(&run(1).at(second)).await;
    }
    stack.until_stored(run(1).id, last.cast_signed() * 20).await;
}

/// Version of the silence that holds for the open incident of checkout; 0 when none does, -1 without an incident.
async fn held_by(stack: &Stack) -> i64 {
    stack
        .count("select coalesce(silence_version, 0) from incidents where target_id = 'checkout' and family = 'error_rate' and not resolved")
        .await
}

async fn until_held_by(stack: &Stack, version: u64) {
    let what = format!("the incident is held by version {version} of the silence");
    stack.until(&what, async || held_by(stack).await == version.cast_signed()).await;
}

#[tokio::test]
async fn an_incident_says_who_silences_it_from_its_opening_through_restarts_to_its_end() {
    let mut stack = Stack::start().await;
    let garbage = Silence {
        id: uuid::Uuid::from_u128(9).to_string(),
        matchers: None,
        ..silence(0..9, SilenceKind::Silence)
    };
    write(&stack, garbage).await;
    let first = write(&stack, silence(0..600, SilenceKind::Silence)).await;
    stack.until("it is taken up", async || stack.log().contains("\"silences\":1")).await;
    publish(&stack, 0..34).await;
    until_held_by(&stack, first).await;

    // Time stands still.
    let maintenance = write(&stack, silence(0..600, SilenceKind::Maintenance)).await;
    until_held_by(&stack, maintenance).await;

    // It is deleted while nobody is there to see it, and written again with an end that comes by itself.
    stack.kill_service().await;
    write(&stack, Silence { deleted: true, ..silence(0..600, SilenceKind::Silence) }).await;
    stack.start_service().await;
    until_held_by(&stack, 0).await;
    let last = write(&stack, silence(0..38, SilenceKind::Silence)).await;
    until_held_by(&stack, last).await;
    publish(&stack, 34..40).await;
    assert_eq!(held_by(&stack).await, 0);

    let told = stack.told().await;
    let of_checkout = |incident: &&Incident| {
        incident.family == "error_rate"
            && incident.target.as_ref().is_some_and(|target| target.id == "checkout")
    };
    let mut by: Vec<(IncidentTransition, u64)> =
        told.iter().filter(of_checkout).map(|told| (told.transition(), told.silence_version)).collect();
    by.dedup_by_key(|(_, version)| *version);
    let (opened, updated) = (IncidentTransition::Opened, IncidentTransition::Updated);
    assert_eq!(by, [(opened, first), (updated, maintenance), (updated, 0), (updated, last), (updated, 0)]);
    let mut revisions: Vec<u64> = told.iter().filter(of_checkout).map(|told| told.revision).collect();
    revisions.dedup();
    assert_eq!(revisions, (1..=revisions.len() as u64).collect::<Vec<_>>(), "nothing lost, nothing doubled");
}
