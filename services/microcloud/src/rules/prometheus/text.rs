//! Names, severities and descriptions.

use std::collections::BTreeMap;

use proto::common::v1::Severity;

/// Longest name, description and label of a rule.
const MAX_NAME: usize = 64;
const MAX_DESCRIPTION: usize = 1_024;
const MAX_LABEL: usize = 128;

/// `HostOutOfMemory` as `host_out_of_memory`.
pub(super) fn rule_name(alert: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    let characters: Vec<char> = alert.chars().collect();
    for (at, c) in characters.iter().enumerate() {
        let next = characters.get(at + 1);
        let begins_word = c.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && next.is_some_and(char::is_ascii_lowercase)));
        if (begins_word || !c.is_ascii_alphanumeric()) && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        }
        before = *c;
    }
    name.truncate(MAX_NAME);
    let name = name.trim_end_matches('_');
    if name.is_empty() { "alert".to_owned() } else { name.to_owned() }
}

pub(super) fn severity(label: Option<&str>, notes: &mut Vec<String>) -> Severity {
    match label.map(str::to_ascii_lowercase).as_deref() {
        Some("critical" | "page" | "emergency" | "disaster") => Severity::Critical,
        Some("high" | "error" | "major" | "ticket") => Severity::High,
        Some("warning" | "warn" | "minor" | "medium") => Severity::Warning,
        Some("info" | "informational" | "notice" | "none" | "low") => Severity::Info,
        other => {
            notes.push(match other {
                Some(other) => format!("the severity {other:?} was read as warning"),
                None => "it has no severity; warning was taken".to_owned(),
            });
            Severity::Warning
        }
    }
}

/// Leaves out labels that are made up while an alert fires.
pub(super) fn keep_plain(labels: &mut BTreeMap<String, String>, notes: &mut Vec<String>) {
    labels.retain(|key, value| {
        let plain = !value.contains("{{") && !value.is_empty() && value.chars().count() <= MAX_LABEL;
        if !plain {
            notes.push(format!("the label {key} of the alert is a template and was left out"));
        }
        plain
    });
}

/// What the annotations say, without what is only known while it fires.
pub(super) fn description(annotations: &BTreeMap<&str, String>) -> String {
    let told = ["description", "message", "summary"].into_iter().find_map(|key| annotations.get(key));
    let Some(text) = told else { return String::new() };
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        plain += before;
        let (template, after) = after.split_once("}}").unwrap_or((after, ""));
        plain += &spoken(template);
        rest = after;
    }
    plain += rest;
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").replace('\0', "").chars().take(MAX_DESCRIPTION).collect()
}

/// A template as words.
fn spoken(template: &str) -> String {
    match template.split_once("$labels.") {
        Some((_, label)) => {
            let label: String =
                label.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            format!("(its {label})")
        }
        None if template.contains("$value") => "(the value)".to_owned(),
        None => "…".to_owned(),
    }
}
