//! When a series runs into its limit.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::signs::FULL_PCT;
use super::told::{FORECAST_S, ForecastPoint, LimitReached};
use crate::stats::{Band, Crossing, Forecast, RECENT_BLOCKS, Trend};
use crate::trail::BLOCK_S;

/// Blocks from one look to the next: half a minute.
const LOOK_BLOCKS: i64 = 3;
/// Blocks from one forecast that is only kept to the next: five minutes.
const KEEP_BLOCKS: i64 = 30;
/// Pasts that are looked at, blocks: six minutes, and twenty. Nothing is carried on for longer than it was seen.
const PASTS: [usize; 2] = [36, RECENT_BLOCKS];
/// Least part of a past that has to be there.
const SEEN: f64 = 0.5;
/// Chance of a trend by accident that is put up with. Neighbours resemble each other, and there are many series.
const SIGNIFICANT: f64 = 0.001;
/// A series that moves by less than this in the blocks kept, in points, is not worth a forecast.
const MOVES: f64 = 0.1;
/// Looks one after the other that have to see the limit reached, and that have to see it no more.
const SURE: u8 = 2;
const GONE: u8 = 4;
/// Nine of ten courses have to have reached the limit within so many times what was seen.
const BOUND: u32 = 3;

/// A limit that will be reached. Times are simulated seconds from the block that it was told by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outlook {
    /// Mean of the newest block, %.
    pub(crate) value: f64,
    /// One in ten, half, nine in ten courses have reached it.
    pub(crate) earliest_s: u32,
    pub(crate) expected_s: u32,
    pub(crate) latest_s: u32,
    /// How long the rise was watched.
    pub(crate) seen_s: u32,
}

/// One series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct GaugeState {
    means: VecDeque<f32>,
    sure: u8,
    gone: u8,
    outlook: Option<Outlook>,
    /// The newest forecast that is worth a row, and the block that it was made at.
    made: Option<Made>,
}

/// A forecast of a series that moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) at: i64,
    pub(super) value: f64,
    pub(super) points: [ForecastPoint; FORECAST_S.len()],
    pub(super) reached: Option<LimitReached>,
}

impl GaugeState {
    pub(super) fn outlook(&self) -> Option<&Outlook> {
        self.outlook.as_ref()
    }

    /// The forecast made at a block, if there is one.
    pub(super) fn made_at(&self, number: i64) -> Option<&Made> {
        self.made.as_ref().filter(|made| made.at == number)
    }

    /// Takes a block, and looks ahead when it is time.
    pub(super) fn learn(&mut self, number: i64, mean: f64) {
        if self.means.len() == RECENT_BLOCKS {
            self.means.pop_front();
        }
        self.means.push_back(mean as f32);
        if number % LOOK_BLOCKS != 0 {
            return;
        }
        let sighted = PASTS.into_iter().filter_map(|past| self.look(past)).min_by_key(|seen| seen.expected_s);
        match sighted {
            Some(sighted) => {
                (self.sure, self.gone) = ((self.sure + 1).min(SURE), 0);
                if self.sure == SURE || self.outlook.is_some() {
                    self.outlook = Some(sighted);
                }
            }
            None => {
                (self.sure, self.gone) = (0, (self.gone + 1).min(GONE));
                if self.gone == GONE {
                    self.outlook = None;
                }
            }
        }
        self.keep(number, sighted.is_some());
    }

    /// When the limit is reached if the last blocks go on as they did; `None` when that is not to be expected.
    fn look(&self, past: usize) -> Option<Outlook> {
        let values = self.last(past);
        if (values.len() as f64) < SEEN * past as f64 || values.len() < PASTS[0] {
            return None;
        }
        let value = values.last().copied().filter(|value| *value < FULL_PCT)?;
        let seen = values.len() as u32;
        // Cheap, and true of most: at twice its pace it would not get there either.
        let pace = pace(&values)?;
        if 2.0 * pace * f64::from(seen) < FULL_PCT - value {
            return None;
        }
        Trend::of(values.iter().copied()).filter(|trend| trend.slope > 0.0 && trend.p_value < SIGNIFICANT)?;
        let crossing = Forecast::from(values.iter().copied())?.reaches(FULL_PCT, BOUND * seen);
        let Crossing { earliest: Some(earliest), expected: Some(expected), latest: Some(latest) } = crossing
        else {
            return None;
        };
        let s = |blocks: u32| blocks * BLOCK_S as u32;
        (expected <= seen).then_some(Outlook {
            value,
            earliest_s: s(earliest),
            expected_s: s(expected),
            latest_s: s(latest),
            seen_s: s(seen),
        })
    }

    /// Keeps a forecast of a series that moves: every few minutes, and whenever it runs into its limit.
    fn keep(&mut self, number: i64, urgent: bool) {
        if !(urgent || number % KEEP_BLOCKS == 0) {
            return;
        }
        let values = self.last(RECENT_BLOCKS);
        let Some(value) = values.last().copied().filter(|value| value.is_finite()) else { return };
        if pace(&values).is_none_or(|pace| pace.abs() * (values.len() as f64) < MOVES)
            || Trend::of(values.iter().copied()).is_none_or(|trend| trend.p_value >= SIGNIFICANT)
        {
            return;
        }
        let Some(forecast) = Forecast::from(values.iter().copied()) else { return };
        let steps = |s: u32| s / BLOCK_S as u32;
        let points = FORECAST_S.map(|s| {
            let Band { low, expected, high } = forecast.at(steps(s));
            ForecastPoint { horizon_s: s, value: expected, low, high }
        });
        let limit = if forecast.drift() < 0.0 { 0.0 } else { FULL_PCT };
        let reaches = || forecast.reaches(limit, BOUND * values.len() as u32);
        let Crossing { earliest, expected, latest } =
            if urgent { reaches() } else { Crossing { earliest: None, expected: None, latest: None } };
        let s = |steps: u32| steps * BLOCK_S as u32;
        let reached = expected.map(|expected| LimitReached {
            limit,
            earliest_s: earliest.map(s),
            expected_s: s(expected),
            latest_s: latest.map(s),
        });
        self.made = Some(Made { at: number, value, points, reached });
    }

    /// The last blocks that are known.
    fn last(&self, blocks: usize) -> Vec<f64> {
        let from = self.means.len().saturating_sub(blocks);
        self.means.range(from..).copied().map(f64::from).collect()
    }
}

/// Points a block, from the first third of the values to the last. `None` where either is unknown.
fn pace(values: &[f64]) -> Option<f64> {
    let third = values.len() / 3;
    let mean = |values: &[f64]| {
        let known = values.iter().filter(|value| value.is_finite());
        let (sum, count) = known.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        sum / count
    };
    let pace =
        (mean(&values[values.len() - third..]) - mean(&values[..third])) / (values.len() - third) as f64;
    pace.is_finite().then_some(pace)
}
