//! The story of a process, the same for every service: arguments, configuration, logging, run, drain.

#![allow(clippy::print_stdout, clippy::print_stderr)] // Help, version and configuration mistakes come before logging starts.

use std::error::Error;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use crate::config::{self, ConfigError, Env, Variable};
use crate::logging::{self, LogFormat, LogLevel};
use crate::shutdown;

/// Exit code for a mistake in the environment or the arguments.
const USAGE: u8 = 2;

/// Variables that every service has.
const LOGGING: [Variable; 2] = [
    Variable { name: "LOG_LEVEL", default: "info", what: "error, warn, info, debug or trace" },
    Variable { name: "LOG_FORMAT", default: "json", what: "json or text" },
];

/// What a service says about itself.
#[derive(Debug, Clone, Copy)]
pub struct Info {
    /// Its name, for example `sim-engine`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// The variables that it reads, apart from those for logging.
    pub variables: &'static [Variable],
}

/// Runs a service: reads the configuration with `configure` (reporting every mistake by name), starts logging, and calls `service`
/// with a token that SIGTERM and SIGINT cancel. The exit code is 0 after a clean end, 2 for mistakes in the environment, 1 for
/// everything else.
pub fn run<C, F, Fut, E>(info: Info, configure: impl FnOnce(&mut Env) -> C, service: F) -> ExitCode
where
    F: FnOnce(C, CancellationToken) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Into<Box<dyn Error>>,
{
    if let Some(argument) = std::env::args().nth(1) {
        return answer(info, &argument);
    }
    let mut env = Env::from_process();
    let level = env.parse("LOG_LEVEL", LogLevel::Info);
    let format = env.parse("LOG_FORMAT", LogFormat::Json);
    let config = configure(&mut env);
    if let Err(ConfigError { mistakes }) = env.finish() {
        for mistake in mistakes {
            eprintln!("{}: {mistake}", info.name);
        }
        eprintln!("{}: see --help", info.name);
        return ExitCode::from(USAGE);
    }
    logging::init(info.name, level, format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot start the runtime");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        let token = shutdown::token()?;
        tracing::info!(version = info.version, "starting");
        tokio::select! {
            outcome = service(config, token.clone()) => outcome.map_err(Into::into),
            () = shutdown::overdue(token) => Err(shutdown::Overdue.into()),
        }
    });
    // What is left are tasks that nobody waits for.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    match outcome {
        Ok(()) => {
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(error = chain(&*error), "stopped by an error");
            ExitCode::FAILURE
        }
    }
}

fn answer(info: Info, argument: &str) -> ExitCode {
    match argument {
        "--help" | "-h" => {
            let variables = [info.variables, &LOGGING].concat();
            println!("{}", config::help(info.name, info.about, &variables));
            ExitCode::SUCCESS
        }
        "--version" | "-V" => {
            println!("{} {}", info.name, info.version);
            ExitCode::SUCCESS
        }
        other => {
            eprintln!("{}: unknown argument {other:?}: it takes none but --help and --version", info.name);
            ExitCode::from(USAGE)
        }
    }
}

/// An error and its causes in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
