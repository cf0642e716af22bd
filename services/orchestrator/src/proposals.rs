//! A proposal whose form has been checked, whichever door it came through: it is recorded as version 1 and told to everyone, or refused
//! with a reason.

use std::time::Duration;

use connectrpc_axum::Code;
use proto::ops::v1::{Action, ActionStatus, ActionType};
use proto::sim::v1::{GetTopologyRequest, GetTopologyResponse, Topology};
use remedy::RemedyKind;
use remedy::policy::{Facts, Ruling};
use store::actions::{self, ActionRow, Live, Status, Transition};
use store::agents::AgentRow;
use store::incidents::{self, IncidentRow};
use store::{PgConnection, StoreError};

use crate::agents::{ALL_MAX_LIVE, BUILT_IN, MAX_LIVE};
use crate::api;
use crate::app::App;
use crate::convert;
use crate::policies::{self, InForce};
use crate::proposal::Proposal;
use crate::record::{self, Change};

/// What cannot be meant at once for the same target.
const OPPOSITES: [(ActionType, ActionType); 3] = [
    (ActionType::ScaleUp, ActionType::ScaleDown),
    (ActionType::DrainNode, ActionType::UndrainNode),
    (ActionType::RebalanceTraffic, ActionType::SpreadTraffic),
];

/// Who proposes.
#[derive(Debug, Clone)]
pub(crate) enum Proposer {
    Agent(AgentRow),
    /// A person, by name.
    Operator(String),
}

impl Proposer {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Agent(agent) => &agent.name,
            Self::Operator(name) => name,
        }
    }

    /// Whether it holds itself to rules that are stricter than those here.
    fn is_built_in(&self) -> bool {
        matches!(self, Self::Agent(agent) if agent.built_in)
    }
}

/// What came of a proposal.
#[derive(Debug)]
pub(crate) enum Outcome {
    Recorded(Box<ActionRow>),
    /// Recorded and withdrawn at once: its incident is over.
    Superseded(Box<ActionRow>),
    /// The same proposal came before, perhaps under another id.
    Known(Box<ActionRow>),
    Refused(Refused),
}

/// Why a proposal is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Of the call, where there is one.
    pub(crate) code: Code,
    /// A sentence without its full stop, for the agent's builder.
    pub(crate) why: String,
}

impl Refused {
    pub(crate) fn new(code: Code, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

impl Outcome {
    pub(crate) fn refused(code: Code, why: impl Into<String>) -> Self {
        Self::Refused(Refused::new(code, why))
    }

    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "recorded",
            Self::Superseded(_) => "superseded",
            Self::Known(_) => "known",
            Self::Refused(_) => "refused",
        }
    }
}

/// Judges a proposal against what is stored, and records it.
pub(crate) async fn judge(
    app: &App,
    conn: &mut PgConnection,
    proposal: &Proposal,
    by: &Proposer,
    policies: &InForce,
    trace: Option<&str>,
) -> Result<Outcome, StoreError> {
    let Some(incident) = incidents::get(conn, proposal.incident_id).await? else {
        return Ok(Outcome::Refused(unknown_incident(proposal.incident_id)));
    };
    if incident.run_id != proposal.run_id || incident.simulation_id != proposal.action.simulation_id {
        return Ok(Outcome::refused(
            Code::FailedPrecondition,
            format!("incident {} belongs to another run or simulation", incident.id),
        ));
    }
    if !by.is_built_in()
        && let Some(outcome) = misfit(conn, proposal, by.name()).await?
    {
        return Ok(outcome);
    }
    let over = is_over(&incident, proposal.remedy).then(|| incident.resolution.clone());
    let ruling = policies.decide(&facts(app, proposal, incident.severity));
    take(conn, proposal, over, (&ruling, app.limits.action_ttl), trace).await
}

pub(crate) fn unknown_incident(id: uuid::Uuid) -> Refused {
    Refused::new(
        Code::NotFound,
        format!("incident {id} is unknown; propose for an incident on ops.incidents"),
    )
}

/// Whether it is too late for such an action. Taking back what is no longer needed is only ever proposed once the incident is over.
pub(crate) fn is_over(incident: &IncidentRow, kind: RemedyKind) -> bool {
    incident.resolved && !kind.takes_back()
}

/// What keeps a proposal from being one more beside those under way. The agent that ships keeps to stricter rules by itself.
async fn misfit(
    conn: &mut PgConnection,
    proposal: &Proposal,
    by: &str,
) -> Result<Option<Outcome>, StoreError> {
    let Action { simulation_id, target_id, .. } = &proposal.action;
    actions::lock_proposals(conn, by, simulation_id, target_id).await?;
    let under_way = actions::live_on(conn, simulation_id, target_id).await?;
    if under_way.iter().any(|row| row.id == proposal.id) {
        // It is this one: whether it is the same, whoever records it finds out.
        return Ok(None);
    }
    if let Some(row) = under_way.into_iter().find(|row| contradicts(row, proposal)) {
        if is_same_wish(&row, proposal) {
            return Ok(Some(Outcome::Known(Box::new(row))));
        }
        return Ok(Some(Outcome::Refused(in_the_way(&row))));
    }
    let Live { all, own } = actions::live_count(conn, by, BUILT_IN).await?;
    let why = if own >= MAX_LIVE {
        format!("{by} has {own} actions under way, and {MAX_LIVE} is the limit")
    } else if all >= ALL_MAX_LIVE {
        format!("agents have {all} actions under way together, and {ALL_MAX_LIVE} is the limit")
    } else {
        return Ok(None);
    };
    Ok(Some(Outcome::refused(
        Code::ResourceExhausted,
        format!("{why}; try again when one of them is decided on or has expired"),
    )))
}

