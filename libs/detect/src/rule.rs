//! Detection rules as data, checked when a set of them is built so that evaluation cannot fail.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sample::TargetKind;

/// Most rules in one set. Every rule costs a pass over its series at every sample.
pub const MAX_RULES: usize = 4_096;

/// Longest window, seconds of simulated time. The stream that windows are rebuilt from keeps an hour; a restart needs
/// three windows of history.
pub const MAX_WINDOW_S: u32 = 1_200;

/// Most samples in one window, whatever the interval: counters of samples are 16 bits wide, so that eight of them fit in
/// a register. Below it, a window of [`MAX_WINDOW_S`] at the shortest tick of 50 ms.
const MAX_WINDOW_SAMPLES: u64 = 30_000;

/// How urgent an incident is. The numbers are the ones on the wire and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Info = 1,
    /// An objective is at risk.
    Warning = 2,
    /// An objective is breached.
    High = 3,
    /// Users are failing.
    Critical = 4,
}

impl Severity {
    /// The severity with this number.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Info),
            2 => Some(Self::Warning),
            3 => Some(Self::High),
            4 => Some(Self::Critical),
            _ => None,
        }
    }

    /// Its number, 1 to 4.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// Its name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How a window becomes one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Arithmetic mean.
    Avg,
    /// Largest value.
    Max,
    /// Smallest value.
    Min,
    /// 95th percentile, nearest rank.
    P95,
    /// Newest value (the window must still be full).
    Last,
    /// Newest minus oldest value, divided by the seconds between them.
    Rate,
}

/// How the aggregate is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Greater than.
    Gt,
    /// Greater than or equal to.
    Gte,
    /// Less than.
    Lt,
    /// Less than or equal to.
    Lte,
    /// Equal to, exactly.
    Eq,
}

impl Operator {
    /// Whether the aggregate breaches the threshold. Not-a-number never does.
    #[inline]
    pub(crate) fn breached(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Gt => value > threshold,
            Self::Gte => value >= threshold,
            Self::Lt => value < threshold,
            Self::Lte => value <= threshold,
            #[expect(clippy::float_cmp, reason = "eq is for counts and states, which are exact")]
            Self::Eq => value == threshold,
        }
    }

    /// Whether the aggregate is on the clear side. Not-a-number never is.
    #[inline]
    pub(crate) fn cleared(self, value: f64, clear: f64) -> bool {
        match self {
            Self::Gt => value <= clear,
            Self::Gte => value < clear,
            Self::Lt => value >= clear,
            Self::Lte => value > clear,
            #[expect(clippy::float_cmp, reason = "eq is for counts and states, which are exact")]
            Self::Eq => value.is_finite() && value != clear,
        }
    }

    /// The sign for titles.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Gt => ">",
            Self::Gte => "≥",
            Self::Lt => "<",
            Self::Lte => "≤",
            Self::Eq => "=",
        }
    }
}

/// Which targets a rule watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Kinds of targets.
    pub kinds: BTreeSet<TargetKind>,
    /// Only these ids; empty means all of the kinds.
    #[serde(default)]
    pub ids: BTreeSet<String>,
}

impl Selector {
    /// Every target of these kinds.
    pub fn all(kinds: impl IntoIterator<Item = TargetKind>) -> Self {
        Self { kinds: kinds.into_iter().collect(), ids: BTreeSet::new() }
    }

    /// Whether it picks this target.
    pub fn matches(&self, kind: TargetKind, id: &str) -> bool {
        self.kinds.contains(&kind) && (self.ids.is_empty() || self.ids.contains(id))
    }
}

/// One detection rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique name, lower case with underscores. Part of the ids of its incidents: renaming a rule changes them.
    pub name: String,
    /// Rules of a family share one open incident per target.
    pub family: String,
    /// Metric it watches.
    pub metric: String,
    /// Targets it watches.
    pub selector: Selector,
    /// How its window becomes one number.
    pub aggregate: Aggregate,
    /// How that number is compared.
    pub operator: Operator,
    /// Breached beyond this, in the metric's unit (per second for [`Aggregate::Rate`]).
    pub threshold: f64,
    /// Clear on this side of it; the band between the two is hysteresis. For `eq` it equals the threshold.
    pub clear_threshold: f64,
    /// Length of the window, simulated seconds.
    pub window_s: u32,
    /// Severity of the incident while this rule is the worst that fired.
    pub severity: Severity,
}

impl Rule {
    /// Samples in its window when they are `interval_ms` apart; at least one.
    pub(crate) fn window_samples(&self, interval_ms: u32) -> usize {
        let interval = u64::from(interval_ms.max(1));
        let window_ms = u64::from(self.window_s) * 1_000;
        ((window_ms + interval / 2) / interval).clamp(1, MAX_WINDOW_SAMPLES) as usize
    }

    fn check(&self, mistakes: &mut Vec<RuleError>) {
        let mut wrong = |what: &'static str, how: &'static str| {
            mistakes.push(RuleError { rule: self.name.clone(), what, how });
        };
        if !is_word(&self.name) {
            wrong("name", "use 1 to 64 lower-case letters, digits and underscores");
        }
        if !is_word(&self.family) {
            wrong("family", "use 1 to 64 lower-case letters, digits and underscores");
        }
        if !is_word(&self.metric) {
            wrong("metric", "use a metric name such as cpu_usage");
        }
        if self.selector.kinds.is_empty() {
            wrong("selector", "name at least one kind of target: service or node");
        }
        if self.selector.ids.iter().any(String::is_empty) {
            wrong("selector", "leave the ids out to watch every target; an id is never empty");
        }
        if !self.threshold.is_finite() {
            wrong("threshold", "use a finite number");
        }
        if !self.clear_threshold.is_finite() {
            wrong("clear_threshold", "use a finite number");
        }
        if self.window_s == 0 || self.window_s > MAX_WINDOW_S {
            wrong("window_s", "use 1 to 1200 seconds");
        }
        if self.threshold.is_finite() && self.clear_threshold.is_finite() && !self.sides_fit() {
            wrong(
                "clear_threshold",
                "put it on the healthy side of the threshold: at most the threshold for gt and gte, at least for lt and lte, equal for eq",
            );
        }
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

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Rules that passed every check, in their given order.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    rules: Vec<Rule>,
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
                how: "use at most 4096 rules",
            });
        }
        let mut names = BTreeSet::new();
        for rule in &rules {
            rule.check(&mut mistakes);
            if !names.insert(rule.name.as_str()) {
                mistakes.push(RuleError {
                    rule: rule.name.clone(),
                    what: "name",
                    how: "is used by another rule; choose a unique one",
                });
            }
        }
        if mistakes.is_empty() { Ok(Self { rules }) } else { Err(RuleErrors(mistakes)) }
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The longest window, seconds; 0 without rules.
    pub fn longest_window_s(&self) -> u32 {
        self.rules.iter().map(|rule| rule.window_s).max().unwrap_or(0)
    }
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
    pub how: &'static str,
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
