//! Who an agent is: a name that is never given twice, and a secret token of which only a hash is kept.

use connectrpc_axum::{Code, ConnectError};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use store::agents::{self, AgentRow, Card};
use store::budget::{self, Bucket};
use store::{PgConnection, StoreError};
use uuid::Uuid;

use super::{BUILT_IN, MAX_AGENTS};
use crate::app::App;
use crate::change::NAMESPACE;
use crate::error;
use crate::record::{self, Note};

/// How everybody is called together who gives no name that is registered.
pub(crate) const UNREGISTERED: &str = "unregistered";

/// How operators are called together when they are too many. No agent can have that name.
pub(crate) const OPERATORS: &str = "operators (together)";

/// Longest name.
pub(crate) const MAX_NAME: usize = 64;
/// Names that would pass for a part of Microcloud.
const RESERVED: [&str; 6] =
    [BUILT_IN, "orchestrator", "sim-engine", "signal-service", "microcloud", UNREGISTERED];
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// Before a token, so that scanners for secrets know it.
const TOKEN_PREFIX: &str = "mca_";
/// Registrations: names stay for ever, so that a loop must not make thousands of them.
const REGISTRATIONS: Bucket = Bucket { scope: "registrations", capacity: 30.0, per_minute: 10.0 };

/// What came of a registration.
enum Registered {
    Done(Box<AgentRow>),
    Taken(Box<AgentRow>),
    TooMany,
    TooFast,
}

/// Whether something may be a name.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// Whether a name is an agent's or a part's, so that nobody else may propose under it.
pub(crate) async fn is_taken(conn: &mut PgConnection, name: &str) -> Result<bool, StoreError> {
    let name = name.trim().to_lowercase();
    Ok(RESERVED.contains(&&*name) || agents::by_name(conn, &name).await?.is_some())
}

/// How the audit calls an agent.
pub(crate) fn subject(name: &str) -> String {
    format!("agents/{name}")
}

/// The hash of the token that a call brings, if any.
pub(crate) fn token_hash(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| hash(token.trim()))
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The agent that a call comes from.
pub(crate) async fn caller(app: &App, headers: &HeaderMap) -> Result<AgentRow, ConnectError> {
    let Some(hash) = token_hash(headers) else {
        return Err(unauthenticated(
            "Send the header `Authorization: Bearer <token>` with your agent's token; RegisterAgent gives one.",
        ));
    };
    let found = async {
        let mut conn = app.store.acquire().await?;
        agents::by_token(&mut conn, &hash).await
    };
    found.await.map_err(|failure| error::database("read who you are", &failure))?.ok_or_else(|| {
        unauthenticated("No agent has this token: it was replaced by a later registration, or the agent is retired. Register again.")
    })
}

pub(crate) fn unauthenticated(message: &str) -> ConnectError {
    ConnectError::new(Code::Unauthenticated, message)
}

/// The registered agent of that name; `None` for one that is not there, or retired.
pub(crate) async fn registered(app: &App, name: &str) -> Result<Option<AgentRow>, StoreError> {
    if !is_name(name) {
        return Ok(None);
    }
    let mut conn = app.store.acquire().await?;
    Ok(agents::by_name(&mut conn, name).await?.filter(|agent| agent.retired_at.is_none()))
}

/// Registers an agent, or renews the registration of the one whose token is brought. Returns it with its new token.
pub(crate) async fn register(
    app: &App,
    card: Card<'_>,
    old_token: Option<Vec<u8>>,
    traceparent: &str,
) -> Result<(AgentRow, String), ConnectError> {
    if RESERVED.contains(&card.name) {
        return Err(ConnectError::new(
            Code::AlreadyExists,
            format!(
                "{:?} is the name of a part of Microcloud. Choose another name for your agent.",
                card.name
            ),
        ));
    }
    let token = new_token().map_err(|failure| error::internal("draw a token", &failure))?;
    let answer = attempt(app, card, old_token.as_deref(), &token, traceparent);
    match answer.await.map_err(|failure| error::database("register your agent", &failure))? {
        Registered::Done(agent) => Ok((*agent, token)),
        Registered::Taken(agent) => Err(taken(&agent)),
        Registered::TooMany => Err(ConnectError::new(
            Code::ResourceExhausted,
            format!("There are {MAX_AGENTS} agents, which is the limit. Retire one that is not needed (RetireAgent)."),
        )),
        Registered::TooFast => Err(ConnectError::new(
            Code::ResourceExhausted,
            "Too many registrations at once: 10 a minute are taken. Keep the token instead of registering again, and try in 6 s.",
        )
        .with_meta("retry-after", "6")),
    }
}

