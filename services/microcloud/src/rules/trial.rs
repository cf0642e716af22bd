//! `microcloud rules test`: what would these rules have told?

use detect::{Backtest, Comparison, Limits, RuleSet, Told};
use proto::ops::v1::{
    RuleDefinition, RuleServiceListRequest, RuleServiceTestRequest, RuleServiceTestResponse, RuleTestIncident,
};
use serde::Serialize;
use sim::{Workers, World};

use crate::api;
use crate::cli::TestOptions;
use crate::output::{self, Failure};
use crate::runs::{self, seconds};
use crate::stack::Target;
use crate::{folders, rules::file};

/// The stored telemetry of a running stack.
const STORED: &str = "stored";
/// Length of a scenario that names none, simulated seconds.
const USUAL_LENGTH_S: f64 = 600.0;

/// What came of one test.
#[derive(Debug, Serialize)]
struct Report {
    against: String,
    samples: u64,
    gained: Vec<Incident>,
    lost: Vec<Incident>,
    moved: Vec<Moved>,
    unchanged: usize,
}

/// An incident that there would have been.
#[derive(Debug, Serialize)]
struct Incident {
    rule: String,
    target: String,
    title: String,
    /// Simulated time, or seconds since the beginning of the run.
    opened: String,
    resolved: Option<String>,
}

/// The same incident, earlier or later.
#[derive(Debug, Serialize)]
struct Moved {
    opened_later_s: f64,
    present: Incident,
    candidate: Incident,
}

pub(super) async fn run(target: &Target, options: &TestOptions) -> Result<(), Failure> {
    let candidates = file::read(&options.file)?;
    let set = rulebook::checked(&candidates).map_err(|mistakes| Failure::Refused(mistakes.to_string()))?;
    let mut reports = Vec::new();
    for against in &options.against {
        reports.push(if against == STORED {
            stored(target, options, &candidates).await?
        } else {
            computed(&present(target).await?, &set, against, options)?
        });
    }
    if options.compute.json {
        return output::json(&reports);
    }
    reports.iter().for_each(print);
    Ok(())
}

async fn stored(
    target: &Target,
    options: &TestOptions,
    candidates: &[RuleDefinition],
) -> Result<Report, Failure> {
    let request = RuleServiceTestRequest {
        rules: candidates.to_vec(),
        simulation_id: target.simulation(),
        from: options.from.map(Into::into),
        to: options.to.map(Into::into),
    };
    let answer = api::rules(target)?.test(&request).await?.into_inner();
    let RuleServiceTestResponse { gained, lost, moved, counts, from, to, samples, unchanged: _ } = answer;
    let time = |time: Option<pbjson_types::Timestamp>| time.as_ref().map(output::time).unwrap_or_default();
    let moved = moved.into_iter().map(|pair| Moved {
        opened_later_s: pair.opened_later_s,
        present: of_answer(pair.present.unwrap_or_default()),
        candidate: of_answer(pair.candidate.unwrap_or_default()),
    });
    Ok(Report {
        against: format!(
            "stored telemetry of {} from {} to {} UTC",
            target.simulation(),
            time(from),
            time(to)
        ),
        samples,
        gained: gained.into_iter().map(of_answer).collect(),
        lost: lost.into_iter().map(of_answer).collect(),
        moved: moved.collect(),
        unchanged: counts.unwrap_or_default().unchanged as usize,
    })
}

fn of_answer(incident: RuleTestIncident) -> Incident {
    let RuleTestIncident { rule_name, target, title, opened_at, resolved_at, severity: _ } = incident;
    Incident {
        rule: rule_name,
        target: target.map(|target| target.id).unwrap_or_default(),
        title,
        opened: opened_at.as_ref().map(output::time).unwrap_or_default(),
        resolved: resolved_at.as_ref().map(output::time),
    }
}

/// The rules of the running stack, or the built-in ones.
async fn present(target: &Target) -> Result<RuleSet, Failure> {
    let listed = api::rules(target)?.list(&RuleServiceListRequest { include_deleted: false }).await;
    let definitions: Vec<RuleDefinition> = match listed {
        Ok(listed) => {
            let rules = listed.into_inner().rules.into_iter().filter(|rule| !rule.disabled);
            rules.filter_map(|rule| rule.definition).collect()
        }
        Err(_nobody_there) => {
            output::progress("no stack runs: compared with the built-in rules");
            detect::builtin_rules().iter().map(rulebook::definition).collect()
        }
    };
    rulebook::checked(&definitions)
        .map_err(|mistakes| Failure::Failed(format!("the present rules: {mistakes}")))
}

