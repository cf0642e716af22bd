//! Rules that change while the service judges.

use proto::ops::v1::{Rule, RuleChange, RuleDefinition, RuleOrigin};
use rulebook::{Book, Change};

use crate::stack::Stack;
use crate::telemetry::run;

const SECONDS: u64 = 130;

/// Fires on `node-a1` from the start, once a window of twenty seconds is full.
fn busy() -> Rule {
    let cpu_high = detect::builtin_rules().into_iter().find(|rule| rule.name == "cpu_high").unwrap();
    let definition = RuleDefinition {
        name: "cpu_busy".to_owned(),
        family: "busy".to_owned(),
        ids: vec!["node-a1".to_owned()],
        threshold: 45.0,
        clear_threshold: Some(40.0),
        window_s: 20,
        ..rulebook::definition(&cpu_high)
    };
    Rule {
        definition: Some(definition),
        origin: RuleOrigin::User.into(),
        change: RuleChange::Created.into(),
        changed_by: "ana".to_owned(),
        ..Rule::default()
    }
}

/// Writes a rule over whatever is kept of that name.
async fn write(stack: &Stack, rule: Rule) {
    let name = &rule.definition.as_ref().unwrap().name;
    let kept = Book::read(&stack.bus).await.unwrap().get(name).map_or(0, |kept| kept.version);
    let id = uuid::Uuid::new_v4().to_string();
    let change = Change { value: rule, expected_version: kept, id, traceparent: None };
    rulebook::put(&stack.bus, change).await.unwrap();
}

async fn publish(stack: &Stack, seconds: std::ops::Range<u64>) {
    let last = seconds.end - 1;
    for second in seconds {
        stack.publish(&run(1).at(second)).await;
    }
    stack.until_stored(run(1).id, last.cast_signed() * 20).await;
}

async fn resolution(stack: &Stack) -> Option<String> {
    let of_busy = "select resolution from incidents where rule_name = 'cpu_busy' and resolved order by updated_at desc, revision desc";
    sqlx::query_scalar(of_busy).fetch_optional(&stack.sql).await.unwrap()
}

#[tokio::test]
async fn rules_change_live_and_the_incidents_of_the_others_are_as_if_nothing_had_happened() {
    let (undisturbed, mut live) = tokio::join!(Stack::start(), Stack::start());
    for stack in [&undisturbed, &live] {
        rulebook::seed(&stack.bus, "1").await.unwrap();
    }
    publish(&undisturbed, 0..SECONDS).await;

    // checkout fails from second 20 on; the window of its rule is full of it when the rules change.
    publish(&live, 0..30).await;
    assert_eq!(live.count("select count(*) from incidents where not resolved").await, 1);
    write(&live, busy()).await;
    live.until("the rule is taken up", async || {
        live.log().contains("rules taken up") && live.log().contains("\"rules\":15")
    })
    .await;
    publish(&live, 30..31).await;
    let opened = "select tick_id from incidents where rule_name = 'cpu_busy' and not resolved";
    assert_eq!(live.count(opened).await, 600, "its window was full of what came before it");

    // No sample comes: the simulation stands still, and the incident ends all the same.
    write(&live, Rule { deleted: true, change: RuleChange::Deleted.into(), ..busy() }).await;
    live.until("its incident resolves", async || resolution(&live).await.is_some()).await;
    assert_eq!(resolution(&live).await.unwrap(), "rule cpu_busy was deleted");

    // While the service is away the rule comes back, fires, and is disabled while the service is away again.
    live.kill_service().await;
    write(&live, busy()).await;
    live.start_service().await;
    publish(&live, 31..45).await;
    assert_eq!(
        live.count("select count(*) from incidents where rule_name = 'cpu_busy' and not resolved").await,
        1
    );
    live.kill_service().await;
    write(&live, Rule { disabled: true, change: RuleChange::Disabled.into(), ..busy() }).await;
    live.start_service().await;
    publish(&live, 45..SECONDS).await;
    assert_eq!(resolution(&live).await.unwrap(), "rule cpu_busy was disabled");

    let others: Vec<_> =
        live.incidents().await.into_iter().filter(|incident| !incident.contains(" cpu_busy ")).collect();
    assert!(others.len() >= 3, "the telemetry has trouble in it: {others:#?}");
    assert_eq!(others, undisturbed.incidents().await);
}
