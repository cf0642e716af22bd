//! A stack of its own for a test: `microcloud up` in a temporary home, on free ports, gone at the end.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Generous: two cores may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A running `microcloud up`. Dropping it stops everything and checks that nothing is left.
pub(crate) struct Stack {
    up: Child,
    home: tempfile::TempDir,
    pub(crate) url: String,
}

/// How a stack is started.
pub(crate) struct Builder {
    arguments: Vec<String>,
}

impl Builder {
    pub(crate) fn with_speed(self, speed: f64) -> Self {
        self.with_arguments(&["--speed", &speed.to_string()])
    }

    pub(crate) fn with_arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(ToString::to_string));
        self
    }

    pub(crate) fn start(self) -> Stack {
        let ports = free_ports().to_string();
        self.with_arguments(&["--port-base", &ports]).start_on_given_ports()
    }

    /// Starts without choosing ports: the arguments have.
    pub(crate) fn start_on_given_ports(self) -> Stack {
        let home = tempfile::tempdir().unwrap();
        let mut up = microcloud(home.path())
            .arg("up")
            .args(["--dashboard", home.path().to_str().unwrap()])
            .args(&self.arguments)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(home.path().join("up.stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
        let url = loop {
            let Some(line) = lines.next() else {
                let said = std::fs::read_to_string(home.path().join("up.stderr")).unwrap_or_default();
                panic!("`microcloud up` ended before it was ready: {said}");
            };
            if let Some(url) = line.unwrap().strip_prefix("microcloud ready: ") {
                break url.to_owned();
            }
        };
        // Whatever it prints later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Stack { up, home, url }
    }
}

impl Stack {
    pub(crate) fn builder() -> Builder {
        Builder { arguments: Vec::new() }
    }

    /// A folder that goes with the stack.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs a command of the program against this stack.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        microcloud(self.home.path()).env("MICROCLOUD_OPERATOR", "ana").args(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "microcloud {} said: {}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr),
            self.last_logs()
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// Runs one SQL statement as the reader; rows of text fields.
    pub(crate) fn sql(&self, statement: &str) -> Vec<Vec<String>> {
        let text = self.ok(&["sql", "--csv", statement]);
        text.lines().skip(1).map(|line| line.split(',').map(ToOwned::to_owned).collect()).collect()
    }

    /// The single number that a statement returns.
    pub(crate) fn count(&self, statement: &str) -> i64 {
        self.sql(statement)[0][0].parse().unwrap()
    }

    /// Waits until `look` returns something.
    pub(crate) fn eventually<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}{}", self.last_logs());
            wait();
        }
    }

    /// Actions that wait for a decision, as JSON.
    pub(crate) fn pending(&self) -> Vec<Value> {
        self.try_json(&["actions", "list"]).and_then(|list| list.as_array().cloned()).unwrap_or_default()
    }

    /// Open incidents, as JSON.
    pub(crate) fn open_incidents(&self) -> Option<Vec<Value>> {
        self.try_json(&["incidents", "--open"]).and_then(|list| list.as_array().cloned())
    }

    /// Like `json`, for moments at which a service may be down.
    pub(crate) fn try_json(&self, arguments: &[&str]) -> Option<Value> {
        let output = self.run(&[arguments, &["--json"]].concat());
        output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
    }

    /// Process id of a child of `up`, by the program's name.
    pub(crate) fn pid_of(&self, name: &str) -> u32 {
        self.eventually(&format!("{name} runs"), |stack| {
            stack.children().into_iter().find(|(_, child)| child == name)
        })
        .0
    }

    /// SIGKILL, as the out-of-memory killer would.
    pub(crate) fn kill(&self, name: &str) {
        let pid = self.pid_of(name).to_string();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        self.eventually(&format!("{name} is started again"), |stack| {
            stack.children().into_iter().find(|(child, program)| program == name && child.to_string() != pid)
        });
    }

    /// Waits until every service says that it is ready.
    pub(crate) fn healthy(&self) {
        self.eventually("every service is well", |stack| {
            stack.run(&["status"]).status.success().then_some(())
        });
    }

    fn children(&self) -> Vec<(u32, String)> {
        children_of(self.up.id())
    }

    fn last_logs(&self) -> String {
        let mut text = String::new();
        let logs = std::fs::read_dir(self.home.path().join("stack/logs")).into_iter().flatten().flatten();
        for log in logs {
            let content = std::fs::read_to_string(log.path()).unwrap_or_default();
            let lines: Vec<_> = content.lines().collect();
            text.push_str(&format!(
                "\n--- {}\n{}",
                log.path().display(),
                lines[lines.len().saturating_sub(15)..].join("\n")
            ));
        }
        text
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let children: Vec<_> = self.children();
        let _sent = Command::new("kill").args(["-TERM", &self.up.id().to_string()]).status();
        let _exit = self.up.wait();
        if !std::thread::panicking() {
            let left: Vec<_> =
                children.iter().filter(|(pid, name)| program_of(*pid).as_deref() == Some(name)).collect();
            assert!(left.is_empty(), "`up` ended and left {left:?} running");
        }
    }
}

/// The program under test, with its home.
pub(crate) fn microcloud(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_microcloud"));
    command.arg("--home").arg(home.join("stack")).current_dir(repository());
    command.env_remove("NATS_URL").env_remove("DB_HOST").env_remove("MICROCLOUD_URL");
    command
}

/// Root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Polling is the only way to see another process change.
#[allow(clippy::disallowed_methods)]
pub(crate) fn wait() {
    std::thread::sleep(LOOK_AGAIN);
}

/// First of the six ports that a stack wants, free a moment ago.
pub(crate) fn free_ports() -> u16 {
    backing::free_ports(6).expect("six free ports")
}

fn children_of(parent: u32) -> Vec<(u32, String)> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent))
        .filter_map(|pid| Some((pid, program_of(pid)?)))
        .collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn program_of(pid: u32) -> Option<String> {
    Some(std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}
