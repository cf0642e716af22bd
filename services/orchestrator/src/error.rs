//! What callers are told when something cannot be done: a code and a sentence that says what to do.

use std::error::Error;

use connectrpc_axum::{Code, ConnectError};

/// Refuses a malformed request.
pub(crate) fn invalid(message: impl Into<String>) -> ConnectError {
    ConnectError::new(Code::InvalidArgument, message)
}

/// Refuses a request that is well-formed but no longer fits the state of things.
pub(crate) fn precondition(message: impl Into<String>) -> ConnectError {
    ConnectError::new(Code::FailedPrecondition, message)
}

/// Says that something does not exist.
pub(crate) fn not_found(message: impl Into<String>) -> ConnectError {
    ConnectError::new(Code::NotFound, message)
}

/// Refuses somebody who may not do this.
pub(crate) fn forbidden(message: impl Into<String>) -> ConnectError {
    ConnectError::new(Code::PermissionDenied, message)
}

/// Refuses what would be more than there is room for.
pub(crate) fn exhausted(message: impl Into<String>) -> ConnectError {
    ConnectError::new(Code::ResourceExhausted, message)
}

/// Says that something is not there right now.
pub(crate) fn unavailable(message: impl Into<String>) -> ConnectError {
    ConnectError::new(Code::Unavailable, message)
}

/// Refuses a question whose answer is too much; the reason says what to ask instead.
pub(crate) fn too_much(reason: &(dyn Error + 'static)) -> ConnectError {
    ConnectError::new(Code::ResourceExhausted, format!("I cannot answer this: {reason}."))
}

/// Reports a failure of PostgreSQL. Nothing was changed, or it is unknown whether it was; either way the caller may
/// repeat the call. Details go to the log only: they may hold addresses and names.
pub(crate) fn database(operation: &'static str, error: &(dyn Error + 'static)) -> ConnectError {
    tracing::error!(operation, error, "database call failed");
    unavailable(format!(
        "The database did not answer, so I cannot {operation}. Try again in a moment with the same idempotency key; see GET /readyz."
    ))
}

/// Reports that NATS could not be asked. Details go to the log only, as for [`database`].
pub(crate) fn bus(operation: &'static str, error: &(dyn Error + 'static)) -> ConnectError {
    tracing::error!(operation, error, "NATS did not answer");
    unavailable(format!(
        "NATS did not answer, so I cannot {operation}. Try again in a moment; see GET /readyz."
    ))
}

/// Reports a mistake of ours.
pub(crate) fn internal(operation: &'static str, error: &(dyn Error + 'static)) -> ConnectError {
    tracing::error!(operation, error, "internal error");
    ConnectError::new(
        Code::Internal,
        format!(
            "I could not {operation}. This is a defect: look for it in the orchestrator's log and report it."
        ),
    )
}
