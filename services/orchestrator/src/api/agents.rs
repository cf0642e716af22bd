//! `ops.v1.AgentService`: the door for agents.

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{Code, ConnectError, ConnectRequest, ConnectResponse, StreamBody};
use futures::Stream;
use http::HeaderMap;
use proto::ops::v1::agent_service_connect::AgentServiceBuilder;
use proto::ops::v1::{
    Agent, AgentServiceObserveRequest, AgentServiceObserveResponse, AgentServiceProposeRequest,
    AgentServiceProposeResponse, AgentServiceWatchRequest, AgentServiceWatchResponse, ListAgentsRequest,
    ListAgentsResponse, RegisterAgentRequest, RegisterAgentResponse, RetireAgentRequest, RetireAgentResponse,
};
use store::agents::{self as rows, AgentRow, Card};

use super::asked::MAX_REASON;
use super::fields;
use crate::agents::identity::{self, MAX_NAME};
use crate::agents::{self, Call, Limited};
use crate::app::App;
use crate::convert::timestamp;
use crate::error;
use crate::proposals::Proposer;

/// Longest description; a paragraph.
const MAX_DESCRIPTION: usize = 500;
/// Longest version.
const MAX_VERSION: usize = 64;

/// The calls with one answer.
pub(crate) fn unary(app: App) -> Router {
    AgentServiceBuilder::<App>::new()
        .register_agent(register)
        .list_agents(list)
        .retire_agent(retire)
        .observe(observe)
        .propose(propose)
        .with_state(app)
        .build()
}

/// `Watch`, which must not have a time limit.
pub(crate) fn streaming(app: App) -> Router {
    AgentServiceBuilder::<App>::new().watch(watch).with_state(app).build()
}

async fn register(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<RegisterAgentRequest>,
) -> Result<ConnectResponse<RegisterAgentResponse>, ConnectError> {
    let RegisterAgentRequest { name, description, version } = request;
    let card = Card {
        name: checked(&name)?,
        description: &fields::text("description", &description, MAX_DESCRIPTION)?,
        version: &fields::optional_text("version", &version, MAX_VERSION)?,
    };
    let (traceparent, old_token) = (fields::traceparent(&headers), identity::token_hash(&headers));
    let (row, token) = identity::register(&app, card, old_token, &traceparent).await?;
    Ok(ConnectResponse(RegisterAgentResponse { agent: Some(agent(row)), token }))
}

async fn list(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<ListAgentsRequest>,
) -> Result<ConnectResponse<ListAgentsResponse>, ConnectError> {
    let rows = async {
        let mut conn = app.store.acquire().await?;
        rows::list(&mut conn, request.include_retired).await
    };
    let rows = rows.await.map_err(|e| error::database("list the agents", &e))?;
    Ok(ConnectResponse(ListAgentsResponse { agents: rows.into_iter().map(agent).collect() }))
}

async fn retire(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<RetireAgentRequest>,
) -> Result<ConnectResponse<RetireAgentResponse>, ConnectError> {
    let RetireAgentRequest { name, operator, reason } = request;
    let name = checked(&name)?;
    let by = if operator.is_empty() {
        let caller = identity::caller(&app, &headers).await?;
        if caller.name != name {
            return Err(ConnectError::new(
                Code::PermissionDenied,
                format!(
                    "This is the token of the agent {:?}. An agent may retire itself only; operators give their name.",
                    caller.name
                ),
            ));
        }
        caller.name
    } else {
        fields::operator(&operator)?
    };
    let reason = fields::optional_text("reason", &reason, MAX_REASON)?;
    let row = identity::retire(&app, name, &by, &reason, &fields::traceparent(&headers)).await;
    match row.map_err(|e| error::database("retire the agent", &e))? {
        None => {
            Err(error::not_found(format!("There is no agent {name:?}. ListAgents names those there are.")))
        }
        Some(row) if row.built_in => Err(error::precondition(
            "This agent ships with Microcloud and cannot be retired. PauseAutomation stops it; `microcloud up --without-agent` leaves it out.",
        )),
        Some(row) => Ok(ConnectResponse(RetireAgentResponse { agent: Some(agent(row)) })),
    }
}

async fn observe(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<AgentServiceObserveRequest>,
) -> Result<ConnectResponse<AgentServiceObserveResponse>, ConnectError> {
    let caller = identity::caller(&app, &headers).await?;
    let simulation = fields::simulation(request.simulation_id)?;
    let observation = agents::observe(&app, &caller.name, &simulation).await?;
    Ok(ConnectResponse(AgentServiceObserveResponse { observation: Some(observation) }))
}

async fn propose(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<AgentServiceProposeRequest>,
) -> Result<ConnectResponse<AgentServiceProposeResponse>, ConnectError> {
    let agent = match identity::caller(&app, &headers).await {
        Ok(agent) => agent,
        Err(error) if error.code() == Code::Unauthenticated => {
            app.agents.admit(None, "").map_err(|limited| too_soon(&app, limited))?;
            agents::refused_stranger(&app, &fields::traceparent(&headers)).await?;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    app.agents.admit(Some(&agent), "").map_err(|limited| too_soon(&app, limited))?;
    let bare = AgentServiceProposeRequest { idempotency_key: String::new(), ..request.clone() };
    let body_hash = fields::body_hash("propose", &bare);
    let traceparent = fields::traceparent(&headers);
    let action =
        agents::propose(&app, &Call { by: Proposer::Agent(agent), request, body_hash, traceparent }).await?;
    Ok(ConnectResponse(AgentServiceProposeResponse { action: Some(action) }))
}

async fn watch(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<AgentServiceWatchRequest>,
) -> Result<
    ConnectResponse<StreamBody<impl Stream<Item = Result<AgentServiceWatchResponse, ConnectError>>>>,
    ConnectError,
> {
    let caller = identity::caller(&app, &headers).await?;
    let simulation = fields::simulation(request.simulation_id)?;
    Ok(ConnectResponse(StreamBody::new(agents::watch(&app, &caller, simulation)?)))
}

/// Refuses a proposal that comes too soon.
pub(super) fn too_soon(app: &App, limited: Limited) -> ConnectError {
    app.metrics.proposal("limited");
    ConnectError::new(Code::ResourceExhausted, format!("{limited}."))
        .with_meta("retry-after", limited.retry_after_s().to_string())
}

fn checked(name: &str) -> Result<&str, ConnectError> {
    if identity::is_name(name) {
        return Ok(name);
    }
    Err(error::invalid(format!("name must be 1 to {MAX_NAME} lower-case letters, digits, - or _.")))
}

fn agent(row: AgentRow) -> Agent {
    let AgentRow {
        id,
        name,
        description,
        version,
        built_in,
        registered_at,
        token_issued_at,
        retired_at,
        retired_by,
        retire_reason,
    } = row;
    Agent {
        id: id.to_string(),
        name,
        description,
        version,
        built_in,
        registered_at: Some(timestamp(registered_at)),
        token_issued_at: token_issued_at.map(timestamp),
        retired_at: retired_at.map(timestamp),
        retired_by,
        retire_reason,
    }
}
