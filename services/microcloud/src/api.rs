//! Typed clients of the orchestrator.

use std::time::Duration;

use connectrpc_axum_client::ClientBuildError;
use proto::ops::v1::action_service_connect_client::ActionServiceClient;
use proto::ops::v1::incident_service_connect_client::IncidentServiceClient;
use proto::sim::v1::control_service_connect_client::ControlServiceClient;
use proto::sim::v1::simulation_service_connect_client::SimulationServiceClient;

use crate::output::Failure;
use crate::stack::Target;

/// Longer than any call takes when all is well; `step 100000` is the slowest.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn actions(target: &Target) -> Result<ActionServiceClient, Failure> {
    ActionServiceClient::builder(target.url())
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

fn bad_url(target: &Target, error: &ClientBuildError) -> Failure {
    Failure::Usage(format!(
        "{:?} is not a usable URL ({error}): write one like http://127.0.0.1:8081",
        target.url()
    ))
}
