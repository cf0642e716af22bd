//! Policies as messages, read for the rules.

use proto::ops::v1::{ActionType, ApprovalMatch, ApprovalMode, ApprovalPolicy, EffectDemand};
use remedy::Severity;
use remedy::policy::{Demand, Match, Mode, Policy, PolicyErrors, PolicySet};

/// The rules that messages speak of.
///
/// # Errors
/// Every mistake at once.
pub(crate) fn checked(policies: &[ApprovalPolicy]) -> Result<PolicySet, PolicyErrors> {
    let mut mistakes = Vec::new();
    let read = policies.iter().map(|policy| read(policy, &mut mistakes)).collect();
    match (PolicySet::new(read), mistakes.is_empty()) {
        (Ok(set), true) => Ok(set),
        (Ok(_), false) => Err(PolicyErrors(mistakes)),
        (Err(PolicyErrors(more)), _) => Err(PolicyErrors(mistakes.into_iter().chain(more).collect())),
    }
}

/// A mode on the wire.
pub(crate) fn mode(mode: Mode) -> ApprovalMode {
    match mode {
        Mode::Ask => ApprovalMode::Ask,
        Mode::AutoApprove => ApprovalMode::AutoApprove,
        Mode::TwoPerson => ApprovalMode::TwoPerson,
    }
}

fn read(policy: &ApprovalPolicy, mistakes: &mut Vec<String>) -> Policy {
    let ApprovalPolicy { name, r#match: matches, mode, expiry_s } = policy;
    let mut wrong = |what: String| mistakes.push(format!("policy {name:?}: {what}"));
    let mode = match ApprovalMode::try_from(*mode) {
        Ok(ApprovalMode::Ask) => Mode::Ask,
        Ok(ApprovalMode::AutoApprove) => Mode::AutoApprove,
        Ok(ApprovalMode::TwoPerson) => Mode::TwoPerson,
        Ok(ApprovalMode::Unspecified) | Err(_) => {
            wrong("its mode must be ASK, AUTO_APPROVE or TWO_PERSON".to_owned());
            Mode::TwoPerson
        }
    };
    let ApprovalMatch { types, targets, min_severity, max_severity, max_blast_pct, effect } =
        matches.clone().unwrap_or_default();
    let mut kinds = Vec::new();
    for kind in types {
        match ActionType::try_from(kind).ok().and_then(wire::remedy_kind) {
            Some(kind) => kinds.push(kind),
            None => wrong(format!("action type {kind} is none of those there are")),
        }
    }
    // 0 says nothing; what is no severity is found by the rules.
    let severity = |number: i32| (number != 0).then(|| Severity(u8::try_from(number).unwrap_or(u8::MAX)));
    Policy {
        name: name.clone(),
        matches: Match {
            kinds,
            targets,
            min_severity: severity(min_severity),
            max_severity: severity(max_severity),
            max_blast_pct,
            effect: effect.map(|EffectDemand { max_harms, min_helps, min_bad_pct_less }| Demand {
                max_harms,
                min_helps,
                min_bad_pct_less,
            }),
        },
        mode,
        expiry_s: (*expiry_s != 0).then_some(*expiry_s),
    }
}
