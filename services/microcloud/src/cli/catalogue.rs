//! Options of the commands that go through the catalogue of scenarios.

use std::path::PathBuf;

use clap::Args;

/// Which scenarios, and how fast.
#[derive(Debug, Args)]
pub(crate) struct CatalogueOptions {
    /// Only this scenario: a name, or the path of a scenario file; may be given several times (default: all that ship).
    #[arg(long = "scenario", value_name = "SCENARIO")]
    pub(crate) names: Vec<String>,
    /// Threads; the result does not depend on how many (default: one a core).
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Folder of topologies and scenarios (default: `scenarios` here or beside the program).
    #[arg(long, value_name = "DIR")]
    pub(crate) scenarios: Option<PathBuf>,
}
