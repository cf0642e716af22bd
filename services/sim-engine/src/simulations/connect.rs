//! `sim.v1.SimulationService` over Connect.

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse, MakeServiceBuilder};
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

use super::Simulations;

/// Largest request: a scenario of the caller's own with all its files, which JSON makes longer.
const MAX_REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// Registers methods: each is a function of the same name on [`Simulations`].
macro_rules! unary {
    ($builder:expr, $($method:ident: $request:ident => $response:ident,)*) => {
        $builder$(.$method(
            |State(simulations): State<Simulations>, ConnectRequest(request): ConnectRequest<$request>| async move {
                simulations.$method(request).await.map(ConnectResponse::<$response>).map_err(ConnectError::from)
            },
        ))*
    };
}

/// Routes of the service.
pub(crate) fn router(simulations: Simulations) -> Router {
    let unary = unary!(SimulationServiceBuilder::<Simulations>::new(),
        create: SimulationServiceCreateRequest => SimulationServiceCreateResponse,
        validate: SimulationServiceValidateRequest => SimulationServiceValidateResponse,
        start: SimulationServiceStartRequest => SimulationServiceStartResponse,
        pause: SimulationServicePauseRequest => SimulationServicePauseResponse,
        resume: SimulationServiceResumeRequest => SimulationServiceResumeResponse,
        stop: SimulationServiceStopRequest => SimulationServiceStopResponse,
        get: SimulationServiceGetRequest => SimulationServiceGetResponse,
        list: SimulationServiceListRequest => SimulationServiceListResponse,
        fork: SimulationServiceForkRequest => SimulationServiceForkResponse,
        replay: SimulationServiceReplayRequest => SimulationServiceReplayResponse,
        save: SimulationServiceSaveRequest => SimulationServiceSaveResponse,
        restore: SimulationServiceRestoreRequest => SimulationServiceRestoreResponse,
        delete: SimulationServiceDeleteRequest => SimulationServiceDeleteResponse,
    );
    MakeServiceBuilder::new()
        .receive_max_bytes(MAX_REQUEST_BYTES)
        .add_router(unary.with_state(simulations).build())
        .build()
}
