//! Why a server did not start, in sentences that say what to do.

use std::{io, path::PathBuf, time::Duration};

use crate::{find::FindError, process::ProcessError};

/// Why a server did not start. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program is missing or too old.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The child process could not be started.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Somebody else listens on the port.
    #[error(
        "{server}: port {port} on 127.0.0.1 is taken by another process; choose another port or stop that process \
         (`ss -ltnp 'sport = :{port}'` names it)"
    )]
    PortTaken {
        /// Which server wanted it.
        server: &'static str,
        /// The port.
        port: u16,
    },
    /// Nothing is free in the range that servers are given.
    #[error("{server}: no free port between 20000 and 31999 on 127.0.0.1; stop some servers or name a port")]
    NoFreePort {
        /// Which server wanted one.
        server: &'static str,
    },
    /// A directory cannot be created or written.
    #[error(
        "{server}: cannot {operation} {path}: check that the directory may be written and that the disk is not full"
    )]
    Directory {
        /// Which server needs it.
        server: &'static str,
        /// What was tried, for example `create`.
        operation: &'static str,
        /// The directory or file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// Too little space for a server to live.
    #[error(
        "{server}: only {free_mib} MiB free at {path}; at least {needed_mib} MiB are needed: free some space or use another directory"
    )]
    DiskFull {
        /// Which server needs it.
        server: &'static str,
        /// Directory on the full disk.
        path: PathBuf,
        /// What is left, MiB.
        free_mib: u64,
        /// What is needed, MiB.
        needed_mib: u64,
    },
    /// The data directory is in use.
    #[error("{server}: process {pid} already runs on {path}; stop it, or use another home directory")]
    AlreadyRunning {
        /// Which server.
        server: &'static str,
        /// Its directory.
        path: PathBuf,
        /// The process that holds it.
        pid: u32,
    },
    /// An option would be unsafe or meaningless.
    #[error("{server}: {reason}")]
    BadOption {
        /// Which server.
        server: &'static str,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// A set-up step (initdb, first SQL, copying the template) failed.
    #[error("{server}: {step} failed: {output}")]
    SetUp {
        /// Which server.
        server: &'static str,
        /// The step.
        step: &'static str,
        /// What it said.
        output: String,
    },
    /// It ended while starting.
    #[error("{server} ended while starting; the end of {log}:\n{tail}")]
    Ended {
        /// Which server.
        server: &'static str,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// It runs but does not answer.
    #[error("{server} was not ready after {} s; the end of {log}:\n{tail}", waited.as_secs())]
    NotReady {
        /// Which server.
        server: &'static str,
        /// How long was waited.
        waited: Duration,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
}
