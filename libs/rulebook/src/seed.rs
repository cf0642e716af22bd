//! What a release brings, and what is written again after a loss.

use bus::{Bus, Outgoing, PublishError, StreamError};
use chrono::Utc;
use proto::ops::v1::{Rule, RuleChange, RuleDefinition, RuleOrigin, RuleSeed};
use uuid::Uuid;

use crate::book::{self, Book, SEED};
use crate::kept::{Change, Value as _, put};
use crate::message;

/// Attempts, while somebody else writes the same keys.
const ATTEMPTS: usize = 5;

/// Why the bucket could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// It cannot be read.
    #[error("the rules cannot be read")]
    Read(#[from] StreamError),
    /// It cannot be written.
    #[error("the rules cannot be written")]
    Write(#[from] PublishError),
}

/// Brings the bucket up to the release that runs: adds built-in rules that were never there, and lets those that nobody has touched
/// follow. Returns how many rules changed.
///
/// # Errors
/// When the bucket cannot be read or written.
pub async fn seed(bus: &Bus, release: &str) -> Result<usize, SeedError> {
    let mut attempts = 1;
    loop {
        let book = Book::read(bus).await?;
        match write(bus, &book, due(&book), release).await {
            // Another process does the same.
            Err(SeedError::Write(PublishError::Fenced { .. })) if attempts < ATTEMPTS => attempts += 1,
            outcome => return outcome,
        }
    }
}

/// Writes every rule again as it was known, into a bucket that was deleted. Keys that somebody has written meanwhile stay as they are.
/// Returns how many rules were written.
///
/// # Errors
/// When the bucket cannot be read or written.
pub async fn recover(bus: &Bus, known: &Book, release: &str) -> Result<usize, SeedError> {
    let book = Book::read(bus).await?;
    let lost = known.rules().filter(|rule| {
        rule.definition.as_ref().is_some_and(|definition| book.get(&definition.name).is_none())
    });
    let again = lost.map(|rule| Rule {
        version: 0,
        change: RuleChange::Recovered.into(),
        reason: "the bucket had been deleted".to_owned(),
        ..rule.clone()
    });
    write(bus, &book, again.collect(), release).await
}

/// Rules as they should be, where the bucket differs; each with the version that it replaces.
fn due(book: &Book) -> Vec<Rule> {
    let shipped: Vec<RuleDefinition> = detect::builtin_rules().iter().map(message::definition).collect();
    let mut due = Vec::new();
    for definition in &shipped {
        match book.get(&definition.name) {
            None => due.push(book::seeded(definition.clone())),
            Some(kept) if is_untouched(kept) && kept.seeded.as_ref() != Some(definition) => due.push(Rule {
                version: kept.version,
                disabled: kept.disabled,
                ..book::seeded(definition.clone())
            }),
            Some(_) => {}
        }
    }
    let is_shipped = |rule: &Rule| {
        let name = rule.definition.as_ref().map(|definition| &definition.name);
        shipped.iter().any(|definition| Some(&definition.name) == name)
    };
    let retired = book.rules().filter(|rule| is_untouched(rule) && !is_shipped(rule));
    due.extend(retired.map(|rule| Rule {
        deleted: true,
        change: RuleChange::Seeded.into(),
        reason: "no longer part of the release".to_owned(),
        ..rule.clone()
    }));
    due
}

/// Whether a built-in rule says what its release said. Disabling one is no change of what it says.
fn is_untouched(rule: &Rule) -> bool {
    rule.origin() == RuleOrigin::BuiltIn && !rule.deleted && rule.definition == rule.seeded
}

async fn write(bus: &Bus, book: &Book, rules: Vec<Rule>, release: &str) -> Result<usize, SeedError> {
    let count = rules.len();
    for rule in rules {
        let change = Change {
            expected_version: rule.version,
            id: Uuid::new_v4().to_string(),
            traceparent: None,
            value: Rule {
                changed_by: format!("release {release}"),
                changed_at: Some(Utc::now().into()),
                ..rule
            },
        };
        put(bus, change).await?;
    }
    let marked = book.seed().is_some_and(|(_, seed)| seed.release == release);
    if !marked {
        let seed = RuleSeed { release: release.to_owned(), seeded_at: Some(Utc::now().into()) };
        let mut mark = Outgoing::message(Rule::subject(SEED), Uuid::new_v4().to_string(), "", &seed);
        mark.expected_last_subject_sequence = Some(book.seed().map_or(0, |(revision, _)| *revision));
        bus.publish(&mark).await?;
    }
    Ok(count)
}
