//! `microcloud rules apply`: create or change, and say what changed.

use proto::ops::v1::rule_service_connect_client::RuleServiceClient;
use proto::ops::v1::{
    Rule, RuleDefinition, RuleServiceCreateRequest, RuleServiceListRequest, RuleServiceUpdateRequest,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::ChangeOptions;
use crate::operator;
use crate::output::{self, Failure};

/// What became of one rule.
#[derive(Debug, Serialize)]
pub(super) struct Applied {
    rule: String,
    what: &'static str,
    version: u64,
    changes: Vec<String>,
}

/// Applies rules and prints what changed.
pub(super) async fn run(
    client: &RuleServiceClient,
    rules: &[RuleDefinition],
    change: &ChangeOptions,
) -> Result<(), Failure> {
    let applied = apply(client, rules, change).await?;
    if change.json {
        return output::json(&applied);
    }
    print(&applied);
    Ok(())
}

pub(super) fn print(applied: &[Applied]) {
    for Applied { rule, what, version, changes } in applied {
        output::line(format!("{rule}: {what}, version {version}"));
        for change in changes {
            output::line(format!("  {change}"));
        }
    }
}

/// Creates or changes rules, one after the other. Mistakes are told before anything is changed.
pub(super) async fn apply(
    client: &RuleServiceClient,
    rules: &[RuleDefinition],
    change: &ChangeOptions,
) -> Result<Vec<Applied>, Failure> {
    rulebook::checked(rules)
        .map_err(|mistakes| Failure::Refused(format!("nothing was changed. {mistakes}")))?;
    if change.expected_version != 0 && rules.len() > 1 {
        return Err(Failure::Usage(
            "--expected-version is for a file with one rule; the rules of a longer one are changed only if they still are as they were when this began"
                .to_owned(),
        ));
    }
    let kept = client.list(&RuleServiceListRequest { include_deleted: false }).await?.into_inner().rules;
    let mut applied: Vec<Applied> = Vec::new();
    for rule in rules {
        let before = kept.iter().find(|kept| kept.definition.as_ref().is_some_and(|of| of.name == rule.name));
        let after = one(client, before, rule, change).await.map_err(|failure| match failure {
            Failure::Refused(why) if !applied.is_empty() => {
                Failure::Refused(format!("{} rules were applied, then {}: {why}", applied.len(), rule.name))
            }
            other => other,
        })?;
        let (what, changes) = difference(before, &after);
        applied.push(Applied { rule: rule.name.clone(), what, version: after.version, changes });
    }
    Ok(applied)
}

async fn one(
    client: &RuleServiceClient,
    before: Option<&Rule>,
    rule: &RuleDefinition,
    change: &ChangeOptions,
) -> Result<Rule, Failure> {
    let (rule, operator, reason) =
        (Some(rule.clone()), operator::name(change.operator.as_deref())?, change.reason.clone());
    let idempotency_key = String::new();
    let after = match before {
        None => {
            let request = RuleServiceCreateRequest { rule, operator, reason, idempotency_key };
            client.create(&request).await?.into_inner().rule
        }
        Some(before) => {
            let seen = if change.expected_version == 0 { before.version } else { change.expected_version };
            let request =
                RuleServiceUpdateRequest { rule, expected_version: seen, operator, reason, idempotency_key };
            client.update(&request).await?.into_inner().rule
        }
    };
    Ok(after.unwrap_or_default())
}

/// What happened, and each field that is not what it was.
fn difference(before: Option<&Rule>, after: &Rule) -> (&'static str, Vec<String>) {
    let Some(before) = before else { return ("created", Vec::new()) };
    if before.version == after.version {
        return ("unchanged", Vec::new());
    }
    let fields = |rule: &Rule| match serde_json::to_value(&rule.definition) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (old, new) = (fields(before), fields(after));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let told = |value: Option<&Value>| value.map_or("-".to_owned(), Value::to_string);
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    (
        "changed",
        changed.map(|name| format!("{name}: {} → {}", told(old.get(name)), told(new.get(name)))).collect(),
    )
}
