//! A child process with a log file, a deadline for stopping, and the promise to die with its parent.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{OnceLock, mpsc},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{process::Child, runtime::Handle};

/// How much of the end of a log file goes into an error message.
const LOG_TAIL_BYTES: u64 = 4096;

/// How long a dropped child may take to die of SIGKILL before it is left to the kernel.
const DROP_PATIENCE: Duration = Duration::from_secs(2);

/// Spawns that may wait for the spawning thread; each takes about a millisecond.
const SPAWN_QUEUE: usize = 16;

/// What to run.
#[derive(Debug, Clone)]
pub struct ProcessSpec {
    /// Name for messages, for example `sim-engine`.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables added to those of this process.
    pub env: Vec<(OsString, OsString)>,
    /// Environment variables of this process that the child must not see.
    pub env_remove: Vec<OsString>,
    /// Working directory; this process' own when None.
    pub current_dir: Option<PathBuf>,
    /// File that standard output and standard error are appended to; this process' own when None.
    pub log_file: Option<PathBuf>,
    /// User to run as; only root may ask for one.
    pub user: Option<String>,
}

impl ProcessSpec {
    /// Runs `program` without arguments, writing where this process writes.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            env_remove: Vec::new(),
            current_dir: None,
            log_file: None,
            user: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sends the output to a file, appending.
    #[must_use]
    pub fn log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.log_file = Some(path.into());
        self
    }

    /// The command line as it is really run: through `setpriv` where there is one, for the death signal and the user.
    fn command(&self) -> std::process::Command {
        let mut command = if setpriv_exists() {
            let mut command = std::process::Command::new("setpriv");
            command.args(["--pdeathsig", "KILL"]);
            if let Some(user) = &self.user {
                command.args(["--reuid", user, "--regid", user, "--init-groups"]);
            }
            command.arg("--").arg(&self.program);
            command
        } else {
            std::process::Command::new(&self.program)
        };
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        for name in &self.env_remove {
            command.env_remove(name);
        }
        if let Some(dir) = &self.current_dir {
            command.current_dir(dir);
        }
        // Its own group: Ctrl-C in a terminal reaches the parent only, which then stops its children in order.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::null());
        command
    }
}

/// Why a process could not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The log file cannot be opened.
    #[error(
        "cannot write the log file {path} of {name}: check that its directory may be written and that the disk is not full"
    )]
    Log {
        /// The process.
        name: String,
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The program cannot be run.
    #[error("cannot run {program} as {name}: check that it exists and may be executed")]
    Spawn {
        /// The process.
        name: String,
        /// The program.
        program: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// Its end cannot be waited for.
    #[error("cannot wait for {name}")]
    Wait {
        /// The process.
        name: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

/// How a process ended when it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// By itself, within the deadline.
    InTime(ExitStatus),
    /// It had to be killed.
    Killed(ExitStatus),
}

/// A running child process. It is killed when this value is dropped, and when this process dies.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    pid: u32,
    log_file: Option<PathBuf>,
}

impl Process {
    /// Starts it. Must be called within a tokio runtime.
    pub async fn spawn(spec: &ProcessSpec) -> Result<Self, ProcessError> {
        if spec.program.components().count() > 1 && !spec.program.is_file() {
            // Behind setpriv the missing file would only show as an exit code.
            return Err(ProcessError::Spawn {
                name: spec.name.clone(),
                program: spec.program.clone(),
                source: io::ErrorKind::NotFound.into(),
            });
        }
        let mut command = spec.command();
        if let Some(path) = &spec.log_file {
            let (out, err) = open_log(path).map_err(|source| ProcessError::Log {
                name: spec.name.clone(),
                path: path.clone(),
                source,
            })?;
            command.stdout(out).stderr(err);
        }
        let child = spawn_on_lasting_thread(command).await.map_err(|source| ProcessError::Spawn {
            name: spec.name.clone(),
            program: spec.program.clone(),
            source,
        })?;
        let pid = child.id().unwrap_or_default();
        Ok(Self { name: spec.name.clone(), child, pid, log_file: spec.log_file.clone() })
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its exit status if it has ended.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>, ProcessError> {
        self.child.try_wait().map_err(|source| ProcessError::Wait { name: self.name.clone(), source })
    }

    /// Waits until it ends. May be cancelled and called again.
    pub async fn wait(&mut self) -> Result<ExitStatus, ProcessError> {
        self.child.wait().await.map_err(|source| ProcessError::Wait { name: self.name.clone(), source })
    }

    /// Asks it to end with SIGTERM, and kills it after the deadline.
    pub async fn stop(&mut self, deadline: Duration) -> Result<Stopped, ProcessError> {
        self.stop_with(Signal::TERM, deadline).await
    }

    pub(crate) async fn stop_with(
        &mut self,
        signal: Signal,
        deadline: Duration,
    ) -> Result<Stopped, ProcessError> {
        self.signal(signal);
        // A stopped (SIGSTOP) process would never see the request.
        self.signal(Signal::CONT);
        match tokio::time::timeout(deadline, self.wait()).await {
            Ok(status) => Ok(Stopped::InTime(status?)),
            Err(_elapsed) => Ok(Stopped::Killed(self.kill().await?)),
        }
    }

    /// Ends it with SIGKILL and waits until it is gone.
    pub async fn kill(&mut self) -> Result<ExitStatus, ProcessError> {
        self.signal(Signal::KILL);
        self.wait().await
    }

    /// Freezes it (SIGSTOP), as an overloaded or paged-out machine would.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it run on after [`Process::freeze`].
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// The last lines it wrote, for an error message; empty without a log file.
    pub fn log_tail(&self) -> String {
        self.log_file.as_deref().map(log_tail).unwrap_or_default()
    }

    /// Sends a signal unless it has ended: its id may belong to somebody else then.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.child.id().is_none() {
            return;
        }
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // An error means that it has just ended, which is what every caller finds out by waiting.
            kill_process(pid, signal).ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // Whoever owns the directory it writes to removes it next: wait until it can write no more.
        let patience = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && patience.elapsed() < DROP_PATIENCE {
            std::thread::yield_now();
        }
    }
}

