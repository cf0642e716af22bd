//! The benchmark on the scenarios that ship: it tells help from harm, and cannot be won without helping.

use std::sync::Arc;

use eval::benchmark::{Entrant, Options, Reference, Report, Row, evaluate, game};
use eval::player::Trick;
use sim::{Scenario, Workers};

use crate::scenarios::all;

/// What somebody who does not help may score at most, in any family of scenarios.
const CHEATS_GET: f64 = 5.0;

fn report(scenarios: &[Arc<Scenario>], entrant: Entrant<'_>, (seeds, threads): (u64, usize)) -> Report {
    let options = Options { seeds, workers: Workers::new(threads).unwrap() };
    let rows = evaluate(scenarios, entrant, &options, &|_, _| None, &|_, _, _| ()).unwrap();
    let report = Report::new("test", seeds, rows);
    for row in &report.rows {
        println!(
            "{:20} score {:?} gain {:.2} care {:.2} mitigated after {:?} held {} of {} slo {:.1} of {:.1}, at best {:.1}, harm {:.0}, {} actions, {:.2} needless",
            row.scenario,
            row.score,
            row.gain,
            row.care,
            row.mitigate_s,
            row.held,
            row.held_oracle,
            row.slo_minutes,
            row.slo_minutes_nothing,
            row.slo_minutes_oracle,
            row.harm,
            row.actions,
            row.needless
        );
    }
    println!("{:#?}", report.standing);
    report
}

/// The easiest scenario of every family.
fn lite() -> Vec<Arc<Scenario>> {
    let all = all();
    let key = |scenario: &Arc<Scenario>| (scenario.truth.difficulty, scenario.name.clone());
    let easiest = |one: &Arc<Scenario>| {
        all.iter().filter(|other| other.family == one.family).map(key).min() == Some(key(one))
    };
    all.iter().filter(|one| easiest(one)).cloned().collect()
}

fn named(names: &[&str]) -> Vec<Arc<Scenario>> {
    all().into_iter().filter(|scenario| names.contains(&scenario.name.as_str())).collect()
}

#[test]
fn whoever_does_nothing_or_cheats_gets_next_to_nothing_in_every_family() {
    let cheats = Trick::ALL.map(Entrant::Cheat);
    for entrant in std::iter::once(Entrant::Nobody).chain(cheats) {
        let report = report(&lite(), entrant, (1, 2));
        for family in &report.families {
            let score = family.standing.score.unwrap_or(0.0);
            assert!(score <= CHEATS_GET, "{} in {}", score, family.name);
        }
        assert!(report.standing.score.is_some_and(|score| score <= CHEATS_GET));
    }
}

#[test]
fn whoever_does_what_turned_out_best_gets_nearly_everything() {
    let report = report(&lite(), Entrant::Oracle, (1, 2));
    let standing = &report.standing;
    assert!(standing.score.is_some_and(|score| score > 95.0), "{standing:?}");
    assert!(standing.regret_minutes.abs() < 0.1 && standing.harm_pct < 0.1, "{standing:?}");
}

#[test]
fn the_agent_that_ships_heals_and_does_no_harm() {
    let report = report(&all(), Entrant::Rules, (1, 2));
    let standing = &report.standing;
    assert!(standing.mitigated_pct.is_some_and(|share| share >= 85.0), "{standing:?}");
    assert!(standing.harm_pct <= 1.0, "{standing:?}");
    assert!(standing.score.is_some_and(|score| score >= 65.0), "{standing:?}");
    assert_eq!(standing.gave_up, 0);

    let reference: Reference =
        serde_json::from_str(include_str!("../../../../docs/benchmark/report.json")).unwrap();
    let worse = reference.worse(&report.rows);
    assert!(
        worse.is_empty(),
        "worse than docs/benchmark: {worse:#?}\nIf that is wanted, renew it (docs/benchmark.md)."
    );
    // The guard sees one scenario that is lost, a small loss everywhere, and harm.
    let worsened = |change: fn(&mut Row)| {
        let mut rows = report.rows.clone();
        rows.iter_mut().for_each(change);
        reference.worse(&rows)
    };
    let lost = worsened(|row| {
        if row.scenario == "cascade_failure" {
            row.score = Some(50.0);
        }
    });
    assert!(lost.iter().any(|sentence| sentence.starts_with("cascade_failure fell from ")), "{lost:?}");
    let less = worsened(|row| row.score = row.score.map(|score| score * 0.95));
    assert!(less.iter().any(|sentence| sentence.starts_with("the score fell from ")), "{less:?}");
    let harm = worsened(|row| row.bad = row.bad_nothing * 2.0 + 1e6);
    assert!(harm.iter().any(|sentence| sentence.ends_with("went worse than with nobody acting")), "{harm:?}");
}

#[test]
fn rows_do_not_depend_on_the_number_of_threads_nor_on_the_day() {
    let scenarios = named(&["cascade_failure", "high_load", "normal"]);
    let one = report(&scenarios, Entrant::Rules, (2, 1));
    assert_eq!(one, report(&scenarios, Entrant::Rules, (2, 2)));
    assert!(one.standing.interval.is_some());
    let other = report(&scenarios, Entrant::Rules, (1, 1));
    assert!(other.standing.interval.is_none(), "one seed says nothing about others");
}

#[test]
fn what_was_played_is_not_played_again() {
    let scenarios = named(&["cascade_failure"]);
    let before = report(&scenarios, Entrant::Oracle, (1, 1)).rows;
    let marked = Row { actions: 77, ..before[0].clone() };
    let options = Options { seeds: 1, ..Options::default() };
    let known = |_: &Scenario, _| Some(marked.clone());
    let rows = evaluate(&scenarios, Entrant::Oracle, &options, &known, &|_, _, _| ()).unwrap();
    assert_eq!(rows, std::slice::from_ref(&marked));
}

#[test]
fn a_game_is_scored_like_an_episode_by_what_was_done() {
    let scenarios = all();
    let scenario = scenarios.iter().find(|scenario| scenario.name == "cascade_failure").unwrap();
    let idle = game(scenario.clone(), 7, "Ana", Vec::new()).unwrap();
    let names: Vec<&str> = idle.iter().map(|row| row.player.as_str()).collect();
    assert_eq!(names, ["Ana", "nobody", "rules", "oracle"]);
    assert_eq!(idle[0].row, idle[1].row, "who does nothing is nobody");
    assert_eq!(idle[0].row.score, Some(0.0));

    let of_agent = &idle[2];
    assert!(!of_agent.deeds.is_empty());
    let played = game(scenario.clone(), 7, "Ana", of_agent.deeds.clone()).unwrap();
    let Row { score, slo_minutes, .. } = &played[0].row;
    println!("{:?} beside {:?}", played[0], of_agent);
    assert_eq!(played[0].deeds.len(), of_agent.deeds.len());
    for (again, before) in played[0].deeds.iter().zip(&of_agent.deeds) {
        assert_eq!(again.remedy, before.remedy);
        assert!((again.at_s - before.at_s).abs() <= 1.0, "{again:?} {before:?}");
    }
    assert!((score.unwrap() - of_agent.row.score.unwrap()).abs() < 5.0, "{score:?} {:?}", of_agent.row.score);
    assert!((slo_minutes - of_agent.row.slo_minutes).abs() < 0.2);
    assert_eq!(played[1..], idle[1..], "the others play as before");
}
