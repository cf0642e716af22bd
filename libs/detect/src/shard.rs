//! The windows of one shard of one simulation, and what every rule says about every series of it.

use std::collections::HashMap;

use crate::flapping;
use crate::insight::{self, Findings, Insight, Memory};
use crate::plan::{KindPlan, Panel, Plan};
use crate::rule::{Condition, Operator, Rule, samples};
use crate::sample::{Columns, Sample, TargetKind};
use crate::trail::Trail;
use crate::windows::Windows;

mod adopt;

/// One shard: the same ids in the same order from sample to sample, most of the time.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) last_tick: u64,
    cell: i64,
    interval_ms: u32,
    held_bytes: usize,
    /// Targets of each kind that statistics may look at, in all shards of the simulation.
    scored: usize,
    kinds: [Series; 2],
}

impl Shard {
    /// Windows that fit the sample; nothing is taken in yet.
    pub(crate) fn new(plan: &Plan, sample: &Sample<'_>, scored: usize) -> Self {
        Self {
            last_tick: sample.tick,
            cell: sample.time.cell(sample.interval_ms),
            interval_ms: sample.interval_ms,
            held_bytes: Self::bytes(plan, sample, scored),
            scored,
            kinds: [0, 1].map(|kind| {
                let kind_plan = &plan.kinds[kind];
                let columns = sample.columns(kind_plan.kind);
                let room = room(scored, sample.shard_count);
                let insight = Insight::new(kind_plan.kind, columns.ids().len(), room, sample.shard_count);
                Series { insight, ..Series::new(kind_plan, &plan.rules, columns, sample.interval_ms) }
            }),
        }
    }

    /// Bytes of windows that a shard with these ids takes.
    pub(crate) fn bytes(plan: &Plan, sample: &Sample<'_>, scored: usize) -> usize {
        let room = room(scored, sample.shard_count);
        let of_kind = |kind: &KindPlan| {
            let targets = sample.columns(kind.kind).ids().len();
            kind.bytes(targets, sample.interval_ms) + Insight::bytes(kind.kind, targets, room)
        };
        plan.kinds.iter().map(of_kind).sum()
    }

    /// Bytes of windows that it takes now.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Whether the windows have room for the sample as they are.
    pub(crate) fn fits(&self, sample: &Sample<'_>) -> bool {
        self.interval_ms == sample.interval_ms
            && TargetKind::ALL
                .iter()
                .zip(&self.kinds)
                .all(|(kind, series)| same_ids(&series.ids, sample.columns(*kind).ids()))
    }

    /// Makes room for other ids; series that stay keep their windows.
    pub(crate) fn rearrange(&mut self, plan: &Plan, sample: &Sample<'_>) {
        if self.interval_ms != sample.interval_ms {
            *self = Self::new(plan, sample, self.scored);
            return;
        }
        for (kind, series) in plan.kinds.iter().zip(&mut self.kinds) {
            let columns = sample.columns(kind.kind);
            if !same_ids(&series.ids, columns.ids()) {
                *series = series.rearranged(kind, &plan.rules, columns, sample.interval_ms);
            }
        }
        self.held_bytes = Self::bytes(plan, sample, self.scored);
    }

    /// Takes a sample in and judges every series. A jump in time empties the windows first: what lies in the gap is
    /// unknown. Statistics learn from it unless what they know is newer.
    pub(crate) fn push(&mut self, plan: &Plan, sample: &Sample<'_>, learn: bool) {
        let cell = sample.time.cell(sample.interval_ms);
        let gap = cell != self.cell + 1;
        for (kind, series) in plan.kinds.iter().zip(&mut self.kinds) {
            if gap {
                series.reset();
            }
            let columns = sample.columns(kind.kind);
            series.push(kind, &plan.rules, columns, cell, sample.interval_ms);
            let ended = series.trail.push(kind.kind, columns, sample.time);
            if ended && learn {
                series.insight.learn(kind.kind, &series.trail);
            } else {
                series.insight.rest();
            }
        }
        self.cell = cell;
        self.last_tick = sample.tick;
    }

    /// What statistics have learnt, when it is time to keep it.
    pub(crate) fn memory(&self) -> Option<Memory> {
        let [services, nodes] = &self.kinds;
        let trail = &services.trail;
        let due = services.insight.is_fresh()
            && trail.last_block().is_some_and(|ended| insight::is_due(ended, trail.block()));
        due.then(|| Memory::of([services, nodes].map(|series| (series.ids.as_slice(), &series.insight))))
    }

    /// Goes on from what statistics had learnt.
    pub(crate) fn remember(&mut self, memory: &Memory) {
        for (kind, series) in self.kinds.iter_mut().enumerate() {
            memory.restore(kind, &series.ids, &mut series.insight);
        }
    }

    /// Adds what statistics found in the newest block.
    pub(crate) fn find(&self, sample: &Sample<'_>, findings: &mut Findings) {
        for (kind, series) in TargetKind::ALL.into_iter().zip(&self.kinds) {
            findings.add(kind, &series.insight, &series.ids, &series.trail, sample);
        }
    }

