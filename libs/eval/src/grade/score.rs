//! Numbers from judged runs: precision, recall, time to detect, false incidents a day.

use serde::{Deserialize, Serialize};

use super::chance::poisson_upper;

/// Simulated seconds in a day.
const DAY_S: f64 = 86_400.0;
/// Chance that the true rate of false incidents lies above its bound.
const BOUND_MISSES: f64 = 0.05;

/// A run as it counts. Times are simulated seconds since its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunGrade {
    /// Scenario.
    pub scenario: String,
    /// Its family.
    pub family: String,
    /// 1 to 5; 0 when nothing is wrong.
    pub difficulty: u8,
    /// Seed.
    pub seed: u64,
    /// Simulated length, s.
    pub length_s: f64,
    /// When the trouble begins; `None` when nothing is wrong.
    pub onset_s: Option<f64>,
    /// When an objective is first seen to be broken; `None` when none is.
    pub broken_s: Option<f64>,
    /// When the first true incident opened.
    pub found_s: Option<f64>,
    /// Incidents that are true.
    #[serde(rename = "true")]
    pub true_incidents: u32,
    /// Those of them that are about a service out of reach of the fault, which is let down all the same.
    pub collateral: u32,
    /// Incidents that are false.
    #[serde(rename = "false")]
    pub false_incidents: u32,
    /// Incidents by a detector that had one about the same target before.
    pub repeats: u32,
    /// What belongs to them; `None` when incidents are not taken in groups, as for a single rule.
    pub group: Option<Grouped>,
}

/// What belongs to the incidents of a run, and where they are said to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grouped {
    /// Incidents that were put down to others; only those others are counted as incidents.
    pub symptoms: u32,
    /// Where the root cause stands among the suspects, from 1, a minute after the lead opened; `None` when it is not among them.
    pub cause_rank_after_1m: Option<u32>,
    /// The same at the end of the run.
    pub cause_rank_at_end: Option<u32>,
}

impl RunGrade {
    /// From the onset to the first true incident, s.
    pub fn time_to_detect_s(&self) -> Option<f64> {
        Some(self.found_s? - self.onset_s?)
    }

    /// Whether there is something that a detector has to find: a fault that breaks an objective.
    pub fn counts(&self) -> bool {
        self.broken_s.is_some()
    }

    fn is_benign(&self) -> bool {
        self.onset_s.is_none()
    }
}

/// How good a detector is over some runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Runs with a fault that breaks an objective.
    pub faults: usize,
    /// Those with a true incident.
    pub found: usize,
    /// Incidents that are true, in all runs.
    pub true_incidents: u64,
    /// Those of them that are about a service out of reach of the fault, which is let down all the same.
    pub collateral: u64,
    /// Incidents that are false, in all runs.
    pub false_incidents: u64,
    /// Incidents by a detector that had one about the same target before.
    pub repeats: u64,
    /// Incidents in a run in which something is wrong, symptoms not counted, on average; `None` without such runs.
    pub incidents_per_fault: Option<f64>,
    /// Incidents that were put down to one of those, per fault that counts.
    pub symptoms_per_fault: Option<f64>,
    /// Share of faults whose root cause is the first suspect a minute after the incident opened.
    pub cause_top1: Option<f64>,
    /// Share of faults whose root cause is among the first three then.
    pub cause_top3: Option<f64>,
    /// The first suspect at the end of the run.
    pub cause_top1_at_end: Option<f64>,
    /// The first three at the end of the run.
    pub cause_top3_at_end: Option<f64>,
    /// Share of incidents that are true; `None` without incidents.
    pub precision: Option<f64>,
    /// Share of faults that were found; `None` without faults.
    pub recall: Option<f64>,
    /// Harmonic mean of the two; 0 when nothing was found.
    pub f1: Option<f64>,
    /// Half of what was found was found within this time from the onset, simulated s.
    pub time_to_detect_median_s: Option<f64>,
    /// Nineteen of twenty, likewise.
    pub time_to_detect_p95_s: Option<f64>,
    /// Simulated hours of benign runs.
    pub benign_hours: f64,
    /// Incidents in them: all false.
    pub benign_incidents: u64,
    /// The same per simulated day; `None` without benign runs.
    pub false_per_day: Option<f64>,
    /// Upper bound of that rate with 95 % confidence, by the Poisson distribution.
    pub false_per_day_at_most: Option<f64>,
}

