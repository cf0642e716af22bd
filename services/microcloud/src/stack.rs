//! What the other commands know about a stack that `microcloud up` started: one JSON file in its home.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::output::Failure;

/// Where the orchestrator is when nobody says otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:8081";
/// Name of the file in the home.
const FILE: &str = "stack.json";
/// Name of the file in the home with the simulation that commands are about.
const CHOSEN: &str = "simulation";
/// The simulation that is always there.
pub(crate) const DEFAULT_SIMULATION: &str = "default";

/// How to reach a running stack. Written by `up`, removed when it ends. It holds the database password, so only its
/// owner may read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stack {
    /// Orchestrator and dashboard.
    pub(crate) url: String,
    /// sim-engine's own control API.
    pub(crate) sim_engine_url: String,
    /// Base URLs of every service's health endpoints, by service.
    pub(crate) health: Vec<(String, String)>,
    pub(crate) nats_url: String,
    pub(crate) database: Database,
    /// Process id of `microcloud up` itself.
    pub(crate) pid: u32,
}

/// How to reach the database as the services do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Database {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Stack {
    /// Writes the file, readable by its owner only.
    pub(crate) fn write(&self, home: &Path) -> std::io::Result<()> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;

        let text = serde_json::to_string_pretty(self)?;
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(home.join(FILE))?;
        file.write_all(text.as_bytes())
    }

    /// Removes the file; that it is gone already is fine.
    pub(crate) fn remove(home: &Path) {
        drop(std::fs::remove_file(home.join(FILE)));
    }
}

/// The stack that a command is about.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    home: PathBuf,
    url: Option<String>,
    simulation: Option<String>,
}

impl Target {
    pub(crate) fn new(home: PathBuf, url: Option<String>, simulation: Option<String>) -> Self {
        Self { home, url, simulation }
    }

    /// The simulation that a command is about: `--simulation`, else the one that was chosen, else `default`.
    pub(crate) fn simulation(&self) -> String {
        let chosen = || std::fs::read_to_string(self.home.join(CHOSEN)).ok();
        let id = self.simulation.clone().or_else(chosen).map(|id| id.trim().to_owned());
        id.filter(|id| !id.is_empty()).unwrap_or_else(|| DEFAULT_SIMULATION.to_owned())
    }

    /// Makes a simulation the one that later commands are about.
    pub(crate) fn choose(&self, simulation_id: &str) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.home)?;
        std::fs::write(self.home.join(CHOSEN), simulation_id)
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The file that `up` wrote, if a stack runs from this home.
    pub(crate) fn stack(&self) -> Option<Stack> {
        let text = std::fs::read_to_string(self.home.join(FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Base URL of the orchestrator: `--url`, else the running stack's, else the usual one.
    pub(crate) fn url(&self) -> String {
        let url = self.url.clone().or_else(|| self.stack().map(|stack| stack.url));
        url.unwrap_or_else(|| DEFAULT_URL.to_owned()).trim_end_matches('/').to_owned()
    }

    /// NATS: `NATS_URL`, else the running stack's.
    pub(crate) fn nats_url(&self) -> Result<String, Failure> {
        std::env::var("NATS_URL")
            .ok()
            .or_else(|| self.stack().map(|stack| stack.nats_url))
            .ok_or_else(|| self.not_running("NATS_URL"))
    }

    /// The database: `DB_HOST` and its companions, else the running stack's.
    pub(crate) fn database(&self) -> Result<Database, Failure> {
        match database_from_environment()? {
            Some(database) => Ok(database),
            None => self.stack().map(|stack| stack.database).ok_or_else(|| self.not_running("DB_HOST")),
        }
    }

    fn not_running(&self, variable: &str) -> Failure {
        Failure::NotRunning(format!(
            "no stack runs from {}: start one with `microcloud up`, name its home with --home, or set {variable}",
            self.home.display()
        ))
    }
}

/// `DB_HOST`, `DB_PORT`, `DB_NAME`, `DB_USER`, `DB_PASSWORD`, if `DB_HOST` is set.
pub(crate) fn database_from_environment() -> Result<Option<Database>, Failure> {
    let Ok(host) = std::env::var("DB_HOST") else { return Ok(None) };
    let or = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let port = or("DB_PORT", "5432");
    let port = port
        .parse()
        .map_err(|_| Failure::Usage(format!("DB_PORT is {port:?}: write a port number, for example 5432")))?;
    Ok(Some(Database {
        host,
        port,
        name: or("DB_NAME", "microcloud"),
        user: or("DB_USER", "microcloud"),
        password: or("DB_PASSWORD", "microcloud"),
    }))
}
