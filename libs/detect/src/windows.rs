//! Sliding windows over many series at once, as a struct of arrays.
//!
//! The ring is stored slot by slot, so that a sample writes one contiguous row and every loop runs over neighbours. A
//! window is full when its last `width` samples were all measured: one missing value makes it unknown until it has
//! filled again, which also means that a window never has holes.
//!
//! Sums are kept incrementally, and once per turn of the ring they are added up afresh in chronological order. After
//! that they do not depend on what happened before the turn: a rebuilt window is equal to the last bit.

use crate::rule::Aggregate;

#[derive(Debug)]
pub(crate) struct Windows {
    width: usize,
    /// `width` as the counter type of `run`.
    full: i16,
    series: usize,
    /// Slot that was written last.
    slot: usize,
    /// `ring[slot * series + s]`.
    ring: Vec<f32>,
    sum: Vec<f64>,
    /// Consecutive measured samples, up to `width`; negative: consecutive samples without a measurement.
    run: Vec<i16>,
    max: Option<Extreme>,
    min: Option<Extreme>,
}

impl Windows {
    pub(crate) fn new(width: usize, series: usize, wants_max: bool, wants_min: bool) -> Self {
        let full = i16::try_from(width).unwrap_or(i16::MAX);
        Self {
            width,
            full,
            series,
            slot: 0,
            ring: vec![0.0; width * series],
            sum: vec![0.0; series],
            run: vec![-full; series],
            max: wants_max.then(|| Extreme::new(series, LARGER)),
            min: wants_min.then(|| Extreme::new(series, SMALLER)),
        }
    }

    /// Bytes that `series` windows of `width` samples take, with room for their aggregates and judges.
    pub(crate) const fn bytes(width: usize, series: usize) -> usize {
        series * (width * 4 + 32)
    }

    /// Samples that make a window full, as the type that counters of samples have.
    pub(crate) fn full(&self) -> i16 {
        self.full
    }

    /// Whether the series has had no measurement for a whole window.
    pub(crate) fn is_silent(&self, series: usize) -> bool {
        self.run[series] <= -self.full
    }

    /// Takes the next sample into grid cell `cell`; `None` when the metric was not sampled at all.
    pub(crate) fn push(&mut self, row: Option<&[f32]>, cell: i64) {
        self.slot = cell.rem_euclid(i64::from(self.full)) as usize;
        let Some(row) = row else {
            self.miss();
            return;
        };
        let width = self.full;
        let range = self.slot * self.series..(self.slot + 1) * self.series;
        for extreme in self.max.iter_mut().chain(&mut self.min) {
            extreme.before(row, &self.ring[range.clone()], &self.run, width);
        }
        let slot = &mut self.ring[range];
        for (((value, kept), sum), run) in row.iter().zip(slot).zip(&mut self.sum).zip(&mut self.run) {
            let measured = value.is_finite();
            let new = if measured { *value } else { 0.0 };
            let evicted = if *run == width { f64::from(*kept) } else { 0.0 };
            *sum = if measured { *sum - evicted + f64::from(new) } else { 0.0 };
            *run = if measured { ((*run).max(0) + 1).min(width) } else { ((*run).min(0) - 1).max(-width) };
            *kept = new;
        }
        self.rescan_extremes();
        if self.slot == self.width - 1 {
            self.add_up();
        }
    }

    /// Forgets everything: a gap of unknown content lies before the next sample.
    pub(crate) fn reset(&mut self) {
        self.sum.fill(0.0);
        self.run.fill(-self.full);
    }

    fn miss(&mut self) {
        let width = self.full;
        self.sum.fill(0.0);
        for run in &mut self.run {
            *run = ((*run).min(0) - 1).max(-width);
        }
    }

    /// The sums, oldest sample first. Called on the last slot, where slot order is chronological.
    fn add_up(&mut self) {
        self.sum.fill(0.0);
        let mut age = self.full;
        for row in self.ring.chunks_exact(self.series.max(1)) {
            age -= 1;
            for ((value, sum), run) in row.iter().zip(&mut self.sum).zip(&self.run) {
                *sum += if age < *run { f64::from(*value) } else { 0.0 };
            }
        }
    }

