//! One course of events, watched from the doors.

use std::ops::Range;

use sim::topology::EdgeSpec;
use sim::{MetricName, Snapshot, Topology};

use crate::objective::{FAILED_PCT, P99_MS, WINDOW_S, doors};

/// Simulated seconds in a point of the curves.
pub const POINT_S: usize = 5;
/// What "in the end" means: the mean of so many seconds.
const END_S: usize = 60;
/// Share of requests that each percentile of latency tells to be slow, at least.
const PERCENTILES: [(MetricName, f64); 3] =
    [(MetricName::LatencyP50, 0.5), (MetricName::LatencyP95, 0.05), (MetricName::LatencyP99, 0.01)];

/// A point of a curve: means over [`POINT_S`] seconds. NaN where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// p99 of latency at the worst door, ms.
    pub p99_ms: f64,
    /// Share of users' requests that fail, %.
    pub error_pct: f64,
}

/// What users see in a second.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    requests: f64,
    failed: f64,
    slow: f64,
    p99_ms: f64,
}

/// A service whose users notice.
#[derive(Debug, Clone, Copy)]
struct Door {
    service: usize,
    /// Whether traffic enters there at present.
    entry: bool,
}

/// A course of events under watch, second by second.
#[derive(Debug, Clone)]
pub struct Course {
    doors: Vec<Door>,
    /// Error rate (%) and p99 (ms) of every door in every second.
    of_doors: Vec<Vec<(f64, f64)>>,
    seconds: Vec<Second>,
    cores: f64,
}

impl Course {
    /// Nothing seen yet.
    pub fn new(topology: &Topology) -> Self {
        let doors = doors(topology);
        let door = |service: usize| Door { service, entry: topology.services[service].entry };
        let doors: Vec<Door> = doors.into_iter().map(door).collect();
        Self { of_doors: vec![Vec::new(); doors.len()], doors, seconds: Vec::new(), cores: 0.0 }
    }

    /// Takes in a sample, which is of a second, and what runs by now.
    pub fn see(&mut self, sample: &Snapshot, topology: &Topology) {
        let column = |metric| {
            let found = sample.services.columns.iter().find(|(name, _)| *name == metric);
            found.map_or(&[] as &[f32], |(_, values)| values)
        };
        let value =
            |metric, service: usize| column(metric).get(service).map_or(f64::NAN, |value| f64::from(*value));
        let mut second = Second { p99_ms: f64::NAN, ..Second::default() };
        for (door, seen) in self.doors.iter().zip(&mut self.of_doors) {
            let door = &entrance(topology, *door);
            let (error, p99) = (value(MetricName::ErrorRate, *door), value(MetricName::LatencyP99, *door));
            seen.push((error, p99));
            second.p99_ms = second.p99_ms.max(p99);
            let requests = value(MetricName::RequestRate, *door).max(0.0);
            let failed = requests * (error / 100.0).clamp(0.0, 1.0).max(0.0);
            let slow = PERCENTILES.iter().find(|(metric, _)| value(*metric, *door) > P99_MS);
            second.requests += requests;
            second.failed += failed;
            second.slow += slow.map_or(0.0, |(_, share)| requests * share).min(requests - failed);
        }
        self.seconds.push(second);
        let (running, missing) = (column(MetricName::Replicas), column(MetricName::ReplicasMissing));
        self.cores += running
            .iter()
            .zip(missing)
            .zip(&topology.services)
            .map(|((running, missing), service)| f64::from(running + missing) * service.specs.cpu_cores)
            .sum::<f64>();
    }

    /// Seconds that are all alike, without a door whose objective could break.
    #[cfg(test)]
    pub(crate) fn steady(seconds: usize, requests: f64, failed: f64, cores: f64) -> Self {
        let second = Second { requests, failed, slow: 0.0, p99_ms: 50.0 };
        let seconds_seen = vec![second; seconds];
        Self { doors: Vec::new(), of_doors: Vec::new(), seconds: seconds_seen, cores: cores * seconds as f64 }
    }

    /// Users' requests.
    pub fn requests(&self) -> f64 {
        self.seconds.iter().map(|second| second.requests).sum()
    }

