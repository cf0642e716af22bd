//! What the built-in rules see of the scenarios that ship: something of every one in which something is wrong, nothing of the others.

use std::sync::Arc;

use eval::{Loop, Options, Policy, Report};
use sim::Scenario;

use crate::scenarios::all;

/// Benign scenarios run for so long, s.
const CALM_S: f64 = 600.0;
/// Something is to be seen so long after the onset, s: faults that creep take more than a minute to show.
const SHOWS_S: f64 = 120.0;

/// Seeds of calm days: chance is to raise no alarm either.
const CALM_SEEDS: [u64; 3] = [42, 1, 2];

/// Nobody acts.
fn watch(scenario: Arc<Scenario>, seed: u64, length_s: f64) -> Report {
    let options = Options { seed: Some(seed), policy: Policy::ApproveNone, ..Options::default() };
    Loop::new(scenario, options).unwrap().run_s(length_s).report()
}

#[test]
fn nothing_is_seen_where_nothing_is_wrong() {
    for scenario in all().into_iter().filter(|scenario| scenario.family == "benign") {
        for seed in CALM_SEEDS {
            let incidents = watch(scenario.clone(), seed, CALM_S).incidents;
            assert!(incidents.is_empty(), "{} with seed {seed}: {incidents:?}", scenario.name);
        }
    }
}

#[test]
fn whatever_is_wrong_is_seen_within_two_minutes_and_not_before() {
    let mut wrong = Vec::new();
    for scenario in all() {
        let Some(onset_s) = scenario.truth.onset_s else { continue };
        let report = watch(scenario.clone(), scenario.seed, onset_s + SHOWS_S);
        let name = &scenario.name;
        println!("{name}: seen after {:?} s", report.time_to_detect_s);
        match report.incidents.first() {
            None => wrong.push(format!("{name}: no incident")),
            Some(first) if first.opened_s < onset_s => {
                wrong.push(format!("{name}: too early: {}", first.title));
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
