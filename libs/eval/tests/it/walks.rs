//! The classic walks: what a cloud that grows asks for, one thing after the other. The built-in agent, with everything approved,
//! has the objective in the end where doing nothing has not.

use std::sync::Arc;

use eval::{Loop, Options, Policy, Report};
use remedy::Status;
use sim::{MetricName, Scenario, World, scenario};

use crate::scenarios::{Folder, tell};

/// What users see over the last minute, at the door where they came in: p99, ms, and failed requests, %.
struct Ending {
    p99_ms: f64,
    failed_pct: f64,
    report: Report,
    components: Vec<String>,
}

fn walk(name: &str, policy: Policy) -> Ending {
    let scenario: Arc<Scenario> =
        scenario::load(name, &Folder::walks()).unwrap_or_else(|error| panic!("{error}"));
    let length_s = scenario.duration_s;
    let mut run = Loop::new(scenario, Options { policy, ..Options::default() }).unwrap();
    run.run_s(length_s - 60.0);
    let (mut p99_ms, mut failed_pct) = (0.0, 0.0);
    for _ in 0..60 {
        run.run_s(1.0);
        p99_ms += at_the_door(run.world(), MetricName::LatencyP99) / 60.0;
        failed_pct += at_the_door(run.world(), MetricName::ErrorRate) / 60.0;
    }
    let report = run.report();
    tell(&report);
    println!("{name}: p99 {p99_ms:.0} ms, {failed_pct:.2} % failed");
    let components = run.world().components().iter().map(sim::component::Component::id).collect();
    Ending { p99_ms, failed_pct, report, components }
}

fn at_the_door(world: &World, metric: MetricName) -> f64 {
    let topology = world.topology();
    let door = topology.services.iter().find(|service| service.entry).expect("a door");
    // Where nobody is there to answer, nothing is fast.
    world.snapshot().services.value(&door.id, metric).map_or(f64::INFINITY, f64::from)
}

impl Ending {
    fn keeps_the_objective(&self) -> bool {
        self.p99_ms <= 500.0 && self.failed_pct <= 1.44
    }

    fn did(&self, kind: &str) -> bool {
        self.report.actions.iter().any(|action| action.kind == kind && action.status == Status::Succeeded)
    }
}

#[test]
fn an_api_that_grows_gets_replicas() {
    assert!(!walk("api_scaling", Policy::ApproveNone).keeps_the_objective());
    let with = walk("api_scaling", Policy::ApproveAll);
    assert!(with.keeps_the_objective() && with.did("SCALE_UP"));
}

#[test]
fn a_database_that_is_read_gets_a_cache_when_there_is_no_room_for_more_of_it() {
    assert!(!walk("database_read_scaling", Policy::ApproveNone).keeps_the_objective());
    let with = walk("database_read_scaling", Policy::ApproveAll);
    assert!(with.keeps_the_objective() && with.did("ADD_CACHE"));
    assert!(with.components.contains(&"db-cache".to_owned()), "{:?}", with.components);
}

#[test]
fn users_on_another_continent_get_a_cdn() {
    assert!(!walk("distant_users", Policy::ApproveNone).keeps_the_objective());
    let with = walk("distant_users", Policy::ApproveAll);
    assert!(with.keeps_the_objective() && with.did("ADD_CDN"), "{:?}", with.components);
}

#[test]
fn a_site_grows_a_hundredfold() {
    assert!(!walk("full_stack_growth", Policy::ApproveNone).keeps_the_objective());
    let with = walk("full_stack_growth", Policy::ApproveAll);
    assert!(with.keeps_the_objective());
    assert!(with.did("SCALE_UP") && with.did("ADD_CDN"), "{:?}", with.components);
}
