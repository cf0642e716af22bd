//! The rules that are there without being asked for. docs/detection.md has them as a table.

use std::collections::BTreeMap;

use crate::rule::{Aggregate, Condition, Operator, Rule, Selector, Severity};
use crate::sample::TargetKind::{self, Node, Service};

/// Window of the rules about thresholds: long enough to ride out one odd sample, short enough to alarm within ten seconds.
const WINDOW_S: u32 = 10;

/// The built-in rules: thresholds, and what thresholds see late.
pub fn builtin_rules() -> Vec<Rule> {
    let mut rules = thresholds();
    rules.extend([
        burn("error_budget_burn_fast", (14.4, 1.44), (10, 120), Severity::High),
        burn("error_budget_burn_slow", (6.0, 0.6), (60, 720), Severity::Warning),
        queue_growing(),
        memory_leak(),
        above("disk_high", "disk", "disk_usage", &[Service, Node], (90.0, 85.0), Severity::High)
            .saying("Writes fail when it is full."),
    ]);
    rules.extend(missing());
    rules
}

fn thresholds() -> Vec<Rule> {
    vec![
        above("error_rate_high", "error_rate", "error_rate", &[Service], (5.0, 4.0), Severity::High)
            .saying("One request in twenty fails."),
        above("error_rate_critical", "error_rate", "error_rate", &[Service], (10.0, 8.0), Severity::Critical)
            .saying("One request in ten fails."),
        above("cpu_high", "cpu", "cpu_usage", &[Service, Node], (85.0, 80.0), Severity::Warning)
            .saying("Little room is left for more load."),
        above("cpu_critical", "cpu", "cpu_usage", &[Service, Node], (95.0, 90.0), Severity::High)
            .saying("There is no room left; waiting times climb."),
        above("memory_high", "memory", "memory_usage", &[Service, Node], (90.0, 85.0), Severity::High)
            .saying("Paging or an OOM kill is near."),
        above("latency_high", "latency", "latency_p99", &[Service], (500.0, 450.0), Severity::High)
            .saying("One request in a hundred takes longer than users wait for."),
    ]
}

impl Rule {
    fn saying(self, description: &str) -> Self {
        Self { description: description.to_owned(), ..self }
    }
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
        for_s: 0,
        also: Vec::new(),
        severity,
        description: String::new(),
        labels: BTreeMap::new(),
    }
}

/// The error budget is used up `rate` times as fast as it may be, over a long window and, so that the incident ends soon after its
/// cause, still over a short one of a twelfth of it. Beyer et al., *The Site Reliability Workbook* (2018), chapter 5, "Multiwindow,
/// Multi-Burn-Rate Alerts". Their budget is for 30 days; ours is for a simulated day, and the windows are theirs divided by 30.
///
/// `rate` is `threshold`, % of requests, over the 0.1 % that an objective of three nines lets fail.
fn burn(
    name: &str,
    (rate, threshold): (f64, f64),
    (short_s, long_s): (u32, u32),
    severity: Severity,
) -> Rule {
    Rule {
        window_s: short_s,
        also: vec![also("error_rate", Aggregate::Avg, threshold, long_s)],
        description: format!(
            "Requests fail at {rate} times the rate that an objective of 99.9 % allows, over {long_s} s and over the last {short_s} s."
        ),
        ..above(name, "error_budget", "error_rate", &[Service], (threshold, threshold / 2.0), severity)
    }
}

fn queue_growing() -> Rule {
    Rule {
        aggregate: Aggregate::Rate,
        window_s: 30,
        for_s: 10,
        also: vec![also("queue_depth", Aggregate::Last, 50.0, 1)],
        description: "More arrives than is worked off: the queue grows from second to second.".to_owned(),
        ..above("queue_growing", "queue", "queue_depth", &[Service], (1.0, 0.5), Severity::Warning)
    }
}

fn memory_leak() -> Rule {
    Rule {
        aggregate: Aggregate::Rate,
        window_s: 120,
        for_s: 30,
        also: vec![also("memory_usage", Aggregate::Last, 60.0, 1)],
        description: "Memory grows steadily; at this rate it is full within minutes.".to_owned(),
        ..above("memory_leak", "memory_leak", "memory_usage", &[Service], (0.05, 0.02), Severity::Warning)
    }
}

/// What is not there: a replica, all of them, a node.
fn missing() -> [Rule; 3] {
    [
        Rule {
            aggregate: Aggregate::Min,
            operator: Operator::Gte,
            for_s: 20,
            description: "Fewer replicas take traffic than should, for longer than one needs to start."
                .to_owned(),
            ..above(
                "replica_shortfall",
                "replicas",
                "replicas_missing",
                &[Service],
                (1.0, 1.0),
                Severity::Warning,
            )
        },
        gone("service_unavailable", "replicas", "replicas", Service, 1.0, Severity::Critical)
            .saying("No replica takes traffic."),
        Rule { for_s: 45, ..gone("node_down", "node", "up", Node, 0.5, Severity::High) }
            .saying("The node does not answer, for longer than it takes to reboot."),
    ]
}

/// Less than `least` of something at every sample of five seconds.
fn gone(name: &str, family: &str, metric: &str, kind: TargetKind, least: f64, severity: Severity) -> Rule {
    Rule {
        aggregate: Aggregate::Max,
        operator: Operator::Lt,
        window_s: 5,
        ..above(name, family, metric, &[kind], (least, least), severity)
    }
}

fn also(metric: &str, aggregate: Aggregate, threshold: f64, window_s: u32) -> Condition {
    Condition { metric: metric.to_owned(), aggregate, operator: Operator::Gt, threshold, window_s }
}
