//! Who `--agent` names.

use std::net::SocketAddr;
use std::time::Duration;

use eval::benchmark::Entrant;
use eval::player::{Player, Trick};

use super::host::{self, Host};
use super::outside::Outside;
use super::program::{self, Stopped};
use crate::output::Failure;

/// An agent that can play.
pub(crate) enum Agent {
    Rules,
    Nobody,
    Oracle,
    Cheat(Trick),
    Program { command: String, timeout: Duration },
    Clients { address: SocketAddr, timeout: Duration },
}

impl Agent {
    pub(crate) fn parse(name: &str, timeout: Duration) -> Result<Self, Failure> {
        if timeout.is_zero() {
            return Err(Failure::Usage("--agent-timeout is 0: write a time above it".to_owned()));
        }
        if let Some(address) =
            name.strip_prefix("connect").filter(|rest| rest.is_empty() || rest.starts_with(':'))
        {
            return Ok(Self::Clients { address: host::address(address)?, timeout });
        }
        if let Some(command) = name.strip_prefix("exec:") {
            if command.trim().is_empty() {
                return Err(Failure::Usage("--agent exec: names no command; write exec:COMMAND".to_owned()));
            }
            return Ok(Self::Program { command: command.to_owned(), timeout });
        }
        match name {
            "rules" => Ok(Self::Rules),
            "none" => Ok(Self::Nobody),
            "oracle" => Ok(Self::Oracle),
            _ => name.parse().map(Self::Cheat).map_err(|()| {
                Failure::Usage(format!(
                    "--agent is {name:?}: use rules, none, oracle, {}, exec:COMMAND, or connect:PORT",
                    Trick::ALL.map(Trick::name).join(", ")
                ))
            }),
        }
    }

    /// What tells its episodes from another's.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Rules => "rules".to_owned(),
            Self::Nobody => "none".to_owned(),
            Self::Oracle => "oracle".to_owned(),
            Self::Cheat(trick) => trick.name().to_owned(),
            Self::Program { command, .. } => format!("exec:{command}"),
            // Whoever comes: with --name it is kept apart.
            Self::Clients { .. } => "connect".to_owned(),
        }
    }

    /// Hands over what plays for it.
    ///
    /// # Errors
    /// When nobody could come.
    pub(crate) fn with_entrant<R>(&self, play: impl FnOnce(Entrant<'_>) -> R) -> Result<R, Failure> {
        Ok(match self {
            Self::Rules => play(Entrant::Rules),
            Self::Nobody => play(Entrant::Nobody),
            Self::Oracle => play(Entrant::Oracle),
            Self::Cheat(trick) => play(Entrant::Cheat(*trick)),
            Self::Program { command, timeout } => {
                let make = || -> Box<dyn Player> {
                    match program::start(command, *timeout) {
                        Ok(program) => Box::new(program),
                        Err(reason) => Box::new(Stopped::new(reason)),
                    }
                };
                play(Entrant::Other(&make))
            }
            Self::Clients { address, timeout } => {
                let host = Host::open(*address)?;
                let make = || -> Box<dyn Player> { Box::new(Outside::new(host.table.sit_down(), *timeout)) };
                let played = play(Entrant::Other(&make));
                host.close();
                played
            }
        })
    }
}
