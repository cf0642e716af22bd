//! When users are let down, measured without any detector: at every door, and at the services that the root cause is or runs, an
//! objective ([`preview::objective`]) is broken.

use std::collections::BTreeSet;

use preview::objective::{self, FAILED_PCT, P99_MS, WINDOW_S};
use sim::{MetricName, Snapshot, Topology};

/// First and last second at which an objective is broken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Broken {
    pub(super) first_s: f64,
    pub(super) last_s: f64,
}

/// Services whose users notice.
pub(super) fn doors(topology: &Topology) -> BTreeSet<usize> {
    objective::doors(topology).into_iter().collect()
}

/// When an objective of these services is broken, from the onset on.
pub(super) fn broken(samples: &[Snapshot], services: &BTreeSet<usize>, onset_s: f64) -> Option<Broken> {
    let mut found: Option<Broken> = None;
    for service in services {
        for (metric, limit) in [(MetricName::ErrorRate, FAILED_PCT), (MetricName::LatencyP99, P99_MS)] {
            let values: Vec<f64> = samples.iter().map(|sample| value(sample, *service, metric)).collect();
            for (end, window) in values.windows(WINDOW_S).enumerate() {
                let end_s = (end + WINDOW_S) as f64;
                if end_s <= onset_s || mean(window).is_none_or(|mean| mean <= limit) {
                    continue;
                }
                let known = found.get_or_insert(Broken { first_s: end_s, last_s: end_s });
                known.first_s = known.first_s.min(end_s);
                known.last_s = known.last_s.max(end_s);
            }
        }
    }
    found
}

/// Whether a service breaks an objective in the half minute before a moment or in the one after it.
pub(super) fn broken_around(samples: &[Snapshot], service: usize, at_s: f64) -> bool {
    let at = (at_s as usize).min(samples.len());
    let near = &samples[at.saturating_sub(WINDOW_S)..(at + WINDOW_S).min(samples.len())];
    broken(near, &BTreeSet::from([service]), 0.0).is_some()
}

fn value(sample: &Snapshot, service: usize, metric: MetricName) -> f64 {
    let column = sample.services.columns.iter().find(|(name, _)| *name == metric);
    column.and_then(|(_, values)| values.get(service)).map_or(f64::NAN, |value| f64::from(*value))
}

/// Mean of what was measured.
fn mean(window: &[f64]) -> Option<f64> {
    let known = window.iter().filter(|value| value.is_finite());
    let (sum, count) = known.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}
