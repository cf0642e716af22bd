//! What every change of a rule, a silence or a policy is asked for with.

use connectrpc_axum::ConnectError;
use http::HeaderMap;

use super::fields;
use crate::change::Request;

/// Longest reason of a change.
pub(crate) const MAX_REASON: usize = 1_000;

/// The fields that such calls share.
pub(crate) struct Asked {
    /// Key of what is to change, checked.
    pub(crate) key: String,
    pub(crate) expected_version: u64,
    pub(crate) operator: String,
    pub(crate) reason: String,
    pub(crate) idempotency_key: String,
    pub(crate) body_hash: Vec<u8>,
}

impl Asked {
    pub(crate) fn by<W>(self, headers: &HeaderMap, wish: W) -> Result<Request<W>, ConnectError> {
        Ok(Request {
            key: self.key,
            wish,
            // 0 on the wire means "whatever is there".
            expected_version: (self.expected_version != 0).then_some(self.expected_version),
            operator: fields::operator(&self.operator)?,
            reason: fields::optional_text("reason", &self.reason, MAX_REASON)?,
            idempotency_key: fields::idempotency_key(&self.idempotency_key)?,
            body_hash: self.body_hash,
            traceparent: fields::traceparent(headers),
        })
    }
}
