//! `microcloud scenario list` and `check`: the files themselves, with no server.

use std::path::{Path, PathBuf};

use catalogue::ScenarioError;
use serde_json::json;
use sim::Scenario;
use sim::scenario::FAMILIES;

use crate::folders;
use crate::output::{self, Failure};

/// Every scenario that there is; one with mistakes is told on standard error and left out.
pub(crate) fn list(given: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let scenarios = folders::scenarios(given)?;
    let mut loaded = Vec::new();
    for name in scenarios.names() {
        match scenarios.load(&name) {
            Ok(scenario) => loaded.push(scenario),
            Err(error) => output::progress(error),
        }
    }
    if as_json {
        let summary = |scenario: &Scenario| {
            json!({
                "name": scenario.name,
                "family": scenario.family,
                "difficulty": scenario.truth.difficulty,
                "description": scenario.description,
                "duration_s": scenario.duration_s,
            })
        };
        return output::json(&loaded.iter().map(|scenario| summary(scenario)).collect::<Vec<_>>());
    }
    // Families that do not ship come last.
    let rank = |family: &str| FAMILIES.iter().position(|known| *known == family).unwrap_or(FAMILIES.len());
    loaded.sort_by_key(|one| (rank(&one.family), one.family.clone(), one.truth.difficulty, one.name.clone()));
    let difficulty = |scenario: &Scenario| match scenario.truth.difficulty {
        0 => "–".to_owned(),
        difficulty => difficulty.to_string(),
    };
    let rows = loaded.iter().map(|scenario| {
        let Scenario { name, family, description, .. } = &**scenario;
        vec![name.clone(), family.clone(), difficulty(scenario), description.clone()]
    });
    output::table(&["NAME", "FAMILY", "DIFFICULTY", "DESCRIPTION"], rows.collect());
    Ok(())
}

/// Reads scenario files as a run would, and tells every mistake with file and line.
pub(crate) fn check(files: &[PathBuf], given: Option<&Path>) -> Result<(), Failure> {
    let shipped = folders::scenarios(given).ok();
    let mut wrong = 0;
    for file in files {
        match catalogue::load_file(file, shipped.as_ref()) {
            Ok(scenario) => {
                let Scenario { topology, timeline, .. } = &*scenario;
                output::line(format!(
                    "{}: no mistakes; {} services on {} nodes, {} entries in its timeline",
                    file.display(),
                    topology.services.len(),
                    topology.nodes.len(),
                    timeline.len()
                ));
            }
            Err(ScenarioError::Broken { problems, .. }) => {
                wrong += 1;
                output::line(problems);
            }
            Err(other) => return Err(Failure::Usage(other.to_string())),
        }
    }
    match wrong {
        0 => Ok(()),
        1 => Err(Failure::Failed("1 file has mistakes".to_owned())),
        _ => Err(Failure::Failed(format!("{wrong} files have mistakes"))),
    }
}
