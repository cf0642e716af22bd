use super::*;
use proto::common::v1::{Severity, TargetKind};
use proto::ops::v1::RuleAggregate;

/// The one rule of a file with one alert.
fn alert(rule: &str) -> Translated {
    let indented = rule.replace('\n', "\n    ");
    let text = format!("groups:\n- name: g\n  rules:\n  - alert: Shop\n    {indented}\n");
    let mut imported = import(&text, 1.0).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(imported.alerts.len(), 1);
    imported.alerts.remove(0)
}

fn expr(expression: &str) -> Translated {
    alert(&format!("expr: '{expression}'\nlabels: {{severity: warning}}"))
}

/// `max(cpu_usage, 30 s) > 80`
fn told(expression: &str) -> String {
    let rule = expr(expression).rule.unwrap_or_else(|why| panic!("{expression}: {why}"));
    assert!(
        rulebook::checked(std::slice::from_ref(&rule)).is_ok(),
        "{expression} became a rule that is none"
    );
    let part =
        |aggregate: RuleAggregate, metric: &str, operator: RuleOperator, threshold: f64, window_s: u32| {
            let word = |name: &str| name.rsplit('_').next().unwrap_or_default().to_lowercase();
            format!(
                "{}({metric}, {window_s} s) {} {threshold}",
                word(aggregate.as_str_name()),
                word(operator.as_str_name())
            )
        };
    let mut text = part(rule.aggregate(), &rule.metric, rule.operator(), rule.threshold, rule.window_s);
    for also in &rule.also {
        text += " and ";
        text += &part(also.aggregate(), &also.metric, also.operator(), also.threshold, also.window_s);
    }
    if !rule.ids.is_empty() {
        text += &format!(" of {}", rule.ids.join(", "));
    }
    text
}

fn refused(expression: &str) -> String {
    match expr(expression).rule {
        Ok(rule) => panic!("{expression} became {rule:?}"),
        Err(why) => why,
    }
}

#[test]
fn expressions_on_our_metrics_become_rules() {
    for (expression, rule) in [
        ("cpu_usage > 80", "last(cpu_usage, 1 s) gt 80"),
        ("80 <= cpu_usage", "last(cpu_usage, 1 s) gte 80"),
        ("avg_over_time(error_rate[30s]) > 5", "avg(error_rate, 30 s) gt 5"),
        (
            "max_over_time(queue_depth{service=\"checkout\"}[1m]) >= 100",
            "max(queue_depth, 60 s) gte 100 of checkout",
        ),
        (
            "min_over_time(replicas{service=~\"cart|checkout\"}[5s]) < 2",
            "min(replicas, 5 s) lt 2 of cart, checkout",
        ),
        ("quantile_over_time(0.95, latency_p99[2m]) / 1000 > 0.5", "p95(latency_p99, 120 s) gt 500"),
        ("last_over_time(queue_depth[10s]) == 0", "last(queue_depth, 10 s) eq 0"),
        ("deriv(memory_usage[2m]) > 0.05", "rate(memory_usage, 120 s) gt 0.05"),
        ("rate(queue_depth[30s]) * 60 > 60", "rate(queue_depth, 30 s) gt 1"),
        ("delta(queue_depth[30s]) > 60", "rate(queue_depth, 30 s) gt 2"),
        ("100 - cpu_usage < 10", "last(cpu_usage, 1 s) gt 90"),
        (
            "(avg_over_time(error_rate[10s]) > 1.44) and (avg_over_time(error_rate[2m]) > 1.44)",
            "avg(error_rate, 10 s) gt 1.44 and avg(error_rate, 120 s) gt 1.44",
        ),
    ] {
        assert_eq!(told(expression), rule, "{expression}");
    }
}

