//! The windows and counts of a shard under other rules: what both plans have stays.

use std::collections::HashMap;

use super::{Series, Shard, Verdict};
use crate::insight::Insight;
use crate::plan::{KindPlan, Panel, Plan};
use crate::rule::Rule;
use crate::trail::Trail;
use crate::windows::Windows;

/// Series of another plan, to be taken apart.
struct Donor<'a> {
    rules: HashMap<&'a str, (&'a Rule, usize)>,
    metrics: HashMap<(&'a str, u32), usize>,
    panels: Vec<Option<Windows>>,
    verdicts: Vec<Option<Verdict>>,
}

impl<'a> Donor<'a> {
    fn new(series: Series, plan: &'a KindPlan, rules: &'a [Rule]) -> Self {
        let judges = plan.judges.iter().enumerate().map(|(at, judge)| (&rules[judge.rule], at));
        let panels = plan.panels.iter().enumerate();
        Self {
            rules: judges.map(|(rule, at)| (rule.name.as_str(), (rule, at))).collect(),
            metrics: panels.map(|(at, panel)| ((panel.metric.as_str(), panel.window_s), at)).collect(),
            panels: series.panels.into_iter().map(Some).collect(),
            verdicts: series.verdicts.into_iter().map(Some).collect(),
        }
    }

    fn windows(&mut self, wanted: &Panel) -> Option<Windows> {
        let at = *self.metrics.get(&(wanted.metric.as_str(), wanted.window_s))?;
        let mut windows = self.panels[at].take()?;
        windows.keep_extremes(wanted.wants_max, wanted.wants_min);
        Some(windows)
    }

    fn verdict(&mut self, wanted: &Rule) -> Option<Verdict> {
        let (rule, at) = *self.rules.get(wanted.name.as_str())?;
        if rule.judges_like(wanted) { self.verdicts[at].take() } else { None }
    }
}

impl Shard {
    /// Makes room for other rules. What is new comes from a shard that was warmed for them, if that one has seen the same samples, or
    /// starts empty.
    pub(crate) fn adopt(&mut self, before: &Plan, after: &Plan, warmed: Option<(Self, &Plan)>) {
        let mut warmed = warmed.filter(|(warmed, _)| warmed.is_in_step(self));
        let interval_ms = self.interval_ms;
        self.held_bytes = 0;
        for (kind, series) in self.kinds.iter_mut().enumerate() {
            let mut ours = std::mem::take(series);
            let ids = ours.ids.clone();
            let (trail, insight) = (std::mem::take(&mut ours.trail), std::mem::take(&mut ours.insight));
            let mut donors = vec![Donor::new(ours, &before.kinds[kind], &before.rules)];
            if let Some((shard, plan)) = &mut warmed {
                let theirs = std::mem::take(&mut shard.kinds[kind]);
                if theirs.ids == ids {
                    donors.push(Donor::new(theirs, &plan.kinds[kind], &plan.rules));
                }
            }
            let plan = &after.kinds[kind];
            self.held_bytes += plan.bytes(ids.len(), interval_ms) + insight.held_bytes(plan.kind);
            *series =
                Series { trail, insight, ..Series::adopted(plan, &after.rules, ids, interval_ms, donors) };
        }
    }

    /// Whether both have seen the same newest sample.
    fn is_in_step(&self, other: &Self) -> bool {
        (self.cell, self.last_tick, self.interval_ms) == (other.cell, other.last_tick, other.interval_ms)
    }
}

impl Series {
    /// Series of a plan, with what the first donor has that has it.
    fn adopted(
        plan: &KindPlan,
        rules: &[Rule],
        ids: Vec<String>,
        interval_ms: u32,
        mut donors: Vec<Donor<'_>>,
    ) -> Self {
        let panels = plan.panels.iter().map(|panel| {
            let kept = donors.iter_mut().find_map(|donor| donor.windows(panel));
            kept.unwrap_or_else(|| panel.empty(ids.len(), interval_ms))
        });
        let panels = panels.collect();
        let verdicts = plan.judges.iter().map(|judge| {
            let rule = &rules[judge.rule];
            let kept = donors.iter_mut().find_map(|donor| donor.verdict(rule));
            kept.unwrap_or_else(|| Verdict::none(rule, plan.kind, &ids, interval_ms))
        });
        let verdicts = verdicts.collect();
        Self {
            panels,
            // Computed anew at every sample.
            rows: plan.rows.iter().map(|_| vec![f64::NAN; ids.len()]).collect(),
            verdicts,
            trail: Trail::default(),
            insight: Insight::default(),
            index: ids.iter().enumerate().map(|(index, id)| (id.clone(), index)).collect(),
            ids,
        }
    }
}
