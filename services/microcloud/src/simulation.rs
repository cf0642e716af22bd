//! `microcloud sim …`, as far as it steers one simulation, and `microcloud scenario …`.

use proto::sim::v1::{
    GetStateRequest, PauseRequest, PlayRequest, ResetRequest, SetScenarioRequest, SetSpeedRequest,
    SimulationState, StepRequest,
};

use crate::cli::{ScenarioCommand, SimCommand};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, scenarios, simulations, status};

pub(crate) async fn run(target: &Target, command: SimCommand) -> Result<(), Failure> {
    let client = api::control(target)?;
    let simulation_id = target.simulation();
    let state = match command {
        SimCommand::State { json } => {
            let state = client
                .get_state(&GetStateRequest { simulation_id })
                .await?
                .into_inner()
                .state
                .unwrap_or_default();
            if json {
                return output::json(&state);
            }
            state
        }
        SimCommand::Play => {
            client.play(&PlayRequest { simulation_id }).await?.into_inner().state.unwrap_or_default()
        }
        SimCommand::Pause { id } => {
            let simulation_id = id.unwrap_or(simulation_id);
            client.pause(&PauseRequest { simulation_id }).await?.into_inner().state.unwrap_or_default()
        }
        SimCommand::Step { ticks } => {
            let request = StepRequest { simulation_id, ticks };
            client.step(&request).await?.into_inner().state.unwrap_or_default()
        }
        SimCommand::Speed { speed } => {
            let request = SetSpeedRequest { simulation_id, speed };
            client.set_speed(&request).await?.into_inner().state.unwrap_or_default()
        }
        SimCommand::Reset { scenario, seed } => {
            let scenario = scenario.unwrap_or_default();
            let request = ResetRequest { simulation_id, scenario, seed };
            client.reset(&request).await?.into_inner().state.unwrap_or_default()
        }
        other => return simulations::run(target, other).await,
    };
    print_state(&state);
    Ok(())
}

pub(crate) async fn run_scenario(target: &Target, command: ScenarioCommand) -> Result<(), Failure> {
    match command {
        ScenarioCommand::List { scenarios, json } => scenarios::list(scenarios.as_deref(), json),
        ScenarioCommand::Check { files, scenarios } => scenarios::check(&files, scenarios.as_deref()),
        ScenarioCommand::Set { name } => {
            let client = api::control(target)?;
            let request = SetScenarioRequest { simulation_id: target.simulation(), scenario: name };
            print_state(&client.set_scenario(&request).await?.into_inner().state.unwrap_or_default());
            Ok(())
        }
    }
}

fn print_state(state: &SimulationState) {
    output::line(status::describe(state));
}
