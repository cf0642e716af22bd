//! Detectors graded against the truth that only a simulator has: every scenario is watched with nobody acting, and what was said is
//! compared with what is so. `docs/grades.md` has the definitions in words.
//!
//! Runs are independent of each other and are spread over the threads of a pool; the result does not depend on how many there are.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use detect::{Rule, RuleErrors, RuleSet};
use sim::{Scenario, Workers};

mod chance;
mod forecasts;
mod guard;
mod judge;
mod lead_in;
mod objective;
mod reach;
mod report;
mod score;
mod watch;

pub use forecasts::{ForecastRow, HORIZONS_S};
pub use guard::Reference;
pub use judge::{Cause, Judged, Run, Verdict};
pub use report::{Bar, Listed, Named, Report};
pub use score::{Grouped, RunGrade, Score};

/// Most seeds: every one costs the whole catalogue.
pub const MAX_SEEDS: u64 = 1_000;
/// Longest run, simulated seconds: its samples are kept in memory, about a kilobyte a second.
pub const MAX_LENGTH_S: f64 = 86_400.0;

/// What is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Every scenario runs with the seeds 1 to this.
    pub seeds: u64,
    /// How long a run goes on after the onset, simulated seconds.
    pub after_onset_s: f64,
    /// How long a benign scenario is watched, simulated seconds.
    pub benign_s: f64,
    /// How long it goes on before a scenario begins, simulated seconds: a detector that learns what is usual needs some twenty minutes.
    pub lead_in_s: f64,
    /// Whether forecasts are graded as well; they take most of the time.
    pub forecasts: bool,
    /// The rules that are graded.
    pub rules: Vec<Rule>,
    /// Threads.
    pub workers: Workers,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seeds: 5,
            after_onset_s: 600.0,
            benign_s: 7_200.0,
            lead_in_s: 0.0,
            forecasts: true,
            rules: detect::builtin_rules(),
            workers: Workers::default(),
        }
    }
}

/// What came of all runs, in order of scenario and seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Grades {
    /// Seeds of every scenario.
    pub seeds: u64,
    /// Simulated seconds after the onset.
    pub after_onset_s: f64,
    /// Simulated seconds of benign scenarios.
    pub benign_s: f64,
    /// Names of the rules, in their order.
    pub rules: Vec<String>,
    /// The runs.
    pub runs: Vec<Run>,
}

/// Runs every scenario with every seed and judges what was detected. `told` hears how many runs are done and how many there are.
///
/// # Errors
/// When the rules contradict themselves.
pub fn grade(
    scenarios: &[Arc<Scenario>],
    options: &Options,
    told: &(dyn Fn(usize, usize) + Sync),
) -> Result<Grades, RuleErrors> {
    let rules = Rules::new(&options.rules)?;
    let seeds = 1..=options.seeds.min(MAX_SEEDS);
    let mut cases: Vec<Case> = scenarios
        .iter()
        .flat_map(|scenario| seeds.clone().map(move |seed| Case::new(scenario, seed, options)))
        .collect();
    let (done, all) = (AtomicUsize::new(0), cases.len());
    options.workers.for_each(&mut cases, |case| {
        case.run = Some(case.judged(&rules, options.forecasts));
        told(done.fetch_add(1, Ordering::Relaxed) + 1, all);
    });
    Ok(Grades {
        seeds: options.seeds,
        after_onset_s: options.after_onset_s,
        benign_s: options.benign_s,
        rules: options.rules.iter().map(|rule| rule.name.clone()).collect(),
        runs: cases.into_iter().filter_map(|case| case.run).collect(),
    })
}

/// The rules as they ship, and every one as if it were the only one: in a family of its own, it shares no incident.
struct Rules {
    together: RuleSet,
    alone: RuleSet,
}

impl Rules {
    fn new(rules: &[Rule]) -> Result<Self, RuleErrors> {
        let alone = rules.iter().map(|rule| Rule { family: rule.name.clone(), ..rule.clone() }).collect();
        Ok(Self { together: RuleSet::new(rules.to_vec())?, alone: RuleSet::new(alone)? })
    }
}

/// A scenario with a seed, and what came of it.
struct Case {
    scenario: Arc<Scenario>,
    seed: u64,
    length_s: f64,
    run: Option<Run>,
}

impl Case {
    fn new(scenario: &Arc<Scenario>, seed: u64, options: &Options) -> Self {
        let scenario = lead_in::put_off(scenario, options.lead_in_s);
        let length_s = scenario
            .truth
            .onset_s
            .map_or(options.lead_in_s + options.benign_s, |onset| onset + options.after_onset_s);
        Self { scenario, seed, length_s: length_s.min(MAX_LENGTH_S), run: None }
    }

    fn judged(&self, rules: &Rules, forecasts: bool) -> Run {
        let watched = watch::watch(&self.scenario, self.seed, rules, self.length_s);
        let mut run = judge::judge(&self.scenario, self.seed, &watched);
        if forecasts {
            run.forecasts = forecasts::grade(&watched.samples, run.onset_s);
        }
        run
    }
}

impl Grades {
    /// Detectors in order of name: families of rules, and whatever else opens incidents.
    fn detectors(&self) -> BTreeSet<&str> {
        self.runs.iter().flat_map(|run| &run.incidents).map(|incident| incident.family.as_str()).collect()
    }

    /// The rules that were asked for, and behind them the names of what else opened incidents.
    fn all_rules(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.rules.iter().map(String::as_str).collect();
        let seen: BTreeSet<&str> =
            self.runs.iter().flat_map(|run| &run.alone).map(|incident| incident.rule.as_str()).collect();
        names.extend(seen.into_iter().filter(|name| !self.rules.iter().any(|rule| rule == name)));
        names
    }
}
