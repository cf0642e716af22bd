//! `microcloud agents …`

use proto::ops::v1::{Agent, ListAgentsRequest, RegisterAgentRequest, RetireAgentRequest};
use serde_json::json;

use crate::cli::AgentCommand;
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, operator};

pub(crate) async fn run(target: &Target, command: AgentCommand) -> Result<(), Failure> {
    let client = api::agents(target, None)?;
    match command {
        AgentCommand::List { all, json } => {
            let request = ListAgentsRequest { include_retired: all };
            let agents = client.list_agents(&request).await?.into_inner().agents;
            if json {
                return output::json(&agents);
            }
            let header = ["NAME", "VERSION", "SINCE", "STATE", "WHAT"];
            output::table(&header, agents.into_iter().map(row).collect());
        }
        AgentCommand::Register { name, description, agent_version, json } => {
            let request = RegisterAgentRequest { name, description, version: agent_version };
            let answer = client.register_agent(&request).await?.into_inner();
            let agent = answer.agent.unwrap_or_default();
            if json {
                return output::json(&json!({ "agent": agent, "token": answer.token }));
            }
            output::progress(format!("{} is registered; this token is not shown again:", agent.name));
            output::line(answer.token);
        }
        AgentCommand::Retire { name, reason, operator } => {
            let operator = operator::name(operator.as_deref())?;
            let request = RetireAgentRequest { name, operator, reason };
            let agent = client.retire_agent(&request).await?.into_inner().agent.unwrap_or_default();
            output::line(format!("{} is retired, by {}.", agent.name, agent.retired_by));
        }
    }
    Ok(())
}

fn row(agent: Agent) -> Vec<String> {
    let state = match &agent.retired_at {
        Some(at) => format!("retired by {} at {}", agent.retired_by, output::time(at)),
        None if agent.built_in => "ships with Microcloud".to_owned(),
        None => "registered".to_owned(),
    };
    let since = agent.registered_at.as_ref().map(output::time).unwrap_or_default();
    vec![agent.name, agent.version, since, state, agent.description]
}
