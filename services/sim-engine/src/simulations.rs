//! `sim.v1.SimulationService`: one implementation behind both ways in, Connect and NATS.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::{Scenarios, is_name};
use connectrpc_axum::Code;
use prost::Message as _;
use proto::sim::v1::simulation_service_create_request::Source;
use proto::sim::v1::{
    ScenarioBundle, ScenarioProblem, ScenarioSize, SimulationServiceCreateRequest,
    SimulationServiceCreateResponse, SimulationServiceDeleteRequest, SimulationServiceDeleteResponse,
    SimulationServiceForkRequest, SimulationServiceForkResponse, SimulationServiceGetRequest,
    SimulationServiceGetResponse, SimulationServiceListRequest, SimulationServiceListResponse,
    SimulationServicePauseRequest, SimulationServicePauseResponse, SimulationServiceReplayRequest,
    SimulationServiceReplayResponse, SimulationServiceRestoreRequest, SimulationServiceRestoreResponse,
    SimulationServiceResumeRequest, SimulationServiceResumeResponse, SimulationServiceSaveRequest,
    SimulationServiceSaveResponse, SimulationServiceStartRequest, SimulationServiceStartResponse,
    SimulationServiceStopRequest, SimulationServiceStopResponse, SimulationServiceValidateRequest,
    SimulationServiceValidateResponse,
};
use sim::Scenario;
use sim::scenario::{LoadError, Problem};

use crate::fleet::{Fleet, NewFork, NewRestored, NewSimulation, Replayed, Saved, Span};
use crate::id::SimulationId;
use crate::ids;
use crate::pace::Speed;
use crate::refusal::Refusal;
use crate::scenarios::{fetch, off_runtime};
use crate::simulation::MAX_BUNDLE_BYTES;

pub(crate) mod connect;
pub(crate) mod nats;

/// Longest name for people.
const MAX_DISPLAY_NAME: usize = 128;
/// Most files of a scenario of the caller's own.
const MAX_FILES: usize = 64;
/// Simulations on a page when the caller does not say, and at most.
const PAGE: u32 = 100;
const MAX_PAGE: u32 = 1_000;

/// The service.
#[derive(Clone)]
pub(crate) struct Simulations {
    fleet: Fleet,
    scenarios: Scenarios,
}

type Answer<T> = Result<T, Refusal>;

impl Simulations {
    pub(crate) fn new(fleet: Fleet, scenarios: Scenarios) -> Self {
        Self { fleet, scenarios }
    }

    pub(crate) async fn create(
        &self,
        mut request: SimulationServiceCreateRequest,
    ) -> Answer<SimulationServiceCreateResponse> {
        let id = given_or_drawn(&mut request.simulation_id)?;
        let request_id = ids::request("create", &request.encode_to_vec()).to_string();
        let SimulationServiceCreateRequest {
            simulation_id: _,
            display_name,
            source,
            seed,
            speed,
            autostart: playing,
        } = request;
        let display_name = display_name_in(display_name)?;
        let speed = speed_in(speed)?.unwrap_or(1.0);
        let scenario = match source {
            Some(Source::Scenario(name)) => fetch(&self.scenarios, name).await?,
            Some(Source::Bundle(bundle)) => parsed(bundle).await?,
            None => {
                return Err(Refusal::invalid(
                    "of what? pass `scenario` with the name of one (ListScenarios has them), or `bundle` with the texts of your own",
                ));
            }
        };
        let seed = seed.unwrap_or(scenario.seed);
        let new = NewSimulation { id, request_id, display_name, scenario, seed, speed, playing };
        Ok(SimulationServiceCreateResponse { simulation: Some(self.fleet.create(new).await?) })
    }

    pub(crate) async fn validate(
        &self,
        request: SimulationServiceValidateRequest,
    ) -> Answer<SimulationServiceValidateResponse> {
        let bundle = request.bundle.ok_or_else(|| {
            Refusal::invalid("there is nothing to look through: pass `bundle` with the texts of a scenario")
        })?;
        let (_, read) = read(bundle).await?;
        Ok(match read {
            Ok(scenario) => {
                SimulationServiceValidateResponse { problems: Vec::new(), size: Some(size_of(&scenario)) }
            }
            Err(LoadError { problems }) => SimulationServiceValidateResponse {
                problems: problems.into_iter().map(problem).collect(),
                size: None,
            },
        })
    }

    pub(crate) async fn start(
        &self,
        request: SimulationServiceStartRequest,
    ) -> Answer<SimulationServiceStartResponse> {
        let SimulationServiceStartRequest { simulation_id } = request;
        let id = SimulationId::or_default(&simulation_id)?;
        Ok(SimulationServiceStartResponse { simulation: Some(self.fleet.start(id).await?) })
    }

