//! Options of `microcloud mcp`.

use clap::Args;

/// `microcloud mcp`
#[derive(Debug, Args)]
pub(crate) struct McpOptions {
    /// Name under which it registers as an agent: 1 to 64 lower-case letters, digits, - or _. Its token is kept in the home.
    #[arg(long, value_name = "NAME", default_value = "mcp")]
    pub(crate) name: String,
}
