//! The life of incidents in one simulation: opened, escalated, resolved.

use std::collections::{BTreeMap, VecDeque};

use crate::flapping::Openings;
use crate::foretell;
use crate::group::Groups;
use crate::impact::Pulse;
use crate::incident::{Incident, Transition, TransitionKind};
use crate::insight::Keepsake;
use crate::map::CloudMap;
use crate::plan::Plan;
use crate::rule::samples;
use crate::sample::{Sample, SimTime, Target};
use crate::shard::Shard;
use crate::trail;

mod case;
mod hush;

use case::Case;
use hush::Hush;

/// Runs that are over and still recognised, so that a straggler of one does not look like a new run. The stream keeps an
/// hour: more resets than one every fourteen seconds.
const RETIRED_RUNS: usize = 256;

/// The newest sample of a simulation, whatever its shard.
#[derive(Debug, Clone, Copy)]
struct Beat {
    tick: u64,
    time: SimTime,
    interval_ms: u32,
}

/// An open incident.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) incident: Incident,
    /// It comes and goes, and has to be clear for longer.
    pub(crate) flapping: bool,
    /// Beat at which its target was last part of a sample.
    pub(crate) seen: u64,
}

/// Everything known about one simulation.
#[derive(Debug)]
pub(crate) struct Simulation {
    pub(crate) run: String,
    retired: VecDeque<String>,
    beat: Option<Beat>,
    /// Samples so far, all shards of a tick counting as one.
    pub(crate) beats: u64,
    pub(crate) shards: BTreeMap<u32, Shard>,
    /// Open incidents by target, for each family of services, then for each family of nodes; behind the families of rules those
    /// of [`foretell::FAMILIES`].
    pub(crate) open: [Vec<BTreeMap<String, Open>>; 2],
    /// Who calls whom and what runs where, once a sample has brought it.
    pub(crate) map: Option<CloudMap>,
    /// What statistics had learnt before a restart, by shard, until the samples have come to it.
    pub(crate) memories: BTreeMap<u32, Keepsake>,
    pub(crate) groups: Groups,
    pub(crate) pulse: Pulse,
    openings: Openings,
    /// Open incidents that no rule judges any more; they end at the next sample.
    orphans: Vec<Incident>,
    pub(crate) hush: Hush,
}

impl Simulation {
    pub(crate) fn new(plan: &Plan, run: &str) -> Self {
        Self {
            run: run.to_owned(),
            retired: VecDeque::new(),
            beat: None,
            beats: 0,
            shards: BTreeMap::new(),
            open: nothing_open(plan),
            map: None,
            memories: BTreeMap::new(),
            groups: Groups::default(),
            pulse: Pulse::default(),
            openings: Openings::default(),
            orphans: Vec::new(),
            hush: Hush::default(),
        }
    }

    pub(crate) fn retire(&mut self, run: String) {
        if self.retired.len() == RETIRED_RUNS {
            self.retired.pop_front();
        }
        self.retired.push_back(run);
    }

    pub(crate) fn is_retired(&self, run: &str) -> bool {
        self.retired.iter().any(|retired| retired == run)
    }

