//! Prometheus alerting-rule files as our rules, as far as these can say the same. Where they cannot, a sentence says why and what
//! could be written instead. docs/detection.md has the table of what becomes of what.

mod condition;
mod counterparts;
mod selector;
mod text;
mod value;

use std::collections::BTreeMap;
use std::time::Duration;

use promql_parser::util::parse_duration;
use proto::ops::v1::{RuleCondition, RuleDefinition, RuleOperator};
use serde::Deserialize;

use self::condition::Comparison;

/// Largest file that is read.
pub(crate) const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// Longest expression: the parser calls itself for every level of it.
const MAX_EXPRESSION_BYTES: usize = 8 * 1024;

/// A file of Prometheus, or a `PrometheusRule` of Kubernetes, whose `spec` is such a file.
#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    groups: Vec<Group>,
    spec: Option<Spec>,
}

#[derive(Debug, Deserialize)]
struct Spec {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    #[serde(default)]
    rules: Vec<Entry>,
}

/// An alerting rule, or a recording rule.
#[derive(Debug, Deserialize)]
struct Entry {
    alert: Option<String>,
    record: Option<String>,
    #[serde(default)]
    expr: Text,
    #[serde(default, rename = "for")]
    lasts: Text,
    #[serde(default)]
    labels: BTreeMap<String, Text>,
    #[serde(default)]
    annotations: BTreeMap<String, Text>,
}

/// Text; YAML reads some of it as a number or a switch.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
enum Text {
    Word(String),
    Whole(i64),
    Number(f64),
    Switch(bool),
    #[default]
    None,
}

impl Text {
    fn text(&self) -> String {
        match self {
            Self::Word(text) => text.clone(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Switch(switch) => switch.to_string(),
            Self::None => String::new(),
        }
    }
}

/// What became of an alert.
#[derive(Debug)]
pub(crate) struct Translated {
    /// Its name in the file.
    pub(crate) alert: String,
    /// The rule, or a sentence that says why there is none.
    pub(crate) rule: Result<RuleDefinition, String>,
    /// What the rule does not say that the alert did.
    pub(crate) notes: Vec<String>,
}

/// What became of a file.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) alerts: Vec<Translated>,
    /// Recording rules; they alert nobody.
    pub(crate) recordings: usize,
}

/// Translates a file. Every duration is divided by `divide_time`: what takes minutes in reality takes seconds in a simulation.
pub(crate) fn import(text: &str, divide_time: f64) -> Result<Imported, String> {
    let file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let groups = file.groups.into_iter().chain(file.spec.into_iter().flat_map(|spec| spec.groups));
    let (mut alerts, mut recordings) = (Vec::new(), 0);
    for alert in groups.flat_map(|group| group.rules) {
        match (&alert.alert, &alert.record) {
            (Some(name), _) => alerts.push(translated(name, &alert, divide_time)),
            (None, Some(_)) => recordings += 1,
            (None, None) => return Err("a rule has neither `alert` nor `record`".to_owned()),
        }
    }
    if alerts.is_empty() && recordings == 0 {
        return Err(
            "there are no rules in it: it should have `groups:` with `rules:`, as Prometheus reads them"
                .to_owned(),
        );
    }
    distinguish(&mut alerts);
    Ok(Imported { alerts, recordings })
}

fn translated(name: &str, alert: &Entry, divide_time: f64) -> Translated {
    let mut notes = Vec::new();
    let rule = rule(name, alert, divide_time, &mut notes);
    notes.sort();
    notes.dedup();
    Translated { alert: name.to_owned(), rule, notes }
}

fn rule(
    name: &str,
    alert: &Entry,
    divide_time: f64,
    notes: &mut Vec<String>,
) -> Result<RuleDefinition, String> {
    let expression = alert.expr.text();
    if expression.len() > MAX_EXPRESSION_BYTES {
        return Err(format!("the expression has more than {MAX_EXPRESSION_BYTES} bytes"));
    }
    let parsed = promql_parser::parser::parse(&expression).map_err(|error| format!("PromQL: {error}"))?;
    let mut comparisons = condition::comparisons(&parsed, notes)?;
    for comparison in &mut comparisons {
        comparison.window_s =
            whole_seconds("the range of a function", comparison.window, divide_time)?.max(1);
    }
    let mut comparisons = comparisons.into_iter();
    let Some(first) = comparisons.next() else {
        return Err("every part of it is always so in a simulation; there is nothing to watch".to_owned());
    };
    let mut labels: BTreeMap<String, String> =
        alert.labels.iter().map(|(key, value)| (key.clone(), value.text())).collect();
    let severity = text::severity(labels.remove("severity").as_deref(), notes);
    text::keep_plain(&mut labels, notes);
    let name = text::rule_name(name);
    let (kinds, ids) = (first.kinds.clone(), first.ids.clone());
    let mut also = Vec::new();
    for other in comparisons {
        if (&other.kinds, &other.ids) != (&kinds, &ids) {
            return Err(format!(
                "its conditions are about different things ({} and {}); all of them are about one service or one node here",
                first.metric, other.metric
            ));
        }
        also.push(RuleCondition {
            metric: other.metric.to_owned(),
            aggregate: other.aggregate.into(),
            operator: other.operator.into(),
            threshold: other.threshold,
            window_s: other.window_s,
        });
    }
    Ok(RuleDefinition {
        family: name.clone(),
        name,
        metric: first.metric.to_owned(),
        kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        ids: ids.into_iter().collect(),
        aggregate: first.aggregate.into(),
        operator: first.operator.into(),
        threshold: first.threshold,
        clear_threshold: clear_threshold(&first),
        window_s: first.window_s,
        for_s: whole_seconds("`for`", lasts(&alert.lasts.text())?, divide_time)?,
        also,
        severity: severity.into(),
        description: text::description(
            &alert.annotations.iter().map(|(key, text)| (key.as_str(), text.text())).collect(),
        ),
        labels,
    })
}

/// What is exactly equal to a bound (all or nothing) clears as soon as it is not; for the rest the usual value is right.
fn clear_threshold(comparison: &Comparison) -> Option<f64> {
    matches!(comparison.operator, RuleOperator::Eq).then_some(comparison.threshold)
}

fn lasts(text: &str) -> Result<Duration, String> {
    let is_zero = text.chars().all(|c| !c.is_ascii_digit() || c == '0');
    if is_zero { Ok(Duration::ZERO) } else { parse_duration(text).map_err(|error| format!("`for`: {error}")) }
}

fn whole_seconds(what: &str, duration: Duration, divide_time: f64) -> Result<u32, String> {
    let seconds = (duration.as_secs_f64() / divide_time).round();
    if seconds <= f64::from(detect::MAX_WINDOW_S) {
        return Ok(seconds as u32);
    }
    Err(format!(
        "{what} is {seconds} s, and a rule looks at {} s at most; write a shorter one, or divide all times with --divide-time {}",
        detect::MAX_WINDOW_S,
        (divide_time * seconds / f64::from(detect::MAX_WINDOW_S)).ceil()
    ))
}

/// Alerts of one name become a family: one incident, of the worst of them.
fn distinguish(alerts: &mut [Translated]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for rule in alerts.iter_mut().filter_map(|alert| alert.rule.as_mut().ok()) {
        let seen = count.entry(rule.family.clone()).or_default();
        *seen += 1;
        if *seen > 1 {
            let suffix = format!("_{seen}");
            rule.name.truncate(64 - suffix.len());
            rule.name += &suffix;
        }
    }
}

#[cfg(test)]
mod tests;
