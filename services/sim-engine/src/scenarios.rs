//! The scenario folder: which scenarios there are, and loading one. The only place that reads files.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sim::scenario::{LoadError, Scenario, ScenarioSource};

/// Largest file that is read: a trace of a year in five-minute steps is 4 MiB, and would not fit in the journal.
const MAX_FILE_BYTES: u64 = 768 * 1024;
/// Most scenarios that are listed.
const MAX_SCENARIOS: usize = 500;
/// The scenario whose sample trace `TRAFFIC_TRACE` replaces.
pub(crate) const TRACE_SCENARIO: &str = "trace_replay";

/// The scenarios below one folder.
#[derive(Debug, Clone)]
pub(crate) struct Scenarios {
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
pub(crate) enum ScenarioError {
    #[error("there is no scenario {name:?}; there are: {}", list_of(there_are))]
    NotFound { name: String, there_are: Vec<String> },
    #[error("scenario {name:?} cannot be loaded: {problems}")]
    Broken { name: String, problems: LoadError },
    #[error("scenario folder {} cannot be read: set SCENARIOS_DIR to the folder with the scenario files", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("TRAFFIC_TRACE {} cannot be read: name a readable CSV file of at most {MAX_FILE_BYTES} bytes", path.display())]
    Trace { path: PathBuf, source: std::io::Error },
    #[error(
        "TRAFFIC_TRACE {} cannot replace the sample of {TRACE_SCENARIO:?}; its lines, under the name of the sample: {problems}",
        path.display()
    )]
    TraceUnfit { path: PathBuf, problems: LoadError },
}

fn list_of(names: &[String]) -> String {
    if names.is_empty() { "none (check SCENARIOS_DIR)".to_owned() } else { names.join(", ") }
}

impl Scenarios {
    /// Opens the folder, and reads the trace that replaces the sample of `trace_replay`. A trace that does not fit is an error
    /// with its line now, rather than when somebody switches to it.
    pub(crate) fn open(folder: &Path, trace: Option<&Path>) -> Result<Self, ScenarioError> {
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
    pub(crate) fn names(&self) -> Vec<String> {
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
    pub(crate) fn load(&self, name: &str) -> Result<Arc<Scenario>, ScenarioError> {
        if !is_name(name) || !self.root.join(format!("{name}.yaml")).is_file() {
            return Err(ScenarioError::NotFound { name: name.to_owned(), there_are: self.names() });
        }
        let source =
            Folder { root: &self.root, trace: self.trace.as_ref().filter(|_| name == TRACE_SCENARIO) };
        sim::scenario::load(name, &source)
            .map_err(|problems| ScenarioError::Broken { name: name.to_owned(), problems })
    }

    /// Every scenario that loads; one that does not is logged and left out.
    pub(crate) fn load_all(&self) -> Vec<Arc<Scenario>> {
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

/// A name is a plain file stem: nothing that could leave the folder.
fn is_name(name: &str) -> bool {
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
            tracing::debug!(file = relative_path, with = %trace.path.display(), "TRAFFIC_TRACE replaces the sample");
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
