//! The rules that are there without being asked for.

use crate::rule::{Aggregate, Operator, Rule, Selector, Severity};
use crate::sample::TargetKind;

/// Window of every built-in rule: long enough to ride out one odd sample, short enough to alarm within ten seconds.
const WINDOW_S: u32 = 10;

/// The built-in rules. docs/detection.md has them as a table.
pub fn builtin_rules() -> Vec<Rule> {
    use TargetKind::{Node, Service};
    vec![
        above("error_rate_high", "error_rate", "error_rate", &[Service], (5.0, 4.0), Severity::High),
        above("error_rate_critical", "error_rate", "error_rate", &[Service], (10.0, 8.0), Severity::Critical),
        above("cpu_high", "cpu", "cpu_usage", &[Service, Node], (85.0, 80.0), Severity::Warning),
        above("cpu_critical", "cpu", "cpu_usage", &[Service, Node], (95.0, 90.0), Severity::High),
        above("memory_high", "memory", "memory_usage", &[Service, Node], (90.0, 85.0), Severity::High),
        above("latency_high", "latency", "latency_p99", &[Service], (500.0, 450.0), Severity::High),
    ]
}

fn above(
    name: &str,
    family: &str,
    metric: &str,
    kinds: &[TargetKind],
    (threshold, clear_threshold): (f64, f64),
    severity: Severity,
) -> Rule {
    Rule {
        name: name.to_owned(),
        family: family.to_owned(),
        metric: metric.to_owned(),
        selector: Selector::all(kinds.iter().copied()),
        aggregate: Aggregate::Avg,
        operator: Operator::Gt,
        threshold,
        clear_threshold,
        window_s: WINDOW_S,
        severity,
    }
}
