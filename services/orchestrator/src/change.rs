//! Changes of what is kept in buckets, rules and silences: compare-and-set on a key. The audit follows from what a bucket
//! holds (`consume::kept`), so that no change is without an entry, whoever made it and whatever died in between.

use bus::PublishError;
use chrono::{DateTime, SecondsFormat, Utc};
use connectrpc_axum::ConnectError;
use prost::Message as _;
use rulebook::{Bucket, Change, Kept, Value};
use serde_json::Value as Json;
use store::idempotency::{self, Claim};
use uuid::Uuid;

use crate::app::App;
use crate::error;

/// Attempts of a change that expects no version, while others write the same key.
const ATTEMPTS: usize = 5;
/// Namespace of the ids of changes.
pub(crate) const NAMESPACE: Uuid = Uuid::from_u128(0x6d63_0000_5f1d_4c1e_8a2b_6d69_6372_6f63);

/// Something that people change.
pub(crate) trait Subject: Value + Send + Sync {
    /// One scope for all its calls: a key that created something cannot be used again to delete it.
    const SERVICE: &'static str;
    /// What one of them is called, and the first part of its name in the audit.
    const CALLED: &'static str;

    /// Its version.
    fn version(&self) -> u64;
    /// Its last change: what was done, as the audit calls it, by whom, when, and why.
    fn last(&self) -> Last<'_>;
    /// With another last change.
    fn signed(self, by: String, at: DateTime<Utc>, reason: String) -> Self;
    /// Whether the other one says the same.
    fn says_the_same(&self, other: &Self) -> bool;
    /// Simulation that it is about; empty when it is about all of them.
    fn simulation_id(&self) -> String;
    /// What an auditor wants to see of it.
    fn state(&self) -> Json;
    /// Refuses while the bucket is not to be changed.
    fn ready(app: &App) -> Result<(), ConnectError>;
}

/// A last change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Last<'a> {
    pub(crate) verb: &'static str,
    pub(crate) by: &'a str,
    pub(crate) at: Option<pbjson_types::Timestamp>,
    pub(crate) reason: &'a str,
}

/// What is to become of one.
pub(crate) trait Wish: Send + Sync {
    /// Of what.
    type Subject: Subject;

    /// The subject as it is to be, given the one that is kept.
    fn on(
        &self,
        app: &App,
        key: &str,
        kept: Option<&Self::Subject>,
    ) -> impl Future<Output = Result<Self::Subject, ConnectError>> + Send;
}

/// A change that somebody asks for, checked for form.
#[derive(Debug, Clone)]
pub(crate) struct Request<W> {
    pub(crate) key: String,
    pub(crate) wish: W,
    pub(crate) expected_version: Option<u64>,
    pub(crate) operator: String,
    pub(crate) reason: String,
    pub(crate) idempotency_key: String,
    /// Hash of the request without its key.
    pub(crate) body_hash: Vec<u8>,
    pub(crate) traceparent: String,
}

/// Reads one, deleted or not; `None` when there never was one under that key.
pub(crate) async fn kept<S: Subject>(app: &App, key: &str) -> Result<Option<Kept<S>>, ConnectError> {
    S::ready(app)?;
    Kept::read(&app.bus, key).await.map_err(|failure| unreadable::<S::Bucket>(&failure))
}

/// The refusal when a bucket does not answer.
pub(crate) fn unreadable<B: Bucket>(failure: &bus::StreamError) -> ConnectError {
    tracing::warn!(error = failure as &dyn std::error::Error, what = B::WHAT, "a bucket cannot be read");
    error::unavailable(format!(
        "NATS did not answer, so I cannot read the {}. Try again in a moment; see GET /readyz.",
        B::WHAT
    ))
}

/// Makes a change, and returns its subject as it is afterwards.
pub(crate) async fn change<W: Wish>(app: &App, request: &Request<W>) -> Result<W::Subject, ConnectError> {
    if request.idempotency_key.is_empty() {
        return apply(app, request, &Uuid::new_v4().to_string()).await;
    }
    let scope = W::Subject::SERVICE;
    let failed = |failure: store::StoreError| error::database("record your change", &failure);
    let mut tx = app.store.begin().await.map_err(failed)?;
    let claim = idempotency::claim(&mut tx, scope, &request.idempotency_key, &request.body_hash).await;
    match claim.map_err(failed)? {
        Claim::New => {}
        Claim::Replay(answer) => {
            return W::Subject::decode(&answer[..])
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
    let subject = apply(app, request, &id.to_string()).await?;
    idempotency::finish(&mut tx, scope, &request.idempotency_key, &subject.encode_to_vec())
        .await
        .map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(subject)
}

async fn apply<W: Wish>(app: &App, request: &Request<W>, id: &str) -> Result<W::Subject, ConnectError> {
    for _ in 0..ATTEMPTS {
        let kept = kept::<W::Subject>(app, &request.key).await?;
        if let Some(Kept { value, .. }) = kept.as_ref().filter(|kept| kept.change_id == id) {
            return Ok(value.clone());
        }
        let kept = kept.as_ref().map(|kept| &kept.value);
        if let (Some(kept), Some(expected)) = (kept, request.expected_version)
            && kept.version() != expected
        {
            return Err(conflict(kept, expected));
        }
        let next = request.wish.on(app, &request.key, kept).await?;
        if let Some(kept) = kept.filter(|kept| kept.says_the_same(&next)) {
            return Ok(kept.clone());
        }
        let change = Change {
            value: next.signed(request.operator.clone(), Utc::now(), request.reason.clone()),
            expected_version: kept.map_or(0, Subject::version),
            id: id.to_owned(),
            traceparent: Some(request.traceparent.clone()),
        };
        match rulebook::put(&app.bus, change).await {
            Ok(subject) => return Ok(subject),
            // Somebody was faster: look again, at what they made of it.
            Err(PublishError::Fenced { .. }) => {}
            Err(failure) => {
                tracing::warn!(
                    error = &failure as &dyn std::error::Error,
                    key = request.key,
                    "a change was not made"
                );
                return Err(error::unavailable(
                    "NATS did not confirm the change. Try again in a moment with the same idempotency key; see GET /readyz.",
                ));
            }
        }
    }
    let (name, service) = (W::Subject::CALLED, W::Subject::SERVICE);
    Err(error::precondition(format!(
        "Others keep changing {name} {}. Look at it again ({service}.Get), and repeat your change.",
        request.key
    )))
}

fn conflict<S: Subject>(kept: &S, expected: u64) -> ConnectError {
    error::precondition(format!(
        "{} It is at version {}, not {expected}. Look at it again ({}.Get), and repeat your change with that version.",
        last_change(kept),
        kept.version(),
        S::SERVICE
    ))
}

/// Who did what to it last, as a sentence.
pub(crate) fn last_change<S: Subject>(subject: &S) -> String {
    let Last { verb, by, at, reason: _ } = subject.last();
    let at = at.and_then(|at| DateTime::<Utc>::try_from(at).ok());
    let at =
        at.map(|at| format!(" at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))).unwrap_or_default();
    let mut name = S::CALLED.to_owned();
    name[..1].make_ascii_uppercase();
    format!("{name} {} was {verb}{at} by {by}.", subject.key())
}
