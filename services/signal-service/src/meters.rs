//! What this service counts. Names after the Prometheus conventions: base units, `_total` added by the encoder.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chrono::{DateTime, Utc};
use detect::{Detector, Incident, Transition, TransitionKind};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::marks::Standing;
use ::service::metrics::Metrics;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Severity {
    severity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    transition: &'static str,
    severity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Result {
    result: &'static str,
}

/// Counters and gauges; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Meters {
    rows: Counter,
    snapshots: Family<Result, Counter>,
    infinite: Counter,
    dead_letters: Counter,
    database_waits: Counter,
    batch_seconds: Histogram,
    batch_snapshots: Histogram,
    lag_seconds: Gauge<f64, AtomicU64>,
    transitions: Family<What, Counter>,
    open: Family<Severity, Gauge>,
    not_judged: Gauge,
    window_bytes: Gauge,
    not_scored: Gauge,
    rules_revision: Gauge,
    rules: Gauge,
    rules_left_out: Gauge,
    silences_revision: Gauge,
    silences: Gauge,
    silences_left_out: Gauge,
    silenced: Gauge,
}

impl Meters {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let counts = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
        let counter = |name, help| metrics.register(name, help, Counter::default());
        let gauge = |name, help| metrics.register(name, help, Gauge::default());
        Self {
            rows: counter("rows", "Metric rows committed"),
            snapshots: metrics.register(
                "snapshots",
                "Snapshots received: new, duplicate or late",
                Family::default(),
            ),
            infinite: counter("infinite_values", "Values that were infinite and kept as not measured"),
            dead_letters: counter("dead_letters", "Messages sent to the dead letters"),
            database_waits: counter("database_waits", "Times that a whole round of retries was not enough"),
            batch_seconds: metrics.register(
                "batch_seconds",
                "Time to commit a batch",
                Histogram::new(seconds),
            ),
            batch_snapshots: metrics.register(
                "batch_snapshots",
                "Snapshots in a batch",
                Histogram::new(counts),
            ),
            lag_seconds: metrics.register(
                "lag_seconds",
                "Age of the newest snapshot when it was received",
                Gauge::default(),
            ),
            transitions: metrics.register(
                "incident_transitions",
                "Transitions of incidents",
                Family::default(),
            ),
            open: metrics.register("open_incidents", "Open incidents by severity", Family::default()),
            not_judged: gauge("snapshots_not_judged", "Snapshots beyond a limit of the detector"),
            window_bytes: gauge("window_bytes", "Memory of the detector's windows"),
            not_scored: gauge(
                "targets_not_scored",
                "Services and nodes that statistics have no room for: no anomalies and no forecasts of them",
            ),
            rules_revision: gauge("rules_revision", "Revision of the set of rules that is judged by"),
            rules: gauge("rules", "Rules that are judged by"),
            rules_left_out: gauge("rules_left_out", "Kept rules that cannot be judged by"),
            silences_revision: gauge("silences_revision", "Revision of the set of silences that is gone by"),
            silences: gauge("silences", "Silences that are kept, begun and over or not"),
            silences_left_out: gauge("silences_left_out", "Kept silences that cannot be gone by"),
            silenced: gauge("silenced_incidents", "Open incidents that are silenced"),
        }
    }

    pub(crate) fn snapshot(&self, standing: Standing) {
        let result = match standing {
            Standing::New => "new",
            Standing::Duplicate => "duplicate",
            Standing::Late => "late",
        };
        self.snapshots.get_or_create(&Result { result }).inc();
    }

    pub(crate) fn infinite(&self, values: u64) {
        self.infinite.inc_by(values);
    }

    pub(crate) fn dead_letter(&self) {
        self.dead_letters.inc();
    }

    pub(crate) fn database_waits(&self) {
        self.database_waits.inc();
    }

    pub(crate) fn delivered(&self, published_at: DateTime<Utc>, now: DateTime<Utc>) {
        self.lag_seconds.set((now - published_at).as_seconds_f64().max(0.0));
    }

    pub(crate) fn committed(&self, took: Duration, rows: u64, snapshots: u64) {
        self.rows.inc_by(rows);
        self.batch_seconds.observe(took.as_secs_f64());
        self.batch_snapshots.observe(snapshots as f64);
    }

    pub(crate) fn transitions(&self, transitions: &[Transition]) {
        for Transition { kind, incident } in transitions {
            let transition = match kind {
                TransitionKind::Opened => "opened",
                TransitionKind::Escalated => "escalated",
                TransitionKind::Resolved => "resolved",
                TransitionKind::Updated => "updated",
            };
            self.transitions.get_or_create(&What { transition, severity: incident.severity.as_str() }).inc();
        }
    }

    pub(crate) fn open_incidents<'a>(&self, open: impl Iterator<Item = &'a Incident>) {
        let mut counts =
            BTreeMap::from(["info", "warning", "high", "critical"].map(|severity| (severity, 0)));
        let mut silenced = 0;
        for incident in open {
            silenced += i64::from(incident.silenced.is_some());
            *counts.entry(incident.severity.as_str()).or_insert(0) += 1;
        }
        for (severity, count) in counts {
            self.open.get_or_create(&Severity { severity }).set(count);
        }
        self.silenced.set(silenced);
    }

    pub(crate) fn silences(&self, revision: u64, silences: usize, left_out: usize) {
        self.silences_revision.set(revision.cast_signed());
        self.silences.set(i64::try_from(silences).unwrap_or(i64::MAX));
        self.silences_left_out.set(i64::try_from(left_out).unwrap_or(i64::MAX));
    }

    pub(crate) fn rules(&self, revision: u64, rules: usize, left_out: usize) {
        self.rules_revision.set(revision.cast_signed());
        self.rules.set(i64::try_from(rules).unwrap_or(i64::MAX));
        self.rules_left_out.set(i64::try_from(left_out).unwrap_or(i64::MAX));
    }

    pub(crate) fn detector(&self, detector: &Detector) {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.not_judged.set(detector.counters().over_limit.cast_signed());
        self.window_bytes.set(count(detector.window_bytes()));
        self.not_scored.set(count(detector.not_scored()));
    }
}
