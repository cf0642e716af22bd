//! How the commands speak: tables for people, JSON for scripts, one sentence and an exit code for failures.

#![allow(clippy::print_stdout, clippy::print_stderr)] // This module is the program's voice.

use std::io::Write as _;
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};
use connectrpc_axum_client::{ClientError, Code};
use serde::Serialize;

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something broke on the way.
    #[error("{0}")]
    Failed(String),
    /// The command line or the environment is wrong.
    #[error("{0}")]
    Usage(String),
    /// Nothing answers where a stack was expected.
    #[error("{0}")]
    NotRunning(String),
    /// The stack answered no.
    #[error("{0}")]
    Refused(String),
}

impl Failure {
    /// Documented in `microcloud --help`.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::NotRunning(_) => 3,
            Self::Refused(_) => 4,
        })
    }

    /// A failure of the machinery, with what was being done and every cause.
    pub(crate) fn because(doing: &str, error: &dyn std::error::Error) -> Self {
        let mut text = format!("{doing}: {error}");
        let mut cause = error.source();
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        Self::Failed(text)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.message().map_or_else(|| error.to_string(), ToOwned::to_owned);
        match error.code() {
            Code::InvalidArgument
            | Code::NotFound
            | Code::FailedPrecondition
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::OutOfRange
            | Code::PermissionDenied
            | Code::Unauthenticated => Self::Refused(message),
            Code::Unavailable => Self::NotRunning(format!(
                "{message}\nIs it running? `microcloud up` starts everything, `microcloud status` looks again."
            )),
            _ => Self::Failed(message),
        }
    }
}

/// One line on standard error.
pub(crate) fn failure(failure: &Failure) {
    eprintln!("microcloud: {failure}");
}

/// One line on standard output.
pub(crate) fn line(text: impl std::fmt::Display) {
    let written = writeln!(std::io::stdout().lock(), "{text}");
    // Whoever reads has seen enough: `microcloud … | head` is no failure.
    if written.is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        std::process::exit(0);
    }
}

/// One line on standard error, for progress: standard output stays clean for results.
pub(crate) fn progress(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// Pretty JSON on standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::because("write JSON", &error))?;
    line(text);
    Ok(())
}

/// One JSON value a line.
pub(crate) fn json_line(value: &serde_json::Value) {
    line(value);
}

/// A table that fits the terminal.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    for row in rows {
        table.add_row(row);
    }
    line(table);
}

/// A protobuf timestamp, to the second, UTC.
pub(crate) fn time(timestamp: &pbjson_types::Timestamp) -> String {
    chrono::DateTime::from_timestamp(timestamp.seconds, 0)
        .map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}
