//! Files of rules: YAML, one rule or a list of them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use proto::common::v1::{Severity, TargetKind};
use proto::ops::v1::{RuleAggregate, RuleCondition, RuleDefinition, RuleOperator};
use serde::{Deserialize, Serialize};

use crate::output::Failure;

/// Largest file that is read: 4 096 rules have less.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// A detection rule. What is left out is as docs/detection.md says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleEntry {
    /// Unique name: 1 to 64 lower-case letters, digits and underscores.
    name: String,
    /// Rules of a family share one open incident per target (usual: the name).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    family: String,
    /// Metric that it watches.
    #[cfg_attr(test, schemars(transform = schema::metrics))]
    metric: String,
    /// Kinds of targets that it watches (usual: every kind that has the metric).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kinds: Vec<Kind>,
    /// Only the targets of these ids (usual: all).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    /// How its window becomes one number.
    #[serde(default)]
    aggregate: Aggregate,
    /// How that number is compared.
    operator: Operator,
    /// Breached beyond this, in the metric's unit (per second for rate).
    threshold: f64,
    /// Clear on this side of it (usual: 90 % of a positive threshold for gt and gte, otherwise the threshold).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clear_threshold: Option<f64>,
    /// Length of the window, 1 to 1200 simulated seconds.
    #[cfg_attr(test, schemars(range(min = 1, max = 1200)))]
    window_s: u32,
    /// Fires only once the breach has lasted this long, 0 to 1200 simulated seconds (usual: 0).
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(test, schemars(range(max = 1200)))]
    for_s: u32,
    /// Fires only while all of these hold, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(length(max = 8)))]
    also: Vec<ConditionEntry>,
    /// Severity of its incidents.
    severity: SeverityName,
    /// What it means and what to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    /// Words of your own; every incident of the rule carries them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
}

/// Something else that has to hold for a rule to fire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct ConditionEntry {
    /// Metric that it looks at, of the rule's target.
    #[cfg_attr(test, schemars(transform = schema::metrics))]
    metric: String,
    /// How its window becomes one number.
    #[serde(default)]
    aggregate: Aggregate,
    /// How that number is compared.
    operator: Operator,
    /// Holds beyond this.
    threshold: f64,
    /// Length of the window, 1 to 1200 simulated seconds.
    #[cfg_attr(test, schemars(range(min = 1, max = 1200)))]
    window_s: u32,
}

/// Words of a file, each with its message's value.
macro_rules! words {
    ($name:ident: $doc:literal, $message:ident, $($word:ident => $value:ident),*) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        enum $name { $($word),* }

        impl From<$name> for $message {
            fn from(word: $name) -> Self {
                match word { $($name::$word => Self::$value),* }
            }
        }

        impl $name {
            fn of(value: $message) -> Option<Self> {
                match value { $($message::$value => Some(Self::$word),)* _ => None }
            }
        }
    };
}

words!(Kind: "Kind of target.", TargetKind, Service => Service, Node => Node);
words!(Operator: "Comparison.", RuleOperator, Gt => Gt, Gte => Gte, Lt => Lt, Lte => Lte, Eq => Eq);
words!(SeverityName: "How urgent.", Severity, Info => Info, Warning => Warning, High => High, Critical => Critical);
words!(Aggregate: "One number of a window.", RuleAggregate, Avg => Avg, Max => Max, Min => Min, P95 => P95, Last => Last, Rate => Rate);

#[expect(clippy::derivable_impls, reason = "the macro makes the enum")]
impl Default for Aggregate {
    fn default() -> Self {
        Self::Avg
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

/// Reads a file, or standard input when the path is `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<RuleDefinition>, Failure> {
    let text = text(path, MAX_FILE_BYTES)?;
    parse(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// The text of a file that is not too large.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, Failure> {
    let failed = |error: &dyn std::error::Error| Failure::because(&format!("read {}", path.display()), error);
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(most + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most + 1).read_to_string(&mut text))
    };
    let bytes = read.map_err(|error| failed(&error))?;
    if bytes as u64 > most {
        return Err(Failure::Usage(format!("{} has more than {most} bytes", path.display())));
    }
    Ok(text)
}

