//! `microcloud sim …` and `microcloud scenario …`.

use proto::sim::v1::{
    GetStateRequest, PauseRequest, PlayRequest, ResetRequest, SetScenarioRequest, SetSpeedRequest,
    SimulationState, StepRequest,
};

use crate::cli::{ScenarioCommand, SimCommand};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, scenarios, status};

pub(crate) async fn run(target: &Target, command: SimCommand) -> Result<(), Failure> {
    let client = api::control(target)?;
    let state = match command {
        SimCommand::State { json } => {
            let state =
                client.get_state(&GetStateRequest::default()).await?.into_inner().state.unwrap_or_default();
            if json {
                return output::json(&state);
            }
            state
        }
        SimCommand::Play => {
            client.play(&PlayRequest::default()).await?.into_inner().state.unwrap_or_default()
        }
        SimCommand::Pause => {
            client.pause(&PauseRequest::default()).await?.into_inner().state.unwrap_or_default()
        }
        SimCommand::Step { ticks } => {
            let request = StepRequest { ticks, ..StepRequest::default() };
            client.step(&request).await?.into_inner().state.unwrap_or_default()
        }
        SimCommand::Speed { speed } => {
            let request = SetSpeedRequest { speed, ..SetSpeedRequest::default() };
            client.set_speed(&request).await?.into_inner().state.unwrap_or_default()
        }
        SimCommand::Reset { scenario, seed } => {
            let request =
                ResetRequest { scenario: scenario.unwrap_or_default(), seed, ..ResetRequest::default() };
            client.reset(&request).await?.into_inner().state.unwrap_or_default()
        }
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
            let request = SetScenarioRequest { scenario: name, ..SetScenarioRequest::default() };
            print_state(&client.set_scenario(&request).await?.into_inner().state.unwrap_or_default());
            Ok(())
        }
    }
}

fn print_state(state: &SimulationState) {
    output::line(status::describe(state));
}
