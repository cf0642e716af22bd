//! The bucket of rules: an audit entry for each change, with the rule before and after.

use bus::{Delivery, Failure};
use prost::Name as _;
use proto::ops::v1::{Rule, RuleSeed};
use serde_json::{Value, json};
use store::audit::{self, AuditEntry};
use store::{StoreError, inbox};

use super::{RULES, decode, persist};
use crate::app::App;
use crate::rules;

pub(crate) async fn handle(app: &App, delivery: &Delivery) -> Result<(), Failure> {
    if delivery.message_type == RuleSeed::full_name() {
        return Ok(());
    }
    // What another program writes or deletes has no type: it is noted, whatever it is.
    let rule = if delivery.message_type.is_empty() { None } else { Some(decode::<Rule>(delivery)?) };
    persist(app, delivery, || note(app, delivery, rule.as_ref())).await
}

async fn note(app: &App, delivery: &Delivery, rule: Option<&Rule>) -> Result<(), StoreError> {
    let key = delivery.subject.rsplit('.').next().unwrap_or_default();
    let subject_id = format!("rule/{key}");
    let mut tx = app.store.begin().await?;
    if !inbox::first_time(&mut tx, RULES, &delivery.id).await? {
        return Ok(());
    }
    let before = audit::last_of_subject(&mut tx, &subject_id).await?.and_then(|entry| entry.after);
    let traceparent = delivery.traceparent.as_deref();
    let entry = AuditEntry {
        actor: rule.map_or("a NATS client", |rule| &rule.changed_by).to_owned(),
        action: format!("rule.{}", rule.map_or("written", |rule| rules::verb(rule.change()))),
        simulation_id: String::new(),
        subject_id,
        before,
        after: Some(state(delivery.stream_sequence, rule)),
        reason: rule.map(|rule| rule.reason.clone()).unwrap_or_default(),
        trace_id: traceparent.and_then(bus::trace::trace_id).unwrap_or_default().to_owned(),
    };
    audit::append(&mut tx, &entry).await?;
    tx.commit().await
}

/// What an auditor wants to see of a rule.
fn state(version: u64, rule: Option<&Rule>) -> Value {
    match rule {
        Some(rule) => json!({
            "version": version,
            "disabled": rule.disabled,
            "deleted": rule.deleted,
            "definition": rule.definition,
        }),
        None => json!({ "version": version }),
    }
}
