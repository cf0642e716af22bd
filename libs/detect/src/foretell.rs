//! Incidents of no rule: what statistics find unusual, and limits that are about to be reached. Each kind is a family, one open
//! incident a target.
//!
//! What is open follows what statistics say at the end of a block, so that nothing is told twice or forgotten.

use std::collections::BTreeMap;

use crate::incident::{Crossed, Incident, Transition, TransitionKind};
use crate::insight::{Alarm, Findings, Gauge, Insight, Keepsake, Outlook, Sign};
use crate::lifecycle::{Open, Simulation, resolve};
use crate::plan::Plan;
use crate::rule::Severity;
use crate::sample::{Sample, Target, TargetKind};
use crate::words::{self, Words};

/// Names of the families, and of the rules that their incidents name.
pub(crate) const FAMILIES: [&str; 2] = ["anomaly", "capacity"];

/// Which of [`FAMILIES`] an incident is of, if any. A rule of a user may share the family's name, never the rule's.
pub(crate) fn family_of(incident: &Incident) -> Option<usize> {
    FAMILIES.iter().position(|name| incident.rule == *name && incident.family == *name)
}

/// What there is to tell about a target.
enum News<'a> {
    Unusual(&'static Sign, &'a Alarm),
    Full(&'static Gauge, &'a Outlook),
}

impl<'a> News<'a> {
    fn of(family: usize, insight: &'a Insight, kind: TargetKind, s: usize) -> Option<Self> {
        match family {
            0 => insight.alarm(kind, s).map(|(sign, alarm)| Self::Unusual(sign, alarm)),
            _ => insight.outlook(kind, s).map(|(gauge, outlook)| Self::Full(gauge, outlook)),
        }
    }

    /// An anomaly is worth knowing and breaks nothing by itself. Less than ten minutes are little to act in.
    fn severity(&self) -> Severity {
        const LITTLE_S: u32 = 600;
        match self {
            Self::Full(_, outlook) if outlook.expected_s < LITTLE_S => Severity::High,
            _ => Severity::Warning,
        }
    }

    /// Metric, value and what it is compared with.
    fn numbers(&self) -> (&'static str, f64, f64) {
        match self {
            Self::Unusual(sign, alarm) => (sign.metric, alarm.value, alarm.usual),
            Self::Full(gauge, outlook) => (gauge.metric, outlook.value, words::FULL_PCT),
        }
    }

    fn words(&self, target: &Target) -> Words {
        match self {
            Self::Unusual(sign, alarm) => words::unusual(sign, alarm, target),
            Self::Full(gauge, outlook) => words::full(gauge, outlook, target),
        }
    }
}

impl Simulation {
    /// Opens, escalates and resolves what statistics tell, when the sample has ended a block.
    pub(crate) fn foretell(&mut self, plan: &Plan, sample: &Sample<'_>, transitions: &mut Vec<Transition>) {
        let Some(shard) = self.shards.get(&sample.shard) else { return };
        for (at, kind) in TargetKind::ALL.into_iter().enumerate() {
            let series = shard.series(at);
            if !series.insight().is_fresh() {
                continue;
            }
            let rules = plan.kinds[at].families.len();
            for (family, open) in self.open[at][rules..].iter_mut().enumerate() {
                for (s, id) in series.ids.iter().enumerate() {
                    let news = News::of(family, series.insight(), kind, s);
                    let case =
                        Case { family, sample, target: Target { kind, id: id.clone() }, beats: self.beats };
                    case.judge(news.as_ref(), open, transitions);
                }
            }
        }
    }

    /// Adds what the newest sample brought to be kept: what statistics found, and what they have learnt when it is time.
    pub(crate) fn keep(&self, sample: &Sample<'_>, findings: &mut Findings, keepsakes: &mut Vec<Keepsake>) {
        let Some(shard) = self.shards.get(&sample.shard) else { return };
        shard.find(sample, findings);
        keepsakes.extend(shard.memory().map(|memory| Keepsake {
            simulation: sample.simulation.to_owned(),
            run: sample.run.to_owned(),
            shard: sample.shard,
            tick: sample.tick,
            memory,
        }));
    }
}

/// One target of one family.
struct Case<'a> {
    family: usize,
    sample: &'a Sample<'a>,
    target: Target,
    beats: u64,
}

impl Case<'_> {
    fn judge(
        &self,
        news: Option<&News<'_>>,
        open: &mut BTreeMap<String, Open>,
        transitions: &mut Vec<Transition>,
    ) {
        let id = &self.target.id;
        match (news, open.get_mut(id)) {
            (None, None) => {}
            (Some(news), None) => {
                let incident =
                    Incident::opened(self.sample, self.target.clone(), self.crossed(news, &BTreeMap::new()));
                transitions.push(Transition { kind: TransitionKind::Opened, incident: incident.clone() });
                open.insert(id.clone(), Open { incident, flapping: false, seen: self.beats });
            }
            (Some(news), Some(open)) => {
                // That of a lead may be higher, for what users suffer; its own is what its metric and title told.
                if self.family == 1 && news.severity() > open.incident.severity {
                    open.incident.escalate(self.sample, self.crossed(news, &BTreeMap::new()));
                    transitions.push(Transition {
                        kind: TransitionKind::Escalated,
                        incident: open.incident.clone(),
                    });
                }
            }
            (None, Some(_)) => {
                let Some(over) = open.remove(id) else { return };
                let (reason, sentence) = words::foretold_over(self.family);
                transitions.push(resolve(
                    over.incident,
                    self.sample.tick,
                    self.sample.time,
                    reason,
                    sentence,
                ));
            }
        }
    }

    fn crossed<'a>(&self, news: &News<'_>, no_labels: &'a BTreeMap<String, String>) -> Crossed<'a> {
        let name = FAMILIES[self.family];
        let (metric, observed, threshold) = news.numbers();
        let Words { title, description } = news.words(&self.target);
        let severity = news.severity();
        Crossed {
            rule: name,
            family: name,
            labels: no_labels,
            severity,
            title,
            description,
            metric,
            observed,
            threshold,
        }
    }
}
