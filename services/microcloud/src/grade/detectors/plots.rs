//! The grades as pictures.

use std::collections::BTreeSet;

use eval::grade::{HORIZONS_S, Report, RunGrade};
use plotters::prelude::SeriesLabelPosition;

use crate::picture::{self, Curve, Plot, Stroke};

/// Detections later than this after the onset are not drawn, s.
const LATEST_S: u32 = 150;

/// A picture with its name.
pub(crate) struct Picture {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) svg: String,
}

type DrawError = Box<dyn std::error::Error>;

pub(crate) fn all(report: &Report) -> Result<Vec<Picture>, DrawError> {
    let mut pictures = vec![time_to_detect(report)?];
    if !report.forecasts.is_empty() {
        pictures.push(coverage(report)?);
        pictures.push(errors(report)?);
    }
    Ok(pictures)
}

struct Line {
    name: String,
    stroke: Stroke,
    points: Vec<(f64, f64)>,
}

fn picture(
    name: &'static str,
    title: &'static str,
    (x, y): (&str, &str),
    lines: &[Line],
) -> Result<Picture, DrawError> {
    let curve = |line| {
        let Line { name, stroke, points }: &Line = line;
        Curve { name, stroke: *stroke, points }
    };
    let plot = Plot {
        title,
        x,
        y,
        legend: SeriesLabelPosition::LowerRight,
        curves: lines.iter().map(curve).collect(),
    };
    Ok(Picture { name, title, svg: picture::svg(&plot)? })
}

/// What share of the faults is found by when.
fn time_to_detect(report: &Report) -> Result<Picture, DrawError> {
    let families: BTreeSet<&str> =
        report.runs.iter().filter(|run| run.counts()).map(|run| run.family.as_str()).collect();
    let all = Line {
        name: "all".to_owned(),
        stroke: Stroke::Broad,
        points: found_by(report.runs.iter().filter(|run| run.counts())),
    };
    let of = |family: &str| Line {
        name: family.to_owned(),
        stroke: Stroke::Plain,
        points: found_by(report.runs.iter().filter(|run| run.counts() && run.family == family)),
    };
    let lines: Vec<Line> = std::iter::once(all).chain(families.into_iter().map(of)).collect();
    let axes = ("simulated seconds after the onset", "share of faults found");
    picture("time_to_detect", "Time to detect, by family of scenarios", axes, &lines)
}

fn found_by<'a>(runs: impl Iterator<Item = &'a RunGrade>) -> Vec<(f64, f64)> {
    let times: Vec<f64> = runs.map(|run| run.time_to_detect_s().unwrap_or(f64::INFINITY)).collect();
    let share =
        |second: f64| times.iter().filter(|time| **time <= second).count() as f64 / times.len().max(1) as f64;
    (0..=LATEST_S).map(|second| (f64::from(second), share(f64::from(second)))).collect()
}

/// How often the band held the value.
fn coverage(report: &Report) -> Result<Picture, DrawError> {
    let nominal = Line {
        name: "nominal".to_owned(),
        stroke: Stroke::Broad,
        points: vec![(0.0, 0.8), (minutes(HORIZONS_S[2]), 0.8)],
    };
    let lines: Vec<Line> = std::iter::once(nominal).chain(by_metric(report, |row| row.coverage)).collect();
    let axes = ("minutes ahead", "share of values in the 80 % band");
    picture("forecast_coverage", "Coverage of forecasts", axes, &lines)
}

/// How far off forecasts are, in relation to forecasting the last value.
fn errors(report: &Report) -> Result<Picture, DrawError> {
    let naive = Line {
        name: "last value".to_owned(),
        stroke: Stroke::Broad,
        points: vec![(0.0, 1.0), (minutes(HORIZONS_S[2]), 1.0)],
    };
    let lines: Vec<Line> = std::iter::once(naive)
        .chain(by_metric(report, |row| row.error / row.naive_error.max(f64::MIN_POSITIVE)))
        .collect();
    let axes = ("minutes ahead", "error of the forecast / of the last value");
    picture("forecast_error", "Error of forecasts", axes, &lines)
}

fn by_metric(report: &Report, value: impl Fn(&eval::grade::ForecastRow) -> f64) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in &report.forecasts {
        let name = format!("{}, {}", row.metric, row.stretch);
        let point = (minutes(row.horizon_s), value(row));
        match lines.last_mut().filter(|line| line.name == name) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { name, stroke: Stroke::Plain, points: vec![point] }),
        }
    }
    lines
}

fn minutes(seconds: u32) -> f64 {
    f64::from(seconds) / 60.0
}