    fn rescan_extremes(&mut self) {
        let (slot, width, series, ring, run) = (self.slot, self.width, self.series, &self.ring, &self.run);
        for extreme in self.max.iter_mut().chain(&mut self.min) {
            for stale in std::mem::take(&mut extreme.stale) {
                let measured = usize::from(run[stale].max(0).unsigned_abs());
                let ages = (0..measured).map(|age| ring[(slot + width - age) % width * series + stale]);
                extreme.values[stale] =
                    ages.reduce(|a, b| if (extreme.beats)(a, b) { a } else { b }).unwrap_or(0.0);
            }
        }
    }

    /// Writes one aggregate of every series into `out`; not-a-number where the window is not full.
    pub(crate) fn aggregate(&self, aggregate: Aggregate, interval_ms: u32, out: &mut [f64]) {
        let full = self.full;
        let newest = self.row(self.slot);
        match aggregate {
            Aggregate::Avg => {
                let width = self.width as f64;
                for ((out, sum), run) in out.iter_mut().zip(&self.sum).zip(&self.run) {
                    *out = if *run == full { sum / width } else { f64::NAN };
                }
            }
            Aggregate::Last => fill(out, newest, &self.run, full),
            Aggregate::Max => fill(out, self.max.as_ref().map_or(newest, Extreme::row), &self.run, full),
            Aggregate::Min => fill(out, self.min.as_ref().map_or(newest, Extreme::row), &self.run, full),
            Aggregate::Rate => {
                let oldest = self.row((self.slot + 1) % self.width);
                let seconds = (self.width - 1) as f64 * f64::from(interval_ms) / 1_000.0;
                for (s, out) in out.iter_mut().enumerate() {
                    let known = self.run[s] == full && self.width > 1;
                    *out = if known {
                        (f64::from(newest[s]) - f64::from(oldest[s])) / seconds
                    } else {
                        f64::NAN
                    };
                }
            }
            Aggregate::P95 => {
                let mut window = vec![0.0; self.width];
                for (s, out) in out.iter_mut().enumerate() {
                    *out = if self.run[s] == full { self.p95(s, &mut window) } else { f64::NAN };
                }
            }
        }
    }

    /// Keeps track of the largest and the smallest value from now on, or no longer.
    pub(crate) fn keep_extremes(&mut self, max: bool, min: bool) {
        let series = self.series;
        let kept = |wanted: bool, kept: Option<Extreme>, beats| {
            let anew = || Extreme { stale: (0..series).collect(), ..Extreme::new(series, beats) };
            wanted.then(|| kept.unwrap_or_else(anew))
        };
        self.max = kept(max, self.max.take(), LARGER);
        self.min = kept(min, self.min.take(), SMALLER);
        self.rescan_extremes();
    }

    fn row(&self, slot: usize) -> &[f32] {
        &self.ring[slot * self.series..(slot + 1) * self.series]
    }

    fn p95(&self, series: usize, window: &mut [f32]) -> f64 {
        for (slot, value) in window.iter_mut().enumerate() {
            *value = self.ring[slot * self.series + series];
        }
        let rank = (self.width * 95).div_ceil(100) - 1;
        let (_, value, _) = window.select_nth_unstable_by(rank, f32::total_cmp);
        f64::from(*value)
    }

    /// The same windows for another list of series: `from[s]` says where series `s` was before.
    pub(crate) fn rearranged(&self, from: &[Option<usize>]) -> Self {
        let mut new = Self::new(self.width, from.len(), self.max.is_some(), self.min.is_some());
        new.slot = self.slot;
        for (s, old) in from.iter().enumerate() {
            let Some(old) = *old else { continue };
            new.sum[s] = self.sum[old];
            new.run[s] = self.run[old];
            for slot in 0..self.width {
                new.ring[slot * new.series + s] = self.ring[slot * self.series + old];
            }
            for (new, old_row) in [(&mut new.max, &self.max), (&mut new.min, &self.min)] {
                if let (Some(new), Some(old_row)) = (new, old_row) {
                    new.values[s] = old_row.values[old];
                }
            }
        }
        new
    }
}

fn fill(out: &mut [f64], row: &[f32], run: &[i16], full: i16) {
    for ((out, value), run) in out.iter_mut().zip(row).zip(run) {
        *out = if *run == full { f64::from(*value) } else { f64::NAN };
    }
}

