//! `microcloud actions …`

use proto::ops::v1::action_service_connect_client::ActionServiceClient;
use proto::ops::v1::{
    Action, ActionEffect, ActionStatus, ActionType, ApproveActionRequest, GetActionHistoryRequest,
    GetActionRequest, GetActionResponse, ListPendingActionsRequest, Preview, PreviewActionRequest,
    ProposeActionRequest, RejectActionRequest,
};
use serde_json::json;

use crate::cli::ActionCommand;
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, ids, incidents, operator, preview};

/// No simulation named: ids are unique among all of them.
const EVERY_ONE: &str = "";
/// Longest page the API gives.
const PAGE: u32 = 1_000;

pub(crate) async fn run(target: &Target, command: ActionCommand) -> Result<(), Failure> {
    let client = api::actions(target)?;
    match command {
        ActionCommand::List { all, json } => list(&client, &target.simulation(), all, json).await,
        ActionCommand::Show { id, json } => show(&client, &id, json).await,
        ActionCommand::Approve { id, replicas, decision } => {
            let request = ApproveActionRequest {
                action_id: full_id(&client, &id, true).await?,
                operator: operator::name(decision.operator.as_deref())?,
                expected_version: decision.expected_version.unwrap_or_default(),
                idempotency_key: decision.idempotency_key.unwrap_or_default(),
                replicas: replicas.unwrap_or_default(),
            };
            let action = client.approve_action(&request).await?.into_inner().action.unwrap_or_default();
            decided(&action, decision.json)
        }
        ActionCommand::Propose { incident, action, target: target_id, replicas, reason, operator, json } => {
            let request = ProposeActionRequest {
                incident_id: incidents::full_id(target, &incident).await?,
                r#type: kind(&action)?.into(),
                target_id,
                replicas,
                reason,
                operator: operator::name(operator.as_deref())?,
                idempotency_key: String::new(),
            };
            let action = client.propose_action(&request).await?.into_inner().action.unwrap_or_default();
            if json {
                return output::json(&action);
            }
            output::line(format!("{} is proposed: {}", ids::short(&action.id), what(&action)));
            output::progress(format!("approve it: microcloud actions approve {}", ids::short(&action.id)));
            Ok(())
        }
        ActionCommand::Reject { id, reason, decision } => {
            let request = RejectActionRequest {
                action_id: full_id(&client, &id, true).await?,
                operator: operator::name(decision.operator.as_deref())?,
                reason,
                expected_version: decision.expected_version.unwrap_or_default(),
                idempotency_key: decision.idempotency_key.unwrap_or_default(),
            };
            let action = client.reject_action(&request).await?.into_inner().action.unwrap_or_default();
            decided(&action, decision.json)
        }
    }
}

fn kind(typed: &str) -> Result<ActionType, Failure> {
    let name = format!("ACTION_TYPE_{}", typed.to_uppercase().replace('-', "_"));
    ActionType::from_str_name(&name).filter(|kind| *kind != ActionType::Unspecified).ok_or_else(|| {
        Failure::Usage(format!("there is no action {typed:?}; docs/remediation.md lists those there are"))
    })
}

async fn list(
    client: &ActionServiceClient,
    simulation_id: &str,
    all: bool,
    json: bool,
) -> Result<(), Failure> {
    let actions =
        if all { history(client, simulation_id).await? } else { pending(client, simulation_id).await? };
    if json {
        return output::json(&actions);
    }
    if actions.is_empty() {
        output::line(if all { "No action yet." } else { "No action waits for a decision." });
        return Ok(());
    }
    let rows = actions
        .iter()
        .map(|action| vec![ids::short(&action.id), status(action), what(action), action.reason.clone()]);
    output::table(&["ID", "STATUS", "ACTION", "WHY"], rows.collect());
    Ok(())
}

async fn show(client: &ActionServiceClient, id: &str, json: bool) -> Result<(), Failure> {
    let request = GetActionRequest { action_id: full_id(client, id, false).await? };
    let GetActionResponse { action, prediction } = client.get_action(&request).await?.into_inner();
    let action = action.unwrap_or_default();
    if !json {
        print(&action);
    }
    let ahead =
        if action.status() == ActionStatus::Proposed { look_ahead(client, &action).await } else { None };
    if json {
        let mut shown = json!(action);
        shown["preview"] = json!(ahead);
        shown["prediction"] = json!(prediction);
        return output::json(&shown);
    }
    if let Some(prediction) = prediction.filter(|_| ahead.is_none()) {
        output::line("");
        preview::print_prediction(&prediction);
    }
    if let Some(ahead) = ahead {
        output::line("");
        preview::print(&ahead, Some(preview::PROPOSAL));
    }
    Ok(())
}

/// What would come of a proposal. The action is worth showing without it: what went wrong is told beside it.
async fn look_ahead(client: &ActionServiceClient, action: &Action) -> Option<Preview> {
    let request = PreviewActionRequest { action_id: action.id.clone(), ..PreviewActionRequest::default() };
    match client.preview_action(&request).await {
        Ok(answer) => answer.into_inner().preview,
        Err(error) => {
            output::progress(format!("What would come of it is not known: {}", Failure::from(error)));
            None
        }
    }
}

