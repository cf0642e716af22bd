//! `ops.v1.IncidentService`.

use proto::common::v1::Severity;
use proto::ops::v1::Incident;
use serde_json::json;
use uuid::Uuid;

use crate::stack::{Stack, incident, resolved, simulated};

const LIST: &str = "ops.v1.IncidentService/List";
const GET: &str = "ops.v1.IncidentService/Get";
const ACKNOWLEDGE: &str = "ops.v1.IncidentService/Acknowledge";
const NOTES: &str = "ops.v1.IncidentService/ListNotes";
const ADD_NOTE: &str = "ops.v1.IncidentService/AddNote";
const REMOVE_NOTE: &str = "ops.v1.IncidentService/RemoveNote";

#[tokio::test]
async fn incidents_are_listed_newest_first_in_pages_and_by_filter() {
    let stack = Stack::start().await;
    for number in 0..5_u64 {
        let incident = Incident {
            tick: 400 + number * 20,
            detected_at: Some(simulated(400 + number * 20)),
            severity: if number == 0 { Severity::Warning } else { Severity::Critical }.into(),
            ..incident(Uuid::from_u128(u128::from(number)))
        };
        stack.store_incident(&incident).await;
        if number == 4 {
            stack.store_incident(&resolved(&incident)).await;
        }
    }

    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = stack.call(LIST, json!({ "limit": 2, "pageToken": token })).await.ok();
        let incidents = page["incidents"].as_array().unwrap();
        assert!(incidents.len() <= 2);
        seen.extend(incidents.iter().map(|incident| incident["tick"].as_str().unwrap().to_owned()));
        token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["480", "460", "440", "420", "400"]);
    let open = stack.call(LIST, json!({ "openOnly": true })).await.ok();
    assert_eq!(open["incidents"].as_array().unwrap().len(), 4);
    let critical = stack.call(LIST, json!({ "minSeverity": "SEVERITY_CRITICAL" })).await.ok();
    assert_eq!(critical["incidents"].as_array().unwrap().len(), 4);
    let elsewhere = stack.call(LIST, json!({ "simulationId": "elsewhere" })).await.ok();
    assert!(elsewhere["incidents"].is_null());

    assert!(stack.call(LIST, json!({ "limit": 1001 })).await.error("invalid_argument").starts_with("limit"));
    assert!(
        stack
            .call(LIST, json!({ "pageToken": "x" }))
            .await
            .error("invalid_argument")
            .starts_with("page_token")
    );
    stack.call(LIST, json!({ "minSeverity": 9 })).await.error("invalid_argument");
}

#[tokio::test]
async fn one_incident_can_be_read() {
    let stack = Stack::start().await;
    let incident = incident(Uuid::new_v4());
    stack.store_incident(&incident).await;
    let read = stack.call(GET, json!({ "incidentId": incident.id })).await.ok();
    assert_eq!(read["incident"]["title"], incident.title);
    assert_eq!(read["incident"]["target"], json!({ "kind": "TARGET_KIND_SERVICE", "id": "checkout" }));
    stack.call(GET, json!({ "incidentId": Uuid::new_v4() })).await.error("not_found");
    stack.call(GET, json!({ "incidentId": "7" })).await.error("invalid_argument");
}

#[tokio::test]
async fn the_first_to_acknowledge_wins_and_repeating_changes_nothing() {
    let stack = Stack::start().await;
    let incident = incident(Uuid::new_v4());
    stack.store_incident(&incident).await;

    let mut since = Vec::new();
    for operator in ["alice", "alice", "bob"] {
        let body = json!({ "incidentId": incident.id, "operator": operator });
        let answer = stack.call(ACKNOWLEDGE, body).await.ok();
        assert_eq!(answer["incident"]["acknowledgedBy"], "alice");
        since.push(answer["incident"]["acknowledgedAt"].as_str().unwrap().to_owned());
    }
    assert!(since.iter().all(|at| *at == since[0]), "{since:?}");

    assert_eq!(stack.audit(&incident.id).await, ["incident.acknowledge"]);
    let unknown = json!({ "incidentId": Uuid::new_v4(), "operator": "alice" });
    stack.call(ACKNOWLEDGE, unknown).await.error("not_found");
    let nobody = json!({ "incidentId": incident.id, "operator": " " });
    stack.call(ACKNOWLEDGE, nobody).await.error("invalid_argument");
}

#[tokio::test]
async fn notes_are_written_once_by_name_and_removed_by_their_author_only() {
    let stack = Stack::start().await;
    let incident = incident(Uuid::new_v4());
    stack.store_incident(&resolved(&incident)).await;
    let notes = async || stack.call(NOTES, json!({ "incidentId": incident.id })).await.ok()["notes"].clone();
    let wish = |text: &str, key: &str| json!({ "incidentId": incident.id, "text": text, "operator": "ana", "idempotencyKey": key });

    let first = stack.call(ADD_NOTE, wish(" The disk\nis <b>full</b>. ", "a")).await.ok()["note"].clone();
    assert_eq!(
        (first["author"].as_str(), first["text"].as_str()),
        (Some("ana"), Some("The disk\nis <b>full</b>."))
    );
    assert_eq!(
        stack.call(ADD_NOTE, wish(" The disk\nis <b>full</b>. ", "a")).await.ok()["note"],
        first,
        "repeated, not written again"
    );
    stack.call(ADD_NOTE, wish("Something else.", "a")).await.error("invalid_argument");
    let second = stack.call(ADD_NOTE, wish("Cleaned up.", "b")).await.ok()["note"].clone();
    assert_eq!(notes().await, json!([first, second]), "oldest first");

    let by = |operator: &str| json!({ "noteId": first["id"], "operator": operator });
    stack.call(REMOVE_NOTE, by("ben")).await.error("permission_denied");
    for _ in 0..2 {
        let removed = stack.call(REMOVE_NOTE, by("ana")).await.ok()["note"].clone();
        assert_eq!((&removed["removed"], &removed["text"]), (&json!(true), &json!(null)));
    }
    assert_eq!(notes().await, json!([second]));
    assert_eq!(stack.audit(&incident.id).await, ["incident.note", "incident.note", "incident.note.remove"]);
}

#[tokio::test]
async fn a_note_that_cannot_be_kept_is_refused_with_a_reason() {
    let stack = Stack::start().await;
    let incident = incident(Uuid::new_v4());
    stack.store_incident(&incident).await;
    let wish =
        |incident: &str, text: &str| json!({ "incidentId": incident, "text": text, "operator": "ana" });
    let nowhere = Uuid::new_v4().to_string();
    stack.call(ADD_NOTE, wish(&nowhere, "Hello.")).await.error("not_found");
    stack.call(NOTES, json!({ "incidentId": nowhere })).await.error("not_found");
    stack.call(REMOVE_NOTE, json!({ "noteId": nowhere, "operator": "ana" })).await.error("not_found");
    for text in ["", "  \n", "a\u{0}b", &"x".repeat(4_001)] {
        stack.call(ADD_NOTE, wish(&incident.id, text)).await.error("invalid_argument");
    }
    for _ in 0..200 {
        stack.call(ADD_NOTE, wish(&incident.id, &"x".repeat(4_000))).await.ok();
    }
    let full = stack.call(ADD_NOTE, wish(&incident.id, "One more.")).await.error("resource_exhausted");
    assert!(full.contains("200 notes"), "{full}");
}
