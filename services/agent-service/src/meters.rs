//! What the service counts. docs/remediation.md lists the metrics.

use ::service::metrics::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge};
use remedy::{RemedyKind, Verdict};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Action {
    action: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decision {
    verdict: &'static str,
    rule: &'static str,
}

/// Counters and gauges of the service.
#[derive(Debug, Clone)]
pub(crate) struct Meters {
    proposals: Family<Action, Counter>,
    decisions: Family<Decision, Counter>,
    open_incidents: Gauge,
    repeated_steps: Counter,
}

impl Meters {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            proposals: metrics.register("proposals", "Actions proposed, by type", Family::default()),
            decisions: metrics.register(
                "decisions",
                "Decisions on incidents, by verdict and, when refused, safety rule",
                Family::default(),
            ),
            open_incidents: metrics.register("open_incidents", "Incidents going on", Gauge::default()),
            repeated_steps: metrics.register(
                "repeated_steps",
                "Steps that could not be stored and were repeated",
                Counter::default(),
            ),
        }
    }

    pub(crate) fn proposal(&self, kind: RemedyKind) {
        self.proposals.get_or_create(&Action { action: kind.name() }).inc();
    }

    pub(crate) fn decision(&self, verdict: Verdict) {
        let rule = if let Verdict::Refused(rule) = verdict { rule.name() } else { "" };
        self.decisions.get_or_create(&Decision { verdict: verdict.name(), rule }).inc();
    }

    pub(crate) fn open_incidents(&self, count: usize) {
        self.open_incidents.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn repeated_step(&self) {
        self.repeated_steps.inc();
    }
}
