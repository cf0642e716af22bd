//! `microcloud validate`: the model against queueing theory and against request-level runs. Needs no server.

use std::path::Path;

use plotters::prelude::SeriesLabelPosition;
use serde_json::json;
use sim::validate::{self, Check, Plot, Report};

use crate::cli::ValidateOptions;
use crate::output::{self, Failure};
use crate::picture::{self, Curve, Stroke};

pub(crate) fn run(options: &ValidateOptions) -> Result<(), Failure> {
    output::progress("validate: steady states against closed forms");
    let mut report =
        validate::stationary().map_err(|error| Failure::because("validate steady states", &error))?;
    let runs = options.runs;
    output::progress(format!("validate: transients against the mean of {runs} request-level runs each"));
    let transients =
        validate::transient(runs).map_err(|error| Failure::because("validate transients", &error))?;
    report.checks.extend(transients.checks);
    report.plots.extend(transients.plots);
    if let Some(folder) = &options.out {
        write(folder, &report)?;
    }
    if options.json {
        output::json(&document(&report))?;
    } else {
        print(&report);
    }
    let missed = report.missed().count();
    if missed > 0 {
        return Err(Failure::Failed(format!(
            "{missed} of {} checks missed their bar; the table says which",
            report.checks.len()
        )));
    }
    Ok(())
}

fn print(report: &Report) {
    let verdict = |passed: bool| if passed { "pass" } else { "MISSED" }.to_owned();
    let row = |check: &Check| {
        vec![
            check.group.to_owned(),
            check.case.clone(),
            check.measure.to_owned(),
            format!("{:.5}", check.model),
            format!("{:.5}", check.truth),
            check.against.to_owned(),
            format!("{:+.2} %", check.error * 100.0),
            format!("{:.0} %", check.bar * 100.0),
            verdict(check.passed()),
        ]
    };
    let header = ["queue", "case", "measure", "model", "exact", "from", "error", "bar", ""];
    output::table(&header, report.checks.iter().map(row).collect());

    let mut groups: Vec<(&str, &str, Vec<&Check>)> = Vec::new();
    for check in &report.checks {
        match groups.iter_mut().find(|(group, measure, _)| (*group, *measure) == (check.group, check.measure))
        {
            Some((_, _, checks)) => checks.push(check),
            None => groups.push((check.group, check.measure, vec![check])),
        }
    }
    let summary = |(group, measure, checks): &(&str, &str, Vec<&Check>)| {
        let worst = checks.iter().map(|check| check.error.abs()).fold(0.0, f64::max);
        vec![
            (*group).to_owned(),
            (*measure).to_owned(),
            checks.len().to_string(),
            format!("{:.2} %", worst * 100.0),
            verdict(checks.iter().all(|check| check.passed())),
        ]
    };
    output::line("");
    output::table(&["queue", "measure", "checks", "worst", ""], groups.iter().map(summary).collect());
    let missed = report.missed().count();
    output::line(format!("\n{} checks, {missed} missed", report.checks.len()));
}

fn document(report: &Report) -> serde_json::Value {
    let check = |check: &Check| {
        json!({
            "queue": check.group, "case": check.case, "measure": check.measure, "model": check.model,
            "exact": check.truth, "from": check.against, "error": check.error, "bar": check.bar,
            "passed": check.passed(),
        })
    };
    let missed = report.missed().count();
    json!({ "passed": missed == 0, "missed": missed, "checks": report.checks.iter().map(check).collect::<Vec<_>>() })
}

/// The checks as JSON and a picture of every plot.
fn write(folder: &Path, report: &Report) -> Result<(), Failure> {
    let doing = |path: &Path| format!("write {}", path.display());
    std::fs::create_dir_all(folder).map_err(|error| Failure::because(&doing(folder), &error))?;
    let path = folder.join("validation.json");
    let text = serde_json::to_string_pretty(&document(report))
        .map_err(|error| Failure::because(&doing(&path), &error))?;
    std::fs::write(&path, text).map_err(|error| Failure::because(&doing(&path), &error))?;
    for plot in &report.plots {
        let path = folder.join(format!("{}.svg", plot.name));
        let text = picture::svg(&picture_of(plot))
            .map_err(|error| Failure::Failed(format!("draw {}: {error}", plot.name)))?;
        std::fs::write(&path, text).map_err(|error| Failure::because(&doing(&path), &error))?;
    }
    output::progress(format!("validate: {} plots in {}", report.plots.len(), folder.display()));
    Ok(())
}

/// The truth as broad lines, the model as thin ones on top of them.
fn picture_of(plot: &Plot) -> picture::Plot<'_> {
    picture::Plot {
        title: &plot.title,
        x: plot.x,
        y: plot.y,
        legend: SeriesLabelPosition::UpperLeft,
        curves: plot.curves.iter().map(Curve::from).collect(),
    }
}

impl<'a> From<&'a validate::Curve> for Curve<'a> {
    fn from(curve: &'a validate::Curve) -> Self {
        let stroke = if curve.truth { Stroke::Broad } else { Stroke::Thin };
        Self { name: &curve.name, stroke, points: &curve.points }
    }
}
