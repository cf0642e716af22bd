//! The operator's desk: proposals wait here, are decided on, carried out and judged. It stands in for the
//! orchestrator and follows the same state machine.

use std::fmt;

use remedy::{ActionUpdate, Effect, Proposal, Status};
use sim::{Event, EventKind};
use uuid::Uuid;

use crate::convert::{seconds, ticks};

/// Simulated time after success within which the incident has to resolve.
const VERIFY_S: f64 = 120.0;

/// What an operator says to a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Approve,
    /// Do not.
    Reject,
    /// Nobody looks.
    Ignore,
}

/// Who decides.
pub enum Policy {
    /// Everything is approved.
    ApproveAll,
    /// Nobody looks.
    ApproveNone,
    /// Asks for each proposal.
    Ask(Box<dyn FnMut(&Proposal) -> Answer + Send>),
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApproveAll => "ApproveAll",
            Self::ApproveNone => "ApproveNone",
            Self::Ask(_) => "Ask",
        })
    }
}

impl Policy {
    fn answer(&mut self, proposal: &Proposal) -> Answer {
        match self {
            Self::ApproveAll => Answer::Approve,
            Self::ApproveNone => Answer::Ignore,
            Self::Ask(ask) => ask(proposal),
        }
    }
}

/// A proposal and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) proposal: Proposal,
    pub(crate) status: Status,
    pub(crate) effect: Option<Effect>,
    pub(crate) outcome: String,
    pub(crate) decided_tick: Option<u64>,
    pub(crate) executed_tick: Option<u64>,
    pub(crate) completed_tick: Option<u64>,
    /// Replicas that it stops, moves, adds or removes, as a share of those there are.
    pub(crate) touched: f64,
    version: u64,
    answered: bool,
    incident_resolved: bool,
}

impl Record {
    fn moved(&mut self, status: Status) -> ActionUpdate {
        self.status = status;
        self.version += 1;
        self.update()
    }

    fn update(&self) -> ActionUpdate {
        ActionUpdate {
            id: self.proposal.action_id,
            incident_id: self.proposal.incident_id,
            attempt: self.proposal.attempt,
            version: self.version,
            remedy: self.proposal.remedy.clone(),
            target_version: self.proposal.target_version,
            status: self.status,
            effect: self.effect,
            proposed_tick: self.proposal.tick,
            completed_tick: self.completed_tick,
            note: self.outcome.clone(),
        }
    }
}

/// All proposals of a run, in their order.
#[derive(Debug)]
pub(crate) struct Desk {
    policy: Policy,
    delay_ticks: u64,
    records: Vec<Record>,
}

impl Desk {
    pub(crate) fn new(policy: Policy, delay_s: f64) -> Self {
        Self { policy, delay_ticks: ticks(delay_s), records: Vec::new() }
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Takes a proposal in. The same one again changes nothing.
    pub(crate) fn receive(&mut self, proposal: Proposal) -> Option<ActionUpdate> {
        if self.records.iter().any(|record| record.proposal.action_id == proposal.action_id) {
            return None;
        }
        let record = Record {
            proposal,
            status: Status::Proposed,
            effect: None,
            outcome: String::new(),
            decided_tick: None,
            executed_tick: None,
            completed_tick: None,
            touched: 0.0,
            version: 1,
            answered: false,
            incident_resolved: false,
        };
        let update = record.update();
        self.records.push(record);
        Some(update)
    }

    /// Decides on what has waited long enough: updates for the agent, and the approved proposals to carry out.
    pub(crate) fn decide(&mut self, tick: u64) -> (Vec<ActionUpdate>, Vec<Proposal>) {
        let (mut updates, mut approved) = (Vec::new(), Vec::new());
        for record in &mut self.records {
            let due = record.proposal.tick.saturating_add(self.delay_ticks) <= tick;
            if record.status != Status::Proposed || record.answered || !due {
                continue;
            }
            record.answered = true;
            match self.policy.answer(&record.proposal) {
                Answer::Approve => {
                    record.decided_tick = Some(tick);
                    updates.push(record.moved(Status::Approved));
                    approved.push(record.proposal.clone());
                }
                Answer::Reject => {
                    record.decided_tick = Some(tick);
                    updates.push(record.moved(Status::Rejected));
                }
                Answer::Ignore => {}
            }
        }
        (updates, approved)
    }

    /// How much of the cloud an action touches.
    pub(crate) fn touched(&mut self, action_id: Uuid, share: f64) {
        let record = self.records.iter_mut().find(|record| record.proposal.action_id == action_id);
        if let Some(record) = record {
            record.touched = share;
        }
    }

    /// What the engine says about an action.
    pub(crate) fn hear(&mut self, event: &Event) -> Option<ActionUpdate> {
        let record = self
            .records
            .iter_mut()
            .find(|record| record.proposal.action_id.to_string() == event.action_id)?;
        match event.kind {
            EventKind::ActionExecuting => {
                record.executed_tick = Some(event.tick);
                Some(record.moved(Status::Executing))
            }
            EventKind::ActionSucceeded => {
                record.completed_tick = Some(event.tick);
                record.outcome.clone_from(&event.message);
                Some(record.moved(Status::Succeeded))
            }
            EventKind::ActionFailed => {
                record.completed_tick = Some(event.tick);
                record.outcome.clone_from(&event.message);
                Some(record.moved(Status::Failed))
            }
            _ => None,
        }
    }

    /// An incident is over: what waits for it is no longer wanted.
    pub(crate) fn resolved(&mut self, incident: Uuid) -> Vec<ActionUpdate> {
        let mut updates = Vec::new();
        for record in self.records.iter_mut().filter(|record| record.proposal.incident_id == incident) {
            record.incident_resolved = true;
            if record.status == Status::Proposed {
                "its incident cleared".clone_into(&mut record.outcome);
                updates.push(record.moved(Status::Superseded));
            }
        }
        updates
    }

    /// Judges what was done: effective when its incident is over within the verification window.
    pub(crate) fn judge(&mut self, tick: u64) -> Vec<ActionUpdate> {
        let mut updates = Vec::new();
        for record in &mut self.records {
            let Some(completed) = record.completed_tick else { continue };
            if record.status != Status::Succeeded || record.effect.is_some() {
                continue;
            }
            let kind = record.proposal.remedy.kind();
            let undo = matches!(kind, remedy::RemedyKind::ScaleDown | remedy::RemedyKind::RemoveComponent);
            if record.incident_resolved || undo {
                record.effect = Some(Effect::Effective);
            } else if seconds(tick - completed) >= VERIFY_S {
                record.effect = Some(Effect::Ineffective);
            } else {
                continue;
            }
            updates.push(record.moved(Status::Succeeded));
        }
        updates
    }
}
