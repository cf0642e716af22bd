//! Options of `microcloud rules`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `microcloud rules …`
#[derive(Debug, Subcommand)]
pub(crate) enum RuleCommand {
    /// Lists the rules: built-in ones first, the others by name.
    List {
        /// Deleted ones, too.
        #[arg(long)]
        all: bool,
        /// Prints a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Shows one rule as a file that `apply` takes, and who changed it last.
    Show {
        /// Its name.
        name: String,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Creates the rules of a file, or changes those that are there, and prints what changed.
    #[command(
        after_help = "A file holds one rule or a list of them; scenarios/schema/rules.schema.json lets editors check it.\n\nExamples:\n  microcloud rules show cpu_high > cpu.yaml       then edit it\n  microcloud rules test cpu.yaml                  what would it have told in the last hour?\n  microcloud rules apply cpu.yaml --reason 'machines run hot at 70 %'"
    )]
    Apply {
        /// YAML file of rules; `-` reads standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        change: ChangeOptions,
    },
    /// Deletes a rule; its open incidents resolve.
    Delete {
        /// Its name.
        name: String,
        #[command(flatten)]
        change: ChangeOptions,
    },
    /// Judges by a rule again.
    Enable {
        /// Its name.
        name: String,
        #[command(flatten)]
        change: ChangeOptions,
    },
    /// Stops judging by a rule, and keeps it; its open incidents resolve.
    Disable {
        /// Its name.
        name: String,
        #[command(flatten)]
        change: ChangeOptions,
    },
    /// Puts a built-in rule back to what this release says, whatever was done to it.
    Restore {
        /// Its name.
        name: String,
        #[command(flatten)]
        change: ChangeOptions,
    },
    /// Tells which incidents the rules of a file would have told of, and which of the present ones they would not.
    #[command(
        after_help = "With `--against stored` (as usual) the stack's stored telemetry is judged again, beside its present rules. A recording or a scenario is computed here and judged beside the present\nrules of the stack, or beside the built-in ones when none runs; give --against several times for several.\n\nExamples:\n  microcloud rules test cpu.yaml\n  microcloud rules test cpu.yaml --from 2026-11-21T10:00:00Z --to 2026-11-21T12:00:00Z\n  microcloud rules test cpu.yaml --against high_load --against normal --against run.mcr"
    )]
    Test(TestOptions),
    /// Takes over the alerts of a Prometheus rule file, as far as they can be evaluated here.
    #[command(
        after_help = "For every alert that cannot be evaluated a sentence says why, and the exit code is 1; the others are applied all the same.\n\nExamples:\n  microcloud rules import alerts.yml --out rules.yaml      writes a file for `apply`; needs no server\n  microcloud rules import alerts.yml --divide-time 30      what takes half an hour takes a simulated minute"
    )]
    Import(ImportOptions),
}

/// What every change shares.
#[derive(Debug, Args)]
pub(crate) struct ChangeOptions {
    /// Who does it (default: your account's name).
    #[arg(long, env = "MICROCLOUD_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// Why; the audit keeps it.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    /// Do it only if nobody has changed it since this version.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) expected_version: u64,
    /// Prints what came of it as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `microcloud rules test`.
#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// YAML file of rules.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// `stored`, a recording FILE.mcr, or a scenario (name or file).
    #[arg(long, value_name = "WHAT", default_value = "stored")]
    pub(crate) against: Vec<String>,
    /// First simulated instant of `stored` (default: an hour before the last).
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<chrono::DateTime<chrono::Utc>>,
    /// Last simulated instant of `stored` (default: the latest there is).
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<chrono::DateTime<chrono::Utc>>,
    #[command(flatten)]
    pub(crate) compute: super::runs::ComputeOptions,
}

/// Options of `microcloud rules import`.
#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// Prometheus rule file, or a `PrometheusRule` of Kubernetes.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Writes the rules to a file instead of applying them.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Divides every duration of the file.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = divisor)]
    pub(crate) divide_time: f64,
    #[command(flatten)]
    pub(crate) change: ChangeOptions,
}

fn divisor(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (1.0..=100_000.0).contains(number));
    number.ok_or_else(|| "write a number from 1 to 100000".to_owned())
}
