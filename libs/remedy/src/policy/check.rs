//! What a set of policies has to be like.

use std::collections::BTreeSet;

use super::{DEFAULT, Demand, Match, Mode, Policy};
use crate::incident::Severity;

/// Most rules: what somebody can still read, and judging a proposal stays a matter of microseconds.
pub const MAX_POLICIES: usize = 100;
/// Longest name, bytes.
pub const MAX_NAME: usize = 64;
/// Most targets of a rule.
pub const MAX_TARGETS: usize = 256;
/// Longest id of a target, bytes.
pub const MAX_TARGET: usize = 128;
/// Shortest expiry, seconds: a person needs that long to read.
pub const MIN_EXPIRY_S: u32 = 10;
/// Longest expiry, seconds: after a day the cloud is another one.
pub const MAX_EXPIRY_S: u32 = 86_400;

/// Rules in their order, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PolicySet(Vec<Policy>);

/// Everything that is wrong with a set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct PolicyErrors(pub Vec<String>);

impl PolicySet {
    /// Checks rules.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn new(policies: Vec<Policy>) -> Result<Self, PolicyErrors> {
        let mut mistakes = Vec::new();
        if policies.len() > MAX_POLICIES {
            mistakes.push(format!("there are {} policies, at most {MAX_POLICIES} are kept", policies.len()));
        }
        let mut names = BTreeSet::new();
        for (index, policy) in policies.iter().enumerate() {
            if !names.insert(policy.name.as_str()) {
                mistakes.push(format!("two policies are called {:?}: name each differently", policy.name));
            }
            let told = check(policy).into_iter().map(|what| match policy.name.as_str() {
                "" => format!("policy {}: {what}", index + 1),
                name => format!("policy {name:?}: {what}"),
            });
            mistakes.extend(told);
        }
        if mistakes.is_empty() { Ok(Self(policies)) } else { Err(PolicyErrors(mistakes)) }
    }

    /// Whether there is no rule: everything is asked about.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.0.iter()
    }
}

fn check(policy: &Policy) -> Vec<String> {
    let Policy { name, matches, mode, expiry_s } = policy;
    let mut mistakes = Vec::new();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) || name == DEFAULT {
        mistakes.push(format!(
            "its name must be 1 to {MAX_NAME} lower-case letters, digits, - or _, and not {DEFAULT:?}"
        ));
    }
    if let Some(expiry) = expiry_s
        && !(MIN_EXPIRY_S..=MAX_EXPIRY_S).contains(expiry)
    {
        mistakes.push(format!("its expiry must be {MIN_EXPIRY_S} to {MAX_EXPIRY_S} s, it is {expiry}"));
    }
    if *mode == Mode::AutoApprove && matches.kinds.is_empty() {
        mistakes.push(
            "it approves by itself, so it must name the types of actions: none never means all".to_owned(),
        );
    }
    check_match(matches, &mut mistakes);
    mistakes
}

fn check_match(matches: &Match, mistakes: &mut Vec<String>) {
    let Match { kinds: _, targets, min_severity, max_severity, max_blast_pct, effect } = matches;
    if targets.len() > MAX_TARGETS {
        mistakes.push(format!("it names {} targets, at most {MAX_TARGETS} are kept", targets.len()));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    for target in targets {
        if target.is_empty() || target.len() > MAX_TARGET || !target.bytes().all(plain) {
            mistakes.push(format!(
                "target {target:?} must be the id of one service or node; there are no wildcards"
            ));
        }
    }
    for severity in [min_severity, max_severity].into_iter().flatten() {
        if !(1..=4).contains(&severity.0) {
            mistakes.push(format!("severity {} is none: write info, warning, high or critical", severity.0));
        }
    }
    if let (Some(Severity(least)), Some(Severity(most))) = (min_severity, max_severity)
        && least > most
    {
        mistakes.push(format!("no severity is at least {least} and at most {most}"));
    }
    number("the largest share of the replicas", *max_blast_pct, 100.0, "0 to 100 %", mistakes);
    if let Some(Demand { max_harms, min_helps, min_bad_pct_less }) = effect {
        if (max_harms, min_helps, min_bad_pct_less) == (&None, &None, &None) {
            mistakes.push("it demands a predicted effect and does not say which".to_owned());
        }
        number("the share of futures that may get worse", *max_harms, 1.0, "0 to 1", mistakes);
        number("the share of futures that have to get better", *min_helps, 1.0, "0 to 1", mistakes);
        number("the bad requests to save", *min_bad_pct_less, 100.0, "0 to 100 points", mistakes);
    }
}

fn number(what: &str, value: Option<f64>, most: f64, range: &str, mistakes: &mut Vec<String>) {
    if let Some(value) = value
        && !(0.0..=most).contains(&value)
    {
        mistakes.push(format!("{what} must be {range}, it is {value}"));
    }
}
