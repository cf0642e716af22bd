//! The shipped scenarios do what their files say is true about them.

use sim::{ActionKind, EventKind, MetricName};

use crate::stage::{Stage, shipped};

#[test]
fn an_ordinary_day_breaks_no_rule() {
    for seed in [42, 7] {
        let mut stage = Stage::with(shipped("normal"), seed);
        stage.run_s(600);
        assert_eq!(stage.all_breaches(), Vec::new(), "seed {seed}");
        assert!(stage.happened(EventKind::ServiceDegraded).is_empty());
    }
}

#[test]
fn high_load_saturates_catalog_and_search_until_they_are_scaled_up() {
    let mut stage = Stage::of("high_load");
    stage.run_s(100);
    let breaches = stage.breaches();
    for service in ["catalog", "search"] {
        assert!(breaches.iter().any(|breach| breach.starts_with(&format!("{service} cpu"))), "{breaches:?}");
    }
    let mut untouched = stage.clone();
    untouched.run_s(300);
    assert!(untouched.breaches().len() > 3, "{:?}", untouched.breaches());

    stage.act(ActionKind::ScaleUp, "catalog", 2).unwrap();
    stage.act(ActionKind::ScaleUp, "search", 1).unwrap();
    stage.run_s(45);
    assert_eq!(stage.breaches(), Vec::<String>::new());
    stage.run_s(300);
    assert_eq!(stage.breaches(), Vec::<String>::new());
}

#[test]
fn one_replica_more_of_each_is_enough_for_high_load() {
    let mut stage = Stage::of("high_load");
    stage.run_s(100);
    stage.act(ActionKind::ScaleUp, "catalog", 1).unwrap();
    stage.act(ActionKind::ScaleUp, "search", 1).unwrap();
    stage.run_s(60);
    assert_eq!(stage.breaches(), Vec::<String>::new());
}

#[test]
fn the_cascade_begins_soon_and_climbs_to_the_gateway() {
    let mut stage = Stage::of("cascade_failure");
    stage.run_s(5);
    assert!(!stage.happened(EventKind::FaultStarted).is_empty());
    stage.run_s(12);
    let breaches = stage.breaches();
    for expected in
        ["payment memory_usage", "payment error_rate", "checkout error_rate", "api-gateway error_rate"]
    {
        assert!(
            breaches.iter().any(|breach| breach.starts_with(expected)),
            "{expected} missing in {breaches:?}"
        );
    }
    let memory = |service: &str| stage.mean(service, MetricName::MemoryUsage, 5).unwrap();
    let full = stage.samples[0].services.ids.iter().filter(|id| memory(id) > 90.0).count();
    assert_eq!(full, 1, "only the root's memory is full");
}

#[test]
fn the_cascade_stays_for_ten_minutes_when_nobody_acts() {
    let mut stage = Stage::of("cascade_failure");
    stage.run_s(20);
    for minute in 1..=10 {
        stage.run_s(60);
        let errors = stage.mean("api-gateway", MetricName::ErrorRate, 60).unwrap();
        assert!(errors > 10.0, "minute {minute}: {errors} % errors at the gateway");
        assert!(stage.mean("payment", MetricName::MemoryUsage, 60).unwrap() > 90.0);
    }
}

#[test]
fn restarting_payment_heals_the_cascade_for_good() {
    let mut stage = Stage::of("cascade_failure");
    stage.run_s(30);
    stage.act(ActionKind::RestartService, "payment", 0).unwrap();
    stage.run_s(15);
    assert_eq!(stage.happened(EventKind::ActionSucceeded).len(), 1);
    assert!(stage.world.faults().is_empty(), "the restart cured the leak");
    let errors = stage.mean("api-gateway", MetricName::ErrorRate, 5).unwrap();
    assert!(errors < 1.0, "{errors} % errors at the gateway 15 s after the action");
    stage.run_s(10);
    assert_eq!(stage.breaches(), Vec::<String>::new());
    stage.run_s(600);
    assert_eq!(stage.breaches(), Vec::<String>::new());
}

#[test]
fn other_actions_do_not_heal_the_cascade() {
    let wrong = [
        (ActionKind::RestartService, "checkout", 0),
        (ActionKind::RestartService, "api-gateway", 0),
        (ActionKind::RestartService, "payment-db", 0),
        (ActionKind::ScaleUp, "checkout", 2),
        (ActionKind::ScaleUp, "payment", 2),
        (ActionKind::ScaleDown, "payment", 1),
        (ActionKind::RebalanceTraffic, "payment", 0),
        (ActionKind::RebalanceTraffic, "api-gateway", 0),
    ];
    for (kind, target, replicas) in wrong {
        let mut stage = Stage::of("cascade_failure");
        stage.run_s(30);
        stage.act(kind, target, replicas).unwrap();
        stage.run_s(60);
        let errors = stage.mean("api-gateway", MetricName::ErrorRate, 10).unwrap();
        assert!(errors > 5.0, "{kind} of {target}: {errors} % errors at the gateway");
    }
}

#[test]
fn a_replayed_trace_follows_its_file_and_shows_the_broken_service() {
    let mut stage = Stage::of("trace_replay");
    stage.run_s(288);
    let rate = |second: usize| stage.samples[second].services.value("cdn", MetricName::RequestRate).unwrap();
    let highest = (0..288).map(rate).fold(0.0, f32::max);
    let lowest = (0..288).map(rate).fold(f32::MAX, f32::min);
    assert!((800.0..1000.0).contains(&highest), "peak {highest}");
    assert!(lowest < 300.0, "night {lowest}");
    assert!(stage.all_breaches().iter().any(|(_, breach)| breach.starts_with("search error_rate")));
    stage.act(ActionKind::RestartService, "search", 0).unwrap();
    stage.run_s(30);
    assert!(stage.mean("search", MetricName::ErrorRate, 10).unwrap() < 1.0);
}

#[test]
fn switching_the_scenario_keeps_the_world_and_ends_what_it_began() {
    let mut stage = Stage::of("cascade_failure");
    stage.run_s(20);
    let tick = stage.world.tick();
    let effect = stage.apply(&sim::Command::SetScenario(shipped("normal"))).unwrap();
    assert_eq!(effect, sim::Effect::ScenarioSet { world_replaced: false });
    stage.run_s(40);
    assert_eq!(stage.world.scenario_tick(), tick);
    assert!(stage.world.faults().is_empty());
    assert_eq!(stage.breaches(), Vec::<String>::new());
    stage.apply(&sim::Command::SetScenario(shipped("cascade_failure"))).unwrap();
    stage.run_s(20);
    assert!(!stage.breaches().is_empty(), "the timeline counts from the switch");
}
