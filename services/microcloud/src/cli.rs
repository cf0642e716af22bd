//! Every command, its options and its help text. What they do is in the module of the command's name.

#![allow(clippy::doc_markdown)] // Help texts are shown as they are, without Markdown.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

mod agents;
mod automation;
mod catalogue;
mod evaluate;
mod games;
mod grade;
mod incidents;
mod mcp;
mod policies;
mod rules;
mod runs;
mod silences;
mod simulations;

pub(crate) use agents::AgentCommand;
pub(crate) use automation::{AutomationCommand, SwitchOptions};
pub(crate) use evaluate::EvaluateOptions;
pub(crate) use games::{GameCommand, StartOptions as GameStartOptions};
pub(crate) use grade::{DetectorOptions, GradeCommand, NabOptions, PreviewGradeOptions};
pub(crate) use incidents::{IncidentCommand, IncidentListOptions, IncidentsOptions};
pub(crate) use mcp::McpOptions;
pub(crate) use policies::PolicyCommand;
pub(crate) use rules::{ChangeOptions, ImportOptions, RuleCommand, TestOptions};
pub(crate) use runs::{ReplayOptions, RunOptions};
pub(crate) use silences::{AddOptions, Kind, SilenceCommand};
pub(crate) use simulations::{CreateOptions, ForkOptions, SimCommand};

