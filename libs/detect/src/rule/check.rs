//! What makes a rule impossible, and how it is told.

use std::borrow::Cow;
use std::fmt;

use super::{Condition, MAX_ALSO, MAX_WINDOW_S, Operator, Rule};
use crate::foretell;
use crate::metrics;

const MAX_LABELS: usize = 32;
const MAX_LABEL_CHARS: usize = 128;
const MAX_DESCRIPTION_CHARS: usize = 1_024;

impl Rule {
    /// Adds what is wrong with the rule itself.
    pub(super) fn check(&self, mistakes: &mut Vec<RuleError>) {
        let mut desk = Desk { rule: self, mistakes };
        desk.words();
        desk.selection();
        desk.thresholds();
        desk.windows();
        desk.conditions();
        desk.texts();
    }

    fn sides_fit(&self) -> bool {
        match self.operator {
            Operator::Gt | Operator::Gte => self.clear_threshold <= self.threshold,
            Operator::Lt | Operator::Lte => self.clear_threshold >= self.threshold,
            #[expect(clippy::float_cmp, reason = "both are literals of the rule")]
            Operator::Eq => self.clear_threshold == self.threshold,
        }
    }
}

/// Looks at one rule.
struct Desk<'a> {
    rule: &'a Rule,
    mistakes: &'a mut Vec<RuleError>,
}

impl Desk<'_> {
    fn wrong(&mut self, what: &'static str, how: impl Into<Cow<'static, str>>) {
        self.mistakes.push(RuleError { rule: self.rule.name.clone(), what, how: how.into() });
    }

    fn words(&mut self) {
        const HOW: &str = "use 1 to 64 lower-case letters, digits and underscores";
        if !is_word(&self.rule.name) {
            self.wrong("name", HOW);
        }
        if foretell::FAMILIES.contains(&self.rule.name.as_str()) {
            self.wrong("name", "is that of what statistics tell without a rule; choose another one");
        }
        if !is_word(&self.rule.family) {
            self.wrong("family", HOW);
        }
    }

    fn selection(&mut self) {
        if self.rule.selector.kinds.is_empty() {
            self.wrong("selector", "name at least one kind of target: service or node");
        }
        if self.rule.selector.ids.iter().any(String::is_empty) {
            self.wrong("selector", "leave the ids out to watch every target; an id is never empty");
        }
        self.metric("metric", &self.rule.metric);
    }

    /// The metric is measured of every kind of target that the rule watches.
    fn metric(&mut self, what: &'static str, name: &str) {
        let Some(metric) = metrics::named(name) else {
            let names: Vec<&str> = metrics::METRICS.iter().map(|metric| metric.name).collect();
            self.wrong(what, format!("there is no metric {name:?}; use one of {}", names.join(", ")));
            return;
        };
        for kind in &self.rule.selector.kinds {
            if !metric.is_of(*kind) {
                let kind = kind.as_str();
                self.wrong(
                    what,
                    format!("{name} is not measured of {kind}s; take {kind} out of the selector's kinds, or watch another metric"),
                );
            }
        }
    }

    fn thresholds(&mut self) {
        let Rule { threshold, clear_threshold, .. } = self.rule;
        if !threshold.is_finite() {
            self.wrong("threshold", "use a finite number");
        }
        if !clear_threshold.is_finite() {
            self.wrong("clear_threshold", "use a finite number");
        }
        if threshold.is_finite() && clear_threshold.is_finite() && !self.rule.sides_fit() {
            self.wrong(
                "clear_threshold",
                "put it on the healthy side of the threshold: at most the threshold for gt and gte, at least for lt and lte, equal for eq",
            );
        }
    }

    fn windows(&mut self) {
        if !(1..=MAX_WINDOW_S).contains(&self.rule.window_s) {
            self.wrong("window_s", "use 1 to 1200 seconds");
        }
        if self.rule.for_s > MAX_WINDOW_S {
            self.wrong("for_s", "use 0 to 1200 seconds");
        }
    }

    fn conditions(&mut self) {
        if self.rule.also.len() > MAX_ALSO {
            self.wrong("also", "use at most 8 further conditions");
        }
        for Condition { metric, aggregate: _, operator: _, threshold, window_s } in &self.rule.also {
            self.metric("also", metric);
            if !threshold.is_finite() {
                self.wrong("also", "use a finite number as threshold");
            }
            if !(1..=MAX_WINDOW_S).contains(window_s) {
                self.wrong("also", "use a window_s of 1 to 1200 seconds");
            }
        }
    }

    fn texts(&mut self) {
        let too_long = |text: &str, most: usize| text.chars().count() > most || text.contains('\0');
        if too_long(&self.rule.description, MAX_DESCRIPTION_CHARS) {
            self.wrong("description", "use at most 1024 characters, none of them NUL");
        }
        let labels = &self.rule.labels;
        let odd = |(key, value): (&String, &String)| {
            key.is_empty() || too_long(key, MAX_LABEL_CHARS) || too_long(value, MAX_LABEL_CHARS)
        };
        if labels.len() > MAX_LABELS || labels.iter().any(odd) {
            self.wrong("labels", "use at most 32 labels of 1 to 128 characters, none of them NUL");
        }
    }
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// One mistake in one rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule}: {what}: {how}")]
pub struct RuleError {
    /// Name of the rule.
    pub rule: String,
    /// The field.
    pub what: &'static str,
    /// What to write instead.
    pub how: Cow<'static, str>,
}

/// Every mistake of a set of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleErrors(pub Vec<RuleError>);

impl fmt::Display for RuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleErrors {}