/// Computes a recording or a scenario, and judges it.
fn computed(
    present: &RuleSet,
    candidates: &RuleSet,
    against: &str,
    options: &TestOptions,
) -> Result<Report, Failure> {
    let workers = runs::workers(options.compute.threads)?;
    let mut test = Backtest::new(present, candidates, Limits::default())
        .map_err(|mistakes| Failure::Refused(mistakes.to_string()))?;
    if against.ends_with(sim::recording::EXTENSION) && against.contains('.') {
        let recording = runs::read(against.as_ref())?;
        let mut replay = recording.replay();
        let mut events = Vec::new();
        while !replay.is_over() {
            let step = replay.step_with(&workers, &mut events);
            step.map_err(|diverged| runs::replay::differs(&diverged, &recording))?;
            events.clear();
            look(replay.world(), &mut test)?;
        }
    } else {
        let scenario = folders::scenario(against, options.compute.scenarios.as_deref())?;
        let length_s = if scenario.duration_s > 0.0 { scenario.duration_s } else { USUAL_LENGTH_S };
        compute(World::new(scenario.clone(), scenario.seed), length_s, &workers, &mut test)?;
    }
    let Comparison { gained, lost, moved, unchanged, samples } = test.finish();
    let moved = moved.into_iter().map(|(present, candidate)| Moved {
        opened_later_s: (candidate.opened_at.micros - present.opened_at.micros) as f64 / 1e6,
        present: of_told(present),
        candidate: of_told(candidate),
    });
    Ok(Report {
        against: against.to_owned(),
        samples,
        gained: gained.into_iter().map(of_told).collect(),
        lost: lost.into_iter().map(of_told).collect(),
        moved: moved.collect(),
        unchanged: unchanged.len(),
    })
}

fn compute(mut world: World, length_s: f64, workers: &Workers, test: &mut Backtest) -> Result<(), Failure> {
    let mut events = Vec::new();
    while seconds(world.tick()) < length_s {
        world.step_with(workers, &mut events);
        events.clear();
        look(&world, test)?;
    }
    Ok(())
}

fn look(world: &World, test: &mut Backtest) -> Result<(), Failure> {
    if !world.sample_due() || test.observe(&eval::detector_sample(&world.snapshot(), None)) {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "these rules tell of more than {} incidents; raise the threshold",
        detect::MAX_TOLD
    )))
}

fn of_told(told: Told) -> Incident {
    let moment = |time: detect::SimTime| format!("{:.1} s", eval::seconds_of(time));
    Incident {
        rule: told.rule,
        target: told.target.id,
        title: told.title,
        opened: moment(told.opened_at),
        resolved: told.resolved_at.map(moment),
    }
}

fn print(report: &Report) {
    let Report { against, samples, gained, lost, moved, unchanged } = report;
    output::line(format!("{against}, {samples} samples:"));
    let end = |incident: &Incident| incident.resolved.clone().unwrap_or_else(|| "still open".to_owned());
    let row = |what: String, incident: &Incident| {
        vec![what, incident.opened.clone(), end(incident), incident.rule.clone(), incident.title.clone()]
    };
    let mut rows: Vec<Vec<String>> = gained.iter().map(|one| row("gained".to_owned(), one)).collect();
    rows.extend(lost.iter().map(|one| row("lost".to_owned(), one)));
    rows.extend(moved.iter().map(|Moved { opened_later_s, candidate, .. }| {
        let what = match opened_later_s {
            later if *later > 0.0 => format!("{later} s later"),
            earlier if *earlier < 0.0 => format!("{} s earlier", -earlier),
            _ => "changed".to_owned(),
        };
        row(what, candidate)
    }));
    if !rows.is_empty() {
        output::table(&["", "OPENED", "RESOLVED", "RULE", "WHAT"], rows);
    }
    output::line(format!(
        "{} gained, {} lost, {} moved, {unchanged} unchanged\n",
        gained.len(),
        lost.len(),
        moved.len()
    ));
}