    /// Users' requests that fail.
    pub fn failed(&self) -> f64 {
        self.seconds.iter().map(|second| second.failed).sum()
    }

    /// Users' requests that fail or are slow.
    pub fn bad(&self) -> f64 {
        self.seconds.iter().map(|second| second.failed + second.slow).sum()
    }

    /// p99 at the worst door in the end, ms.
    pub fn p99_ms(&self) -> f64 {
        mean(self.end().iter().map(|second| second.p99_ms))
    }

    /// Share of requests that fail in the end, %.
    pub fn error_pct(&self) -> f64 {
        share_pct(self.end())
    }

    /// Seconds that were seen.
    pub fn seconds(&self) -> usize {
        self.seconds.len()
    }

    /// Users' requests, and those of them that fail or are slow, of some seconds.
    pub fn requests_and_bad(&self, seconds: Range<usize>) -> (f64, f64) {
        let seconds = self.seconds.get(seconds).unwrap_or_default();
        let sum = |(requests, bad): (f64, f64), second: &Second| {
            (requests + second.requests, bad + second.failed + second.slow)
        };
        seconds.iter().fold((0.0, 0.0), sum)
    }

    /// Whether an objective is broken at some door, over the time up to a second.
    pub fn is_broken(&self, second: usize) -> bool {
        self.of_doors.iter().any(|door| {
            let window = door.get(second.saturating_sub(WINDOW_S - 1)..=second).unwrap_or_default();
            mean(window.iter().map(|(error, _)| *error)) > FAILED_PCT
                || mean(window.iter().map(|(_, p99)| *p99)) > P99_MS
        })
    }

    /// Minutes in which an objective is broken at some door.
    pub fn slo_minutes(&self) -> f64 {
        self.broken_minutes(0..self.seconds.len())
    }

    /// The same of some seconds.
    pub fn broken_minutes(&self, seconds: Range<usize>) -> f64 {
        seconds.filter(|second| self.is_broken(*second)).count() as f64 / 60.0
    }

    /// What users lose in some seconds, minutes: half those in which an objective is broken, and half the requests that fail or are slow,
    /// as minutes of traffic. The objective is what counts, and of two courses that break it the one that loses less is better.
    pub fn loss_minutes(&self, seconds: Range<usize>) -> f64 {
        let (requests, bad) = self.requests_and_bad(seconds.clone());
        let bad_minutes = bad / requests.max(1.0) * seconds.len() as f64 / 60.0;
        f64::midpoint(self.broken_minutes(seconds), bad_minutes)
    }

    /// What users lose in all of it, minutes.
    pub fn loss(&self) -> f64 {
        self.loss_minutes(0..self.seconds.len())
    }

    /// Cores that are paid for, as hours.
    pub fn core_hours(&self) -> f64 {
        self.cores / 3600.0
    }

    /// The curves.
    pub fn points(&self) -> Vec<Point> {
        let point = |seconds: &[Second]| Point {
            p99_ms: mean(seconds.iter().map(|second| second.p99_ms)),
            error_pct: share_pct(seconds),
        };
        self.seconds.chunks(POINT_S).map(point).collect()
    }

    fn end(&self) -> &[Second] {
        &self.seconds[self.seconds.len().saturating_sub(END_S)..]
    }
}

/// Where users meet a door: at what an action has put before it, if there is such a thing.
fn entrance(topology: &Topology, door: Door) -> usize {
    if topology.services[door.service].entry == door.entry {
        return door.service;
    }
    let leads_there = |edge: &&EdgeSpec| edge.to == door.service && topology.services[edge.from].entry;
    topology.edges.iter().find(leads_there).map_or(door.service, |edge| edge.from)
}

fn share_pct(seconds: &[Second]) -> f64 {
    let (failed, all) = seconds
        .iter()
        .fold((0.0, 0.0), |(failed, all), second| (failed + second.failed, all + second.requests));
    if all > 0.0 { failed / all * 100.0 } else { f64::NAN }
}

/// Mean of what was measured; NaN when nothing was.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values
        .filter(|value| value.is_finite())
        .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}
