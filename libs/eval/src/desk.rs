//! The operator's desk: proposals wait here, are decided on, carried out and judged. It stands in for the
//! orchestrator and follows the same state machine.

use std::fmt;

use remedy::action::rollback_id;
use remedy::verification::{self, Deed, Experience, Standing, Worse};
use remedy::{ActionUpdate, Effect, Expectation, Proposal, Remedy, Status};
use sim::{Event, EventKind};
use uuid::Uuid;

use crate::convert::ticks;

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
    /// When a suspicion of harm was looked into last.
    asked_tick: Option<u64>,
    /// The action that it takes back.
    pub(crate) rolls_back: Option<Uuid>,
}

/// Looks ahead at a remedy, with the present version of its target.
pub(crate) type LookAhead<'a> = &'a dyn Fn(&Remedy) -> Option<(Expectation, u64)>;

impl Record {
    fn new(proposal: Proposal) -> Self {
        Self {
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
            asked_tick: None,
            rolls_back: None,
        }
    }

    /// What can be judged of it: it has taken effect, and is not judged yet.
    fn deed(&self) -> Option<Deed> {
        let unjudged = self.status == Status::Succeeded && self.effect.is_none();
        Some(Deed {
            executed_tick: self.executed_tick.filter(|_| unjudged)?,
            completed_tick: self.completed_tick,
            takes_back: self.proposal.remedy.kind().takes_back() || self.rolls_back.is_some(),
            resolved: self.incident_resolved,
        })
    }

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
        let record = Record::new(proposal);
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

    /// Judges what was done by the rules of [`verification`]: updates for the agent, and what takes harm back, to carry out.
    pub(crate) fn judge(
        &mut self,
        tick: u64,
        users: &Experience,
        look_ahead: LookAhead<'_>,
    ) -> (Vec<ActionUpdate>, Vec<Proposal>) {
        let (mut updates, mut rollbacks) = (Vec::new(), Vec::new());
        for record in &mut self.records {
            let Some(deed) = record.deed() else { continue };
            if let Some((worse, remedy, version)) = harm(record, &deed, (tick, users), look_ahead) {
                record.effect = Some(Effect::Harmful);
                record.outcome = worse.to_string();
                rollbacks.push(rollback(record, remedy, version, tick));
            } else {
                record.effect = match verification::standing(&deed, tick, sim::TICK_MS) {
                    Standing::Open => continue,
                    Standing::Effective => Some(Effect::Effective),
                    Standing::Ineffective => Some(Effect::Ineffective),
                };
            }
            updates.push(record.moved(Status::Succeeded));
        }
        let mut orders = Vec::new();
        for mut record in rollbacks {
            record.decided_tick = Some(tick);
            updates.push(record.moved(Status::Approved));
            orders.push(record.proposal.clone());
            self.records.push(record);
        }
        (updates, orders)
    }
}

/// Whether a deed did harm, and what takes it back. What takes another one back is not taken back itself.
fn harm(
    record: &mut Record,
    deed: &Deed,
    (tick, users): (u64, &Experience),
    look_ahead: LookAhead<'_>,
) -> Option<(Worse, Remedy, u64)> {
    let inverse = record.proposal.remedy.inverse().filter(|_| record.rolls_back.is_none())?;
    let worse = users.worsened(deed, tick, sim::TICK_MS)?;
    if record.asked_tick.is_some_and(|asked| !verification::asks_again(asked, tick, sim::TICK_MS)) {
        return None;
    }
    record.asked_tick = Some(tick);
    let (expected, version) = look_ahead(&inverse)?;
    verification::is_to_blame(&expected).then_some((worse, inverse, version))
}

fn rollback(harmful: &Record, remedy: Remedy, target_version: u64, tick: u64) -> Record {
    let of = &harmful.proposal;
    let reason = format!("Takes {} of {} back: {}.", of.remedy.kind(), of.remedy.target(), harmful.outcome);
    let proposal =
        Proposal { action_id: rollback_id(of.action_id), remedy, target_version, reason, tick, ..of.clone() };
    Record {
        answered: true,
        incident_resolved: harmful.incident_resolved,
        rolls_back: Some(of.action_id),
        ..Record::new(proposal)
    }
}
