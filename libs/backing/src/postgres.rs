//! PostgreSQL as a child process.

mod account;
mod cluster;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tempfile::TempDir;

use self::account::Account;
use crate::{
    StartError, find, port,
    process::{Process, ProcessSpec, Stopped, check_free_space, log_tail},
};

const SERVER: &str = "PostgreSQL";

/// Crash recovery replays the log since the last checkpoint; seconds are usual, a minute is a big database.
const READY_DEADLINE: Duration = Duration::from_secs(90);
const READY_POLL: Duration = Duration::from_millis(20);

/// A fast shutdown writes a checkpoint.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// After kill -9 the sessions take a moment to notice that their server is gone, and to free its port and shared memory.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(10);

const PORT_TRIES: usize = 5;
const MIN_FREE_MIB: u64 = 512;
const MIN_FREE_MIB_EPHEMERAL: u64 = 128;

/// How to run PostgreSQL.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Directory for the data and the log; a temporary one, removed afterwards, when None.
    pub home: Option<PathBuf>,
    /// Port on 127.0.0.1; a free one when None.
    pub port: Option<u16>,
    /// Log file; `postgres.log` in the home directory when None.
    pub log_file: Option<PathBuf>,
    /// Database that is created with the data directory.
    pub dbname: String,
    /// Its owner; may create roles, is no superuser.
    pub user: String,
    /// The owner's password, and that of the superuser `postgres`.
    pub password: String,
    /// Whether a power cut may lose or damage the data. Only for tests: several times faster.
    pub unsafe_but_fast: bool,
}

impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("home", &self.home)
            .field("port", &self.port)
            .field("dbname", &self.dbname)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            home: None,
            port: None,
            log_file: None,
            dbname: "microcloud".to_owned(),
            user: "microcloud".to_owned(),
            password: "microcloud".to_owned(),
            unsafe_but_fast: false,
        }
    }
}

/// A running PostgreSQL. It is ended when this value is dropped, and when this process dies.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    launch: Launch,
    port: u16,
    options: PostgresOptions,
    // Removed after the process, whose field comes first.
    _temporary: Option<TempDir>,
}

/// What stays the same between restarts.
#[derive(Debug)]
struct Launch {
    bin_dir: PathBuf,
    account: Account,
    data: PathBuf,
    log_file: PathBuf,
    unsafe_but_fast: bool,
}

impl Postgres {
    /// Starts it, creating the data directory with database and user the first time, and waits until it takes connections.
    pub async fn start(options: PostgresOptions) -> Result<Self, StartError> {
        cluster::check_options(&options)?;
        let bin_dir = find::postgres()?.path;
        let account = Account::current()?;
        let (home, temporary) = match &options.home {
            Some(home) => (home.clone(), None),
            None => {
                let dir = account.temporary_directory()?;
                (dir.path().to_owned(), Some(dir))
            }
        };
        std::fs::create_dir_all(&home).map_err(directory_error("create", &home))?;
        let needed = if options.unsafe_but_fast { MIN_FREE_MIB_EPHEMERAL } else { MIN_FREE_MIB };
        check_free_space(SERVER, &home, needed)?;
        let home = home.canonicalize().map_err(directory_error("resolve", &home))?;
        let data = account.data_directory(&home)?;
        let log_file = options.log_file.clone().unwrap_or_else(|| home.join("postgres.log"));
        cluster::refuse_second_server(&data)?;
        if options.unsafe_but_fast {
            cluster::create_from_template(&bin_dir, &account, &data, &options).await?;
        } else {
            cluster::create(&bin_dir, &account, &data, &options, &[]).await?;
        }
        let launch = Launch { bin_dir, account, data, log_file, unsafe_but_fast: options.unsafe_but_fast };
        let (process, port) = launch.on_a_port(options.port).await?;
        Ok(Self { process, launch, port, options, _temporary: temporary })
    }