impl Score {
    /// The score over these runs.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a RunGrade>) -> Self {
        let runs: Vec<&RunGrade> = runs.into_iter().collect();
        let count = |of: fn(&RunGrade) -> u32| runs.iter().map(|run| u64::from(of(run))).sum::<u64>();
        let faults: Vec<&&RunGrade> = runs.iter().filter(|run| run.counts()).collect();
        let mut times: Vec<f64> = faults.iter().filter_map(|run| run.time_to_detect_s()).collect();
        times.sort_by(f64::total_cmp);
        let (true_incidents, false_incidents) =
            (count(|run| run.true_incidents), count(|run| run.false_incidents));
        let wrong = runs.iter().filter(|run| !run.is_benign());
        let in_faults: u32 = wrong.clone().map(|run| run.true_incidents + run.false_incidents).sum();
        let grouped = || faults.iter().filter_map(|run| run.group);
        let symptoms: u32 = grouped().map(|group| group.symptoms).sum();
        let named = |ranks: u32, rank: fn(Grouped) -> Option<u32>| {
            let hit = grouped().filter(|group| rank(*group).is_some_and(|rank| rank <= ranks));
            share(hit.count() as f64, grouped().count() as f64)
        };
        let precision = share(true_incidents as f64, (true_incidents + false_incidents) as f64);
        let recall = share(times.len() as f64, faults.len() as f64);
        let benign = || runs.iter().filter(|run| run.is_benign());
        let benign_s = benign().fold(0.0, |sum, run| sum + run.length_s);
        let benign_incidents = benign().map(|run| u64::from(run.false_incidents)).sum();
        let per_day = |events: f64| share(events * DAY_S, benign_s);
        Self {
            faults: faults.len(),
            found: times.len(),
            true_incidents,
            collateral: count(|run| run.collateral),
            false_incidents,
            incidents_per_fault: share(f64::from(in_faults), wrong.count() as f64),
            symptoms_per_fault: share(f64::from(symptoms), grouped().count() as f64),
            cause_top1: named(1, |group| group.cause_rank_after_1m),
            cause_top3: named(3, |group| group.cause_rank_after_1m),
            cause_top1_at_end: named(1, |group| group.cause_rank_at_end),
            cause_top3_at_end: named(3, |group| group.cause_rank_at_end),
            repeats: count(|run| run.repeats),
            precision,
            recall,
            f1: recall.map(|recall| harmonic_mean(precision.unwrap_or(0.0), recall)),
            time_to_detect_median_s: quantile(&times, 0.5),
            time_to_detect_p95_s: quantile(&times, 0.95),
            benign_hours: benign_s / 3_600.0,
            benign_incidents,
            false_per_day: per_day(benign_incidents as f64),
            false_per_day_at_most: per_day(poisson_upper(benign_incidents, BOUND_MISSES)),
        }
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn harmonic_mean(a: f64, b: f64) -> f64 {
    share(2.0 * a * b, a + b).unwrap_or(0.0)
}

/// Nearest rank.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(found_s: Option<f64>, true_incidents: u32, false_incidents: u32) -> RunGrade {
        RunGrade {
            scenario: "fault".to_owned(),
            family: "load".to_owned(),
            difficulty: 1,
            seed: 1,
            length_s: 660.0,
            onset_s: Some(60.0),
            broken_s: Some(70.0),
            found_s,
            true_incidents,
            collateral: 0,
            false_incidents,
            repeats: 0,
            group: None,
        }
    }

    #[test]
    fn faults_that_break_nothing_and_benign_runs_are_nothing_to_find() {
        let harmless = RunGrade { broken_s: None, ..run(None, 0, 0) };
        let benign = RunGrade { onset_s: None, broken_s: None, length_s: 43_200.0, ..run(None, 0, 2) };
        let runs = [run(Some(64.0), 3, 0), run(Some(90.0), 1, 0), run(None, 0, 0), harmless, benign];
        let score = Score::of(&runs);
        assert_eq!((score.faults, score.found), (3, 2));
        assert_eq!((score.recall, score.precision), (Some(2.0 / 3.0), Some(4.0 / 6.0)));
        assert_eq!(score.f1, Some(2.0 / 3.0));
        assert_eq!((score.time_to_detect_median_s, score.time_to_detect_p95_s), (Some(4.0), Some(30.0)));
        assert_eq!((score.benign_hours, score.false_per_day), (12.0, Some(4.0)));
        assert!(score.false_per_day_at_most.is_some_and(|most| (12.5..12.7).contains(&most)), "{score:?}");
    }

    #[test]
    fn nothing_said_is_nothing_found() {
        let score = Score::of(&[run(None, 0, 0)]);
        assert_eq!((score.precision, score.recall, score.f1), (None, Some(0.0), Some(0.0)));
        assert_eq!(Score::of(&[]).f1, None);
    }
}
