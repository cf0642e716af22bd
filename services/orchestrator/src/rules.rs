//! Detection rules: what may become of one.

pub(crate) mod keeper;
mod sample;
pub(crate) mod trial;

use chrono::{DateTime, Utc};
use connectrpc_axum::{Code, ConnectError};
use detect::MAX_RULES;
use proto::ops::v1::{Rule, RuleChange, RuleDefinition, RuleOrigin};
use rulebook::{Book, Bucket as _, Standing};
use serde_json::{Value, json};

use crate::app::App;
use crate::change::{self, Last, Subject};
use crate::error;

/// Rules that may have been created since the follower last told: it waits for a series of changes to end.
const LATELY: usize = 512;

/// What is to become of a rule.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Create(RuleDefinition),
    Update(RuleDefinition),
    Delete,
    SetEnabled(bool),
    Restore,
}

impl Subject for Rule {
    const SERVICE: &'static str = "RuleService";
    const CALLED: &'static str = "rule";

    fn version(&self) -> u64 {
        self.version
    }

    fn last(&self) -> Last<'_> {
        Last { verb: verb(self.change()), by: &self.changed_by, at: self.changed_at, reason: &self.reason }
    }

    fn signed(self, changed_by: String, at: DateTime<Utc>, reason: String) -> Self {
        Self { changed_by, changed_at: Some(at.into()), reason, ..self }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (&self.definition, &self.seeded, self.disabled, self.deleted, self.origin)
            == (&other.definition, &other.seeded, other.disabled, other.deleted, other.origin)
    }

    fn simulation_id(&self) -> String {
        String::new()
    }

    fn state(&self) -> Value {
        json!({
            "version": self.version,
            "disabled": self.disabled,
            "deleted": self.deleted,
            "definition": self.definition,
        })
    }

    fn ready(app: &App) -> Result<(), ConnectError> {
        if app.rules.borrow().standing == Standing::Current { Ok(()) } else { Err(unwritten()) }
    }
}

/// Reads the rules.
pub(crate) async fn read(app: &App) -> Result<Book, ConnectError> {
    let book = Book::read(&app.bus).await.map_err(|failure| change::unreadable::<Book>(&failure))?;
    if book.is_whole() { Ok(book) } else { Err(unwritten()) }
}

/// How many rules there are, looked up exactly when it matters.
async fn count(app: &App) -> Result<usize, ConnectError> {
    let known = app.rules.borrow().book.count();
    if known + LATELY < MAX_RULES { Ok(known) } else { read(app).await.map(|book| book.count()) }
}

fn unwritten() -> ConnectError {
    error::unavailable("The rules are being written to their bucket. Try again in a moment.")
}

impl change::Wish for Wish {
    type Subject = Rule;

    async fn on(&self, app: &App, name: &str, kept: Option<&Rule>) -> Result<Rule, ConnectError> {
        let others = if matches!(self, Self::Create(_)) { count(app).await? } else { 0 };
        self.of(name, kept, others)
    }
}

impl Wish {
    /// The rule as it is to be.
    fn of(&self, name: &str, kept: Option<&Rule>, others: usize) -> Result<Rule, ConnectError> {
        let there = || kept.filter(|kept| !kept.deleted).ok_or_else(|| missing(name, kept)).cloned();
        match self {
            Self::Create(definition) => match kept {
                Some(kept) if !kept.deleted => Err(ConnectError::new(
                    Code::AlreadyExists,
                    format!(
                        "There is a rule {name} already, at version {}. RuleService.Update changes it.",
                        kept.version
                    ),
                )),
                _ if others >= MAX_RULES => Err(ConnectError::new(
                    Code::ResourceExhausted,
                    format!("There are {MAX_RULES} rules, and there cannot be more. Delete one first."),
                )),
                // A built-in rule that was deleted stays one.
                kept => Ok(Rule {
                    definition: Some(definition.clone()),
                    origin: kept.map_or(RuleOrigin::User, Rule::origin).into(),
                    seeded: kept.and_then(|kept| kept.seeded.clone()),
                    change: RuleChange::Created.into(),
                    ..Rule::default()
                }),
            },
            Self::Update(definition) => Ok(Rule {
                definition: Some(definition.clone()),
                change: RuleChange::Updated.into(),
                ..there()?
            }),
            // Deleting it twice is as good as once.
            Self::Delete => Ok(Rule {
                deleted: true,
                change: RuleChange::Deleted.into(),
                ..kept.cloned().ok_or_else(|| missing(name, kept))?
            }),
            Self::SetEnabled(enabled) => Ok(Rule {
                disabled: !enabled,
                change: if *enabled { RuleChange::Enabled } else { RuleChange::Disabled }.into(),
                ..there()?
            }),
            Self::Restore => {
                let shipped = detect::builtin_rules();
                let rule = shipped.iter().find(|rule| rule.name == name).ok_or_else(|| {
                    let names: Vec<&str> = shipped.iter().map(|rule| rule.name.as_str()).collect();
                    error::not_found(format!(
                        "{name:?} is no built-in rule. These are: {}.",
                        names.join(", ")
                    ))
                })?;
                let definition = rulebook::definition(rule);
                Ok(Rule {
                    seeded: Some(definition.clone()),
                    definition: Some(definition),
                    origin: RuleOrigin::BuiltIn.into(),
                    change: RuleChange::Restored.into(),
                    ..Rule::default()
                })
            }
        }
    }
}

/// The refusal of a change of something that is not there.
pub(crate) fn missing(name: &str, kept: Option<&Rule>) -> ConnectError {
    error::not_found(match kept {
        Some(kept) => format!(
            "{} RuleService.Create brings a rule of that name back, RuleService.Restore a built-in one.",
            change::last_change(kept)
        ),
        None => format!("There is no rule {name:?}. RuleService.List names the ones there are."),
    })
}

/// What was done, as the audit calls it.
fn verb(change: RuleChange) -> &'static str {
    match change {
        RuleChange::Unspecified => "changed",
        RuleChange::Created => "created",
        RuleChange::Updated => "updated",
        RuleChange::Deleted => "deleted",
        RuleChange::Enabled => "enabled",
        RuleChange::Disabled => "disabled",
        RuleChange::Restored => "restored",
        RuleChange::Seeded => "seeded",
        RuleChange::Recovered => "recovered",
    }
}
