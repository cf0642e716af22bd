//! Every scenario in `scenarios/` does what its file says is true about it: a new file is tested by being there.
//!
//! Statements about users are made in the terms of [`measure`], statements about acting or not acting in those of [`trial`];
//! `docs/scenarios.md` gives both in words.

use std::sync::Arc;

use sim::ActionKind;
use sim::component::ComponentKind;
use sim::scenario::{FAMILIES, GroundTruth, Scenario, TimelineChange, TimelineEntry, TruthAction};

use crate::stage::shipped;

mod docs;
mod measure;
mod metastable;
mod trial;

use trial::Trial;

/// Everything that ships, in order of name.
fn all() -> Vec<Arc<Scenario>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names.iter().map(|name| shipped(name)).collect()
}

fn members(family: &str) -> Vec<Arc<Scenario>> {
    let members: Vec<_> = all().into_iter().filter(|scenario| scenario.family == family).collect();
    assert!(!members.is_empty(), "no scenario is {family}");
    members
}

#[test]
fn there_are_enough_of_every_kind() {
    let all = all();
    let mut count = [0; FAMILIES.len()];
    for scenario in &all {
        let family = FAMILIES.iter().position(|family| *family == scenario.family);
        count[family.unwrap_or_else(|| panic!("{}: no family {:?}", scenario.name, scenario.family))] += 1;
    }
    assert!(count.iter().sum::<usize>() >= 32 && count.iter().all(|members| *members >= 3), "{count:?}");
    assert!(count[0] >= 4 && count[8] >= 5, "{count:?}");
    for difficulty in 1..=5 {
        let such = all.iter().filter(|scenario| scenario.truth.difficulty == difficulty).count();
        assert!(such >= 3, "{such} of difficulty {difficulty}");
    }
    for info in sim::fault::kinds().iter().filter(|info| info.kind.breaks()) {
        let injects = |entry: &TimelineEntry| matches!(&entry.change, TimelineChange::Inject(fault) if fault.kind == info.kind);
        let somewhere = all.iter().any(|scenario| scenario.timeline.iter().any(injects));
        assert!(somewhere, "{} goes wrong in no scenario", info.name);
    }
    // Components are one of several ways, and what a cloud grows by: tests/it/components.rs has them. What takes an action back heals
    // what that action did, and no fault: tests/it/actions.rs has it.
    let takes_back = [ActionKind::RemoveComponent, ActionKind::UndrainNode, ActionKind::SpreadTraffic];
    let is_elsewhere =
        |kind: &ActionKind| takes_back.contains(kind) || ComponentKind::added_by(*kind).is_some();
    for kind in ActionKind::ALL.into_iter().filter(|kind| !is_elsewhere(kind)) {
        let heals =
            |scenario: &Arc<Scenario>| scenario.truth.healing.iter().any(|action| action.kind == kind);
        assert!(all.iter().any(heals), "{kind} heals no scenario");
    }
}

#[test]
fn every_scenario_says_what_it_is() {
    for scenario in all() {
        let (name, truth) = (&scenario.name, &scenario.truth);
        let words = scenario.description.trim();
        assert!(words.ends_with('.') && words.len() > 30, "{name}: the description is a sentence");
        let again = sim::scenario::load(name, &scenario.sources).unwrap();
        assert_eq!(*again, *scenario, "{name}: its sources load the same scenario again");
        if scenario.family == "benign" {
            assert_eq!(*truth, GroundTruth::default(), "{name}: nothing is wrong");
        } else {
            is_consistent(&scenario);
        }
    }
}

/// The truth is complete, and fits the timeline.
fn is_consistent(scenario: &Scenario) {
    let (name, truth) = (&scenario.name, &scenario.truth);
    assert!(truth.cause.ends_with('.'), "{name}: the cause is a sentence");
    assert!((1..=5).contains(&truth.difficulty), "{name}: difficulty {}", truth.difficulty);
    assert!(!truth.harmful.is_empty(), "{name}: something makes it worse");
    let same = |one: &TruthAction, other: &TruthAction| one.kind == other.kind && one.target == other.target;
    let both = truth.healing.iter().find(|heals| truth.harmful.iter().any(|harms| same(heals, harms)));
    assert_eq!(both, None, "{name}: heals and harms");

    let root = truth.root_cause.as_ref().unwrap_or_else(|| panic!("{name}: a root cause"));
    let onset_s = truth.onset_s.unwrap_or_else(|| panic!("{name}: an onset"));
    let mut struck = scenario.timeline.iter().filter_map(|entry| match &entry.change {
        TimelineChange::Inject(fault) => Some((entry.at_s, &fault.target)),
        TimelineChange::Clear(_) => None,
    });
    let begins = struck.clone().any(|(at_s, _)| (at_s - onset_s).abs() < 1e-9);
    assert!(begins || scenario.timeline.is_empty(), "{name}: a fault begins at the onset");
    // What a metastable failure ends in need not be what set it off.
    let struck = struck.any(|(_, target)| target == root) || scenario.family == "metastable";
    assert!(struck || scenario.timeline.is_empty(), "{name}: a fault strikes the root cause");
    let over = scenario.timeline.iter().any(|entry| matches!(&entry.change, TimelineChange::Clear(_)));
    assert!(over || !truth.healing.is_empty(), "{name}: heals by an action or by itself");
}

#[test]
fn benign_ones_stay_healthy_and_break_no_rule() {
    for scenario in members("benign") {
        let (name, trial) = (&scenario.name, Trial::run(&scenario));
        assert_eq!(trial.untouched.all_breaches(), Vec::new(), "{name}");
        assert_eq!(trial.strange_numbers(), Vec::<String>::new(), "{name}");
    }
}

/// Something shows after the onset, every remedy heals, and every harmful action harms.
fn is_as_told(family: &str) {
    let mut wrong = Vec::new();
    for scenario in members(family) {
        let mistakes = Trial::run(&scenario).mistakes();
        wrong.extend(mistakes.iter().map(|mistake| format!("{}: {mistake}", scenario.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn load_is_as_told() {
    is_as_told("load");
}

#[test]
fn dependencies_are_as_told() {
    is_as_told("dependency");
}

#[test]
fn capacity_is_as_told() {
    is_as_told("capacity");
}

#[test]
fn deployments_are_as_told() {
    is_as_told("deployment");
}

#[test]
fn the_data_tier_is_as_told() {
    is_as_told("data_tier");
}

#[test]
fn zones_and_networks_are_as_told() {
    is_as_told("zone_and_network");
}

#[test]
fn gray_failures_are_as_told() {
    is_as_told("gray_failure");
}
