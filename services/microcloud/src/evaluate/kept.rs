//! Episodes that were played, a line each, so that an interrupted evaluation goes on where it was.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use eval::benchmark::Row;
use serde::{Deserialize, Serialize};
use sim::Scenario;

use crate::output::Failure;

/// Name of the file.
const FILE: &str = "episodes.jsonl";

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// What was played, by whom: another agent, model or scenario is another episode.
    key: String,
    row: Row,
}

/// The episodes in a folder.
pub(crate) struct Kept {
    agent: String,
    path: PathBuf,
    rows: BTreeMap<(String, u64), Row>,
    file: Mutex<Result<File, std::io::Error>>,
}

impl Kept {
    /// Opens the folder, which is made when it is not there. A line that cannot be read, as the last of one that was killed, is
    /// passed over.
    pub(crate) fn open(folder: &Path, agent: &str) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let failed =
            |error: &dyn std::error::Error| Failure::because(&format!("open {}", path.display()), error);
        fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(&error)),
        };
        let lines: Vec<Line> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let mut file =
            File::options().create(true).append(true).open(&path).map_err(|error| failed(&error))?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(|error| failed(&error))?;
        }
        let rows = lines.into_iter().map(|line| ((line.key, line.row.seed), line.row)).collect();
        Ok(Self { agent: agent.to_owned(), path, rows, file: Mutex::new(Ok(file)) })
    }

    /// The row of an episode that was played before.
    pub(crate) fn row(&self, scenario: &Scenario, seed: u64) -> Option<Row> {
        self.rows.get(&(self.key(scenario), seed)).cloned()
    }

    /// Keeps a row, unless it is kept already.
    pub(crate) fn keep(&self, row: &Row, scenarios: &[Arc<Scenario>]) {
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.name == row.scenario) else { return };
        let key = self.key(scenario);
        if self.rows.contains_key(&(key.clone(), row.seed)) {
            return;
        }
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let written = file.as_mut().map(|file| {
            let line = serde_json::to_string(&Line { key, row: row.clone() })?;
            // One write a line: a killed process leaves whole lines and at most one torn one.
            file.write_all(format!("{line}\n").as_bytes())
        });
        if let Ok(Err(error)) = written {
            *file = Err(error);
        }
    }

    /// Whether every row could be kept.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*file {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::because(&format!("write {}", self.path.display()), error)),
        }
    }

    fn key(&self, scenario: &Scenario) -> String {
        let mut hasher = DefaultHasher::new();
        (sim::MODEL_VERSION, env!("CARGO_PKG_VERSION"), &self.agent, &scenario.sources).hash(&mut hasher);
        format!("{} {:016x} {}", scenario.name, hasher.finish(), self.agent)
    }
}
