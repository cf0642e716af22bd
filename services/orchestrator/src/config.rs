//! What the orchestrator is told by its environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::service::config::{Env, Variable};
use store::DbConfig;

use crate::app::Limits;

/// The variables, for `--help`; docs/api.md holds the same table.
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "ADDR",
        default: ":8081",
        what: "address to listen on; without a host, the loopback address",
    },
    Variable { name: "NATS_URL", default: "nats://localhost:4222", what: "NATS server with JetStream" },
    Variable { name: "DB_HOST", default: "localhost", what: "host of PostgreSQL" },
    Variable { name: "DB_PORT", default: "5432", what: "port of PostgreSQL" },
    Variable { name: "DB_NAME", default: "microcloud", what: "database" },
    Variable { name: "DB_USER", default: "microcloud", what: "database user" },
    Variable { name: "DB_PASSWORD", default: "microcloud", what: "password of the database user" },
    Variable { name: "DASHBOARD_DIR", default: "ui-dashboard/out", what: "directory of the built dashboard" },
    Variable {
        name: "ALLOWED_ORIGINS",
        default: "http://localhost:3000,http://127.0.0.1:3000",
        what: "origins, separated by commas, whose pages may call this API besides the dashboard's own",
    },
    Variable {
        name: "ACTION_TTL_S",
        default: "900",
        what: "seconds in which a proposal can be decided on, 1 to 86400",
    },
    Variable {
        name: "COMMAND_TTL_S",
        default: "60",
        what: "seconds after an approval in which sim-engine may carry it out, 1 to 3600",
    },
];

/// The dashboard's development server.
const DEVELOPMENT_ORIGINS: &str = "http://localhost:3000,http://127.0.0.1:3000";

/// How long a call waits for a connection to PostgreSQL. Shorter than a request may take, so that the caller learns
/// that it is the database.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections to PostgreSQL: the relay, three consumers and the jobs hold one each at times, calls share the rest.
const MAX_CONNECTIONS: u32 = 12;

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub address: SocketAddr,
    /// The bus.
    pub nats_url: String,
    /// The database.
    pub database: DbConfig,
    /// Directory of the built dashboard.
    pub dashboard: PathBuf,
    /// Origins of browsers that may change something, besides the dashboard's own.
    pub allowed_origins: Arc<[String]>,
    /// How long things stay valid.
    pub limits: Limits,
}

impl Config {
    /// Reads the environment; mistakes are collected there.
    pub fn from_env(env: &mut Env) -> Self {
        let origins = env.string("ALLOWED_ORIGINS", DEVELOPMENT_ORIGINS);
        Self {
            address: env.addr("ADDR", ":8081"),
            nats_url: env.string("NATS_URL", "nats://localhost:4222"),
            database: DbConfig {
                host: env.string("DB_HOST", "localhost"),
                port: env.in_range("DB_PORT", 5432, 1..=u16::MAX),
                name: env.string("DB_NAME", "microcloud"),
                user: env.string("DB_USER", "microcloud"),
                password: env.secret("DB_PASSWORD", "microcloud").expose().to_owned(),
                application: "orchestrator".to_owned(),
                max_connections: MAX_CONNECTIONS,
                acquire_timeout: ACQUIRE_TIMEOUT,
                give_up_after: None,
            },
            dashboard: PathBuf::from(env.string("DASHBOARD_DIR", "ui-dashboard/out")),
            allowed_origins: allowed_origins(env, &origins),
            limits: Limits {
                action_ttl: Duration::from_secs(env.in_range("ACTION_TTL_S", 900, 1..=86_400)),
                command_ttl: Duration::from_secs(env.in_range("COMMAND_TTL_S", 60, 1..=3_600)),
            },
        }
    }
}

fn allowed_origins(env: &mut Env, list: &str) -> Arc<[String]> {
    let origins: Vec<String> =
        list.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(ToOwned::to_owned).collect();
    if origins.iter().any(|origin| !is_origin(origin)) {
        env.mistake(
            "ALLOWED_ORIGINS",
            "write origins like http://localhost:3000, separated by commas; no paths, no *",
        );
    }
    Arc::from(origins)
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '?', '#', '@', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        let mut env = Env::from_pairs::<&str, &str>([]);
        let config = Config::from_env(&mut env);
        env.finish().unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:8081");
        assert_eq!(config.limits.action_ttl, Duration::from_secs(900));
        assert_eq!(config.limits.command_ttl, Duration::from_secs(60));
        assert_eq!(config.allowed_origins.len(), 2);
    }

    #[test]
    fn every_mistake_is_named() {
        let pairs = [
            ("ADDR", "somewhere"),
            ("DB_PORT", "0"),
            ("ALLOWED_ORIGINS", "*"),
            ("ACTION_TTL_S", "0"),
            ("COMMAND_TTL_S", "soon"),
        ];
        let mut env = Env::from_pairs(pairs);
        Config::from_env(&mut env);
        let text = env.finish().unwrap_err().to_string();
        for (name, _) in pairs {
            assert!(text.contains(name), "{name} in {text}");
        }
    }

    #[test]
    fn help_and_configuration_know_the_same_variables() {
        for variable in VARIABLES {
            let mut env = Env::from_pairs([(variable.name, variable.default)]);
            Config::from_env(&mut env);
            env.finish().unwrap_or_else(|error| panic!("{}: {error}", variable.name));
        }
    }
}
