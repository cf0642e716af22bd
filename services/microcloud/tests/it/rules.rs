//! Rules that people change while everything runs.

use serde_json::Value;

use crate::stack::{Stack, microcloud, repository};

/// Two rules that fire as soon as there is any traffic: each a family of its own.
const BUSY: &str = "
- {name: busy_checkout, metric: request_rate, ids: [checkout], operator: gt, threshold: 0.001, window_s: 5, severity: info}
- {name: busy_cart, metric: request_rate, ids: [cart], operator: gt, threshold: 0.001, window_s: 5, severity: info}
";

fn file(home: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn incident(stack: &Stack, rule: &str, resolved: bool) -> Option<Value> {
    let incidents = stack.try_json(&["incidents", "--symptoms"])?;
    let is_resolved = |incident: &Value| incident["resolved"].as_bool().unwrap_or_default();
    let of_rule = |incident: &&Value| incident["ruleName"] == rule && is_resolved(incident) == resolved;
    incidents.as_array()?.iter().find(of_rule).cloned()
}

#[test]
fn a_rule_is_applied_live_and_its_incident_ends_with_it_and_no_other() {
    let files = tempfile::tempdir().unwrap();
    let stack = Stack::builder().with_speed(5.0).start();
    let busy = file(&files, "busy.yaml", BUSY);
    stack.eventually("telemetry is stored", |stack| {
        (stack.count("select count(*) from metrics where metric_name = 'request_rate'") > 200).then_some(())
    });
    let tested = stack.json(&["rules", "test", &busy]);
    assert_eq!(tested[0]["gained"].as_array().unwrap().len(), 2, "{tested}");

    let applied = stack.json(&["rules", "apply", &busy, "--reason", "to see it live"]);
    assert_eq!(applied[0]["what"], "created");
    let other = stack.eventually("both fire", |stack| {
        incident(stack, "busy_checkout", false)?;
        incident(stack, "busy_cart", false)
    });
    assert_eq!(stack.json(&["rules", "apply", &busy])[1]["what"], "unchanged");

    stack.ok(&["rules", "delete", "busy_checkout"]);
    let ended = stack.eventually("its incident ends", |stack| incident(stack, "busy_checkout", true));
    assert_eq!(ended["resolution"], "rule busy_checkout was deleted");
    // The one that leads the group of both tells when the other ends; about itself it tells nothing new.
    let still = incident(&stack, "busy_cart", false).unwrap();
    for field in ["id", "title", "description", "severity", "detectedAt", "observedValue", "resolved"] {
        assert_eq!(still[field], other[field], "{field}: the other one goes on as it was");
    }

    // signal-service starts again with the rules as they are.
    stack.kill("signal-service");
    stack.ok(&["rules", "disable", "busy_cart"]);
    let ended = stack.eventually("its incident ends", |stack| incident(stack, "busy_cart", true));
    assert_eq!(ended["resolution"], "rule busy_cart was disabled");

    let shown = stack.ok(&["rules", "show", "cpu_high"]);
    let hotter = file(&files, "cpu.yaml", &shown.replace("threshold: 85", "threshold: 86"));
    let changed = stack.json(&["rules", "apply", &hotter]);
    assert_eq!(changed[0]["changes"], serde_json::json!(["threshold: 85.0 → 86.0"]), "{changed}");
    assert!(stack.ok(&["rules", "list"]).contains("built-in, changed"));
    stack.ok(&["rules", "restore", "cpu_high"]);
    let late = stack.run(&["rules", "disable", "cpu_high", "--expected-version", "1"]);
    assert_eq!(late.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&late.stderr).contains("restored"), "{late:?}");
}

#[test]
fn rules_are_tried_on_scenarios_and_alerts_are_translated_without_any_stack() {
    let files = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let eager = file(
        &files,
        "eager.yaml",
        "{name: error_rate_high, family: error_rate, metric: error_rate, operator: gt, threshold: 1, window_s: 10, severity: high}",
    );
    let run =
        |arguments: &[&str]| microcloud(home.path()).env("USER", "ana").args(arguments).output().unwrap();
    let output = run(&["rules", "test", &eager, "--against", "bad_release", "--against", "normal", "--json"]);
    let reports: Value = serde_json::from_slice(&output.stdout).unwrap();
    let moved = reports[0]["moved"].as_array().unwrap();
    assert!(moved.iter().all(|pair| pair["opened_later_s"].as_f64().unwrap() <= 0.0), "{reports}");
    assert!(!moved.is_empty() || !reports[0]["gained"].as_array().unwrap().is_empty(), "{reports}");
    assert_eq!(reports[1]["gained"], serde_json::json!([]), "calm stays calm");

    let alerts = file(
        &files,
        "alerts.yml",
        "groups: [{name: g, rules: [
            {alert: HostHot, expr: 'cpu_usage{node=\"node-a1\"} > 80', for: 1m, labels: {severity: critical}},
            {alert: Odd, expr: 'stddev(cpu_usage) > 80'}]}]",
    );
    let out = files.path().join("rules.yaml");
    let output = run(&["rules", "import", &alerts, "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "one is not evaluated");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("host_hot") && told.contains("1 of 2 alerts"), "{told}");
    let tried = run(&["rules", "test", out.to_str().unwrap(), "--against", "normal", "--json"]);
    assert!(tried.status.success(), "{tried:?}");

    let wrong = file(
        &files,
        "wrong.yaml",
        "{name: X, metric: cpu, operator: gt, threshold: 1, window_s: 0, severity: high}",
    );
    let told =
        String::from_utf8_lossy(&run(&["rules", "test", &wrong, "--against", "normal"]).stderr).into_owned();
    for part in ["name: use 1 to 64", "there is no metric \"cpu\"", "window_s: use 1 to 1200"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(repository().join("scenarios/schema/rules.schema.json").exists());
}
