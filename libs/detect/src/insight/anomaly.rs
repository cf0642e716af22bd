//! Whether a series is unusual, for long enough and by enough for somebody to care.

use serde::{Deserialize, Serialize};

use super::signs::{Reading, Sign};
use crate::stats::{AnomalyState, Aspect, false_alarm_probability};
use crate::trail::BLOCK_S;

/// Blocks before anything is usual: ten minutes.
const LEARNS: u32 = 60;
/// Blocks that an anomaly has to last: half a minute. Bursts and reboots are over by then.
pub(crate) const LASTS: u16 = 3;
/// Blocks near usual that end it: a minute.
pub(crate) const CALM: u8 = 6;
/// Blocks after which what lasts is the new usual: an hour.
const NEW_USUAL: u16 = 360;

/// What is unusual now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    /// Mean of the block at which it was told, in the metric's unit.
    pub(crate) value: f64,
    /// What was usual before, likewise.
    pub(crate) usual: f64,
    /// Most evidence so far, decades.
    pub(crate) evidence: f64,
    pub(crate) aspect: Aspect,
    /// Block at which it was told.
    since: i64,
}

impl Alarm {
    /// Whether the newest block is the one at which it was told.
    pub(super) fn is_new(&self, number: i64) -> bool {
        self.since == number
    }
}

/// One series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SignState {
    past: AnomalyState,
    /// Blocks that somebody would care about, one after the other.
    lasted: u16,
    /// Most evidence in them, decades.
    peak: f64,
    /// What was usual before them, as it is scored.
    usual: f64,
    /// Blocks near usual since.
    calm: u8,
    alarm: Option<Alarm>,
}

impl SignState {
    pub(super) fn alarm(&self) -> Option<&Alarm> {
        self.alarm.as_ref()
    }

    /// Takes a block. `chance` is that of a false alarm which a block may have.
    pub(super) fn learn(&mut self, sign: &Sign, number: i64, reading: Reading, chance: f64) {
        let time_s = (number * BLOCK_S) as f64;
        let before = if reading.scored.is_finite() { self.past.usual(time_s) } else { f64::NAN };
        let Some(anomaly) = self.past.observe(time_s, reading.scored) else {
            // Unknown is neither unusual nor calm.
            self.lasted = 0;
            return;
        };
        if self.past.samples() <= LEARNS {
            return;
        }
        if self.lasted == 0 && self.alarm.is_none() {
            self.usual = before;
        }
        let (value, usual) = (reading.scored * reading.factor, self.usual * reading.factor);
        if let Some(alarm) = &mut self.alarm {
            alarm.evidence = alarm.evidence.max(anomaly.evidence);
            self.calm = if sign.is_calm(value, usual) { (self.calm + 1).min(CALM) } else { 0 };
            if self.calm == CALM || number - alarm.since >= i64::from(NEW_USUAL) {
                (self.alarm, self.calm, self.lasted, self.peak) = (None, 0, 0, 0.0);
            }
            return;
        }
        if !sign.matters(value, usual) || self.lasted == NEW_USUAL {
            (self.lasted, self.peak) = (0, 0.0);
            return;
        }
        self.lasted += 1;
        self.peak = self.peak.max(anomaly.evidence);
        if self.lasted >= LASTS && false_alarm_probability(self.peak) <= chance {
            let aspect = anomaly.aspect;
            self.alarm = Some(Alarm { value, usual, evidence: self.peak, aspect, since: number });
        }
    }
}
