//! Rules that were checked together.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{RuleError, RuleErrors};
use super::{MAX_RULES, Rule};

/// Rules that passed every check, in their given order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    withdrawn: BTreeMap<String, Withdrawn>,
}

/// Why a rule that there was is not in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// Somebody deleted it.
    Deleted,
    /// Somebody disabled it.
    Disabled,
}

impl RuleSet {
    /// Checks the rules and keeps them.
    ///
    /// # Errors
    /// Every mistake of every rule at once.
    pub fn new(rules: Vec<Rule>) -> Result<Self, RuleErrors> {
        let mut mistakes = Vec::new();
        if rules.len() > MAX_RULES {
            mistakes.push(RuleError {
                rule: format!("({} rules)", rules.len()),
                what: "set",
                how: "use at most 4096 rules".into(),
            });
        }
        let mut names = BTreeSet::new();
        for rule in &rules {
            rule.check(&mut mistakes);
            if !names.insert(rule.name.as_str()) {
                mistakes.push(RuleError {
                    rule: rule.name.clone(),
                    what: "name",
                    how: "is used by another rule; choose a unique one".into(),
                });
            }
        }
        if mistakes.is_empty() {
            Ok(Self { rules, withdrawn: BTreeMap::new() })
        } else {
            Err(RuleErrors(mistakes))
        }
    }

    /// Says what became of rules that are not in the set, so that their incidents end with the reason.
    #[must_use]
    pub fn with_withdrawn(mut self, withdrawn: impl IntoIterator<Item = (String, Withdrawn)>) -> Self {
        self.withdrawn.extend(withdrawn);
        self
    }

    /// What became of rules that are not in the set.
    pub(crate) fn withdrawn(&self) -> &BTreeMap<String, Withdrawn> {
        &self.withdrawn
    }

    /// Rules that have been checked as part of another set.
    pub(crate) fn of_checked(rules: Vec<Rule>) -> Self {
        Self { rules, withdrawn: BTreeMap::new() }
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The longest window, seconds; 0 without rules.
    pub fn longest_window_s(&self) -> u32 {
        self.rules.iter().flat_map(Rule::windows_s).max().unwrap_or(0)
    }

    /// The longest time that a rule counts clear or breached samples for, seconds; 0 without rules.
    pub fn longest_count_s(&self) -> u32 {
        self.rules.iter().map(|rule| rule.window_s.max(rule.for_s)).max().unwrap_or(0)
    }
}
