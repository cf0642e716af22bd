//! One family of rules over the series of one sample: what begins, worsens and ends.

use std::collections::BTreeMap;

use crate::flapping::{self, Openings};
use crate::incident::{Crossed, Incident, Transition, TransitionKind};
use crate::plan::{Family, KindPlan, Plan};
use crate::rule::{Rule, Severity};
use crate::sample::{Sample, Target};
use crate::shard::Series;
use crate::words;

use super::{Open, resolve};

/// See the module.
pub(super) struct Case<'a> {
    pub(super) plan: &'a Plan,
    pub(super) kind_plan: &'a KindPlan,
    pub(super) family: &'a Family,
    pub(super) series: &'a Series,
    pub(super) sample: &'a Sample<'a>,
    pub(super) beats: u64,
}

impl Case<'_> {
    /// Opens, escalates or resolves the incident of the series at `s`, if anything about it has changed.
    pub(super) fn judge(
        &self,
        s: usize,
        open: &mut BTreeMap<String, Open>,
        openings: &mut Openings,
        transitions: &mut Vec<Transition>,
    ) {
        let id = self.series.ids[s].as_str();
        let worst = self.series.worst(self.kind_plan, &self.plan.rules, &self.family.judges, s);
        match (worst, open.get_mut(id)) {
            (None, None) => {}
            (Some(judge), None) => {
                let mut incident = Incident::opened(self.sample, self.target(s), self.crossed(s, judge));
                let flapping = openings.note(&incident);
                if flapping {
                    incident.description = format!("{} {}", incident.description, words::flapping());
                }
                transitions.push(Transition { kind: TransitionKind::Opened, incident: incident.clone() });
                open.insert(id.to_owned(), Open { incident, flapping, seen: self.beats });
            }
            (Some(judge), Some(open)) => {
                if self.rule(judge).severity > self.rule_severity(&open.incident) {
                    open.incident.escalate(self.sample, self.crossed(s, judge));
                    transitions.push(Transition {
                        kind: TransitionKind::Escalated,
                        incident: open.incident.clone(),
                    });
                }
            }
            (None, Some(suffering)) => {
                let Some(judge) = self.all_clear(s, suffering) else { return };
                if let Some(over) = open.remove(id) {
                    transitions.push(self.resolved(s, judge, over.incident));
                }
            }
        }
    }

    /// Severity of the rule that the incident crossed last. Its own may be higher, for what users suffer.
    fn rule_severity(&self, incident: &Incident) -> Severity {
        let crossed = |rule: &&Rule| {
            rule.metric == incident.metric && rule.threshold.to_bits() == incident.threshold.to_bits()
        };
        let rules = self.family.judges.iter().map(|judge| self.rule(*judge));
        rules.into_iter().filter(crossed).map(|rule| rule.severity).max().unwrap_or(incident.severity)
    }

    fn rule(&self, judge: usize) -> &Rule {
        &self.plan.rules[self.kind_plan.judges[judge].rule]
    }

    fn value(&self, s: usize, judge: usize) -> f64 {
        self.series.value(self.kind_plan, judge, s)
    }

    /// The judge whose rule opened the incident, once it and every other rule of the family that has anything to say
    /// about the target has been clear for its window.
    fn all_clear(&self, s: usize, open: &Open) -> Option<usize> {
        let rule = &open.incident.rule;
        let opener = self.family.judges.iter().copied().find(|judge| self.rule(*judge).name == *rule)?;
        let least = if open.flapping { flapping::clear_samples(self.sample.interval_ms) } else { 0 };
        let clear = |judge: usize| self.series.is_clear(self.kind_plan, judge, s, least);
        let others = self.family.judges.iter().copied().filter(|judge| *judge != opener);
        let calm = clear(opener)
            && others.into_iter().all(|judge| clear(judge) || self.series.is_mute(self.kind_plan, judge, s));
        calm.then_some(opener)
    }

    fn target(&self, s: usize) -> Target {
        Target { kind: self.kind_plan.kind, id: self.series.ids[s].clone() }
    }

    fn crossed(&self, s: usize, judge: usize) -> Crossed<'_> {
        let (rule, target, value) = (self.rule(judge), self.target(s), self.value(s, judge));
        Crossed {
            rule: &rule.name,
            family: &rule.family,
            labels: &rule.labels,
            severity: rule.severity,
            title: words::title(rule, &target, value),
            description: words::breach(rule, &target, value),
            metric: &rule.metric,
            observed: value,
            threshold: rule.threshold,
        }
    }

    fn resolved(&self, s: usize, judge: usize, mut incident: Incident) -> Transition {
        let value = self.value(s, judge);
        let (reason, sentence) = words::cleared(self.rule(judge), value);
        incident.observed = value;
        resolve(incident, self.sample.tick, self.sample.time, &reason, &sentence)
    }
}
