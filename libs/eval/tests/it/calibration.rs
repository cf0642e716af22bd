//! Previews held against what came.

use eval::calibration::{Options, Report, calibrate};
use preview::Plan;
use sim::Workers;

use crate::scenarios::all;

fn report(names: &[&str], threads: usize) -> Report {
    let scenarios: Vec<_> =
        all().into_iter().filter(|scenario| names.contains(&scenario.name.as_str())).collect();
    let plan = Plan::new(2, 120).unwrap();
    let options = Options { seeds: 1, plan, workers: Workers::new(threads).unwrap() };
    calibrate(&scenarios, &options, &|_, _| ()).unwrap()
}

#[test]
fn a_restart_that_heals_is_predicted_to_be_best_and_is() {
    let report = report(&["cascade_failure", "normal"], 1);
    assert_eq!(report.cases.len(), 1, "where nothing is wrong there is nothing to look ahead at");
    let case = &report.cases[0];
    let best = case.options.iter().find(|option| option.rank == 1).unwrap();
    assert_eq!(best.action, "RESTART_SERVICE payment", "{case:#?}");
    let nothing = case.options.iter().find(|option| option.action.is_empty()).unwrap();
    assert!(best.loss < nothing.loss / 2.0 && !case.is_misled(), "{case:#?}");
    assert!((report.best_pct - 100.0).abs() < 1e-9);
}

#[test]
fn what_is_measured_does_not_depend_on_the_number_of_threads() {
    let names = ["cascade_failure", "slow_machine"];
    assert_eq!(report(&names, 1), report(&names, 2));
}
