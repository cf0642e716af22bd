//! What a proposal must look like before it is worth a look. Pure: no clock, no database.
//!
//! An empty or wildcard target never means "everything" here: it means the proposal is refused.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike as _, Utc};
use proto::ops::v1::{Action, ActionStatus, ActionType};
use proto::sim::v1::Topology;
use remedy::RemedyKind;
use remedy::lifecycle::MAX_REPLICAS;
use uuid::Uuid;

use crate::record::PRODUCER;

/// Longest id of a simulation, target or agent.
const MAX_ID: usize = 128;
/// Longest reason; a few paragraphs.
const MAX_REASON: usize = 2_000;
/// Most replicas that a new component begins with: as many as the engine takes.
const MAX_COMPONENT_REPLICAS: u32 = 16;

/// Why a proposal is refused, in a sentence for the agent's builder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) String);

/// The parts of a proposal whose form has been checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Proposal {
    /// The action's id.
    pub(crate) id: Uuid,
    /// The run it is meant for.
    pub(crate) run_id: Uuid,
    /// The incident it answers.
    pub(crate) incident_id: Uuid,
    /// What to do.
    pub(crate) kind: ActionType,
    /// The same in the words of the rules.
    pub(crate) remedy: RemedyKind,
    /// Simulated time of the proposal.
    pub(crate) proposed_at: DateTime<Utc>,
    /// The message itself.
    pub(crate) action: Action,
}

impl TryFrom<Action> for Proposal {
    type Error = Refusal;

