//! Options of `microcloud game`.

use clap::{Args, Subcommand};

/// `microcloud game …`
#[derive(Debug, Subcommand)]
pub(crate) enum GameCommand {
    /// Draws a scenario, begins it in a simulation of its own, and prints how to play.
    Start(StartOptions),
    /// Ends a game and prints the score beside nobody, the agent that ships, and the best in hindsight.
    Finish {
        /// Id, or its first characters if they name only one game; the newest of yours without.
        id: Option<String>,
        /// Before its time: nothing more is done from here on.
        #[arg(long)]
        give_up: bool,
        /// Who plays (default: your account's name).
        #[arg(long, env = "MICROCLOUD_OPERATOR")]
        operator: Option<String>,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Makes a simulation, paused, whose past is what one of the players did; *Time travel* in the dashboard shows it.
    Replay {
        /// One of the players in the result, for example `oracle`.
        player: String,
        /// Id of the game, or its first characters if they name only one; the newest of yours without.
        #[arg(long, value_name = "ID")]
        game: Option<String>,
        /// Who plays (default: your account's name).
        #[arg(long, env = "MICROCLOUD_OPERATOR")]
        operator: Option<String>,
    },
    /// Lists games, newest first.
    List {
        /// Only of this player.
        #[arg(long, value_name = "NAME")]
        player: Option<String>,
        /// Prints a JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// What to play.
#[derive(Debug, Args)]
pub(crate) struct StartOptions {
    /// Only of this family (`microcloud scenario list` has them).
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) family: String,
    /// Only of this difficulty.
    #[arg(long, value_name = "1-5", value_parser = clap::value_parser!(u32).range(1..=5))]
    pub(crate) difficulty: Option<u32>,
    /// This scenario: practice, not blind.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) scenario: String,
    /// Simulated seconds a second.
    #[arg(long, value_name = "X", default_value_t = 2.0)]
    pub(crate) speed: f64,
    /// Who plays (default: your account's name).
    #[arg(long, env = "MICROCLOUD_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
