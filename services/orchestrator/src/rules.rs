//! Changes of detection rules: compare-and-set on a key of their bucket. The audit follows from what the bucket holds
//! (`consume::rules`), so that no change is without an entry, whoever made it and whatever died in between.

pub(crate) mod keeper;
mod sample;
pub(crate) mod trial;

use bus::PublishError;
use chrono::{SecondsFormat, Utc};
use connectrpc_axum::{Code, ConnectError};
use detect::MAX_RULES;
use prost::Message as _;
use proto::ops::v1::{Rule, RuleChange, RuleDefinition, RuleOrigin};
use rulebook::{Book, Change, Kept, Standing};
use store::idempotency::{self, Claim};
use uuid::Uuid;

use crate::app::App;
use crate::error;

/// One scope for all calls: a key that created a rule cannot be used again to delete it.
const SCOPE: &str = "RuleService";
/// Attempts of a change that expects no version, while others write the same rule.
const ATTEMPTS: usize = 5;
/// Rules that may have been created since the follower last told: it waits for a series of changes to end.
const LATELY: usize = 512;
/// Namespace of the ids of changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// A change that somebody asks for, checked for form.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) wish: Wish,
    pub(crate) expected_version: Option<u64>,
    pub(crate) operator: String,
    pub(crate) reason: String,
    pub(crate) idempotency_key: String,
    /// Hash of the request without its key.
    pub(crate) body_hash: Vec<u8>,
    pub(crate) traceparent: String,
}

/// What is to become of a rule.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Create(RuleDefinition),
    Update(RuleDefinition),
    Delete,
    SetEnabled(bool),
    Restore,
}

/// Reads the rules.
pub(crate) async fn read(app: &App) -> Result<Book, ConnectError> {
    let book = Book::read(&app.bus).await.map_err(|failure| unreadable(&failure))?;
    if book.is_whole() { Ok(book) } else { Err(unwritten()) }
}

/// Reads one rule, deleted or not; `None` when there never was one of that name.
pub(crate) async fn kept(app: &App, name: &str) -> Result<Option<Kept>, ConnectError> {
    if app.rules.borrow().standing != Standing::Current {
        return Err(unwritten());
    }
    Kept::read(&app.bus, name).await.map_err(|failure| unreadable(&failure))
}

/// How many rules there are, looked up exactly when it matters.
async fn count(app: &App) -> Result<usize, ConnectError> {
    let known = app.rules.borrow().book.count();
    if known + LATELY < MAX_RULES { Ok(known) } else { read(app).await.map(|book| book.count()) }
}

fn unreadable(failure: &bus::StreamError) -> ConnectError {
    tracing::warn!(error = failure as &dyn std::error::Error, "the rules cannot be read");
    error::unavailable(
        "NATS did not answer, so I cannot read the rules. Try again in a moment; see GET /readyz.",
    )
}

fn unwritten() -> ConnectError {
    error::unavailable("The rules are being written to their bucket. Try again in a moment.")
}

/// Changes a rule, and returns it as it is afterwards.
pub(crate) async fn change(app: &App, request: &Request) -> Result<Rule, ConnectError> {
    if request.idempotency_key.is_empty() {
        return apply(app, request, &Uuid::new_v4().to_string()).await;
    }
    let failed = |failure: store::StoreError| error::database("record your change", &failure);
    let mut tx = app.store.begin().await.map_err(failed)?;
    let claim = idempotency::claim(&mut tx, SCOPE, &request.idempotency_key, &request.body_hash).await;
    match claim.map_err(failed)? {
        Claim::New => {}
        Claim::Replay(answer) => {
            return Rule::decode(&answer[..])
                .map_err(|failure| error::internal("read the answer I gave before", &failure));
        }
        Claim::Mismatch => {
            return Err(error::invalid(
                "This idempotency_key was used for another request. Choose a new key for each change, and repeat only \
                 the very same request with it.",
            ));
        }
    }
    // Derived, so that a change whose answer got lost, and that is asked for again, is found to have happened.
    let id = Uuid::new_v5(&NAMESPACE, &[request.idempotency_key.as_bytes(), &request.body_hash].concat());
    let rule = apply(app, request, &id.to_string()).await?;
    idempotency::finish(&mut tx, SCOPE, &request.idempotency_key, &rule.encode_to_vec())
        .await
        .map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(rule)
}

