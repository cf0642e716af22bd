//! The arithmetic of replica counts.

use proptest::prelude::*;
use remedy::{
    ServiceId, Tuning,
    condition::{Assessment, Condition},
    scale,
};

fn assessment(running: u32, cpu_pct: f64, offered: f64, answered: f64) -> Assessment {
    Assessment {
        service: ServiceId::new("a"),
        condition: Condition::Overloaded,
        cpu_pct: Some(cpu_pct),
        memory_pct: None,
        error_rate_pct: None,
        p99_ms: None,
        queue_depth: None,
        connections_pct: None,
        request_rate: Some(offered),
        throughput: Some(answered),
        growth_per_s: None,
        running: Some(running),
        desired: running,
        missing: 0,
        slow_ms: 500.0,
    }
}

#[test]
fn a_saturated_pair_that_answers_four_fifths_of_its_requests_becomes_four() {
    let plan = scale::up(&assessment(2, 98.2, 125.0, 100.0), &Tuning::default());
    assert_eq!((plan.from, plan.to), (2, 4));
    assert!((plan.expected_cpu_pct.unwrap() - 61.4).abs() < 0.1);
}

#[test]
fn growth_until_the_new_replicas_work_is_reckoned_with() {
    let growing = Assessment { growth_per_s: Some(0.01), ..assessment(3, 90.0, 100.0, 100.0) };
    let plan = scale::up(&growing, &Tuning::default());
    assert_eq!((plan.from, plan.to), (3, 5), "2.7 busy replicas, 20 % more in 20 s, at 60 %");
    let exploding = Assessment { growth_per_s: Some(9.0), ..growing };
    assert_eq!(scale::up(&exploding, &Tuning::default()).to, 7, "at most half as much again");
}

#[test]
fn an_unmeasured_load_adds_one() {
    let plan = scale::up(&Assessment { cpu_pct: None, ..assessment(3, 0.0, 0.0, 0.0) }, &Tuning::default());
    assert_eq!((plan.to, plan.expected_cpu_pct), (4, None));
}

proptest! {
    #[test]
    fn a_scale_up_stays_in_its_bounds(
        running in 0_u32..200, cpu in 0.0_f64..=100.0, offered in 0.0_f64..1e6, answered in 0.0_f64..1e6,
    ) {
        let tuning = Tuning::default();
        let plan = scale::up(&assessment(running, cpu, offered, answered), &tuning);
        prop_assert!(plan.to > plan.from);
        prop_assert!(plan.by() <= tuning.max_scale_step);
        prop_assert!(plan.to <= (plan.from * tuning.max_scale_factor).max(plan.from + 1));
        prop_assert!(plan.expected_cpu_pct.unwrap() <= 100.0);
    }

    #[test]
    fn a_scale_up_that_hits_no_bound_comes_close_to_the_target(running in 2_u32..15, cpu in 85.0_f64..=100.0) {
        let plan = scale::up(&assessment(running, cpu, 100.0, 100.0), &Tuning::default());
        // Rounding to whole replicas moves it by at most half a replica's share.
        let half = 0.5 / f64::from(plan.to) * 100.0;
        prop_assert!((plan.expected_cpu_pct.unwrap() - 60.0).abs() <= half, "{plan:?}");
    }

    #[test]
    fn a_scale_down_keeps_one_replica_and_the_load_in_bounds(
        running in 0_u32..200, cpu in 0.0_f64..=100.0, at_most in 0_u32..50,
    ) {
        let tuning = Tuning::default();
        if let Some(plan) = scale::down(&assessment(running, cpu, 1.0, 1.0), at_most, &tuning) {
            prop_assert!(plan.to >= 1 && plan.to < plan.from);
            prop_assert!(plan.by() <= at_most);
            prop_assert!(plan.expected_cpu_pct.unwrap() <= tuning.undo_max_cpu_pct + 1e-9);
        }
    }
}
