//! Options of `microcloud policies`.

use std::path::PathBuf;

use clap::Subcommand;

use super::ChangeOptions;

/// `microcloud policies …`
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Prints the approval policies as YAML, in the form that `apply` takes.
    Show {
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Replaces all approval policies by those of a file; takes effect within a second.
    #[command(
        after_help = "A file holds a list of policies; the first that matches a proposal wins, and a person is asked about what none matches. docs/safety.md explains the fields.\n\nExamples:\n  microcloud policies show > policies.yaml       then edit it\n  microcloud policies apply policies.yaml --reason 'nights are quiet'"
    )]
    Apply {
        /// YAML file; - reads the standard input.
        file: PathBuf,
        #[command(flatten)]
        change: ChangeOptions,
    },
    /// Tries the policies of a file on the proposals of the past: what they would have approved without asking, and what came of that.
    #[command(
        after_help = "Nothing is changed. What a policy asks of the prediction or the reach is judged by what was known when the proposal was made.\n\nExample:\n  microcloud policies test policies.yaml"
    )]
    Test {
        /// YAML file; - reads the standard input.
        file: PathBuf,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Takes all policies away: a person is asked about everything.
    Clear {
        #[command(flatten)]
        change: ChangeOptions,
    },
}