/// The end of a log file, at most 4 KiB.
pub fn log_tail(path: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error| format!("({} cannot be read: {error})", path.display()))
}

fn open_log(path: &Path) -> io::Result<(File, File)> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let out = OpenOptions::new().create(true).append(true).open(path)?;
    let err = out.try_clone()?;
    Ok((out, err))
}

fn setpriv_exists() -> bool {
    static EXISTS: OnceLock<bool> = OnceLock::new();
    *EXISTS.get_or_init(|| {
        cfg!(target_os = "linux")
            && std::process::Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "true"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
    })
}

type SpawnRequest = (std::process::Command, Handle, tokio::sync::oneshot::Sender<io::Result<Child>>);

/// Linux sends the parent-death signal when the *thread* that forked ends, and a runtime's threads come and go. So one
/// thread, which lives as long as this process, does all the forking.
async fn spawn_on_lasting_thread(command: std::process::Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<mpsc::SyncSender<SpawnRequest>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (requests, queue) = mpsc::sync_channel::<SpawnRequest>(SPAWN_QUEUE);
        std::thread::spawn(move || {
            for (command, runtime, answer) in queue {
                let _entered = runtime.enter();
                let child = tokio::process::Command::from(command).spawn();
                // Whoever asked is gone: the child is of no use to anybody, and dropping kills nothing by itself.
                if let Err(Ok(mut orphan)) = answer.send(child) {
                    orphan.start_kill().ok();
                }
            }
        });
        requests
    });
    let (answer, child) = tokio::sync::oneshot::channel();
    spawner
        .try_send((command, Handle::current(), answer))
        .map_err(|_full| io::Error::other("too many processes are being started at once"))?;
    child.await.map_err(|_gone| io::Error::other("the thread that starts processes is gone"))?
}

/// Refuses to start a server that would soon find its disk full.
pub(crate) fn check_free_space(
    server: &'static str,
    path: &Path,
    needed_mib: u64,
) -> Result<(), crate::StartError> {
    let stat = rustix::fs::statvfs(path).map_err(|source| crate::StartError::Directory {
        server,
        operation: "look at",
        path: path.to_owned(),
        source: source.into(),
    })?;
    let free_mib = stat.f_bavail.saturating_mul(stat.f_frsize) / (1024 * 1024);
    if free_mib < needed_mib {
        return Err(crate::StartError::DiskFull { server, path: path.to_owned(), free_mib, needed_mib });
    }
    Ok(())
}