    /// Targets that statistics have no room for.
    pub(crate) fn not_scored(&self) -> usize {
        self.kinds.iter().map(|series| series.insight.left_out()).sum()
    }

    pub(crate) fn series(&self, kind: usize) -> &Series {
        &self.kinds[kind]
    }
}

/// Targets of a kind that statistics may look at in one of so many shards.
fn room(scored: usize, shards: u32) -> usize {
    scored.div_ceil(shards.max(1) as usize)
}

fn same_ids(ours: &[String], theirs: &[&str]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| ours == theirs)
}

/// Every series of one kind of target.
#[derive(Debug, Default)]
pub(crate) struct Series {
    pub(crate) ids: Vec<String>,
    index: HashMap<String, usize>,
    panels: Vec<Windows>,
    rows: Vec<Vec<f64>>,
    verdicts: Vec<Verdict>,
    trail: Trail,
    insight: Insight,
}

/// What one rule says about every series.
#[derive(Debug)]
struct Verdict {
    /// Consecutive samples on the clear side, up to a window or to what ends flapping.
    clear: Vec<i16>,
    /// Of a rule that waits: how long.
    hold: Option<Hold>,
    /// All false unless `any_breached`, which spares calm series the look.
    breached: Vec<bool>,
    any_breached: bool,
    /// Which series the rule watches; `None` when all.
    watched: Option<Vec<bool>>,
}

/// How long the breach of a rule with `for_s` has lasted.
#[derive(Debug)]
struct Hold {
    /// Samples that it must last for.
    samples: i16,
    /// Consecutive samples that were breached before the newest, up to `samples`.
    breached: Vec<i16>,
}

impl KindPlan {
    /// Bytes of windows that so many series take.
    fn bytes(&self, series: usize, interval_ms: u32) -> usize {
        let widths = self.panels.iter().map(|panel| samples(panel.window_s, interval_ms));
        widths.map(|width| Windows::bytes(width, series)).sum::<usize>() + Trail::bytes(self.kind, series)
    }
}

impl Panel {
    /// Empty windows over so many series.
    fn empty(&self, series: usize, interval_ms: u32) -> Windows {
        Windows::new(samples(self.window_s, interval_ms), series, self.wants_max, self.wants_min)
    }
}

impl Verdict {
    /// What a rule says before the first sample: nothing.
    fn none(rule: &Rule, kind: TargetKind, ids: &[String], interval_ms: u32) -> Self {
        let hold = i16::try_from(rule.hold_samples(interval_ms)).unwrap_or(i16::MAX);
        let selector = &rule.selector;
        Self {
            clear: vec![0; ids.len()],
            hold: (hold > 0).then(|| Hold { samples: hold, breached: vec![0; ids.len()] }),
            breached: vec![false; ids.len()],
            any_breached: false,
            watched: (!selector.ids.is_empty())
                .then(|| ids.iter().map(|id| selector.matches(kind, id)).collect()),
        }
    }
}

impl Series {
    fn new(plan: &KindPlan, rules: &[Rule], columns: &Columns<'_>, interval_ms: u32) -> Self {
        let ids: Vec<String> = columns.ids().iter().map(|id| (*id).to_owned()).collect();
        let panels = plan.panels.iter().map(|panel| panel.empty(ids.len(), interval_ms));
        let verdicts =
            plan.judges.iter().map(|judge| Verdict::none(&rules[judge.rule], plan.kind, &ids, interval_ms));
        Self {
            panels: panels.collect(),
            rows: plan.rows.iter().map(|_| vec![f64::NAN; ids.len()]).collect(),
            verdicts: verdicts.collect(),
            index: ids.iter().enumerate().map(|(index, id)| (id.clone(), index)).collect(),
            trail: Trail::new(plan.kind, ids.len()),
            insight: Insight::default(),
            ids,
        }
    }

    fn rearranged(&self, plan: &KindPlan, rules: &[Rule], columns: &Columns<'_>, interval_ms: u32) -> Self {
        let mut new = Self::new(plan, rules, columns, interval_ms);
        let from: Vec<Option<usize>> = new.ids.iter().map(|id| self.index.get(id).copied()).collect();
        new.panels = self.panels.iter().map(|panel| panel.rearranged(&from)).collect();
        new.trail = self.trail.rearranged(plan.kind, &from);
        new.insight = self.insight.rearranged(plan.kind, &from);
        for (new, old) in new.verdicts.iter_mut().zip(&self.verdicts) {
            for (s, old_index) in from.iter().enumerate() {
                new.clear[s] = old_index.map_or(0, |index| old.clear[index]);
                if let (Some(new), Some(old)) = (&mut new.hold, &old.hold) {
                    new.breached[s] = old_index.map_or(0, |index| old.breached[index]);
                }
            }
        }
        new
    }

    fn reset(&mut self) {
        for panel in &mut self.panels {
            panel.reset();
        }
        for verdict in &mut self.verdicts {
            verdict.clear.fill(0);
            if let Some(hold) = &mut verdict.hold {
                hold.breached.fill(0);
            }
        }
    }

