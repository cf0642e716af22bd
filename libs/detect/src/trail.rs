//! What the vital signs of every service and node were in the last ten minutes: means over blocks of ten seconds. It says
//! what was usual before an incident, and what is so now.
//!
//! Blocks lie on a grid of simulated time and each is added up by itself, so that a rebuilt trail is equal to the last bit.

use std::collections::VecDeque;

use crate::sample::{Columns, SimTime, TargetKind};

/// Length of a block, s: short enough to see the onset of trouble, long enough to average noise out.
pub const BLOCK_S: i64 = 10;
/// Blocks that are kept: ten minutes.
const BLOCKS: u16 = 60;
/// Blocks before an incident that may show its beginning already, and do not count as usual.
const ONSET_BLOCKS: i64 = 3;
/// Blocks that it takes to call something usual.
const ENOUGH: usize = 2;

/// Simulated time that determines a trail, ms.
pub(crate) const HISTORY_MS: i64 = (BLOCKS as i64 + 2) * BLOCK_S * 1_000;

/// Vital signs of a service.
pub(crate) const SERVICE_SIGNS: [&str; 10] = [
    "request_rate",
    "error_rate",
    "latency_p50",
    "latency_p99",
    "cpu_usage",
    "memory_usage",
    "disk_usage",
    "queue_depth",
    "replicas",
    "replicas_missing",
];
/// Vital signs of a node.
pub(crate) const NODE_SIGNS: [&str; 4] = ["cpu_usage", "memory_usage", "disk_usage", "up"];

/// The signs of a kind of target.
pub(crate) const fn signs(kind: TargetKind) -> &'static [&'static str] {
    match kind {
        TargetKind::Service => &SERVICE_SIGNS,
        TargetKind::Node => &NODE_SIGNS,
    }
}

/// Means of one block, `[sign * series + s]`; NaN where nothing was measured.
#[derive(Debug)]
struct Block {
    number: i64,
    means: Vec<f32>,
}

/// The trail of one kind of target in one shard.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    series: usize,
    /// The block that is being filled.
    number: i64,
    sums: Vec<f64>,
    counts: Vec<u32>,
    /// Whole blocks, oldest first.
    blocks: VecDeque<Block>,
}

impl Trail {
    pub(crate) fn new(kind: TargetKind, series: usize) -> Self {
        let cells = signs(kind).len() * series;
        Self {
            series,
            number: i64::MIN,
            sums: vec![0.0; cells],
            counts: vec![0; cells],
            blocks: VecDeque::new(),
        }
    }

    /// Bytes that a trail of `series` targets takes when it is full.
    pub(crate) const fn bytes(kind: TargetKind, series: usize) -> usize {
        signs(kind).len() * series * (12 + BLOCKS as usize * 4)
    }

    /// A trail over other ids; `from[s]` is the old position of series `s`.
    pub(crate) fn rearranged(&self, kind: TargetKind, from: &[Option<usize>]) -> Self {
        let mut new = Self::new(kind, from.len());
        new.number = self.number;
        let pairs: Vec<(usize, usize)> = (0..signs(kind).len())
            .flat_map(|sign| {
                let moved = move |(s, old): (usize, &Option<usize>)| Some((s, (*old)?));
                from.iter().enumerate().filter_map(moved).map(move |(s, old)| (sign, s, old))
            })
            .map(|(sign, s, old)| (sign * from.len() + s, sign * self.series + old))
            .collect();
        for (to, from) in &pairs {
            new.sums[*to] = self.sums[*from];
            new.counts[*to] = self.counts[*from];
        }
        new.blocks = self
            .blocks
            .iter()
            .map(|block| {
                let mut means = vec![f32::NAN; new.sums.len()];
                for (to, from) in &pairs {
                    means[*to] = block.means[*from];
                }
                Block { number: block.number, means }
            })
            .collect();
        new
    }

    /// Takes the next sample in. Says whether it ended a block.
    pub(crate) fn push(&mut self, kind: TargetKind, columns: &Columns<'_>, time: SimTime) -> bool {
        let number = block_of(time);
        let ended = number != self.number && self.number != i64::MIN;
        if number != self.number {
            self.close();
            self.number = number;
        }
        for (sign, name) in signs(kind).iter().enumerate() {
            let Some(values) = columns.column(name) else { continue };
            let cells = sign * self.series..(sign + 1) * self.series;
            let into = self.sums[cells.clone()].iter_mut().zip(&mut self.counts[cells]);
            for (value, (sum, count)) in values.iter().zip(into) {
                if value.is_finite() {
                    *sum += f64::from(*value);
                    *count += 1;
                }
            }
        }
        ended
    }

    /// Number of the block that is being filled.
    pub(crate) fn block(&self) -> i64 {
        self.number
    }

    /// Number of the newest whole block.
    pub(crate) fn last_block(&self) -> Option<i64> {
        self.blocks.back().map(|block| block.number)
    }

    /// Mean of a sign over the newest whole block; NaN when it was not measured.
    pub(crate) fn last_mean(&self, sign: usize, s: usize) -> f64 {
        self.blocks.back().map_or(f64::NAN, |block| f64::from(block.means[sign * self.series + s]))
    }

    fn close(&mut self) {
        if self.number != i64::MIN {
            if self.blocks.len() == usize::from(BLOCKS) {
                self.blocks.pop_front();
            }
            let means = self.sums.iter().zip(&self.counts).map(|(sum, count)| mean(*sum, *count) as f32);
            self.blocks.push_back(Block { number: self.number, means: means.collect() });
        }
        self.sums.fill(0.0);
        self.counts.fill(0);
    }

    /// Mean of a sign over the last ten to twenty seconds; NaN when it was not measured.
    pub(crate) fn now(&self, sign: usize, s: usize) -> f64 {
        let cell = sign * self.series + s;
        let before = self
            .blocks
            .back()
            .filter(|block| block.number == self.number - 1)
            .map_or(f64::NAN, |block| f64::from(block.means[cell]));
        let now = mean(self.sums[cell], self.counts[cell]);
        match (now.is_nan(), before.is_nan()) {
            (true, _) => before,
            (_, true) => now,
            // Ten seconds in all, as far as they go.
            _ => {
                let share = (f64::from(self.counts[cell]) / BLOCK_S as f64).min(1.0);
                now * share + before * (1.0 - share)
            }
        }
    }

    /// What was usual before trouble showed at `time`: the median of the blocks well before it; NaN when there are too few.
    pub(crate) fn usual(&self, sign: usize, s: usize, time: SimTime) -> f32 {
        let until = block_of(time) - ONSET_BLOCKS;
        let cell = sign * self.series + s;
        let mut means: Vec<f32> = self
            .blocks
            .iter()
            .filter(|block| block.number <= until)
            .map(|block| block.means[cell])
            .filter(|mean| !mean.is_nan())
            .collect();
        if means.len() < ENOUGH {
            return f32::NAN;
        }
        means.sort_by(f32::total_cmp);
        means[means.len() / 2]
    }
}

fn block_of(time: SimTime) -> i64 {
    time.micros.div_euclid(BLOCK_S * 1_000_000)
}

fn mean(sum: f64, count: u32) -> f64 {
    if count == 0 { f64::NAN } else { sum / f64::from(count) }
}
