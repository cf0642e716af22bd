//! One change of one key.

use bus::{Bus, Outgoing, PublishError, subjects};
use proto::ops::v1::Rule;

/// A change to make.
#[derive(Debug, Clone)]
pub struct Change {
    /// The rule as it is to be. Its version does not matter.
    pub rule: Rule,
    /// Version that the key must have; 0 when there must be none.
    pub expected_version: u64,
    /// Made twice with the same id, the change happens once.
    pub id: String,
    /// Trace that it belongs to.
    pub traceparent: Option<String>,
}

/// Makes a change, and returns the rule with its new version.
///
/// # Errors
/// [`PublishError::Fenced`] when the key is not at the expected version; otherwise as for every publish.
pub async fn put(bus: &Bus, change: Change) -> Result<Rule, PublishError> {
    let Change { rule, expected_version, id, traceparent } = change;
    let name = rule.definition.as_ref().map(|definition| definition.name.as_str()).unwrap_or_default();
    let value = Rule { version: 0, ..rule.clone() };
    let mut message = Outgoing::message(subjects::ops_rule(name), id, "", &value);
    message.expected_last_subject_sequence = Some(expected_version);
    message.traceparent = traceparent;
    let published = bus.publish(&message).await?;
    Ok(Rule { version: published.stream_sequence, ..rule })
}
