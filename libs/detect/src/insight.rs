//! What statistics say about every target of one kind in one shard: anomalies, judged by a series' own past, and limits
//! that it runs into. They look at the trail's means over ten seconds, whenever a block is over.
//!
//! What was learnt does not follow from a finite look back. It is kept as [`Memory`] at fixed simulated times, and a
//! restart goes on from there.

use crate::sample::TargetKind;
use crate::trail::{BLOCK_S, Trail};

mod anomaly;
mod capacity;
mod memory;
mod signs;
mod told;

pub(crate) use anomaly::{Alarm, CALM, LASTS};
pub(crate) use capacity::Outlook;
pub(crate) use memory::is_due;
pub use memory::{Keepsake, Memory};
pub use told::{AnomalyTold, FORECAST_S, Findings, ForecastMade, ForecastPoint, LimitReached};

use memory::TargetState;
pub(crate) use signs::{FULL_PCT, Gauge, Sign};
use signs::{gauges, signs};

/// What is written is what was learnt up to a multiple of so many blocks: a quarter of an hour. Longer would lengthen restarts,
/// shorter would write more; the stream is read back for longer anyway.
pub(crate) const REMEMBER_BLOCKS: i64 = 90;
/// Simulated time that a restart has to know besides the newest memory, ms: two of them, and two blocks.
pub(crate) const HISTORY_MS: i64 = (REMEMBER_BLOCKS + 2) * BLOCK_S * 1_000;
/// False alarms that a simulated day of the whole cloud may bring, by chance alone. It is shared out among everything that is judged.
const FALSE_ALARMS_A_DAY: f64 = 0.5;
const BLOCKS_A_DAY: f64 = 86_400.0 / BLOCK_S as f64;

/// What is known about the targets of one kind, in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Insight {
    /// Targets that may be judged.
    room: usize,
    /// Parts that the simulation comes in; the budget of false alarms is for all of them.
    shards: u32,
    states: Vec<Option<Box<TargetState>>>,
    /// Whether the newest sample ended a block.
    fresh: bool,
}

impl Insight {
    /// Nothing learnt yet.
    pub(crate) fn new(kind: TargetKind, targets: usize, room: usize, shards: u32) -> Self {
        let mut new = Self { room, shards, states: Vec::new(), fresh: false };
        new.states.resize_with(targets, || None);
        new.fill(kind);
        new
    }

    /// Bytes that it takes for so many targets.
    pub(crate) fn bytes(kind: TargetKind, targets: usize, room: usize) -> usize {
        targets.min(room) * TargetState::bytes(kind)
    }

    /// Bytes that it takes now.
    pub(crate) fn held_bytes(&self, kind: TargetKind) -> usize {
        Self::bytes(kind, self.states.len(), self.room)
    }

    /// The same over other ids; `from[s]` is the old position of target `s`. Who is judged stays so.
    pub(crate) fn rearranged(&self, kind: TargetKind, from: &[Option<usize>]) -> Self {
        let kept = from.iter().map(|old| old.and_then(|old| self.states[old].clone()));
        let mut new = Self { room: self.room, shards: self.shards, states: kept.collect(), fresh: false };
        new.fill(kind);
        new
    }

    /// Gives the room that is left to targets that have none, in their order.
    fn fill(&mut self, kind: TargetKind) {
        let judged = self.states.iter().flatten().count();
        let free = self.states.iter_mut().filter(|state| state.is_none());
        for state in free.take(self.room.saturating_sub(judged)) {
            *state = Some(Box::new(TargetState::new(kind)));
        }
    }

    /// Targets for which there is no room.
    pub(crate) fn left_out(&self) -> usize {
        if self.room == 0 { 0 } else { self.states.iter().filter(|state| state.is_none()).count() }
    }

    /// The newest sample did not end a block.
    pub(crate) fn rest(&mut self) {
        self.fresh = false;
    }

    /// Whether the newest sample ended a block, so that there may be something to tell.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh && self.room > 0
    }

    /// Learns from the block that the trail has just finished, and judges it.
    pub(crate) fn learn(&mut self, kind: TargetKind, trail: &Trail) {
        self.fresh = true;
        let Some(number) = trail.last_block() else { return };
        let chance = self.chance(kind);
        for (s, state) in self.states.iter_mut().enumerate() {
            let Some(state) = state else { continue };
            let mean = |column: usize| trail.last_mean(column, s);
            for (sign, of) in signs(kind).iter().zip(&mut state.signs) {
                of.learn(sign, number, sign.read(mean), chance);
            }
            for (gauge, of) in gauges(kind).iter().zip(&mut state.gauges) {
                of.learn(number, mean(gauge.column));
            }
        }
    }

    /// The chance of a false alarm that a block of one series is allowed.
    fn chance(&self, kind: TargetKind) -> f64 {
        let series = self.states.iter().flatten().count() * signs(kind).len() * self.shards.max(1) as usize;
        // Half of the budget for the services, half for the nodes.
        0.5 * FALSE_ALARMS_A_DAY / (series.max(1) as f64 * BLOCKS_A_DAY)
    }

    /// What is unusual about a target now, the most unusual first.
    pub(crate) fn alarm(&self, kind: TargetKind, s: usize) -> Option<(&'static Sign, &Alarm)> {
        let state = self.states.get(s)?.as_ref()?;
        let alarms = signs(kind).iter().zip(&state.signs).filter_map(|(sign, of)| Some((sign, of.alarm()?)));
        alarms.reduce(|worst, next| if next.1.evidence > worst.1.evidence { next } else { worst })
    }

    /// The limit that a target will run into first.
    pub(crate) fn outlook(&self, kind: TargetKind, s: usize) -> Option<(&'static Gauge, &Outlook)> {
        let state = self.states.get(s)?.as_ref()?;
        let all =
            gauges(kind).iter().zip(&state.gauges).filter_map(|(gauge, of)| Some((gauge, of.outlook()?)));
        all.reduce(|first, next| if next.1.expected_s < first.1.expected_s { next } else { first })
    }
}
