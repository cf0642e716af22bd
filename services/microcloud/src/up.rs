//! `microcloud up`: the whole stack on one machine, as children of this process.
//!
//! Servers first, then services; one line when all are ready; whatever dies is started again; Ctrl-C drains and stops
//! everything in reverse order. Children die with this process even when it is killed.

use std::fs::File;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use crate::cli::UpOptions;
use crate::output::{self, Failure};
use crate::stack::Stack;

mod plan;
mod servers;
mod services;

use plan::Plan;
pub(crate) use plan::USUAL_PORTS;
use servers::Servers;
use services::Services;

pub(crate) async fn run(home: &Path, options: UpOptions) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let plan = Plan::new(&options)?;
    let home = Home::prepare(home, options.ephemeral)?;
    let ports = plan.ports()?;

    let mut servers = Servers::start(&home.path, &ports).await?;
    let stack = Stack {
        url: format!("http://127.0.0.1:{}", ports.orchestrator),
        sim_engine_url: format!("http://127.0.0.1:{}", ports.sim_engine),
        health: ports.health_urls(&plan.services),
        nats_url: servers.nats_url().to_owned(),
        database: servers.database().clone(),
        pid: std::process::id(),
    };
    let mut services = Services::start(&plan, &ports, &stack, &home.path);
    let outcome = async {
        tokio::select! {
            ready = services.ready(&stack) => ready?,
            () = stop.cancelled() => return Ok(()),
        }
        stack.write(&home.path).map_err(|error| Failure::because("write stack.json into the home", &error))?;
        output::line(format!("microcloud ready: {}", stack.url));
        output::progress(format!(
            "up: data and logs in {home}; try `microcloud --home {home} scenario set cascade_failure`; Ctrl-C stops everything",
            home = home.path.display()
        ));
        keep_running(&mut servers, &mut services, &stop).await
    }
    .await;

    output::progress("up: stopping");
    Stack::remove(&home.path);
    services.stop().await;
    servers.stop().await;
    outcome
}

/// Starts again whatever dies, until asked to stop.
async fn keep_running(
    servers: &mut Servers,
    services: &mut Services,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let mut look = tokio::time::interval(services::LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            () = stop.cancelled() => return Ok(()),
        }
        servers.revive().await?;
        services.revive().await;
    }
}

/// Cancelled by Ctrl-C and SIGTERM.
fn stop_signal() -> Result<CancellationToken, Failure> {
    use tokio::signal::unix::{SignalKind, signal};

    let listen = |kind| signal(kind).map_err(|error| Failure::because("listen for signals", &error));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        cancel.cancel();
    });
    Ok(token)
}

/// The folder of this stack, locked for as long as it runs.
struct Home {
    path: PathBuf,
    _lock: File,
    // Removed at the end, after everything in it has stopped.
    _ephemeral: Option<tempfile::TempDir>,
}

impl Home {
    fn prepare(path: &Path, ephemeral: bool) -> Result<Self, Failure> {
        let temporary = if ephemeral {
            let made = tempfile::Builder::new().prefix("microcloud-").tempdir();
            Some(made.map_err(|error| Failure::because("make a temporary home", &error))?)
        } else {
            None
        };
        let path = temporary.as_ref().map_or(path, tempfile::TempDir::path);
        let cannot = |error: std::io::Error| {
            let path = path.display();
            Failure::Usage(format!(
                "cannot use {path} as home: {error}; name a folder you may write to with --home"
            ))
        };
        std::fs::create_dir_all(path.join("logs")).map_err(cannot)?;
        let lock = File::create(path.join("lock")).map_err(cannot)?;
        if lock.try_lock().is_err() {
            return Err(Failure::Usage(format!(
                "a stack runs from {} already: stop it, or name another folder with --home, or use --ephemeral",
                path.display()
            )));
        }
        let path = path.canonicalize().map_err(cannot)?;
        Ok(Self { path, _lock: lock, _ephemeral: temporary })
    }
}