/// The flight simulator for self-healing clouds.
#[derive(Debug, Parser)]
#[command(
    name = "microcloud",
    version,
    about,
    after_help = "Exit codes: 0 done · 1 failed · 2 wrong usage or configuration · 3 nothing is running there · 4 refused (not found, already decided, invalid)\n\n\
                  Start with `microcloud up`, then in a second terminal:\n  \
                  microcloud scenario set cascade_failure\n  \
                  microcloud incidents\n  \
                  microcloud actions list\n  \
                  microcloud actions approve <ID>"
)]
pub(crate) struct Cli {
    /// Where `microcloud up` keeps its data and tells the other commands how to reach it.
    #[arg(long, global = true, env = "MICROCLOUD_HOME", default_value = ".microcloud")]
    pub(crate) home: PathBuf,
    /// Base URL of the orchestrator, if not the one that `up` wrote into the home.
    #[arg(long, global = true, env = "MICROCLOUD_URL")]
    pub(crate) url: Option<String>,
    /// Simulation that the command is about (default: the one chosen by `microcloud sim use`, else `default`).
    #[arg(long, global = true, value_name = "ID", env = "MICROCLOUD_SIMULATION")]
    pub(crate) simulation: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts NATS, PostgreSQL and the four services, and keeps them running until Ctrl-C.
    Up(UpOptions),
    /// Shows what is installed, which versions, which ports are free, what to do about what is missing, and how a running stack keeps up.
    Doctor {
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Shows the health of the running services and where the simulation stands.
    Status {
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Computes a run here and now, as fast as the machine can, with no server; prints what happened and the telemetry hash.
    Run(RunOptions),
    /// Computes a recorded run again and compares it, sample by sample; or goes on differently from a moment on.
    Replay(ReplayOptions),
    /// Compares the model with queueing theory and with request-level runs; needs no server.
    #[command(
        after_help = "Examples:\n  microcloud validate\n  microcloud validate --out plots           an SVG a plot, and validation.json\n  microcloud validate --json | jq '.checks[] | select(.passed | not)'\n\nExits with 1 when a check misses its bar. docs/validation.md explains the cases."
    )]
    Validate(ValidateOptions),
    /// Measures how good detectors and previews are against what is known to be true; needs no server.
    #[command(subcommand)]
    Grade(GradeCommand),
    /// Lets an agent play the scenarios and scores it against doing nothing and the best in hindsight; needs no server.
    #[command(
        after_help = "Examples:\n  microcloud evaluate                                     the agent that ships, 5 seeds\n  microcloud evaluate --agent 'exec:python3 my_agent.py' --suite lite --seeds 1\n  microcloud evaluate --agent none --json | jq .score\n  microcloud evaluate --out report --leaderboard leaderboard.json\n\ndocs/benchmark.md says how scores come about and what a program of yours reads and writes."
    )]
    Evaluate(EvaluateOptions),
    /// Plays game days: a scenario that you do not know, scored like the agents of `evaluate`.
    #[command(
        subcommand,
        after_help = "Examples:\n  microcloud game start --difficulty 2\n  microcloud game finish\n  microcloud game list"
    )]
    Game(GameCommand),
    /// Creates, forks and deletes simulations, and controls their clocks.
    #[command(
        subcommand,
        after_help = "Examples:\n  microcloud sim create game-day --scenario cascade_failure --seed 7 --speed 10 --start\n  microcloud sim fork what-if --from game-day --start\n  microcloud sim use what-if        the commands that follow are about it\n  microcloud --simulation game-day fault inject cpu_hog checkout"
    )]
    Sim(SimCommand),
    /// Lists, checks and sets scenarios.
    #[command(subcommand)]
    Scenario(ScenarioCommand),
    /// Injects, lists and clears faults.
    #[command(subcommand)]
    Fault(FaultCommand),
    /// Sets how many faults begin by chance, drawn from the seed.
    #[command(
        after_help = "Examples:\n  microcloud chaos 0.3      a fault every three minutes or so, of low severity, one at a time\n  microcloud chaos 1        a fault a minute, as hard as they come, up to four at a time\n  microcloud chaos 0        no more of them; those in force run out"
    )]
    Chaos {
        /// From 0 (none) to 1.
        #[arg(allow_negative_numbers = true)]
        level: f64,
    },
    /// Lists incidents, newest first: the leads of their groups, with what followed from each, whom it cost and where it may come from.
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  microcloud incidents --open\n  microcloud incidents show 3f2a                     with its symptoms, suspects and impact\n  microcloud incidents show 3f2a --preview           and what would come of what could be done\n  microcloud incidents --symptoms --json | jq '.[].title'"
    )]
    Incidents(IncidentsOptions),
    /// Lists, changes, tests and imports detection rules; changes take effect at once.
    #[command(subcommand)]
    Rules(RuleCommand),
    /// Silences incidents for some time, plans maintenance, and ends either.
    #[command(subcommand)]
    Silences(SilenceCommand),
    /// Lists, shows, approves and rejects proposed actions.
    #[command(subcommand)]
    Actions(ActionCommand),
    /// Registers, lists and retires agents: programs that propose actions.
    #[command(
        subcommand,
        after_help = "Examples:\n  microcloud agents register healer --description 'restarts what is down'\n  microcloud agents list\n  microcloud agents retire healer --reason 'makes it worse'\n\ndocs/agents.md shows how an agent sees and proposes."
    )]
    Agents(AgentCommand),
    /// Serves the Model Context Protocol on standard input and output: a language model observes, looks ahead and proposes; it never approves.
    #[command(
        after_help = "In the configuration of an MCP client:\n  {\"mcpServers\": {\"microcloud\": {\"command\": \"microcloud\", \"args\": [\"--home\", \"/path/to/.microcloud\", \"mcp\"]}}}\n\ndocs/agents.md names the tools."
    )]
    Mcp(McpOptions),
    /// Shows and sets the approval policies: whose yes a proposal takes.
    #[command(subcommand)]
    Policies(PolicyCommand),
    /// Shows, pulls and releases the kill switch of automation.
    #[command(
        subcommand,
        after_help = "Examples:\n  microcloud automation pause --reason 'restarts make it worse'\n  microcloud automation status\n  microcloud automation resume --reason 'the cause is known'"
    )]
    Automation(AutomationCommand),
    /// Prints the messages of a subject as JSON lines, decoded.
    #[command(
        after_help = "Examples:\n  microcloud tail ops.incidents\n  microcloud tail sim.events --from stored | jq .message\n  microcloud tail sim.metrics --count 1"
    )]
    Tail(TailOptions),
    /// Lists, shows and replays dead letters: messages that a consumer could not handle.
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Opens psql (or runs one statement) as the read-only role `microcloud_reader`.
    #[command(
        after_help = "Examples:\n  microcloud sql\n  microcloud sql \"select * from open_incidents\"\n  microcloud sql --csv \"select * from mttr\""
    )]
    Sql(SqlOptions),
}

