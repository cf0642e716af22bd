//! `sim.v1.SimulationService`, relayed to sim-engine over the bus.

use axum::Router;
use axum::extract::State;
use bus::subjects;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use proto::sim::v1::simulation_service_connect::SimulationServiceBuilder;
use proto::sim::v1::{
    SimulationServiceCreateRequest, SimulationServiceCreateResponse, SimulationServiceDeleteRequest,
    SimulationServiceDeleteResponse, SimulationServiceForkRequest, SimulationServiceForkResponse,
    SimulationServiceGetRequest, SimulationServiceGetResponse, SimulationServiceListRequest,
    SimulationServiceListResponse, SimulationServicePauseRequest, SimulationServicePauseResponse,
    SimulationServiceReplayRequest, SimulationServiceReplayResponse, SimulationServiceRestoreRequest,
    SimulationServiceRestoreResponse, SimulationServiceResumeRequest, SimulationServiceResumeResponse,
    SimulationServiceSaveRequest, SimulationServiceSaveResponse, SimulationServiceStartRequest,
    SimulationServiceStartResponse, SimulationServiceStopRequest, SimulationServiceStopResponse,
    SimulationServiceValidateRequest, SimulationServiceValidateResponse,
};

use super::control::relay;
use crate::app::App;

/// Largest request: a scenario of the caller's own with all its files, which JSON makes longer.
pub(crate) const MAX_REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// Passes a call on and returns the answer.
pub(crate) async fn call<Req, Resp>(app: &App, method: &str, request: &Req) -> Result<Resp, ConnectError>
where
    Req: prost::Message,
    Resp: prost::Message + Default,
{
    relay(app, &subjects::sim_control_simulation(method), method, request).await
}

/// A handler that passes its call on.
macro_rules! relayed {
    ($($name:ident: $method:literal, $request:ty => $response:ty;)*) => {
        $(
            async fn $name(
                State(app): State<App>,
                ConnectRequest(request): ConnectRequest<$request>,
            ) -> Result<ConnectResponse<$response>, ConnectError> {
                call(&app, $method, &request).await.map(ConnectResponse)
            }
        )*

        /// The calls.
        pub(crate) fn router(app: App) -> Router {
            SimulationServiceBuilder::<App>::new()$(.$name($name))*.with_state(app).build()
        }
    };
}

relayed! {
    create: "Create", SimulationServiceCreateRequest => SimulationServiceCreateResponse;
    validate: "Validate", SimulationServiceValidateRequest => SimulationServiceValidateResponse;
    start: "Start", SimulationServiceStartRequest => SimulationServiceStartResponse;
    pause: "Pause", SimulationServicePauseRequest => SimulationServicePauseResponse;
    resume: "Resume", SimulationServiceResumeRequest => SimulationServiceResumeResponse;
    stop: "Stop", SimulationServiceStopRequest => SimulationServiceStopResponse;
    get: "Get", SimulationServiceGetRequest => SimulationServiceGetResponse;
    list: "List", SimulationServiceListRequest => SimulationServiceListResponse;
    fork: "Fork", SimulationServiceForkRequest => SimulationServiceForkResponse;
    replay: "Replay", SimulationServiceReplayRequest => SimulationServiceReplayResponse;
    save: "Save", SimulationServiceSaveRequest => SimulationServiceSaveResponse;
    restore: "Restore", SimulationServiceRestoreRequest => SimulationServiceRestoreResponse;
    delete: "Delete", SimulationServiceDeleteRequest => SimulationServiceDeleteResponse;
}
