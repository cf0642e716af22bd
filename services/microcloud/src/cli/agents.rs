//! Options of `microcloud agents`.

use clap::Subcommand;

/// `microcloud agents …`
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Lists agents by name.
    List {
        /// Retired ones, too.
        #[arg(long)]
        all: bool,
        /// Prints a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Registers an agent and prints its token, which is not shown again.
    Register {
        /// 1 to 64 lower-case letters, digits, - or _; never given twice.
        name: String,
        /// What it does.
        #[arg(long, value_name = "TEXT")]
        description: String,
        /// Its own version.
        #[arg(long, value_name = "VERSION", default_value = "")]
        agent_version: String,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Ends an agent for good: its token is void, and what it proposes is refused.
    Retire {
        /// Name.
        name: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        /// Who does it (default: your account's name).
        #[arg(long, env = "MICROCLOUD_OPERATOR")]
        operator: Option<String>,
    },
}
