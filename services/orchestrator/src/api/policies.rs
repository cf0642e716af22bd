//! `ops.v1.PolicyService`: the kill switch, and the approval policies.

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use http::HeaderMap;
use proto::ops::v1::policy_service_connect::PolicyServiceBuilder;
use proto::ops::v1::{
    ApprovalPolicies, GetAutomationRequest, GetAutomationResponse, GetPoliciesRequest, GetPoliciesResponse,
    PauseAutomationRequest, PauseAutomationResponse, ResumeAutomationRequest, ResumeAutomationResponse,
    SetPoliciesRequest, SetPoliciesResponse, TestPoliciesRequest, TestPoliciesResponse,
};
use rulebook::policies::KEY as APPROVAL;
use rulebook::switch::KEY;
use store::actions::ActionFilter;

use super::asked::{Asked, MAX_REASON};
use super::fields;
use crate::app::App;
use crate::automation::{self, Wish};
use crate::change;
use crate::error;
use crate::policies::{self, trial};

/// Proposals that policies are tried on unless asked otherwise.
const MOST_TRIALS: u32 = 1_000;

/// The service's routes.
pub(crate) fn router(app: App) -> Router {
    PolicyServiceBuilder::<App>::new()
        .get_automation(get_automation)
        .pause_automation(pause)
        .resume_automation(resume)
        .get_policies(get_policies)
        .set_policies(set_policies)
        .test_policies(test_policies)
        .with_state(app)
        .build()
}

async fn get_automation(
    State(app): State<App>,
    ConnectRequest(GetAutomationRequest {}): ConnectRequest<GetAutomationRequest>,
) -> Result<ConnectResponse<GetAutomationResponse>, ConnectError> {
    Ok(ConnectResponse(automation::shown(&app).await))
}

async fn pause(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<PauseAutomationRequest>,
) -> Result<ConnectResponse<PauseAutomationResponse>, ConnectError> {
    let PauseAutomationRequest { reason, operator } = request;
    let asked = asked(operator, &reason, 0)?.by(&headers, Wish::Pause)?;
    let automation = change::change(&app, &asked).await?;
    let cancelled = automation::call_back_now(&app, &automation).await;
    Ok(ConnectResponse(PauseAutomationResponse { automation: Some(automation), cancelled }))
}

async fn resume(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<ResumeAutomationRequest>,
) -> Result<ConnectResponse<ResumeAutomationResponse>, ConnectError> {
    let ResumeAutomationRequest { reason, operator, expected_version } = request;
    let asked = asked(operator, &reason, expected_version)?.by(&headers, Wish::Resume)?;
    let automation = change::change(&app, &asked).await?;
    Ok(ConnectResponse(ResumeAutomationResponse { automation: Some(automation) }))
}

async fn get_policies(
    State(app): State<App>,
    ConnectRequest(GetPoliciesRequest {}): ConnectRequest<GetPoliciesRequest>,
) -> Result<ConnectResponse<GetPoliciesResponse>, ConnectError> {
    let kept = change::kept::<ApprovalPolicies>(&app, APPROVAL).await?;
    // Before the first change there are none.
    let policies = kept.map(|kept| kept.value).unwrap_or_default();
    Ok(ConnectResponse(GetPoliciesResponse { policies: Some(policies) }))
}

async fn set_policies(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<SetPoliciesRequest>,
) -> Result<ConnectResponse<SetPoliciesResponse>, ConnectError> {
    let body_hash =
        fields::body_hash("set", &SetPoliciesRequest { idempotency_key: String::new(), ..request.clone() });
    let SetPoliciesRequest { policies, expected_version, operator, reason, idempotency_key } = request;
    let asked =
        Asked { key: APPROVAL.to_owned(), expected_version, operator, reason, idempotency_key, body_hash };
    let policies = change::change(&app, &asked.by(&headers, policies::Wish(policies))?).await?;
    Ok(ConnectResponse(SetPoliciesResponse { policies: Some(policies) }))
}

async fn test_policies(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<TestPoliciesRequest>,
) -> Result<ConnectResponse<TestPoliciesResponse>, ConnectError> {
    let TestPoliciesRequest { policies, simulation_id, limit } = request;
    let set = policies::checked(&policies)
        .map_err(|mistakes| error::invalid(format!("The policies cannot be tried: {mistakes}.")))?;
    let filter = ActionFilter {
        simulation_id: fields::optional_simulation(simulation_id)?,
        ..ActionFilter::default()
    };
    let limit = fields::page(if limit == 0 { MOST_TRIALS } else { limit }, "")?.limit;
    let tried = async {
        let mut conn = app.store.acquire().await?;
        trial::of_history(&mut conn, &set, &filter, limit).await
    };
    Ok(ConnectResponse(tried.await.map_err(|failure| error::database("read the proposals", &failure))?))
}

/// Both changes can be repeated as they are, so they take no key: pausing works without the database.
fn asked(operator: String, reason: &str, expected_version: u64) -> Result<Asked, ConnectError> {
    Ok(Asked {
        key: KEY.to_owned(),
        expected_version,
        operator,
        reason: fields::text("reason", reason, MAX_REASON)?,
        idempotency_key: String::new(),
        body_hash: Vec::new(),
    })
}