fn taken(agent: &AgentRow) -> ConnectError {
    let message = match &agent.retired_at {
        Some(_) => format!(
            "The name {:?} belonged to an agent that {} retired, and names are not given twice. Choose another one.",
            agent.name, agent.retired_by
        ),
        None => format!(
            "An agent {:?} is registered. If it is yours, send its token as `Authorization: Bearer <token>`; if not, choose another name.",
            agent.name
        ),
    };
    ConnectError::new(Code::AlreadyExists, message)
}

fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    let mut token = TOKEN_PREFIX.to_owned();
    for byte in bytes {
        token.push_str(&format!("{byte:02x}"));
    }
    Ok(token)
}

async fn attempt(
    app: &App,
    card: Card<'_>,
    old_token: Option<&[u8]>,
    token: &str,
    traceparent: &str,
) -> Result<Registered, StoreError> {
    let mut tx = app.store.begin().await?;
    agents::lock(&mut tx).await?;
    let verb = match agents::by_name(&mut tx, card.name).await? {
        None if agents::count(&mut tx).await? >= MAX_AGENTS => return Ok(Registered::TooMany),
        None => {
            let id = Uuid::new_v5(&NAMESPACE, format!("agent/{}", card.name).as_bytes());
            agents::register(&mut tx, id, card, &hash(token)).await?;
            "agent.register"
        }
        Some(agent) => {
            let Some(old) = old_token else { return Ok(Registered::Taken(Box::new(agent))) };
            if !agents::renew(&mut tx, card, old, &hash(token)).await? {
                return Ok(Registered::Taken(Box::new(agent)));
            }
            "agent.renew"
        }
    };
    if !budget::take(&mut tx, REGISTRATIONS).await? {
        return Ok(Registered::TooFast);
    }
    let Some(agent) = agents::by_name(&mut tx, card.name).await? else { return Ok(Registered::TooFast) };
    note(&mut tx, &agent, card.name, verb, card.description, traceparent).await?;
    tx.commit().await?;
    Ok(Registered::Done(Box::new(agent)))
}

/// Ends an agent; `None` when there is none of that name.
pub(crate) async fn retire(
    app: &App,
    name: &str,
    by: &str,
    reason: &str,
    traceparent: &str,
) -> Result<Option<AgentRow>, StoreError> {
    let mut tx = app.store.begin().await?;
    let new = agents::retire(&mut tx, name, by, reason).await?;
    let agent = agents::by_name(&mut tx, name).await?;
    if let Some(agent) = agent.as_ref().filter(|_| new) {
        note(&mut tx, agent, by, "agent.retire", reason, traceparent).await?;
    }
    tx.commit().await?;
    Ok(agent)
}

async fn note(
    conn: &mut PgConnection,
    agent: &AgentRow,
    actor: &str,
    verb: &'static str,
    reason: &str,
    traceparent: &str,
) -> Result<(), StoreError> {
    let note = Note {
        actor: actor.to_owned(),
        verb,
        simulation_id: String::new(),
        subject_id: subject(&agent.name),
        reason: reason.to_owned(),
    };
    record::note(conn, note, Some(traceparent)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["a", "my-agent_2", &"x".repeat(64)] {
            assert!(is_name(name), "{name:?}");
        }
        for name in ["", "My-Agent", "a b", "a/b", "é", "a\0", "*", &"x".repeat(65)] {
            assert!(!is_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_token_is_read_from_its_header_alone() {
        let mut headers = HeaderMap::new();
        assert_eq!(token_hash(&headers), None);
        headers.insert(AUTHORIZATION, "Basic abc".parse().unwrap());
        assert_eq!(token_hash(&headers), None);
        headers.insert(AUTHORIZATION, "bearer mca_1".parse().unwrap());
        assert_eq!(token_hash(&headers), Some(hash("mca_1")));
    }
}
