//! The tools: each is one question to the orchestrator, or one proposal. Answers are JSON; refusals are sentences that say what to do.

use std::time::Duration;

use chrono::{DateTime, Utc};
use proto::ops::v1::action_service_connect_client::ActionServiceClient;
use proto::ops::v1::agent_service_connect_client::AgentServiceClient;
use proto::ops::v1::incident_service_connect_client::IncidentServiceClient;
use proto::ops::v1::preview_service_connect_client::PreviewServiceClient;
use proto::ops::v1::telemetry_service_connect_client::TelemetryServiceClient;
use proto::ops::v1::{
    AgentServiceObserveRequest, AgentServiceProposeRequest, GetActionHistoryRequest,
    IncidentServiceGetRequest, IncidentServiceListRequest, Observation, PreviewIncidentRequest,
    PreviewRequest, TelemetryServiceQueryRequest,
};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_handler, tool_router};
use serde::Serialize;
use serde_json::json;

use super::parameters::{Actions, Incidents, OneIncident, Proposal, Telemetry};
use crate::api;
use crate::output::Failure;
use crate::stack::Target;

/// Incidents in an answer when nobody says otherwise, and at most: a model reads all of them.
const USUAL_INCIDENTS: u32 = 20;
const MAX_INCIDENTS: u32 = 100;
/// Actions that are looked through for one's own, newest first.
const HISTORY: u32 = 200;
/// Simulated seconds of telemetry when nobody says otherwise.
const USUAL_LAST_S: u32 = 600;

/// An answer, or a sentence that says why there is none.
type Answer = Result<String, String>;

/// What serves one client.
#[derive(Clone)]
pub(super) struct Tools {
    name: String,
    simulation: String,
    agents: AgentServiceClient,
    actions: ActionServiceClient,
    incidents: IncidentServiceClient,
    previews: PreviewServiceClient,
    telemetry: TelemetryServiceClient,
}

impl Tools {
    pub(super) fn new(target: &Target, name: &str, token: &str) -> Result<Self, Failure> {
        Ok(Self {
            name: name.to_owned(),
            simulation: target.simulation(),
            agents: api::agents(target, Some(token))?,
            actions: api::actions(target)?,
            incidents: api::incidents(target)?,
            previews: api::previews(target)?,
            telemetry: api::telemetry(target)?,
        })
    }

    async fn observation(&self) -> Result<Observation, String> {
        let request = AgentServiceObserveRequest { simulation_id: self.simulation.clone() };
        let answer = self.agents.observe(&request).await.map_err(sentence)?;
        Ok(answer.into_inner().observation.unwrap_or_default())
    }
}

#[tool_router]
impl Tools {
    /// Lists incidents, newest first: those that lead their groups, with title, severity, target, impact and suspects. Begin here.
    #[tool(annotations(read_only_hint = true))]
    async fn list_incidents(&self, Parameters(asked): Parameters<Incidents>) -> Answer {
        let limit = if asked.limit == 0 { USUAL_INCIDENTS } else { asked.limit.min(MAX_INCIDENTS) };
        let request = IncidentServiceListRequest {
            simulation_id: self.simulation.clone(),
            open_only: asked.open_only,
            leads_only: true,
            limit,
            ..IncidentServiceListRequest::default()
        };
        told(&self.incidents.list(&request).await.map_err(sentence)?.into_inner().incidents)
    }

    /// Shows one incident with its evidence: what was measured, whom it costs, where it may come from and why, and its symptoms elsewhere.
    #[tool(annotations(read_only_hint = true))]
    async fn get_incident(&self, Parameters(OneIncident { incident_id }): Parameters<OneIncident>) -> Answer {
        let request = IncidentServiceGetRequest { incident_id: incident_id.clone() };
        let incident = self.incidents.get(&request).await.map_err(sentence)?.into_inner().incident;
        let request = IncidentServiceListRequest {
            symptom_of: incident_id,
            limit: MAX_INCIDENTS,
            ..IncidentServiceListRequest::default()
        };
        let symptoms = self.incidents.list(&request).await.map_err(sentence)?.into_inner().incidents;
        told(&json!({ "incident": incident, "symptoms": symptoms }))
    }

    /// Shows the cloud as it stands: zones, nodes, services with their replicas, versions and newest measurements, and who calls whom.
    #[tool(annotations(read_only_hint = true))]
    async fn topology(&self) -> Answer {
        let Observation { tick, time, topology, services, nodes, .. } = self.observation().await?;
        told(&json!({
            "tick": tick, "time": time, "topology": topology, "measured": { "services": services, "nodes": nodes }
        }))
    }

