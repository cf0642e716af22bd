//! Detection rules as data, checked when a set of them is built so that evaluation cannot fail.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::sample::TargetKind;

mod check;
mod set;

pub use check::{RuleError, RuleErrors};
pub use set::{RuleSet, Withdrawn};

/// Most rules in one set. Every rule costs a pass over its series at every sample.
pub const MAX_RULES: usize = 4_096;

/// Most conditions that a rule names besides its own.
pub const MAX_ALSO: usize = 8;

/// Longest window and longest hold, seconds of simulated time. The stream that windows are rebuilt from keeps an hour; a restart needs
/// two windows of history and the longest count.
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

    /// Clear threshold of a rule that names none: 90 % of a positive threshold that is to be exceeded, otherwise the threshold itself.
    pub fn usual_clear_threshold(self, threshold: f64) -> f64 {
        match self {
            Self::Gt | Self::Gte if threshold > 0.0 => 0.9 * threshold,
            _ => threshold,
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
    /// Fires only once the breach has been seen at every sample for this long, simulated seconds; 0 fires at the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub for_s: u32,
    /// Fires only while all of these hold for the same target, too. They have no say in when the incident ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Condition>,
    /// Severity of the incident while this rule is the worst that fired.
    pub severity: Severity,
    /// What it means and what to do, for people. Empty when the name says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Words of the user's own, such as `team: payments`; every incident of the rule carries them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Something else that has to hold for a rule to fire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Metric it looks at, of the rule's target.
    pub metric: String,
    /// How its window becomes one number.
    pub aggregate: Aggregate,
    /// How that number is compared.
    pub operator: Operator,
    /// Holds beyond this, in the metric's unit (per second for [`Aggregate::Rate`]).
    pub threshold: f64,
    /// Length of the window, simulated seconds.
    pub window_s: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

impl Rule {
    /// Samples that a breach must last for before it fires, the first one not counted.
    pub(crate) fn hold_samples(&self, interval_ms: u32) -> usize {
        if self.for_s == 0 { 0 } else { samples(self.for_s, interval_ms) }
    }

    /// Whether it says the same as another rule about every series, whatever the two are called.
    pub(crate) fn judges_like(&self, other: &Self) -> bool {
        // Exhaustive, so that a new field asks whether it has a say.
        let Self {
            name: _,
            family: _,
            metric,
            selector,
            aggregate,
            operator,
            threshold,
            clear_threshold,
            window_s,
            for_s,
            also,
            severity: _,
            description: _,
            labels: _,
        } = self;
        (metric, selector, aggregate, operator, window_s, for_s, also)
            == (
                &other.metric,
                &other.selector,
                &other.aggregate,
                &other.operator,
                &other.window_s,
                &other.for_s,
                &other.also,
            )
            && threshold.to_bits() == other.threshold.to_bits()
            && clear_threshold.to_bits() == other.clear_threshold.to_bits()
    }

    /// Every window that it looks at, seconds.
    pub(crate) fn windows_s(&self) -> impl Iterator<Item = u32> + '_ {
        std::iter::once(self.window_s).chain(self.also.iter().map(|condition| condition.window_s))
    }
}

/// Samples in `seconds` when they are `interval_ms` apart; at least one.
pub(crate) fn samples(seconds: u32, interval_ms: u32) -> usize {
    let interval = u64::from(interval_ms.max(1));
    let ms = u64::from(seconds) * 1_000;
    ((ms + interval / 2) / interval).clamp(1, MAX_WINDOW_SAMPLES) as usize
}
