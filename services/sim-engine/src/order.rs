//! Orders of the orchestrator: what must hold before a command may touch the simulation.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::{ActionType, ApplyActionCommand};
use proto::sim::v1::{SimulationEvent, SimulationEventKind};
use rulebook::switch::REFUSED_BY_SWITCH;
use sim::Act;

use crate::identity::Identity;
use crate::{convert, ids};

/// Longest id in a command: UUIDs are 36 characters, ids in a topology short.
const MAX_ID: usize = 256;

/// The action a command orders, when it may be performed in this run at this wall-clock time; otherwise why not.
///
/// Whether the target exists and is still what the agent saw is for the world to say, at the moment of effect.
pub(crate) fn checked(
    command: &ApplyActionCommand,
    run: &Identity,
    now: DateTime<Utc>,
) -> Result<Act, String> {
    let ApplyActionCommand {
        id,
        simulation_id,
        run_id,
        action_id,
        r#type,
        target_id,
        target_version,
        replicas,
        approved_by: _,
        approved_at: _,
        valid_until,
        automation_version: _,
    } = command;
    if *simulation_id != run.simulation_id {
        return Err(format!("it is for simulation {simulation_id:?}, not for {:?}", run.simulation_id));
    }
    if *run_id != run.run_id.to_string() {
        return Err(format!(
            "run {run_id:?} is over, the run is now {}: propose the action again",
            run.run_id
        ));
    }
    if action_id.is_empty() {
        return Err("the command names no action: only approved actions are performed".to_owned());
    }
    let until = valid_until.and_then(|until| DateTime::<Utc>::try_from(until).ok());
    match until {
        None => return Err("the command does not say until when it is valid".to_owned()),
        Some(until) if until <= now => {
            return Err(format!(
                "the command was valid until {}: approve the action again",
                until.to_rfc3339()
            ));
        }
        Some(_) => {}
    }
    if target_id.is_empty() || target_id.len() > MAX_ID || target_id.contains(['*', '>', '?', ',', ' ']) {
        return Err(format!("target {target_id:?} is not the id of one thing: name exactly one"));
    }
    if *target_version == 0 {
        return Err("target version 0: say which version of the target was looked at".to_owned());
    }
    let kind = convert::action_kind_from(*r#type).map_err(|invalid| invalid.to_string())?;
    Ok(Act {
        command_id: id.clone(),
        action_id: action_id.clone(),
        kind,
        target: target_id.clone(),
        target_version: *target_version,
        replicas: *replicas,
    })
}

/// Why a command does not reach a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Automation is paused, or was since the approval.
    BySwitch(String),
    /// Anything else.
    Because(String),
}

/// The event that tells that a command was refused before it reached a world.
pub(crate) fn refusal(
    command: &ApplyActionCommand,
    refused: Refused,
    tick: u64,
    time: DateTime<Utc>,
) -> SimulationEvent {
    let mut attributes = BTreeMap::new();
    let reason = match refused {
        Refused::Because(reason) => reason,
        Refused::BySwitch(reason) => {
            attributes.insert(REFUSED_BY_SWITCH.to_owned(), "true".to_owned());
            reason
        }
    };
    tracing::info!(command_id = command.id, action_id = command.action_id, reason, "command refused");
    let kind = match ActionType::try_from(command.r#type) {
        Ok(ActionType::DrainNode) => TargetKind::Node,
        _ => TargetKind::Service,
    };
    SimulationEvent {
        id: ids::refusal_event(&command.id).to_string(),
        // Who reads it looks for the simulation and the run of the action, whatever runs now.
        simulation_id: command.simulation_id.clone(),
        run_id: command.run_id.clone(),
        tick,
        time: Some(time.into()),
        kind: SimulationEventKind::ActionFailed.into(),
        target: Some(Target { kind: kind.into(), id: command.target_id.clone() }),
        message: reason,
        action_id: command.action_id.clone(),
        command_id: command.id.clone(),
        attributes,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// Makes a good order a bad one.
    type Spoil = fn(&mut ApplyActionCommand);

    fn order(change: impl FnOnce(&mut ApplyActionCommand)) -> Result<Act, String> {
        let now = Utc::now();
        let run = Identity::begin("default", 1, 42, now, None);
        let mut command = ApplyActionCommand {
            id: "c".to_owned(),
            simulation_id: "default".to_owned(),
            run_id: run.run_id.to_string(),
            action_id: "a".to_owned(),
            r#type: ActionType::RestartService.into(),
            target_id: "checkout".to_owned(),
            target_version: 1,
            replicas: 0,
            approved_by: "ops".to_owned(),
            approved_at: None,
            valid_until: Some((now + TimeDelta::seconds(60)).into()),
            automation_version: 1,
        };
        change(&mut command);
        checked(&command, &run, now)
    }

    #[test]
    fn a_complete_order_is_carried_out() {
        assert_eq!(order(|_| {}).unwrap().target, "checkout");
    }

    #[test]
    fn an_order_that_lacks_anything_is_refused_with_the_reason() {
        let cases: [(&str, Spoil); 9] = [
            ("it is for simulation", |c| c.simulation_id = "other".to_owned()),
            ("is over", |c| c.run_id = "before".to_owned()),
            ("names no action", |c| c.action_id.clear()),
            ("until when", |c| c.valid_until = None),
            ("was valid until", |c| c.valid_until = Some((Utc::now() - TimeDelta::seconds(1)).into())),
            ("name exactly one", |c| c.target_id.clear()),
            ("name exactly one", |c| c.target_id = "*".to_owned()),
            ("version 0", |c| c.target_version = 0),
            ("not known", |c| c.r#type = 99),
        ];
        for (reason, change) in cases {
            let refused = order(change).unwrap_err();
            assert!(refused.contains(reason), "{refused:?} should say {reason:?}");
        }
    }
}
