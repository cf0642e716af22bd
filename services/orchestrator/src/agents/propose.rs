//! `Propose`: what the agent left out is filled in from the present; then it goes the way of every proposal.

use connectrpc_axum::{Code, ConnectError};
use prost::Message as _;
use proto::ops::v1::{Action, ActionStatus, AgentServiceProposeRequest};
use proto::sim::v1::{
    GetStateRequest, GetStateResponse, GetTopologyRequest, GetTopologyResponse, SimulationState,
};
use store::actions;
use store::idempotency::{self, Claim};
use store::incidents::{self, IncidentRow};
use uuid::Uuid;

use super::identity;
use crate::api::control;
use crate::api::fields::MAX_KEY;
use crate::app::App;
use crate::change::NAMESPACE;
use crate::convert;
use crate::error;
use crate::policies::{self, InForce};
use crate::proposal::{Proposal, Refusal, takes_replicas};
use crate::proposals::{self, Outcome, Proposer, Refused};
use crate::record::{self, Note};

/// A call of somebody who was let in.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) by: Proposer,
    pub(crate) request: AgentServiceProposeRequest,
    /// Hash of the request without its key.
    pub(crate) body_hash: Vec<u8>,
    pub(crate) traceparent: String,
}

/// Why there is no action.
enum Stop {
    /// The proposal is refused, which is audited.
    Refused(Refused),
    /// Something is in the way that has nothing to do with it.
    Failed(ConnectError),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<ConnectError> for Stop {
    fn from(error: ConnectError) -> Self {
        Self::Failed(error)
    }
}

/// Proposes, and returns the action as it stands.
pub(crate) async fn propose(app: &App, call: &Call) -> Result<Action, ConnectError> {
    let done = attempt(app, call).await;
    app.relay.wake();
    match done {
        Ok((label, action)) => {
            app.metrics.proposal(label);
            Ok(action)
        }
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Refused(Refused { code, why })) => {
            app.metrics.proposal("refused");
            tracing::warn!(by = call.by.name(), reason = why, "proposal refused");
            note(app, call.by.name(), &call.request.incident_id, &why, &call.traceparent).await?;
            Err(ConnectError::new(code, format!("{why}.")))
        }
    }
}

async fn attempt(app: &App, call: &Call) -> Result<(&'static str, Action), Stop> {
    // Said before anything is looked up: nothing is asked about a target that cannot be one.
    let mut proposal = draft(call)?;
    let incident = incident(app, proposal.incident_id).await?;
    if proposals::is_over(&incident, proposal.remedy) {
        let why = format!(
            "incident {} is over ({}): nothing needs to be done about it",
            incident.id, incident.resolution
        );
        return Err(Refused::new(Code::FailedPrecondition, why).into());
    }
    fill_in(app, call, &incident, &mut proposal).await?;
    let policies = policies::in_force(app).await.ok_or_else(|| {
        error::unavailable("NATS did not answer, so I cannot tell whose approval this takes. Try again in a moment with the same idempotency key.")
    })?;
    record(app, call, proposal, &policies).await
}

/// The proposal as far as the agent has said it; the rest holds places.
fn draft(call: &Call) -> Result<Proposal, Refused> {
    let AgentServiceProposeRequest {
        incident_id,
        r#type,
        target_id,
        replicas,
        reason,
        expected_target_version,
        tick,
        idempotency_key,
    } = &call.request;
    if idempotency_key.len() > MAX_KEY || idempotency_key.contains('\0') {
        let why = format!("idempotency_key must be at most {MAX_KEY} bytes without NUL");
        return Err(Refused::new(Code::InvalidArgument, why));
    }
    let mut action = Action {
        id: Uuid::nil().to_string(),
        simulation_id: crate::hubs::DEFAULT_SIMULATION.to_owned(),
        run_id: Uuid::nil().to_string(),
        incident_id: incident_id.clone(),
        r#type: *r#type,
        target_id: target_id.clone(),
        target_version: (*expected_target_version).max(1),
        replicas: *replicas,
        status: ActionStatus::Proposed.into(),
        reason: reason.trim().to_owned(),
        proposed_at_tick: *tick,
        proposed_at: Some(pbjson_types::Timestamp::default()),
        proposed_by: call.by.name().to_owned(),
        attempt: 1,
        ..Action::default()
    };
    if action.replicas == 0 && takes_replicas(action.r#type()) {
        action.replicas = 1;
    }
    Proposal::try_from(action).map_err(|Refusal(why)| Refused::new(Code::InvalidArgument, why))
}

async fn incident(app: &App, id: Uuid) -> Result<IncidentRow, Stop> {
    let row = async {
        let mut conn = app.store.acquire().await?;
        incidents::get(&mut conn, id).await
    };
    let row = row.await.map_err(|failure| error::database("read the incident", &failure))?;
    row.ok_or_else(|| proposals::unknown_incident(id).into())
}

