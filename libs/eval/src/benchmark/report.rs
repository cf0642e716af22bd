//! Everything that is told about a player, in one object.

use std::collections::BTreeMap;

use serde::Serialize;
use sim::rng;

use super::row::Row;

/// Name and version of the object. Keys are only added within a version.
const SCHEMA: &str = "microcloud.benchmark/1";
/// Resamples behind an interval.
const RESAMPLES: usize = 2_000;
/// Chance that the score lies outside the interval, on either side.
const MISSES: f64 = 0.025;

/// A player's report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name and version of this object.
    pub schema: &'static str,
    /// Version of the simulation's model.
    pub model_version: u32,
    /// Who played.
    pub agent: String,
    /// Every scenario was played with the seeds 1 to this.
    pub seeds: u64,
    /// How the player stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// The same by family of scenarios.
    pub families: Vec<ScenarioScore>,
    /// The same by scenario.
    pub scenarios: Vec<ScenarioScore>,
    /// Every episode, in order of scenario and seed.
    pub rows: Vec<Row>,
}

/// A range in which the score would lie 19 times in 20 with other seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How a player stands over some episodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// 0 to 100: the mean of the scenarios in which something is to be earned, times the restraint in the others. `None` when in
    /// none of these episodes anything is to be earned.
    pub score: Option<f64>,
    /// What other seeds would do to it.
    pub interval: Option<Interval>,
    /// What is left, where nothing is to be earned, of what there is to lose; 0 to 1. `None` when something is to be earned everywhere.
    pub restraint: Option<f64>,
    /// Episodes.
    pub episodes: usize,
    /// Episodes in which an objective is broken when nobody acts, and held for good when the best is done.
    pub troubled: usize,
    /// Share of those in which the trouble is over for good, %.
    pub mitigated_pct: Option<f64>,
    /// Median time from the onset to the first incident, s.
    pub detect_s: Option<f64>,
    /// Share of the episodes with a root cause in which it is the first suspect, %.
    pub cause_top1_pct: Option<f64>,
    /// Median time from the onset until the trouble is over for good, where it is, s.
    pub mitigate_s: Option<f64>,
    /// Minutes in which an objective was broken, mean over the episodes.
    pub slo_minutes: f64,
    /// The same when nobody acts.
    pub slo_minutes_nothing: f64,
    /// The same when the best is done.
    pub slo_minutes_oracle: f64,
    /// Requests lost or slow because of the player, as a share of all, %.
    pub harm_pct: f64,
    /// Episodes that ended worse for users than with nobody acting.
    pub worse_than_nothing: usize,
    /// What was lost beyond what the best would have cost, mean over the episodes, minutes.
    pub regret_minutes: f64,
    /// Cores that were paid for beyond those that are when nobody acts, %.
    pub extra_cost_pct: f64,
    /// Actions that took effect, mean over the episodes.
    pub actions: f64,
    /// Episodes in which the player gave up.
    pub gave_up: usize,
}

/// How a player stands in a part of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioScore {
    /// Scenario or family.
    pub name: String,
    /// How it stands there.
    #[serde(flatten)]
    pub standing: Standing,
}

impl Report {
    /// The report of rows in order of scenario and seed.
    pub fn new(agent: &str, seeds: u64, rows: Vec<Row>) -> Self {
        let all: Vec<&Row> = rows.iter().collect();
        Self {
            schema: SCHEMA,
            model_version: sim::MODEL_VERSION,
            agent: agent.to_owned(),
            seeds,
            standing: Standing::of(&all),
            families: by(&rows, |row| &row.family),
            scenarios: by(&rows, |row| &row.scenario),
            rows,
        }
    }
}

fn by(rows: &[Row], name: fn(&Row) -> &String) -> Vec<ScenarioScore> {
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(name(row)).or_default().push(row);
    }
    let score = |(name, rows): (&str, Vec<&Row>)| ScenarioScore {
        name: name.to_owned(),
        standing: Standing::of(&rows),
    };
    groups.into_iter().map(score).collect()
}

