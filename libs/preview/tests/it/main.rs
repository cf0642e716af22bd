//! Previews of the clouds that ship.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::path::Path;

use catalogue::Scenarios;
use preview::{Outlook, Plan, Planned, Preview, preview};
use sim::{ActionKind, Command, Workers, World};

fn world(scenario: &str, seconds: u32) -> World {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut world = World::new(Scenarios::open(&folder, None).unwrap().load(scenario).unwrap(), 42);
    for _ in 0..u64::from(seconds) * 1_000 / u64::from(sim::TICK_MS) {
        world.step(&mut Vec::new());
    }
    world
}

fn planned(kind: ActionKind, target: &str, replicas: u32) -> Planned {
    Planned { kind, target: target.to_owned(), replicas }
}

fn look(world: &World, candidates: &[Planned]) -> Preview {
    preview(world, candidates, Plan::new(4, 180).unwrap(), &Workers::new(2).unwrap())
}

fn bad_pct(outlook: &Outlook) -> f64 {
    outlook.bad_pct.unwrap().mid
}

#[test]
fn the_restart_that_heals_a_leak_is_best_and_scaling_what_suffers_does_not_help() {
    let world = world("cascade_failure", 90);
    let candidates =
        [planned(ActionKind::ScaleUp, "checkout", 2), planned(ActionKind::RestartService, "payment", 0)];
    let Preview { options, tick, .. } = look(&world, &candidates);
    let [nothing, scale, restart] = &options[..] else { panic!("{} options", options.len()) };
    assert_eq!(tick, world.tick());
    assert_eq!((restart.rank, nothing.planned.as_ref()), (1, None));
    assert!(bad_pct(nothing) > 4.0, "users suffer: {}", bad_pct(nothing));
    assert!(bad_pct(restart) < bad_pct(nothing) / 2.0, "{} of {}", bad_pct(restart), bad_pct(nothing));
    assert!(restart.helps > 0.9 && restart.harms < 0.1, "{} {}", restart.helps, restart.harms);
    assert!(restart.p99_ms.unwrap().mid < nothing.p99_ms.unwrap().mid);
    assert!(scale.rank > 1);
    assert!(scale.core_hours.unwrap().mid > nothing.core_hours.unwrap().mid, "replicas cost");
    assert!(restart.blast.services == ["payment"] && restart.blast.callers.contains(&"checkout".to_owned()));
}

#[test]
fn where_nothing_is_wrong_nothing_is_best_and_a_restart_does_harm() {
    let world = world("normal", 60);
    let options = look(&world, &[planned(ActionKind::RestartService, "orders-db", 0)]).options;
    assert_eq!(options.iter().map(|option| option.rank).collect::<Vec<_>>(), [1, 2]);
    assert!(options[1].harms > 0.9 && options[1].helps < 0.1);
}

#[test]
fn what_the_cloud_would_refuse_is_told_with_its_reason_and_not_computed() {
    let world = world("normal", 60);
    let options = look(
        &world,
        &[planned(ActionKind::ScaleUp, "*", 1), planned(ActionKind::DrainNode, "no-such-node", 0)],
    )
    .options;
    for option in &options[1..] {
        assert!(option.refused.is_some() && option.rank == 0 && option.course.is_empty(), "{option:?}");
    }
}

#[test]
fn a_preview_changes_nothing_and_says_the_same_again_on_any_number_of_threads() {
    let mut looked_at = world("restless_visitors", 60);
    let mut untouched = looked_at.clone();
    let candidates = [planned(ActionKind::ScaleUp, "checkout", 2)];
    let plan = Plan::new(2, 60).unwrap();
    let one = preview(&looked_at, &candidates, plan, &Workers::default());
    let two = preview(&looked_at, &candidates, plan, &Workers::new(2).unwrap());
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
    for world in [&mut looked_at, &mut untouched] {
        world.apply(&Command::SetChaos(0.0)).unwrap();
        (0..200).for_each(|_| world.step(&mut Vec::new()));
    }
    assert_eq!(looked_at.telemetry_hash(), untouched.telemetry_hash());
}