/// Options of `microcloud up`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  microcloud up\n  microcloud up --scenario cascade_failure --speed 5\n  microcloud up --ephemeral --port-base 9000      a second stack beside the first, gone afterwards\n  microcloud up --trace requests.csv              CSV with `timestamp,value` for the scenario trace_replay\n\n\
                  NATS_URL, or DB_HOST with DB_PORT, DB_NAME, DB_USER and DB_PASSWORD, given in the environment: that server is used instead of a child of ours."
)]
pub(crate) struct UpOptions {
    /// Keeps nothing: a temporary home that is removed at the end.
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// First of six consecutive ports (dashboard, sim-engine, signal-service, agent-service, NATS, PostgreSQL) instead of the usual ones.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..=65_530))]
    pub(crate) port_base: Option<u16>,
    /// Scenario of the first run.
    #[arg(long, value_name = "NAME", default_value = "normal")]
    pub(crate) scenario: String,
    /// Seed of the first run.
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub(crate) seed: u64,
    /// Speed of the first run, simulated seconds a wall-clock second (0.1 to 1000).
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// Real request counts for the scenario `trace_replay`: a CSV with `timestamp,value`.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Folder of topologies and scenarios (default: `scenarios` here or beside the program).
    #[arg(long, value_name = "DIR")]
    pub(crate) scenarios: Option<PathBuf>,
    /// Folder of the built dashboard (default: `ui-dashboard/out` here or beside the program).
    #[arg(long, value_name = "DIR")]
    pub(crate) dashboard: Option<PathBuf>,
    /// Leaves out the agent that ships, so that your own is alone. Policies do not approve without it.
    #[arg(long)]
    pub(crate) without_agent: bool,
    /// Log level of the services: error, warn, info, debug or trace.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: String,
}

/// Options of `microcloud validate`.
#[derive(Debug, Args)]
pub(crate) struct ValidateOptions {
    /// Request-level runs behind every transient, 10 to 100000; more of them are less noisy.
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u64).range(10..=100_000))]
    pub(crate) runs: u64,
    /// Folder for the plots and the checks as JSON; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `microcloud scenario …`