impl Standing {
    fn of(rows: &[&Row]) -> Self {
        let mean = |of: &dyn Fn(&Row) -> f64| mean(rows.iter().map(|row| of(row)));
        let total = |of: &dyn Fn(&Row) -> f64| rows.iter().map(|row| of(row)).sum::<f64>();
        let troubled: Vec<&&Row> = rows.iter().filter(|row| row.is_troubled()).collect();
        let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64 * 100.0);
        let mitigated: Vec<&&&Row> = troubled.iter().filter(|row| row.is_mitigated()).collect();
        let caused: Vec<&&Row> = rows.iter().filter(|row| row.difficulty > 0).collect();
        let first = caused.iter().filter(|row| row.cause_rank == Some(1)).count();
        Self {
            score: score(rows),
            interval: interval(rows),
            restraint: restraint(rows),
            episodes: rows.len(),
            troubled: troubled.len(),
            mitigated_pct: share(mitigated.len(), troubled.len()),
            detect_s: median(troubled.iter().filter_map(|row| row.detect_s)),
            cause_top1_pct: share(first, caused.len()),
            mitigate_s: median(mitigated.iter().filter_map(|row| row.mitigate_s)),
            slo_minutes: mean(&|row| row.slo_minutes),
            slo_minutes_nothing: mean(&|row| row.slo_minutes_nothing),
            slo_minutes_oracle: mean(&|row| row.slo_minutes_oracle),
            harm_pct: total(&|row| row.harm) / total(&|row| row.requests).max(1.0) * 100.0,
            worse_than_nothing: rows.iter().filter(|row| row.is_worse_than_nothing()).count(),
            regret_minutes: mean(&|row| row.regret_minutes),
            extra_cost_pct: (total(&|row| row.core_hours)
                / total(&|row| row.core_hours_nothing).max(f64::MIN_POSITIVE)
                - 1.0)
                * 100.0,
            actions: mean(&|row| f64::from(row.actions)),
            gave_up: rows.iter().filter(|row| row.gave_up.is_some()).count(),
        }
    }
}

/// Every scenario counts the same, whatever the number of its episodes.
fn score(rows: &[&Row]) -> Option<f64> {
    let mut scenarios: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows {
        if let Some(score) = row.score {
            scenarios.entry(&row.scenario).or_default().push(score);
        }
    }
    let earned = mean(scenarios.values().map(|scores| mean(scores.iter().copied())));
    (!scenarios.is_empty()).then(|| earned * restraint(rows).unwrap_or(1.0))
}

fn restraint(rows: &[&Row]) -> Option<f64> {
    let kept: Vec<f64> = rows.iter().filter_map(|row| row.restraint()).collect();
    (!kept.is_empty()).then(|| mean(kept.into_iter()))
}

/// Percentile bootstrap (Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13): the seeds of every scenario are
/// drawn again, with replacement. `None` with fewer than two seeds, which say nothing about others.
fn interval(rows: &[&Row]) -> Option<Interval> {
    let mut scenarios: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        scenarios.entry(&row.scenario).or_default().push(row);
    }
    if scenarios.values().any(|rows| rows.len() < 2) {
        return None;
    }
    let key = rng::key(0, rng::Purpose::Resample);
    let mut scores: Vec<f64> = (0..RESAMPLES)
        .filter_map(|resample| {
            let mut place = 0;
            let mut draw = |of: usize| {
                place += 1;
                rng::block(key, place, resample as u64)[0] as usize % of
            };
            let drawn: Vec<&Row> = scenarios
                .values()
                .flat_map(|rows| rows.iter().map(|_| rows[draw(rows.len())]).collect::<Vec<_>>())
                .collect();
            score(&drawn)
        })
        .collect();
    scores.sort_by(f64::total_cmp);
    let at = |share: f64| scores.get((share * scores.len() as f64) as usize).or(scores.last()).copied();
    Some(Interval { low: at(MISSES)?, high: at(1.0 - MISSES)? })
}

/// Mean; 0 of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length.is_multiple_of(2) => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}
