//! Options of `microcloud sim`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// `microcloud sim …`
#[derive(Debug, Subcommand)]
pub(crate) enum SimCommand {
    /// Shows tick, simulated time, speed and scenario.
    State {
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Starts the clock.
    Play,
    /// Stops the clock after the current tick.
    Pause {
        /// Id (default: the simulation that the commands are about).
        id: Option<String>,
    },
    /// Lists the simulations.
    List {
        /// Prints a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Creates a simulation at tick 0.
    Create(CreateOptions),
    /// Lets a clock run: of a created or paused simulation, or of a stopped or failed one after its run was recomputed.
    Start {
        /// Id (default: the simulation that the commands are about).
        id: Option<String>,
    },
    /// Lets the clock of a paused simulation run.
    Resume {
        /// Id (default: the simulation that the commands are about).
        id: Option<String>,
    },
    /// Ends a simulation's computation and keeps its journal, so that `start` goes on where it was.
    Stop {
        /// Id (default: the simulation that the commands are about).
        id: Option<String>,
    },
    /// Creates an exact copy of a simulation at its current tick.
    Fork(ForkOptions),
    /// Removes a simulation with its telemetry. Incidents, actions and the audit stay as history.
    Delete {
        /// Id.
        id: String,
    },
    /// Saves the run of a simulation so far as a recording, for `microcloud replay`; the simulation goes on.
    Save {
        /// The recording.
        #[arg(value_name = "FILE.mcr")]
        file: PathBuf,
        /// Id (default: the simulation that the commands are about).
        #[arg(long)]
        id: Option<String>,
    },
    /// Creates a simulation that stands where a recording ends.
    Restore {
        /// The recording.
        #[arg(value_name = "FILE.mcr")]
        file: PathBuf,
        /// Id of the simulation: 1 to 63 characters of a-z, 0-9 and -.
        #[arg(long)]
        id: String,
        /// Lets its clock run at once.
        #[arg(long)]
        start: bool,
    },
    /// Makes a simulation the one that the commands are about.
    Use {
        /// Id; `default` goes back to the usual one.
        id: String,
    },
    /// Computes some ticks while paused (50 ms of simulated time each).
    Step {
        /// How many, 1 to 100000.
        #[arg(default_value_t = 1)]
        ticks: u32,
    },
    /// Sets the speed.
    Speed {
        /// Simulated seconds a wall-clock second, 0.1 to 1000.
        #[arg(allow_negative_numbers = true)]
        speed: f64,
    },
    /// Begins a new run at tick 0.
    Reset {
        /// Scenario of the new run (default: the current one).
        #[arg(long)]
        scenario: Option<String>,
        /// Seed of the new run (default: the current one).
        #[arg(long)]
        seed: Option<u64>,
    },
}

/// Options of `microcloud sim create`.
#[derive(Debug, Args)]
pub(crate) struct CreateOptions {
    /// Id: 1 to 63 characters of a-z, 0-9 and -.
    pub(crate) id: String,
    /// Scenario of the engine.
    #[arg(long, value_name = "NAME", default_value = "normal", conflicts_with = "file")]
    pub(crate) scenario: String,
    /// Scenario file of your own; what it refers to is looked for beside it.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Seed (default: the scenario's own).
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Speed, simulated seconds a wall-clock second (0.1 to 1000).
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// Name for people (default: the id).
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Lets the clock run at once.
    #[arg(long)]
    pub(crate) start: bool,
}

/// Options of `microcloud sim fork`.
#[derive(Debug, Args)]
pub(crate) struct ForkOptions {
    /// Id of the fork: 1 to 63 characters of a-z, 0-9 and -.
    pub(crate) id: String,
    /// Simulation to fork (default: the one that the commands are about).
    #[arg(long, value_name = "ID")]
    pub(crate) from: Option<String>,
    /// As it was so long after the beginning of its run, for example 312s (default: as it is now).
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) at: Option<Duration>,
    /// Speed (default: the parent's).
    #[arg(long, value_name = "X")]
    pub(crate) speed: Option<f64>,
    /// Name for people (default: the id).
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Lets the fork's clock run at once.
    #[arg(long)]
    pub(crate) start: bool,
}
