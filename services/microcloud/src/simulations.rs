//! `microcloud sim …`, as far as it is about which simulations there are.

use std::path::Path;

use catalogue::Scenarios;
use proto::sim::v1::simulation_service_create_request::Source;
use proto::sim::v1::{
    ScenarioBundle, Simulation, SimulationServiceCreateRequest, SimulationServiceDeleteRequest,
    SimulationServiceForkRequest, SimulationServiceGetRequest, SimulationServiceListRequest,
    SimulationServiceRestoreRequest, SimulationServiceResumeRequest, SimulationServiceSaveRequest,
    SimulationServiceStartRequest, SimulationServiceStopRequest, SimulationStatus,
};

use crate::cli::{CreateOptions, ForkOptions, SimCommand};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, runs, status};

/// Longest page the API gives; more simulations than an engine runs.
const PAGE: u32 = 1_000;

pub(crate) async fn run(target: &Target, command: SimCommand) -> Result<(), Failure> {
    let client = api::simulations(target)?;
    let chosen = |id: Option<String>| id.unwrap_or_else(|| target.simulation());
    let simulation = match command {
        SimCommand::List { json } => return list(target, json).await,
        SimCommand::Use { id } => return choose(target, &id).await,
        SimCommand::Delete { id } => return delete(target, &id).await,
        SimCommand::Save { file, id } => return save(target, &file, chosen(id)).await,
        SimCommand::Restore { file, id, start } => {
            let recording = std::fs::read(&file)
                .map_err(|error| Failure::because(&format!("read {}", file.display()), &error))?;
            let request = SimulationServiceRestoreRequest {
                simulation_id: id,
                recording,
                autostart: start,
                ..SimulationServiceRestoreRequest::default()
            };
            client.restore(&request).await?.into_inner().simulation
        }
        SimCommand::Create(options) => client.create(&creation(options)?).await?.into_inner().simulation,
        SimCommand::Fork(options) => client.fork(&fork(target, options)?).await?.into_inner().simulation,
        SimCommand::Start { id } => {
            let request = SimulationServiceStartRequest { simulation_id: chosen(id) };
            client.start(&request).await?.into_inner().simulation
        }
        SimCommand::Resume { id } => {
            let request = SimulationServiceResumeRequest { simulation_id: chosen(id) };
            client.resume(&request).await?.into_inner().simulation
        }
        SimCommand::Stop { id } => {
            let request = SimulationServiceStopRequest { simulation_id: chosen(id) };
            client.stop(&request).await?.into_inner().simulation
        }
        // Those that steer one simulation have been dealt with.
        _ => None,
    };
    output::line(describe(&simulation.unwrap_or_default()));
    Ok(())
}

fn creation(options: CreateOptions) -> Result<SimulationServiceCreateRequest, Failure> {
    let CreateOptions { id, scenario, file, seed, speed, name, start } = options;
    let source = match file {
        Some(file) => Source::Bundle(bundle(&file)?),
        None => Source::Scenario(scenario),
    };
    Ok(SimulationServiceCreateRequest {
        simulation_id: id,
        display_name: name.unwrap_or_default(),
        source: Some(source),
        seed,
        speed,
        autostart: start,
    })
}

/// The texts of a scenario file and of everything that it refers to.
fn bundle(file: &Path) -> Result<ScenarioBundle, Failure> {
    // What is not beside the file may be among the shipped ones, if there are any here.
    let shipped = Scenarios::open(Path::new("scenarios"), None).ok();
    let scenario = catalogue::load_file(file, shipped.as_ref());
    let scenario = scenario.map_err(|error| Failure::Refused(error.to_string()))?;
    Ok(ScenarioBundle { name: scenario.name.clone(), files: scenario.sources.clone() })
}

fn fork(target: &Target, options: ForkOptions) -> Result<SimulationServiceForkRequest, Failure> {
    let ForkOptions { id, from, at, speed, name, start } = options;
    Ok(SimulationServiceForkRequest {
        simulation_id: from.unwrap_or_else(|| target.simulation()),
        fork_id: id,
        display_name: name.unwrap_or_default(),
        speed: speed.unwrap_or_default(),
        autostart: start,
        at_tick: at.map(|at| runs::ticks("--at", at)).transpose()?,
    })
}

async fn list(target: &Target, json: bool) -> Result<(), Failure> {
    let request = SimulationServiceListRequest { limit: PAGE, ..SimulationServiceListRequest::default() };
    let simulations = api::simulations(target)?.list(&request).await?.into_inner().simulations;
    if json {
        return output::json(&simulations);
    }
    let chosen = target.simulation();
    let rows = simulations.iter().map(|simulation| row(simulation, &chosen));
    output::table(&["", "ID", "STATUS", "SCENARIO", "SPEED", "TICK", "REPLICAS", "NAME"], rows.collect());
    Ok(())
}

fn row(simulation: &Simulation, chosen: &str) -> Vec<String> {
    let state = simulation.state.clone().unwrap_or_default();
    vec![
        if simulation.id == chosen { "*" } else { "" }.to_owned(),
        simulation.id.clone(),
        word(simulation.status()).to_owned(),
        state.scenario,
        format!("{}×", state.speed),
        state.tick.to_string(),
        simulation.replicas.to_string(),
        simulation.display_name.clone(),
    ]
}

async fn choose(target: &Target, id: &str) -> Result<(), Failure> {
    let request = SimulationServiceGetRequest { simulation_id: id.to_owned() };
    let simulation = api::simulations(target)?.get(&request).await?.into_inner().simulation;
    target.choose(id).map_err(|error| Failure::because("note the choice in the home", &error))?;
    output::line(format!("The commands are now about {}", describe(&simulation.unwrap_or_default())));
    Ok(())
}

async fn save(target: &Target, file: &Path, simulation_id: String) -> Result<(), Failure> {
    let request = SimulationServiceSaveRequest { simulation_id };
    let saved = api::simulations(target)?.save(&request).await?.into_inner();
    std::fs::write(file, &saved.recording)
        .map_err(|error| Failure::because(&format!("write {}", file.display()), &error))?;
    let bytes = saved.recording.len();
    output::line(format!(
        "saved {} ticks to {} ({bytes} bytes), hash {}",
        saved.tick,
        file.display(),
        saved.telemetry_hash
    ));
    Ok(())
}

async fn delete(target: &Target, id: &str) -> Result<(), Failure> {
    let request = SimulationServiceDeleteRequest { simulation_id: id.to_owned() };
    api::simulations(target)?.delete(&request).await?;
    output::line(format!("deleted {id}"));
    Ok(())
}

fn describe(simulation: &Simulation) -> String {
    match &simulation.state {
        Some(state) => status::describe(state),
        None => format!("{}: being recomputed from its journal", simulation.id),
    }
}

fn word(status: SimulationStatus) -> &'static str {
    match status {
        SimulationStatus::Unspecified => "unknown",
        SimulationStatus::Created => "created",
        SimulationStatus::Running => "running",
        SimulationStatus::Paused => "paused",
        SimulationStatus::Stopped => "stopped",
        SimulationStatus::Failed => "failed",
    }
}
