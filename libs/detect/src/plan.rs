//! A rule set, arranged for evaluation: which windows to keep, what to compute from them, who shares an incident.
//!
//! Rules that watch the same metric over the same window share its windows; rules that also use the same aggregate
//! share the computed row. Families are lists of judges, so that one pass over a family decides about its incident.

use std::collections::{BTreeMap, HashMap};

use crate::foretell;
use crate::incident::Incident;
use crate::rule::{Aggregate, Condition, Rule, RuleSet, Withdrawn};
use crate::sample::{Target, TargetKind};

/// The arrangement for both kinds of targets, in the order of [`TargetKind::ALL`].
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) rules: Vec<Rule>,
    pub(crate) kinds: [KindPlan; 2],
    /// Position of each rule, by name.
    names: HashMap<String, usize>,
    withdrawn: BTreeMap<String, Withdrawn>,
}

#[derive(Debug)]
pub(crate) struct KindPlan {
    pub(crate) kind: TargetKind,
    pub(crate) panels: Vec<Panel>,
    pub(crate) rows: Vec<Row>,
    pub(crate) judges: Vec<Judge>,
    pub(crate) families: Vec<Family>,
}

/// Windows over one metric.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) metric: String,
    pub(crate) window_s: u32,
    pub(crate) wants_max: bool,
    pub(crate) wants_min: bool,
}

/// One aggregate of one panel, computed once a sample for all its series.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) panel: usize,
    pub(crate) aggregate: Aggregate,
}

/// One rule, applied to one kind of target.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) rule: usize,
    pub(crate) row: usize,
    pub(crate) panel: usize,
    /// The row of each further condition.
    pub(crate) also: Vec<usize>,
}

/// The judges that share an incident.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) judges: Vec<usize>,
}

impl Plan {
    pub(crate) fn new(set: &RuleSet) -> Self {
        let rules = set.rules().to_vec();
        let kinds = TargetKind::ALL.map(|kind| KindPlan::new(kind, &rules));
        let names = rules.iter().enumerate().map(|(index, rule)| (rule.name.clone(), index)).collect();
        Self { rules, kinds, names, withdrawn: set.withdrawn().clone() }
    }

    pub(crate) fn rule_named(&self, name: &str) -> Option<&Rule> {
        self.names.get(name).map(|index| &self.rules[*index])
    }

    /// Why nobody judges an incident any more; `None` while its rule watches its target.
    pub(crate) fn abandoned(&self, incident: &Incident) -> Option<String> {
        let Incident { rule: name, family, target: Target { kind, id }, .. } = incident;
        if foretell::family_of(incident).is_some() {
            return None;
        }
        let Some(rule) = self.rule_named(name) else {
            let what = match self.withdrawn.get(name) {
                Some(Withdrawn::Deleted) => "deleted",
                Some(Withdrawn::Disabled) => "disabled",
                None => "removed",
            };
            return Some(format!("rule {name} was {what}"));
        };
        if rule.family != *family {
            return Some(format!("rule {name} moved to the family {}", rule.family));
        }
        let watched = rule.selector.matches(*kind, id);
        (!watched).then(|| format!("rule {name} no longer watches {} {id}", kind.as_str()))
    }
}

impl KindPlan {
    fn new(kind: TargetKind, rules: &[Rule]) -> Self {
        let mut plan =
            Self { kind, panels: Vec::new(), rows: Vec::new(), judges: Vec::new(), families: Vec::new() };
        for (index, rule) in rules.iter().enumerate() {
            if rule.selector.kinds.contains(&kind) {
                plan.add(index, rule);
            }
        }
        plan
    }

    fn add(&mut self, index: usize, rule: &Rule) {
        let (panel, row) = self.row(&rule.metric, rule.window_s, rule.aggregate);
        let also = rule.also.iter().map(|condition| {
            let Condition { metric, aggregate, window_s, .. } = condition;
            self.row(metric, *window_s, *aggregate).1
        });
        let also = also.collect();
        let family = find_or_push(
            &mut self.families,
            |family| family.name == rule.family,
            || Family { name: rule.family.clone(), judges: Vec::new() },
        );
        self.families[family].judges.push(self.judges.len());
        self.judges.push(Judge { rule: index, row, panel, also });
    }

    /// The windows over a metric, and the row of one aggregate of them.
    fn row(&mut self, metric: &str, window_s: u32, aggregate: Aggregate) -> (usize, usize) {
        let panel = find_or_push(
            &mut self.panels,
            |panel| panel.metric == metric && panel.window_s == window_s,
            || Panel { metric: metric.to_owned(), window_s, wants_max: false, wants_min: false },
        );
        self.panels[panel].wants_max |= aggregate == Aggregate::Max;
        self.panels[panel].wants_min |= aggregate == Aggregate::Min;
        let row = find_or_push(
            &mut self.rows,
            |row| row.panel == panel && row.aggregate == aggregate,
            || Row { panel, aggregate },
        );
        (panel, row)
    }
}

fn find_or_push<T>(list: &mut Vec<T>, same: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> usize {
    list.iter().position(same).unwrap_or_else(|| {
        list.push(new());
        list.len() - 1
    })
}
