//! What was learnt, to be written down and read again.

use serde::{Deserialize, Serialize};

use super::anomaly::SignState;
use super::capacity::GaugeState;
use super::signs::{gauges, signs};
use super::{Insight, REMEMBER_BLOCKS};
use crate::sample::TargetKind;
use crate::stats::RECENT_BLOCKS;

/// What is known about one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TargetState {
    pub(super) signs: Vec<SignState>,
    pub(super) gauges: Vec<GaugeState>,
}

impl TargetState {
    pub(super) fn new(kind: TargetKind) -> Self {
        let signs = signs(kind).iter().map(|_| SignState::default());
        let gauges = gauges(kind).iter().map(|_| GaugeState::default());
        Self { signs: signs.collect(), gauges: gauges.collect() }
    }

    /// Bytes that the states of a target take once a day has been seen.
    pub(super) fn bytes(kind: TargetKind) -> usize {
        const DAY_BYTES: usize = 1_536;
        let sign = size_of::<SignState>() + DAY_BYTES;
        let gauge = size_of::<GaugeState>() + RECENT_BLOCKS * size_of::<f32>();
        signs(kind).len() * sign + gauges(kind).len() * gauge
    }
}

/// What statistics have learnt of one shard, up to and including one sample. Opaque: written and read with serde, in the same
/// [`Self::FORMAT`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    targets: [Vec<(String, TargetState)>; 2],
}

impl Memory {
    /// Counts the layouts that there have been. One of another format cannot be read, and learning begins anew.
    pub const FORMAT: i32 = 2;
}

/// A memory and where it belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Keepsake {
    /// Simulation.
    pub simulation: String,
    /// Run.
    pub run: String,
    /// Shard.
    pub shard: u32,
    /// Tick of the newest sample that is in it.
    pub tick: u64,
    /// What was learnt.
    pub memory: Memory,
}

/// Whether what was learnt is to be kept, between a block that has ended and the one that has begun.
pub(crate) fn is_due(ended: i64, begun: i64) -> bool {
    ended.div_euclid(REMEMBER_BLOCKS) != begun.div_euclid(REMEMBER_BLOCKS)
}

impl Memory {
    /// Of services and nodes, each with their ids.
    pub(crate) fn of(kinds: [(&[String], &Insight); 2]) -> Self {
        let targets = kinds.map(|(ids, insight)| {
            let known = ids.iter().zip(&insight.states);
            known.filter_map(|(id, state)| Some((id.clone(), state.as_deref()?.clone()))).collect()
        });
        Self { targets }
    }

    /// Gives an insight its states back.
    pub(crate) fn restore(&self, kind: usize, ids: &[String], insight: &mut Insight) {
        for (id, state) in ids.iter().zip(&mut insight.states) {
            let known = self.targets[kind].iter().find(|(known, _)| known == id);
            *state = known.map(|(_, state)| Box::new(state.clone()));
        }
        insight.fill(TargetKind::ALL[kind]);
    }
}
