//! What `up` was asked for, checked before anything starts: every mistake at once.

use std::path::{Path, PathBuf};

use crate::cli::UpOptions;
use crate::folders::beside;
use crate::output::{self, Failure};

/// Everything the services are told, resolved.
pub(super) struct Plan {
    pub(super) scenario: String,
    pub(super) seed: u64,
    pub(super) speed: f64,
    pub(super) trace: Option<PathBuf>,
    pub(super) scenarios: PathBuf,
    pub(super) dashboard: PathBuf,
    pub(super) log_level: String,
    /// The services that run.
    pub(super) services: Vec<&'static str>,
    /// Folder of the services' programs: the one this program lies in.
    pub(super) programs: PathBuf,
    port_base: Option<u16>,
}

impl Plan {
    pub(super) fn new(options: &UpOptions) -> Result<Self, Failure> {
        let program =
            std::env::current_exe().map_err(|error| Failure::because("find my own program", &error))?;
        let programs = program.parent().map(Path::to_path_buf).unwrap_or_default();
        let mut mistakes = Vec::new();

        if !(0.1..=1000.0).contains(&options.speed) {
            mistakes.push(format!("--speed is {}: write a number from 0.1 to 1000", options.speed));
        }
        if !["error", "warn", "info", "debug", "trace"].contains(&options.log_level.as_str()) {
            mistakes.push(format!(
                "--log-level is {:?}: write error, warn, info, debug or trace",
                options.log_level
            ));
        }
        let scenarios = match &options.scenarios {
            Some(given) => given.clone(),
            None => beside(&programs, "scenarios").unwrap_or_else(|| PathBuf::from("scenarios")),
        };
        match scenario_names(&scenarios) {
            Ok(names) if !names.contains(&options.scenario) => mistakes.push(format!(
                "--scenario is {:?}, which is not in {}: use one of {}",
                options.scenario,
                scenarios.display(),
                names.join(", ")
            )),
            Ok(_) => {}
            Err(error) => mistakes.push(format!(
                "cannot read the scenarios in {}: {error}; name their folder with --scenarios",
                scenarios.display()
            )),
        }
        let trace = options.trace.as_deref().and_then(|path| match path.canonicalize() {
            Ok(path) if path.is_file() => Some(path),
            Ok(_) => {
                mistakes.push(format!("--trace {} is not a file", path.display()));
                None
            }
            Err(error) => {
                mistakes.push(format!("cannot read --trace {}: {error}", path.display()));
                None
            }
        });
        let dashboard = match &options.dashboard {
            Some(given) => given.clone(),
            None => {
                beside(&programs, "ui-dashboard/out").unwrap_or_else(|| PathBuf::from("ui-dashboard/out"))
            }
        };
        for service in services(options.without_agent) {
            if !programs.join(service).is_file() {
                mistakes
                    .push(format!("{service} is not in {}: build it with `make build`", programs.display()));
            }
        }
        if !mistakes.is_empty() {
            return Err(Failure::Usage(mistakes.join("\n            ")));
        }
        Ok(Self {
            scenario: options.scenario.clone(),
            seed: options.seed,
            speed: options.speed,
            trace,
            scenarios: absolute(scenarios),
            dashboard: absolute(dashboard),
            log_level: options.log_level.clone(),
            services: services(options.without_agent),
            programs,
            port_base: options.port_base,
        })
    }

    /// The usual ports, or six from `--port-base` on; each that is taken moves to a free one.
    pub(super) fn ports(&self) -> Result<Ports, Failure> {
        let wanted: [(&str, u16); 6] = match self.port_base {
            Some(base) => std::array::from_fn(|i| (USUAL_PORTS[i].0, base + i as u16)),
            None => USUAL_PORTS,
        };
        let mut chosen = [0_u16; 6];
        for (i, (name, port)) in wanted.into_iter().enumerate() {
            chosen[i] = port;
            if !backing::is_free(port) || chosen[..i].contains(&port) {
                chosen[i] = (0..PORT_TRIES)
                    .filter_map(|_| backing::free_port())
                    .find(|free| !chosen[..i].contains(free) && wanted.iter().all(|(_, port)| port != free))
                    .ok_or_else(|| {
                        Failure::Failed(format!("no free port for {name}: stop something that listens"))
                    })?;
                output::progress(format!("up: port {port} is taken, {name} moves to {}", chosen[i]));
            }
        }
        let [orchestrator, sim_engine, signal_service, agent_service, nats, postgres] = chosen;
        Ok(Ports { orchestrator, sim_engine, signal_service, agent_service, nats, postgres })
    }
}

/// How often another free port is drawn when one collides with our own choice.
const PORT_TRIES: usize = 20;

/// In the order of `--port-base`.
pub(crate) const USUAL_PORTS: [(&str, u16); 6] = [
    ("orchestrator", 8081),
    ("sim-engine", 8080),
    ("signal-service", 8082),
    ("agent-service", 8083),
    ("nats-server", 4222),
    ("postgres", 5432),
];

/// Who listens where, all on the loopback address.
pub(super) struct Ports {
    pub(super) orchestrator: u16,
    pub(super) sim_engine: u16,
    pub(super) signal_service: u16,
    pub(super) agent_service: u16,
    pub(super) nats: u16,
    pub(super) postgres: u16,
}

impl Ports {
    pub(super) fn of(&self, service: &str) -> u16 {
        match service {
            "orchestrator" => self.orchestrator,
            "sim-engine" => self.sim_engine,
            "signal-service" => self.signal_service,
            _ => self.agent_service,
        }
    }

    pub(super) fn health_urls(&self, services: &[&str]) -> Vec<(String, String)> {
        let url = |service: &&str| ((*service).to_owned(), format!("http://127.0.0.1:{}", self.of(service)));
        services.iter().map(url).collect()
    }
}

/// All of them, or all but the agent that ships.
fn services(without_agent: bool) -> Vec<&'static str> {
    let wanted = |name: &&str| !(without_agent && *name == super::services::AGENT);
    super::services::NAMES.into_iter().filter(wanted).collect()
}

fn scenario_names(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(ToOwned::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// Children may run elsewhere; a folder that does not exist (yet) stays as it was written.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}
