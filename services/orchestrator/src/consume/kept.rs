//! The buckets of rules and silences: an audit entry for each change, with what was there before and after.

use bus::{Delivery, Failure};
use prost::Name as _;
use proto::ops::v1::RuleSeed;
use serde_json::json;
use store::audit::{self, AuditEntry};
use store::{StoreError, inbox};

use super::{decode, persist};
use crate::app::App;
use crate::change::Subject;

pub(crate) async fn handle<S: Subject>(
    app: &App,
    consumer: &'static str,
    delivery: &Delivery,
) -> Result<(), Failure> {
    if delivery.message_type == RuleSeed::full_name() {
        return Ok(());
    }
    // What another program writes or deletes has no type: it is noted, whatever it is.
    let subject = if delivery.message_type.is_empty() {
        None
    } else {
        Some(decode::<S>(delivery)?.at_version(delivery.stream_sequence))
    };
    persist(app, delivery, || note(app, consumer, delivery, subject.as_ref())).await
}

async fn note<S: Subject>(
    app: &App,
    consumer: &str,
    delivery: &Delivery,
    subject: Option<&S>,
) -> Result<(), StoreError> {
    let key = delivery.subject.rsplit('.').next().unwrap_or_default();
    let subject_id = format!("{}/{key}", S::CALLED);
    let mut tx = app.store.begin().await?;
    if !inbox::first_time(&mut tx, consumer, &delivery.id).await? {
        return Ok(());
    }
    let before = audit::last_of_subject(&mut tx, &subject_id).await?.and_then(|entry| entry.after);
    let traceparent = delivery.traceparent.as_deref();
    let last = subject.map(Subject::last);
    let entry = AuditEntry {
        actor: last.map_or("a NATS client", |last| last.by).to_owned(),
        action: format!("{}.{}", S::CALLED, last.map_or("written", |last| last.verb)),
        simulation_id: subject.map(Subject::simulation_id).unwrap_or_default(),
        subject_id,
        before,
        after: Some(subject.map_or_else(|| json!({ "version": delivery.stream_sequence }), Subject::state)),
        reason: last.map(|last| last.reason.to_owned()).unwrap_or_default(),
        trace_id: traceparent.and_then(bus::trace::trace_id).unwrap_or_default().to_owned(),
    };
    audit::append(&mut tx, &entry).await?;
    tx.commit().await
}
