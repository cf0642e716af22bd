//! What the orchestrator counts, besides what every service does.

use ::service::metrics::Metrics as Registry;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// Counters; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    decisions: Family<Outcome, Counter>,
    proposals: Family<Outcome, Counter>,
    automatic: Family<Outcome, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl Metrics {
    /// Registers the counters.
    pub(crate) fn new(registry: &Registry) -> Self {
        let help = "Approvals and rejections by what came of them";
        let decisions = registry.register("decisions", help, Family::default());
        let proposals = registry.register("proposals", "Proposals by what came of them", Family::default());
        let help = "Approvals without a person by what came of them, or what kept them from it";
        let automatic = registry.register("automatic_approvals", help, Family::default());
        Self { decisions, proposals, automatic }
    }

    pub(crate) fn decision(&self, outcome: &'static str) {
        self.decisions.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn automatic(&self, outcome: &'static str) {
        self.automatic.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn proposal(&self, outcome: &'static str) {
        self.proposals.get_or_create(&Outcome { outcome }).inc();
    }
}