#[test]
fn exporters_metrics_become_what_says_the_same_here() {
    for (expression, rule) in [
        ("up{job=\"node\"} == 0", "last(up, 1 s) eq 0"),
        (
            "100 - (avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) * 100) > 80",
            "avg(cpu_usage, 300 s) gt 80",
        ),
        (
            "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes * 100 < 10",
            "last(memory_usage, 1 s) gt 90",
        ),
        (
            "(node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes) / node_memory_MemTotal_bytes > 0.9",
            "last(memory_usage, 1 s) gt 90",
        ),
        (
            "node_filesystem_avail_bytes{fstype!=\"tmpfs\"} / node_filesystem_size_bytes < 0.1 and on (instance, device) node_filesystem_readonly == 0",
            "last(disk_usage, 1 s) gt 90",
        ),
        (
            "sum by (service) (rate(http_requests_total{code=~\"5..\"}[2m])) / sum by (service) (rate(http_requests_total[2m])) > 0.05",
            "avg(error_rate, 120 s) gt 5",
        ),
        (
            "histogram_quantile(0.99, sum by (le, service) (rate(http_request_duration_seconds_bucket[1m]))) > 0.5",
            "avg(latency_p99, 60 s) gt 500",
        ),
        (
            "kube_deployment_spec_replicas != kube_deployment_status_replicas_available",
            "last(replicas_missing, 1 s) gt 0",
        ),
        (
            "kube_deployment_status_replicas_available < kube_deployment_spec_replicas",
            "last(replicas_missing, 1 s) gt 0",
        ),
        ("kube_node_status_condition{condition=\"Ready\",status=\"true\"} == 0", "last(up, 1 s) eq 0"),
        (
            "container_memory_working_set_bytes{container!=\"\"} / (container_spec_memory_limit_bytes > 0) > 0.8",
            "last(memory_usage, 1 s) gt 80",
        ),
    ] {
        assert_eq!(told(expression), rule, "{expression}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_told_with_what_to_write_instead() {
    for (expression, part) in [
        ("cpu_usage > 80 or memory_usage > 80", "two rules of one family"),
        ("cpu_usage > 80 unless up < 1", "`unless`"),
        ("absent(up)", "`replicas` < 1"),
        ("cpu_usage", "compares nothing"),
        ("cpu_usage != 5", "one with > and one with <"),
        ("predict_linear(disk_usage[1h], 3600) > 100", "forecasts"),
        ("sum(request_rate) > 5", "by (service)"),
        ("count by (service) (replicas) > 5", "`count` over several"),
        ("quantile_over_time(0.5, latency_p99[1m]) > 5", "0.95 only"),
        ("cpu_usage{service!=\"cart\"} > 5", "not what it leaves out"),
        ("cpu_usage{zone=\"a\"} > 5", "`service` or `node` only"),
        ("cpu_usage > memory_usage", "one series with a number"),
        ("cpu_usage offset 5m > 5", "`offset`"),
        ("avg_over_time(cpu_usage[1h]) > 5", "--divide-time 3"),
        ("up{job=\"apiserver\"} == 0", "for a service watch `replicas` < 1"),
        ("sum by (job) (up) == 0", "one node at a time"),
        ("node_load1 > 5", "nothing here measures node_load1: docs/detection.md"),
        ("cpu_usage > 5 and queue_depth{service=\"cart\"} > 5", "different things"),
        ("latency_p99{node=\"node-a1\"} > 5", "not measured of what its labels name"),
        ("cpu_usage >", "PromQL"),
        ("max_over_time((cpu_usage > 5)[5m:1m]) > 5", "subquery"),
    ] {
        let why = refused(expression);
        assert!(why.contains(part), "{expression}: {part:?} is not in {why:?}");
    }
}

#[test]
fn names_labels_and_times_are_taken_over() {
    let rule = alert(
        "expr: 'cpu_usage{node=\"node-a1\"} > 80'\nfor: 5m\nlabels: {severity: page, team: ops, link: \"{{ $labels.x }}\"}\n\
         annotations: {summary: \"CPU of {{ $labels.node }} is at {{ printf \\\"%.1f\\\" $value }} %\"}",
    );
    assert_eq!(rule.notes, ["the label link of the alert is a template and was left out"]);
    let rule = rule.rule.unwrap();
    assert_eq!((rule.name.as_str(), rule.for_s, rule.severity()), ("shop", 300, Severity::Critical));
    assert_eq!(rule.kinds, [i32::from(TargetKind::Node)]);
    assert_eq!(rule.labels, BTreeMap::from([("team".to_owned(), "ops".to_owned())]));
    assert_eq!(rule.description, "CPU of (its node) is at (the value) %");
    assert_eq!(text::rule_name("HostOOMKillDetected-2"), "host_oom_kill_detected_2");
    assert_eq!(text::rule_name("§"), "alert");
}

#[test]
fn a_whole_file_is_read_with_its_recording_rules_and_its_repeated_names() {
    let text = "
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec:
  groups:
  - name: shop
    interval: 30s
    rules:
    - record: shop:errors
      expr: sum(error_rate)
    - {alert: ErrorsHigh, expr: error_rate > 5, for: 1m, labels: {severity: warning}}
    - {alert: ErrorsHigh, expr: error_rate > 10, for: 0m, labels: {severity: critical}}
    - {alert: Weird, expr: shop:errors > 10}
";
    let imported = import(text, 2.0).unwrap();
    assert_eq!((imported.recordings, imported.alerts.len()), (1, 3));
    let rules: Vec<_> = imported.alerts.iter().filter_map(|alert| alert.rule.as_ref().ok()).collect();
    let names: Vec<_> =
        rules.iter().map(|rule| (rule.name.as_str(), rule.family.as_str(), rule.for_s)).collect();
    assert_eq!(names, [("errors_high", "errors_high", 30), ("errors_high_2", "errors_high", 0)]);
    assert!(imported.alerts[2].rule.as_ref().unwrap_err().contains("write its expression out"));

    assert!(import("groups: []", 1.0).unwrap_err().contains("no rules"));
    assert!(import("just text", 1.0).is_err());
}
