//! Everything that is told about the grades, in one object: `grades.json` and the source of tables and plots.

use std::collections::BTreeSet;

use serde::Serialize;

use super::forecasts::{ForecastRow, Forecasts};
use super::judge::{Judged, Run, Verdict};
use super::score::{RunGrade, Score};
use super::{Grades, HORIZONS_S};

/// Name and version of the object. Keys are only added within a version.
const SCHEMA: &str = "microcloud.grades/1";
/// What is found later than this after the onset is listed, simulated seconds.
const LATE_S: f64 = 30.0;
/// Longest list of incidents that is written: beyond it the counts say enough.
const MAX_LISTED: usize = 500;

/// The grades as they are written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name and version of this object.
    pub schema: &'static str,
    /// Version of the simulation's model.
    pub model_version: u32,
    /// Every scenario ran with the seeds 1 to this.
    pub seeds: u64,
    /// How long runs went on after the onset, simulated seconds.
    pub after_onset_s: f64,
    /// How long benign scenarios were watched, simulated seconds.
    pub benign_s: f64,
    /// What has to be reached, and what was.
    pub bars: Vec<Bar>,
    /// All rules together.
    pub overall: Score,
    /// Every detector by itself: a family of rules, or another source of incidents.
    pub detectors: Vec<Named>,
    /// Every rule as if it were the only one.
    pub rules: Vec<Named>,
    /// All rules together, by family of scenarios.
    pub families: Vec<Named>,
    /// All rules together, by difficulty.
    pub difficulties: Vec<Named>,
    /// Forecasts.
    pub forecasts: Vec<ForecastRow>,
    /// Faults that break no objective: not counted in recall.
    pub harmless: Vec<Listed>,
    /// Faults that no incident told of.
    pub missed: Vec<Listed>,
    /// Faults whose root cause was not the first suspect a minute after the incident opened.
    pub misled: Vec<Listed>,
    /// First true incidents that came more than 30 s after the onset.
    pub late: Vec<Listed>,
    /// False incidents, at most 500.
    pub false_incidents: Vec<Listed>,
    /// Every run, in order of scenario and seed.
    pub runs: Vec<RunGrade>,
}

/// A score with the name of what it is about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The score.
    #[serde(flatten)]
    pub score: Score,
}

/// Something that has to be reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// What is measured, with its unit.
    pub measure: &'static str,
    /// What was measured; `None` when nothing was.
    pub value: Option<f64>,
    /// Least that passes.
    pub at_least: Option<f64>,
    /// Most that passes.
    pub at_most: Option<f64>,
    /// Whether it passed; `None` when nothing was measured.
    pub passed: Option<bool>,
}

/// One case of a list. Times are simulated seconds since the start of the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// Scenario.
    pub scenario: String,
    /// Seed.
    pub seed: u64,
    /// Rule of the incident; empty when there is none.
    pub rule: String,
    /// Target of the incident; empty when there is none.
    pub target: String,
    /// When it opened.
    pub opened_s: Option<f64>,
    /// When the trouble begins.
    pub onset_s: Option<f64>,
    /// When an objective is first seen to be broken.
    pub broken_s: Option<f64>,
    /// What the incident is worth; `None` when there is none.
    pub verdict: Option<Verdict>,
    /// What the run's main incident was put down to a minute after it opened, most likely first.
    pub suspects: Vec<String>,
}

impl Listed {
    fn new(run: &Run, incident: Option<&Judged>) -> Self {
        Self {
            scenario: run.scenario.clone(),
            seed: run.seed,
            rule: incident.map(|incident| incident.rule.clone()).unwrap_or_default(),
            target: incident.map(|incident| incident.target.clone()).unwrap_or_default(),
            opened_s: incident.map(|incident| incident.opened_s),
            onset_s: run.onset_s,
            broken_s: run.broken_s,
            verdict: incident.map(|incident| incident.verdict),
            suspects: run.cause.suspects.clone(),
        }
    }
}

impl Bar {
    fn new(
        measure: &'static str,
        value: Option<f64>,
        (at_least, at_most): (Option<f64>, Option<f64>),
    ) -> Self {
        let within = |value: f64| {
            at_least.is_none_or(|least| value >= least) && at_most.is_none_or(|most| value <= most)
        };
        Self { measure, value, at_least, at_most, passed: value.map(within) }
    }
}