    fn push(&mut self, plan: &KindPlan, rules: &[Rule], columns: &Columns<'_>, cell: i64, interval_ms: u32) {
        for (windows, panel) in self.panels.iter_mut().zip(&plan.panels) {
            windows.push(columns.column(&panel.metric), cell);
        }
        for (values, row) in self.rows.iter_mut().zip(&plan.rows) {
            self.panels[row.panel].aggregate(row.aggregate, interval_ms, values);
        }
        for (verdict, judge) in self.verdicts.iter_mut().zip(&plan.judges) {
            let rule = &rules[judge.rule];
            let count_to = self.panels[judge.panel].full().max(flapping::clear_samples(interval_ms));
            verdict.judge(rule, &self.rows[judge.row], count_to);
            for (condition, row) in rule.also.iter().zip(&judge.also) {
                verdict.ask_also(condition, &self.rows[*row]);
            }
            verdict.wait();
        }
    }

    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    pub(crate) fn insight(&self) -> &Insight {
        &self.insight
    }

    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// Whether any rule of the family is breached by any series.
    pub(crate) fn any_breached(&self, judges: &[usize]) -> bool {
        judges.iter().any(|judge| self.verdicts[*judge].any_breached)
    }

    /// The judge among these with the worst severity whose rule the series breaches; the first of equals.
    pub(crate) fn worst(
        &self,
        plan: &KindPlan,
        rules: &[Rule],
        judges: &[usize],
        series: usize,
    ) -> Option<usize> {
        let breached = judges.iter().copied().filter(|judge| self.verdicts[*judge].breached[series]);
        breached.reduce(|worst, judge| {
            let severity = |judge: usize| rules[plan.judges[judge].rule].severity;
            if severity(judge) > severity(worst) { judge } else { worst }
        })
    }

    /// Whether the rule has been clear for a whole window, and for `least` samples.
    pub(crate) fn is_clear(&self, plan: &KindPlan, judge: usize, series: usize, least: i16) -> bool {
        self.verdicts[judge].clear[series] >= self.panels[plan.judges[judge].panel].full().max(least)
    }

    /// Whether the rule has nothing to say about the series: it does not watch it, or nothing was measured for a window.
    pub(crate) fn is_mute(&self, plan: &KindPlan, judge: usize, series: usize) -> bool {
        let watched = self.verdicts[judge].watched.as_ref().is_none_or(|watched| watched[series]);
        !watched || self.panels[plan.judges[judge].panel].is_silent(series)
    }

    /// The aggregate that the judge looked at.
    pub(crate) fn value(&self, plan: &KindPlan, judge: usize, series: usize) -> f64 {
        self.rows[plan.judges[judge].row][series]
    }
}

impl Verdict {
    fn judge(&mut self, rule: &Rule, values: &[f64], width: i16) {
        // One loop an operator: with the comparison known inside it, the loop vectorises.
        match rule.operator {
            Operator::Gt => self.judge_by(Operator::Gt, rule, values, width),
            Operator::Gte => self.judge_by(Operator::Gte, rule, values, width),
            Operator::Lt => self.judge_by(Operator::Lt, rule, values, width),
            Operator::Lte => self.judge_by(Operator::Lte, rule, values, width),
            Operator::Eq => self.judge_by(Operator::Eq, rule, values, width),
        }
    }

    #[inline]
    fn judge_by(&mut self, operator: Operator, rule: &Rule, values: &[f64], width: i16) {
        let (threshold, clear_threshold) = (rule.threshold, rule.clear_threshold);
        let mut any = false;
        for (value, clear) in values.iter().zip(&mut self.clear) {
            any |= operator.breached(*value, threshold);
            *clear = if operator.cleared(*value, clear_threshold) { (*clear + 1).min(width) } else { 0 };
        }
        if any || self.any_breached {
            for (value, breached) in values.iter().zip(&mut self.breached) {
                *breached = operator.breached(*value, threshold);
            }
            if let Some(watched) = &self.watched {
                for (breached, watched) in self.breached.iter_mut().zip(watched) {
                    *breached &= watched;
                }
            }
            any = self.breached.iter().any(|breached| *breached);
        }
        self.any_breached = any;
    }

    /// Leaves breached only what meets a further condition.
    fn ask_also(&mut self, condition: &Condition, values: &[f64]) {
        if self.any_breached {
            for (breached, value) in self.breached.iter_mut().zip(values) {
                *breached &= condition.operator.breached(*value, condition.threshold);
            }
            self.any_breached = self.breached.iter().any(|breached| *breached);
        }
    }

    /// Leaves breached only what has been so for long enough.
    fn wait(&mut self) {
        let Some(hold) = &mut self.hold else { return };
        if !self.any_breached {
            hold.breached.fill(0);
            return;
        }
        for (breached, lasted) in self.breached.iter_mut().zip(&mut hold.breached) {
            let long_enough = *breached && *lasted >= hold.samples;
            *lasted = if *breached { (*lasted + 1).min(hold.samples) } else { 0 };
            *breached = long_enough;
        }
        self.any_breached = self.breached.iter().any(|breached| *breached);
    }
}
