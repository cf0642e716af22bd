//! `microcloud rules …`

mod apply;
mod file;
mod import;
mod prometheus;
mod trial;

use proto::ops::v1::rule_service_connect_client::RuleServiceClient;
use proto::ops::v1::{
    Rule, RuleChange, RuleDefinition, RuleOrigin, RuleServiceDeleteRequest, RuleServiceGetRequest,
    RuleServiceListRequest, RuleServiceRestoreRequest, RuleServiceSetEnabledRequest,
};

use crate::api;
use crate::cli::{ChangeOptions, RuleCommand};
use crate::operator;
use crate::output::{self, Failure};
use crate::stack::Target;

pub(crate) async fn run(target: &Target, command: RuleCommand) -> Result<(), Failure> {
    match command {
        RuleCommand::List { all, json } => list(&api::rules(target)?, all, json).await,
        RuleCommand::Show { name, json } => show(&api::rules(target)?, name, json).await,
        RuleCommand::Apply { file, change } => {
            apply::run(&api::rules(target)?, &file::read(&file)?, &change).await
        }
        RuleCommand::Delete { name, change } => {
            let ChangeOptions { reason, expected_version, .. } = &change;
            let request = RuleServiceDeleteRequest {
                name,
                expected_version: *expected_version,
                operator: operator::name(change.operator.as_deref())?,
                reason: reason.clone(),
                idempotency_key: String::new(),
            };
            changed(api::rules(target)?.delete(&request).await?.into_inner().rule, &change)
        }
        RuleCommand::Enable { name, change } => set_enabled(target, name, true, &change).await,
        RuleCommand::Disable { name, change } => set_enabled(target, name, false, &change).await,
        RuleCommand::Restore { name, change } => {
            let request = RuleServiceRestoreRequest {
                name,
                expected_version: change.expected_version,
                operator: operator::name(change.operator.as_deref())?,
                reason: change.reason.clone(),
                idempotency_key: String::new(),
            };
            changed(api::rules(target)?.restore(&request).await?.into_inner().rule, &change)
        }
        RuleCommand::Test(options) => trial::run(target, &options).await,
        RuleCommand::Import(options) => import::run(target, &options).await,
    }
}

async fn set_enabled(
    target: &Target,
    name: String,
    enabled: bool,
    change: &ChangeOptions,
) -> Result<(), Failure> {
    let request = RuleServiceSetEnabledRequest {
        name,
        enabled,
        expected_version: change.expected_version,
        operator: operator::name(change.operator.as_deref())?,
        reason: change.reason.clone(),
        idempotency_key: String::new(),
    };
    changed(api::rules(target)?.set_enabled(&request).await?.into_inner().rule, change)
}

async fn list(client: &RuleServiceClient, all: bool, json: bool) -> Result<(), Failure> {
    let rules = client.list(&RuleServiceListRequest { include_deleted: all }).await?.into_inner().rules;
    if json {
        return output::json(&rules);
    }
    if rules.is_empty() {
        output::line("There is no rule. `microcloud rules restore cpu_high` puts a built-in one back.");
        return Ok(());
    }
    let row = |rule: &Rule| {
        let definition = rule.definition.clone().unwrap_or_default();
        let severity = file::severity_name(definition.severity()).to_owned();
        let fires = fires_when(&definition);
        vec![definition.name, state(rule), severity, fires]
    };
    output::table(&["RULE", "STATE", "SEVERITY", "FIRES WHEN"], rules.iter().map(row).collect());
    Ok(())
}

async fn show(client: &RuleServiceClient, name: String, json: bool) -> Result<(), Failure> {
    let rule = client.get(&RuleServiceGetRequest { name }).await?.into_inner().rule.unwrap_or_default();
    if json {
        return output::json(&rule);
    }
    let at = rule.changed_at.as_ref().map(output::time).unwrap_or_default();
    let why = if rule.reason.is_empty() { String::new() } else { format!(": {}", rule.reason) };
    output::line(format!("# {}, version {}", state(&rule), rule.version));
    output::line(format!("# {} at {at} UTC by {}{why}", change_name(rule.change()), rule.changed_by));
    output::line(file::write(&rule.definition.into_iter().collect::<Vec<_>>())?.trim_end());
    Ok(())
}

/// Says what a rule is now.
fn changed(rule: Option<Rule>, change: &ChangeOptions) -> Result<(), Failure> {
    let rule = rule.unwrap_or_default();
    if change.json {
        return output::json(&rule);
    }
    let name = rule.definition.as_ref().map(|definition| definition.name.as_str()).unwrap_or_default();
    output::line(format!("{name}: {}, version {}", state(&rule), rule.version));
    Ok(())
}

fn state(rule: &Rule) -> String {
    let origin = match rule.origin() {
        RuleOrigin::BuiltIn if rule.definition == rule.seeded => "built-in",
        RuleOrigin::BuiltIn => "built-in, changed",
        RuleOrigin::User | RuleOrigin::Unspecified => "own",
    };
    let state = match (rule.deleted, rule.disabled) {
        (true, _) => ", deleted",
        (false, true) => ", disabled",
        (false, false) => "",
    };
    format!("{origin}{state}")
}

/// `avg(cpu_usage, 10 s) > 85 for 30 s`
fn fires_when(definition: &RuleDefinition) -> String {
    let part = |aggregate, metric: &str, operator, threshold: f64, window_s: u32| {
        let (aggregate, sign) = (file::aggregate_name(aggregate), file::sign(operator));
        format!("{aggregate}({metric}, {window_s} s) {sign} {threshold}")
    };
    let RuleDefinition { metric, threshold, window_s, also, for_s, ids, .. } = definition;
    let mut text = part(definition.aggregate(), metric, definition.operator(), *threshold, *window_s);
    for condition in also {
        text += " and ";
        text += &part(
            condition.aggregate(),
            &condition.metric,
            condition.operator(),
            condition.threshold,
            condition.window_s,
        );
    }
    if *for_s > 0 {
        text += &format!(" for {for_s} s");
    }
    if !ids.is_empty() {
        text += &format!(" of {}", ids.join(", "));
    }
    text
}

fn change_name(change: RuleChange) -> &'static str {
    match change {
        RuleChange::Unspecified => "changed",
        RuleChange::Created => "created",
        RuleChange::Updated => "updated",
        RuleChange::Deleted => "deleted",
        RuleChange::Enabled => "enabled",
        RuleChange::Disabled => "disabled",
        RuleChange::Restored => "restored",
        RuleChange::Seeded => "brought",
        RuleChange::Recovered => "written again",
    }
}
