use std::time::Duration;

use backing::NatsServer;
use bus::{Bus, BusConfig, PublishError, streams};
use proto::ops::v1::{Rule, RuleChange, RuleDefinition, RuleOrigin};
use rulebook::{Book, Bucket as _, Change, Follower, Standing, put};
use tokio_util::sync::CancellationToken;

/// Generous: a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) async fn server() -> (NatsServer, Bus) {
    let server = NatsServer::ephemeral().await.unwrap();
    let bus = Bus::connect(BusConfig::new(server.url(), "test")).await.unwrap();
    bus.provision().await.unwrap();
    (server, bus)
}

fn change(value: Rule, expected_version: u64) -> Change<Rule> {
    Change { value, expected_version, id: uuid::Uuid::new_v4().to_string(), traceparent: None }
}

fn own(name: &str, threshold: f64) -> Rule {
    let definition = rulebook::definition(&detect::builtin_rules()[2]);
    Rule {
        definition: Some(RuleDefinition {
            name: name.to_owned(),
            threshold,
            clear_threshold: Some(threshold),
            ..definition
        }),
        origin: RuleOrigin::User.into(),
        change: RuleChange::Created.into(),
        changed_by: "ana".to_owned(),
        ..Rule::default()
    }
}

/// A built-in rule as an earlier release brought it.
fn of_earlier_release(name: &str) -> Rule {
    let earlier = own(name, 1_234.0);
    Rule { seeded: earlier.definition.clone(), origin: RuleOrigin::BuiltIn.into(), ..earlier }
}

fn threshold(book: &Book, name: &str) -> f64 {
    book.get(name).unwrap().definition.as_ref().unwrap().threshold
}

#[tokio::test]
async fn an_empty_bucket_is_filled_once_with_the_built_in_rules() {
    let (_server, bus) = server().await;
    assert!(!Book::read(&bus).await.unwrap().is_whole());
    let built_in = detect::builtin_rules();
    assert_eq!(rulebook::seed(&bus, "1").await.unwrap(), built_in.len());
    let book = Book::read(&bus).await.unwrap();
    assert!(book.is_whole());
    assert_eq!(book.in_force().set.rules(), built_in);
    assert_eq!(rulebook::seed(&bus, "1").await.unwrap(), 0);
    assert_eq!(Book::read(&bus).await.unwrap(), book, "a second start changes nothing");
}

#[tokio::test]
async fn a_release_changes_what_nobody_has_touched_and_nothing_else() {
    let (_server, bus) = server().await;
    let touched =
        Rule { definition: own("memory_high", 77.0).definition, ..of_earlier_release("memory_high") };
    for rule in [
        of_earlier_release("cpu_high"),
        Rule { disabled: true, ..of_earlier_release("cpu_critical") },
        Rule { deleted: true, ..of_earlier_release("latency_high") },
        touched,
        of_earlier_release("no_longer_shipped"),
        own("of_a_user", 5.0),
    ] {
        put(&bus, change(rule, 0)).await.unwrap();
    }
    rulebook::seed(&bus, "2").await.unwrap();
    let book = Book::read(&bus).await.unwrap();
    assert!((threshold(&book, "cpu_high") - 85.0).abs() < 1e-9, "it follows");
    assert!((threshold(&book, "cpu_critical") - 95.0).abs() < 1e-9, "it follows");
    assert!(book.get("cpu_critical").unwrap().disabled, "and stays disabled");
    assert!((threshold(&book, "memory_high") - 77.0).abs() < 1e-9, "a user's change stays");
    assert!(book.get("latency_high").unwrap().deleted, "what was deleted stays so");
    assert!(book.get("no_longer_shipped").unwrap().deleted);
    assert!((threshold(&book, "of_a_user") - 5.0).abs() < 1e-9);
    let in_force: Vec<_> = book.in_force().set.rules().iter().map(|rule| rule.name.clone()).collect();
    assert_eq!(in_force.len(), detect::builtin_rules().len() - 2 + 1, "{in_force:?}");
}

#[tokio::test]
async fn of_two_changes_of_the_same_version_one_wins_and_repeating_it_is_no_other_change() {
    let (_server, bus) = server().await;
    let first = put(&bus, change(own("mine", 5.0), 0)).await.unwrap();
    let second = change(own("mine", 6.0), first.version);
    let version = put(&bus, second.clone()).await.unwrap().version;
    let late = put(&bus, change(own("mine", 7.0), first.version)).await;
    assert!(matches!(late, Err(PublishError::Fenced { .. })), "{late:?}");
    assert_eq!(put(&bus, second).await.unwrap().version, version);
    let book = Book::read(&bus).await.unwrap();
    assert_eq!((threshold(&book, "mine").to_bits(), book.revision()), (6.0_f64.to_bits(), version));
}

#[tokio::test]
async fn a_follower_hears_of_changes_through_restarts_and_keeps_the_last_set_when_the_bucket_is_gone() {
    let (mut server, bus) = server().await;
    let token = CancellationToken::new();
    let (follower, mut known) = Follower::<Book>::open(bus.clone(), token.clone()).await.unwrap();
    let task = tokio::spawn(follower.run());
    assert_eq!(known.borrow().standing, Standing::Unseeded);
    assert_eq!(known.borrow().book.in_force().set.rules(), detect::builtin_rules());

    let mut until = async |what: &str, reached: &dyn Fn(&rulebook::Known<Book>) -> bool| {
        let heard = tokio::time::timeout(PATIENCE, known.wait_for(|known| reached(known))).await;
        heard.unwrap_or_else(|_| panic!("not in time: {what}")).unwrap().clone()
    };
    rulebook::seed(&bus, "1").await.unwrap();
    until("the bucket is filled", &|known| known.standing == Standing::Current).await;
    put(&bus, change(own("mine", 5.0), 0)).await.unwrap();
    until("a new rule", &|known| known.book.get("mine").is_some()).await;

    server.restart().await.unwrap();
    let version = Book::read(&bus).await.unwrap().get("mine").unwrap().version;
    put(&bus, change(own("mine", 6.0), version)).await.unwrap();
    until("a change after the restart", &|known| (threshold(&known.book, "mine") - 6.0).abs() < 1e-9).await;

    bus.jetstream().delete_stream(streams::OPS_RULES).await.unwrap();
    let lost = until("the bucket is gone", &|known| known.standing == Standing::Lost).await;
    assert!(lost.book.get("mine").is_some(), "the last known set stays");

    rulebook::recover(&bus, &lost.book, "1").await.unwrap();
    let again = until("it was written again", &|known| known.standing == Standing::Current).await;
    assert_eq!(again.book.in_force().set, lost.book.in_force().set);
    token.cancel();
    task.await.unwrap();
}
