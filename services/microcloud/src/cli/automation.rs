//! Options of `microcloud automation`.

use clap::{Args, Subcommand};

/// `microcloud automation …`
#[derive(Debug, Subcommand)]
pub(crate) enum AutomationCommand {
    /// Shows whether automation is at work, and if not, who stopped it and why.
    Status {
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Stops everything: nothing is proposed, approved or begun any more until `resume`, whatever is restarted.
    Pause(SwitchOptions),
    /// Lets automation go on. What was approved before the pause stays cancelled.
    Resume(SwitchOptions),
}

/// What pausing and resuming share.
#[derive(Debug, Args)]
pub(crate) struct SwitchOptions {
    /// Why; shown to everyone who meets the pause, and kept in the audit.
    #[arg(long)]
    pub(crate) reason: String,
    /// Who does it (default: your account's name).
    #[arg(long, env = "MICROCLOUD_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// Prints the switch as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
