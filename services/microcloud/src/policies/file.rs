//! Files of approval policies: a YAML list. docs/safety.md has an example, which a test reads.

use std::io::Read as _;
use std::path::Path;

use proto::common::v1::Severity;
use proto::ops::v1::{ActionType, ApprovalMatch, ApprovalMode, ApprovalPolicy, EffectDemand};
use serde::{Deserialize, Serialize};

use crate::output::Failure;

/// Largest file that is read: a hundred policies with every target named have less.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// A policy; what is left out of it says nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    /// Types of actions, for example `scale_up`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    types: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    targets: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_blast_pct: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effect: Option<EffectEntry>,
    /// `ask`, `auto_approve` or `two_person`.
    mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry_s: Option<u32>,
}

/// What the look ahead has to say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EffectEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_harms: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_helps: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_bad_pct_less: Option<f64>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Vec<ApprovalPolicy>, Failure> {
    let mut text = String::new();
    let unreadable =
        |error: std::io::Error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)
    };
    read.map_err(unreadable)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::Usage(format!(
            "{} is larger than {MAX_FILE_BYTES} bytes: it holds more than policies",
            path.display()
        )));
    }
    parse(&text).map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))
}

fn parse(text: &str) -> Result<Vec<ApprovalPolicy>, String> {
    let entries: Vec<Entry> = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    entries.into_iter().map(message).collect()
}

/// As a file.
pub(super) fn write(policies: &[ApprovalPolicy]) -> Result<String, Failure> {
    let entries: Vec<Entry> = policies.iter().map(entry).collect();
    serde_saphyr::to_string(&entries).map_err(|error| Failure::because("cannot write the policies", &error))
}

fn message(entry: Entry) -> Result<ApprovalPolicy, String> {
    let Entry { name, types, targets, min_severity, max_severity, max_blast_pct, effect, mode, expiry_s } =
        entry;
    let of =
        |what: &str, prefix: &str, value: &str| format!("policy {name:?}: {value:?} is no {what} ({prefix})");
    let types = types.iter().map(|kind| {
        ActionType::from_str_name(&format!("ACTION_TYPE_{}", kind.to_uppercase()))
            .filter(|kind| *kind != ActionType::Unspecified)
            .map(i32::from)
            .ok_or_else(|| of("type of action", "scale_up, restart_service, …", kind))
    });
    let severity = |value: Option<String>| {
        value.map_or(Ok(0), |value| {
            Severity::from_str_name(&format!("SEVERITY_{}", value.to_uppercase()))
                .filter(|severity| *severity != Severity::Unspecified)
                .map(i32::from)
                .ok_or_else(|| of("severity", "info, warning, high, critical", &value))
        })
    };
    let found = ApprovalMode::from_str_name(&format!("APPROVAL_MODE_{}", mode.to_uppercase()));
    let found = found.filter(|mode| *mode != ApprovalMode::Unspecified);
    Ok(ApprovalPolicy {
        r#match: Some(ApprovalMatch {
            types: types.collect::<Result<_, _>>()?,
            targets,
            min_severity: severity(min_severity)?,
            max_severity: severity(max_severity)?,
            max_blast_pct,
            effect: effect.map(|EffectEntry { max_harms, min_helps, min_bad_pct_less }| EffectDemand {
                max_harms,
                min_helps,
                min_bad_pct_less,
            }),
        }),
        mode: found.ok_or_else(|| of("mode", "ask, auto_approve, two_person", &mode))?.into(),
        expiry_s: expiry_s.unwrap_or_default(),
        name,
    })
}

fn entry(policy: &ApprovalPolicy) -> Entry {
    let ApprovalMatch { types, targets, min_severity, max_severity, max_blast_pct, effect } =
        policy.r#match.clone().unwrap_or_default();
    let severity = |number: i32| {
        let severity = Severity::try_from(number).ok().filter(|severity| *severity != Severity::Unspecified);
        severity.map(|severity| severity.as_str_name().trim_start_matches("SEVERITY_").to_lowercase())
    };
    let kind = |number: i32| {
        let kind = ActionType::try_from(number).unwrap_or_default();
        kind.as_str_name().trim_start_matches("ACTION_TYPE_").to_lowercase()
    };
    Entry {
        name: policy.name.clone(),
        types: types.into_iter().map(kind).collect(),
        targets,
        min_severity: severity(min_severity),
        max_severity: severity(max_severity),
        max_blast_pct,
        effect: effect.map(|EffectDemand { max_harms, min_helps, min_bad_pct_less }| EffectEntry {
            max_harms,
            min_helps,
            min_bad_pct_less,
        }),
        mode: policy.mode().as_str_name().trim_start_matches("APPROVAL_MODE_").to_lowercase(),
        expiry_s: (policy.expiry_s > 0).then_some(policy.expiry_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_is_read_and_written_as_it_is_meant() {
        let page = include_str!("../../../../docs/safety.md");
        let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let policies = parse(example).unwrap();
        assert!(policies.len() >= 3, "{policies:?}");
        assert!(policies.iter().any(|policy| policy.mode() == ApprovalMode::TwoPerson));
        let again = parse(&write(&policies).unwrap()).unwrap();
        assert_eq!(again, policies);
    }

    #[test]
    fn what_is_no_policy_is_named() {
        for (text, part) in [
            ("[{name: a}]", "mode"),
            ("[{name: a, mode: maybe}]", "\"maybe\" is no mode"),
            ("[{name: a, mode: ask, types: [explode]}]", "\"explode\" is no type of action"),
            ("[{name: a, mode: ask, min_severity: loud}]", "\"loud\" is no severity"),
            ("[{name: a, mode: ask, colour: red}]", "colour"),
        ] {
            let told = parse(text).unwrap_err();
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }
}
