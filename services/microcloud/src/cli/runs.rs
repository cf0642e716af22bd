//! Options of the commands that compute runs without any server.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Options of `microcloud run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  microcloud run cascade_failure --seed 7 --for 10m\n  microcloud run normal --for 1h --threads 2 --out normal.mcr\n  microcloud run my/scenario.yaml --json | jq .hash"
)]
pub(crate) struct RunOptions {
    /// Name of a scenario, or path of a scenario file.
    pub(crate) scenario: String,
    /// Seed (default: the scenario's).
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Simulated time, for example 10m, 312s or 1h30m (default: the scenario's duration, or 10m).
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) length: Option<Duration>,
    /// Keeps the run in a file, for `microcloud replay`.
    #[arg(long, value_name = "FILE.mcr")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) compute: ComputeOptions,
}

/// Options of `microcloud replay`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  microcloud replay run.mcr\n  microcloud replay run.mcr --branch-at 312s --act RESTART_SERVICE:checkout\n  microcloud replay run.mcr --branch-at 1m --inject slow_node:node-a1:0.8 --for 5m --out branch.mcr\n  microcloud replay run.mcr --branch-at 1m --seed 8      the same from there on, with other chance"
)]
pub(crate) struct ReplayOptions {
    /// The recording.
    #[arg(value_name = "FILE.mcr")]
    pub(crate) file: PathBuf,
    /// Goes on differently from this simulated time on, and compares with what was recorded.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) branch_at: Option<Duration>,
    /// The branch switches to this scenario: a name, or the path of a scenario file.
    #[arg(long, value_name = "SCENARIO", requires = "branch_at")]
    pub(crate) scenario: Option<String>,
    /// The branch draws from this seed.
    #[arg(long, value_name = "N", requires = "branch_at")]
    pub(crate) seed: Option<u64>,
    /// The branch suffers a fault: KIND:TARGET or KIND:TARGET:SEVERITY; may be given several times.
    #[arg(long, value_name = "FAULT", requires = "branch_at")]
    pub(crate) inject: Vec<String>,
    /// The branch sees an action: KIND:TARGET or KIND:TARGET:REPLICAS; may be given several times.
    #[arg(long, value_name = "ACTION", requires = "branch_at")]
    pub(crate) act: Vec<String>,
    /// Simulated time from the branch on (default: to the end of the recording).
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration, requires = "branch_at")]
    pub(crate) length: Option<Duration>,
    /// Keeps the branch in a file.
    #[arg(long, value_name = "FILE.mcr", requires = "branch_at")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) compute: ComputeOptions,
}

/// How a run is computed and told.
#[derive(Debug, Args)]
pub(crate) struct ComputeOptions {
    /// Threads; the result does not depend on how many.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) threads: usize,
    /// Folder of topologies and scenarios (default: `scenarios` here or beside the program).
    #[arg(long, value_name = "DIR")]
    pub(crate) scenarios: Option<PathBuf>,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
