//! Detection rules by their calls.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::stack::{Stack, until};

fn slow(threshold: f64) -> Value {
    json!({
        "name": "checkout_slow", "metric": "latency_p99", "ids": ["checkout"], "operator": "RULE_OPERATOR_GT",
        "threshold": threshold, "windowS": 10, "severity": "SEVERITY_WARNING", "labels": { "team": "shop" }
    })
}

async fn call(stack: &Stack, method: &str, body: Value) -> crate::stack::Answer {
    stack.call(&format!("ops.v1.RuleService/{method}"), body).await
}

/// What was done to a rule and by whom, as the audit has it.
async fn audit(stack: &Stack, rule: &str, entries: usize) -> Vec<store::audit::Recorded> {
    until("the audit has the changes", || async {
        let mut conn = stack.store.acquire().await.unwrap();
        let recorded = store::audit::of_subject(&mut conn, &format!("rule/{rule}")).await.unwrap();
        (recorded.len() >= entries).then_some(recorded)
    })
    .await
}

#[tokio::test]
async fn a_rule_is_created_changed_disabled_and_deleted_and_the_audit_tells_who_did_what() {
    let stack = Stack::start().await;
    let listed = call(&stack, "List", json!({})).await.ok();
    assert_eq!(listed["rules"].as_array().unwrap().len(), detect::builtin_rules().len());
    assert_eq!(listed["rules"][0]["origin"], "RULE_ORIGIN_BUILT_IN");

    let create =
        json!({ "rule": slow(300.0), "operator": "ana", "reason": "users wait", "idempotencyKey": "k-1" });
    let created = call(&stack, "Create", create.clone()).await.ok()["rule"].clone();
    assert_eq!(created["definition"]["clearThreshold"], 270.0, "what was left out is filled in");
    assert_eq!(created["definition"]["kinds"], json!(["TARGET_KIND_SERVICE"]));
    assert_eq!(call(&stack, "Create", create).await.ok()["rule"], created, "repeating it changes nothing");
    let other = json!({ "rule": slow(301.0), "operator": "ana", "idempotencyKey": "k-1" });
    call(&stack, "Create", other.clone()).await.error("invalid_argument");
    let taken = json!({ "rule": slow(301.0), "operator": "ana" });
    call(&stack, "Create", taken).await.error("already_exists");

    let update = json!({ "rule": slow(400.0), "expectedVersion": created["version"], "operator": "ben" });
    let updated = call(&stack, "Update", update.clone()).await.ok()["rule"].clone();
    assert_eq!(updated["definition"]["threshold"], 400.0);
    let late = json!({ "rule": slow(500.0), "expectedVersion": created["version"], "operator": "cleo" });
    let told = call(&stack, "Update", late).await.error("failed_precondition");
    assert!(told.contains("updated") && told.contains("by ben"), "{told}");

    let name = json!({ "name": "checkout_slow", "operator": "ben" });
    assert_eq!(call(&stack, "SetEnabled", name.clone()).await.ok()["rule"]["disabled"], true);
    assert_eq!(call(&stack, "Delete", name.clone()).await.ok()["rule"]["deleted"], true);
    assert_eq!(
        call(&stack, "Delete", name.clone()).await.ok()["rule"]["deleted"],
        true,
        "twice is as good as once"
    );
    let told =
        call(&stack, "Update", json!({ "rule": slow(1.0), "operator": "ana" })).await.error("not_found");
    assert!(told.contains("deleted") && told.contains("by ben"), "{told}");
    assert!(call(&stack, "Restore", name).await.error("not_found").contains("cpu_high"));

    let recorded = audit(&stack, "checkout_slow", 4).await;
    let told: Vec<_> = recorded.iter().map(|entry| (entry.actor.as_str(), entry.action.as_str())).collect();
    assert_eq!(
        told,
        [("ana", "rule.created"), ("ben", "rule.updated"), ("ben", "rule.disabled"), ("ben", "rule.deleted")]
    );
    assert_eq!(recorded[0].reason, "users wait");
    let threshold = |state: &Option<Value>| state.as_ref().unwrap()["definition"]["threshold"].clone();
    assert_eq!((threshold(&recorded[1].before), threshold(&recorded[1].after)), (json!(300.0), json!(400.0)));
}