    pub(crate) async fn pause(
        &self,
        request: SimulationServicePauseRequest,
    ) -> Answer<SimulationServicePauseResponse> {
        let SimulationServicePauseRequest { simulation_id } = request;
        let id = SimulationId::or_default(&simulation_id)?;
        Ok(SimulationServicePauseResponse { simulation: Some(self.fleet.pause(&id).await?) })
    }

    pub(crate) async fn resume(
        &self,
        request: SimulationServiceResumeRequest,
    ) -> Answer<SimulationServiceResumeResponse> {
        let SimulationServiceResumeRequest { simulation_id } = request;
        let id = SimulationId::or_default(&simulation_id)?;
        Ok(SimulationServiceResumeResponse { simulation: Some(self.fleet.resume(&id).await?) })
    }

    pub(crate) async fn stop(
        &self,
        request: SimulationServiceStopRequest,
    ) -> Answer<SimulationServiceStopResponse> {
        let SimulationServiceStopRequest { simulation_id } = request;
        let id = SimulationId::or_default(&simulation_id)?;
        Ok(SimulationServiceStopResponse { simulation: Some(self.fleet.stop(id).await?) })
    }

    // Asks nobody, but is called like the others.
    #[allow(clippy::unused_async)]
    pub(crate) async fn get(
        &self,
        request: SimulationServiceGetRequest,
    ) -> Answer<SimulationServiceGetResponse> {
        let SimulationServiceGetRequest { simulation_id } = request;
        let id = SimulationId::or_default(&simulation_id)?;
        Ok(SimulationServiceGetResponse { simulation: Some(self.fleet.get(&id)?) })
    }

    // Asks nobody, but is called like the others.
    #[allow(clippy::unused_async)]
    pub(crate) async fn list(
        &self,
        request: SimulationServiceListRequest,
    ) -> Answer<SimulationServiceListResponse> {
        let SimulationServiceListRequest { limit, page_token } = request;
        if limit > MAX_PAGE {
            return Err(Refusal::invalid(format!(
                "{limit} simulations are too many for a page: pass 1 to {MAX_PAGE}"
            )));
        }
        let limit = if limit == 0 { PAGE } else { limit };
        let after = if page_token.is_empty() {
            None
        } else {
            Some(SimulationId::parse(&page_token).map_err(|_| {
                Refusal::invalid("this is no page token: pass `next_page_token` as it came, or none")
            })?)
        };
        let (simulations, more) = self.fleet.list(after.as_ref(), limit as usize)?;
        let last = simulations.last().filter(|_| more);
        let next_page_token = last.map(|simulation| simulation.id.clone()).unwrap_or_default();
        Ok(SimulationServiceListResponse { simulations, next_page_token })
    }

    pub(crate) async fn fork(
        &self,
        mut request: SimulationServiceForkRequest,
    ) -> Answer<SimulationServiceForkResponse> {
        let id = given_or_drawn(&mut request.fork_id)?;
        let request_id = ids::request("fork", &request.encode_to_vec()).to_string();
        let SimulationServiceForkRequest {
            simulation_id,
            fork_id: _,
            display_name,
            speed,
            autostart: playing,
            at_tick,
        } = request;
        let new = NewFork {
            parent: SimulationId::or_default(&simulation_id)?,
            id,
            request_id,
            display_name: display_name_in(display_name)?,
            at_tick,
            speed: speed_in(speed)?,
            playing,
        };
        Ok(SimulationServiceForkResponse { simulation: Some(self.fleet.fork(new).await?) })
    }

    pub(crate) async fn replay(
        &self,
        request: SimulationServiceReplayRequest,
    ) -> Answer<SimulationServiceReplayResponse> {
        let SimulationServiceReplayRequest { simulation_id, from_tick, to_tick, frames } = request;
        let span = Span { from_tick, to_tick: (to_tick > 0).then_some(to_tick), frames };
        let replayed = self.fleet.replay(&SimulationId::or_default(&simulation_id)?, span).await?;
        let Replayed { simulation, frames, events, events_left_out, next_tick } = replayed;
        let next_tick = next_tick.unwrap_or_default();
        Ok(SimulationServiceReplayResponse { simulation, frames, events, events_left_out, next_tick })
    }

