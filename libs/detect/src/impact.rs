//! What users feel: requests that fail or are slow where they enter the cloud.

use std::collections::VecDeque;

use crate::map::CloudMap;
use crate::record::Impact;
use crate::rule::Severity;
use crate::sample::Sample;

/// A request that takes longer is slow, ms: the objective of the built-in latency rule.
const SLOW_MS: f32 = 500.0;
/// Share of requests that is told by each percentile of latency when it is slow.
const PERCENTILES: [(&str, f64); 3] = [("latency_p50", 0.5), ("latency_p95", 0.05), ("latency_p99", 0.01)];
/// The share of the moment is taken over so long, s.
const MOMENT_S: u64 = 10;
/// From so many users affected, 1/1000, an incident is high, or critical.
const HIGH_PERMILLE: u32 = 10;
const CRITICAL_PERMILLE: u32 = 100;

/// Requests of the newest tick and of the last ten seconds.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    tick: u64,
    newest: Impact,
    moment: VecDeque<Impact>,
    interval_ms: u32,
}

impl Pulse {
    /// Takes a shard's sample in. When it begins a new tick, returns the tick before it, whole.
    pub(crate) fn push(&mut self, map: Option<&CloudMap>, sample: &Sample<'_>) -> Option<(u64, Impact)> {
        let whole = (sample.tick > self.tick).then(|| self.close(sample));
        if let Some(map) = map {
            self.add(map, sample);
        }
        whole.flatten()
    }

    fn close(&mut self, sample: &Sample<'_>) -> Option<(u64, Impact)> {
        let (tick, mut whole) = (self.tick, std::mem::take(&mut self.newest));
        self.tick = sample.tick;
        self.interval_ms = sample.interval_ms.max(1);
        let ticks = (MOMENT_S * 1_000 / u64::from(self.interval_ms)).max(1);
        while self.moment.len() as u64 >= ticks {
            self.moment.pop_front();
        }
        self.moment.push_back(whole);
        whole.worst_permille = self.affected_permille();
        (whole.requests_milli > 0).then_some((tick, whole))
    }

    fn add(&mut self, map: &CloudMap, sample: &Sample<'_>) {
        let columns = &sample.services;
        let Some(rates) = columns.column("request_rate") else { return };
        let value = |metric: &str, s: usize| {
            columns.column(metric).map(|values| values[s]).filter(|value| value.is_finite())
        };
        for (s, id) in columns.ids().iter().enumerate() {
            let rate = f64::from(rates[s]);
            if !(rate > 0.0 && rate.is_finite() && map.is_entry(id)) {
                continue;
            }
            let requests = rate * f64::from(self.interval_ms);
            let failed = value("error_rate", s).map_or(0.0, |pct| f64::from(pct) / 100.0).clamp(0.0, 1.0);
            let slow = PERCENTILES
                .iter()
                .find(|(metric, _)| value(metric, s).is_some_and(|ms| ms > SLOW_MS))
                .map_or(0.0, |(_, share)| *share)
                .min(1.0 - failed);
            self.newest.requests_milli += requests.round() as u64;
            self.newest.failed_milli += (requests * failed).round() as u64;
            self.newest.slow_milli += (requests * slow).round() as u64;
        }
    }

    /// Share of the requests of the last ten seconds that failed or were slow, 1/1000.
    fn affected_permille(&self) -> u32 {
        let (hurt, all) = self.moment.iter().fold((0, 0), |(hurt, all), tick| {
            (hurt + tick.failed_milli + tick.slow_milli, all + tick.requests_milli)
        });
        let permille = (hurt.min(all) * 1_000).checked_div(all).unwrap_or(0);
        u32::try_from(permille).unwrap_or(1_000)
    }
}

/// The severity that users' suffering gives an incident, if any.
pub(crate) fn severity(impact: &Impact) -> Option<Severity> {
    match impact.worst_permille {
        CRITICAL_PERMILLE.. => Some(Severity::Critical),
        HIGH_PERMILLE.. => Some(Severity::High),
        _ => None,
    }
}
