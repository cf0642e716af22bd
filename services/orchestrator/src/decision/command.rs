//! The order to sim-engine that an approval makes.

use std::time::Duration;

use chrono::TimeDelta;
use proto::ops::v1::ApplyActionCommand;
use store::actions::ActionRow;
use uuid::Uuid;

use crate::convert;

/// Namespace of the ids that are derived here.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// What a command says besides the action itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    /// How long it may be carried out.
    pub(super) ttl: Duration,
    /// Version of the kill switch that it was approved under.
    pub(super) automation_version: u64,
}

/// Id of the command of an approved action: it follows from the action and the version that the approval made.
pub(crate) fn command_id(row: &ActionRow) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("command/{}/{}", row.id, row.version).as_bytes())
}

/// The order to sim-engine: the same however often it is built.
pub(super) fn command_for(row: &ActionRow, Order { ttl, automation_version }: Order) -> ApplyActionCommand {
    let id = command_id(row).to_string();
    let action = convert::action(row.clone());
    let approved_at = row.decided_at.unwrap_or(row.updated_at);
    let valid_until = approved_at + TimeDelta::from_std(ttl).unwrap_or(TimeDelta::zero());
    ApplyActionCommand {
        id,
        simulation_id: action.simulation_id,
        run_id: action.run_id,
        action_id: action.id,
        r#type: action.r#type,
        target_id: action.target_id,
        target_version: action.target_version,
        replicas: action.replicas,
        approved_by: action.approvals.iter().map(|yes| yes.operator.as_str()).collect::<Vec<_>>().join(", "),
        approved_at: Some(convert::timestamp(approved_at)),
        valid_until: Some(convert::timestamp(valid_until)),
        automation_version,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::DateTime;
    use store::actions::Status;

    use super::*;

    pub(crate) fn approved() -> ActionRow {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        ActionRow {
            id: Uuid::from_u128(1),
            simulation_id: "default".to_owned(),
            run_id: Uuid::from_u128(2),
            incident_id: Uuid::from_u128(3),
            action_type: 2,
            target_id: "checkout".to_owned(),
            target_version: 4,
            replicas: 2,
            status: Status::Approved.code(),
            version: 2,
            reason: "r".to_owned(),
            proposed_at_tick: 10,
            proposed_at: at,
            proposed_by: "agent-service".to_owned(),
            attempt: 1,
            expires_at: at,
            decided_by: "alice".to_owned(),
            decided_at: Some(at),
            decision_reason: String::new(),
            executed_at_tick: 0,
            completed_at_tick: 0,
            outcome: String::new(),
            effect: 0,
            recorded_at: at,
            updated_at: at,
            approval_mode: 1,
            policy: "default".to_owned(),
            policy_reason: String::new(),
            approvals: sqlx::types::Json(Vec::new()),
            approvals_needed: 1,
            proposed_replicas: None,
            replicas_by: String::new(),
            rolls_back: None,
        }
    }

    #[test]
    fn a_command_is_the_same_however_often_it_is_built() {
        let order = Order { ttl: Duration::from_secs(60), automation_version: 3 };
        let command = command_for(&approved(), order);
        assert_eq!(command, command_for(&approved(), order));
        assert_eq!(command.valid_until.unwrap().seconds - command.approved_at.unwrap().seconds, 60);
        let other_decision = ActionRow { version: 3, ..approved() };
        assert_ne!(command.id, command_for(&other_decision, order).id);
    }
}
