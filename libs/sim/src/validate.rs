//! Holds the model against queueing theory and against request-level runs.
//!
//! Every check runs the real [`World`](crate::World), built from a topology, and compares what it measures with a closed form
//! or with the mean of many [`reference`](crate::reference) runs. `microcloud validate` prints the result, the tests demand it.
//! `docs/validation.md` explains the cases, the measures and the bars.

mod closed_form;
mod lab;
mod stationary;
mod transient;

use crate::scenario::LoadError;

/// Largest relative error against a closed form.
pub const STATIONARY_BAR: f64 = 0.02;

/// Largest relative error against the mean of reference runs.
pub const TRANSIENT_BAR: f64 = 0.05;

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Kind of queue, for example `M/M/c`.
    pub group: &'static str,
    /// The parameters.
    pub case: String,
    /// What was measured, with its unit.
    pub measure: &'static str,
    /// What the model says.
    pub model: f64,
    /// What is right.
    pub truth: f64,
    /// Where the truth comes from: `closed form` or `reference`.
    pub against: &'static str,
    /// Difference in relation to the truth; for shares below 0.1 % in relation to 0.1 %.
    pub error: f64,
    /// Largest error that passes.
    pub bar: f64,
}

impl Check {
    /// Whether the error is within the bar. One that is not a number is not.
    pub fn passed(&self) -> bool {
        self.error.abs() <= self.bar
    }
}

/// Some curves in one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Name of its file, without extension.
    pub name: String,
    /// What is shown.
    pub title: String,
    /// What the horizontal axis is, with its unit.
    pub x: &'static str,
    /// What the vertical axis is, with its unit.
    pub y: &'static str,
    /// The curves.
    pub curves: Vec<Curve>,
}

/// A curve of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What it stands for.
    pub name: String,
    /// Whether it is the truth and not the model.
    pub truth: bool,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// Everything that was compared.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The comparisons, in order.
    pub checks: Vec<Check>,
    /// Pictures of them.
    pub plots: Vec<Plot>,
}

impl Report {
    /// Checks that missed their bar.
    pub fn missed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.passed())
    }

    /// Compares a measured value with the truth.
    fn check(&mut self, case: &Case, measure: &'static str, model: f64, truth: f64, bar: f64) {
        let scale = if measure.starts_with("share") { truth.abs().max(1e-3) } else { truth.abs() };
        let error = (model - truth) / scale;
        let Case { group, text, against } = case;
        self.checks.push(Check { group, case: text.clone(), measure, model, truth, against, error, bar });
    }
}

/// What the checks of one run have in common.
struct Case {
    group: &'static str,
    text: String,
    against: &'static str,
}

/// Compares steady states with closed forms.
///
/// # Errors
/// When a topology of a check does not load, which would be a mistake of this module.
pub fn stationary() -> Result<Report, LoadError> {
    let mut report = Report::default();
    stationary::run(&mut report)?;
    Ok(report)
}

/// Compares transients with the mean of `runs` reference runs each, on which the noise of the comparison depends: about
/// `1/√runs` of the spread between runs. 400 leave it well below the bar.
///
/// # Errors
/// When a topology of a check does not load, which would be a mistake of this module.
pub fn transient(runs: u64) -> Result<Report, LoadError> {
    let mut report = Report::default();
    transient::run(&mut report, runs)?;
    Ok(report)
}
