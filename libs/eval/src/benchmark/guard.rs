//! Whether a player became worse than a committed report says, beyond what another seed could do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::row::Row;
use crate::noise::{Fall, moments};

/// A scenario's score falls by at least this much before anything is said: with few seeds all of which went alike, the spread between them
/// says little.
const LEAST_FALL: f64 = 15.0;

/// The part of `report.json` that later reports are held against.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reference {
    /// Its episodes.
    pub rows: Vec<Row>,
}

impl Reference {
    /// What is worse in these episodes, a sentence each. Only scenarios that were played are compared.
    ///
    /// - The score is worse when its mean over some seeds lies three standard deviations below that of the reference: `3 s √(1/k + 1/n)` for `k` seeds against `n`, with the standard
    ///   deviation `s` between the seeds of the reference.
    /// - That of one scenario likewise, and by at least 15 points.
    /// - An episode is worse that went worse than with nobody acting, and did not in the reference with the same seed.
    pub fn worse(&self, rows: &[Row]) -> Vec<String> {
        let names: BTreeSet<&str> = rows.iter().map(|row| row.scenario.as_str()).collect();
        let before: Vec<&Row> =
            self.rows.iter().filter(|row| names.contains(row.scenario.as_str())).collect();
        let known: BTreeSet<&str> = before.iter().map(|row| row.scenario.as_str()).collect();
        let now: Vec<&Row> = rows.iter().filter(|row| known.contains(row.scenario.as_str())).collect();
        let mut worse: Vec<String> = names
            .difference(&known)
            .map(|name| format!("{name} is not in the reference: make a new one"))
            .collect();
        worse.extend(fell("the score", &before, &now, 0.0));
        for name in known {
            worse.extend(fell(name, &of(name, &before), &of(name, &now), LEAST_FALL));
        }
        let harmed: BTreeSet<(&str, u64)> = before
            .iter()
            .filter(|row| row.is_worse_than_nothing())
            .map(|row| (row.scenario.as_str(), row.seed))
            .collect();
        let harms = now.iter().filter(|row| row.is_worse_than_nothing());
        worse.extend(harms.filter(|row| !harmed.contains(&(row.scenario.as_str(), row.seed))).map(|row| {
            format!("{} with seed {} went worse than with nobody acting", row.scenario, row.seed)
        }));
        worse
    }
}

fn fell(what: &str, before: &[&Row], now: &[&Row], least: f64) -> Option<String> {
    let Fall { usual, mean, noise } = Fall::between(&by_seed(before), &by_seed(now), least)?;
    Some(format!(
        "{what} fell from {usual:.1} to {mean:.1}; the noise of the seeds explains {noise:.1} of it"
    ))
}

fn of<'a>(scenario: &str, rows: &[&'a Row]) -> Vec<&'a Row> {
    rows.iter().copied().filter(|row| row.scenario == scenario).collect()
}

/// Mean scores, by seed.
fn by_seed(rows: &[&Row]) -> Vec<f64> {
    let mut seeds: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for row in rows {
        if let Some(score) = row.score {
            seeds.entry(row.seed).or_default().push(score);
        }
    }
    seeds.into_values().map(|scores| moments(&scores).0).collect()
}
