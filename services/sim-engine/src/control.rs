//! `sim.v1.ControlService`: one implementation behind both ways in, Connect and NATS.

use std::time::Duration;

use catalogue::Scenarios;
use futures::Stream;
use proto::ops::v1::{PreviewRequest, PreviewResponse};
use proto::sim::v1::{
    ClearFaultRequest, ClearFaultResponse, GetScenarioRequest, GetScenarioResponse, GetStateRequest,
    GetStateResponse, GetTopologyRequest, GetTopologyResponse, InjectFaultRequest, InjectFaultResponse,
    ListFaultsRequest, ListFaultsResponse, ListScenariosRequest, ListScenariosResponse, PauseRequest,
    PauseResponse, PlayRequest, PlayResponse, ResetRequest, ResetResponse, SetChaosRequest, SetChaosResponse,
    SetScenarioRequest, SetScenarioResponse, SetSpeedRequest, SetSpeedResponse, SimulationState, StepRequest,
    StepResponse, WatchRequest, WatchResponse,
};
use sim::FaultId;
use tokio_util::sync::CancellationToken;

use crate::ahead::Ahead;
use crate::convert;
use crate::fleet::Fleet;
use crate::id::SimulationId;
use crate::pace::Speed;
use crate::refusal::Refusal;
use crate::request::{ClockChange, SimulationHandle};
use crate::run::replicas_of;
use crate::scenarios::{fetch, off_runtime};

pub(crate) mod connect;
pub(crate) mod nats;

/// Most ticks of one step.
const MAX_STEP: u32 = 100_000;
/// How often a watcher gets the state while the clock runs.
const WATCH_EVERY: Duration = Duration::from_millis(500);

/// The service.
#[derive(Clone)]
pub(crate) struct Control {
    fleet: Fleet,
    scenarios: Scenarios,
    stop: CancellationToken,
    ahead: Ahead,
}

type Answer<T> = Result<T, Refusal>;

impl Control {
    pub(crate) fn new(fleet: Fleet, scenarios: Scenarios, stop: CancellationToken) -> Self {
        Self { fleet, scenarios, stop, ahead: Ahead::new() }
    }

    // Asks nobody, but is called like the others.
    #[allow(clippy::unused_async)]
    pub(crate) async fn get_state(&self, request: GetStateRequest) -> Answer<GetStateResponse> {
        let GetStateRequest { simulation_id } = request;
        let simulation = self.of(&simulation_id)?;
        Ok(GetStateResponse { state: Some(simulation.state()?) })
    }

    pub(crate) async fn get_topology(&self, request: GetTopologyRequest) -> Answer<GetTopologyResponse> {
        let GetTopologyRequest { simulation_id } = request;
        let simulation = self.of(&simulation_id)?;
        let view = simulation.topology().await?;
        Ok(GetTopologyResponse { tick: view.tick, topology: Some(convert::topology::topology(view)) })
    }

    pub(crate) async fn play(&self, request: PlayRequest) -> Answer<PlayResponse> {
        let PlayRequest { simulation_id } = request;
        let simulation = self.of(&simulation_id)?;
        Ok(PlayResponse { state: Some(simulation.clock(ClockChange::Play).await?) })
    }

    pub(crate) async fn pause(&self, request: PauseRequest) -> Answer<PauseResponse> {
        let PauseRequest { simulation_id } = request;
        let simulation = self.of(&simulation_id)?;
        Ok(PauseResponse { state: Some(simulation.clock(ClockChange::Pause).await?) })
    }

    pub(crate) async fn step(&self, request: StepRequest) -> Answer<StepResponse> {
        let StepRequest { simulation_id, ticks } = request;
        let simulation = self.of(&simulation_id)?;
        if ticks > MAX_STEP {
            return Err(Refusal::invalid(format!(
                "{ticks} ticks are too many for one step: pass 1 to {MAX_STEP}"
            )));
        }
        let change = ClockChange::Step { ticks: u64::from(ticks.max(1)) };
        Ok(StepResponse { state: Some(simulation.clock(change).await?) })
    }

    pub(crate) async fn set_speed(&self, request: SetSpeedRequest) -> Answer<SetSpeedResponse> {
        let SetSpeedRequest { simulation_id, speed } = request;
        let simulation = self.of(&simulation_id)?;
        let change = ClockChange::SetSpeed(Speed::new(speed)?);
        Ok(SetSpeedResponse { state: Some(simulation.clock(change).await?) })
    }

    pub(crate) async fn list_scenarios(
        &self,
        request: ListScenariosRequest,
    ) -> Answer<ListScenariosResponse> {
        let ListScenariosRequest {} = request;
        let scenarios = self.scenarios.clone();
        let loaded = off_runtime(move || scenarios.load_all()).await?;
        Ok(ListScenariosResponse {
            scenarios: loaded.iter().map(|scenario| convert::scenario_summary(scenario)).collect(),
        })
    }

    pub(crate) async fn get_scenario(&self, request: GetScenarioRequest) -> Answer<GetScenarioResponse> {
        let GetScenarioRequest { name } = request;
        let scenario = fetch(&self.scenarios, name).await?;
        Ok(GetScenarioResponse { bundle: Some(convert::bundle(&scenario)) })
    }

