//! The scenario folder: which scenarios there are, and loading one. The only place that reads files for the simulation;
//! the model itself is handed their text.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sim::scenario::{LoadError, Scenario, ScenarioSource};

/// Largest file that is read: a trace of a year in five-minute steps is 4 MiB, and would not fit in the journal.
const MAX_FILE_BYTES: u64 = 768 * 1024;
/// Most scenarios that are listed.
const MAX_SCENARIOS: usize = 500;
/// The scenario whose sample trace `TRAFFIC_TRACE` replaces.
pub const TRACE_SCENARIO: &str = "trace_replay";

/// The scenarios below one folder.
#[derive(Debug, Clone)]
pub struct Scenarios {
    root: PathBuf,
    /// Replaces the trace of [`TRACE_SCENARIO`].
    trace: Option<Trace>,
}

#[derive(Debug, Clone)]
struct Trace {
    path: PathBuf,
    text: String,
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// There is no scenario of this name.
    #[error("there is no scenario {name:?}; there are: {}", list_of(there_are))]
    NotFound {
        /// The name.
        name: String,
        /// The names there are.
        there_are: Vec<String>,
    },
    /// Its files have mistakes.
    #[error("scenario {name:?} cannot be loaded: {problems}")]
    Broken {
        /// Its name.
        name: String,
        /// The mistakes, with file and line.
        problems: LoadError,
    },
    /// The folder cannot be read.
    #[error("scenario folder {} cannot be read: name the folder with the scenario files", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file that was named is no file of a scenario.
    #[error("{} is no scenario file: name a readable file <name>.yaml, its name made of letters, digits, '_' and '-'", path.display())]
    File {
        /// What was named.
        path: PathBuf,
    },
    /// The trace that replaces the sample cannot be read.
    #[error("trace {} cannot be read: name a readable CSV file of at most {MAX_FILE_BYTES} bytes", path.display())]
    Trace {
        /// Its path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The trace that replaces the sample has mistakes.
    #[error(
        "trace {} cannot replace the sample of {TRACE_SCENARIO:?}; its lines, under the name of the sample: {problems}",
        path.display()
    )]
    TraceUnfit {
        /// Its path.
        path: PathBuf,
        /// The mistakes, with line.
        problems: LoadError,
    },
}

fn list_of(names: &[String]) -> String {
    if names.is_empty() {
        "none (is this the folder with the scenario files?)".to_owned()
    } else {
        names.join(", ")
    }
}

impl Scenarios {
    /// Opens the folder, and reads the trace that replaces the sample of `trace_replay`. A trace that does not fit is an error
    /// with its line now, rather than when somebody switches to it.
    pub fn open(folder: &Path, trace: Option<&Path>) -> Result<Self, ScenarioError> {
        let root = folder
            .canonicalize()
            .map_err(|source| ScenarioError::Folder { path: folder.to_owned(), source })?;
        let trace = match trace {
            None => None,
            Some(path) => {
                let failed = |source| ScenarioError::Trace { path: path.to_owned(), source };
                Some(Trace { path: path.to_owned(), text: read_bounded(path).map_err(failed)? })
            }
        };
        let scenarios = Self { root, trace };
        if let Some(trace) = &scenarios.trace {
            scenarios.load(TRACE_SCENARIO).map_err(|error| match error {
                ScenarioError::Broken { name: _, problems } => {
                    ScenarioError::TraceUnfit { path: trace.path.clone(), problems }
                }
                other => other,
            })?;
        }
        Ok(scenarios)
    }

    /// Names of the scenarios there are, broken ones included, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(folder = %self.root.display(), %error, "scenario folder cannot be listed");
                return Vec::new();
            }
        };
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.is_file() && path.extension().is_some_and(|ext| ext == "yaml"))
            .filter_map(|path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned))
            .filter(|name| is_name(name))
            .take(MAX_SCENARIOS)
            .collect();
        names.sort();
        names
    }

    /// Loads one scenario with all its files.
    pub fn load(&self, name: &str) -> Result<Arc<Scenario>, ScenarioError> {
        if !is_name(name) || !self.root.join(format!("{name}.yaml")).is_file() {
            return Err(ScenarioError::NotFound { name: name.to_owned(), there_are: self.names() });
        }
        let source =
            Folder { root: &self.root, trace: self.trace.as_ref().filter(|_| name == TRACE_SCENARIO) };
        load_from(name, &source)
    }

    /// Every scenario that loads; one that does not is logged and left out.
    pub fn load_all(&self) -> Vec<Arc<Scenario>> {
        let load = |name: String| match self.load(&name) {
            Ok(scenario) => Some(scenario),
            Err(error) => {
                tracing::warn!(scenario = name, %error, "scenario is broken and not listed");
                None
            }
        };
        self.names().into_iter().filter_map(load).collect()
    }
}

