//! `ops.v1.IncidentService`.

use proto::common::v1::Severity;
use proto::ops::v1::Incident;
use serde_json::json;
use uuid::Uuid;

use crate::stack::{Stack, incident, resolved, simulated};

const LIST: &str = "ops.v1.IncidentService/List";
const GET: &str = "ops.v1.IncidentService/Get";
const ACKNOWLEDGE: &str = "ops.v1.IncidentService/Acknowledge";

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
