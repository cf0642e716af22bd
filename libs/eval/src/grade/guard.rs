//! Whether detectors became worse than a committed reference, beyond what another seed could do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::chance::rate_rose_by_chance;
use super::score::{RunGrade, Score};
use crate::noise::Fall;

/// Chance of three standard deviations on one side of a normal distribution.
const CHANCE: f64 = 0.001_35;

/// The part of `grades.json` that later grades are held against.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reference {
    /// How long its runs went on after the onset, simulated seconds.
    pub after_onset_s: f64,
    /// Its runs.
    pub runs: Vec<RunGrade>,
}

impl Reference {
    /// What is worse in these runs, a sentence each. Only scenarios that were run are compared.
    ///
    /// - F1, and how often the root cause is named, is worse when its mean over some seeds lies three standard deviations below that of the reference: `3 s √(1/k + 1/n)` for `k` seeds
    ///   against `n`, with the standard deviation `s` between the seeds of the reference.
    /// - False incidents on benign runs are worse when so many would come by chance once in 740 times if the rate were still the same.
    pub fn worse(&self, runs: &[RunGrade]) -> Vec<String> {
        let names: BTreeSet<&str> = runs.iter().map(|run| run.scenario.as_str()).collect();
        let before: Vec<&RunGrade> =
            self.runs.iter().filter(|run| names.contains(run.scenario.as_str())).collect();
        let known: BTreeSet<&str> = before.iter().map(|run| run.scenario.as_str()).collect();
        let mut worse: Vec<String> = names
            .difference(&known)
            .map(|name| format!("{name} is not in the reference: make a new one"))
            .collect();
        let now: Vec<&RunGrade> = runs.iter().collect();
        worse.extend(fell("F1", &before, &now, |score| score.f1));
        worse.extend(fell("root cause top-1", &before, &now, |score| score.cause_top1));
        worse.extend(fell("root cause top-3", &before, &now, |score| score.cause_top3));
        worse.extend(alarms_rose(&before, &now));
        worse
    }
}

fn fell(
    measure: &str,
    before: &[&RunGrade],
    now: &[&RunGrade],
    of: fn(&Score) -> Option<f64>,
) -> Option<String> {
    let Fall { usual, mean, noise } = Fall::between(&by_seed(before, of), &by_seed(now, of), 0.0)?;
    Some(format!(
        "{measure} fell from {usual:.4} to {mean:.4}; the noise of the seeds explains {noise:.4} of it"
    ))
}

fn by_seed(runs: &[&RunGrade], of: fn(&Score) -> Option<f64>) -> Vec<f64> {
    let mut seeds: BTreeMap<u64, Vec<&RunGrade>> = BTreeMap::new();
    for run in runs {
        seeds.entry(run.seed).or_default().push(run);
    }
    seeds.into_values().filter_map(|runs| of(&Score::of(runs))).collect()
}

fn alarms_rose(before: &[&RunGrade], now: &[&RunGrade]) -> Option<String> {
    let (before, now) = (Score::of(before.iter().copied()), Score::of(now.iter().copied()));
    let hours = before.benign_hours + now.benign_hours;
    let share = now.benign_hours / hours;
    let chance = rate_rose_by_chance(now.benign_incidents, before.benign_incidents, share);
    (hours > 0.0 && chance < CHANCE).then(|| {
        format!(
            "{} false incidents in {:.1} benign hours against {} in {:.1} before: chance explains it once in {:.0} times",
            now.benign_incidents,
            now.benign_hours,
            before.benign_incidents,
            before.benign_hours,
            1.0 / chance
        )
    })
}
