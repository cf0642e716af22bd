//! The command line of Microcloud: starts the whole loop on one machine, and controls and inspects a running one.

use std::process::ExitCode;

use clap::Parser as _;

mod actions;
mod agents;
mod api;
mod automation;
mod cli;
mod dead_letters;
mod doctor;
mod evaluate;
mod faults;
mod folders;
mod games;
mod grade;
mod ids;
mod incidents;
mod mcp;
mod operator;
mod output;
mod picture;
mod policies;
mod preview;
mod report;
mod rules;
mod runs;
mod scenarios;
mod silences;
mod simulation;
mod simulations;
mod sql;
mod stack;
mod status;
mod tail;
mod up;
mod validate;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code()
        }
    }
}

async fn run(cli: Cli) -> Result<(), output::Failure> {
    let target = stack::Target::new(cli.home, cli.url, cli.simulation);
    match cli.command {
        Command::Up(options) => up::run(target.home(), options).await,
        Command::Doctor { json } => doctor::run(&target, json).await,
        Command::Status { json } => status::run(&target, json).await,
        Command::Run(options) => runs::run::run(&options),
        Command::Replay(options) => runs::replay::run(&options),
        Command::Validate(options) => validate::run(&options),
        Command::Grade(command) => grade::run(command),
        Command::Evaluate(options) => evaluate::run(&options),
        Command::Sim(command) => simulation::run(&target, command).await,
        Command::Scenario(command) => simulation::run_scenario(&target, command).await,
        Command::Fault(command) => faults::run(&target, command).await,
        Command::Chaos { level } => faults::set_chaos(&target, level).await,
        Command::Incidents(options) => incidents::run(&target, options).await,
        Command::Rules(command) => rules::run(&target, command).await,
        Command::Silences(command) => silences::run(&target, command).await,
        Command::Actions(command) => actions::run(&target, command).await,
        Command::Game(command) => games::run(&target, command).await,
        Command::Agents(command) => agents::run(&target, command).await,
        Command::Mcp(options) => mcp::run(&target, &options).await,
        Command::Policies(command) => policies::run(&target, command).await,
        Command::Automation(command) => automation::run(&target, command).await,
        Command::Tail(options) => tail::run(&target, options).await,
        Command::Dlq(command) => dead_letters::run(&target, command).await,
        Command::Sql(options) => sql::run(&target, &options),
    }
}
