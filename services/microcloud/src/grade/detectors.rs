//! `microcloud grade detectors`: what is detected in every scenario, against what is true about it. Needs no server.

use std::path::Path;
use std::time::Duration;

use eval::grade::{self, MAX_LENGTH_S, Options, Report};

use crate::cli::DetectorOptions;
use crate::folders;
use crate::output::{self, Failure};
use crate::{report, runs};

mod page;
mod plots;
mod tables;

/// A line of progress every so many runs.
const TOLD_EVERY: usize = 20;

pub(crate) fn run(options: &DetectorOptions) -> Result<(), Failure> {
    let scenarios = folders::named_or_all(&options.catalogue.names, options.catalogue.scenarios.as_deref())?;
    let grading = Options {
        seeds: options.seeds,
        after_onset_s: length("--for", options.after_onset)?,
        benign_s: length("--benign", options.benign)?,
        lead_in_s: lead_in(options.lead_in)?,
        forecasts: !options.no_forecasts,
        workers: runs::one_a_core(options.catalogue.threads)?,
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

/// The grades as JSON, as a page, and as the plots on the page.
fn write(folder: &Path, report: &Report) -> Result<(), Failure> {
    let plots = plots::all(report).map_err(|error| Failure::Failed(format!("draw a plot: {error}")))?;
    let page = page::markdown(report, &plots);
    let names: Vec<String> = plots.iter().map(|plot| format!("{}.svg", plot.name)).collect();
    let files = [("grades.json", report::document(report)?), ("README.md", page)];
    let pictures = names.iter().zip(plots).map(|(name, plot)| (name.as_str(), plot.svg));
    report::write(folder, files.into_iter().chain(pictures))?;
    output::progress(format!("grade: grades.json, README.md and plots in {}", folder.display()));
    Ok(())
}
