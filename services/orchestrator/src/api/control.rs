//! `sim.v1.ControlService`, relayed to sim-engine over the bus. `Watch` comes from the states that are heard anyway.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use bus::{CallError, subjects};
use connectrpc_axum::{Code, ConnectError, ConnectRequest, ConnectResponse, StreamBody};
use futures::Stream;
use proto::ops::v1::preview_service_connect::PreviewServiceBuilder;
use proto::ops::v1::{PreviewRequest, PreviewResponse};
use proto::sim::v1::control_service_connect::ControlServiceBuilder;
use proto::sim::v1::{
    ClearFaultRequest, ClearFaultResponse, GetScenarioRequest, GetScenarioResponse, GetStateRequest,
    GetStateResponse, GetTopologyRequest, GetTopologyResponse, InjectFaultRequest, InjectFaultResponse,
    ListFaultsRequest, ListFaultsResponse, ListScenariosRequest, ListScenariosResponse, PauseRequest,
    PauseResponse, PlayRequest, PlayResponse, ResetRequest, ResetResponse, SetChaosRequest, SetChaosResponse,
    SetScenarioRequest, SetScenarioResponse, SetSpeedRequest, SetSpeedResponse, SimulationState, StepRequest,
    StepResponse, WatchRequest, WatchResponse,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{not_found, unavailable};
use crate::hubs::DEFAULT_SIMULATION;

/// How long sim-engine may take. Shorter than a request's limit, so that the caller learns who did not answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);

/// Passes a call on and returns the answer.
pub(crate) async fn call<Req, Resp>(app: &App, method: &str, request: &Req) -> Result<Resp, ConnectError>
where
    Req: prost::Message,
    Resp: prost::Message + Default,
{
    relay(app, &subjects::sim_control(method), method, request).await
}

/// Passes a call on to the endpoint at a subject.
pub(super) async fn relay<Req, Resp>(
    app: &App,
    subject: &str,
    method: &str,
    request: &Req,
) -> Result<Resp, ConnectError>
where
    Req: prost::Message,
    Resp: prost::Message + Default,
{
    app.bus.call(subject, request, CALL_TIMEOUT).await.map_err(|error| refused(method, &error))
}

fn refused(method: &str, error: &CallError) -> ConnectError {
    let code = code_of(error.code);
    if code == Code::Unavailable {
        return unavailable(format!(
            "sim-engine does not answer {method}: {}. Check that it runs (`microcloud status`) and try again.",
            error.message
        ));
    }
    ConnectError::new(code, error.message.clone())
}

/// Code of a numeric gRPC status.
fn code_of(number: i32) -> Code {
    match number {
        1 => Code::Canceled,
        3 => Code::InvalidArgument,
        4 => Code::DeadlineExceeded,
        5 => Code::NotFound,
        6 => Code::AlreadyExists,
        7 => Code::PermissionDenied,
        8 => Code::ResourceExhausted,
        9 => Code::FailedPrecondition,
        10 => Code::Aborted,
        11 => Code::OutOfRange,
        12 => Code::Unimplemented,
        13 => Code::Internal,
        14 => Code::Unavailable,
        15 => Code::DataLoss,
        16 => Code::Unauthenticated,
        _ => Code::Unknown,
    }
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
    };
}

relayed! {
    get_state: "GetState", GetStateRequest => GetStateResponse;
    get_topology: "GetTopology", GetTopologyRequest => GetTopologyResponse;
    play: "Play", PlayRequest => PlayResponse;
    pause: "Pause", PauseRequest => PauseResponse;
    step: "Step", StepRequest => StepResponse;
    set_speed: "SetSpeed", SetSpeedRequest => SetSpeedResponse;
    list_scenarios: "ListScenarios", ListScenariosRequest => ListScenariosResponse;
    get_scenario: "GetScenario", GetScenarioRequest => GetScenarioResponse;
    set_scenario: "SetScenario", SetScenarioRequest => SetScenarioResponse;
    reset: "Reset", ResetRequest => ResetResponse;
    inject_fault: "InjectFault", InjectFaultRequest => InjectFaultResponse;
    clear_fault: "ClearFault", ClearFaultRequest => ClearFaultResponse;
    list_faults: "ListFaults", ListFaultsRequest => ListFaultsResponse;
    set_chaos: "SetChaos", SetChaosRequest => SetChaosResponse;
    preview: "Preview", PreviewRequest => PreviewResponse;
}

/// The calls with one answer.
pub(crate) fn unary(app: App) -> Router {
    ControlServiceBuilder::<App>::new()
        .get_state(get_state)
        .get_topology(get_topology)
        .play(play)
        .pause(pause)
        .step(step)
        .set_speed(set_speed)
        .list_scenarios(list_scenarios)
        .get_scenario(get_scenario)
        .set_scenario(set_scenario)
        .reset(reset)
        .inject_fault(inject_fault)
        .clear_fault(clear_fault)
        .list_faults(list_faults)
        .set_chaos(set_chaos)
        .with_state(app.clone())
        .build()
        .merge(PreviewServiceBuilder::<App>::new().preview(preview).with_state(app).build())
}

/// `Watch`, which must not have a time limit.
pub(crate) fn streaming(app: App) -> Router {
    ControlServiceBuilder::<App>::new().watch(watch_states).with_state(app).build()
}

async fn watch_states(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<WatchRequest>,
) -> Result<ConnectResponse<StreamBody<impl Stream<Item = Result<WatchResponse, ConnectError>>>>, ConnectError>
{
    let id =
        if request.simulation_id.is_empty() { DEFAULT_SIMULATION.to_owned() } else { request.simulation_id };
    let asked = GetStateRequest { simulation_id: id.clone() };
    let hub = match app.hubs.find(&id) {
        Some(hub) => hub,
        None => {
            // Also tells about an unknown simulation, or an engine that is not there.
            let now: GetStateResponse = call(&app, "GetState", &asked).await?;
            let run_id = now.state.map(|state| state.run_id).unwrap_or_default();
            app.hubs
                .of(&id, &run_id)
                .ok_or_else(|| not_found(format!("The simulation {id:?} was deleted a moment ago.")))?
        }
    };
    // Listening begins before the question, so that no change falls in between.
    let heard = hub.watch_state();
    let now: GetStateResponse = call(&app, "GetState", &asked).await?;
    let first = futures::stream::iter([Ok(WatchResponse { state: now.state })]);
    let states = states(heard, hub.closed());
    Ok(ConnectResponse(StreamBody::new(futures::StreamExt::chain(first, states))))
}

fn states(
    heard: watch::Receiver<Option<Arc<SimulationState>>>,
    closed: CancellationToken,
) -> impl Stream<Item = Result<WatchResponse, ConnectError>> {
    futures::stream::unfold((heard, closed), |(mut heard, closed)| async move {
        loop {
            tokio::select! {
                () = closed.cancelled() => return None,
                changed = heard.changed() => changed.ok()?,
            }
            let state = heard.borrow_and_update().clone();
            if let Some(state) = state {
                let state = SimulationState::clone(&state);
                return Some((Ok(WatchResponse { state: Some(state) }), (heard, closed)));
            }
        }
    })
}
