//! Silences and maintenance windows by their calls.

use bus::{Outgoing, subjects};
use proto::sim::v1::MetricSnapshot;
use serde_json::{Value, json};

use crate::stack::{RUN, Stack, simulated, until};

/// A tick, and the simulated time that it is at: 20 ticks a second.
const NOW: u64 = 20_000;

fn checkout(for_s: f64) -> Value {
    json!({
        "matchers": { "targets": [{ "kind": "TARGET_KIND_SERVICE", "id": "checkout" }] },
        "forS": for_s,
        "comment": "known, OPS-17",
    })
}

fn create(silence: &Value) -> Value {
    json!({ "silence": silence, "operator": "ana" })
}

async fn call(stack: &Stack, method: &str, body: Value) -> crate::stack::Answer {
    stack.call(&format!("ops.v1.SilenceService/{method}"), body).await
}

async fn time_is(stack: &Stack, tick: u64) {
    let snapshot = MetricSnapshot {
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        tick,
        time: Some(simulated(tick)),
        shard_count: 1,
        ..MetricSnapshot::default()
    };
    let message = Outgoing::message(subjects::SIM_METRICS, format!("at-{tick}"), "default", &snapshot);
    stack.bus.publish(&message).await.unwrap();
    until("the sample is seen", || async {
        let latest = stack.call("ops.v1.TelemetryService/Latest", json!({})).await;
        (latest.body["snapshots"][0]["tick"].as_str() == Some(&tick.to_string())).then_some(())
    })
    .await;
}

