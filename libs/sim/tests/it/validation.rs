//! The checks of `microcloud validate`, with fewer reference runs.

use sim::validate::{self, Report};

fn passes(report: &Report) {
    let missed: Vec<String> = report
        .missed()
        .map(|check| {
            let validate::Check { group, case, measure, model, truth, error, .. } = check;
            format!("{group}, {case}: {measure} {model:.5} for {truth:.5} ({:+.1} %)", error * 100.0)
        })
        .collect();
    assert!(missed.is_empty(), "{} of {} missed:\n{}", missed.len(), report.checks.len(), missed.join("\n"));
}

#[test]
fn steady_states_are_those_of_queueing_theory() {
    let report = validate::stationary().unwrap();
    assert!(report.checks.len() > 500, "{} checks", report.checks.len());
    passes(&report);
}

#[test]
fn transients_are_those_of_request_level_runs() {
    passes(&validate::transient(150).unwrap());
}
