//! Options of `microcloud evaluate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::catalogue::CatalogueOptions;

/// `microcloud evaluate`
#[derive(Debug, Args)]
pub(crate) struct EvaluateOptions {
    /// Who plays: rules (the agent that ships), none, oracle (what hindsight knows), a cheat (restart-everything, scale-everything,
    /// shed-load, silence-detectors), exec:COMMAND, your own program, or connect:PORT (connect alone: a free one), which serves programs that
    /// come as clients.
    #[arg(long, value_name = "AGENT", default_value = "rules")]
    pub(crate) agent: String,
    /// Name of the agent in reports and on the leaderboard (default: what --agent says).
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What is played: all, lite (the easiest scenario of every family), or the name of a family.
    #[arg(long, value_name = "SUITE", default_value = "all", conflicts_with = "names")]
    pub(crate) suite: String,
    /// Episodes of every scenario, with the seeds 1 to N.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=eval::benchmark::MAX_SEEDS))]
    pub(crate) seeds: u64,
    /// Time that a program or client has for an answer. Simulated time waits for it.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "10s")]
    pub(crate) agent_timeout: Duration,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueOptions,
    /// Folder for report.json, a page and a plot; made when it is not there. Episodes are kept there as they are played, so that
    /// the same command goes on where it was interrupted.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// JSON file of agents by score, in which the agent takes its place; a page beside it shows it.
    #[arg(long, value_name = "FILE")]
    pub(crate) leaderboard: Option<PathBuf>,
    /// A report.json of before: exits with 1 when the agent did worse than there, beyond the noise of the seeds, and says where.
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
