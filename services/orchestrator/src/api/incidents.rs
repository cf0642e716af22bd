//! `ops.v1.IncidentService`: incidents as operators see them, who is on them, and what people write about them.

mod notes;

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use http::HeaderMap;
use proto::common::v1::Severity;
use proto::ops::v1::incident_service_connect::IncidentServiceBuilder;
use proto::ops::v1::{
    Incident, IncidentServiceAcknowledgeRequest, IncidentServiceAcknowledgeResponse,
    IncidentServiceGetRequest, IncidentServiceGetResponse, IncidentServiceListRequest,
    IncidentServiceListResponse,
};
use store::incidents::{self, IncidentFilter, IncidentRow};
use store::{Cursor, Page, StoreError};
use uuid::Uuid;

use super::fields;
use crate::app::App;
use crate::error;
use crate::record::{self, Note};

/// The service's routes.
pub(crate) fn router(app: App) -> Router {
    IncidentServiceBuilder::<App>::new()
        .list(list)
        .get(get)
        .acknowledge(acknowledge)
        .list_notes(notes::list)
        .add_note(notes::add)
        .remove_note(notes::remove)
        .with_state(app)
        .build()
}

async fn list(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<IncidentServiceListRequest>,
) -> Result<ConnectResponse<IncidentServiceListResponse>, ConnectError> {
    let IncidentServiceListRequest {
        simulation_id,
        open_only,
        min_severity,
        limit,
        page_token,
        leads_only,
        symptom_of,
    } = request;
    if Severity::try_from(min_severity).is_err() {
        return Err(error::invalid(
            "min_severity must be a value of Severity, from 1 (info) to 4 (critical), or 0 for all.",
        ));
    }
    let filter = IncidentFilter {
        simulation_id: fields::optional_simulation(simulation_id)?,
        open_only,
        min_severity,
        leads_only,
        symptom_of: fields::optional_uuid("symptom_of", &symptom_of)?,
    };
    let page = fields::page(limit, &page_token)?;
    let rows = async {
        let mut conn = app.store.acquire().await?;
        // One more than asked for tells whether there is a next page.
        incidents::list(&mut conn, &filter, Page { limit: page.limit + 1, ..page }).await
    };
    let rows = rows.await.map_err(|e| error::database("list the incidents", &e))?;
    let (rows, next_page_token) =
        fields::cut(rows, page.limit, |row| Cursor { at: row.detected_at, id: row.id });
    Ok(ConnectResponse(IncidentServiceListResponse {
        incidents: rows.into_iter().map(wire::incident).collect(),
        next_page_token,
    }))
}

async fn get(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<IncidentServiceGetRequest>,
) -> Result<ConnectResponse<IncidentServiceGetResponse>, ConnectError> {
    let id = fields::uuid("incident_id", &request.incident_id)?;
    let row = async {
        let mut conn = app.store.acquire().await?;
        incidents::get(&mut conn, id).await
    };
    let row = row.await.map_err(|e| error::database("read the incident", &e))?;
    Ok(ConnectResponse(IncidentServiceGetResponse { incident: Some(found(id, row)?) }))
}

async fn acknowledge(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<IncidentServiceAcknowledgeRequest>,
) -> Result<ConnectResponse<IncidentServiceAcknowledgeResponse>, ConnectError> {
    let id = fields::uuid("incident_id", &request.incident_id)?;
    let operator = fields::operator(&request.operator)?;
    let traceparent = fields::traceparent(&headers);
    let row = acknowledged(&app, id, &operator, &traceparent)
        .await
        .map_err(|e| error::database("acknowledge the incident", &e))?;
    let incident = found(id, row)?;
    if let Some(hub) = app.hubs.find(&incident.simulation_id)
        && let Err(failure) = hub.publish_acknowledgement(&incident)
    {
        // It is recorded; pages see it with their next snapshot.
        tracing::error!(
            error = &failure as &dyn std::error::Error,
            "acknowledgement not put on the event stream"
        );
    }
    Ok(ConnectResponse(IncidentServiceAcknowledgeResponse { incident: Some(incident) }))
}

async fn acknowledged(
    app: &App,
    id: Uuid,
    operator: &str,
    traceparent: &str,
) -> Result<Option<IncidentRow>, StoreError> {
    let mut tx = app.store.begin().await?;
    let before = incidents::get(&mut tx, id).await?;
    let Some(first) = incidents::acknowledge(&mut tx, id, operator).await? else { return Ok(None) };
    // Repeating it changes nothing and needs no second entry.
    let new = before.as_ref().is_some_and(|row| row.acknowledged_by.is_empty());
    if let Some(row) = before.filter(|_| new && first.acknowledged_by == operator) {
        let note = Note {
            actor: operator.to_owned(),
            verb: "incident.acknowledge",
            simulation_id: row.simulation_id,
            subject_id: id.to_string(),
            reason: String::new(),
        };
        record::note(&mut tx, note, Some(traceparent)).await?;
    }
    let after = incidents::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

fn found(id: Uuid, row: Option<IncidentRow>) -> Result<Incident, ConnectError> {
    row.map(wire::incident).ok_or_else(|| no_incident(id))
}

fn no_incident(id: Uuid) -> ConnectError {
    error::not_found(format!("There is no incident {id}. IncidentService.List names the ones there are."))
}
