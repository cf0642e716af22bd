//! The body of a recording: texts once, numbers short, everything checked when it is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::{Act, Command};
use crate::envelope::{self, Kind};
use crate::fault::{FaultId, FaultSpec};
use crate::scenario::{self, Scenario};

use super::{
    Change, Digest, Logged, MAX_LOG, MAX_SCENARIOS, MAX_TICKS, Origin, Recording, RecordingError, samples_in,
    shortened,
};

#[derive(Serialize, Deserialize)]
struct Body {
    recorded_by: String,
    /// Text of every file that some scenario was read from.
    texts: Vec<String>,
    /// The scenario at the start, then those that were switched to.
    scenarios: Vec<ScenarioFiles>,
    seed: u64,
    ticks: u64,
    log: Vec<Entry>,
    origin: Option<Origin>,
    trail: Vec<Digest>,
    hash: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct ScenarioFiles {
    name: String,
    /// Index into the texts, by path.
    files: BTreeMap<String, u32>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// Ticks since the entry before.
    after: u64,
    what: What,
}

#[derive(Serialize, Deserialize)]
enum What {
    /// Index into the scenarios.
    SetScenario(u32),
    InjectFault(FaultSpec),
    ClearFault(FaultId),
    Act(Act),
    Reseed(u64),
    SetChaos(f64),
}

pub(super) fn write(recording: &Recording) -> Vec<u8> {
    let Recording { recorded_by, scenario, seed, ticks, log, origin, trail, hash } = recording;
    let mut library = Library::default();
    library.keep(scenario);
    let mut before = 0;
    let entries = log.iter().map(|Logged { tick, change }| {
        let after = tick.saturating_sub(before);
        before = *tick;
        let what = match change {
            Change::Command(Command::SetScenario(scenario)) => What::SetScenario(library.keep(scenario)),
            Change::Command(Command::InjectFault(spec)) => What::InjectFault(spec.clone()),
            Change::Command(Command::ClearFault(id)) => What::ClearFault(id.clone()),
            Change::Command(Command::Act(act)) => What::Act(act.clone()),
            Change::Command(Command::SetChaos(level)) => What::SetChaos(*level),
            Change::Reseed(seed) => What::Reseed(*seed),
        };
        Entry { after, what }
    });
    let log = entries.collect();
    let body = Body {
        recorded_by: recorded_by.clone(),
        log,
        texts: library.texts,
        scenarios: library.scenarios,
        seed: *seed,
        ticks: *ticks,
        origin: *origin,
        trail: trail.clone(),
        hash: *hash,
    };
    envelope::seal(Kind::Recording, &body)
}

/// Scenarios and texts, each once.
#[derive(Default)]
struct Library {
    texts: Vec<String>,
    scenarios: Vec<ScenarioFiles>,
}

impl Library {
    fn keep(&mut self, scenario: &Scenario) -> u32 {
        let files =
            scenario.sources.iter().map(|(path, text)| (path.clone(), self.keep_text(text))).collect();
        let kept = ScenarioFiles { name: scenario.name.clone(), files };
        let known = self.scenarios.iter().position(|one| one.name == kept.name && one.files == kept.files);
        known.unwrap_or_else(|| {
            self.scenarios.push(kept);
            self.scenarios.len() - 1
        }) as u32
    }

    fn keep_text(&mut self, text: &str) -> u32 {
        let known = self.texts.iter().position(|one| one == text);
        known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        }) as u32
    }
}

fn contradiction(what: impl Into<String>) -> RecordingError {
    RecordingError::Contradiction { what: what.into() }
}

pub(super) fn read(bytes: &[u8]) -> Result<Recording, RecordingError> {
    let Body { recorded_by, texts, scenarios, seed, ticks, log, origin, trail, hash } =
        envelope::open(Kind::Recording, bytes)?;
    if ticks > MAX_TICKS {
        return Err(contradiction(format!("it has {ticks} ticks, more than {MAX_TICKS}")));
    }
    if log.len() > MAX_LOG {
        return Err(contradiction(format!("it has {} commands, more than {MAX_LOG}", log.len())));
    }
    if scenarios.len() > MAX_SCENARIOS {
        return Err(contradiction(format!(
            "it has {} scenarios, more than {MAX_SCENARIOS}",
            scenarios.len()
        )));
    }
    if trail.len() as u64 != samples_in(ticks) {
        return Err(contradiction(format!("it has {ticks} ticks but digests of {} samples", trail.len())));
    }
    if trail.last().is_some_and(|last| *last != shortened(hash)) {
        return Err(contradiction("its hash is not that of its last sample"));
    }
    if origin.is_some_and(|origin| origin.tick > ticks) {
        return Err(contradiction("it branched off after its end"));
    }
    let scenarios = scenarios.into_iter().map(|files| load(files, &texts)).collect::<Result<Vec<_>, _>>()?;
    let scenario = scenarios.first().cloned().ok_or_else(|| contradiction("it has no scenario"))?;
    let mut tick = 0_u64;
    let mut changes = Vec::with_capacity(log.len());
    for Entry { after, what } in log {
        tick = tick.saturating_add(after);
        if tick > ticks {
            return Err(contradiction(format!(
                "a command is for tick {tick}, after its end at tick {ticks}"
            )));
        }
        changes.push(Logged { tick, change: change(what, &scenarios)? });
    }
    Ok(Recording { recorded_by, scenario, seed, ticks, log: changes, origin, trail, hash })
}

fn load(scenario: ScenarioFiles, texts: &[String]) -> Result<Arc<Scenario>, RecordingError> {
    let ScenarioFiles { name, files } = scenario;
    let text = |index: u32| texts.get(index as usize).cloned();
    let files: Option<BTreeMap<String, String>> =
        files.into_iter().map(|(path, index)| Some((path, text(index)?))).collect();
    let files = files.ok_or_else(|| contradiction(format!("a file of scenario {name:?} is missing")))?;
    scenario::load(&name, &files).map_err(|source| RecordingError::Scenario { name, source })
}

fn change(what: What, scenarios: &[Arc<Scenario>]) -> Result<Change, RecordingError> {
    Ok(Change::Command(match what {
        What::Reseed(seed) => return Ok(Change::Reseed(seed)),
        What::SetScenario(index) => {
            let scenario = scenarios.get(index as usize);
            Command::SetScenario(scenario.cloned().ok_or_else(|| contradiction("a scenario is missing"))?)
        }
        What::InjectFault(spec) => Command::InjectFault(spec),
        What::ClearFault(id) => Command::ClearFault(id),
        What::Act(act) => Command::Act(act),
        What::SetChaos(level) => Command::SetChaos(level),
    }))
}
