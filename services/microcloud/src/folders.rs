//! Folders of the repository that commands read, wherever the program is started.

use std::path::{Path, PathBuf};

use catalogue::{ScenarioError, Scenarios};

use crate::output::Failure;

/// A folder of the repository, looked for here and upwards from the program (`target/release` lies two below the root).
pub(crate) fn beside(programs: &Path, folder: &str) -> Option<PathBuf> {
    let here = PathBuf::from(folder);
    let upwards = programs.ancestors().map(|ancestor| ancestor.join(folder));
    std::iter::once(here).chain(upwards).find(|candidate| candidate.is_dir())
}

/// The scenario folder: the given one, or the usual one.
pub(crate) fn scenarios(given: Option<&Path>) -> Result<Scenarios, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::because("find my own program", &error))?;
    let usual = || beside(program.parent().unwrap_or(&program), "scenarios");
    let folder = given.map(Path::to_path_buf).or_else(usual).unwrap_or_else(|| PathBuf::from("scenarios"));
    Scenarios::open(&folder, None).map_err(|error| Failure::Usage(format!("{error}: --scenarios DIR")))
}

/// The scenarios of these names or files; without any, all that ship.
pub(crate) fn named_or_all(
    names: &[String],
    given: Option<&Path>,
) -> Result<Vec<std::sync::Arc<sim::Scenario>>, Failure> {
    if names.is_empty() {
        return scenarios(given)?.names().iter().map(|name| scenario(name, given)).collect();
    }
    names.iter().map(|name| scenario(name, given)).collect()
}

/// The scenario of a name, or in a file: what has a slash or an extension is a path.
pub(crate) fn scenario(
    name_or_path: &str,
    given: Option<&Path>,
) -> Result<std::sync::Arc<sim::Scenario>, Failure> {
    let path = Path::new(name_or_path);
    let loaded = if path.components().count() > 1 || path.extension().is_some() {
        catalogue::load_file(path, scenarios(given).ok().as_ref())
    } else {
        scenarios(given)?.load(name_or_path)
    };
    loaded.map_err(|error| match error {
        ScenarioError::Broken { name, problems } => {
            Failure::Failed(format!("scenario {name:?} cannot be loaded:\n{problems}"))
        }
        other => Failure::Usage(other.to_string()),
    })
}
