//! Who has to approve a proposal: rules as data, the first that matches wins, and whoever nothing matches is asked about.
//!
//! What is not known never lets a rule match that approves by itself, and never keeps one from matching that asks people.

use std::fmt;

use crate::action::RemedyKind;
use crate::incident::Severity;

mod check;
mod permit;

pub use check::{
    MAX_EXPIRY_S, MAX_NAME, MAX_POLICIES, MAX_TARGET, MAX_TARGETS, MIN_EXPIRY_S, PolicyErrors, PolicySet,
};
pub use permit::{
    BURST, Hold, MAX_SAMPLE_AGE_S, REFILL_PER_MINUTE, SILENT_AFTER_S, Surroundings, Zone, permit,
};

/// Name of the rule for what nothing else matches.
pub const DEFAULT: &str = "default";

/// Whose yes it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One person's.
    Ask,
    /// Nobody's: the policy approves.
    AutoApprove,
    /// That of two different people, neither of whom proposed it.
    TwoPerson,
}

impl Mode {
    /// Approvals that it takes.
    pub fn approvals(self) -> u32 {
        if self == Self::TwoPerson { 2 } else { 1 }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ask => "a person decides",
            Self::AutoApprove => "approved by the policy",
            Self::TwoPerson => "two people decide",
        })
    }
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its name, by which decisions refer to it.
    pub name: String,
    /// Which proposals.
    pub matches: Match,
    /// Whose yes they take.
    pub mode: Mode,
    /// Wall-clock seconds that they can be decided on; `None` leaves it to the orchestrator.
    pub expiry_s: Option<u32>,
}

/// Which proposals; what is empty or `None` says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Match {
    /// One of these types.
    pub kinds: Vec<RemedyKind>,
    /// One of these targets, by id.
    pub targets: Vec<String>,
    /// Of an incident at least this severe.
    pub min_severity: Option<Severity>,
    /// Of an incident at most this severe.
    pub max_severity: Option<Severity>,
    /// Touching at most this share of the replicas there are, %.
    pub max_blast_pct: Option<f64>,
    /// With this prediction.
    pub effect: Option<Demand>,
}

/// What the look ahead has to say about a proposal, beside doing nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Demand {
    /// At most this share of the futures gets worse by it, 0 to 1; 0 is harm to nobody.
    pub max_harms: Option<f64>,
    /// At least this share of the futures gets better by it, 0 to 1.
    pub min_helps: Option<f64>,
    /// Bad requests (failed or slow) become fewer by at least so many percentage points, in the middle of the futures.
    pub min_bad_pct_less: Option<f64>,
}

/// What is known about a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What is to be done.
    pub kind: RemedyKind,
    /// To whom.
    pub target: String,
    /// Severity of the incident that it answers.
    pub severity: Option<Severity>,
    /// Share of the replicas there are that it touches, %.
    pub blast_pct: Option<f64>,
    /// What was predicted, once that was computed.
    pub predicted: Option<Predicted>,
}

/// What was predicted, beside doing nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Predicted {
    /// Share of the futures that get worse by it, 0 to 1.
    pub harms: f64,
    /// Share of the futures that get better by it, 0 to 1.
    pub helps: f64,
    /// Percentage points of bad requests that it saves, in the middle of the futures.
    pub bad_pct_less: f64,
}

/// Who has to approve a proposal, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruling {
    /// Whose yes it takes.
    pub mode: Mode,
    /// Name of the rule that matched, or [`DEFAULT`].
    pub policy: String,
    /// Why that rule, as a sentence.
    pub reason: String,
    /// Wall-clock seconds that the proposal can be decided on, when the rule says so.
    pub expiry_s: Option<u32>,
    /// Whether an earlier rule would match if the prediction were known, and good enough.
    pub wants_prediction: bool,
}

/// Who has to approve a proposal.
pub fn decide(set: &PolicySet, facts: &Facts) -> Ruling {
    let mut wants_prediction = false;
    for policy in set.iter() {
        match policy.matches.fits(policy.mode, facts) {
            Fit::No => {}
            Fit::Unpredicted => wants_prediction = true,
            Fit::Yes => {
                return Ruling {
                    mode: policy.mode,
                    policy: policy.name.clone(),
                    reason: format!("{}: policy {} matches ({}).", policy.mode, policy.name, facts),
                    expiry_s: policy.expiry_s,
                    wants_prediction,
                };
            }
        }
    }
    Ruling {
        mode: Mode::Ask,
        policy: DEFAULT.to_owned(),
        reason: format!("{}: no policy matches ({facts}).", Mode::Ask),
        expiry_s: None,
        wants_prediction,
    }
}

/// How a rule fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Yes,
    No,
    /// All but the prediction, which is not known.
    Unpredicted,
}

impl Match {
    fn fits(&self, mode: Mode, facts: &Facts) -> Fit {
        let Self { kinds, targets, min_severity, max_severity, max_blast_pct, effect } = self;
        // Of what is not known the cautious is assumed: people are asked, and no policy approves.
        let unknown = mode != Mode::AutoApprove;
        let severe = |holds: &dyn Fn(Severity) -> bool| facts.severity.map_or(unknown, holds);
        let fits = (kinds.is_empty() || kinds.contains(&facts.kind))
            && (targets.is_empty() || targets.contains(&facts.target))
            && min_severity.is_none_or(|least| severe(&|severity| severity >= least))
            && max_severity.is_none_or(|most| severe(&|severity| severity <= most))
            && max_blast_pct.is_none_or(|most| facts.blast_pct.map_or(unknown, |share| share <= most));
        match (fits, effect, facts.predicted) {
            (false, ..) => Fit::No,
            (true, None, _) => Fit::Yes,
            (true, Some(demand), Some(predicted)) => {
                if demand.is_met_by(predicted) {
                    Fit::Yes
                } else {
                    Fit::No
                }
            }
            (true, Some(_), None) => {
                if unknown {
                    Fit::Yes
                } else {
                    Fit::Unpredicted
                }
            }
        }
    }
}

impl Demand {
    fn is_met_by(self, predicted: Predicted) -> bool {
        let Self { max_harms, min_helps, min_bad_pct_less } = self;
        // A comparison with what is no number does not hold.
        max_harms.is_none_or(|most| predicted.harms <= most)
            && min_helps.is_none_or(|least| predicted.helps >= least)
            && min_bad_pct_less.is_none_or(|least| predicted.bad_pct_less >= least)
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, target, severity, blast_pct, predicted } = self;
        write!(f, "{kind} of {target}")?;
        match severity {
            Some(severity) => write!(f, ", severity {}", severity.0)?,
            None => f.write_str(", severity not known")?,
        }
        match blast_pct {
            Some(share) => write!(f, ", touches {share:.0} % of the replicas")?,
            None => f.write_str(", reach not known")?,
        }
        if let Some(Predicted { harms, helps, bad_pct_less }) = predicted {
            let (harms, helps) = (harms * 100.0, helps * 100.0);
            write!(f, ", predicted to help in {helps:.0} % and to harm in {harms:.0} % of the futures")?;
            write!(f, " and to save {bad_pct_less:.1} points of bad requests")?;
        }
        Ok(())
    }
}
