//! `ops.v1.ActionService`: what waits for a decision, decisions, and what became of them.

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use http::HeaderMap;
use proto::ops::v1::action_service_connect::ActionServiceBuilder;
use proto::ops::v1::{
    AgentServiceProposeRequest, ApproveActionRequest, ApproveActionResponse, GetActionHistoryRequest,
    GetActionHistoryResponse, GetActionRequest, GetActionResponse, GetCalibrationRequest,
    GetCalibrationResponse, ListPendingActionsRequest, ListPendingActionsResponse, PreviewActionRequest,
    PreviewActionResponse, PreviewIncidentRequest, PreviewIncidentResponse, ProposeActionRequest,
    ProposeActionResponse, RejectActionRequest, RejectActionResponse,
};
use remedy::lifecycle::Answer;
use store::actions::{self, ActionFilter, ActionRow};
use store::{Cursor, Page, predictions};

use super::agents::too_soon;
use super::fields;
use crate::agents::{self, Call, identity};
use crate::app::App;
use crate::convert;
use crate::decision::{self, Decision, Request};
use crate::error;
use crate::preview::{self, Reach};
use crate::proposals::Proposer;

/// Longest reason of a rejection.
const MAX_REASON: usize = 1_000;

/// The service's routes.
pub(crate) fn router(app: App) -> Router {
    ActionServiceBuilder::<App>::new()
        .list_pending_actions(list_pending)
        .propose_action(propose)
        .get_calibration(get_calibration)
        .approve_action(approve)
        .reject_action(reject)
        .get_action_history(history)
        .get_action(get)
        .preview_action(preview_action)
        .preview_incident(preview_incident)
        .with_state(app)
        .build()
}

async fn list_pending(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<ListPendingActionsRequest>,
) -> Result<ConnectResponse<ListPendingActionsResponse>, ConnectError> {
    let simulation = fields::optional_simulation(request.simulation_id)?;
    let rows = async {
        let mut conn = app.store.acquire().await?;
        actions::pending(&mut conn, simulation.as_deref()).await
    };
    let rows = rows.await.map_err(|e| error::database("list the pending actions", &e))?;
    Ok(ConnectResponse(ListPendingActionsResponse {
        actions: rows.into_iter().map(convert::action).collect(),
    }))
}