fn ids(listed: &Value) -> Vec<String> {
    let silences = listed["silences"].as_array().cloned().unwrap_or_default();
    silences.iter().map(|silence| silence["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_silence_is_created_changed_ended_and_deleted_and_the_audit_tells_who_did_what() {
    let stack = Stack::start().await;
    let timeless = call(&stack, "Create", create(&checkout(60.0))).await.error("unavailable");
    assert!(timeless.contains("its time"), "{timeless}");
    time_is(&stack, NOW).await;

    let mut asked = create(&checkout(60.0));
    asked["idempotencyKey"] = json!("k-1");
    let answer = call(&stack, "Create", asked.clone()).await.ok();
    let created = answer["silence"].clone();
    assert_eq!(
        (&created["state"], &created["kind"]),
        (&json!("SILENCE_STATE_ACTIVE"), &json!("SILENCE_KIND_SILENCE"))
    );
    assert_eq!(created["createdBy"], "ana");
    assert_eq!(call(&stack, "Create", asked.clone()).await.ok()["silence"]["id"], created["id"], "once");
    asked["operator"] = json!("ben");
    call(&stack, "Create", asked).await.error("invalid_argument");

    let id = created["id"].clone();
    let mut longer = checkout(600.0);
    longer["kind"] = json!("SILENCE_KIND_MAINTENANCE");
    let update = json!({ "silenceId": id, "silence": longer, "expectedVersion": created["version"], "operator": "ben" });
    let updated = call(&stack, "Update", update.clone()).await.ok()["silence"].clone();
    assert_eq!(updated["startsAt"], created["startsAt"], "from its start");
    assert_eq!(
        (&updated["kind"], &updated["createdBy"]),
        (&json!("SILENCE_KIND_MAINTENANCE"), &json!("ana"))
    );
    let told = call(&stack, "Update", update).await.error("failed_precondition");
    assert!(told.contains("updated") && told.contains("by ben"), "{told}");

    time_is(&stack, NOW + 200).await;
    let end = json!({ "silenceId": id, "operator": "cleo", "reason": "mended" });
    let ended = call(&stack, "End", end.clone()).await.ok()["silence"].clone();
    assert_eq!(ended["state"], "SILENCE_STATE_OVER");
    assert_eq!(
        call(&stack, "End", end).await.ok()["silence"]["version"],
        ended["version"],
        "twice is as good as once"
    );
    assert!(ids(&call(&stack, "List", json!({})).await.ok()).is_empty());
    assert_eq!(ids(&call(&stack, "List", json!({ "includeOver": true })).await.ok()).len(), 1);

    let delete = json!({ "silenceId": id, "operator": "cleo" });
    assert_eq!(call(&stack, "Delete", delete.clone()).await.ok()["silence"]["deleted"], true);
    let told = call(&stack, "End", delete).await.error("not_found");
    assert!(told.contains("deleted") && told.contains("by cleo"), "{told}");
    assert!(ids(&call(&stack, "List", json!({ "includeOver": true })).await.ok()).is_empty());
    assert_eq!(ids(&call(&stack, "List", json!({ "includeDeleted": true })).await.ok()).len(), 1);
    assert_eq!(call(&stack, "Get", json!({ "silenceId": id })).await.ok()["silence"]["deleted"], true);

    let recorded = until("the audit has the changes", || async {
        let mut conn = stack.store.acquire().await.unwrap();
        let subject = format!("silence/{}", id.as_str().unwrap());
        let recorded = store::audit::of_subject(&mut conn, &subject).await.unwrap();
        (recorded.len() >= 4).then_some(recorded)
    })
    .await;
    let told: Vec<_> = recorded.iter().map(|entry| (entry.actor.as_str(), entry.action.as_str())).collect();
    let expected = [
        ("ana", "silence.created"),
        ("ben", "silence.updated"),
        ("cleo", "silence.ended"),
        ("cleo", "silence.deleted"),
    ];
    assert_eq!(told, expected);
    assert_eq!((recorded[2].reason.as_str(), recorded[2].simulation_id.as_str()), ("mended", "default"));
    let end = |state: &Option<Value>| state.as_ref().unwrap()["ends_at"].clone();
    assert_eq!(end(&recorded[2].before), end(&recorded[1].after));
    assert_ne!(end(&recorded[2].after), end(&recorded[1].after));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_what_to_write_and_unknown_names_are_only_warned_of() {
    let stack = Stack::start().await;
    time_is(&stack, NOW).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut silence = checkout(60.0);
        change(&mut silence);
        create(&silence)
    };
    let backwards = with(&|silence| {
        silence.as_object_mut().unwrap().remove("forS");
        silence["startsAt"] = serde_json::to_value(simulated(NOW + 400)).unwrap();
        silence["endsAt"] = serde_json::to_value(simulated(NOW + 200)).unwrap();
    });
    let over = with(&|silence| silence["startsAt"] = serde_json::to_value(simulated(NOW - 4_000)).unwrap());
    let cases: [(Value, &str); 9] = [
        (backwards, "ends before it begins"),
        (over, "over already"),
        (
            with(&|silence| silence["matchers"] = json!({ "kinds": ["TARGET_KIND_NODE"] })),
            "every incident: name a rule",
        ),
        (
            with(&|silence| silence["matchers"]["targets"][0]["kind"] = json!("TARGET_KIND_SIMULATION")),
            "say whether",
        ),
        (with(&|silence| silence["forS"] = json!(604_801.0)), "a week"),
        (with(&|silence| silence["forS"] = json!("NaN")), "for_s"),
        (with(&|silence| drop(silence.as_object_mut().unwrap().remove("forS"))), "when it is over"),
        (with(&|silence| silence["comment"] = json!("")), "silence.comment"),
        (with(&|silence| silence["comment"] = json!("x".repeat(1_025))), "1024"),
    ];
    for (body, part) in cases {
        let told = call(&stack, "Create", body.clone()).await.error("invalid_argument");
        assert!(told.contains(part), "{part} is not in {told}");
    }
    call(&stack, "Create", json!({ "silence": checkout(60.0) })).await.error("invalid_argument");
    call(&stack, "Get", json!({ "silenceId": "x" })).await.error("invalid_argument");
    call(&stack, "Get", json!({ "silenceId": uuid::Uuid::new_v4() })).await.error("not_found");

    let unknown = with(&|silence| silence["matchers"]["rules"] = json!(["no_such_rule"]));
    let answer = call(&stack, "Create", unknown).await.ok();
    assert!(answer["warnings"].to_string().contains("no_such_rule"), "{answer}");

    let later = with(&|silence| silence["startsAt"] = serde_json::to_value(simulated(NOW + 400)).unwrap());
    let pending = call(&stack, "Create", later).await.ok()["silence"].clone();
    assert_eq!(pending["state"], "SILENCE_STATE_PENDING");
    let end = json!({ "silenceId": pending["id"], "operator": "ana" });
    let told = call(&stack, "End", end).await.error("failed_precondition");
    assert!(told.contains("has not begun"), "{told}");
}

#[tokio::test]
async fn of_two_people_who_change_what_both_saw_one_wins() {
    let stack = Stack::start().await;
    time_is(&stack, NOW).await;
    let created = call(&stack, "Create", create(&checkout(60.0))).await.ok()["silence"].clone();
    let update = |operator: &str, for_s: f64| json!({ "silenceId": created["id"], "silence": checkout(for_s), "expectedVersion": created["version"], "operator": operator });
    let (one, other) = tokio::join!(
        call(&stack, "Update", update("ana", 90.0)),
        call(&stack, "Update", update("ben", 120.0))
    );
    let winners = [&one, &other].iter().filter(|answer| answer.status == 200).count();
    assert_eq!(winners, 1, "{:?} {:?}", one.body, other.body);
}
