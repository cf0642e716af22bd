//! Previews held against what came: of the options of every trouble, was the one that was predicted to be best the best, and did what
//! came lie in the bands? `docs/benchmark.md` has the definitions in words.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use detect::{RuleErrors, RuleSet};
use preview::{Course, Outlook, Plan, Planned, preview};
use serde::Serialize;
use sim::world::view::TopologyView;
use sim::{Command, Scenario, Target, TargetKind, Workers, World};

use crate::convert::{self, seconds};
use crate::player::Nobody;
use crate::run::{self, Loop};

/// The card is made when an incident opens, and looked at so much later, simulated seconds.
const READ_S: f64 = 5.0;
/// Where none opens it is looked ahead so long after the onset, simulated seconds.
const LATEST_S: f64 = 120.0;
/// Losses that differ by less are the same to users, minutes.
const SAME_MIN: f64 = 0.25;
/// Most options besides doing nothing: what a card shows.
const MAX_OPTIONS: usize = 6;

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Options {
    /// Every scenario with trouble is looked at with the seeds 1 to this.
    pub seeds: u64,
    /// How is looked ahead.
    pub plan: Plan,
    /// Threads.
    pub workers: Workers,
}

/// An option of a trouble: what was predicted, and what came. Losses in minutes, as the benchmark has them; p99 in ms at the worst
/// door over the last minute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The action, for example `RESTART_SERVICE payment`; empty for doing nothing.
    pub action: String,
    /// Its predicted place, from 1.
    pub rank: u32,
    /// What users lost when it was done.
    pub loss: f64,
    /// Predicted p99, low to high.
    pub p99_band: Option<(f64, f64)>,
    /// The p99 that came.
    pub p99: f64,
    /// Predicted share of users' requests that fail or are slow, low to high, %.
    pub bad_band: Option<(f64, f64)>,
    /// The share that came, %.
    pub bad_pct: f64,
}

/// A trouble, looked ahead at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// Scenario.
    pub scenario: String,
    /// Seed.
    pub seed: u64,
    /// The options that were not refused, doing nothing among them.
    pub options: Vec<Checked>,
}

/// How good previews are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Every scenario was looked at with the seeds 1 to this.
    pub seeds: u64,
    /// How far ahead, simulated seconds.
    pub horizon_s: u32,
    /// Futures of noise.
    pub futures: u32,
    /// Share of the cases in which no option cost users a quarter of a minute less than the one that was predicted to be best, %.
    pub best_pct: f64,
    /// Mean of what the best-predicted option cost users beyond the truly best, minutes.
    pub regret_minutes: f64,
    /// Share of the options whose p99 came to lie in its 80 % band, %.
    pub p99_in_band_pct: f64,
    /// The same of the share of bad requests.
    pub bad_in_band_pct: f64,
    /// The cases, in order of scenario and seed.
    pub cases: Vec<Case>,
}

/// Looks ahead at every trouble and lets it come.
///
/// # Errors
/// When the built-in rules contradict themselves, which they do not.
pub fn calibrate(
    scenarios: &[Arc<Scenario>],
    options: &Options,
    told: &(dyn Fn(usize, usize) + Sync),
) -> Result<Report, RuleErrors> {
    let rules = RuleSet::new(detect::builtin_rules())?;
    let troubled = scenarios.iter().filter(|scenario| scenario.truth.onset_s.is_some());
    let mut looks: Vec<(Arc<Scenario>, u64, Option<Case>)> = troubled
        .flat_map(|scenario| (1..=options.seeds).map(|seed| (scenario.clone(), seed, None)))
        .collect();
    let (done, all) = (AtomicUsize::new(0), looks.len());
    options.workers.for_each(&mut looks, |(scenario, seed, case)| {
        *case = Some(look(scenario, *seed, &rules, options.plan));
        told(done.fetch_add(1, Ordering::Relaxed) + 1, all);
    });
    let cases: Vec<Case> = looks.into_iter().filter_map(|(_, _, case)| case).collect();
    let all = || cases.iter().flat_map(|case| &case.options);
    Ok(Report {
        seeds: options.seeds,
        horizon_s: options.plan.horizon_s(),
        futures: options.plan.seeds(),
        best_pct: share(cases.iter().map(|case| !case.is_misled())),
        regret_minutes: cases.iter().map(Case::regret).sum::<f64>() / cases.len().max(1) as f64,
        p99_in_band_pct: share(all().filter_map(|option| within(option.p99, option.p99_band))),
        bad_in_band_pct: share(all().filter_map(|option| within(option.bad_pct, option.bad_band))),
        cases,
    })
}

