//! Typed clients of the orchestrator.

use std::time::Duration;

use connectrpc_axum_client::ClientBuildError;
use proto::ops::v1::action_service_connect_client::ActionServiceClient;
use proto::ops::v1::agent_service_connect_client::AgentServiceClient;
use proto::ops::v1::game_service_connect_client::GameServiceClient;
use proto::ops::v1::incident_service_connect_client::IncidentServiceClient;
use proto::ops::v1::policy_service_connect_client::PolicyServiceClient;
use proto::ops::v1::preview_service_connect_client::PreviewServiceClient;
use proto::ops::v1::rule_service_connect_client::RuleServiceClient;
use proto::ops::v1::silence_service_connect_client::SilenceServiceClient;
use proto::ops::v1::telemetry_service_connect_client::TelemetryServiceClient;
use proto::sim::v1::control_service_connect_client::ControlServiceClient;
use proto::sim::v1::simulation_service_connect_client::SimulationServiceClient;

use crate::output::Failure;
use crate::stack::Target;

/// Longer than any call takes when all is well; `step 100000` is the slowest.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// A test of rules takes up to a minute, and then says so itself.
const RULE_TIMEOUT: Duration = Duration::from_secs(75);

pub(crate) fn actions(target: &Target) -> Result<ActionServiceClient, Failure> {
    ActionServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

/// The door for agents; calls of an agent carry its token.
pub(crate) fn agents(target: &Target, token: Option<&str>) -> Result<AgentServiceClient, Failure> {
    let builder = AgentServiceClient::builder(target.url()).use_proto().timeout(CALL_TIMEOUT);
    let builder = match token {
        Some(token) => builder.try_default_header("authorization", format!("Bearer {token}"))?,
        None => builder,
    };
    builder.build().map_err(|error| bad_url(target, &error))
}

pub(crate) fn games(target: &Target) -> Result<GameServiceClient, Failure> {
    GameServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

pub(crate) fn incidents(target: &Target) -> Result<IncidentServiceClient, Failure> {
    IncidentServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

pub(crate) fn control(target: &Target) -> Result<ControlServiceClient, Failure> {
    ControlServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

pub(crate) fn simulations(target: &Target) -> Result<SimulationServiceClient, Failure> {
    SimulationServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

pub(crate) fn rules(target: &Target) -> Result<RuleServiceClient, Failure> {
    RuleServiceClient::builder(target.url())
        .use_proto()
        .timeout(RULE_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

pub(crate) fn silences(target: &Target) -> Result<SilenceServiceClient, Failure> {
    SilenceServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

pub(crate) fn policies(target: &Target) -> Result<PolicyServiceClient, Failure> {
    PolicyServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

pub(crate) fn previews(target: &Target) -> Result<PreviewServiceClient, Failure> {
    PreviewServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

pub(crate) fn telemetry(target: &Target) -> Result<TelemetryServiceClient, Failure> {
    TelemetryServiceClient::builder(target.url())
        .use_proto()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| bad_url(target, &error))
}

fn bad_url(target: &Target, error: &ClientBuildError) -> Failure {
    Failure::Usage(format!(
        "{:?} is not a usable URL ({error}): write one like http://127.0.0.1:8081",
        target.url()
    ))
}