async fn propose(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<ProposeActionRequest>,
) -> Result<ConnectResponse<ProposeActionResponse>, ConnectError> {
    let bare = ProposeActionRequest { idempotency_key: String::new(), ..request.clone() };
    let body_hash = fields::body_hash("propose", &bare);
    let ProposeActionRequest { incident_id, r#type, target_id, replicas, reason, operator, idempotency_key } =
        request;
    let operator = fields::operator(&operator)?;
    app.agents.admit_operator().map_err(|limited| too_soon(&app, limited))?;
    let taken = async {
        let mut conn = app.store.acquire().await?;
        identity::is_taken(&mut conn, &operator).await
    };
    if taken.await.map_err(|e| error::database("look whether an agent has your name", &e))? {
        return Err(error::invalid(format!("{operator:?} is the name of an agent; propose under your own.")));
    }
    let request = AgentServiceProposeRequest {
        incident_id,
        r#type,
        target_id,
        replicas,
        reason,
        expected_target_version: 0,
        tick: 0,
        idempotency_key,
    };
    let traceparent = fields::traceparent(&headers);
    let call = Call { by: Proposer::Operator(operator), request, body_hash, traceparent };
    let action = agents::propose(&app, &call).await?;
    Ok(ConnectResponse(ProposeActionResponse { action: Some(action) }))
}

async fn get_calibration(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<GetCalibrationRequest>,
) -> Result<ConnectResponse<GetCalibrationResponse>, ConnectError> {
    let simulation = fields::optional_simulation(request.simulation_id)?;
    let tallies = async {
        let mut conn = app.store.acquire().await?;
        predictions::calibration(&mut conn, simulation.as_deref()).await
    };
    let tallies = tallies.await.map_err(|e| error::database("compare predictions with what came", &e))?;
    let (all, by_type): (Vec<_>, Vec<_>) = tallies.into_iter().partition(|tally| tally.action_type.is_none());
    Ok(ConnectResponse(GetCalibrationResponse {
        by_type: by_type.iter().map(convert::calibration).collect(),
        all: all.first().map(convert::calibration),
    }))
}

async fn approve(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<ApproveActionRequest>,
) -> Result<ConnectResponse<ApproveActionResponse>, ConnectError> {
    let decision = Decision {
        action_id: fields::uuid("action_id", &request.action_id)?,
        says: Answer::Approve { replicas: (request.replicas != 0).then_some(request.replicas) },
        by: fields::operator(&request.operator)?,
        reason: String::new(),
        expected_version: expected_version(request.expected_version),
        automatic: false,
    };
    let ApproveActionRequest { idempotency_key, .. } = request.clone();
    let body_hash =
        fields::body_hash("approve", &ApproveActionRequest { idempotency_key: String::new(), ..request });
    let request = complete(decision, &idempotency_key, body_hash, &headers)?;
    let action = decision::decide(&app, &request).await?;
    Ok(ConnectResponse(ApproveActionResponse { action: Some(action) }))
}

async fn reject(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<RejectActionRequest>,
) -> Result<ConnectResponse<RejectActionResponse>, ConnectError> {
    let decision = Decision {
        action_id: fields::uuid("action_id", &request.action_id)?,
        says: Answer::Reject,
        by: fields::operator(&request.operator)?,
        reason: fields::text("reason", &request.reason, MAX_REASON)?,
        expected_version: expected_version(request.expected_version),
        automatic: false,
    };
    let RejectActionRequest { idempotency_key, .. } = request.clone();
    let body_hash =
        fields::body_hash("reject", &RejectActionRequest { idempotency_key: String::new(), ..request });
    let request = complete(decision, &idempotency_key, body_hash, &headers)?;
    let action = decision::decide(&app, &request).await?;
    Ok(ConnectResponse(RejectActionResponse { action: Some(action) }))
}

async fn history(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<GetActionHistoryRequest>,
) -> Result<ConnectResponse<GetActionHistoryResponse>, ConnectError> {
    let GetActionHistoryRequest { simulation_id, incident_id, with_symptoms, limit, page_token } = request;
    let filter = ActionFilter {
        simulation_id: fields::optional_simulation(simulation_id)?,
        incident_id: fields::optional_uuid("incident_id", &incident_id)?,
        with_symptoms,
    };
    let page = fields::page(limit, &page_token)?;
    let rows = async {
        let mut conn = app.store.acquire().await?;
        // One more than asked for tells whether there is a next page.
        actions::history(&mut conn, &filter, Page { limit: page.limit + 1, ..page }).await
    };
    let rows = rows.await.map_err(|e| error::database("list the actions", &e))?;
    let (rows, next_page_token) =
        fields::cut(rows, page.limit, |row| Cursor { at: row.proposed_at, id: row.id });
    Ok(ConnectResponse(GetActionHistoryResponse {
        actions: rows.into_iter().map(convert::action).collect(),
        next_page_token,
    }))
}

async fn get(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<GetActionRequest>,
) -> Result<ConnectResponse<GetActionResponse>, ConnectError> {
    let row = found(&app, &request.action_id).await?;
    let predicted = async {
        let mut conn = app.store.acquire().await?;
        predictions::get(&mut conn, row.id).await
    };
    let predicted = predicted.await.map_err(|e| error::database("read what was expected of it", &e))?;
    Ok(ConnectResponse(GetActionResponse {
        action: Some(convert::action(row)),
        prediction: predicted.map(convert::prediction),
    }))
}

async fn preview_action(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<PreviewActionRequest>,
) -> Result<ConnectResponse<PreviewActionResponse>, ConnectError> {
    let PreviewActionRequest { action_id, futures, horizon_s } = request;
    let row = found(&app, &action_id).await?;
    let preview = preview::of_action(&app, row, Reach { futures, horizon_s }).await?;
    Ok(ConnectResponse(PreviewActionResponse { preview: Some(preview) }))
}

async fn preview_incident(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<PreviewIncidentRequest>,
) -> Result<ConnectResponse<PreviewIncidentResponse>, ConnectError> {
    let PreviewIncidentRequest { incident_id, futures, horizon_s } = request;
    let id = fields::uuid("incident_id", &incident_id)?;
    let preview = preview::of_incident(&app, id, Reach { futures, horizon_s }).await?;
    Ok(ConnectResponse(PreviewIncidentResponse { preview: Some(preview) }))
}

async fn found(app: &App, action_id: &str) -> Result<ActionRow, ConnectError> {
    let id = fields::uuid("action_id", action_id)?;
    let row = async {
        let mut conn = app.store.acquire().await?;
        actions::get(&mut conn, id).await
    };
    row.await.map_err(|e| error::database("read the action", &e))?.ok_or_else(|| {
        error::not_found(format!("There is no action {id}. GetActionHistory lists the ones there are."))
    })
}

fn complete(
    decision: Decision,
    idempotency_key: &str,
    body_hash: Vec<u8>,
    headers: &HeaderMap,
) -> Result<Request, ConnectError> {
    let idempotency_key = fields::idempotency_key(idempotency_key)?;
    Ok(Request { decision, idempotency_key, body_hash, traceparent: Some(fields::traceparent(headers)) })
}

/// 0 on the wire means "whatever is there".
fn expected_version(version: u64) -> Option<u64> {
    (version != 0).then_some(version)
}
