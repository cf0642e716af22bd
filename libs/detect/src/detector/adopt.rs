//! Other rules in mid-stream.

use super::{Detector, Limits};
use crate::flapping;
use crate::incident::Transition;
use crate::plan::Plan;
use crate::rule::{Rule, RuleSet};

impl Detector {
    /// First step towards other rules: a detector of only those among them that this one does not have, or has differently, in
    /// the same runs. Warm it with the last [`Self::history_ms`] of its own, up to the newest sample that this one has seen.
    #[must_use]
    pub fn beside(&self, rules: &RuleSet) -> Self {
        let fresh =
            |rule: &&Rule| !self.plan.rule_named(&rule.name).is_some_and(|ours| ours.judges_like(rule));
        let newcomers = rules.rules().iter().filter(fresh).cloned().collect();
        // Statistics do not depend on the rules: ours go on.
        let limits = Limits { scored_targets: 0, ..self.limits };
        let mut beside = Self::new(&RuleSet::of_checked(newcomers), limits);
        for (simulation, ours) in &self.simulations {
            beside.restore_run(simulation, &ours.run, []);
        }
        beside
    }

    /// Last step towards other rules: judges by them from the next sample on. Rules that stay keep their windows, their counts and
    /// their incidents; those that are new or changed begin with what `beside` has seen. Returns the incidents that end now, because
    /// their rule is gone, or does not watch their target any more.
    pub fn adopt(&mut self, rules: &RuleSet, mut beside: Self) -> Vec<Transition> {
        let mut transitions = Vec::new();
        let before = std::mem::replace(&mut self.plan, Plan::new(rules));
        self.window_bytes = 0;
        for (name, simulation) in &mut self.simulations {
            let warmed = beside.simulations.remove(name).filter(|warmed| warmed.run == simulation.run);
            let mut warmed = warmed.map(|warmed| warmed.shards).unwrap_or_default();
            simulation.shards.retain(|number, shard| {
                shard.adopt(&before, &self.plan, warmed.remove(number).map(|shard| (shard, &beside.plan)));
                let fits = self.window_bytes + shard.held_bytes() <= self.limits.window_bytes;
                // One that has no room any more is stored and not judged, like any other beyond the limit.
                self.window_bytes += if fits { shard.held_bytes() } else { 0 };
                fits
            });
            simulation.adopt(&self.plan, &mut transitions);
        }
        self.longest_window_s = rules.longest_window_s();
        self.longest_count_s = rules.longest_count_s().max(flapping::CLEAR_S);
        transitions
    }

    /// Metrics that its rules look at; some come more than once.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = &str> {
        self.plan.kinds.iter().flat_map(|kind| &kind.panels).map(|panel| panel.metric.as_str())
    }

    /// Whether there is no rule to judge by.
    pub fn is_idle(&self) -> bool {
        self.plan.rules.is_empty()
    }
}