    /// A throw-away server on a free port for a test: a copy of a prepared data directory, without fsync. Database, user and
    /// password are `microcloud`.
    pub async fn ephemeral() -> Result<Self, StartError> {
        Self::start(PostgresOptions { unsafe_but_fast: true, ..PostgresOptions::default() }).await
    }

    /// Connection string of the database's owner.
    pub fn url(&self) -> String {
        self.url_of(&self.options.user)
    }

    /// Connection string of the superuser, for set-up and for tests of privileges.
    pub fn superuser_url(&self) -> String {
        self.url_of("postgres")
    }

    fn url_of(&self, user: &str) -> String {
        let PostgresOptions { dbname, password, .. } = &self.options;
        format!(
            "postgres://{}:{}@127.0.0.1:{}/{}",
            percent_encode(user),
            percent_encode(password),
            self.port,
            percent_encode(dbname)
        )
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The database's name.
    pub fn dbname(&self) -> &str {
        &self.options.dbname
    }

    /// The database's owner.
    pub fn user(&self) -> &str {
        &self.options.user
    }

    /// The owner's password.
    pub fn password(&self) -> &str {
        &self.options.password
    }

    /// The postmaster's process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Where the data is; not below the home directory when root runs this and the server's user cannot reach that.
    pub fn data_directory(&self) -> &Path {
        &self.launch.data
    }

    /// Directory of `psql`, `pg_dump` and the others.
    pub fn bin_dir(&self) -> &Path {
        &self.launch.bin_dir
    }

    /// Its log file.
    pub fn log_file(&self) -> &Path {
        &self.launch.log_file
    }

    /// The child process, for watching its end.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Stops it: fast shutdown, which ends all sessions and writes a checkpoint; SIGKILL after 30 s.
    pub async fn stop(&mut self) -> Result<Stopped, StartError> {
        Ok(self.process.stop_with(Signal::INT, STOP_DEADLINE).await?)
    }

    /// Kills the postmaster with SIGKILL; its sessions end by themselves.
    pub async fn kill(&mut self) -> Result<(), StartError> {
        self.process.kill().await?;
        Ok(())
    }

    /// Starts it again on the same port and data, stopping it first if it still runs.
    pub async fn restart(&mut self) -> Result<(), StartError> {
        if self.process.try_wait()?.is_none() {
            self.stop().await?;
        }
        // Whether it is free at last shows in the next line.
        port::becomes_free(self.port, LEFTOVER_PATIENCE).await;
        let (process, _port) = self.launch.on_a_port(Some(self.port)).await?;
        self.process = process;
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // An immediate shutdown takes the sessions along; SIGKILL of the postmaster would leave them writing for a moment.
        self.process.signal(Signal::QUIT);
        self.process.signal(Signal::CONT);
        let asked = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && asked.elapsed() < Duration::from_secs(2) {
            std::thread::yield_now();
        }
    }
}

impl Launch {
    async fn on_a_port(&self, wanted: Option<u16>) -> Result<(Process, u16), StartError> {
        let mut last_error = StartError::NoFreePort { server: SERVER };
        for _ in 0..PORT_TRIES {
            let port = match wanted {
                Some(port) if port::is_free(port) => port,
                Some(port) => return Err(StartError::PortTaken { server: SERVER, port }),
                None => port::free_port().ok_or(StartError::NoFreePort { server: SERVER })?,
            };
            match self.past_shared_memory(port).await {
                Ok(process) => return Ok((process, port)),
                Err(StartError::Ended { tail, .. })
                    if tail.contains("Address already in use") && wanted.is_none() =>
                {
                    last_error = StartError::PortTaken { server: SERVER, port };
                }
                Err(error) => return Err(error),
            }
        }
        Err(last_error)
    }

