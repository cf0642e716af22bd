//! Checks of request fields that several calls share. Each refusal names the field and what to write instead.

use chrono::{DateTime, Datelike as _, Utc};
use connectrpc_axum::ConnectError;
use http::HeaderMap;
use prost::Message;
use sha2::{Digest as _, Sha256};
use store::{Cursor, MAX_PAGE, Page};
use uuid::Uuid;

use crate::error::invalid;
use crate::hubs::DEFAULT_SIMULATION;

/// Longest idempotency key; a UUID or a hash with room for a prefix.
pub(crate) const MAX_KEY: usize = 128;
/// Longest name of an operator.
const MAX_OPERATOR: usize = 128;
/// What policies sign with, before their name.
const POLICY: &str = "policy ";
/// Longest simulation id.
const MAX_SIMULATION: usize = 128;
/// Items on a page when the caller names no number.
const DEFAULT_LIMIT: u32 = 100;
/// Most items on a page: one fewer than the store reads, because one more row tells whether there is a next page.
const MAX_LIMIT: u32 = MAX_PAGE - 1;

pub(crate) fn uuid(field: &str, value: &str) -> Result<Uuid, ConnectError> {
    Uuid::try_parse(value).map_err(|_| {
        invalid(format!("{field} must be a UUID, for example 6f1f2d9e-3c1a-5b7e-9a51-0f1f0c2f9d11."))
    })
}

pub(crate) fn operator(value: &str) -> Result<String, ConnectError> {
    let name = text("operator", value, MAX_OPERATOR)?;
    if name.to_lowercase().starts_with(POLICY) {
        return Err(invalid(format!("operator must not begin with {POLICY:?}: that is how policies sign.")));
    }
    Ok(name)
}

/// A line or a few of text, without the white space around it.
pub(crate) fn text(field: &str, value: &str, longest: usize) -> Result<String, ConnectError> {
    let value = value.trim();
    let length = value.chars().count();
    if length == 0 || length > longest {
        return Err(invalid(format!("{field} must be 1 to {longest} characters, it has {length}.")));
    }
    if value.chars().any(|character| character.is_control() && character != '\n' && character != '\t') {
        return Err(invalid(format!("{field} must not contain control characters.")));
    }
    Ok(value.to_owned())
}

/// As [`text`], and may be empty.
pub(crate) fn optional_text(field: &str, value: &str, longest: usize) -> Result<String, ConnectError> {
    if value.trim().is_empty() { Ok(String::new()) } else { text(field, value, longest) }
}

/// An idempotency key; empty means none.
pub(crate) fn idempotency_key(key: &str) -> Result<String, ConnectError> {
    if key.len() > MAX_KEY || key.contains('\0') {
        return Err(invalid(format!("idempotency_key must be at most {MAX_KEY} bytes without NUL.")));
    }
    Ok(key.to_owned())
}

/// Identifies a request among those with the same idempotency key: hand it over without its key.
pub(crate) fn body_hash(method: &str, request: &impl Message) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(method.as_bytes());
    hasher.update([0]);
    hasher.update(request.encode_to_vec());
    hasher.finalize().to_vec()
}

/// A simulated time.
pub(crate) fn instant(field: &str, time: pbjson_types::Timestamp) -> Result<DateTime<Utc>, ConnectError> {
    DateTime::<Utc>::try_from(time)
        .ok()
        .filter(|time| (1970..3000).contains(&time.year()))
        .ok_or_else(|| invalid(format!("{field} must be a simulated time between the years 1970 and 2999.")))
}

/// Empty means none.
pub(crate) fn optional_uuid(field: &str, value: &str) -> Result<Option<Uuid>, ConnectError> {
    if value.is_empty() { Ok(None) } else { uuid(field, value).map(Some) }
}

/// Empty means every simulation.
pub(crate) fn optional_simulation(value: String) -> Result<Option<String>, ConnectError> {
    if value.len() > MAX_SIMULATION || value.contains('\0') {
        return Err(invalid(format!("simulation_id must be at most {MAX_SIMULATION} bytes without NUL.")));
    }
    Ok((!value.is_empty()).then_some(value))
}

/// Empty means the default simulation.
pub(crate) fn simulation(value: String) -> Result<String, ConnectError> {
    Ok(optional_simulation(value)?.unwrap_or_else(|| DEFAULT_SIMULATION.to_owned()))
}

/// A page of 1 to 1 000 items; 0 means 100.
pub(crate) fn page(limit: u32, token: &str) -> Result<Page, ConnectError> {
    if limit > MAX_PAGE {
        return Err(invalid(format!(
            "limit must be 1 to {MAX_PAGE}, or 0 for {DEFAULT_LIMIT}; it is {limit}."
        )));
    }
    let limit = if limit == 0 { DEFAULT_LIMIT } else { limit.min(MAX_LIMIT) };
    let after = match token {
        "" => None,
        token => Some(token.parse::<Cursor>().map_err(|error| invalid(format!("page_token: {error}.")))?),
    };
    Ok(Page { limit, after })
}

/// The first `limit` rows, and the token of the next page when there are more.
pub(crate) fn cut<T>(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> Cursor) -> (Vec<T>, String) {
    if rows.len() <= limit as usize {
        return (rows, String::new());
    }
    rows.truncate(limit as usize);
    let token = rows.last().map(|row| cursor(row).to_string()).unwrap_or_default();
    (rows, token)
}

/// The caller's trace, continued, or a new one.
pub(crate) fn traceparent(headers: &HeaderMap) -> String {
    bus::trace::child_of(headers.get("traceparent").and_then(|value| value.to_str().ok()))
}