    pub(crate) async fn save(
        &self,
        request: SimulationServiceSaveRequest,
    ) -> Answer<SimulationServiceSaveResponse> {
        let SimulationServiceSaveRequest { simulation_id } = request;
        let saved = self.fleet.save(&SimulationId::or_default(&simulation_id)?).await?;
        let Saved { bytes, tick, telemetry_hash } = saved;
        Ok(SimulationServiceSaveResponse { recording: bytes, tick, telemetry_hash })
    }

    pub(crate) async fn restore(
        &self,
        mut request: SimulationServiceRestoreRequest,
    ) -> Answer<SimulationServiceRestoreResponse> {
        let id = given_or_drawn(&mut request.simulation_id)?;
        let request_id = ids::request("restore", &request.encode_to_vec()).to_string();
        let SimulationServiceRestoreRequest {
            simulation_id: _,
            display_name,
            recording,
            speed,
            autostart: playing,
        } = request;
        let new = NewRestored {
            id,
            request_id,
            display_name: display_name_in(display_name)?,
            recording,
            speed: speed_in(speed)?.unwrap_or(1.0),
            playing,
        };
        Ok(SimulationServiceRestoreResponse { simulation: Some(self.fleet.restore(new).await?) })
    }

    pub(crate) async fn delete(
        &self,
        request: SimulationServiceDeleteRequest,
    ) -> Answer<SimulationServiceDeleteResponse> {
        let SimulationServiceDeleteRequest { simulation_id } = request;
        if simulation_id.is_empty() {
            return Err(Refusal::invalid("which simulation? pass `simulation_id`; List has those there are"));
        }
        self.fleet.delete(SimulationId::parse(&simulation_id)?).await?;
        Ok(SimulationServiceDeleteResponse {})
    }
}

/// The id that the caller gave; without one, the drawn id is put into the request, so that no two such requests are equal.
fn given_or_drawn(text: &mut String) -> Answer<SimulationId> {
    if text.is_empty() {
        *text = SimulationId::draw().to_string();
    }
    SimulationId::parse(text)
}

fn display_name_in(name: String) -> Answer<String> {
    let length = name.chars().count();
    if length > MAX_DISPLAY_NAME {
        return Err(Refusal::invalid(format!(
            "the display name has {length} characters: use at most {MAX_DISPLAY_NAME}"
        )));
    }
    if name.chars().any(char::is_control) {
        return Err(Refusal::invalid("the display name has control characters: leave them out"));
    }
    Ok(name)
}

/// `None` when the caller does not care.
fn speed_in(speed: f64) -> Answer<Option<f64>> {
    // A field that was not set is exactly 0.
    if speed.to_bits() == 0 { Ok(None) } else { Ok(Some(Speed::new(speed)?.get())) }
}

/// The scenario in texts of the caller's own.
async fn parsed(bundle: ScenarioBundle) -> Answer<Arc<Scenario>> {
    let (name, read) = read(bundle).await?;
    read.map_err(|problems| {
        Refusal::new(Code::InvalidArgument, format!("scenario {name:?} cannot be loaded: {problems}"))
    })
}

/// Reads the texts of a scenario, of the name that comes with it. Refused is what no scenario can look like.
async fn read(bundle: ScenarioBundle) -> Answer<(String, Result<Arc<Scenario>, LoadError>)> {
    let ScenarioBundle { name, files } = bundle;
    if !is_name(&name) {
        return Err(Refusal::invalid(format!(
            "{:?} is no name of a scenario: use 1 to 64 letters, digits, _ and -",
            name.chars().take(65).collect::<String>()
        )));
    }
    let bytes: usize = files.iter().map(|(path, text)| path.len() + text.len()).sum();
    if files.len() > MAX_FILES || bytes > MAX_BUNDLE_BYTES {
        return Err(Refusal::invalid(format!(
            "{} files with {bytes} bytes together are too much: at most {MAX_FILES} files and {MAX_BUNDLE_BYTES} bytes fit in the journal",
            files.len()
        )));
    }
    let files: BTreeMap<String, String> = files;
    off_runtime(move || {
        let loaded = sim::scenario::load(&name, &files);
        (name, loaded)
    })
    .await
}

fn problem(problem: Problem) -> ScenarioProblem {
    let Problem { file, line, message } = problem;
    ScenarioProblem { file, line: u32::try_from(line).unwrap_or(u32::MAX), message }
}

fn size_of(scenario: &Scenario) -> ScenarioSize {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let topology = &scenario.topology;
    ScenarioSize {
        services: count(topology.services.len()),
        replicas: topology.services.iter().map(|service| service.replicas).sum(),
        nodes: count(topology.nodes.len()),
        edges: count(topology.edges.len()),
    }
}
