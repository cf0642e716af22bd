//! What signal-service reads from its environment.

use std::net::SocketAddr;
use std::time::Duration;

use ::service::config::{Env, Variable};
use store::{DbConfig, Keep};

/// Hours of simulated time that telemetry is kept by default.
const RETENTION_H: u64 = 48;
/// Hours of simulated time that roll-ups by minute are kept by default: a week.
const MINUTES_RETENTION_H: u64 = 168;
/// Hours of simulated time that roll-ups by hour are kept by default: 90 days.
const HOURS_RETENTION_H: u64 = 2_160;
/// A century: more than a simulation at 1000 × real time covers in a month.
const LONGEST_RETENTION_H: u64 = 876_000;

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
    Variable {
        name: "METRICS_RETENTION_H",
        default: "48",
        what: "hours of simulated time that telemetry is kept",
    },
    Variable {
        name: "METRICS_1M_RETENTION_H",
        default: "168",
        what: "hours of simulated time that its roll-ups by minute are kept",
    },
    Variable {
        name: "METRICS_1H_RETENTION_H",
        default: "2160",
        what: "hours of simulated time that its roll-ups by hour are kept",
    },
];

/// The configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) nats_url: String,
    pub(crate) database: DbConfig,
    pub(crate) health_addr: Option<SocketAddr>,
    pub(crate) keep: Keep,
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
            application: "signal-service".to_owned(),
            ..DbConfig::default()
        };
        Self {
            nats_url: env.string("NATS_URL", "nats://localhost:4222"),
            database,
            health_addr: env.optional_addr("HEALTH_ADDR"),
            keep: Keep {
                rows: hours(env, "METRICS_RETENTION_H", RETENTION_H),
                minutes: hours(env, "METRICS_1M_RETENTION_H", MINUTES_RETENTION_H),
                hours: hours(env, "METRICS_1H_RETENTION_H", HOURS_RETENTION_H),
            },
        }
    }
}

fn hours(env: &mut Env, name: &'static str, default: u64) -> Duration {
    Duration::from_secs(env.in_range(name, default, 1..=LONGEST_RETENTION_H) * 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_named() {
        let mut env =
            Env::from_pairs([("DB_PORT", "0"), ("HEALTH_ADDR", "x"), ("METRICS_1M_RETENTION_H", "-1")]);
        Config::read(&mut env);
        let told = env.finish().unwrap_err().to_string();
        for name in ["DB_PORT", "HEALTH_ADDR", "METRICS_1M_RETENTION_H"] {
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
        for (kept, name) in [
            (config.keep.rows, "METRICS_RETENTION_H"),
            (config.keep.minutes, "METRICS_1M_RETENTION_H"),
            (config.keep.hours, "METRICS_1H_RETENTION_H"),
        ] {
            assert_eq!((kept.as_secs() / 3_600).to_string(), default(name));
        }
        assert_eq!(config.health_addr, None);
    }
}
