//! Options of `microcloud silences`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::ChangeOptions;

/// `microcloud silences …`
#[derive(Debug, Subcommand)]
pub(crate) enum SilenceCommand {
    /// Lists the silences of the simulation: those in force and those to come, the last to end first.
    List {
        /// Those that are over and deleted ones, too.
        #[arg(long)]
        all: bool,
        /// Prints a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Shows one silence: which incidents, from when to when, who and why.
    Show {
        /// Id, or its first characters if they name only one silence.
        id: String,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Silences some incidents for some simulated time: they are detected as ever, and nobody is called.
    #[command(
        after_help = "Options of one kind add up (two services: either); those of several kinds must hold together (a service and a family: that family of that service).\nA node takes every service along that has a replica there, a zone its nodes and theirs; `--kind node` leaves the services out.\n\nExamples:\n  microcloud silences add --service checkout --for 30m --comment 'known, OPS-17'\n  microcloud silences add --maintenance --node node-b1 --for 2h --comment 'new disks'      the agent keeps off, too\n  microcloud silences add --maintenance --zone zone-a --in 10m --for 1h --comment 'switches'\n  microcloud silences add --family latency --label team=shop --for 1d --comment 'load test'"
    )]
    Add(AddOptions),
    /// Ends a silence that is in force, now.
    End {
        /// Id, or its first characters if they name only one silence.
        id: String,
        #[command(flatten)]
        change: ChangeOptions,
    },
    /// Deletes a silence, in force or not.
    Delete {
        /// Id, or its first characters if they name only one silence.
        id: String,
        #[command(flatten)]
        change: ChangeOptions,
    },
}

/// Which incidents: at least one of them, as nobody means to silence everything.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct What {
    /// Incidents of this service.
    #[arg(long = "service", value_name = "ID")]
    pub(crate) services: Vec<String>,
    /// Incidents of this node and of what runs there.
    #[arg(long = "node", value_name = "ID")]
    pub(crate) nodes: Vec<String>,
    /// Incidents of this zone's nodes and of what runs there.
    #[arg(long = "zone", value_name = "ID")]
    pub(crate) zones: Vec<String>,
    /// Incidents that this rule opened.
    #[arg(long = "rule", value_name = "NAME")]
    pub(crate) rules: Vec<String>,
    /// Incidents of this family of rules.
    #[arg(long = "family", value_name = "NAME")]
    pub(crate) families: Vec<String>,
}

/// Options of `microcloud silences add`.
#[derive(Debug, Args)]
pub(crate) struct AddOptions {
    #[command(flatten)]
    pub(crate) what: What,
    /// A maintenance window: somebody is at work there, so the agent proposes nothing either.
    #[arg(long)]
    pub(crate) maintenance: bool,
    /// Only incidents of services, or of nodes.
    #[arg(long = "kind", value_enum)]
    pub(crate) kinds: Vec<Kind>,
    /// Only incidents whose rule has this label.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub(crate) labels: Vec<(String, String)>,
    /// How long, simulated time, for example 30m, 90s or 2h; a week at most.
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) length: Duration,
    /// Begins so much later, simulated time (default: now).
    #[arg(long = "in", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) later: Option<Duration>,
    /// Why; shown to everyone who meets a silenced incident.
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: String,
    /// Who does it (default: your account's name).
    #[arg(long, env = "MICROCLOUD_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// Repeating the call with the same key gives the same answer.
    #[arg(long, value_name = "KEY", default_value = "")]
    pub(crate) idempotency_key: String,
    /// Prints the silence as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What an incident is about.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Services.
    Service,
    /// Nodes.
    Node,
}

fn label(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "write NAME=VALUE, for example team=shop".to_owned())
}
