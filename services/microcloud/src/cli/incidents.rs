//! Options of `microcloud incidents`.

use clap::{Args, Subcommand};

/// `microcloud incidents`, by itself or with a command.
#[derive(Debug, Args)]
pub(crate) struct IncidentsOptions {
    #[command(subcommand)]
    pub(crate) command: Option<IncidentCommand>,
    #[command(flatten)]
    pub(crate) list: IncidentListOptions,
}

/// `microcloud incidents …`
#[derive(Debug, Subcommand)]
pub(crate) enum IncidentCommand {
    /// Shows one incident with everything known about it: suspects, impact, symptoms.
    Show {
        /// Id, or its first characters if they name only one incident.
        id: String,
        /// What could be done about it while it is open, and what would come of each and of doing nothing.
        #[arg(long)]
        preview: bool,
        /// Prints one JSON object: `incident`, its `symptoms`, and with --preview its `preview`.
        #[arg(long)]
        json: bool,
    },
}

/// Which incidents, and how.
#[derive(Debug, Args)]
pub(crate) struct IncidentListOptions {
    /// Only open ones.
    #[arg(long)]
    pub(crate) open: bool,
    /// Symptoms of other incidents, too.
    #[arg(long)]
    pub(crate) symptoms: bool,
    /// At most this many, 1 to 1000.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) limit: u32,
    /// Prints a JSON array.
    #[arg(long)]
    pub(crate) json: bool,
}
