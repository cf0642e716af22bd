//! Metastable failures, each by a feedback between the parts of its cloud: the trigger ends, and they stay; the right action heals
//! them, the wrong one makes them worse. `crate::metastable` shows the same on the smallest clouds that can.

use std::sync::Arc;

use sim::ActionKind;
use sim::scenario::{GroundTruth, Scenario, TruthAction};

use crate::stage::shipped;

use super::measure::WINDOW_S;
use super::{Trial, members};

/// What every catalogue is to have: the kinds of Bronson et al. (2021) and Huang et al. (2022) that need no script.
const KINDS: [&str; 5] =
    ["retry_storm", "cache_stampede", "connection_storm", "heap_spiral", "cold_start_cascade"];

/// They stay for so long after their trigger when nobody acts, s.
const STAYS_S: usize = 600;

fn metastable() -> Vec<Arc<Scenario>> {
    let found = members("metastable");
    for kind in KINDS {
        assert!(found.iter().any(|scenario| scenario.name == kind), "{kind}");
    }
    found
}

#[test]
fn nobody_acts_and_they_outlive_their_trigger_by_ten_minutes() {
    for scenario in metastable() {
        let (name, trial) = (&scenario.name, Trial::run(&scenario));
        assert_eq!(trial.strange_numbers(), Vec::<String>::new(), "{name}");
        let over_at = trial.trigger_is_over_at();
        assert!(trial.untouched.world.faults().is_empty(), "{name}: no fault is left in force");
        assert!(over_at + STAYS_S <= trial.length, "{name}: runs long enough");
        for second in (over_at + WINDOW_S..=over_at + STAYS_S).step_by(WINDOW_S) {
            let degraded = trial.degraded_at(second);
            assert!(!degraded.is_empty(), "{name}: well again {} s after its trigger", second - over_at);
        }
    }
}

#[test]
fn the_right_action_heals_them() {
    for scenario in metastable() {
        let trial = Trial::run(&scenario);
        assert!(!scenario.truth.healing.is_empty(), "{}", scenario.name);
        let wrong = trial.remedies_that_fail(trial.after_the_trigger());
        assert_eq!(wrong, Vec::<String>::new(), "{}", scenario.name);
    }
}

#[test]
fn the_wrong_action_makes_them_worse() {
    for scenario in metastable() {
        let (name, trial) = (&scenario.name, Trial::run(&scenario));
        let act_at = trial.after_the_trigger();
        assert_eq!(trial.harm_that_is_none(act_at), Vec::<String>::new(), "{name}");
        let before = trial.until(act_at);
        for action in &scenario.truth.harmful {
            let degraded = trial.usual.degraded(&trial.act(&before, &[action]));
            assert!(!degraded.is_empty(), "{name}: {action:?} heals in the end");
        }
    }
}

#[test]
fn without_their_trigger_nothing_happens() {
    for scenario in metastable() {
        let trial = Trial::run(&scenario);
        let calm = Arc::new(Scenario { timeline: Vec::new(), ..(*scenario).clone() });
        let calm = Trial::run(&calm);
        for end in (WINDOW_S..=calm.length).step_by(WINDOW_S) {
            let degraded = trial.usual.degraded(&calm.untouched.samples[..end]);
            assert_eq!(degraded, Vec::<String>::new(), "{}: {end} s", scenario.name);
        }
    }
}

/// The seats get more replicas, the database behind them does not: the storm moves on to it and takes the events along.
#[test]
fn half_a_remedy_for_a_retry_storm_harms() {
    let scenario = shipped("retry_storm");
    let few = TruthAction { kind: ActionKind::ScaleUp, target: "seats".to_owned(), replicas: 2 };
    let alone = Scenario {
        truth: GroundTruth { harmful: vec![few], ..scenario.truth.clone() },
        ..(*scenario).clone()
    };
    let trial = Trial::run(&Arc::new(alone));
    assert_eq!(trial.harm_that_is_none(trial.after_the_trigger()), Vec::<String>::new());
}
