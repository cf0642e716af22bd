//! The life of an action, as rules without a database: what becomes of it when somebody decides, and when sim-engine reports. The
//! orchestrator applies them to a locked row, and writes what they say by compare-and-set.

use crate::action::Status;

/// Most replicas that one action may add or remove. The blast radius of one approval stays bounded.
pub const MAX_REPLICAS: u32 = 100;

/// An action as far as deciding on it is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Where it stands.
    pub status: Status,
    /// Raised at every change.
    pub version: u64,
    /// Who proposed it.
    pub proposed_by: String,
    /// Approvals that it takes, by different people.
    pub approvals_needed: u32,
    /// Who has approved it so far, as it is now.
    pub approvals: Vec<String>,
    /// Replicas to add or remove; 0 for remedies that have none.
    pub replicas: u32,
    /// Who changed the number of replicas; empty when nobody did.
    pub replicas_by: String,
}

/// What somebody says to a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes, perhaps with another number of replicas.
    Approve {
        /// That number; `None` leaves it.
        replicas: Option<u32>,
    },
    /// No.
    Reject,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It counts and decides.
    Decided(Life),
    /// It counts; the action waits for another person.
    Counted(Life),
    /// It does not count, and nothing changes.
    Refused(Refusal),
}

/// Why a decision does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The action no longer waits for a decision.
    Over,
    /// It has changed since it was looked at.
    Changed,
    /// Its time is up.
    Late,
    /// Whoever proposed it is none of the two who have to approve it.
    Proposer,
    /// The same person has approved it before.
    Twice,
    /// It has no number of replicas to change.
    NoReplicas,
    /// The number is not one of 1 to [`MAX_REPLICAS`].
    TooManyReplicas,
}

/// Decides. `late` is whether its time is up by the clock that counts.
pub fn decide(life: &Life, by: &str, answer: Answer, expected_version: Option<u64>, late: bool) -> Outcome {
    if life.status != Status::Proposed {
        return Outcome::Refused(Refusal::Over);
    }
    if expected_version.is_some_and(|expected| expected != life.version) {
        return Outcome::Refused(Refusal::Changed);
    }
    if late {
        return Outcome::Refused(Refusal::Late);
    }
    let mut next = Life { version: life.version + 1, ..life.clone() };
    match answer {
        Answer::Reject => {
            next.status = Status::Rejected;
            Outcome::Decided(next)
        }
        Answer::Approve { replicas } => match approve(&mut next, by, replicas) {
            Err(refusal) => Outcome::Refused(refusal),
            Ok(()) if next.approvals.len() < next.approvals_needed as usize => Outcome::Counted(next),
            Ok(()) => {
                next.status = Status::Approved;
                Outcome::Decided(next)
            }
        },
    }
}

fn approve(next: &mut Life, by: &str, replicas: Option<u32>) -> Result<(), Refusal> {
    if next.approvals_needed > 1 && same_person(by, &next.proposed_by) {
        return Err(Refusal::Proposer);
    }
    if let Some(replicas) = replicas.filter(|replicas| *replicas != next.replicas) {
        if next.replicas == 0 {
            return Err(Refusal::NoReplicas);
        }
        if !(1..=MAX_REPLICAS).contains(&replicas) {
            return Err(Refusal::TooManyReplicas);
        }
        next.replicas = replicas;
        by.clone_into(&mut next.replicas_by);
        // Whoever approved before approved another number.
        next.approvals.clear();
    }
    if next.approvals.iter().any(|before| same_person(by, before)) {
        return Err(Refusal::Twice);
    }
    next.approvals.push(by.to_owned());
    Ok(())
}

/// Whether two names are one person's: neither white space nor case makes a second one.
pub fn same_person(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// What sim-engine reports about an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It took effect.
    Executing,
    /// Its work is done.
    Succeeded,
    /// It was refused, or could not be finished.
    Failed,
    /// It was refused because automation is, or was meanwhile, paused.
    RefusedBySwitch,
}

/// The steps that a report means, in order; none when it fits no step. The report of a beginning may have been lost with a disk: the
/// path goes through EXECUTING all the same.
pub fn after(status: Status, report: Report) -> &'static [Status] {
    match (status, report) {
        (Status::Approved, Report::Executing) => &[Status::Executing],
        (Status::Approved, Report::Succeeded) => &[Status::Executing, Status::Succeeded],
        (Status::Executing, Report::Succeeded) => &[Status::Succeeded],
        (Status::Approved | Status::Executing, Report::Failed) => &[Status::Failed],
        (Status::Approved, Report::RefusedBySwitch) => &[Status::Cancelled],
        _ => &[],
    }
}
