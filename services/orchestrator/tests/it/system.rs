//! What the system says of itself: its streams, its readers, its dead letters.

use bus::{Outgoing, streams, subjects};
use proto::ops::v1::Incident;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::samples;
use crate::stack::{Stack, until};

const STREAMS: &str = "ops.v1.SystemService/ListStreams";
const DEAD_LETTERS: &str = "ops.v1.SystemService/ListDeadLetters";

#[tokio::test]
async fn streams_are_told_with_their_readers() {
    let stack = Stack::start().await;
    stack.proposed().await;
    let answer = stack.call(STREAMS, json!({})).await.ok();
    let found = answer["streams"].as_array().unwrap();
    assert!(found.windows(2).all(|pair| pair[0]["name"].as_str() < pair[1]["name"].as_str()));
    let actions = found.iter().find(|stream| stream["name"] == streams::OPS_ACTIONS).unwrap();
    assert_eq!((&actions["present"], &actions["refusesWhenFull"]), (&json!(true), &json!(true)));
    assert!(number(&actions["messages"]) >= 1 && actions["oldest"].is_string(), "{actions}");
    assert_eq!(actions["consumers"][0]["name"], "orchestrator-actions");
}

#[tokio::test]
async fn what_nobody_could_handle_is_told_with_the_reason() {
    let stack = Stack::start().await;
    let none = stack.call(DEAD_LETTERS, json!({})).await.ok();
    assert_eq!((&none["counts"], &none["letters"]), (&Value::Null, &Value::Null));

    // One that is not an incident at all, and one that is over and has no proper id.
    let nonsense = Outgoing {
        payload: vec![0xff; 16].into(),
        ..Outgoing::message(subjects::OPS_INCIDENTS, "nonsense", "default", &Incident::default())
    };
    stack.bus.publish(&nonsense).await.unwrap();
    let unfit =
        Incident { id: "<b>no uuid</b>".to_owned(), resolved: true, ..samples::incident(Uuid::new_v4()) };
    stack.bus.publish(&Outgoing::message(subjects::OPS_INCIDENTS, "unfit", "default", &unfit)).await.unwrap();

    until("both are among the dead letters", || async {
        let answer = stack.call(DEAD_LETTERS, json!({ "limit": 10 })).await.ok();
        let counts = answer["counts"].as_array()?;
        counts
            .iter()
            .any(|count| count["stream"] == "OPS_INCIDENTS" && number(&count["letters"]) == 2)
            .then_some(())
    })
    .await;
    let answer = stack.call(DEAD_LETTERS, json!({ "limit": 10 })).await.ok();
    let letters = answer["letters"].as_array().unwrap();
    let of = |id: &str| letters.iter().find(|letter| letter["messageId"] == id).unwrap();
    assert_eq!(of("unfit")["messageType"], "ops.v1.Incident");
    assert!(of("unfit")["json"].as_str().unwrap().contains("no uuid"));
    assert!(!of("unfit")["reason"].as_str().unwrap().is_empty());
    assert_eq!((number(&of("nonsense")["payloadBytes"]), &of("nonsense")["json"]), (16, &Value::Null));

    let newest = stack.call(DEAD_LETTERS, json!({ "limit": 1 })).await.ok();
    assert_eq!(newest["letters"].as_array().unwrap().len(), 1);
    let refused = stack.call(DEAD_LETTERS, json!({ "limit": 101 })).await;
    assert!(refused.error("invalid_argument").contains("dlq list"));
}

/// 64-bit numbers are texts in JSON.
fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}