    /// Asks for stored telemetry of services and nodes: series of means over steps of simulated time, each with its spread, outliers, trend and
    /// changes of level.
    #[tool(annotations(read_only_hint = true))]
    async fn query_telemetry(&self, Parameters(asked): Parameters<Telemetry>) -> Answer {
        let newest = self.observation().await?.time;
        let newest = newest.and_then(|time| DateTime::<Utc>::try_from(time).ok());
        let last_s = if asked.last_s == 0 { USUAL_LAST_S } else { asked.last_s };
        let request = TelemetryServiceQueryRequest {
            simulation_id: self.simulation.clone(),
            targets: asked.targets(),
            metrics: asked.metrics,
            from: newest.map(|time| (time - Duration::from_secs(last_s.into())).into()),
            step_s: asked.step_s,
            describe: true,
            ..TelemetryServiceQueryRequest::default()
        };
        told(&self.telemetry.query(&request).await.map_err(sentence)?.into_inner())
    }

    /// Looks ahead: what would come of each thing that could be done about an incident, and of doing nothing, over several futures. Use it before
    /// you propose.
    #[tool(annotations(read_only_hint = true))]
    async fn preview_incident(
        &self,
        Parameters(OneIncident { incident_id }): Parameters<OneIncident>,
    ) -> Answer {
        let request = PreviewIncidentRequest { incident_id, futures: 0, horizon_s: 0 };
        let preview = self.actions.preview_incident(&request).await.map_err(sentence)?.into_inner().preview;
        told(&short(preview))
    }

    /// Looks ahead at actions of your choice, each by itself, beside doing nothing.
    #[tool(annotations(read_only_hint = true))]
    async fn preview_actions(&self, Parameters(Actions { actions }): Parameters<Actions>) -> Answer {
        let actions = actions.iter().map(super::parameters::Planned::planned).collect::<Result<_, _>>()?;
        let simulation_id = self.simulation.clone();
        let request = PreviewRequest { simulation_id, actions, futures: 0, horizon_s: 0 };
        let preview = self.previews.preview(&request).await.map_err(sentence)?.into_inner().preview;
        told(&short(preview))
    }

    /// Proposes an action for an incident. A person or a policy decides; `my_actions` tells what came of it.
    #[tool(annotations(read_only_hint = false, destructive_hint = false, idempotent_hint = true))]
    async fn propose(&self, Parameters(asked): Parameters<Proposal>) -> Answer {
        let request = AgentServiceProposeRequest {
            incident_id: asked.incident_id,
            r#type: asked.action.kind()?.into(),
            target_id: asked.action.target,
            replicas: asked.action.replicas,
            reason: asked.reason,
            expected_target_version: asked.expected_target_version,
            ..AgentServiceProposeRequest::default()
        };
        told(&self.agents.propose(&request).await.map_err(sentence)?.into_inner().action)
    }

    /// Lists what you have proposed, newest first: whether it waits, was decided on (and why not), was carried out, and whether it helped.
    #[tool(annotations(read_only_hint = true))]
    async fn my_actions(&self) -> Answer {
        let request = GetActionHistoryRequest {
            simulation_id: self.simulation.clone(),
            limit: HISTORY,
            ..GetActionHistoryRequest::default()
        };
        let mut actions =
            self.actions.get_action_history(&request).await.map_err(sentence)?.into_inner().actions;
        actions.retain(|action| action.proposed_by == self.name);
        told(&actions)
    }
}

#[tool_handler(
    name = "microcloud",
    instructions = "You are on call for a simulated cloud. Look at the incidents, find the cause (a symptom is not the cause), look ahead at what could be done, and propose the action that helps most and touches least. You cannot approve: an operator does. Times are simulated."
)]
impl rmcp::ServerHandler for Tools {}

/// A preview without its curves: they are for the eye.
fn short(preview: Option<proto::ops::v1::Preview>) -> proto::ops::v1::Preview {
    let mut preview = preview.unwrap_or_default();
    for option in &mut preview.options {
        option.points.clear();
    }
    preview
}

fn told(answer: &impl Serialize) -> Answer {
    serde_json::to_string(answer).map_err(|error| format!("The answer cannot be written as JSON: {error}."))
}

#[allow(clippy::needless_pass_by_value)] // For `map_err`.
fn sentence(error: connectrpc_axum_client::ClientError) -> String {
    Failure::from(error).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_tool_that_decides() {
        let tools = Tools::tool_router().list_all();
        let mut names: Vec<_> = tools.iter().map(|tool| tool.name.to_string()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "get_incident",
                "list_incidents",
                "my_actions",
                "preview_actions",
                "preview_incident",
                "propose",
                "query_telemetry",
                "topology"
            ]
        );
        let hints = |name: &str| {
            let tool = tools.iter().find(|tool| tool.name == name).unwrap();
            tool.annotations.as_ref().and_then(|hints| hints.read_only_hint)
        };
        let changing: Vec<_> = names.iter().filter(|name| hints(name) != Some(true)).collect();
        assert_eq!(changing, ["propose"]);
    }
}