const LARGER: fn(f32, f32) -> bool = |a, b| a >= b;
const SMALLER: fn(f32, f32) -> bool = |a, b| a <= b;

/// The largest (or smallest) value of every window. Looked up again only when the value that leaves was the extreme.
#[derive(Debug)]
struct Extreme {
    values: Vec<f32>,
    stale: Vec<usize>,
    beats: fn(f32, f32) -> bool,
}

impl Extreme {
    fn new(series: usize, beats: fn(f32, f32) -> bool) -> Self {
        Self { values: vec![0.0; series], stale: Vec::new(), beats }
    }

    fn row(&self) -> &[f32] {
        &self.values
    }

    /// Sees the new row before it replaces the old one.
    fn before(&mut self, row: &[f32], evicted: &[f32], run: &[i16], width: i16) {
        for (s, value) in row.iter().enumerate() {
            if !value.is_finite() {
                continue;
            }
            if run[s] <= 0 || (self.beats)(*value, self.values[s]) {
                self.values[s] = *value;
            } else if run[s] == width && (self.beats)(evicted[s], self.values[s]) {
                self.stale.push(s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The aggregate from first principles: the last `width` values, if all were measured.
    fn plain(history: &[f32], width: usize, aggregate: Aggregate) -> f64 {
        let Some(start) = history.len().checked_sub(width) else { return f64::NAN };
        let window = &history[start..];
        if window.iter().any(|value| !value.is_finite()) {
            return f64::NAN;
        }
        let mut sorted: Vec<f64> = window.iter().map(|value| f64::from(*value)).collect();
        sorted.sort_by(f64::total_cmp);
        match aggregate {
            Aggregate::Avg => sorted.iter().sum::<f64>() / width as f64,
            Aggregate::Max => sorted[width - 1],
            Aggregate::Min => sorted[0],
            Aggregate::P95 => sorted[(width as f64 * 0.95).ceil() as usize - 1],
            Aggregate::Last => f64::from(window[width - 1]),
            Aggregate::Rate if width == 1 => f64::NAN,
            Aggregate::Rate => (f64::from(window[width - 1]) - f64::from(window[0])) / (width as f64 - 1.0),
        }
    }

    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![8 => -50.0f32..150.0, 1 => Just(f32::NAN), 1 => (0u8..4).prop_map(f32::from)]
    }

    proptest! {
        #[test]
        fn every_aggregate_equals_its_definition(
            width in 1usize..9,
            start in -20i64..20,
            rows in prop::collection::vec([value(), value()], 1..60),
        ) {
            let mut windows = Windows::new(width, 2, true, true);
            let mut out = [0.0; 2];
            for (cell, (index, row)) in (start..).zip(rows.iter().enumerate()) {
                windows.push(Some(row), cell);
                for aggregate in [Aggregate::Avg, Aggregate::Max, Aggregate::Min, Aggregate::P95, Aggregate::Last, Aggregate::Rate] {
                    windows.aggregate(aggregate, 1_000, &mut out);
                    for s in 0..2 {
                        let history: Vec<f32> = rows[..=index].iter().map(|row| row[s]).collect();
                        let expected = plain(&history, width, aggregate);
                        prop_assert!(
                            (out[s].is_nan() && expected.is_nan()) || (out[s] - expected).abs() < 1e-9,
                            "{aggregate:?} of {history:?} over {width} is {}, expected {expected}", out[s]
                        );
                    }
                }
            }
        }

        #[test]
        fn a_window_rebuilt_from_two_turns_is_equal_to_the_last_bit(
            width in 1usize..9,
            rows in prop::collection::vec(prop_oneof![6 => -1e9f32..1e9, 2 => -1e-6f32..1e-6, 1 => Just(f32::NAN)], 30..80),
        ) {
            let mut whole = Windows::new(width, 1, false, false);
            let mut rebuilt = Windows::new(width, 1, false, false);
            let from = rows.len() - 2 * width;
            for (cell, (index, value)) in (0..).zip(rows.iter().enumerate()) {
                whole.push(Some(&[*value]), cell);
                if index >= from {
                    rebuilt.push(Some(&[*value]), cell);
                }
            }
            prop_assert_eq!(whole.sum[0].to_bits(), rebuilt.sum[0].to_bits());
            prop_assert_eq!(whole.run[0], rebuilt.run[0]);
        }
    }
}