    async fn past_shared_memory(&self, port: u16) -> Result<Process, StartError> {
        let first = Instant::now();
        loop {
            // Only what this attempt writes may be judged, not an older attempt's last words.
            let written = std::fs::metadata(&self.log_file).map_or(0, |meta| meta.len());
            match self.launch(port).await {
                Err(StartError::Ended { .. })
                    if self.log_since(written).contains("pre-existing shared memory block")
                        && first.elapsed() < LEFTOVER_PATIENCE =>
                {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn log_since(&self, offset: u64) -> String {
        let bytes = std::fs::read(&self.log_file).unwrap_or_default();
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        String::from_utf8_lossy(&bytes[start..]).into_owned()
    }

    async fn launch(&self, port: u16) -> Result<Process, StartError> {
        cluster::disarm_stale_pid_file(&self.data)?;
        let mut spec = ProcessSpec::new(SERVER, self.bin_dir.join("postgres"))
            .arg("-D")
            .arg(&self.data)
            .args(settings(port, self.unsafe_but_fast))
            .log_file(&self.log_file);
        if self.has_timescale() {
            spec = spec.args(["-c", "shared_preload_libraries=timescaledb"]);
            spec = spec.args(["-c", "timescaledb.telemetry_level=off"]);
        }
        spec.user = self.account.run_as();
        // The server must not depend on where it was started from: its user may not enter that directory.
        spec.current_dir = Some(PathBuf::from("/"));
        let mut process = Process::spawn(&spec).await?;
        let started = Instant::now();
        loop {
            if process.try_wait()?.is_some() {
                let tail = log_tail(&self.log_file);
                return Err(StartError::Ended { server: SERVER, log: self.log_file.clone(), tail });
            }
            if cluster::is_ready(&self.data, process.pid()) {
                tracing::debug!(port, pid = process.pid(), "PostgreSQL is ready");
                return Ok(process);
            }
            if started.elapsed() > READY_DEADLINE {
                return Err(StartError::NotReady {
                    server: SERVER,
                    waited: started.elapsed(),
                    log: self.log_file.clone(),
                    tail: log_tail(&self.log_file),
                });
            }
            tokio::time::sleep(READY_POLL).await;
        }
    }

    /// The extension works only when it is loaded at start.
    fn has_timescale(&self) -> bool {
        ["../lib/timescaledb.so", "../lib/postgresql/timescaledb.so"]
            .iter()
            .any(|library| self.bin_dir.join(library).is_file())
    }
}

/// Settings by command line, so that an older data directory gets them too.
fn settings(port: u16, unsafe_but_fast: bool) -> Vec<String> {
    let port = format!("port={port}");
    let durability: &[&str] = if unsafe_but_fast {
        // Commits still reach the kernel, so that kill -9 of the server loses none.
        &["fsync=off", "synchronous_commit=on", "full_page_writes=off", "shared_buffers=32MB"]
    } else {
        &[
            "fsync=on",
            "synchronous_commit=on",
            "full_page_writes=on",
            "shared_buffers=128MB",
            "max_wal_size=2GB",
        ]
    };
    let common: &[&str] = &[
        "listen_addresses=127.0.0.1",
        // Everything goes through TCP: a socket would need a directory that both users may write.
        "unix_socket_directories=",
        "max_connections=100",
        "timezone=UTC",
        "log_timezone=UTC",
        "log_destination=stderr",
        "logging_collector=off",
        "password_encryption=scram-sha-256",
    ];
    common
        .iter()
        .chain(durability)
        .copied()
        .chain([port.as_str()])
        .flat_map(|setting| ["-c".to_owned(), setting.to_owned()])
        .collect()
}

fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend(
                [byte >> 4, byte & 15].map(|nibble| char::from(b"0123456789ABCDEF"[usize::from(nibble)])),
            );
        }
        out
    })
}

fn directory_error(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> StartError + use<> {
    let path = path.to_owned();
    move |source| StartError::Directory { server: SERVER, operation, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_passwords_survive_the_connection_string() {
        assert_eq!(percent_encode("p@ss/w:rd é"), "p%40ss%2Fw%3Ard%20%C3%A9");
    }

    #[test]
    fn debug_output_has_no_password() {
        let options = PostgresOptions { password: "canary".to_owned(), ..PostgresOptions::default() };
        assert!(!format!("{options:?}").contains("canary"));
    }
}