/// Loads the scenario in a file anywhere. What it refers to is looked for below the file's folder, then among the shipped
/// files, so that a scenario of one's own can use a shipped topology.
///
/// # Errors
/// When there is no such file, or it has mistakes.
pub fn load_file(path: &Path, shipped: Option<&Scenarios>) -> Result<Arc<Scenario>, ScenarioError> {
    let no_file = || ScenarioError::File { path: path.to_owned() };
    let file = path.canonicalize().map_err(|_| no_file())?;
    let name = file.file_stem().and_then(|stem| stem.to_str()).filter(|name| is_name(name));
    let is_yaml = file.extension().is_some_and(|extension| extension == "yaml");
    let (Some(name), Some(root), true) = (name, file.parent(), is_yaml) else { return Err(no_file()) };
    let own = Folder { root, trace: None };
    let shipped = shipped.map(|scenarios| Folder { root: &scenarios.root, trace: None });
    load_from(name, &Either { own, shipped })
}

fn load_from(name: &str, source: &dyn ScenarioSource) -> Result<Arc<Scenario>, ScenarioError> {
    sim::scenario::load(name, source)
        .map_err(|problems| ScenarioError::Broken { name: name.to_owned(), problems })
}

/// A folder of one's own, and the shipped one for what is not in it.
struct Either<'a> {
    own: Folder<'a>,
    shipped: Option<Folder<'a>>,
}

impl ScenarioSource for Either<'_> {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        match &self.shipped {
            Some(shipped) if !self.own.root.join(relative_path).exists() => shipped.read(relative_path),
            _ => self.own.read(relative_path),
        }
    }
}

/// Whether a text can name a scenario: a plain file stem, nothing that could leave the folder.
pub fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

struct Folder<'a> {
    root: &'a Path,
    trace: Option<&'a Trace>,
}

impl ScenarioSource for Folder<'_> {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        let path = Path::new(relative_path);
        if let (Some(trace), Some("csv")) = (self.trace, path.extension().and_then(|ext| ext.to_str())) {
            tracing::debug!(file = relative_path, with = %trace.path.display(), "a trace of one's own replaces the sample");
            return Ok(trace.text.clone());
        }
        let escapes =
            || format!("{relative_path} is outside the scenario folder: use a path below it, without `..`");
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(escapes());
        }
        // A symbolic link may still point outside, so the resolved path counts.
        let resolved =
            self.root.join(path).canonicalize().map_err(|error| format!("{relative_path}: {error}"))?;
        if !resolved.starts_with(self.root) {
            return Err(escapes());
        }
        read_bounded(&resolved).map_err(|error| format!("{relative_path}: {error}"))
    }
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    let bytes = std::fs::metadata(path)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!(
            "the file has {bytes} bytes, {MAX_FILE_BYTES} are allowed: shorten it"
        )));
    }
    std::fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenarios() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("scenarios");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret.yaml"), "secret").unwrap();
        std::fs::write(root.join("inside.yaml"), "inside").unwrap();
        std::os::unix::fs::symlink("../secret.yaml", root.join("link.yaml")).unwrap();
        let root = root.canonicalize().unwrap();
        (folder, root)
    }

    #[test]
    fn no_path_leaves_the_folder() {
        let (_folder, root) = scenarios();
        let source = Folder { root: &root, trace: None };
        assert_eq!(source.read("inside.yaml").unwrap(), "inside");
        for path in ["../secret.yaml", "/etc/passwd", "x/../../secret.yaml", "link.yaml", "."] {
            let error = source.read(path).unwrap_err();
            assert!(error.contains("outside the scenario folder"), "{path}: {error}");
        }
    }

    #[test]
    fn a_name_is_no_path() {
        let (_folder, root) = scenarios();
        let scenarios = Scenarios::open(&root, None).unwrap();
        for name in ["", "../secret", "/etc/passwd", "a/b", "nope"] {
            assert!(matches!(scenarios.load(name), Err(ScenarioError::NotFound { .. })), "{name}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_with_the_limit() {
        let (_folder, root) = scenarios();
        std::fs::write(root.join("large.csv"), vec![b'x'; MAX_FILE_BYTES as usize + 1]).unwrap();
        let error = Folder { root: &root, trace: None }.read("large.csv").unwrap_err();
        assert!(error.contains("786432 are allowed"), "{error}");
    }

    #[test]
    fn a_trace_of_ones_own_replaces_the_sample() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("mine.csv");
        std::fs::write(&trace, "timestamp,value\n2014-04-10 00:04:00,94\n2014-04-10 00:09:00,56\n").unwrap();
        let scenarios = Scenarios::open(&root, Some(&trace)).unwrap();
        let sources = &scenarios.load(TRACE_SCENARIO).unwrap().sources;
        assert!(
            sources.values().any(|text| text.contains("04:00,94")),
            "the journal keeps the trace that ran"
        );
    }
}