    pub(crate) async fn set_scenario(&self, request: SetScenarioRequest) -> Answer<SetScenarioResponse> {
        let SetScenarioRequest { simulation_id, scenario } = request;
        let id = SimulationId::or_default(&simulation_id)?;
        let simulation = self.fleet.handle(&id)?;
        let scenario = fetch(&self.scenarios, scenario).await?;
        let _room = self.fleet.make_room(&id, replicas_of(&scenario)).await?;
        Ok(SetScenarioResponse { state: Some(simulation.set_scenario(scenario).await?) })
    }

    pub(crate) async fn reset(&self, request: ResetRequest) -> Answer<ResetResponse> {
        let ResetRequest { simulation_id, scenario, seed } = request;
        let id = SimulationId::or_default(&simulation_id)?;
        let simulation = self.fleet.handle(&id)?;
        if scenario.is_empty() {
            return Ok(ResetResponse { state: Some(simulation.reset(None, seed).await?) });
        }
        let scenario = fetch(&self.scenarios, scenario).await?;
        let _room = self.fleet.make_room(&id, replicas_of(&scenario)).await?;
        Ok(ResetResponse { state: Some(simulation.reset(Some(scenario), seed).await?) })
    }

    pub(crate) async fn inject_fault(&self, request: InjectFaultRequest) -> Answer<InjectFaultResponse> {
        let InjectFaultRequest { simulation_id, fault } = request;
        let simulation = self.of(&simulation_id)?;
        let fault = fault.ok_or_else(|| {
            Refusal::invalid("there is no fault to inject: pass `fault` with a kind and a target; ListFaults has the kinds")
        })?;
        let fault = simulation.inject_fault(convert::fault_spec_from(fault)?).await?;
        Ok(InjectFaultResponse { fault: Some(convert::active_fault(fault, simulation.id())) })
    }

    pub(crate) async fn clear_fault(&self, request: ClearFaultRequest) -> Answer<ClearFaultResponse> {
        let ClearFaultRequest { simulation_id, fault_id } = request;
        let simulation = self.of(&simulation_id)?;
        if fault_id.is_empty() {
            return Err(Refusal::invalid("which fault? pass `fault_id`; ListFaults has those in force"));
        }
        let fault = simulation.clear_fault(FaultId(fault_id)).await?;
        Ok(ClearFaultResponse { fault: Some(convert::active_fault(fault, simulation.id())) })
    }

    pub(crate) async fn preview(&self, request: PreviewRequest) -> Answer<PreviewResponse> {
        let simulation = self.of(&request.simulation_id)?;
        Ok(PreviewResponse { preview: Some(self.ahead.preview(&simulation, request).await?) })
    }

    pub(crate) async fn list_faults(&self, request: ListFaultsRequest) -> Answer<ListFaultsResponse> {
        let ListFaultsRequest { simulation_id } = request;
        let simulation = self.of(&simulation_id)?;
        let faults = simulation.faults().await?;
        Ok(ListFaultsResponse {
            faults: faults.into_iter().map(|fault| convert::active_fault(fault, simulation.id())).collect(),
            kinds: convert::fault_kinds(),
        })
    }

    pub(crate) async fn set_chaos(&self, request: SetChaosRequest) -> Answer<SetChaosResponse> {
        let SetChaosRequest { simulation_id, level } = request;
        let simulation = self.of(&simulation_id)?;
        Ok(SetChaosResponse { state: Some(simulation.set_chaos(level).await?) })
    }

    /// The state now, at every change, and twice a second while the clock runs; ends when the engine stops.
    pub(crate) fn watch(
        &self,
        request: WatchRequest,
    ) -> Answer<impl Stream<Item = WatchResponse> + Send + use<>> {
        let WatchRequest { simulation_id } = request;
        let simulation = self.of(&simulation_id)?;
        let first = simulation.state()?;
        let watcher = Watcher { board: simulation.board(), stop: self.stop.clone(), next: Some(first) };
        Ok(futures::stream::unfold(watcher, |mut watcher| async move {
            let state = watcher.next().await?;
            Some((WatchResponse { state: Some(state) }, watcher))
        }))
    }

    /// The simulation that a request is about.
    fn of(&self, simulation_id: &str) -> Answer<SimulationHandle> {
        self.fleet.handle(&SimulationId::or_default(simulation_id)?)
    }
}

struct Watcher {
    board: crate::board::BoardReader,
    stop: CancellationToken,
    /// Sent at once, before anything is waited for.
    next: Option<SimulationState>,
}

impl Watcher {
    async fn next(&mut self) -> Option<SimulationState> {
        if let Some(state) = self.next.take() {
            return Some(state);
        }
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                more = self.board.changed() => return if more { self.board.state().ok() } else { None },
                () = tokio::time::sleep(WATCH_EVERY) => {
                    let state = self.board.state().ok()?;
                    if state.playing {
                        return Some(state);
                    }
                }
            }
        }
    }
}