fn print(action: &Action) {
    let mut rows = vec![
        ("action", what(action)),
        ("status", status(action)),
        ("id", action.id.clone()),
        ("version", action.version.to_string()),
        ("incident", action.incident_id.clone()),
        ("why", action.reason.clone()),
        (
            "proposed by",
            format!(
                "{} at tick {} (attempt {})",
                action.proposed_by, action.proposed_at_tick, action.attempt
            ),
        ),
    ];
    if !action.policy_reason.is_empty() {
        rows.push(("approval", action.policy_reason.clone()));
    }
    if action.proposed_replicas != action.replicas {
        let (by, proposed) = (&action.replicas_by, action.proposed_replicas);
        rows.push(("number", format!("changed by {by}: {proposed} had been proposed")));
    }
    if !action.approvals.is_empty() {
        rows.push(("approved by", approvals(action)));
    }
    if let Some(expires) = &action.expires_at {
        rows.push(("expires", format!("{} UTC", output::time(expires))));
    }
    if !action.decided_by.is_empty() {
        let at = action.decided_at.as_ref().map(output::time).unwrap_or_default();
        rows.push(("decided by", format!("{} at {at} UTC", action.decided_by)));
    }
    if !action.decision_reason.is_empty() {
        rows.push(("decision", action.decision_reason.clone()));
    }
    if action.executed_at_tick > 0 {
        rows.push(("took effect", format!("tick {}", action.executed_at_tick)));
    }
    if action.completed_at_tick > 0 {
        rows.push(("completed", format!("tick {}", action.completed_at_tick)));
    }
    if !action.outcome.is_empty() {
        rows.push(("outcome", action.outcome.clone()));
    }
    if !action.rolls_back.is_empty() {
        rows.push(("takes back", action.rolls_back.clone()));
    }
    output::table(&["", ""], rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect());
}

/// Those of all simulations when no one is named.
async fn pending(client: &ActionServiceClient, simulation_id: &str) -> Result<Vec<Action>, Failure> {
    let request = ListPendingActionsRequest { simulation_id: simulation_id.to_owned() };
    Ok(client.list_pending_actions(&request).await?.into_inner().actions)
}

/// Those of all simulations when no one is named.
async fn history(client: &ActionServiceClient, simulation_id: &str) -> Result<Vec<Action>, Failure> {
    let simulation_id = simulation_id.to_owned();
    let request =
        GetActionHistoryRequest { simulation_id, limit: PAGE, ..GetActionHistoryRequest::default() };
    Ok(client.get_action_history(&request).await?.into_inner().actions)
}

/// Lets people type the first characters of an id, as git does.
async fn full_id(client: &ActionServiceClient, id: &str, pending_only: bool) -> Result<String, Failure> {
    if ids::is_whole(id) {
        return Ok(id.to_owned());
    }
    let candidates =
        if pending_only { pending(client, EVERY_ONE).await? } else { history(client, EVERY_ONE).await? };
    ids::whole(id, candidates.into_iter().map(|action| action.id), || {
        if pending_only {
            format!(
                "no pending action starts with {id:?}: see `microcloud actions list`; with the whole id you are told who decided"
            )
        } else {
            format!("no action starts with {id:?}: see `microcloud actions list --all`")
        }
    })
}

fn decided(action: &Action, json: bool) -> Result<(), Failure> {
    if json {
        return output::json(action);
    }
    output::line(format!("{}: {} ({})", status(action), what(action), action.id));
    if action.status() == ActionStatus::Proposed {
        output::line(format!("Approved by {}: somebody else has to approve it, too.", approvals(action)));
    }
    Ok(())
}

/// For example `ana (1 of 2)`.
fn approvals(action: &Action) -> String {
    let by: Vec<&str> = action.approvals.iter().map(|yes| yes.operator.as_str()).collect();
    format!("{} ({} of {})", by.join(", "), by.len(), action.approvals_needed)
}

fn what(action: &Action) -> String {
    words(action.r#type(), &action.target_id, action.replicas)
}

/// For example `SCALE_UP catalog-db +2`.
pub(crate) fn words(kind: ActionType, target_id: &str, replicas: u32) -> String {
    let name = kind.as_str_name().trim_start_matches("ACTION_TYPE_");
    match kind {
        ActionType::ScaleUp => format!("{name} {target_id} +{replicas}"),
        ActionType::ScaleDown => format!("{name} {target_id} -{replicas}"),
        _ if replicas > 1 => format!("{name} {target_id} ×{replicas}"),
        _ => format!("{name} {target_id}"),
    }
}

/// For example `SUCCEEDED (EFFECTIVE)`.
fn status(action: &Action) -> String {
    let status = ActionStatus::try_from(action.status).unwrap_or_default();
    let name = status.as_str_name().trim_start_matches("ACTION_STATUS_");
    match action.effect() {
        ActionEffect::Unspecified => name.to_owned(),
        effect => format!("{name} ({})", effect.as_str_name().trim_start_matches("ACTION_EFFECT_")),
    }
}
