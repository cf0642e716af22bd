//! nats-server with JetStream as a child process.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpStream,
};

use crate::{
    StartError, find, port,
    process::{Process, ProcessSpec, Stopped, log_tail},
};

const SERVER: &str = "nats-server";

/// Recovery of a full store reads it from disk; a small one is there in 0.1 s.
const READY_DEADLINE: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(20);

/// nats-server closes connections and syncs its store on SIGTERM; half a second is usual.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// Somebody may take a free port between choosing and listening.
const PORT_TRIES: usize = 5;

/// JetStream refuses all writes at a full disk: say so before it starts.
const MIN_FREE_MIB: u64 = 256;

/// How to run nats-server. The default is a throw-away server on a free port.
#[derive(Debug, Clone, Default)]
pub struct NatsOptions {
    /// Directory for the store, the configuration file and the log; a temporary one, removed afterwards, when None.
    pub home: Option<PathBuf>,
    /// Port on 127.0.0.1; a free one when None.
    pub port: Option<u16>,
    /// Log file; `nats-server.log` in the home directory when None.
    pub log_file: Option<PathBuf>,
    /// The program; found by [`find::nats_server`] when None.
    pub program: Option<PathBuf>,
    /// More lines for the configuration file, for example accounts and permissions.
    pub extra_config: String,
}

/// A running nats-server. It is killed when this value is dropped, and when this process dies.
#[derive(Debug)]
pub struct NatsServer {
    process: Process,
    program: PathBuf,
    home: PathBuf,
    log_file: PathBuf,
    port: u16,
    extra_config: String,
    // Removed after the process, whose field comes first.
    _temporary: Option<TempDir>,
}

impl NatsServer {
    /// Starts it and waits until it answers with JetStream enabled.
    pub async fn start(options: NatsOptions) -> Result<Self, StartError> {
        let program = match options.program {
            Some(program) => program,
            None => find::nats_server()?.path,
        };
        let (home, temporary) = match options.home {
            Some(home) => (home, None),
            None => {
                let dir = tempfile::Builder::new()
                    .prefix("microcloud-nats-")
                    .tempdir()
                    .map_err(directory_error("create a directory in", &std::env::temp_dir()))?;
                (dir.path().to_owned(), Some(dir))
            }
        };
        std::fs::create_dir_all(home.join("jetstream")).map_err(directory_error("create", &home))?;
        crate::process::check_free_space(SERVER, &home, MIN_FREE_MIB)?;
        // A relative path would depend on the working directory of whoever reads the configuration.
        let home = home.canonicalize().map_err(directory_error("resolve", &home))?;
        let log_file = options.log_file.unwrap_or_else(|| home.join("nats-server.log"));

        let mut last_error = StartError::NoFreePort { server: SERVER };
        for _ in 0..PORT_TRIES {
            let port = match options.port {
                Some(port) if port::is_free(port) => port,
                Some(port) => return Err(StartError::PortTaken { server: SERVER, port }),
                None => port::free_port().ok_or(StartError::NoFreePort { server: SERVER })?,
            };
            match launch(&program, &home, &log_file, port, &options.extra_config).await {
                Ok(process) => {
                    let extra_config = options.extra_config;
                    return Ok(Self {
                        process,
                        program,
                        home,
                        log_file,
                        port,
                        extra_config,
                        _temporary: temporary,
                    });
                }
                Err(StartError::Ended { tail, .. })
                    if tail.contains("address already in use") && options.port.is_none() =>
                {
                    last_error = StartError::PortTaken { server: SERVER, port };
                }
                Err(error) => return Err(error),
            }
        }
        Err(last_error)
    }

    /// A throw-away server on a free port, for a test.
    pub async fn ephemeral() -> Result<Self, StartError> {
        Self::start(NatsOptions::default()).await
    }

    /// Its address for clients.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Where it keeps its store.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Its log file.
    pub fn log_file(&self) -> &Path {
        &self.log_file
    }

    /// The child process, for watching its end.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Stops it gracefully: SIGTERM, and SIGKILL after 10 s.
    pub async fn stop(&mut self) -> Result<Stopped, StartError> {
        Ok(self.process.stop(STOP_DEADLINE).await?)
    }

    /// Kills it with SIGKILL.
    pub async fn kill(&mut self) -> Result<(), StartError> {
        self.process.kill().await?;
        Ok(())
    }

    /// Freezes it with SIGSTOP.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it run on after [`NatsServer::freeze`].
    pub fn thaw(&self) {
        self.process.thaw();
    }

    /// Starts it again on the same port and store, stopping it first if it still runs.
    pub async fn restart(&mut self) -> Result<(), StartError> {
        if self.process.try_wait()?.is_none() {
            self.stop().await?;
        }
        if !port::is_free(self.port) {
            return Err(StartError::PortTaken { server: SERVER, port: self.port });
        }
        self.process =
            launch(&self.program, &self.home, &self.log_file, self.port, &self.extra_config).await?;
        Ok(())
    }
}

async fn launch(
    program: &Path,
    home: &Path,
    log_file: &Path,
    port: u16,
    extra_config: &str,
) -> Result<Process, StartError> {
    let config_file = home.join("nats-server.conf");
    let server_name = format!("microcloud-{port}");
    std::fs::write(&config_file, config(home, port, &server_name, extra_config))
        .map_err(directory_error("write", &config_file))?;
    let spec = ProcessSpec::new(SERVER, program).arg("--config").arg(&config_file).log_file(log_file);
    let mut process = Process::spawn(&spec).await?;
    let started = Instant::now();
    loop {
        if process.try_wait()?.is_some() {
            return Err(StartError::Ended {
                server: SERVER,
                log: log_file.to_owned(),
                tail: log_tail(log_file),
            });
        }
        if answers(port, &server_name).await {
            tracing::debug!(port, pid = process.pid(), "nats-server is ready");
            return Ok(process);
        }
        if started.elapsed() > READY_DEADLINE {
            return Err(StartError::NotReady {
                server: SERVER,
                waited: started.elapsed(),
                log: log_file.to_owned(),
                tail: log_tail(log_file),
            });
        }
        tokio::time::sleep(READY_POLL).await;
    }
}

/// Every setting that matters is written out, so that a newer server's defaults change nothing.
fn config(home: &Path, port: u16, server_name: &str, extra: &str) -> String {
    let store = serde_json::Value::from(home.join("jetstream").to_string_lossy());
    format!(
        r#"# Written by microcloud at every start; changes are lost.
server_name: "{server_name}"
host: "127.0.0.1"
port: {port}
max_payload: 1MB
max_connections: 1024
max_pending: 64MB
write_deadline: "10s"
ping_interval: "20s"
ping_max: 2
jetstream {{
  store_dir: {store}
  max_memory_store: 256MB
  max_file_store: 16GB
  # The default syncs every two minutes: a power cut would take acknowledged incidents and actions with it.
  sync_interval: always
}}
{extra}
"#
    )
}

/// Whether *our* server greets on the port, with JetStream enabled.
async fn answers(port: u16, server_name: &str) -> bool {
    let greeting = async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.ok()?;
        let info: serde_json::Value = serde_json::from_str(line.strip_prefix("INFO ")?).ok()?;
        Some(info["server_name"] == server_name && info["jetstream"] == true)
    };
    tokio::time::timeout(Duration::from_secs(1), greeting).await.ok().flatten().unwrap_or(false)
}

fn directory_error(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> StartError + use<> {
    let path = path.to_owned();
    move |source| StartError::Directory { server: SERVER, operation, path, source }
}
