//! What agent-service reads from its environment.

use std::net::SocketAddr;

use ::service::config::{Env, Variable};
use store::DbConfig;

/// Every variable, for `--help`.
pub(crate) const VARIABLES: &[Variable] = &[
    Variable { name: "NATS_URL", default: "nats://localhost:4222", what: "NATS server with JetStream" },
    Variable { name: "DB_HOST", default: "localhost", what: "PostgreSQL host" },
    Variable { name: "DB_PORT", default: "5432", what: "PostgreSQL port" },
    Variable { name: "DB_NAME", default: "microcloud", what: "database" },
    Variable { name: "DB_USER", default: "microcloud", what: "database user" },
    Variable { name: "DB_PASSWORD", default: "microcloud", what: "password of the database user" },
    Variable {
        name: "HEALTH_ADDR",
        default: "",
        what: "where /health, /livez, /readyz and /metrics listen; unset: nowhere",
    },
];

/// The configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) nats_url: String,
    pub(crate) database: DbConfig,
    pub(crate) health_addr: Option<SocketAddr>,
}

impl Config {
    /// Reads it; mistakes are collected in `env`.
    pub(crate) fn read(env: &mut Env) -> Self {
        let database = DbConfig {
            host: env.string("DB_HOST", "localhost"),
            port: env.in_range("DB_PORT", 5_432, 1..=u16::MAX),
            name: env.string("DB_NAME", "microcloud"),
            user: env.string("DB_USER", "microcloud"),
            password: env.secret("DB_PASSWORD", "microcloud").expose().to_owned(),
            application: "agent-service".to_owned(),
            ..DbConfig::default()
        };
        Self {
            nats_url: env.string("NATS_URL", "nats://localhost:4222"),
            database,
            health_addr: env.optional_addr("HEALTH_ADDR"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_named() {
        let mut env = Env::from_pairs([("DB_PORT", "0"), ("HEALTH_ADDR", "x")]);
        Config::read(&mut env);
        let told = env.finish().unwrap_err().to_string();
        for name in ["DB_PORT", "HEALTH_ADDR"] {
            assert!(told.contains(name), "{told}");
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_help() {
        let mut env = Env::from_pairs::<&str, &str>([]);
        let config = Config::read(&mut env);
        env.finish().unwrap();
        let default = |name: &str| VARIABLES.iter().find(|variable| variable.name == name).unwrap().default;
        assert_eq!(config.nats_url, default("NATS_URL"));
        assert_eq!(config.database.port.to_string(), default("DB_PORT"));
        assert_eq!(config.health_addr, None);
    }
}
