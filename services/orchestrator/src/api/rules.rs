//! `ops.v1.RuleService`: detection rules.

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use http::HeaderMap;
use proto::ops::v1::rule_service_connect::RuleServiceBuilder;
use proto::ops::v1::{
    Rule, RuleDefinition, RuleServiceCreateRequest, RuleServiceCreateResponse, RuleServiceDeleteRequest,
    RuleServiceDeleteResponse, RuleServiceGetRequest, RuleServiceGetResponse, RuleServiceListRequest,
    RuleServiceListResponse, RuleServiceRestoreRequest, RuleServiceRestoreResponse,
    RuleServiceSetEnabledRequest, RuleServiceSetEnabledResponse, RuleServiceUpdateRequest,
    RuleServiceUpdateResponse,
};

use super::asked::Asked;
use super::fields;
use crate::app::App;
use crate::change;
use crate::error;
use crate::rules::{self, Wish};

mod trial;

/// Longest name of a rule.
const MAX_NAME: usize = 64;

/// The calls that take a moment.
pub(crate) fn router(app: App) -> Router {
    RuleServiceBuilder::<App>::new()
        .list(list)
        .get(get)
        .create(create)
        .update(update)
        .delete(delete)
        .set_enabled(set_enabled)
        .restore(restore)
        .with_state(app)
        .build()
}

/// `Test`, which may take a minute.
pub(crate) fn trials(app: App) -> Router {
    RuleServiceBuilder::<App>::new().test(trial::test).with_state(app).build()
}

async fn list(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<RuleServiceListRequest>,
) -> Result<ConnectResponse<RuleServiceListResponse>, ConnectError> {
    let book = rules::read(&app).await?;
    let wanted = book.rules().filter(|rule| request.include_deleted || !rule.deleted);
    Ok(ConnectResponse(RuleServiceListResponse {
        rules: wanted.cloned().collect(),
        revision: book.revision(),
    }))
}

async fn get(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<RuleServiceGetRequest>,
) -> Result<ConnectResponse<RuleServiceGetResponse>, ConnectError> {
    let name = name(&request.name)?;
    let kept = change::kept::<Rule>(&app, &name).await?.ok_or_else(|| rules::missing(&name, None))?;
    Ok(ConnectResponse(RuleServiceGetResponse { rule: Some(kept.value) }))
}

async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<RuleServiceCreateRequest>,
) -> Result<ConnectResponse<RuleServiceCreateResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "create",
        &RuleServiceCreateRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let RuleServiceCreateRequest { rule, operator, reason, idempotency_key } = request;
    let rule = checked(rule)?;
    let asked =
        Asked { key: name(&rule.name)?, expected_version: 0, operator, reason, idempotency_key, body_hash };
    let rule = change::change(&app, &asked.by(&headers, Wish::Create(rule))?).await?;
    Ok(ConnectResponse(RuleServiceCreateResponse { rule: Some(rule) }))
}

async fn update(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<RuleServiceUpdateRequest>,
) -> Result<ConnectResponse<RuleServiceUpdateResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "update",
        &RuleServiceUpdateRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let RuleServiceUpdateRequest { rule, expected_version, operator, reason, idempotency_key } = request;
    let rule = checked(rule)?;
    let asked =
        Asked { key: name(&rule.name)?, expected_version, operator, reason, idempotency_key, body_hash };
    let rule = change::change(&app, &asked.by(&headers, Wish::Update(rule))?).await?;
    Ok(ConnectResponse(RuleServiceUpdateResponse { rule: Some(rule) }))
}

async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<RuleServiceDeleteRequest>,
) -> Result<ConnectResponse<RuleServiceDeleteResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "delete",
        &RuleServiceDeleteRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let RuleServiceDeleteRequest { name, expected_version, operator, reason, idempotency_key } = request;
    let asked =
        Asked { key: self::name(&name)?, expected_version, operator, reason, idempotency_key, body_hash };
    let rule = change::change(&app, &asked.by(&headers, Wish::Delete)?).await?;
    Ok(ConnectResponse(RuleServiceDeleteResponse { rule: Some(rule) }))
}

async fn set_enabled(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<RuleServiceSetEnabledRequest>,
) -> Result<ConnectResponse<RuleServiceSetEnabledResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "set_enabled",
        &RuleServiceSetEnabledRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let RuleServiceSetEnabledRequest { name, enabled, expected_version, operator, reason, idempotency_key } =
        request;
    let asked =
        Asked { key: self::name(&name)?, expected_version, operator, reason, idempotency_key, body_hash };
    let rule = change::change(&app, &asked.by(&headers, Wish::SetEnabled(enabled))?).await?;
    Ok(ConnectResponse(RuleServiceSetEnabledResponse { rule: Some(rule) }))
}

async fn restore(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<RuleServiceRestoreRequest>,
) -> Result<ConnectResponse<RuleServiceRestoreResponse>, ConnectError> {
    let body_hash = fields::body_hash(
        "restore",
        &RuleServiceRestoreRequest { idempotency_key: String::new(), ..request.clone() },
    );
    let RuleServiceRestoreRequest { name, expected_version, operator, reason, idempotency_key } = request;
    let asked =
        Asked { key: self::name(&name)?, expected_version, operator, reason, idempotency_key, body_hash };
    let rule = change::change(&app, &asked.by(&headers, Wish::Restore)?).await?;
    Ok(ConnectResponse(RuleServiceRestoreResponse { rule: Some(rule) }))
}

fn name(name: &str) -> Result<String, ConnectError> {
    fields::text("name", name, MAX_NAME)
}

/// The definition with nothing left out.
fn checked(rule: Option<RuleDefinition>) -> Result<RuleDefinition, ConnectError> {
    let rule = rule.ok_or_else(|| error::invalid("rule is missing: send the definition of the rule."))?;
    let set = rulebook::checked(std::slice::from_ref(&rule))
        .map_err(|mistakes| error::invalid(format!("{mistakes}.")))?;
    Ok(set.rules().iter().map(rulebook::definition).next().unwrap_or(rule))
}
