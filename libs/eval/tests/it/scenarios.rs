//! What the loop does about each scenario, and about single faults.

use std::{path::PathBuf, sync::Arc};

use eval::{ActionReport, Answer, Loop, Options, Policy, Report};
use remedy::{Effect, Status};
use sim::{Command, FaultKind, FaultSpec, Scenario, ScenarioSource, Target, Workers, scenario};

/// A scenario folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    fn shipped() -> Self {
        Self(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios"))
    }

    pub(crate) fn walks() -> Self {
        Self(Self::shipped().0.join("walks"))
    }
}

impl ScenarioSource for Folder {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(relative_path)).map_err(|error| error.to_string())
    }
}

pub(crate) fn load(name: &str) -> Arc<Scenario> {
    scenario::load(name, &Folder::shipped()).unwrap_or_else(|error| panic!("{error}"))
}

/// Every scenario that ships, in order of name.
pub(crate) fn all() -> Vec<Arc<Scenario>> {
    let files = std::fs::read_dir(Folder::shipped().0).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names.iter().map(|name| load(name)).collect()
}

fn run(name: &str, length_s: f64, policy: Policy) -> Report {
    let options = Options { policy, ..Options::default() };
    let report = Loop::new(load(name), options).unwrap().run_s(length_s).report();
    tell(&report);
    report
}

/// The story of a run, shown when its test fails.
pub(crate) fn tell(report: &Report) {
    for incident in &report.incidents {
        println!("incident {:>6} → {:?} {}", incident.opened_s, incident.resolved_s, incident.title);
    }
    for action in &report.actions {
        println!(
            "action {:>6} → {:?} {} {} ×{} {:?} {:?} | {} | {}",
            action.proposed_s,
            action.completed_s,
            action.kind,
            action.target,
            action.replicas,
            action.status,
            action.effect,
            action.reason,
            action.outcome
        );
    }
    for decision in &report.decisions {
        println!(
            "decision {:>6} {} {} {}",
            decision.at_s,
            &decision.incident_id[..4],
            decision.verdict,
            decision.reason
        );
    }
}

/// Faults injected into an ordinary day after a minute.
fn run_with_fault(fault: FaultSpec, length_s: f64, policy: Policy) -> Report {
    let options = Options { policy, ..Options::default() };
    let mut run = Loop::new(load("normal"), options).unwrap();
    run.run_s(60.0).command(&Command::InjectFault(fault)).unwrap();
    let report = run.run_s(length_s).report();
    println!("{report:#?}");
    report
}

fn first_healed(report: &Report) -> &ActionReport {
    report
        .actions
        .iter()
        .find(|action| action.status == Status::Succeeded)
        .expect("an action that was carried out")
}

#[test]
fn an_ordinary_day_has_no_incident_and_no_action() {
    let report = run("normal", 600.0, Policy::ApproveAll);
    assert!(report.incidents.is_empty());
    assert!(report.actions.is_empty());
}

#[test]
fn a_cascade_is_healed_at_its_root_within_a_minute_of_the_approval() {
    let report = run("cascade_failure", 300.0, Policy::ApproveAll);
    let root = load("cascade_failure").truth.root_cause.clone().expect("a root cause");
    let healed = first_healed(&report);
    assert_eq!(healed.target, root.id);
    assert_eq!(report.open().count(), 0);
    let last = report.incidents.iter().filter_map(|incident| incident.resolved_s).fold(0.0, f64::max);
    assert!(
        last - healed.decided_s.unwrap() <= 60.0,
        "healed {} s after the approval",
        last - healed.decided_s.unwrap()
    );
    assert_eq!(report.executed().count(), 1, "the symptoms need no action of their own");
    assert_eq!(healed.effect, Some(Effect::Effective));
}

#[test]
fn a_cascade_that_nobody_looks_at_stays() {
    let report = run("cascade_failure", 300.0, Policy::ApproveNone);
    assert!(report.open().count() > 0);
    assert_eq!(report.executed().count(), 0);
    assert_eq!(report.time_to_mitigate_s, None);
}

#[test]
fn more_load_than_the_cloud_can_serve_is_met_with_more_replicas_only() {
    let report = run("high_load", 600.0, Policy::ApproveAll);
    assert_eq!(report.open().count(), 0);
    assert!(report.executed().count() >= 1);
    assert!(report.executed().all(|action| action.kind == "SCALE_UP"));
    let harmful = &load("high_load").truth.harmful;
    assert!(report.executed().all(|action| {
        !harmful.iter().any(|harm| harm.kind.name() == action.kind && harm.target == action.target)
    }));
}

#[test]
fn what_is_rejected_is_not_done() {
    let report = run("cascade_failure", 300.0, Policy::Ask(Box::new(|_| Answer::Reject)));
    assert!(report.actions.iter().any(|action| action.status == Status::Rejected));
    assert_eq!(report.executed().count(), 0);
    let mut wanted: Vec<_> = report.actions.iter().map(|action| (action.kind, &action.target)).collect();
    wanted.sort();
    let all = wanted.len();
    wanted.dedup();
    assert_eq!(wanted.len(), all, "nothing is asked for twice within ten minutes");
}

#[test]
fn a_crashed_service_is_brought_back() {
    let fault = FaultSpec::new(FaultKind::ServiceCrash, Target::service("cart"));
    let report = run_with_fault(fault, 300.0, Policy::ApproveAll);
    assert_eq!(first_healed(&report).target, "cart");
    assert_eq!(report.open().count(), 0);
}

#[test]
fn a_bad_state_that_answers_with_errors_is_restarted() {
    let fault = FaultSpec::new(FaultKind::ErrorBurst, Target::service("user"));
    let report = run_with_fault(fault, 300.0, Policy::ApproveAll);
    let healed = first_healed(&report);
    assert_eq!((healed.kind, healed.target.as_str()), ("RESTART_SERVICE", "user"));
    assert_eq!(report.open().count(), 0);
}

#[test]
fn the_whole_report_is_the_same_in_every_run() {
    for name in ["cascade_failure", "high_load"] {
        let with = |workers| {
            let options = Options { workers, ..Options::default() };
            Loop::new(load(name), options).unwrap().run_s(200.0).report()
        };
        let first = with(Workers::new(1).unwrap());
        assert_eq!(first, with(Workers::new(1).unwrap()));
        assert_eq!(first, with(Workers::new(2).unwrap()), "on two threads");
    }
}

#[test]
fn another_seed_is_another_run_with_the_same_ending() {
    let options = Options { seed: Some(7), ..Options::default() };
    let report = Loop::new(load("cascade_failure"), options).unwrap().run_s(300.0).report();
    assert_eq!(report.open().count(), 0);
    assert_ne!(report.telemetry_hash, run("cascade_failure", 300.0, Policy::ApproveAll).telemetry_hash);
}

#[test]
fn the_first_answer_to_a_cascade_is_the_right_one_whenever_it_begins() {
    let named = |name: &str| all().into_iter().find(|scenario| scenario.name == name).unwrap();
    let (normal, cascade) = (named("normal"), named("cascade_failure"));
    for step in 0..30 {
        let options = Options { approval_delay_s: 1.0, ..Options::default() };
        let mut day = Loop::new(normal.clone(), options).unwrap();
        day.run_s(20.0 + f64::from(step) * 3.35);
        day.command(&Command::SetScenario(cascade.clone())).unwrap();
        let first = day.run_s(30.0).report().actions[0].clone();
        assert_eq!(
            (first.kind, first.target.as_str()),
            ("RESTART_SERVICE", "payment"),
            "{step}: {}",
            first.reason
        );
    }
}
