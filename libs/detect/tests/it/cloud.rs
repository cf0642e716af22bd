//! A small made-up cloud that says what it measured, second by second.

use std::collections::BTreeMap;

use detect::{
    Aggregate, CloudMap, Columns, Detector, Limits, MapLists, Operator, Rule, RuleSet, Sample, Selector,
    Severity, SimTime, TargetKind, Transition, TransitionKind, builtin_rules,
};

pub(crate) const TICKS_PER_SAMPLE: u64 = 20;
pub(crate) const INTERVAL_MS: u32 = 1_000;
const START_MICROS: i64 = 1_700_000_000_123_456;

/// With the built-in thresholds alone: the other built-in rules look at the same metrics over longer windows.
pub(crate) fn detector() -> Detector {
    let rules = builtin_rules().into_iter();
    detector_with(
        rules.filter(|rule| rule.for_s == 0 && rule.also.is_empty() && rule.window_s == 10).collect(),
    )
}

pub(crate) fn detector_with(rules: Vec<Rule>) -> Detector {
    Detector::new(&RuleSet::new(rules).unwrap(), Limits::default())
}

/// A rule on `queue_depth` of services: breached above 10, clear at 8, over a window of `window_s`.
pub(crate) fn queue_rule(aggregate: Aggregate, operator: Operator, window_s: u32) -> Rule {
    Rule {
        name: "queue_deep".into(),
        family: "queue".into(),
        metric: "queue_depth".into(),
        selector: Selector::all([TargetKind::Service]),
        aggregate,
        operator,
        threshold: 10.0,
        clear_threshold: match operator {
            Operator::Gt | Operator::Gte => 8.0,
            Operator::Lt | Operator::Lte => 12.0,
            Operator::Eq => 10.0,
        },
        window_s,
        for_s: 0,
        also: Vec::new(),
        severity: Severity::High,
        description: String::new(),
        labels: BTreeMap::new(),
    }
}

pub(crate) fn time_at(tick: u64) -> SimTime {
    SimTime::from_micros(START_MICROS + i64::try_from(tick).unwrap() * 50_000)
}

/// One metric of some services at the `second`-th sample of a run.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) run: String,
    pub(crate) second: u64,
    pub(crate) shard: u32,
    pub(crate) metric: &'static str,
    pub(crate) services: Vec<(String, f32)>,
    pub(crate) map: Option<CloudMap>,
}

impl Reading {
    pub(crate) fn of(metric: &'static str, second: u64, services: &[(&str, f32)]) -> Self {
        Self {
            run: "run-1".into(),
            second,
            shard: 0,
            metric,
            services: services.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect(),
            map: None,
        }
    }

    /// The sample brings along that each of its services calls the next.
    pub(crate) fn in_a_chain(mut self, ids: &[&str]) -> Self {
        let lists = MapLists {
            services: ids.iter().map(|id| (*id).to_owned()).collect(),
            calls: (1..ids.len()).map(|callee| (callee - 1, callee)).collect(),
            ..MapLists::default()
        };
        self.map = Some(CloudMap::try_from(lists).unwrap());
        self
    }

    /// The same, and each runs on the node with the number given: `n0` in `zone-0`, `n1` in `zone-1`.
    pub(crate) fn in_a_cloud(mut self, placed: &[(&str, usize)]) -> Self {
        let lists = MapLists {
            services: placed.iter().map(|(id, _)| (*id).to_owned()).collect(),
            calls: (1..placed.len()).map(|callee| (callee - 1, callee)).collect(),
            nodes: vec!["n0".into(), "n1".into()],
            zones: vec!["zone-0".into(), "zone-1".into()],
            zone_of_node: vec![0, 1],
            placed: placed.iter().enumerate().map(|(service, (_, node))| (service, *node, 1)).collect(),
            ..MapLists::default()
        };
        self.map = Some(CloudMap::try_from(lists).unwrap());
        self
    }

    pub(crate) fn in_run(mut self, run: &str) -> Self {
        run.clone_into(&mut self.run);
        self
    }

    pub(crate) fn tick(&self) -> u64 {
        self.second * TICKS_PER_SAMPLE
    }

    pub(crate) fn with_sample<T>(&self, look: impl FnOnce(&Sample<'_>) -> T) -> T {
        let values: Vec<f32> = self.services.iter().map(|(_, value)| *value).collect();
        let services =
            Columns::new(self.services.iter().map(|(id, _)| id.as_str())).with(self.metric, &values);
        look(&Sample {
            simulation: "default",
            run: &self.run,
            tick: self.tick(),
            time: time_at(self.tick()),
            shard: self.shard,
            shard_count: 1,
            interval_ms: INTERVAL_MS,
            services: services.unwrap(),
            nodes: Columns::default(),
            map: self.map.as_ref(),
        })
    }

    pub(crate) fn observe(&self, detector: &mut Detector) -> Vec<Transition> {
        self.with_sample(|sample| detector.observe(sample))
    }
}

/// Feeds one value a second for `checkout` and tells what happened to it: (second, kind, severity). What leads tell of their
/// groups is left out.
pub(crate) fn feed(
    detector: &mut Detector,
    metric: &'static str,
    from_second: u64,
    values: impl IntoIterator<Item = f32>,
) -> Vec<(u64, TransitionKind, Severity)> {
    let mut told = Vec::new();
    for (second, value) in (from_second..).zip(values) {
        let transitions = Reading::of(metric, second, &[("checkout", value)]).observe(detector);
        for transition in transitions.iter().filter(|t| t.kind != TransitionKind::Updated) {
            told.push((second, transition.kind, transition.incident.severity));
        }
    }
    told
}

pub(crate) fn times(value: f32, count: usize) -> impl Iterator<Item = f32> {
    std::iter::repeat_n(value, count)
}
