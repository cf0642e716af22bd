//! Why a request is not carried out, in the words of both APIs: a code and a sentence that says what to do.

use catalogue::ScenarioError;
use connectrpc_axum::{Code, ConnectError};
use sim::CommandError;
use sim::fault::FaultError;

use crate::convert::Invalid;
use crate::pace::SpeedError;

/// A request that is not carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(crate) fn precondition(message: impl Into<String>) -> Self {
        Self::new(Code::FailedPrecondition, message)
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    pub(crate) fn already_exists(message: impl Into<String>) -> Self {
        Self::new(Code::AlreadyExists, message)
    }

    pub(crate) fn exhausted(message: impl Into<String>) -> Self {
        Self::new(Code::ResourceExhausted, message)
    }
}

impl From<Refusal> for ConnectError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.message)
    }
}

impl From<Invalid> for Refusal {
    fn from(Invalid(message): Invalid) -> Self {
        Self::invalid(message)
    }
}

impl From<SpeedError> for Refusal {
    fn from(error: SpeedError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<ScenarioError> for Refusal {
    fn from(error: ScenarioError) -> Self {
        let code = match &error {
            ScenarioError::NotFound { .. } => Code::NotFound,
            ScenarioError::Broken { .. } => Code::FailedPrecondition,
            ScenarioError::Folder { .. }
            | ScenarioError::File { .. }
            | ScenarioError::Trace { .. }
            | ScenarioError::TraceUnfit { .. } => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        let code = match &error {
            CommandError::Fault(FaultError::IdInUse { .. }) => Code::AlreadyExists,
            CommandError::Fault(FaultError::TooMany) => Code::ResourceExhausted,
            CommandError::Fault(_) | CommandError::ChaosLevel { .. } => Code::InvalidArgument,
            CommandError::NoSuchFault { .. } => Code::NotFound,
            CommandError::ActionRefused { .. } => Code::FailedPrecondition,
        };
        Self::new(code, error.to_string())
    }
}
