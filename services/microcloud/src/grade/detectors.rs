//! `microcloud grade detectors`: what is detected in every scenario, against what is true about it. Needs no server.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use eval::grade::{self, MAX_LENGTH_S, Options, Report};
use serde_json::Value;
use sim::{Scenario, Workers};

use crate::cli::DetectorOptions;
use crate::folders;
use crate::output::{self, Failure};

mod page;
mod plots;
mod tables;

/// A line of progress every so many runs.
const TOLD_EVERY: usize = 20;

pub(crate) fn run(options: &DetectorOptions) -> Result<(), Failure> {
    let scenarios = scenarios(options)?;
    let grading = Options {
        seeds: options.seeds,
        after_onset_s: length("--for", options.after_onset)?,
        benign_s: length("--benign", options.benign)?,
        lead_in_s: lead_in(options.lead_in)?,
        forecasts: !options.no_forecasts,
        workers: workers(options.threads)?,
        ..Options::default()
    };
    let told = |done: usize, all: usize| {
        if done.is_multiple_of(TOLD_EVERY) || done == all {
            output::progress(format!("grade: {done} of {all} runs"));
        }
    };
    let grades = grade::grade(&scenarios, &grading, &told)
        .map_err(|error| Failure::because("read the rules", &error))?;
    let report = grades.report();
    if let Some(folder) = &options.out {
        write(folder, &report)?;
    }
    if options.json {
        return output::json(&report);
    }
    for table in tables::all(&report) {
        output::line(format!("\n{}", table.title));
        output::table(&table.header, table.rows);
    }
    Ok(())
}

fn scenarios(options: &DetectorOptions) -> Result<Vec<Arc<Scenario>>, Failure> {
    let folder = options.scenarios.as_deref();
    if options.names.is_empty() {
        let shipped = folders::scenarios(folder)?;
        return shipped.names().iter().map(|name| folders::scenario(name, folder)).collect();
    }
    options.names.iter().map(|name| folders::scenario(name, folder)).collect()
}

fn lead_in(time: Duration) -> Result<f64, Failure> {
    if time.is_zero() { Ok(0.0) } else { length("--lead-in", time) }
}

fn length(option: &str, time: Duration) -> Result<f64, Failure> {
    let seconds = time.as_secs_f64();
    if (1.0..=MAX_LENGTH_S).contains(&seconds) {
        return Ok(seconds);
    }
    Err(Failure::Usage(format!(
        "{option} is {}: write a time from 1s to 24h",
        humantime::format_duration(time)
    )))
}

fn workers(threads: Option<usize>) -> Result<Workers, Failure> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = threads.unwrap_or_else(|| cores().min(sim::workers::MAX_WORKERS));
    Workers::new(threads).map_err(|error| Failure::Usage(format!("--threads: {error}")))
}

/// The grades as JSON, as a page, and as the plots on the page.
fn write(folder: &Path, report: &Report) -> Result<(), Failure> {
    let failed = |path: &Path, error: &dyn std::error::Error| {
        Failure::because(&format!("write {}", path.display()), error)
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let plots = plots::all(report).map_err(|error| Failure::Failed(format!("draw a plot: {error}")))?;
    let grades = document(report).map_err(|error| failed(folder, &error))?;
    let page = page::markdown(report, &plots);
    let files = [("grades.json".to_owned(), grades), ("README.md".to_owned(), page)];
    let pictures = plots.into_iter().map(|plot| (format!("{}.svg", plot.name), plot.svg));
    for (name, text) in files.into_iter().chain(pictures) {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    output::progress(format!("grade: grades.json, README.md and plots in {}", folder.display()));
    Ok(())
}

/// JSON with a line for every key and every entry of a list, so that a change of the grades is a diff that can be read.
fn document(report: &Report) -> serde_json::Result<String> {
    let mut lines = Vec::new();
    if let Value::Object(keys) = serde_json::to_value(report)? {
        for (key, value) in keys {
            let text = match value {
                Value::Array(entries) if !entries.is_empty() => {
                    let entries: Vec<String> = entries.iter().map(Value::to_string).collect();
                    format!("[\n{}\n]", entries.join(",\n"))
                }
                value => value.to_string(),
            };
            lines.push(format!("\"{key}\": {text}"));
        }
    }
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}
