//! What the process is told by its environment.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use catalogue::{ScenarioError, Scenarios};
use service::config::{Env, Variable};
use sim::Scenario;

use crate::pace::Speed;

/// The variables, for `--help`.
pub(crate) const VARIABLES: &[Variable] = &[
    Variable { name: "NATS_URL", default: "nats://localhost:4222", what: "where NATS is" },
    Variable {
        name: "ADDR",
        default: ":8080",
        what: "address of the control API; without a host the loopback address",
    },
    Variable { name: "SCENARIOS_DIR", default: "scenarios", what: "folder with the scenario files" },
    Variable {
        name: "TRAFFIC_TRACE",
        default: "",
        what: "CSV file that replaces the sample of the scenario trace_replay",
    },
    Variable { name: "SIMULATION_SCENARIO", default: "normal", what: "scenario of the first run" },
    Variable { name: "SIMULATION_SEED", default: "42", what: "seed of the first run" },
    Variable { name: "SIMULATION_SPEED", default: "1", what: "speed of the first run, 0.1 to 1000" },
    Variable {
        name: "SIMULATION_PLAY",
        default: "true",
        what: "whether the clock of the first run starts by itself",
    },
    Variable {
        name: "SIMULATION_LIMIT",
        default: "16",
        what: "most simulations beside each other, 1 to 64; each takes a thread and its memory",
    },
    Variable {
        name: "REPLICA_LIMIT",
        default: "200000",
        what: "most replicas of all simulations that are not stopped together",
    },
    Variable {
        name: "CHECKPOINT_AFTER_MS",
        default: "2000",
        what: "computing time after which the state of a simulation is kept, ms; about what a start computes again at most",
    },
];

/// Most simulations that can be asked for: as many as detection and agents watch at a time.
const MAX_SIMULATIONS: usize = 64;

/// The configuration, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) nats_url: String,
    pub(crate) addr: SocketAddr,
    /// `None` when a mistake was recorded: then the process ends before it looks.
    pub(crate) scenarios: Option<(Scenarios, Arc<Scenario>)>,
    pub(crate) first_run: FirstRun,
    pub(crate) limits: Limits,
}

/// How much the engine runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Simulations, stopped ones included.
    pub(crate) simulations: usize,
    /// Replicas of all that are not stopped.
    pub(crate) replicas: u64,
    /// Computing time of a simulation between two checkpoints.
    pub(crate) checkpoint_after: Duration,
}

/// How the very first run begins; later ones follow the journal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FirstRun {
    pub(crate) seed: u64,
    pub(crate) speed: f64,
    pub(crate) playing: bool,
}

impl Config {
    /// Reads the environment, and the scenario files that it names; mistakes are recorded in `env`.
    pub(crate) fn read(env: &mut Env) -> Self {
        let nats_url = env.string("NATS_URL", "nats://localhost:4222");
        let addr = env.addr("ADDR", ":8080");
        let seed = env.parse("SIMULATION_SEED", 42);
        let asked = env.parse("SIMULATION_SPEED", 1.0);
        let speed = match Speed::new(asked) {
            Ok(speed) => speed.get(),
            Err(error) => {
                env.mistake("SIMULATION_SPEED", error);
                asked
            }
        };
        let playing = env.parse("SIMULATION_PLAY", true);
        let scenarios = scenarios(env);
        let limits = Limits {
            simulations: env.parse("SIMULATION_LIMIT", 16),
            // Twice what two cores compute three times as fast as real time.
            replicas: env.parse("REPLICA_LIMIT", 200_000),
            checkpoint_after: Duration::from_millis(env.parse("CHECKPOINT_AFTER_MS", 2_000)),
        };
        if !(1..=MAX_SIMULATIONS).contains(&limits.simulations) {
            env.mistake("SIMULATION_LIMIT", format!("write 1 to {MAX_SIMULATIONS}"));
        }
        Self { nats_url, addr, scenarios, first_run: FirstRun { seed, speed, playing }, limits }
    }
}

fn scenarios(env: &mut Env) -> Option<(Scenarios, Arc<Scenario>)> {
    let folder = env.string("SCENARIOS_DIR", "scenarios");
    let trace = env.optional("TRAFFIC_TRACE");
    let opened = Scenarios::open(Path::new(&folder), trace.as_deref().map(Path::new));
    let scenarios = match opened {
        Ok(scenarios) => scenarios,
        Err(error) => {
            let variable = match &error {
                ScenarioError::Trace { .. } | ScenarioError::TraceUnfit { .. } => "TRAFFIC_TRACE",
                ScenarioError::Folder { .. }
                | ScenarioError::File { .. }
                | ScenarioError::NotFound { .. }
                | ScenarioError::Broken { .. } => "SCENARIOS_DIR",
            };
            env.mistake(variable, error);
            return None;
        }
    };
    let name = env.string("SIMULATION_SCENARIO", "normal");
    match scenarios.load(&name) {
        Ok(scenario) => Some((scenarios, scenario)),
        Err(error) => {
            env.mistake("SIMULATION_SCENARIO", error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(pairs: &[(&str, &str)]) -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
        let defaults = [("SCENARIOS_DIR", folder)];
        let mut env = Env::from_pairs(defaults.into_iter().chain(pairs.iter().copied()));
        Config::read(&mut env);
        env.finish().err().map(|error| error.mistakes).unwrap_or_default()
    }

    #[test]
    fn the_defaults_are_good() {
        assert!(mistakes(&[]).is_empty(), "{:?}", mistakes(&[]));
    }

    #[test]
    fn every_mistake_is_named_with_what_to_write() {
        let found = mistakes(&[
            ("ADDR", "nowhere"),
            ("SIMULATION_SEED", "-1"),
            ("SIMULATION_SPEED", "NaN"),
            ("SIMULATION_PLAY", "maybe"),
            ("SIMULATION_SCENARIO", "nope"),
            ("SIMULATION_LIMIT", "0"),
            ("REPLICA_LIMIT", "many"),
        ]);
        for (name, advice) in [
            ("ADDR", ":8080"),
            ("SIMULATION_SEED", ""),
            ("SIMULATION_SPEED", "0.1 to 1000"),
            ("SIMULATION_PLAY", ""),
            ("SIMULATION_SCENARIO", "cascade_failure"),
            ("SIMULATION_LIMIT", "1 to 64"),
            ("REPLICA_LIMIT", ""),
        ] {
            assert!(
                found.iter().any(|one| one.starts_with(name) && one.contains(advice)),
                "{name}: {found:?}"
            );
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        assert!(mistakes(&[("SCENARIOS_DIR", "/does/not/exist")])[0].starts_with("SCENARIOS_DIR"));
    }
}