impl Case {
    /// Whether another option was better than the one that was predicted to be best.
    pub fn is_misled(&self) -> bool {
        self.regret() >= SAME_MIN
    }

    /// What the option that was predicted to be best cost users beyond the truly best, minutes.
    pub fn regret(&self) -> f64 {
        let losses = self.options.iter().map(|option| option.loss);
        let least = losses.fold(f64::INFINITY, f64::min);
        let chosen = self.options.iter().find(|option| option.rank == 1);
        chosen.map_or(0.0, |chosen| chosen.loss - least)
    }
}

fn look(scenario: &Arc<Scenario>, seed: u64, rules: &RuleSet, plan: Plan) -> Case {
    let world = alarmed(scenario, seed, rules);
    let candidates = candidates(scenario, &world.topology());
    let predicted = preview(&world, &candidates, plan, &Workers::default());
    let asked = std::iter::once(None).chain(candidates.iter().map(Some));
    let options = asked
        .zip(predicted.options)
        .filter(|(_, outlook)| outlook.refused.is_none())
        .map(|(planned, outlook)| check(&world, planned, &outlook, plan.horizon_s()))
        .collect();
    Case { scenario: scenario.name.clone(), seed, options }
}

/// The world at the moment at which somebody looks.
fn alarmed(scenario: &Arc<Scenario>, seed: u64, rules: &RuleSet) -> World {
    let options =
        run::Options { seed: Some(seed), player: Box::new(Nobody::default()), ..run::Options::default() };
    let mut run = Loop::with_rules(rules, scenario.clone(), options);
    let onset_s = scenario.truth.onset_s.unwrap_or(0.0);
    run.run_s(onset_s);
    while seconds(run.world().tick()) < onset_s + LATEST_S && !run.is_alarmed_since(onset_s) {
        run.step();
    }
    run.run_s(READ_S);
    run.world().clone()
}

/// What the card would show: what could be done about the cause, what heals, and what harms.
fn candidates(scenario: &Scenario, view: &TopologyView) -> Vec<Planned> {
    let truth = &scenario.truth;
    let of_truth = truth.healing.iter().chain(&truth.harmful).map(convert::remedy);
    let of_cause = truth.root_cause.iter().flat_map(|root| about(root, view));
    let mut planned: Vec<Planned> = Vec::new();
    for option in of_truth.chain(of_cause).map(|remedy| convert::planned(&remedy)) {
        let is_there = |known: &Planned| (known.kind, &known.target) == (option.kind, &option.target);
        if planned.len() < MAX_OPTIONS && !planned.iter().any(is_there) {
            planned.push(option);
        }
    }
    planned
}

fn about(root: &Target, view: &TopologyView) -> Vec<remedy::Remedy> {
    let target = match root.kind {
        TargetKind::Service => remedy::Target::Service(remedy::ServiceId::new(&root.id)),
        TargetKind::Node => remedy::Target::Node(remedy::NodeId::new(&root.id)),
        TargetKind::Zone | TargetKind::Simulation => return Vec::new(),
    };
    remedy::options(&target, &convert::topology(view).suspected(&target))
}

/// Lets come what comes.
fn check(world: &World, planned: Option<&Planned>, outlook: &Outlook, horizon_s: u32) -> Checked {
    let mut world = world.clone();
    if let Some(planned) = planned {
        // Whether it is refused was asked before.
        drop(world.apply(&Command::Act(planned.act("calibration", &world.topology()))));
    }
    let (mut course, mut events) = (Course::new(world.running_topology()), Vec::new());
    let end = world.tick() + convert::ticks(f64::from(horizon_s));
    while world.tick() < end {
        world.step(&mut events);
        events.clear();
        if world.sample_due() {
            course.see(&world.snapshot(), world.running_topology());
        }
    }
    let band = |band: Option<preview::Band>| band.map(|band| (band.low, band.high));
    Checked {
        action: planned.map(|planned| format!("{} {}", planned.kind, planned.target)).unwrap_or_default(),
        rank: outlook.rank,
        loss: course.loss(),
        p99_band: band(outlook.p99_ms),
        p99: course.p99_ms(),
        bad_band: band(outlook.bad_pct),
        bad_pct: course.bad() / course.requests().max(1.0) * 100.0,
    }
}

fn within(value: f64, band: Option<(f64, f64)>) -> Option<bool> {
    let (low, high) = band?;
    value.is_finite().then_some(low <= value && value <= high)
}

/// How many of these hold, %.
fn share(holds: impl Iterator<Item = bool>) -> f64 {
    let (held, all) = holds.fold((0_u32, 0_u32), |(held, all), holds| (held + u32::from(holds), all + 1));
    f64::from(held) / f64::from(all.max(1)) * 100.0
}
