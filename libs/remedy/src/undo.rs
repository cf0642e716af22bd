//! Taking back what is no longer needed: replicas that our own scale-ups added.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    action::Remedy,
    agent::Verdict,
    decide::Deciding,
    safety, scale,
    target::{ServiceId, Target},
    words,
};

/// Since which tick each service that owes replicas has been idle. Not remembered over a restart: it is measured anew.
pub(crate) type Idle = BTreeMap<ServiceId, u64>;

/// Replicas that a service owes to resolved incidents.
struct Debt {
    incident: Uuid,
    replicas: u32,
}

pub(crate) fn run(deciding: &mut Deciding<'_>, idle: &mut Idle) {
    let debts = debts(deciding);
    idle.retain(|service, _| debts.contains_key(service));
    for (service, debt) in debts {
        if !is_idle(deciding, &service) {
            idle.remove(&service);
            continue;
        }
        let since = *idle.entry(service.clone()).or_insert(deciding.tick);
        let long = deciding.ticks(deciding.picture.tuning.undo_after_s);
        if deciding.tick >= since.saturating_add(long) {
            take_back(deciding, &service, &debt);
        }
    }
}

/// By service, of the oldest incident first: one debt at a time is settled.
fn debts(deciding: &Deciding<'_>) -> BTreeMap<ServiceId, Debt> {
    let mut debts: BTreeMap<ServiceId, Debt> = BTreeMap::new();
    let resolved = deciding.memory.incidents.values().filter(|memory| !memory.is_open());
    for memory in resolved {
        let replicas = memory.replicas_owed();
        let service = memory.attempts.iter().find_map(|attempt| match &attempt.remedy {
            Remedy::ScaleUp { service, .. } => Some(service.clone()),
            _ => None,
        });
        if let (Some(service), 1..) = (service, replicas) {
            debts.entry(service).or_insert(Debt { incident: memory.incident.id, replicas });
        }
    }
    debts
}

fn is_idle(deciding: &Deciding<'_>, service: &ServiceId) -> bool {
    let target = Target::Service(service.clone());
    let troubled = deciding.memory.open().any(|memory| memory.incident.target == target);
    let changing = deciding
        .memory
        .attempts()
        .any(|attempt| attempt.status.is_live() && attempt.remedy.target() == target);
    let cpu = deciding.picture.assessment(service).and_then(|assessment| assessment.cpu_pct);
    !troubled && !changing && cpu.is_some_and(|cpu| cpu < deciding.picture.tuning.undo_cpu_pct)
}

fn take_back(deciding: &mut Deciding<'_>, service: &ServiceId, debt: &Debt) {
    let tuning = deciding.picture.tuning;
    let at_most = debt.replicas.min(safety::max_replicas_out(deciding.picture));
    let Some(plan) =
        deciding.picture.assessment(service).and_then(|assessment| scale::down(assessment, at_most, tuning))
    else {
        return;
    };
    let cpu =
        deciding.picture.assessment(service).and_then(|a| a.cpu_pct).map_or_else(String::new, words::pct);
    let reason = format!(
        "{service} CPU {cpu}, below {:.0} % for {:.0} s, and {} that an earlier scale-up added are no longer needed. \
         Scale {service} from {} to {} replicas: expected utilisation {:.0} %.",
        tuning.undo_cpu_pct,
        tuning.undo_after_s,
        words::plural(debt.replicas, "replica"),
        plan.from,
        plan.to,
        plan.expected_cpu_pct.unwrap_or(0.0)
    );
    offer(deciding, debt.incident, Remedy::ScaleDown { service: service.clone(), by: plan.by() }, reason);
}

/// Proposes to take something back, unless it was tried or declined a moment ago, is not allowed now, or comes too soon after others.
pub(crate) fn offer(deciding: &mut Deciding<'_>, incident: Uuid, remedy: Remedy, reason: String) {
    let target = remedy.target();
    let barred = deciding.memory.barred_now(remedy.kind(), &target, deciding.tick);
    let allowed = safety::allowed(&remedy, deciding.picture, deciding.memory).is_ok();
    let Some(version) = deciding.version(&target).filter(|_| allowed && !barred) else { return };
    if deciding.take_token().is_err() {
        return;
    }
    let action_id = deciding.propose(incident, (remedy, version), (&target, false, ""), &reason);
    deciding.record(incident, Verdict::Proposed, Some(action_id), reason);
}
