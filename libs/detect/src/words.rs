//! Titles and descriptions: what was measured against what, for a person.

use crate::flapping;
use crate::insight::{Alarm, CALM, Gauge, LASTS, Outlook, Sign};
use crate::metrics;
use crate::record::Impact;
use crate::rule::{Aggregate, Operator, Rule};
use crate::sample::Target;
use crate::stats::{Aspect, false_alarm_probability};
use crate::trail::BLOCK_S;

pub(crate) use crate::insight::FULL_PCT;

/// What an incident is called, and what there is to say.
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) description: String,
}

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

/// `checkout: p99 latency 312 ms, usually 118 ms`
pub(crate) fn unusual(sign: &Sign, alarm: &Alarm, target: &Target) -> Words {
    let (label, unit) = label_and_unit(sign.metric);
    let (value, usual) = (number(alarm.value, 0), number(alarm.usual, 0));
    let Sign { usually, .. } = sign;
    let (lasted, calm) = (i64::from(LASTS) * BLOCK_S, i64::from(CALM) * BLOCK_S);
    Words {
        title: format!("{}: {label} {value}{unit}, {usually} {usual}{unit}", target.id),
        description: format!(
            "Judged by its own past. The mean of {label} of {kind} {id} over {BLOCK_S} s was {value}{unit}, where {usually} it is {usual}{unit}, and has been so for {lasted} s. \
             Most unusual is {aspect}; chance brings such a thing about once in {odds} looks. It resolves when it has been near usual for {calm} s.",
            kind = target.kind.as_str(),
            id = target.id,
            aspect = aspect_words(alarm.aspect),
            odds = odds(alarm.evidence),
        ),
    }
}

/// `orders-db: disk usage reaches 100 % in 14 min (9 to 22 min)`
pub(crate) fn full(gauge: &Gauge, outlook: &Outlook, target: &Target) -> Words {
    let (label, unit) = label_and_unit(gauge.metric);
    let (full, value) = (number(FULL_PCT, 0), number(outlook.value, 0));
    let [expected, earliest, latest] =
        [outlook.expected_s, outlook.earliest_s, outlook.latest_s].map(minutes);
    Words {
        title: format!(
            "{}: {label} reaches {full}{unit} in {expected} min ({earliest} to {latest} min)",
            target.id
        ),
        description: format!(
            "If it goes on as in the last {seen} min, {label} of {kind} {id} reaches {full}{unit} in {expected} min; four of five times between {earliest} and {latest} min. \
             It was {value}{unit} when this was said. It resolves when that has not been in sight for 2 min.",
            seen = minutes(outlook.seen_s),
            kind = target.kind.as_str(),
            id = target.id,
        ),
    }
}

/// Why what statistics told of is over, by family.
pub(crate) fn foretold_over(family: usize) -> (&'static str, &'static str) {
    match family {
        0 => (
            "near usual again",
            "Resolved: it is near usual again, or has lasted for so long that it is the usual.",
        ),
        _ => ("limit no longer in sight", "Resolved: the limit is no longer in sight."),
    }
}

/// Whole minutes, at least one.
fn minutes(seconds: u32) -> u32 {
    ((seconds + 30) / 60).max(1)
}

fn aspect_words(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Value => "the value",
        Aspect::Step => "the jump",
        Aspect::Mean => "the mean over two minutes",
        Aspect::LongMean => "the mean over six minutes",
        Aspect::Season => "the value at this time of day",
    }
}

/// One in so many, in words.
fn odds(evidence: f64) -> &'static str {
    match false_alarm_probability(evidence) {
        rare if rare < 1e-9 => "a thousand million",
        rare if rare < 1e-8 => "a hundred million",
        rare if rare < 1e-7 => "ten million",
        rare if rare < 1e-6 => "a million",
        _ => "a hundred thousand",
    }
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
    let (label, unit) = label_and_unit(&rule.metric);
    (label, per_second(rule, &unit))
}

fn label_and_unit(metric: &str) -> (&str, String) {
    let (label, unit) = metrics::named(metric).map_or((metric, ""), |metric| (metric.label, metric.unit));
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    (label, unit)
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
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    grouped(text)
}

/// `43 319`: from five digits on, thousands are set apart.
fn grouped(number: &str) -> String {
    let whole = number.find('.').unwrap_or(number.len());
    let digits = number[..whole].trim_start_matches('-').len();
    let first = whole - digits;
    let mut text = String::with_capacity(number.len() + digits / 3);
    for (at, character) in number.char_indices() {
        if digits > 4 && at > first && at < whole && (whole - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(character);
    }
    text
}

/// `43 319 ms`.
pub(crate) fn milliseconds(value: f64) -> String {
    format!("{} ms", grouped(&format!("{value:.0}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin_rules;
    use crate::sample::TargetKind;

    #[test]
    fn thousands_are_set_apart_from_five_digits_on() {
        let numbers = ["0", "999", "9999", "10000", "-9999", "-123456", "1234567.25"].map(grouped);
        assert_eq!(numbers, ["0", "999", "9999", "10 000", "-9999", "-123 456", "1 234 567.25"]);
        assert_eq!(milliseconds(43_318.7), "43 319 ms");
    }

    #[test]
    fn a_title_names_target_metric_value_and_threshold() {
        let rules = builtin_rules();
        let checkout = Target { kind: TargetKind::Service, id: "checkout".into() };
        assert_eq!(title(&rules[1], &checkout, 14.23), "checkout: error rate 14.2 % > 10 %");
        assert_eq!(title(&rules[0], &checkout, 5.0004), "checkout: error rate 5.0004 % > 5 %");
        assert_eq!(title(&rules[5], &checkout, 1234.6), "checkout: p99 latency 1235 ms > 500 ms");
        assert_eq!(title(&rules[5], &checkout, 43_318.7), "checkout: p99 latency 43 319 ms > 500 ms");
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