/// Whether what is under way on the target and a proposal cannot both be meant.
fn contradicts(row: &ActionRow, proposal: &Proposal) -> bool {
    let pair = [row.action_type, proposal.kind.into()];
    let opposite = OPPOSITES
        .iter()
        .any(|(one, other)| pair.contains(&i32::from(*one)) && pair.contains(&i32::from(*other)));
    row.run_id == proposal.run_id && (opposite || row.incident_id == proposal.incident_id)
}

/// Whether an agent asks for what it has asked for.
fn is_same_wish(row: &ActionRow, proposal: &Proposal) -> bool {
    let Action { proposed_by, replicas, .. } = &proposal.action;
    row.incident_id == proposal.incident_id
        && row.proposed_by == *proposed_by
        && row.action_type == i32::from(proposal.kind)
        && row.proposed_replicas.unwrap_or(row.replicas) == replicas.cast_signed()
}

/// The refusal of a proposal beside another one.
pub(crate) fn in_the_way(row: &ActionRow) -> Refused {
    Refused::new(
        Code::FailedPrecondition,
        format!(
            "action {} ({} {}, {}, proposed by {}) is under way on that target; wait for its end before you propose another one",
            row.id,
            convert::type_name(row.action_type),
            row.target_id,
            convert::status_name(row.status),
            row.proposed_by
        ),
    )
}

/// What is known about a proposal when it arrives; a prediction takes its time.
fn facts(app: &App, proposal: &Proposal, severity: i32) -> Facts {
    let topology = app.hubs.find(&proposal.action.simulation_id).and_then(|hub| hub.topology());
    let Action { target_id, replicas, .. } = &proposal.action;
    policies::facts(proposal.remedy, target_id, *replicas, Some(severity), topology.as_deref())
}

/// Records the proposal, and withdraws it in the same breath when its incident is over.
async fn take(
    conn: &mut PgConnection,
    proposal: &Proposal,
    over: Option<String>,
    (ruling, ttl): (&Ruling, Duration),
    trace: Option<&str>,
) -> Result<Outcome, StoreError> {
    let ttl = ruling.expiry_s.map_or(ttl, |seconds| Duration::from_secs(seconds.into()));
    let ruling = policies::stored(ruling);
    let new = actions::record_proposed(conn, &convert::proposed_row(proposal), &ruling, ttl).await?;
    let Some(row) = actions::get(conn, proposal.id).await? else {
        return Ok(Outcome::refused(Code::Aborted, "the action could not be read back; propose it again"));
    };
    if !new {
        return Ok(same_or_refused(row, proposal));
    }
    let mut changes = vec![Change {
        from: None,
        actor: row.proposed_by.clone(),
        verb: "action.propose",
        reason: row.reason.clone(),
        row: row.clone(),
    }];
    let mut last = row;
    if let Some(resolution) = over {
        let reason = format!("its incident was over when it was proposed: {resolution}");
        let with = Transition { decision_reason: Some(reason.clone()), ..Transition::default() };
        let moved =
            actions::transition(conn, proposal.id, &[Status::Proposed], Status::Superseded, &with).await?;
        if let Some(row) = moved {
            last = row.clone();
            changes.push(Change {
                from: Some(Status::Proposed),
                row,
                actor: record::PRODUCER.to_owned(),
                verb: "action.supersede",
                reason,
            });
        }
    }
    record::changes(conn, &changes, trace).await?;
    let withdrawn = last.status == i32::from(ActionStatus::Superseded);
    let last = Box::new(last);
    Ok(if withdrawn { Outcome::Superseded(last) } else { Outcome::Recorded(last) })
}

/// Whether what is recorded under an id is the proposal that comes with it.
pub(crate) fn same_or_refused(row: ActionRow, proposal: &Proposal) -> Outcome {
    if convert::came_from(&row, proposal) {
        return Outcome::Known(Box::new(row));
    }
    Outcome::refused(
        Code::AlreadyExists,
        format!(
            "action {} was proposed before with another body; derive the id from incident, attempt, type and target",
            row.id
        ),
    )
}

/// Why the target does not exist, or `None`. While sim-engine cannot be asked the proposal passes: the executor checks
/// the target again at the moment of effect.
pub(crate) async fn unknown_target(app: &App, proposal: &Proposal) -> Option<String> {
    let cached = app.hubs.find(&proposal.action.simulation_id).and_then(|hub| hub.topology());
    if cached.is_some_and(|topology| proposal.version_of_target(&topology).is_some()) {
        return None;
    }
    // What is cached may be older than the proposal.
    let asked = GetTopologyRequest { simulation_id: proposal.action.simulation_id.clone() };
    let answer: GetTopologyResponse = api::control::call(app, "GetTopology", &asked).await.ok()?;
    let topology: Topology = answer.topology?;
    proposal.version_of_target(&topology).is_none().then(|| no_such_target(proposal))
}

/// The sentence about a target that is not there.
pub(crate) fn no_such_target(proposal: &Proposal) -> String {
    format!(
        "{} is no {} of the running topology",
        proposal.action.target_id,
        if proposal.remedy.is_on_node() { "node" } else { "service" }
    )
}
