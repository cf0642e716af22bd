//! Detectors do not become worse: a part of the committed reference is run again and held against it.

use std::path::Path;
use std::sync::Arc;

use detect::{Rule, builtin_rules};
use eval::grade::{Grades, Options, Reference, Run, RunGrade, grade};
use sim::{Scenario, Workers};

use crate::scenarios::all;

/// Seeds that are run again; the reference has more, and they tell how much a seed matters.
const SEEDS: u64 = 2;
/// Benign scenarios run for so long, s.
const BENIGN_S: f64 = 3_600.0;
/// Enough of the catalogue to notice a spoilt detector.
const FEW: [&str; 8] = [
    "bad_release",
    "cascade_failure",
    "evening_peak",
    "high_load",
    "machine_lost",
    "normal",
    "restless_visitors",
    "slow_bank",
];

fn reference() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/grades/grades.json");
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn few() -> Vec<Arc<Scenario>> {
    all().into_iter().filter(|scenario| FEW.contains(&scenario.name.as_str())).collect()
}

fn graded(scenarios: &[Arc<Scenario>], reference: &Reference, rules: Vec<Rule>, workers: Workers) -> Grades {
    let options = Options {
        seeds: SEEDS,
        after_onset_s: reference.after_onset_s,
        benign_s: BENIGN_S,
        lead_in_s: 0.0,
        forecasts: false,
        rules,
        workers,
    };
    grade(scenarios, &options, &|_, _| ()).unwrap()
}

fn two() -> Workers {
    Workers::new(2).unwrap()
}

fn overall(grades: &Grades) -> Vec<RunGrade> {
    grades.runs.iter().map(Run::overall).collect()
}

#[test]
fn the_built_in_detectors_are_as_good_as_the_reference() {
    let reference = reference();
    let grades = graded(&all(), &reference, builtin_rules(), two());
    let worse = reference.worse(&overall(&grades));
    let report = grades.report();
    println!("missed {:#?}\nfalse {:#?}\n{:#?}", report.missed, report.false_incidents, report.overall);
    assert!(
        worse.is_empty(),
        "worse than docs/grades/grades.json:\n{}\nIf that is meant: microcloud grade detectors --seeds 10 --out docs/grades",
        worse.join("\n")
    );
}

/// Every rule that looks for too much is changed.
fn with_thresholds(changed: impl Fn(f64) -> f64) -> Vec<Rule> {
    let mut rules = builtin_rules();
    for rule in rules.iter_mut().filter(|rule| rule.threshold > rule.clear_threshold) {
        rule.threshold = changed(rule.threshold);
        rule.clear_threshold = changed(rule.clear_threshold);
    }
    rules
}

#[test]
fn a_spoilt_threshold_is_noticed() {
    let reference = reference();
    let worse = |rules| reference.worse(&overall(&graded(&few(), &reference, rules, two())));
    assert_eq!(worse(builtin_rules()), Vec::<String>::new());
    let blind = worse(with_thresholds(|threshold| threshold * 50.0));
    assert!(blind.iter().any(|sentence| sentence.starts_with("F1 fell")), "{blind:?}");
    let jumpy = worse(with_thresholds(|threshold| threshold * 0.4));
    assert!(jumpy.iter().any(|sentence| sentence.contains("false incidents in")), "{jumpy:?}");
}

#[test]
fn a_scenario_that_the_reference_does_not_know_is_told() {
    let reference = reference();
    let mut runs = reference.runs.clone();
    runs[0].scenario = "brand_new".to_owned();
    let worse = reference.worse(&runs);
    assert!(
        worse.iter().any(|sentence| sentence.starts_with("brand_new is not in the reference")),
        "{worse:?}"
    );
}

#[test]
fn grades_do_not_depend_on_the_number_of_threads() {
    let options = |count| Options {
        seeds: 2,
        after_onset_s: 200.0,
        benign_s: 900.0,
        workers: Workers::new(count).unwrap(),
        ..Options::default()
    };
    let scenarios: Vec<Arc<Scenario>> =
        few().into_iter().filter(|one| ["cascade_failure", "normal"].contains(&one.name.as_str())).collect();
    let one = grade(&scenarios, &options(1), &|_, _| ()).unwrap().report();
    assert_eq!(one, grade(&scenarios, &options(2), &|_, _| ()).unwrap().report());
    assert!(!one.forecasts.is_empty() && one.overall.faults == 2, "{one:#?}");
}
