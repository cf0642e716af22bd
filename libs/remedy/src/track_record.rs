//! How often each kind of remedy has helped against each kind of trouble, and how sure that is.
//!
//! Counted are the agent's own actions with a verdict. What took something back is left out: it cures nothing. The record outlives runs
//! and restarts; it only ever reorders a ladder, and a look ahead at the cloud as it is has precedence over it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::action::RemedyKind;

/// 97.5 % point of the standard normal distribution: bands hold the true rate in 95 cases of 100.
const Z: f64 = 1.959_963_985;
/// A rung is stepped back when its record says that it helps in less than this share of cases at best.
const HOPELESS: f64 = 0.5;

/// How often something was tried, and helped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trials {
    /// Times it helped.
    pub helped: u32,
    /// Times it was tried.
    pub tried: u32,
}

impl Trials {
    /// Where the true rate lies, 0 to 1: Wilson's score interval at 95 % (Wilson 1927, "Probable inference, the law of succession, and
    /// statistical inference"), which is honest for few trials. All of 0 to 1 for none.
    pub fn band(self) -> (f64, f64) {
        if self.tried == 0 {
            return (0.0, 1.0);
        }
        let n = f64::from(self.tried);
        let rate = f64::from(self.helped) / n;
        let middle = (rate + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((middle - half).max(0.0), (middle + half).min(1.0))
    }

    fn is_hopeless(self) -> bool {
        self.band().1 < HOPELESS
    }
}

/// A verdict that was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// What it was used for ([`crate::diagnosis::Cause::ailment`]).
    pub ailment: String,
    /// What was done.
    pub kind: RemedyKind,
    /// Whether it helped.
    pub helped: bool,
}

/// Everything that was learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackRecord {
    trials: BTreeMap<String, Trials>,
}

impl TrackRecord {
    /// Adds trials of an earlier life.
    pub fn add(&mut self, ailment: &str, kind: RemedyKind, more: Trials) {
        let trials = self.trials.entry(key(ailment, kind)).or_default();
        trials.helped = trials.helped.saturating_add(more.helped);
        trials.tried = trials.tried.saturating_add(more.tried);
    }

    pub(crate) fn learn(&mut self, lesson: &Lesson) {
        self.add(&lesson.ailment, lesson.kind, Trials { helped: lesson.helped.into(), tried: 1 });
    }

    /// How often a kind of remedy was tried against an ailment, and helped.
    pub fn of(&self, ailment: &str, kind: RemedyKind) -> Trials {
        self.trials.get(&key(ailment, kind)).copied().unwrap_or_default()
    }

    /// Puts what has hardly ever helped behind the rest; the order is kept otherwise.
    pub(crate) fn reorder<T>(&self, ailment: &str, rungs: &mut [T], kind: impl Fn(&T) -> RemedyKind) {
        rungs.sort_by_key(|rung| self.of(ailment, kind(rung)).is_hopeless());
    }

    /// The record as a sentence, with its band; `None` without a trial.
    pub(crate) fn sentence(&self, ailment: &str, kind: RemedyKind) -> Option<String> {
        let trials = self.of(ailment, kind);
        let (low, high) = trials.band();
        (trials.tried > 0).then(|| {
            format!(
                "Track record: {kind} has helped {} of {} times against {ailment} ({:.0} to {:.0} %).",
                trials.helped,
                trials.tried,
                low * 100.0,
                high * 100.0
            )
        })
    }
}

fn key(ailment: &str, kind: RemedyKind) -> String {
    format!("{ailment}/{kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_wilsons() {
        // By the formula, and as in Newcombe 1998, table I, for 81 of 263 and 0 of 20.
        for (helped, tried, low, high) in
            [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (15, 148, 0.0624, 0.1605)]
        {
            let (from, to) = Trials { helped, tried }.band();
            assert!(
                (from - low).abs() < 1e-4 && (to - high).abs() < 1e-4,
                "{helped}/{tried}: {from} to {to}"
            );
        }
        assert_eq!(Trials::default().band(), (0.0, 1.0));
    }

    #[test]
    fn a_few_failures_prove_little_and_many_step_a_rung_back() {
        let mut record = TrackRecord::default();
        let fail = Lesson { ailment: "slow".to_owned(), kind: RemedyKind::RestartService, helped: false };
        let ladder = [RemedyKind::RestartService, RemedyKind::ScaleUp];
        let order = |record: &TrackRecord, ailment: &str| {
            let mut rungs = ladder;
            record.reorder(ailment, &mut rungs, |kind| *kind);
            rungs
        };
        for _ in 0..3 {
            record.learn(&fail);
            assert_eq!(order(&record, "slow"), ladder, "{record:?}");
        }
        record.learn(&fail);
        assert_eq!(order(&record, "slow"), [RemedyKind::ScaleUp, RemedyKind::RestartService]);
        assert_eq!(order(&record, "down"), ladder, "against something else nothing is known");
        let sentence = record.sentence("slow", RemedyKind::RestartService).unwrap();
        assert!(sentence.contains("0 of 4 times against slow (0 to 49 %)"), "{sentence}");
        assert_eq!(record.sentence("slow", RemedyKind::ScaleUp), None);
    }
}
