//! Incidents that come and go: one that opened often within a while has to be clear for longer, and so stays one incident.

use std::collections::{BTreeMap, VecDeque};

use crate::incident::Incident;
use crate::rule::samples;
use crate::sample::{SimTime, Target};

/// The opening that makes an incident one that comes and goes.
pub(crate) const OFTEN: usize = 3;
/// How long openings are remembered, ms.
pub(crate) const MEMORY_MS: i64 = 600_000;
/// How long such an incident has to be clear, s; longer windows count as they are.
pub(crate) const CLEAR_S: u32 = 60;

/// [`CLEAR_S`] in samples.
pub(crate) fn clear_samples(interval_ms: u32) -> i16 {
    i16::try_from(samples(CLEAR_S, interval_ms)).unwrap_or(i16::MAX)
}

/// When the incidents of each family and target opened.
#[derive(Debug, Default)]
pub(crate) struct Openings {
    of: BTreeMap<(String, Target), VecDeque<SimTime>>,
}

impl Openings {
    /// Notes that an incident has opened. Returns whether it comes and goes.
    pub(crate) fn note(&mut self, incident: &Incident) -> bool {
        let now = incident.detected_at;
        let old = |time: &SimTime| now.micros - time.micros > MEMORY_MS * 1_000;
        // What nobody opens any more is forgotten, so that this does not grow with the names there ever were.
        self.of.retain(|_, times| times.back().is_some_and(|time| !old(time)));
        let times = self.of.entry((incident.family.clone(), incident.target.clone())).or_default();
        while times.front().is_some_and(old) {
            times.pop_front();
        }
        times.push_back(now);
        times.len() >= OFTEN
    }
}
