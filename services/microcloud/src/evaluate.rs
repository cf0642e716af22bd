//! `microcloud evaluate`: an agent plays the scenarios and gets a score. Needs no server.

use std::path::Path;
use std::sync::Arc;

use eval::benchmark::{self, Options, Reference, Report, Row};
use sim::Scenario;

use crate::cli::EvaluateOptions;
use crate::folders;
use crate::output::{self, Failure};
use crate::{report, runs};

mod agent;
mod host;
mod kept;
mod leaderboard;
mod outside;
mod page;
mod program;
mod progress;
mod table;
mod tables;

use agent::Agent;
use kept::Kept;
use progress::Progress;

pub(crate) fn run(options: &EvaluateOptions) -> Result<(), Failure> {
    let agent = Agent::parse(&options.agent, options.agent_timeout)?;
    let reference = options.against.as_deref().map(read_reference).transpose()?;
    let name = options.name.as_deref().unwrap_or(&options.agent);
    let scenarios = scenarios(options)?;
    let evaluation = Options { seeds: options.seeds, workers: runs::one_a_core(options.catalogue.threads)? };
    let kept = options.out.as_deref().map(|folder| Kept::open(folder, &agent.key())).transpose()?;
    let progress = Progress::new();
    let known = |scenario: &Scenario, seed: u64| kept.as_ref()?.row(scenario, seed);
    let told = |row: &Row, done: usize, all: usize| {
        if let Some(kept) = &kept {
            kept.keep(row, &scenarios);
        }
        progress.tell(row, done, all);
    };
    let rows = agent.with_entrant(|entrant| {
        benchmark::evaluate(&scenarios, entrant, &evaluation, &known, &told)
            .map_err(|error| Failure::because("read the rules", &error))
    })??;
    progress.end();
    if let Some(kept) = &kept {
        kept.check()?;
    }
    let report = Report::new(name, options.seeds, rows);
    if let Some(folder) = &options.out {
        write(folder, &report)?;
    }
    let board = options.leaderboard.as_deref().map(|file| leaderboard::enter(file, &report, &suite(options)));
    let board = board.transpose()?;
    if options.json {
        output::json(&report)?;
    } else {
        for table in tables::all(&report).into_iter().chain(board) {
            output::line(format!("\n{}", table.title));
            output::table(&table.header, table.rows);
        }
    }
    reference.map_or(Ok(()), |reference| compare(&reference, &report))
}

/// Refuses a report that is worse than the one of before.
fn compare(reference: &Reference, report: &Report) -> Result<(), Failure> {
    let worse = reference.worse(&report.rows);
    if worse.is_empty() {
        Ok(())
    } else {
        Err(Failure::Failed(format!("worse than before: {}", worse.join("; "))))
    }
}

fn read_reference(file: &Path) -> Result<Reference, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("--against {shown}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::Usage(format!("--against {shown} is no report.json of `microcloud evaluate --out`: {error}"))
    })
}

/// What was played, in a word.
fn suite(options: &EvaluateOptions) -> String {
    if options.catalogue.names.is_empty() { options.suite.clone() } else { options.catalogue.names.join(" ") }
}

fn scenarios(options: &EvaluateOptions) -> Result<Vec<Arc<Scenario>>, Failure> {
    let all = folders::named_or_all(&options.catalogue.names, options.catalogue.scenarios.as_deref())?;
    if !options.catalogue.names.is_empty() {
        return Ok(all);
    }
    match options.suite.as_str() {
        "all" => Ok(all),
        "lite" => Ok(lite(&all)),
        family => {
            let mut families: Vec<String> = all.iter().map(|scenario| scenario.family.clone()).collect();
            families.sort();
            families.dedup();
            let picked: Vec<_> = all.into_iter().filter(|scenario| scenario.family == family).collect();
            if picked.is_empty() {
                return Err(Failure::Usage(format!(
                    "--suite is {family:?}: use all, lite, or a family ({})",
                    families.join(", ")
                )));
            }
            Ok(picked)
        }
    }
}

/// The easiest scenario of every family, the first by name of equals.
fn lite(all: &[Arc<Scenario>]) -> Vec<Arc<Scenario>> {
    let is_easiest = |one: &Arc<Scenario>| {
        let key = |scenario: &Arc<Scenario>| (scenario.truth.difficulty, scenario.name.clone());
        let peers = all.iter().filter(|other| other.family == one.family);
        peers.map(key).min() == Some(key(one))
    };
    all.iter().filter(|one| is_easiest(one)).cloned().collect()
}

fn write(folder: &Path, report: &Report) -> Result<(), Failure> {
    let plot = page::plot(report)
        .map_err(|error| Failure::Failed(format!("draw the plot of the scores: {error}")))?;
    let files = [
        ("report.json", report::document(report)?),
        ("README.md", page::markdown(report)),
        (page::PLOT, plot),
    ];
    report::write(folder, files)?;
    output::progress(format!("evaluate: report.json, README.md and a plot in {}", folder.display()));
    Ok(())
}
