//! What is known about an incident as a whole: whom it reached, what it cost, what it is suspected to come from.

use crate::sample::{Sample, Target};

/// The record of an incident that leads a group. A symptom has an empty one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Other incidents that were put down to it, over or not.
    pub symptoms: u32,
    /// Of these, the ones that are still open.
    pub open_symptoms: u32,
    /// What it cost the users so far.
    pub impact: Impact,
    /// Where it may come from, most likely first; at most [`MAX_SUSPECTS`].
    pub suspects: Vec<Suspect>,
    /// How much speaks against the first suspect, without unit: a later look counts only if it sees at least half as much.
    pub suspicion: f64,
    /// The impact counts every tick before this one.
    pub as_of_tick: u64,
    /// Simulated time of that tick, microseconds since the Unix epoch.
    pub as_of_us: i64,
}

impl Record {
    /// Dates it.
    pub(crate) fn as_of(&mut self, sample: &Sample<'_>) {
        self.as_of_tick = sample.tick;
        self.as_of_us = sample.time.micros;
    }

    /// Whether it says anything that the older one does not, besides what goes on from second to second.
    pub(crate) fn is_news(&self, older: &Self) -> bool {
        (self.symptoms, self.open_symptoms, &self.suspects)
            != (older.symptoms, older.open_symptoms, &older.suspects)
    }
}

/// Suspects that a record names.
pub const MAX_SUSPECTS: usize = 3;

/// What an incident cost the users since it opened. Requests are counted where they enter the cloud, in thousandths, so
/// that sums do not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Impact {
    /// Requests of users, 1/1000.
    pub requests_milli: u64,
    /// Those that failed, 1/1000.
    pub failed_milli: u64,
    /// Those that took longer than 500 ms, at least, 1/1000.
    pub slow_milli: u64,
    /// Largest share of requests that failed or were slow, over ten seconds, 1/1000.
    pub worst_permille: u32,
}

/// Share of requests that may fail, by the objective of 99.9 %.
const BUDGET_SHARE: f64 = 0.001;
/// Simulated time that the error budget is for: a day.
const BUDGET_S: f64 = 86_400.0;

impl Impact {
    /// Requests of users.
    pub fn requests(&self) -> f64 {
        self.requests_milli as f64 / 1_000.0
    }

    /// Requests that failed.
    pub fn failed(&self) -> f64 {
        self.failed_milli as f64 / 1_000.0
    }

    /// Requests that were slow.
    pub fn slow(&self) -> f64 {
        self.slow_milli as f64 / 1_000.0
    }

    /// Share of users' requests that failed or were slow, %.
    pub fn affected_pct(&self) -> f64 {
        if self.requests_milli == 0 {
            return 0.0;
        }
        let hurt = (self.failed_milli + self.slow_milli).min(self.requests_milli);
        100.0 * hurt as f64 / self.requests_milli as f64
    }

    /// Share of a day's error budget that was used up, %: failed requests over the requests that an objective of 99.9 % lets
    /// fail in a day at the rate of `lasted_s`.
    pub fn budget_burnt_pct(&self, lasted_s: f64) -> f64 {
        if self.requests_milli == 0 || lasted_s <= 0.0 {
            return 0.0;
        }
        let a_day = self.requests() / lasted_s * BUDGET_S;
        100.0 * self.failed() / (a_day * BUDGET_SHARE)
    }
}

/// What kind of thing is suspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuspectKind {
    /// A service of the topology.
    Service,
    /// A node of the topology.
    Node,
    /// A zone of the topology.
    Zone,
}

impl SuspectKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Service, Self::Node, Self::Zone];

    /// The word used in sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Node => "node",
            Self::Zone => "zone",
        }
    }
}

/// Where an incident may come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// What `id` names.
    pub kind: SuspectKind,
    /// Id in the topology.
    pub id: String,
    /// Its part of all the suspicion there is, 0 to 1.
    pub share: f64,
    /// Why, a sentence each, the weightiest first.
    pub reasons: Vec<String>,
    /// The series that say so.
    pub evidence: Vec<Evidence>,
}

/// A series that speaks against a suspect.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Metric of the suspect, or of a service that it drags down.
    pub metric: String,
    /// Whose.
    pub target: Target,
    /// What was usual in the ten minutes before, in the metric's unit; `None` when too little was seen.
    pub usual: Option<f64>,
    /// Mean over the last ten seconds, in the metric's unit.
    pub observed: f64,
}
