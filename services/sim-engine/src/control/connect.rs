//! `sim.v1.ControlService` over Connect.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use connectrpc_axum::{Code, ConnectError, ConnectRequest, ConnectResponse, MakeServiceBuilder, StreamBody};
use futures::StreamExt as _;
use proto::ops::v1::preview_service_connect::PreviewServiceBuilder;
use proto::ops::v1::{PreviewRequest, PreviewResponse};
use proto::sim::v1::control_service_connect::ControlServiceBuilder;
use proto::sim::v1::{
    ClearFaultRequest, ClearFaultResponse, GetScenarioRequest, GetScenarioResponse, GetStateRequest,
    GetStateResponse, GetTopologyRequest, GetTopologyResponse, InjectFaultRequest, InjectFaultResponse,
    ListFaultsRequest, ListFaultsResponse, ListScenariosRequest, ListScenariosResponse, PauseRequest,
    PauseResponse, PlayRequest, PlayResponse, ResetRequest, ResetResponse, SetChaosRequest, SetChaosResponse,
    SetScenarioRequest, SetScenarioResponse, SetSpeedRequest, SetSpeedResponse, StepRequest, StepResponse,
    WatchRequest, WatchResponse,
};

use super::Control;

/// Largest request. The longest one names a fault.
const MAX_REQUEST_BYTES: usize = 256 * 1024;

/// Registers unary methods: each is a function of the same name on [`Control`].
macro_rules! unary {
    ($builder:expr, $($method:ident: $request:ident => $response:ident,)*) => {
        $builder$(.$method(|State(control): State<Control>, ConnectRequest(request): ConnectRequest<$request>| async move {
            control.$method(request).await.map(ConnectResponse::<$response>).map_err(ConnectError::from)
        }))*
    };
}

/// Routes of the service. Watching is built apart: it has no end, so no limit on time may be put on it.
pub(crate) fn router(control: Control) -> Router {
    let unary = unary!(ControlServiceBuilder::<Control>::new(),
        get_state: GetStateRequest => GetStateResponse,
        get_topology: GetTopologyRequest => GetTopologyResponse,
        play: PlayRequest => PlayResponse,
        pause: PauseRequest => PauseResponse,
        step: StepRequest => StepResponse,
        set_speed: SetSpeedRequest => SetSpeedResponse,
        list_scenarios: ListScenariosRequest => ListScenariosResponse,
        get_scenario: GetScenarioRequest => GetScenarioResponse,
        set_scenario: SetScenarioRequest => SetScenarioResponse,
        reset: ResetRequest => ResetResponse,
        inject_fault: InjectFaultRequest => InjectFaultResponse,
        clear_fault: ClearFaultRequest => ClearFaultResponse,
        list_faults: ListFaultsRequest => ListFaultsResponse,
        set_chaos: SetChaosRequest => SetChaosResponse,
    );
    let previews =
        unary!(PreviewServiceBuilder::<Control>::new(), preview: PreviewRequest => PreviewResponse,);
    let unary = MakeServiceBuilder::new()
        .receive_max_bytes(MAX_REQUEST_BYTES)
        .add_router(unary.with_state(control.clone()).build())
        .add_router(previews.with_state(control.clone()).build())
        .build();
    let streaming = ControlServiceBuilder::<Control>::new().watch(watch).with_state(control).build();
    let streaming =
        MakeServiceBuilder::new().receive_max_bytes(MAX_REQUEST_BYTES).add_router(streaming).build();
    unary.merge(streaming)
}

async fn watch(
    State(control): State<Control>,
    ConnectRequest(request): ConnectRequest<WatchRequest>,
) -> Result<
    ConnectResponse<StreamBody<impl futures::Stream<Item = Result<WatchResponse, ConnectError>> + Send>>,
    ConnectError,
> {
    let states = control.watch(request)?;
    Ok(ConnectResponse(StreamBody::new(states.map(Ok))))
}

/// Any other path: a method of a newer version, or a mistyped one.
pub(crate) async fn unimplemented(uri: axum::http::Uri) -> Response {
    ConnectError::new(
        Code::Unimplemented,
        format!("{} is not served here: the methods are POST /sim.v1.ControlService/<Method> and /sim.v1.SimulationService/<Method>", uri.path()),
    )
    .into_response()
}