/// One rule or a list of them.
pub(crate) fn parse(text: &str) -> Result<Vec<RuleDefinition>, String> {
    let first = text.lines().find(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#') && line != "---"
    });
    let is_list = first.is_some_and(|line| line.trim_start().starts_with(['-', '[']));
    // Told apart beforehand, so that a mistake is reported with its line.
    let entries: Vec<RuleEntry> = if is_list {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())?
    } else {
        vec![serde_saphyr::from_str(text).map_err(|error| error.to_string())?]
    };
    if entries.is_empty() {
        return Err("there is no rule in it".to_owned());
    }
    Ok(entries.into_iter().map(definition).collect())
}

/// Rules as a file.
pub(crate) fn write(rules: &[RuleDefinition]) -> Result<String, Failure> {
    let entries: Vec<RuleEntry> = rules.iter().filter_map(entry).collect();
    let written = match &entries[..] {
        [one] => serde_saphyr::to_string(one),
        _ => serde_saphyr::to_string(&entries),
    };
    written.map_err(|error| Failure::Failed(format!("write the rules: {error}")))
}

fn definition(entry: RuleEntry) -> RuleDefinition {
    let RuleEntry {
        name,
        family,
        metric,
        kinds,
        ids,
        aggregate,
        operator,
        threshold,
        clear_threshold,
        window_s,
        for_s,
        also,
        severity,
        description,
        labels,
    } = entry;
    let condition = |ConditionEntry { metric, aggregate, operator, threshold, window_s }| RuleCondition {
        metric,
        aggregate: RuleAggregate::from(aggregate).into(),
        operator: RuleOperator::from(operator).into(),
        threshold,
        window_s,
    };
    RuleDefinition {
        name,
        family,
        metric,
        kinds: kinds.into_iter().map(|kind| TargetKind::from(kind).into()).collect(),
        ids,
        aggregate: RuleAggregate::from(aggregate).into(),
        operator: RuleOperator::from(operator).into(),
        threshold,
        clear_threshold,
        window_s,
        for_s,
        also: also.into_iter().map(condition).collect(),
        severity: Severity::from(severity).into(),
        description,
        labels,
    }
}

/// `None` for what no file can say, which no kept rule holds.
fn entry(rule: &RuleDefinition) -> Option<RuleEntry> {
    let condition = |condition: &RuleCondition| {
        Some(ConditionEntry {
            metric: condition.metric.clone(),
            aggregate: Aggregate::of(condition.aggregate()).unwrap_or_default(),
            operator: Operator::of(condition.operator())?,
            threshold: condition.threshold,
            window_s: condition.window_s,
        })
    };
    Some(RuleEntry {
        name: rule.name.clone(),
        family: rule.family.clone(),
        metric: rule.metric.clone(),
        kinds: rule.kinds().filter_map(Kind::of).collect(),
        ids: rule.ids.clone(),
        aggregate: Aggregate::of(rule.aggregate()).unwrap_or_default(),
        operator: Operator::of(rule.operator())?,
        threshold: rule.threshold,
        clear_threshold: rule.clear_threshold,
        window_s: rule.window_s,
        for_s: rule.for_s,
        also: rule.also.iter().map(condition).collect::<Option<_>>()?,
        severity: SeverityName::of(rule.severity())?,
        description: rule.description.clone(),
        labels: rule.labels.clone(),
    })
}

/// The word of a file for an aggregate.
pub(crate) fn aggregate_name(aggregate: RuleAggregate) -> &'static str {
    match aggregate {
        RuleAggregate::Unspecified | RuleAggregate::Avg => "avg",
        RuleAggregate::Max => "max",
        RuleAggregate::Min => "min",
        RuleAggregate::P95 => "p95",
        RuleAggregate::Last => "last",
        RuleAggregate::Rate => "rate",
    }
}

/// The sign of a comparison.
pub(crate) fn sign(operator: RuleOperator) -> &'static str {
    match operator {
        RuleOperator::Unspecified => "?",
        RuleOperator::Gt => ">",
        RuleOperator::Gte => "≥",
        RuleOperator::Lt => "<",
        RuleOperator::Lte => "≤",
        RuleOperator::Eq => "=",
    }
}

/// The word of a file for a severity.
pub(crate) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Unspecified => "-",
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

#[cfg(test)]
mod schema;
