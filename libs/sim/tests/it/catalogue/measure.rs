//! What a scenario did to its users: the measures that the ground truth of every scenario is held to.
//!
//! - A *door* is a service at which somebody outside notices what goes wrong: an entry service, or one that is handed work
//!   asynchronously, whose caller has long gone.
//! - *Usual* is the mean of the 20 s before onset.
//! - A service is *degraded* when over 30 s its error rate is 5 points above usual, or its p99 three times and 100 ms above it.
//! - What users *lost* is the share of a door's requests that failed, plus half of those that were late (three times and 100 ms
//!   above the door's usual p99), added up over seconds and doors: every door weighs the same, however many pass it.

use sim::scenario::Scenario;
use sim::{MetricName, Snapshot, Topology};

/// Seconds over which usual values are taken.
const USUAL_S: usize = 20;
/// Seconds over which a service counts as degraded.
pub(crate) const WINDOW_S: usize = 30;
const ERROR_POINTS: f64 = 5.0;
const LATENCY_FACTOR: f64 = 3.0;
const LATENCY_MS: f64 = 100.0;

/// What is usual in a scenario.
pub(crate) struct Usual {
    doors: Vec<usize>,
    error_rate: Vec<f64>,
    p99_ms: Vec<f64>,
    /// What users lose in a second.
    pub(crate) lost_each_s: f64,
}

impl Usual {
    pub(crate) fn of(scenario: &Scenario, samples: &[Snapshot]) -> Self {
        let onset = (scenario.truth.onset_s.unwrap_or(0.0) as usize).clamp(2, samples.len());
        let before = &samples[onset.saturating_sub(USUAL_S)..onset];
        let mut usual = Self {
            doors: doors(&scenario.topology),
            error_rate: means(before, MetricName::ErrorRate),
            p99_ms: means(before, MetricName::LatencyP99),
            lost_each_s: 0.0,
        };
        usual.lost_each_s = usual.lost_s(before) / before.len() as f64;
        usual
    }

    fn late_ms(&self, service: usize) -> f64 {
        (self.p99_ms[service] * LATENCY_FACTOR).max(self.p99_ms[service] + LATENCY_MS)
    }

    /// Services that are degraded in the window that ends with the last of `samples`.
    pub(crate) fn degraded(&self, samples: &[Snapshot]) -> Vec<String> {
        let window = &samples[samples.len().saturating_sub(WINDOW_S)..];
        let errors = means(window, MetricName::ErrorRate);
        let p99_ms = means(window, MetricName::LatencyP99);
        let ids = samples.last().map(|sample| sample.services.ids.clone()).unwrap_or_default();
        (0..errors.len())
            .filter(|service| {
                errors[*service] > self.error_rate[*service] + ERROR_POINTS
                    || p99_ms[*service] > self.late_ms(*service)
            })
            .map(|service| format!("{} {:.1} % {:.0} ms", ids[service], errors[service], p99_ms[service]))
            .collect()
    }

    /// What users lost: per door, seconds times the share of its requests that failed, or half of those that were late.
    pub(crate) fn lost_s(&self, samples: &[Snapshot]) -> f64 {
        let lost = |sample, door| {
            let value = |metric| number(sample, door, metric).unwrap_or(0.0);
            if value(MetricName::RequestRate) <= 0.0 {
                return 0.0;
            }
            let failed = value(MetricName::ErrorRate) / 100.0;
            let percentiles = [MetricName::LatencyP50, MetricName::LatencyP95, MetricName::LatencyP99];
            let [p50, p95, p99] = percentiles.map(value);
            failed + (1.0 - failed) * share_above(self.late_ms(door), p50, p95, p99) / 2.0
        };
        samples.iter().map(|sample| self.doors.iter().map(|door| lost(sample, *door)).sum::<f64>()).sum()
    }
}

/// Share of the requests that take longer than a limit, read between the percentiles that are measured.
fn share_above(limit: f64, p50: f64, p95: f64, p99: f64) -> f64 {
    let between = |low: f64, high: f64, at_low: f64, at_high: f64| {
        at_low + (at_high - at_low) * ((limit - low) / (high - low).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
    };
    match limit {
        limit if limit >= p99 => 0.0,
        limit if limit >= p95 => between(p95, p99, 0.05, 0.01),
        limit if limit >= p50 => between(p50, p95, 0.5, 0.05),
        _ => between(0.0, p50, 1.0, 0.5),
    }
}

fn doors(topology: &Topology) -> Vec<usize> {
    let handed_over = |service| topology.edges.iter().any(|edge| edge.to == service && edge.asynchronous);
    (0..topology.services.len())
        .filter(|service| topology.services[*service].entry || handed_over(*service))
        .collect()
}

fn number(sample: &Snapshot, service: usize, metric: MetricName) -> Option<f64> {
    let (_, values) = sample.services.columns.iter().find(|(name, _)| *name == metric)?;
    values.get(service).copied().filter(|value| !value.is_nan()).map(f64::from)
}

/// Mean of a metric per service over the samples in which it was measured; 0 when it never was.
fn means(samples: &[Snapshot], metric: MetricName) -> Vec<f64> {
    let services = samples.last().map_or(0, |sample| sample.services.ids.len());
    (0..services)
        .map(|service| {
            let values: Vec<f64> =
                samples.iter().filter_map(|sample| number(sample, service, metric)).collect();
            if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
        })
        .collect()
}