    pub(crate) fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        let known = self.open.iter().flatten().flat_map(BTreeMap::values).map(|open| &open.incident);
        known.chain(&self.orphans)
    }

    pub(crate) fn restore(&mut self, plan: &Plan, incident: Incident) {
        let flapping = self.openings.note(&incident);
        self.groups.restore(&incident);
        if incident.resolved_at.is_none() {
            self.place(plan, Open { seen: self.beats, flapping, incident });
        }
    }

    /// Puts an open incident where its family's are, or aside when nobody judges it any more.
    fn place(&mut self, plan: &Plan, open: Open) {
        let Incident { family, target, .. } = &open.incident;
        let kind = plan.kinds.iter().position(|kind| kind.kind == target.kind);
        let place = kind.and_then(|kind| {
            let families = &plan.kinds[kind].families;
            if let Some(statistical) = foretell::family_of(&open.incident) {
                return Some((kind, families.len() + statistical));
            }
            let family = families.iter().position(|other| other.name == *family)?;
            plan.abandoned(&open.incident).is_none().then_some((kind, family))
        });
        match place {
            Some((kind, family)) => {
                self.open[kind][family].insert(open.incident.target.id.clone(), open);
            }
            None => self.orphans.push(open.incident),
        }
    }

    /// Other rules: incidents stay open while there is one that judges them, and end as of the last sample otherwise.
    pub(crate) fn adopt(&mut self, plan: &Plan, transitions: &mut Vec<Transition>) {
        let before = std::mem::replace(&mut self.open, nothing_open(plan));
        for open in before.into_iter().flatten().flat_map(BTreeMap::into_values) {
            self.place(plan, open);
        }
        if let Some(Beat { tick, time, .. }) = self.beat {
            let from = transitions.len();
            self.resolve_orphans(plan, tick, time, transitions);
            // Their leads tell of it with the next sample.
            transitions[from..].iter().for_each(|ended| self.groups.over(&ended.incident));
        }
    }

    /// Ends every incident of the run that is over, as of its last sample, and begins the new one.
    pub(crate) fn change_run(&mut self, run: &str, transitions: &mut Vec<Transition>) {
        self.end_all("run ended", "Resolved: the run ended.", transitions);
        let over = std::mem::replace(&mut self.run, run.to_owned());
        self.retire(over);
        self.shards.clear();
        self.memories.clear();
        self.map = None;
        self.hush.look_again();
        self.beats = 0;
    }

    /// Ends every incident as of the last sample.
    pub(crate) fn end_all(&mut self, reason: &str, sentence: &str, transitions: &mut Vec<Transition>) {
        let last = self.beat.take();
        self.groups.hand_over(&mut self.open);
        self.groups = Groups::default();
        self.pulse = Pulse::default();
        self.openings = Openings::default();
        let families = self.open.iter_mut().flatten().flat_map(|family| std::mem::take(family).into_values());
        let ended = families.map(|open| open.incident).chain(std::mem::take(&mut self.orphans));
        for incident in ended {
            let (tick, time) =
                last.map_or((incident.updated_tick, incident.updated_at), |b| (b.tick, b.time));
            transitions.push(resolve(incident, tick, time, reason, sentence));
        }
    }

    /// Notes that time has moved on. Returns whether targets may be missed at this sample: not across a gap, where
    /// nobody was heard.
    pub(crate) fn advance(&mut self, sample: &Sample<'_>) -> bool {
        if self.beat.is_some_and(|beat| sample.tick <= beat.tick) {
            return false;
        }
        let follows = self.beat.is_some_and(|beat| {
            beat.interval_ms == sample.interval_ms
                && beat.time.cell(beat.interval_ms) + 1 == sample.time.cell(sample.interval_ms)
        });
        if !follows {
            for open in self.open.iter_mut().flatten().flat_map(BTreeMap::values_mut) {
                open.seen = self.beats;
            }
        }
        self.beats += 1;
        self.beat = Some(Beat { tick: sample.tick, time: sample.time, interval_ms: sample.interval_ms });
        follows
    }

    /// Resolves incidents whose target was missing from every shard of a whole window of samples.
    pub(crate) fn resolve_vanished(
        &mut self,
        plan: &Plan,
        sample: &Sample<'_>,
        transitions: &mut Vec<Transition>,
    ) {
        let beats = self.beats;
        for family in self.open.iter_mut().flatten() {
            let vanished = family.extract_if(.., |_, open| {
                let window_s = window_s(plan, &open.incident);
                let window = samples(window_s, sample.interval_ms) as u64;
                // The sample at hand is not complete yet: only the beats before it count.
                beats - open.seen > window
            });
            for (_, open) in vanished {
                let window_s = window_s(plan, &open.incident);
                let Target { kind, id } = &open.incident.target;
                let reason = format!("{} {id} gone: no telemetry for {window_s} s", kind.as_str());
                let sentence = format!("Resolved: {reason}.");
                transitions.push(resolve(open.incident, sample.tick, sample.time, &reason, &sentence));
            }
        }
    }

    /// Resolves incidents that nobody judges any more.
    pub(crate) fn resolve_orphans(
        &mut self,
        plan: &Plan,
        tick: u64,
        time: SimTime,
        transitions: &mut Vec<Transition>,
    ) {
        for incident in std::mem::take(&mut self.orphans) {
            let reason = plan.abandoned(&incident);
            let reason = reason.unwrap_or_else(|| format!("rule {} was removed", incident.rule));
            let sentence = format!("Resolved: {reason}.");
            transitions.push(resolve(incident, tick, time, &reason, &sentence));
        }
    }

    /// Remembers which suffering targets the sample has spoken of.
    pub(crate) fn mark_seen(&mut self, shard: u32) {
        let Some(shard) = self.shards.get(&shard) else { return };
        for (kind, families) in self.open.iter_mut().enumerate() {
            let series = shard.series(kind);
            for (id, open) in families.iter_mut().flatten() {
                if series.position(id).is_some() {
                    open.seen = self.beats;
                }
            }
        }
    }

    /// Opens, escalates and resolves, after a shard has taken its sample in.
    pub(crate) fn judge(&mut self, plan: &Plan, sample: &Sample<'_>, transitions: &mut Vec<Transition>) {
        let Some(shard) = self.shards.get(&sample.shard) else { return };
        for (kind, kind_plan) in plan.kinds.iter().enumerate() {
            let series = shard.series(kind);
            for (family, open) in kind_plan.families.iter().zip(&mut self.open[kind]) {
                let case = Case { plan, kind_plan, family, series, sample, beats: self.beats };
                let openings = &mut self.openings;
                if series.any_breached(&family.judges) {
                    for s in 0..series.ids.len() {
                        case.judge(s, open, openings, transitions);
                    }
                } else if !open.is_empty() {
                    let mut suffering: Vec<usize> =
                        open.keys().filter_map(|id| series.position(id)).collect();
                    suffering.sort_unstable();
                    for s in suffering {
                        case.judge(s, open, openings, transitions);
                    }
                }
            }
        }
    }
}

fn nothing_open(plan: &Plan) -> [Vec<BTreeMap<String, Open>>; 2] {
    [0, 1].map(|kind| {
        let families = plan.kinds[kind].families.len() + foretell::FAMILIES.len();
        (0..families).map(|_| BTreeMap::new()).collect()
    })
}

/// What an incident is judged over, s: its rule's window, or a block of statistics.
fn window_s(plan: &Plan, incident: &Incident) -> u32 {
    plan.rule_named(&incident.rule).map_or(trail::BLOCK_S as u32, |rule| rule.window_s)
}

pub(crate) fn resolve(
    mut incident: Incident,
    tick: u64,
    time: SimTime,
    reason: &str,
    sentence: &str,
) -> Transition {
    incident.revision += 1;
    incident.updated_tick = tick;
    incident.updated_at = time;
    incident.resolved_at = Some(time);
    reason.clone_into(&mut incident.resolution);
    incident.description = format!("{} {sentence}", incident.description);
    Transition { kind: TransitionKind::Resolved, incident }
}
