//! `ops.v1.SilenceService`: silences and maintenance windows.

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use http::HeaderMap;
use proto::ops::v1::silence_service_connect::SilenceServiceBuilder;
use proto::ops::v1::{
    Silence, SilenceDefinition, SilenceServiceCreateRequest, SilenceServiceCreateResponse,
    SilenceServiceDeleteRequest, SilenceServiceDeleteResponse, SilenceServiceEndRequest,
    SilenceServiceEndResponse, SilenceServiceGetRequest, SilenceServiceGetResponse,
    SilenceServiceListRequest, SilenceServiceListResponse, SilenceServiceUpdateRequest,
    SilenceServiceUpdateResponse, SilenceState,
};
use uuid::Uuid;

use super::asked::Asked;
use super::fields;
use crate::app::App;
use crate::change;
use crate::error;
use crate::silences::{self, Wish};

/// Longest comment; what more there is to say belongs in a ticket that it names.
const MAX_COMMENT: usize = 1_024;

/// The service's routes.
pub(crate) fn router(app: App) -> Router {
    SilenceServiceBuilder::<App>::new()
        .list(list)
        .get(get)
        .create(create)
        .update(update)
        .end(end)
        .delete(delete)
        .with_state(app)
        .build()
}

async fn list(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<SilenceServiceListRequest>,
) -> Result<ConnectResponse<SilenceServiceListResponse>, ConnectError> {
    let SilenceServiceListRequest { simulation_id, include_over, include_deleted } = request;
    let simulation_id = fields::optional_simulation(simulation_id)?;
    let book = silences::read(&app).await?;
    let silences = book.silences().into_iter().cloned().map(|silence| shown(&app, silence));
    let wanted = silences.filter(|silence| {
        simulation_id.as_ref().is_none_or(|id| *id == silence.simulation_id)
            && if silence.deleted {
                include_deleted
            } else {
                include_over || silence.state() != SilenceState::Over
            }
    });
    Ok(ConnectResponse(SilenceServiceListResponse { silences: wanted.collect(), revision: book.revision() }))
}

async fn get(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<SilenceServiceGetRequest>,
) -> Result<ConnectResponse<SilenceServiceGetResponse>, ConnectError> {
    let id = id(&request.silence_id)?;
    let kept = change::kept::<Silence>(&app, &id).await?.ok_or_else(|| silences::missing(&id, None))?;
    Ok(ConnectResponse(SilenceServiceGetResponse { silence: Some(shown(&app, kept.value)) }))
}

async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<SilenceServiceCreateRequest>,
) -> Result<ConnectResponse<SilenceServiceCreateResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "create",
        &SilenceServiceCreateRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let SilenceServiceCreateRequest { silence, simulation_id, operator, idempotency_key } = request;
    let definition = checked(silence)?;
    // Repeated with its key, the call is about the same silence.
    let key = if idempotency_key.is_empty() {
        Uuid::new_v4()
    } else {
        Uuid::new_v5(&change::NAMESPACE, &[b"silence", idempotency_key.as_bytes(), &body_hash].concat())
    };
    let operator = fields::operator(&operator)?;
    let wish = Wish::Create {
        simulation_id: fields::simulation(simulation_id)?,
        operator: operator.clone(),
        definition,
    };
    let asked = Asked {
        key: key.to_string(),
        expected_version: 0,
        operator,
        reason: String::new(),
        idempotency_key,
        body_hash,
    };
    let silence = change::change(&app, &asked.by(&headers, wish)?).await?;
    Ok(ConnectResponse(SilenceServiceCreateResponse {
        warnings: silences::warnings(&app, &silence),
        silence: Some(shown(&app, silence)),
    }))
}

async fn update(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<SilenceServiceUpdateRequest>,
) -> Result<ConnectResponse<SilenceServiceUpdateResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "update",
        &SilenceServiceUpdateRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let SilenceServiceUpdateRequest {
        silence_id,
        silence,
        expected_version,
        operator,
        reason,
        idempotency_key,
    } = request;
    let wish = Wish::Update(checked(silence)?);
    let asked =
        Asked { key: id(&silence_id)?, expected_version, operator, reason, idempotency_key, body_hash };
    let silence = change::change(&app, &asked.by(&headers, wish)?).await?;
    Ok(ConnectResponse(SilenceServiceUpdateResponse {
        warnings: silences::warnings(&app, &silence),
        silence: Some(shown(&app, silence)),
    }))
}

async fn end(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<SilenceServiceEndRequest>,
) -> Result<ConnectResponse<SilenceServiceEndResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "end",
        &SilenceServiceEndRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let SilenceServiceEndRequest { silence_id, expected_version, operator, reason, idempotency_key } =
        request;
    let asked =
        Asked { key: id(&silence_id)?, expected_version, operator, reason, idempotency_key, body_hash };
    let silence = change::change(&app, &asked.by(&headers, Wish::End)?).await?;
    Ok(ConnectResponse(SilenceServiceEndResponse { silence: Some(shown(&app, silence)) }))
}

async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<SilenceServiceDeleteRequest>,
) -> Result<ConnectResponse<SilenceServiceDeleteResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "delete",
        &SilenceServiceDeleteRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let SilenceServiceDeleteRequest { silence_id, expected_version, operator, reason, idempotency_key } =
        request;
    let asked =
        Asked { key: id(&silence_id)?, expected_version, operator, reason, idempotency_key, body_hash };
    let silence = change::change(&app, &asked.by(&headers, Wish::Delete)?).await?;
    Ok(ConnectResponse(SilenceServiceDeleteResponse { silence: Some(shown(&app, silence)) }))
}

fn id(silence_id: &str) -> Result<String, ConnectError> {
    Ok(fields::uuid("silence_id", silence_id)?.to_string())
}

/// What a silence is to say, as far as that does not depend on the time.
fn checked(definition: Option<SilenceDefinition>) -> Result<SilenceDefinition, ConnectError> {
    let definition = definition
        .ok_or_else(|| error::invalid("silence is missing: say which incidents, for how long, and why."))?;
    if let Some(starts_at) = definition.starts_at {
        fields::instant("silence.starts_at", starts_at)?;
    }
    if let Some(proto::ops::v1::silence_definition::End::EndsAt(ends_at)) = definition.end {
        fields::instant("silence.ends_at", ends_at)?;
    }
    let comment = fields::text("silence.comment", &definition.comment, MAX_COMMENT)?;
    Ok(SilenceDefinition { comment, ..definition })
}

/// A silence with where it stands now.
fn shown(app: &App, mut silence: Silence) -> Silence {
    let now = silences::now(app, &silence.simulation_id);
    silence.set_state(silences::state(&silence, now));
    silence
}
