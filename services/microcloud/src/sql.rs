//! `microcloud sql`: psql as the read-only role.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::cli::SqlOptions;
use crate::output::Failure;
use crate::stack::Target;

/// Replaces this process by psql, so that its prompt, its signals and its exit code are the user's.
pub(crate) fn run(target: &Target, options: &SqlOptions) -> Result<(), Failure> {
    let database = target.database()?;
    let mut psql = Command::new("psql");
    psql.env("PGPASSWORD", &database.password)
        .env("PGOPTIONS", "-c role=microcloud_reader")
        .args(["--no-psqlrc", "--host", &database.host, "--port", &database.port.to_string()])
        .args(["--username", &database.user, "--dbname", &database.name])
        .args(["--set", "ON_ERROR_STOP=1"]);
    if options.csv {
        psql.arg("--csv");
    }
    if let Some(statement) = &options.statement {
        psql.args(["--command", statement]);
    }
    let error = psql.exec();
    Err(match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::Failed("psql is not installed: apt-get install postgresql-client".to_owned())
        }
        _ => Failure::because("start psql", &error),
    })
}