    fn try_from(action: Action) -> Result<Self, Refusal> {
        let id = uuid("id", &action.id)?;
        let run_id = uuid("run_id", &action.run_id)?;
        let incident_id = uuid("incident_id", &action.incident_id)?;
        name("simulation_id", &action.simulation_id)?;
        text("proposed_by", &action.proposed_by, MAX_ID)?;
        if action.proposed_by == PRODUCER || !action.rolls_back.is_empty() {
            return refuse(format!(
                "proposed_by must not be {PRODUCER}, and rolls_back must be empty: only the orchestrator takes harm back"
            ));
        }
        target(&action.target_id)?;
        let kind = action.r#type();
        let Some(remedy) = wire::remedy_kind(kind) else {
            return refuse(format!("type {} is unknown; use one of ActionType's values", action.r#type));
        };
        if action.status() != ActionStatus::Proposed {
            return refuse("status must be PROPOSED: agents propose, the orchestrator moves actions on");
        }
        if action.target_version == 0 {
            return refuse("target_version must be the version the agent looked at, 1 or higher");
        }
        if action.attempt == 0 {
            return refuse("attempt counts from 1");
        }
        if !replicas_of(kind).contains(&action.replicas) {
            return refuse(format!(
                "replicas is {}; SCALE_UP and SCALE_DOWN take 1 to {MAX_REPLICAS}, ADD_ types 1 to {MAX_COMPONENT_REPLICAS}, others 0",
                action.replicas
            ));
        }
        text("reason", &action.reason, MAX_REASON)?;
        let proposed_at = action
            .proposed_at
            .and_then(|at| DateTime::<Utc>::try_from(at).ok())
            .filter(|at| (1970..=9_999).contains(&at.year()));
        let Some(proposed_at) = proposed_at else {
            return refuse("proposed_at must be the simulated time of the proposal");
        };
        if i64::try_from(action.target_version.max(action.proposed_at_tick)).is_err() {
            return refuse("target_version and proposed_at_tick must fit into 63 bits");
        }
        Ok(Self { id, run_id, incident_id, kind, remedy, proposed_at, action })
    }
}

impl Proposal {
    /// Version of the target in a topology; `None` when it is not there.
    pub(crate) fn version_of_target(&self, topology: &Topology) -> Option<u64> {
        version_of(topology, self.remedy, &self.action.target_id)
    }
}

/// Version of what a kind of remedy is done to; `None` when it is not there.
pub(crate) fn version_of(topology: &Topology, kind: RemedyKind, target: &str) -> Option<u64> {
    if kind.is_on_node() {
        topology.nodes.iter().find(|node| node.id == target).map(|node| node.version)
    } else {
        topology.services.iter().find(|service| service.id == target).map(|service| service.version)
    }
}

/// Whether a type is about a number of replicas.
pub(crate) fn takes_replicas(kind: ActionType) -> bool {
    *replicas_of(kind).end() > 0
}

/// Numbers of replicas that a type takes.
fn replicas_of(kind: ActionType) -> RangeInclusive<u32> {
    match kind {
        ActionType::ScaleUp | ActionType::ScaleDown => 1..=MAX_REPLICAS,
        ActionType::AddReadReplica
        | ActionType::AddCache
        | ActionType::AddLoadBalancer
        | ActionType::AddCdn
        | ActionType::AddConsumers => 1..=MAX_COMPONENT_REPLICAS,
        ActionType::Unspecified
        | ActionType::RestartService
        | ActionType::DrainNode
        | ActionType::RebalanceTraffic
        | ActionType::RemoveComponent
        | ActionType::UndrainNode
        | ActionType::SpreadTraffic => 0..=0,
    }
}

fn uuid(field: &str, value: &str) -> Result<Uuid, Refusal> {
    Uuid::try_parse(value).map_err(|_| Refusal(format!("{field} must be a UUID, not {value:?}")))
}

fn name(field: &str, value: &str) -> Result<(), Refusal> {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:/@".contains(&byte));
    if value.is_empty() || value.len() > MAX_ID || !plain {
        return refuse(format!("{field} must be 1 to {MAX_ID} letters, digits or ._-:/@, not {value:?}"));
    }
    Ok(())
}

fn target(value: &str) -> Result<(), Refusal> {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if value.is_empty() || value.len() > MAX_ID || !plain {
        return refuse(format!(
            "target_id must name exactly one service or node of the topology, not {value:?}; empty and wildcard targets are refused"
        ));
    }
    Ok(())
}

fn text(field: &str, value: &str, longest: usize) -> Result<(), Refusal> {
    let length = value.chars().count();
    if length == 0 || length > longest {
        return refuse(format!("{field} must be 1 to {longest} characters, it has {length}"));
    }
    Ok(())
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal() -> Action {
        Action {
            id: Uuid::from_u128(1).to_string(),
            simulation_id: "default".to_owned(),
            run_id: Uuid::from_u128(2).to_string(),
            incident_id: Uuid::from_u128(3).to_string(),
            r#type: ActionType::ScaleUp.into(),
            target_id: "checkout".to_owned(),
            target_version: 4,
            replicas: 2,
            status: ActionStatus::Proposed.into(),
            reason: "error rate 14 % > 10 %".to_owned(),
            proposed_at: Some(pbjson_types::Timestamp { seconds: 1_790_000_000, nanos: 0 }),
            proposed_by: "agent-service".to_owned(),
            attempt: 1,
            ..Action::default()
        }
    }

    fn refusal(change: impl FnOnce(&mut Action)) -> String {
        let mut action = proposal();
        change(&mut action);
        Proposal::try_from(action).unwrap_err().0
    }

    #[test]
    fn a_complete_proposal_passes() {
        let proposal = Proposal::try_from(proposal()).unwrap();
        assert_eq!(proposal.kind, ActionType::ScaleUp);
    }

    #[test]
    fn empty_and_wildcard_targets_are_refused() {
        for target in ["", "*", ">", "checkout*", "a,b", "a b", "%", "..*"] {
            let why = refusal(|action| target.clone_into(&mut action.target_id));
            assert!(why.contains("wildcard targets are refused"), "{target:?}: {why}");
        }
    }

    #[test]
    fn every_field_that_matters_is_checked_and_named() {
        assert!(refusal(|action| action.id = "nonsense".to_owned()).starts_with("id must"));
        assert!(refusal(|action| action.run_id.clear()).starts_with("run_id must"));
        assert!(refusal(|action| action.incident_id.clear()).starts_with("incident_id must"));
        assert!(refusal(|action| action.simulation_id.clear()).starts_with("simulation_id must"));
        assert!(refusal(|action| action.r#type = 99).starts_with("type 99 is unknown"));
        assert!(refusal(|action| action.status = ActionStatus::Approved.into()).starts_with("status must"));
        assert!(refusal(|action| action.target_version = 0).starts_with("target_version must"));
        assert!(refusal(|action| action.attempt = 0).starts_with("attempt"));
        assert!(refusal(|action| action.replicas = 0).starts_with("replicas is 0"));
        assert!(refusal(|action| action.replicas = 101).starts_with("replicas is 101"));
        assert!(
            refusal(|action| action.r#type = ActionType::RestartService.into()).starts_with("replicas is 2")
        );
        assert!(refusal(|action| action.reason.clear()).starts_with("reason must"));
        assert!(refusal(|action| action.proposed_at = None).starts_with("proposed_at must"));
        assert!(refusal(|action| action.proposed_by = "x".repeat(129)).starts_with("proposed_by must"));
    }
}