#[tokio::test]
async fn built_in_rules_can_be_changed_and_deleted_and_stay_so_until_they_are_put_back() {
    let mut stack = Stack::start().await;
    let name = json!({ "name": "cpu_high", "operator": "ana" });
    call(&stack, "Delete", name.clone()).await.ok();
    stack.restart_orchestrator().await;
    let names = |listed: &Value| listed["rules"].as_array().unwrap().len();
    let rules = detect::builtin_rules().len();
    assert_eq!(
        names(&call(&stack, "List", json!({})).await.ok()),
        rules - 1,
        "a start does not bring it back"
    );
    assert_eq!(names(&call(&stack, "List", json!({ "includeDeleted": true })).await.ok()), rules);

    let restored = call(&stack, "Restore", name.clone()).await.ok()["rule"].clone();
    assert_eq!(restored["definition"], restored["seeded"]);
    assert!(restored["deleted"].is_null());
    assert_eq!(call(&stack, "Restore", name).await.ok()["rule"]["version"], restored["version"]);
}

#[tokio::test]
async fn a_bucket_that_is_deleted_is_written_again_with_the_rules_of_users() {
    let stack = Stack::start().await;
    call(&stack, "Create", json!({ "rule": slow(300.0), "operator": "ana" })).await.ok();
    // The orchestrator knows a rule once its audit does: both follow the bucket.
    audit(&stack, "checkout_slow", 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    stack.bus.jetstream().delete_stream(bus::streams::OPS_RULES).await.unwrap();
    until("the rule is back", || async {
        let answer = call(&stack, "Get", json!({ "name": "checkout_slow" })).await;
        (answer.status == 200).then_some(answer.body)
    })
    .await;
}

#[tokio::test]
async fn every_mistake_of_a_rule_is_told_at_once() {
    let stack = Stack::start().await;
    let wrong = json!({ "name": "x y", "metric": "cpu", "threshold": "NaN", "forS": 5000 });
    let told =
        call(&stack, "Create", json!({ "rule": wrong, "operator": "ana" })).await.error("invalid_argument");
    for part in [
        "name: use 1 to 64",
        "there is no metric \"cpu\"",
        "operator",
        "severity",
        "threshold",
        "window_s",
        "for_s",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    call(&stack, "Create", json!({ "rule": slow(1.0) })).await.error("invalid_argument");
    call(&stack, "Get", json!({ "name": "nobody" })).await.error("not_found");
}

#[tokio::test]
async fn a_rule_is_tested_on_stored_telemetry() {
    let stack = Stack::start().await;
    let began = DateTime::<Utc>::from_timestamp(1_790_000_000, 0).unwrap();
    call(&stack, "Test", json!({ "rules": [slow(300.0)] })).await.error("not_found");
    let mut batch = store::metrics::Batch::new();
    for second in 0..600_i64 {
        let latency = if (200..260).contains(&second) {
            350.0
        } else if (400..460).contains(&second) {
            900.0
        } else {
            20.0
        };
        for (metric, value) in [("latency_p99", latency), ("replicas", 2.0)] {
            let row = store::metrics::Row {
                time: began + TimeDelta::seconds(second),
                tick: second * 20,
                node_id: "",
                service_id: "checkout",
                metric,
                value,
                simulation_id: "default",
            };
            batch.push(&row).unwrap();
        }
    }
    let mut tx = stack.store.begin().await.unwrap();
    store::metrics::copy(&mut tx, &batch).await.unwrap();
    store::metrics::note(&mut tx, &batch).await.unwrap();
    tx.commit().await.unwrap();

    let new = call(&stack, "Test", json!({ "rules": [slow(300.0)] })).await.ok();
    assert_eq!(new["counts"]["gained"], "2", "{new}");
    assert_eq!((&new["counts"]["lost"], &new["samples"]), (&Value::Null, &json!("600")));

    // The built-in rule sees the worse of the two; at half its threshold it sees both, the second one a little earlier.
    let mut eager = slow(250.0);
    eager["name"] = json!("latency_high");
    eager["family"] = json!("latency");
    eager["severity"] = json!("SEVERITY_HIGH");
    let changed = call(&stack, "Test", json!({ "rules": [eager] })).await.ok();
    assert_eq!(
        (&changed["counts"]["gained"], &changed["counts"]["moved"]),
        (&json!("1"), &json!("1")),
        "{changed}"
    );
    assert!(changed["moved"][0]["openedLaterS"].as_f64().unwrap() < 0.0);

    let backwards = json!({ "rules": [slow(1.0)], "from": "2030-01-01T00:00:00Z" });
    call(&stack, "Test", backwards).await.error("invalid_argument");
    call(&stack, "Test", json!({})).await.error("invalid_argument");
}