impl Grades {
    /// Everything that is told about them.
    pub fn report(&self) -> Report {
        let runs: Vec<RunGrade> = self.runs.iter().map(Run::overall).collect();
        let overall = Score::of(&runs);
        let forecasts = self.forecasts();
        Report {
            schema: SCHEMA,
            model_version: sim::MODEL_VERSION,
            seeds: self.seeds,
            after_onset_s: self.after_onset_s,
            benign_s: self.benign_s,
            bars: bars(&overall, &forecasts),
            detectors: self.by_detector(),
            rules: self.by_rule(),
            families: by(&runs, |run| run.family.clone()),
            difficulties: by(&runs, |run| match run.difficulty {
                0 => "benign".to_owned(),
                difficulty => difficulty.to_string(),
            }),
            forecasts,
            harmless: self.list(|run| run.onset_s.is_some() && run.broken_s.is_none()),
            missed: self.list(|run| run.broken_s.is_some() && run.first_true().is_none()),
            misled: self.list(|run| run.broken_s.is_some() && run.cause.rank_after_1m != Some(1)),
            late: self.late(),
            false_incidents: self.false_incidents(),
            overall,
            runs,
        }
    }

    fn forecasts(&self) -> Vec<ForecastRow> {
        let mut all = Forecasts::default();
        self.runs.iter().for_each(|run| all.add(&run.forecasts));
        all.rows()
    }

    fn by_detector(&self) -> Vec<Named> {
        let score = |name: &str| {
            let runs: Vec<RunGrade> = self
                .runs
                .iter()
                .map(|run| run.grade(&run.incidents, |incident| incident.family == name))
                .collect();
            Named { name: name.to_owned(), score: Score::of(&runs) }
        };
        self.detectors().into_iter().map(score).collect()
    }

    fn by_rule(&self) -> Vec<Named> {
        let score = |name: &str| {
            let runs: Vec<RunGrade> =
                self.runs.iter().map(|run| run.grade(&run.alone, |incident| incident.rule == name)).collect();
            Named { name: name.to_owned(), score: Score::of(&runs) }
        };
        self.all_rules().into_iter().map(score).collect()
    }

    fn list(&self, wanted: impl Fn(&Run) -> bool) -> Vec<Listed> {
        self.runs.iter().filter(|run| wanted(run)).map(|run| Listed::new(run, run.first_true())).collect()
    }

    fn late(&self) -> Vec<Listed> {
        self.list(|run| {
            let detected = run.first_true().zip(run.onset_s).filter(|_| run.broken_s.is_some());
            detected.is_some_and(|(first, onset_s)| first.opened_s - onset_s > LATE_S)
        })
    }

    fn false_incidents(&self) -> Vec<Listed> {
        let wrong = self.runs.iter().flat_map(|run| {
            let leads = run.incidents.iter().filter(|incident| !incident.symptom);
            let wrong = leads.filter(|incident| !incident.verdict.is_true());
            wrong.map(move |incident| Listed::new(run, Some(incident)))
        });
        wrong.take(MAX_LISTED).collect()
    }
}

impl Run {
    fn first_true(&self) -> Option<&Judged> {
        self.incidents.iter().find(|incident| incident.verdict == Verdict::True)
    }
}

/// The score of every group of runs, in order of name.
fn by(runs: &[RunGrade], name: impl Fn(&RunGrade) -> String) -> Vec<Named> {
    let names: BTreeSet<String> = runs.iter().map(&name).collect();
    let score = |group: String| {
        let score = Score::of(runs.iter().filter(|run| name(run) == group));
        Named { name: group, score }
    };
    names.into_iter().map(score).collect()
}

fn bars(overall: &Score, forecasts: &[ForecastRow]) -> Vec<Bar> {
    let least = |least| (Some(least), None);
    let most = |most| (None, Some(most));
    let mut bars = vec![
        Bar::new("recall of faults that break an objective", overall.recall, least(0.98)),
        Bar::new("precision of incidents", overall.precision, least(0.95)),
        Bar::new("false incidents per simulated day on benign runs", overall.false_per_day, most(1.0)),
        Bar::new("median time to detect, simulated s", overall.time_to_detect_median_s, most(10.0)),
        Bar::new("root cause is the first suspect after 1 min", overall.cause_top1, least(0.8)),
        Bar::new("root cause is among the first three after 1 min", overall.cause_top3, least(0.95)),
    ];
    let measures = [
        "coverage of 80 % forecast bands, 1 min ahead",
        "coverage of 80 % forecast bands, 5 min ahead",
        "coverage of 80 % forecast bands, 10 min ahead",
    ];
    for (measure, horizon_s) in measures.into_iter().zip(HORIZONS_S) {
        let row = forecasts
            .iter()
            .find(|row| row.stretch == "benign" && row.metric == "all" && row.horizon_s == horizon_s);
        bars.push(Bar::new(measure, row.map(|row| row.coverage), (Some(0.75), Some(0.85))));
    }
    bars
}
