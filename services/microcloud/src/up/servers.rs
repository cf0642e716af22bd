//! nats-server and PostgreSQL: ours as children, or the ones that the environment names.

use std::path::Path;

use backing::{NatsOptions, NatsServer, Postgres, PostgresOptions, StartError};

use super::plan::Ports;
use crate::output::{self, Failure};
use crate::stack::{Database, database_from_environment};

pub(super) struct Servers {
    nats: Option<NatsServer>,
    nats_url: String,
    postgres: Option<Postgres>,
    database: Database,
}

impl Servers {
    pub(super) async fn start(home: &Path, ports: &Ports) -> Result<Self, Failure> {
        let (nats, nats_url) = match std::env::var("NATS_URL") {
            Ok(url) => (None, url),
            Err(_) => {
                output::progress(format!("up: starting nats-server on port {}", ports.nats));
                let server = NatsServer::start(NatsOptions {
                    home: Some(home.join("nats")),
                    port: Some(ports.nats),
                    log_file: Some(home.join("logs/nats-server.log")),
                    ..NatsOptions::default()
                });
                let server = server.await.map_err(|error| Failure::because("start nats-server", &error))?;
                let url = server.url();
                (Some(server), url)
            }
        };
        let (postgres, database) = match database_from_environment()? {
            Some(database) => (None, database),
            None => {
                output::progress(format!("up: starting PostgreSQL on port {}", ports.postgres));
                let server = Postgres::start(PostgresOptions {
                    home: Some(home.join("postgres")),
                    port: Some(ports.postgres),
                    log_file: Some(home.join("logs/postgres.log")),
                    ..PostgresOptions::default()
                });
                let server = server.await.map_err(|error| Failure::because("start PostgreSQL", &error))?;
                let database = Database {
                    host: "127.0.0.1".to_owned(),
                    port: server.port(),
                    name: server.dbname().to_owned(),
                    user: server.user().to_owned(),
                    password: server.password().to_owned(),
                };
                (Some(server), database)
            }
        };
        Ok(Self { nats, nats_url, postgres, database })
    }

    pub(super) fn nats_url(&self) -> &str {
        &self.nats_url
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Starts a server of ours again, on its port and data, if it has ended. Failing to is fatal: the services cannot go on.
    pub(super) async fn revive(&mut self) -> Result<(), Failure> {
        if let Some(nats) = &mut self.nats
            && ended(nats.process())
        {
            output::progress("up: nats-server ended, starting it again");
            nats.restart().await.map_err(|error| again("nats-server", &error))?;
        }
        if let Some(postgres) = &mut self.postgres
            && ended(postgres.process())
        {
            output::progress("up: PostgreSQL ended, starting it again");
            postgres.restart().await.map_err(|error| again("PostgreSQL", &error))?;
        }
        Ok(())
    }

    pub(super) async fn stop(&mut self) {
        if let Some(postgres) = &mut self.postgres {
            report("PostgreSQL", postgres.stop().await.err());
        }
        if let Some(nats) = &mut self.nats {
            report("nats-server", nats.stop().await.err());
        }
    }
}

fn ended(process: &mut backing::process::Process) -> bool {
    !matches!(process.try_wait(), Ok(None))
}

fn again(name: &str, error: &StartError) -> Failure {
    Failure::because(&format!("start {name} again"), error)
}

fn report(name: &str, error: Option<StartError>) {
    if let Some(error) = error {
        output::progress(format!("up: {}", Failure::because(&format!("stop {name}"), &error)));
    }
}