async fn apply(app: &App, request: &Request, id: &str) -> Result<Rule, ConnectError> {
    for _ in 0..ATTEMPTS {
        let kept = kept(app, &request.name).await?;
        if let Some(Kept { rule, .. }) = kept.as_ref().filter(|kept| kept.change_id == id) {
            return Ok(rule.clone());
        }
        let kept = kept.as_ref().map(|kept| &kept.rule);
        if let (Some(kept), Some(expected)) = (kept, request.expected_version)
            && kept.version != expected
        {
            return Err(conflict(kept, expected));
        }
        let is_new = matches!(request.wish, Wish::Create(_));
        let others = if is_new { count(app).await? } else { 0 };
        let next = request.wish.on(&request.name, kept, others)?;
        if let Some(kept) = kept.filter(|kept| is_same(kept, &next)) {
            return Ok(kept.clone());
        }
        let change = Change {
            rule: Rule {
                changed_by: request.operator.clone(),
                changed_at: Some(Utc::now().into()),
                reason: request.reason.clone(),
                ..next
            },
            expected_version: kept.map_or(0, |kept| kept.version),
            id: id.to_owned(),
            traceparent: Some(request.traceparent.clone()),
        };
        match rulebook::put(&app.bus, change).await {
            Ok(rule) => return Ok(rule),
            // Somebody was faster: look again, at what they made of it.
            Err(PublishError::Fenced { .. }) => {}
            Err(failure) => {
                tracing::warn!(
                    error = &failure as &dyn std::error::Error,
                    rule = request.name,
                    "a rule was not changed"
                );
                return Err(error::unavailable(
                    "NATS did not confirm the change. Try again in a moment with the same idempotency key; see GET /readyz.",
                ));
            }
        }
    }
    Err(error::precondition(format!(
        "Others keep changing rule {}. Look at it again (RuleService.Get), and repeat your change.",
        request.name
    )))
}

impl Wish {
    /// The rule as it is to be.
    fn on(&self, name: &str, kept: Option<&Rule>, others: usize) -> Result<Rule, ConnectError> {
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

/// Whether a change would change nothing.
fn is_same(kept: &Rule, next: &Rule) -> bool {
    (&kept.definition, &kept.seeded, kept.disabled, kept.deleted, kept.origin)
        == (&next.definition, &next.seeded, next.disabled, next.deleted, next.origin)
}

/// The refusal of a change of something that is not there.
pub(crate) fn missing(name: &str, kept: Option<&Rule>) -> ConnectError {
    error::not_found(match kept {
        Some(kept) => format!(
            "{} RuleService.Create brings a rule of that name back, RuleService.Restore a built-in one.",
            last_change(kept)
        ),
        None => format!("There is no rule {name:?}. RuleService.List names the ones there are."),
    })
}

fn conflict(kept: &Rule, expected: u64) -> ConnectError {
    error::precondition(format!(
        "{} It is at version {}, not {expected}. Look at it again (RuleService.Get), and repeat your change with that version.",
        last_change(kept),
        kept.version
    ))
}

/// Who did what to a rule last, as a sentence.
fn last_change(rule: &Rule) -> String {
    let name = rule.definition.as_ref().map(|definition| definition.name.as_str()).unwrap_or_default();
    let at = rule.changed_at.and_then(|at| chrono::DateTime::<Utc>::try_from(at).ok());
    let at =
        at.map(|at| format!(" at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))).unwrap_or_default();
    format!("Rule {name} was {}{at} by {}.", verb(rule.change()), rule.changed_by)
}

/// What was done, as the audit calls it.
pub(crate) fn verb(change: RuleChange) -> &'static str {
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
