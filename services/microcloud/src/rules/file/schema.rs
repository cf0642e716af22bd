//! The JSON Schema of rule files, made of the struct that is read and kept in `scenarios/schema`.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::json;

use super::{RuleEntry, parse, write};

/// One rule, or a list of them.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape counts")]
enum RuleFile {
    One(Box<RuleEntry>),
    Many(Vec<RuleEntry>),
}

/// Metrics by name, each with its unit.
pub(super) fn metrics(schema: &mut Schema) {
    let name = |metric: &detect::Metric| json!({"const": metric.name, "description": format!("{} {}", metric.label, metric.unit).trim()});
    schema.insert("oneOf".to_owned(), detect::METRICS.iter().map(name).collect());
}

#[test]
fn the_committed_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/schema/rules.schema.json");
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<RuleFile>();
    let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("WRITE_SCHEMAS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "write it with `WRITE_SCHEMAS=1 cargo nextest run -p microcloud schema`");
}

const EXAMPLE: &str = "
# One rule.
name: checkout_slow
metric: latency_p99
ids: [checkout]
operator: gt
threshold: 300
window_s: 10
severity: warning
labels: {team: shop}
";

#[test]
fn a_file_holds_one_rule_or_a_list_and_its_mistakes_have_a_line() {
    let one = parse(EXAMPLE).unwrap();
    assert_eq!(
        (one.len(), one[0].name.as_str(), one[0].threshold.to_bits()),
        (1, "checkout_slow", 300.0_f64.to_bits())
    );
    let list = EXAMPLE.replace("name:", "- name:").replace('\n', "\n  ").replace("  - name", "- name");
    assert_eq!(parse(&list).unwrap(), one);
    let told = parse(&EXAMPLE.replace("window_s", "window")).unwrap_err();
    assert!(told.contains("window") && told.contains("line"), "{told}");
    assert!(parse("").is_err());
}

#[test]
fn built_in_rules_survive_the_way_through_a_file() {
    let rules: Vec<_> = detect::builtin_rules().iter().map(rulebook::definition).collect();
    assert_eq!(parse(&write(&rules).unwrap()).unwrap(), rules);
    assert_eq!(parse(&write(&rules[..1]).unwrap()).unwrap(), rules[..1]);
}

#[test]
fn editors_see_mistakes() {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<RuleFile>().to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let valid = |text: &str| validator.is_valid(&serde_saphyr::from_str::<serde_json::Value>(text).unwrap());
    assert!(valid(EXAMPLE));
    for (from, to) in [
        ("latency_p99", "latency"),
        ("gt", "above"),
        ("300", "much"),
        ("10", "2000"),
        ("warning", "bad"),
        ("labels", "label"),
    ] {
        assert!(!valid(&EXAMPLE.replacen(from, to, 1)), "{to}");
    }
}

#[test]
fn the_rules_in_the_documentation_are_valid() {
    for (page, rules) in [("detection.md", 2), ("extending.md", 1)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
        let text = std::fs::read_to_string(path).unwrap();
        // Blocks in lists are indented.
        let text: Vec<&str> = text.lines().collect();
        let begins = text.iter().position(|line| line.trim() == "```yaml").unwrap();
        let indent = text[begins].len() - text[begins].trim_start().len();
        let block: Vec<&str> = text[begins + 1..]
            .iter()
            .take_while(|line| line.trim() != "```")
            .map(|line| line.get(indent..).unwrap_or_default())
            .collect();
        let parsed = parse(&block.join("\n")).unwrap();
        assert_eq!(rulebook::checked(&parsed).unwrap().rules().len(), rules, "{page}");
    }
}
