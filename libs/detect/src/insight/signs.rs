//! What is looked at, and from when on somebody cares.

use crate::sample::TargetKind;
use crate::trail::{NODE_SIGNS, SERVICE_SIGNS};

/// A series that is judged by its own past.
#[derive(Debug)]
pub(crate) struct Sign {
    /// Metric that values are told in.
    pub(crate) metric: &'static str,
    /// What is usual, in words.
    pub(crate) usually: &'static str,
    reads: Reads,
    worse: Worse,
    care: Care,
}

#[derive(Debug, Clone, Copy)]
enum Reads {
    /// Mean of a column.
    Mean(usize),
    /// CPU of all replicas for a request a second: it does not rise with traffic.
    CpuPerRequest,
}

/// A block of a sign: `scored` is what its past is compared with, `factor` times that is the metric's value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) scored: f64,
    pub(super) factor: f64,
}

/// From when on somebody cares: all of it has to hold. An anomaly that nobody could care about is none, however rare.
#[derive(Debug, Clone, Copy)]
struct Care {
    /// The higher one of the value and what is usual, in the metric's unit.
    above: f64,
    /// Worse than usual by so much, in the metric's unit.
    least: f64,
    /// The higher one is so many times the lower one.
    times: f64,
}

/// In which direction a sign gets worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worse {
    Higher,
    Lower,
}

/// Where a column of the trail is. Evaluated by the compiler: one that the trail does not have does not compile.
const fn column(names: &[&str], name: &str) -> usize {
    let mut at = 0;
    while !same(names[at], name) {
        at += 1;
    }
    at
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

const REQUESTS: usize = column(&SERVICE_SIGNS, "request_rate");
const CPU: usize = column(&SERVICE_SIGNS, "cpu_usage");
const REPLICAS: usize = column(&SERVICE_SIGNS, "replicas");

const fn sign(names: &[&str], metric: &'static str, care: Care) -> Sign {
    Sign { metric, usually: "usually", reads: Reads::Mean(column(names, metric)), worse: Worse::Higher, care }
}

const OF_SERVICES: [Sign; 6] = [
    sign(&SERVICE_SIGNS, "error_rate", Care { above: 1.0, least: 1.0, times: 2.0 }),
    sign(&SERVICE_SIGNS, "latency_p99", Care { above: 50.0, least: 25.0, times: 1.5 }),
    Sign {
        metric: "cpu_usage",
        usually: "for so many requests usually",
        reads: Reads::CpuPerRequest,
        worse: Worse::Higher,
        care: Care { above: 20.0, least: 10.0, times: 1.5 },
    },
    sign(&SERVICE_SIGNS, "memory_usage", Care { above: 30.0, least: 10.0, times: 1.2 }),
    sign(&SERVICE_SIGNS, "queue_depth", Care { above: 20.0, least: 20.0, times: 3.0 }),
    // Whoever cannot reach us does not fail here: all that shows is that fewer come.
    Sign {
        worse: Worse::Lower,
        ..sign(&SERVICE_SIGNS, "request_rate", Care { above: 10.0, least: 10.0, times: 3.0 })
    },
];
const OF_NODES: [Sign; 2] = [
    sign(&NODE_SIGNS, "cpu_usage", Care { above: 50.0, least: 30.0, times: 1.5 }),
    sign(&NODE_SIGNS, "memory_usage", Care { above: 30.0, least: 10.0, times: 1.2 }),
];

/// The signs of a kind of target.
pub(super) fn signs(kind: TargetKind) -> &'static [Sign] {
    match kind {
        TargetKind::Service => &OF_SERVICES,
        TargetKind::Node => &OF_NODES,
    }
}

/// Fewest requests a second that the CPU of one is told from.
const FEWEST_REQUESTS: f64 = 1.0;

impl Sign {
    /// The newest block, by the means of the trail's columns.
    pub(super) fn read(&self, mean: impl Fn(usize) -> f64) -> Reading {
        match self.reads {
            Reads::Mean(column) => Reading { scored: mean(column), factor: 1.0 },
            Reads::CpuPerRequest => {
                let (requests, replicas) = (mean(REQUESTS), mean(REPLICAS));
                let factor = requests / replicas;
                let known = requests >= FEWEST_REQUESTS && factor.is_finite();
                let scored = if known { mean(CPU) / factor } else { f64::NAN };
                Reading { scored, factor }
            }
        }
    }

    /// Whether somebody cares about a value of which so much is usual, both in the metric's unit.
    pub(super) fn matters(&self, value: f64, usual: f64) -> bool {
        let Care { above, least, times } = self.care;
        let (high, low) = self.ordered(value, usual);
        high >= above && high >= low + least && high >= low * times
    }

    /// Whether it is near usual again: half of what somebody cares about.
    pub(super) fn is_calm(&self, value: f64, usual: f64) -> bool {
        let Care { above, least, times } = self.care;
        let (high, low) = self.ordered(value, usual);
        high < above || high < low + 0.5 * least || high < low * (1.0 + 0.5 * (times - 1.0))
    }

    /// What is higher when the value is worse than usual, and what is lower then.
    fn ordered(&self, value: f64, usual: f64) -> (f64, f64) {
        match self.worse {
            Worse::Higher => (value, usual),
            Worse::Lower => (usual, value),
        }
    }
}

/// A series that can run into a limit.
#[derive(Debug)]
pub(crate) struct Gauge {
    /// Its metric.
    pub(crate) metric: &'static str,
    pub(super) column: usize,
}

/// The value that is called full, %.
pub(crate) const FULL_PCT: f64 = 100.0;

const fn gauge(names: &[&str], metric: &'static str) -> Gauge {
    Gauge { metric, column: column(names, metric) }
}

const GAUGES_OF_SERVICES: [Gauge; 3] = [
    gauge(&SERVICE_SIGNS, "cpu_usage"),
    gauge(&SERVICE_SIGNS, "memory_usage"),
    gauge(&SERVICE_SIGNS, "disk_usage"),
];
const GAUGES_OF_NODES: [Gauge; 3] =
    [gauge(&NODE_SIGNS, "cpu_usage"), gauge(&NODE_SIGNS, "memory_usage"), gauge(&NODE_SIGNS, "disk_usage")];

/// The gauges of a kind of target.
pub(super) fn gauges(kind: TargetKind) -> &'static [Gauge] {
    match kind {
        TargetKind::Service => &GAUGES_OF_SERVICES,
        TargetKind::Node => &GAUGES_OF_NODES,
    }
}