/// Run, time, tick and version of the target, as they are now.
async fn fill_in(
    app: &App,
    call: &Call,
    incident: &IncidentRow,
    proposal: &mut Proposal,
) -> Result<(), Stop> {
    let simulation_id = incident.simulation_id.clone();
    let asked = GetStateRequest { simulation_id: simulation_id.clone() };
    let GetStateResponse { state } = control::call(app, "GetState", &asked).await?;
    let SimulationState { run_id, tick, time, .. } = state.unwrap_or_default();
    if run_id != incident.run_id.to_string() {
        let why = format!(
            "incident {} belongs to a run that has ended; propose for one of the present run",
            incident.id
        );
        return Err(Refused::new(Code::FailedPrecondition, why).into());
    }
    if call.request.tick > tick {
        let why =
            format!("tick {} has not come yet; the next one to be computed is {tick}", call.request.tick);
        return Err(Refused::new(Code::InvalidArgument, why).into());
    }
    let asked = GetTopologyRequest { simulation_id: simulation_id.clone() };
    let GetTopologyResponse { topology, tick: _ } = control::call(app, "GetTopology", &asked).await?;
    let Some(version) = proposal.version_of_target(&topology.unwrap_or_default()) else {
        return Err(Refused::new(Code::NotFound, proposals::no_such_target(proposal)).into());
    };
    let expected = call.request.expected_target_version;
    if expected != 0 && expected != version {
        let why = format!(
            "{} is at version {version}, not {expected}: it has changed; look again before you propose",
            proposal.action.target_id
        );
        return Err(Refused::new(Code::FailedPrecondition, why).into());
    }
    let action = Action {
        simulation_id,
        run_id,
        target_version: version,
        proposed_at_tick: if call.request.tick == 0 { tick } else { call.request.tick },
        proposed_at: time,
        ..proposal.action.clone()
    };
    *proposal =
        Proposal::try_from(action).map_err(|Refusal(why)| Refused::new(Code::InvalidArgument, why))?;
    Ok(())
}

/// One transaction with the answer for the idempotency key, the proposal, its message and its audit entry.
async fn record(
    app: &App,
    call: &Call,
    mut proposal: Proposal,
    policies: &InForce,
) -> Result<(&'static str, Action), Stop> {
    let failed = |failure: store::StoreError| error::database("record your proposal", &failure);
    let Call { by, request, body_hash, traceparent } = call;
    let key = &request.idempotency_key;
    // Keys of different proposers do not meet.
    let scope = match by {
        Proposer::Agent(agent) => format!("AgentService.Propose/{}", agent.name),
        Proposer::Operator(name) => format!("ActionService.ProposeAction/{name}"),
    };
    let mut tx = app.store.begin().await.map_err(failed)?;
    if !key.is_empty() {
        match idempotency::claim(&mut tx, &scope, key, body_hash).await.map_err(failed)? {
            Claim::New => {}
            Claim::Replay(answer) => {
                let action = Action::decode(&answer[..])
                    .map_err(|failure| error::internal("read the answer I gave before", &failure))?;
                return Ok(("known", action));
            }
            Claim::Mismatch => {
                let why = "this idempotency_key was used for another proposal; choose a new key for each, and repeat only the very same request with it";
                return Err(Refused::new(Code::InvalidArgument, why).into());
            }
        }
    }
    let Action { simulation_id, target_id, .. } = &proposal.action;
    actions::lock_proposals(&mut tx, by.name(), simulation_id, target_id).await.map_err(failed)?;
    let last = actions::last_attempt(&mut tx, proposal.incident_id, by.name()).await.map_err(failed)?;
    number(&mut proposal, u32::try_from(last).unwrap_or_default().saturating_add(1));
    let outcome = proposals::judge(app, &mut tx, &proposal, by, policies, Some(traceparent));
    let outcome = outcome.await.map_err(failed)?;
    let label = outcome.label();
    let action = match outcome {
        Outcome::Refused(refused) => return Err(refused.into()),
        Outcome::Recorded(row) | Outcome::Superseded(row) | Outcome::Known(row) => convert::action(*row),
    };
    if !key.is_empty() {
        idempotency::finish(&mut tx, &scope, key, &action.encode_to_vec()).await.map_err(failed)?;
    }
    tx.commit().await.map_err(failed)?;
    Ok((label, action))
}

/// Gives the proposal its place among the agent's attempts, and the id that follows from it. The agent is part of it: two may propose the
/// same.
fn number(proposal: &mut Proposal, attempt: u32) {
    let Action { proposed_by, target_id, .. } = &proposal.action;
    let name =
        format!("action/{proposed_by}/{}/{attempt}/{}/{target_id}", proposal.incident_id, proposal.remedy);
    proposal.id = Uuid::new_v5(&NAMESPACE, name.as_bytes());
    proposal.action.id = proposal.id.to_string();
    proposal.action.attempt = attempt;
}

/// Notes a proposal by somebody who is no agent.
pub(crate) async fn refused_stranger(app: &App, traceparent: &str) -> Result<(), ConnectError> {
    app.metrics.proposal("refused");
    note(app, identity::UNREGISTERED, "", "no agent has the token that came with the proposal", traceparent)
        .await
}

async fn note(
    app: &App,
    actor: &str,
    incident_id: &str,
    why: &str,
    traceparent: &str,
) -> Result<(), ConnectError> {
    let note = Note {
        actor: actor.to_owned(),
        verb: "action.propose.refused",
        simulation_id: String::new(),
        subject_id: record::printable(incident_id),
        reason: record::without_nul(why),
    };
    let noted = async {
        let mut tx = app.store.begin().await?;
        record::note(&mut tx, note, Some(traceparent)).await?;
        tx.commit().await
    };
    noted.await.map_err(|failure| error::database("note that your proposal is refused", &failure))
}
