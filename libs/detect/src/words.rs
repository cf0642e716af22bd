//! Titles and descriptions: what was measured against what, for a person.

use crate::flapping;
use crate::metrics;
use crate::record::Impact;
use crate::rule::{Aggregate, Operator, Rule};
use crate::sample::Target;

/// `checkout: error rate 14.2 % > 10 %`
pub(crate) fn title(rule: &Rule, target: &Target, value: f64) -> String {
    let (label, unit) = metric_words(rule);
    let (value, threshold) = apart(value, rule.threshold);
    format!("{}: {label} {value}{unit} {} {threshold}{unit}", target.id, rule.operator.sign())
}

/// What the rule means, the measurement, and what ends the incident: a sentence each.
pub(crate) fn breach(rule: &Rule, target: &Target, value: f64) -> String {
    let (label, unit) = metric_words(rule);
    let (value, threshold) = apart(value, rule.threshold);
    let clear = number(rule.clear_threshold, 0);
    let mut sentences = String::new();
    if !rule.description.is_empty() {
        sentences = format!("{} ", rule.description);
    }
    let lasted =
        if rule.for_s > 0 { format!(", and has been so for {} s", rule.for_s) } else { String::new() };
    sentences
        + &format!(
            "The {aggregate} of {label} of {kind} {id} over {window} s was {value}{unit}, {side} the threshold of {threshold}{unit}{lasted} (rule {name}). \
         It resolves when that has been {clear_side} {clear}{unit} for {window} s.",
            aggregate = aggregate_words(rule.aggregate),
            kind = target.kind.as_str(),
            id = target.id,
            window = rule.window_s,
            side = side(rule.operator),
            name = rule.name,
            clear_side = clear_side(rule.operator),
        )
}

/// Why it ended when the metric went back.
pub(crate) fn cleared(rule: &Rule, value: f64) -> (String, String) {
    let (label, unit) = metric_words(rule);
    let resolution = format!("metric clear for {} s", rule.window_s);
    let sentence = format!(
        "Resolved: the {} of {label} is back at {}{unit}, clear for {} s.",
        aggregate_words(rule.aggregate),
        number(value, 0),
        rule.window_s,
    );
    (resolution, sentence)
}

/// Why a lead is more severe than its rule.
pub(crate) fn raised(impact: &Impact) -> String {
    let pct = number(f64::from(impact.worst_permille) / 10.0, 0);
    format!("Raised because {pct} % of the users' requests fail or are slow.")
}

/// What is different about an incident that comes and goes.
pub(crate) fn flapping() -> String {
    format!(
        "It comes and goes: opened {} times within {} minutes, so it stays open until it has been clear for {} s.",
        flapping::OFTEN,
        flapping::MEMORY_MS / 60_000,
        flapping::CLEAR_S,
    )
}

fn aggregate_words(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Avg => "average",
        Aggregate::Max => "maximum",
        Aggregate::Min => "minimum",
        Aggregate::P95 => "95th percentile",
        Aggregate::Last => "last value",
        Aggregate::Rate => "rate of change",
    }
}

fn side(operator: Operator) -> &'static str {
    match operator {
        Operator::Gt => "above",
        Operator::Gte => "at or above",
        Operator::Lt => "below",
        Operator::Lte => "at or below",
        Operator::Eq => "equal to",
    }
}

fn clear_side(operator: Operator) -> &'static str {
    match operator {
        Operator::Gt => "at or below",
        Operator::Gte => "below",
        Operator::Lt => "at or above",
        Operator::Lte => "above",
        Operator::Eq => "different from",
    }
}

/// Label and unit (with its space) of the rule's number.
fn metric_words(rule: &Rule) -> (&str, String) {
    let (label, unit) =
        metrics::named(&rule.metric).map_or((rule.metric.as_str(), ""), |metric| (metric.label, metric.unit));
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    (label, per_second(rule, &unit))
}

fn per_second(rule: &Rule, unit: &str) -> String {
    if rule.aggregate == Aggregate::Rate { format!("{unit} per s") } else { unit.to_owned() }
}

/// Both numbers with as many digits as it takes to tell them apart: never "5 % > 5 %".
fn apart(value: f64, threshold: f64) -> (String, String) {
    let threshold_text = number(threshold, 0);
    for extra in 0..6 {
        let value_text = number(value, extra);
        #[expect(clippy::float_cmp, reason = "equal numbers may print equal")]
        if value_text != threshold_text || value == threshold {
            return (value_text, threshold_text);
        }
    }
    (number(value, 6), threshold_text)
}

/// Three significant digits or so, plus `extra` decimals; no trailing zeros.
fn number(value: f64, extra: usize) -> String {
    let decimals = match value.abs() {
        large if large >= 100.0 => 0,
        medium if medium >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.*}", decimals + extra);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin_rules;
    use crate::sample::TargetKind;

    #[test]
    fn a_title_names_target_metric_value_and_threshold() {
        let rules = builtin_rules();
        let checkout = Target { kind: TargetKind::Service, id: "checkout".into() };
        assert_eq!(title(&rules[1], &checkout, 14.23), "checkout: error rate 14.2 % > 10 %");
        assert_eq!(title(&rules[0], &checkout, 5.0004), "checkout: error rate 5.0004 % > 5 %");
        assert_eq!(title(&rules[5], &checkout, 1234.6), "checkout: p99 latency 1235 ms > 500 ms");
    }

    #[test]
    fn a_description_says_what_was_measured_and_what_ends_it() {
        let rules = builtin_rules();
        let node = Target { kind: TargetKind::Node, id: "node-a1".into() };
        assert_eq!(
            breach(&rules[2], &node, 91.25),
            "Little room is left for more load. The average of CPU usage of node node-a1 over 10 s was 91.2 %, above the threshold of 85 % (rule cpu_high). \
             It resolves when that has been at or below 80 % for 10 s."
        );
    }
}