#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioCommand {
    /// Lists the scenarios there are, by family; needs no server.
    List {
        /// Folder of topologies and scenarios (default: `scenarios` here or beside the program).
        #[arg(long, value_name = "DIR")]
        scenarios: Option<PathBuf>,
        /// Prints a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Reads scenario files and tells every mistake with file and line; exit code 1 when there is one.
    #[command(
        after_help = "What a file refers to is looked for below its own folder, then in the scenario folder.

Example:
  microcloud scenario check scenarios/*.yaml"
    )]
    Check {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Folder of topologies and scenarios (default: `scenarios` here or beside the program).
        #[arg(long, value_name = "DIR")]
        scenarios: Option<PathBuf>,
    },
    /// Switches the scenario; its timeline counts from the next tick.
    Set {
        /// Name, for example cascade_failure.
        name: String,
    },
}

/// `microcloud fault …`
#[derive(Debug, Subcommand)]
pub(crate) enum FaultCommand {
    /// Injects a fault at the next tick.
    #[command(
        after_help = "Examples:\n  microcloud fault inject node_crash node-a1\n  microcloud fault inject slow_dependency orders-db --severity 0.8 --for 120"
    )]
    Inject {
        /// Kind; `microcloud fault list` shows them all.
        kind: String,
        /// Id of a service, node or zone in the topology.
        target: String,
        /// How hard, in (0, 1] (default: the kind's own).
        #[arg(long)]
        severity: Option<f64>,
        /// Simulated seconds until it ends by itself (default: until cleared).
        #[arg(long = "for", value_name = "SECONDS")]
        duration_s: Option<f64>,
        /// Simulated seconds in which it rises to full severity (default: at once).
        #[arg(long = "onset", value_name = "SECONDS")]
        onset_s: Option<f64>,
        /// Lets it survive the actions that cure its kind.
        #[arg(long)]
        persistent: bool,
        /// Id to clear it by (default: derived).
        #[arg(long)]
        id: Option<String>,
    },
    /// Lists the faults in force and the kinds there are.
    List {
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Ends a fault at the next tick.
    Clear {
        /// Id of a fault in force.
        id: String,
    },
}

/// `microcloud actions …`
#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
    /// Lists the actions that wait for a decision, or all of them.
    List {
        /// Decided and finished ones too, newest first.
        #[arg(long)]
        all: bool,
        /// Prints a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Shows one action with everything known about it; while it waits for a decision also what would come of it, of its alternatives, and of doing nothing.
    Show {
        /// Id, or its first characters if they name only one action.
        id: String,
        /// Prints one JSON object: the action with its `preview`, null unless it waits for a decision.
        #[arg(long)]
        json: bool,
    },
    /// Proposes an action of your own for an open incident; it waits for approval like any other.
    Propose {
        /// Incident: id, or its first characters if they name only one open incident.
        incident: String,
        /// What to do, for example restart_service, scale_up, drain_node, add_cache.
        action: String,
        /// Service, or node for drain_node and undrain_node.
        target: String,
        /// Replicas, for actions that take them.
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        replicas: u32,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who proposes (default: your account's name).
        #[arg(long, env = "MICROCLOUD_OPERATOR")]
        operator: Option<String>,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Approves a proposal.
    Approve {
        /// Id, or its first characters if they name only one pending action.
        id: String,
        /// Adds or removes this many replicas instead, 1 to 100; undoes the approvals of others.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
        replicas: Option<u32>,
        #[command(flatten)]
        decision: DecisionOptions,
    },
    /// Rejects a proposal.
    Reject {
        /// Id, or its first characters if they name only one pending action.
        id: String,
        /// Why; shown to everyone and learnt from by the agent.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        decision: DecisionOptions,
    },
}

/// What approve and reject share.
#[derive(Debug, Args)]
pub(crate) struct DecisionOptions {
    /// Who decides (default: your account's name).
    #[arg(long, env = "MICROCLOUD_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// Decide only if the action is still at this version.
    #[arg(long, value_name = "N")]
    pub(crate) expected_version: Option<u64>,
    /// Repeating the call with the same key gives the same answer.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// Prints the action as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `microcloud tail`.
#[derive(Debug, Args)]
pub(crate) struct TailOptions {
    /// Subject, for example ops.incidents; `*` and `>` work as in NATS.
    pub(crate) subject: String,
    /// Where to begin: only new messages, or all that are kept.
    #[arg(long, value_enum, default_value_t = TailFrom::New)]
    pub(crate) from: TailFrom,
    /// Stops after this many messages.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
}

/// Where `tail` begins.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum TailFrom {
    /// Messages from now on.
    New,
    /// Everything that the stream keeps, then new ones.
    All,
    /// Everything that the stream keeps, then stops.
    Stored,
}

/// `microcloud dlq …`
#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// Lists dead letters, oldest first.
    List {
        /// Prints a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Shows one dead letter: reason, headers, decoded content or bytes.
    Show {
        /// Sequence number from `dlq list`.
        sequence: u64,
    },
    /// Sends one dead letter to its subject again, once.
    Replay {
        /// Sequence number from `dlq list`.
        sequence: u64,
    },
}

/// Options of `microcloud sql`.
#[derive(Debug, Args)]
pub(crate) struct SqlOptions {
    /// One statement; without it psql opens.
    pub(crate) statement: Option<String>,
    /// Prints comma-separated values.
    #[arg(long)]
    pub(crate) csv: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
