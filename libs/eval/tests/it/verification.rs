//! What an approved action does to users is watched: what does harm is taken back, and what is not to blame is left alone.

use eval::player::{Deed, Script};
use eval::{Loop, Options};
use remedy::{Effect, Remedy, ServiceId};
use sim::{Command, FaultKind, FaultSpec, Target};

use crate::scenarios::{load, tell};

/// When the script proposes, simulated seconds; five seconds later it is approved.
const PROPOSED_S: f64 = 60.0;

fn ordinary_day(remedy: Remedy) -> Loop {
    let player = Box::new(Script::new(vec![Deed { at_s: PROPOSED_S, remedy }], Vec::new()));
    Loop::new(load("normal"), Options { player, ..Options::default() }).unwrap()
}

#[test]
fn a_scale_down_that_starves_users_is_harmful_and_taken_back_within_a_minute() {
    let mut day = ordinary_day(Remedy::ScaleDown { service: ServiceId::new("catalog"), by: 2 });
    let report = day.run_s(240.0).report();
    tell(&report);
    let [harmful, rollback] = report.actions.as_slice() else { panic!("{} actions", report.actions.len()) };
    assert_eq!(harmful.effect, Some(Effect::Harmful));
    assert!(harmful.outcome.contains("fail"), "{}", harmful.outcome);
    assert_eq!((rollback.kind, &*rollback.target, rollback.replicas), ("SCALE_UP", "catalog", 2));
    assert!(rollback.reason.starts_with("Takes SCALE_DOWN of catalog back"), "{}", rollback.reason);
    let after_s = rollback.executed_s.unwrap() - harmful.executed_s.unwrap();
    assert!(after_s <= 60.0, "taken back after {after_s} s");
    assert_eq!(rollback.effect, Some(Effect::Effective));
    let topology = day.world().topology();
    let catalog = topology.services.iter().find(|service| &*service.id == "catalog").unwrap();
    assert_eq!(catalog.desired_replicas, 3);
}

#[test]
fn an_action_is_not_blamed_for_trouble_that_comes_after_it() {
    let mut day = ordinary_day(Remedy::ScaleUp { service: ServiceId::new("catalog"), by: 1 });
    day.run_s(75.0);
    let crash = FaultSpec {
        duration_s: 120.0,
        ..FaultSpec::new(FaultKind::ServiceCrash, Target::service("catalog-db"))
    };
    day.command(&Command::InjectFault(crash)).unwrap();
    let report = day.run_s(240.0).report();
    tell(&report);
    assert!(report.incidents.iter().any(|incident| incident.opened_s > 75.0), "users noticed");
    let [innocent] = report.actions.as_slice() else { panic!("{} actions", report.actions.len()) };
    assert_ne!(innocent.effect, Some(Effect::Harmful), "{}", innocent.outcome);
}

#[test]
fn what_heals_is_not_taken_back_while_traffic_still_grows() {
    let up = |service: &str, by| Deed {
        at_s: 70.0,
        remedy: Remedy::ScaleUp { service: ServiceId::new(service), by },
    };
    let healing = vec![up("browse", 2), up("playback", 2), up("recommender", 2), up("history-writer", 1)];
    let player = Box::new(Script::new(healing, Vec::new()));
    let mut premiere =
        Loop::new(load("premiere"), Options { player, seed: Some(1), ..Options::default() }).unwrap();
    let report = premiere.run_s(240.0).report();
    tell(&report);
    assert_eq!(report.actions.len(), 4, "nothing was taken back");
    assert!(report.actions.iter().all(|action| action.effect != Some(Effect::Harmful)));
}
