//! What stands in the way of another action: those that are at work, those that did not help, and time.

use uuid::Uuid;

use crate::{
    action::{Remedy, RemedyKind, Status},
    condition::Condition,
    decide::Deciding,
    diagnosis::{Cause, CauseKind},
    incident::Incident,
    memory::Attempt,
    safety::{Refusal, Rule},
    target::Target,
    telemetry::Window,
};

impl Deciding<'_> {
    /// An action for the same incident that has not had the time to work yet.
    pub(crate) fn own_action_at_work(&self, id: Uuid, cause: &Cause) -> Option<(Uuid, String)> {
        if !self.picture.limits.one_per_target {
            return None;
        }
        let attempts = &self.memory.incidents.get(&id)?.attempts;
        attempts.iter().rev().find_map(|attempt| {
            let settle = self.ticks(self.picture.tuning.settle_s);
            let settling = attempt.status == Status::Succeeded
                && attempt.effect.is_none()
                && attempt.done_tick.is_some_and(|done| self.tick < done.saturating_add(settle));
            (attempt.blocks() || settling).then(|| (attempt.action_id, at_work(attempt, cause)))
        })
    }

    /// An action for an incident of the same group that is expected to cure most of it, and has not had the time to work yet.
    pub(crate) fn cure_at_work(&self, id: Uuid, cause: &Cause) -> Option<(Uuid, String)> {
        let lead = |incident: &Incident| incident.symptom_of.unwrap_or(incident.id);
        let group = lead(&self.memory.incidents.get(&id)?.incident);
        let members = self.memory.incidents.values().filter(|known| lead(&known.incident) == group);
        // As long as the means of the last seconds hold what was before it.
        let settle = self.ticks(self.picture.tuning.window_s);
        let cure = members.flat_map(|known| &known.attempts).find(|attempt| {
            let settling = attempt.status == Status::Succeeded
                && attempt.done_tick.is_some_and(|done| self.tick < done.saturating_add(settle));
            attempt.cures && (attempt.blocks() || settling)
        })?;
        Some((cure.action_id, at_work(cure, cause)))
    }

    /// The newest version of a target, as telemetry or topology know it.
    pub(crate) fn version(&self, target: &Target) -> Option<u64> {
        let (window, known) = match target {
            Target::Service(id) => (
                self.picture.windows.service(id),
                self.picture.topology.service(id).map(|service| service.version),
            ),
            Target::Node(id) => {
                (self.picture.windows.node(id), self.picture.topology.node(id).map(|node| node.version))
            }
            Target::Zone(_) | Target::Simulation => (None, None),
        };
        let measured = window.map(Window::version);
        measured.max(known).filter(|version| *version > 0)
    }

    /// An action on the cause, or for it, that is under way or waits for its verdict.
    pub(crate) fn at_work_on(&self, cause: &Target) -> Option<&Attempt> {
        // Whoever can look ahead need not wait for the verdict: what was done shows in the present that is looked ahead from.
        let tuning = self.picture.tuning;
        let patience = self.ticks(if self.can_look_ahead() { tuning.settle_s } else { tuning.verdict_s });
        self.memory.attempts().find(|attempt| {
            let unjudged = attempt.status == Status::Succeeded
                && attempt.effect.is_none()
                && attempt.remedy.kind() != RemedyKind::ScaleDown
                && attempt.done_tick.is_some_and(|done| self.tick < done.saturating_add(patience));
            let concerned = &attempt.cause == cause || &attempt.remedy.target() == cause;
            concerned && (attempt.blocks() || (unjudged && self.is_open(attempt)))
        })
    }

    /// An action on something that the cause waits for, which is under way or has just been done: the delay it cures is
    /// in the means of the last seconds for a while.
    pub(crate) fn at_work_below(&self, cause: &Cause) -> Option<&Attempt> {
        let CauseKind::Service { assessment, .. } = &cause.kind else { return None };
        if !matches!(assessment.condition, Condition::Slow | Condition::Failing | Condition::Backlogged) {
            return None;
        }
        let below = self.picture.topology.reachable(&assessment.service);
        let settle = self.ticks(self.picture.tuning.settle_s);
        self.memory.attempts().find(|attempt| {
            let at_work = match attempt.status {
                Status::Approved | Status::Executing => true,
                Status::Succeeded => {
                    attempt.done_tick.is_some_and(|done| self.tick < done.saturating_add(settle))
                }
                _ => false,
            };
            at_work && matches!(attempt.remedy.target(), Target::Service(service) if below.contains(&service))
        })
    }

    /// Whether the incident that an attempt was made for is still open.
    pub(crate) fn is_open(&self, attempt: &Attempt) -> bool {
        self.memory.open().any(|memory| memory.attempts.iter().any(|a| a.action_id == attempt.action_id))
    }

    /// What was done for a cause without helping. A refusal because the target had changed in the meantime says nothing
    /// about the remedy, once.
    pub(crate) fn spent(&self, cause: &Target) -> Vec<Remedy> {
        let mut pardoned = false;
        self.memory
            .attempts()
            .filter(|attempt| &attempt.cause == cause && attempt.is_spent())
            .filter(|attempt| {
                let moved = attempt.status == Status::Failed
                    && self.version(&attempt.remedy.target()) > Some(attempt.target_version);
                let pardon = moved && !pardoned;
                pardoned |= pardon;
                !pardon
            })
            .map(|attempt| attempt.remedy.clone())
            .collect()
    }

    pub(crate) fn held_down(&self, members: &[Uuid]) -> Option<Refusal> {
        let hold = self.ticks(self.picture.limits.hold_down_s);
        let oldest = members
            .iter()
            .filter_map(|id| self.memory.incidents.get(id))
            .map(|m| m.incident.opened_tick)
            .min()?;
        (self.tick < oldest.saturating_add(hold)).then(|| Refusal {
            rule: Rule::HoldDown,
            why: format!(
                "the incident has to last {:.0} s first, so that a passing one heals by itself",
                self.picture.limits.hold_down_s
            ),
        })
    }
}

/// What an action is at, and why that is enough for now.
pub(crate) fn at_work(attempt: &Attempt, cause: &Cause) -> String {
    let state = match attempt.status {
        Status::Proposed => "waits for a decision",
        Status::Approved | Status::Executing => "is being carried out",
        _ => "has been done and is given time to work",
    };
    format!("{} of {} {state}. {}.", attempt.remedy.kind(), attempt.remedy.target(), cause.evidence)
}
