//! How often forecasts come true, and how far off they are.
//!
//! The series are means over 10 s, as [`Recent`] keeps them. Every two and a half minutes a forecast is made from the last twenty minutes, as
//! the detector makes it, and compared with what came. Errors are in units of the mean step of what the forecast was made from (mean absolute scaled error: Hyndman &
//! Koehler, "Another look at measures of forecast accuracy", *International Journal of Forecasting* 22, 2006).

use std::collections::BTreeMap;

use detect::BLOCK_S;
use detect::stats::{Forecast, RECENT_BLOCKS, Recent};
use serde::Serialize;
use sim::{Columns, MetricName, Snapshot};

/// What is forecast.
const METRICS: [MetricName; 4] =
    [MetricName::CpuUsage, MetricName::MemoryUsage, MetricName::DiskUsage, MetricName::RequestRate];
/// How far ahead, simulated seconds.
pub const HORIZONS_S: [u32; 3] = [60, 300, 600];
/// Length of a step, s.
const STEP_S: u32 = BLOCK_S as u32;
/// Steps from one forecast of a series to the next.
const EVERY: usize = 15;
/// A series whose mean step is below this, in its unit, does not move: there is nothing to forecast.
const MOVES: f64 = 1e-6;

/// What is kept apart: whether nothing is wrong, what was forecast, how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    benign: bool,
    metric: MetricName,
    horizon_s: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Tally {
    made: u64,
    held: u64,
    below: u64,
    error: f64,
    naive: f64,
}

/// Forecasts and what came true of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Forecasts(BTreeMap<Kind, Tally>);

/// How forecasts of a metric fared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastRow {
    /// `benign`: nothing is wrong; `fault`: made and come due after the onset of one.
    pub stretch: &'static str,
    /// Metric; `all` for all of them.
    pub metric: &'static str,
    /// Simulated seconds ahead.
    pub horizon_s: u32,
    /// Forecasts made.
    pub made: u64,
    /// Share of them whose 80 % band held the value.
    pub coverage: f64,
    /// Share of them whose band lay above the value; 0.1 if the band is right.
    pub below: f64,
    /// Mean absolute error in units of the mean step of the series.
    pub error: f64,
    /// The same of forecasting the last value.
    pub naive_error: f64,
}

/// Makes the forecasts of a run. What nobody can know, a fault that is yet to come, is left out.
pub(super) fn grade(samples: &[Snapshot], onset_s: Option<f64>) -> Forecasts {
    let mut forecasts = Forecasts::default();
    let begin = onset_s.map_or(0, |onset| (onset / f64::from(STEP_S)).ceil() as usize);
    for columns in [services as fn(&Snapshot) -> &Columns, nodes] {
        let rows = samples.first().map_or(0, |sample| columns(sample).ids.len());
        for metric in METRICS {
            for row in 0..rows {
                let steps = steps(samples.iter().map(|sample| value(columns(sample), metric, row)));
                forecasts.make(&steps, begin, Kind { benign: onset_s.is_none(), metric, horizon_s: 0 });
            }
        }
    }
    forecasts
}

fn services(sample: &Snapshot) -> &Columns {
    &sample.services
}

fn nodes(sample: &Snapshot) -> &Columns {
    &sample.nodes
}

fn value(columns: &Columns, metric: MetricName, row: usize) -> f64 {
    let column = columns.columns.iter().find(|(name, _)| *name == metric);
    column.and_then(|(_, values)| values.get(row)).map_or(f64::NAN, |value| f64::from(*value))
}

fn steps(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut recent = Recent::new(STEP_S);
    let full = values.filter_map(|value| if recent.push(value) { recent.means().last() } else { None });
    full.collect()
}

impl Forecasts {
    fn make(&mut self, steps: &[f64], begin: usize, kind: Kind) {
        for origin in (begin + EVERY..steps.len()).step_by(EVERY) {
            let past = &steps[origin.saturating_sub(RECENT_BLOCKS)..origin];
            let (Some(last), Some(scale)) = (past.last().filter(|last| last.is_finite()), mean_step(past))
            else {
                continue;
            };
            let due = HORIZONS_S.map(|horizon_s| (horizon_s, horizon_s / STEP_S));
            let due = due.map(|(horizon_s, ahead)| {
                (horizon_s, ahead, steps.get(origin - 1 + ahead as usize).copied().unwrap_or(f64::NAN))
            });
            if scale < MOVES || due.iter().all(|(_, _, came)| !came.is_finite()) {
                continue;
            }
            let Some(forecast) = Forecast::from(past.iter().copied()) else { continue };
            for (horizon_s, ahead, came) in due.into_iter().filter(|(_, _, came)| came.is_finite()) {
                let band = forecast.at(ahead);
                let tally = self.0.entry(Kind { horizon_s, ..kind }).or_default();
                tally.made += 1;
                tally.held += u64::from((band.low..=band.high).contains(&came));
                tally.below += u64::from(came < band.low);
                tally.error += (came - band.expected).abs() / scale;
                tally.naive += (came - last).abs() / scale;
            }
        }
    }

    /// Adds those of another run.
    pub(super) fn add(&mut self, other: &Self) {
        for (kind, more) in &other.0 {
            self.0.entry(*kind).or_default().add(more);
        }
    }

    /// A row for every stretch, metric and horizon, and for all metrics together.
    pub(super) fn rows(&self) -> Vec<ForecastRow> {
        let mut rows = Vec::new();
        for benign in [true, false] {
            for metric in METRICS.map(Some).into_iter().chain([None]) {
                for horizon_s in HORIZONS_S {
                    let mut sum = Tally::default();
                    let wanted = |kind: &Kind| {
                        kind.benign == benign
                            && kind.horizon_s == horizon_s
                            && metric.is_none_or(|metric| kind.metric == metric)
                    };
                    self.0.iter().filter(|(kind, _)| wanted(kind)).for_each(|(_, tally)| sum.add(tally));
                    let metric = metric.map_or("all", MetricName::as_str);
                    rows.extend(sum.row(if benign { "benign" } else { "fault" }, metric, horizon_s));
                }
            }
        }
        rows
    }
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.made += other.made;
        self.held += other.held;
        self.below += other.below;
        self.error += other.error;
        self.naive += other.naive;
    }

    fn row(self, stretch: &'static str, metric: &'static str, horizon_s: u32) -> Option<ForecastRow> {
        let Self { made, held, below, error, naive } = self;
        let each = |sum: f64| sum / made as f64;
        (made > 0).then(|| ForecastRow {
            stretch,
            metric,
            horizon_s,
            made,
            coverage: each(held as f64),
            below: each(below as f64),
            error: each(error),
            naive_error: each(naive),
        })
    }
}

/// Mean of the absolute differences of neighbours; `None` without any.
fn mean_step(past: &[f64]) -> Option<f64> {
    let steps = past.windows(2).map(|pair| (pair[1] - pair[0]).abs()).filter(|step| step.is_finite());
    let (sum, count) = steps.fold((0.0, 0.0), |(sum, count), step| (sum + step, count + 1.0));
    (count > 0.0).then(|| sum / count)
}
