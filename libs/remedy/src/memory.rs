//! What has to survive a restart: incidents, the attempts made for them, cooldowns and the token bucket.
//!
//! It is plain data that serialises. The caller stores [`Memory::changes_since`] in the transaction of each step and
//! rebuilds the whole from its tables; telemetry windows are not part of it, they fill again from the stream.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    action::{Component, Effect, Remedy, RemedyKind, Status},
    incident::Incident,
    limits::Rate,
    target::{ServiceId, Target},
    track_record::{Lesson, TrackRecord},
};

/// Incidents remembered at most; the oldest that are over go first. One is about 2 KiB.
pub const MAX_INCIDENTS: usize = 10_000;
/// Attempts remembered an incident: far more than any ladder has rungs.
const MAX_ATTEMPTS: usize = 64;
/// A scale-down that came to nothing this often is given up.
const MAX_FUTILE_UNDOS: usize = 3;
/// Key of the token bucket among the cooldowns.
const BUCKET: &str = "rate";

/// One action for an incident, ours or another agent's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The action.
    pub action_id: Uuid,
    /// Its number within the incident, from 1.
    pub attempt: u32,
    /// What it does.
    pub remedy: Remedy,
    /// What it treats; differs from its target where, say, a service is scaled because of a node.
    pub cause: Target,
    /// Version of the target it was made for.
    pub target_version: u64,
    /// Where it stands.
    pub status: Status,
    /// Whether it helped.
    pub effect: Option<Effect>,
    /// Version of the action last seen; 0 until the orchestrator has it.
    pub version: u64,
    /// Tick it was proposed at.
    pub proposed_tick: u64,
    /// Tick it ended at.
    pub done_tick: Option<u64>,
    /// Why it was rejected or what came of it.
    pub note: String,
    /// Whether it was expected to cure most of what users suffered from when it was proposed.
    #[serde(default)]
    pub cures: bool,
    /// What it was used for; empty where nothing was to be cured, or somebody else proposed it.
    #[serde(default)]
    pub ailment: String,
}

impl Attempt {
    /// Whether another action on its target has to wait for it. A scale-down that nobody has approved does not stand in
    /// the way of anything: should the target change first, its version makes it void.
    pub fn blocks(&self) -> bool {
        let undo = matches!(self.remedy.kind(), RemedyKind::ScaleDown | RemedyKind::RemoveComponent);
        let idle_undo = self.status == Status::Proposed && undo;
        self.status.is_live() && !idle_undo
    }

    /// What its end teaches.
    pub(crate) fn lesson(&self) -> Option<Lesson> {
        // What was refused or could not be finished says nothing about whether it would have helped.
        let helped = self.effect? == Effect::Effective;
        let (ailment, kind) = (self.ailment.clone(), self.remedy.kind());
        (!ailment.is_empty()).then_some(Lesson { ailment, kind, helped })
    }

    /// Whether it ended without helping.
    pub fn is_spent(&self) -> bool {
        self.status == Status::Failed || matches!(self.effect, Some(Effect::Ineffective | Effect::Harmful))
    }
}

/// The last decision on an incident, so that the same one is not recorded at every sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastDecision {
    /// Tick it was made at: at most one decision a tick.
    pub tick: u64,
    /// What it was, without the numbers.
    pub gist: String,
}

/// All about one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentMemory {
    /// Its newest message.
    pub incident: Incident,
    /// Tick it resolved at.
    pub resolved_tick: Option<u64>,
    /// Actions for it, oldest first.
    pub attempts: Vec<Attempt>,
    /// The last decision.
    pub last_decision: Option<LastDecision>,
}

impl IncidentMemory {
    /// Whether it is still going on.
    pub fn is_open(&self) -> bool {
        self.resolved_tick.is_none()
    }

    /// Number of the next attempt.
    pub fn next_attempt(&self) -> u32 {
        self.attempts.iter().map(|attempt| attempt.attempt).max().unwrap_or(0) + 1
    }

    /// Remembers an attempt; the oldest goes when there are too many.
    pub fn add(&mut self, attempt: Attempt) {
        if self.attempts.len() >= MAX_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }

    /// Replicas that our scale-ups for it added and no scale-down has taken back. An operator who rejected taking them
    /// back wants to keep them.
    pub fn replicas_owed(&self) -> u32 {
        let of = |kind: RemedyKind| self.attempts.iter().filter(move |attempt| attempt.remedy.kind() == kind);
        let rejected = of(RemedyKind::ScaleDown).any(|attempt| attempt.status == Status::Rejected);
        let futile = of(RemedyKind::ScaleDown)
            .filter(|attempt| !attempt.status.is_live() && attempt.status != Status::Succeeded)
            .count();
        if rejected || futile >= MAX_FUTILE_UNDOS {
            return 0;
        }
        let sum = |kind: RemedyKind| -> u32 {
            of(kind)
                .filter(|attempt| attempt.status == Status::Succeeded)
                .map(|attempt| attempt.remedy.replicas())
                .sum()
        };
        sum(RemedyKind::ScaleUp).saturating_sub(sum(RemedyKind::ScaleDown))
    }
}

impl IncidentMemory {
    /// The components that were added for it and that nobody has taken away: what each is, and beside or before which service.
    /// An operator who rejected taking one away wants to keep it.
    pub fn components_owed(&self) -> impl Iterator<Item = (Component, &ServiceId)> {
        let added = self.attempts.iter().filter(|attempt| attempt.status == Status::Succeeded);
        let added = added.filter_map(|attempt| match &attempt.remedy {
            Remedy::AddComponent { component, service, .. } => Some((*component, service)),
            _ => None,
        });
        added.filter(|(component, service)| {
            let id = component.id_at(service);
            let removals = self.attempts.iter().filter(
                |attempt| matches!(&attempt.remedy, Remedy::RemoveComponent { service } if *service == id),
            );
            let over = |attempt: &&Attempt| matches!(attempt.status, Status::Succeeded | Status::Rejected);
            let futile = removals.clone().filter(|attempt| !attempt.status.is_live()).count();
            removals.clone().find(over).is_none() && futile < MAX_FUTILE_UNDOS
        })
    }
}

/// Why a (type, target) may not be proposed for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cooldown {
    /// It was done a moment ago.
    Done,
    /// An operator rejected it, or let it expire.
    Declined,
}

impl Cooldown {
    fn key(self, kind: RemedyKind, target: &Target) -> String {
        let why = match self {
            Self::Done => "done",
            Self::Declined => "declined",
        };
        let what = if matches!(target, Target::Node(_)) { "node" } else { "service" };
        format!("{why}/{kind}/{what}/{}", target.id())
    }
}

/// Everything that has to survive.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// By incident id.
    pub incidents: BTreeMap<Uuid, IncidentMemory>,
    /// Tick until which something is barred, by key.
    pub cooldowns: BTreeMap<String, u64>,
    /// What was learnt from verdicts; the caller stores the [`crate::track_record::Lesson`]s of each step.
    #[serde(default)]
    pub record: TrackRecord,
}

/// What to store after a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Incidents with their new memory, or `None` for those to forget.
    pub incidents: Vec<(Uuid, Option<IncidentMemory>)>,
    /// Cooldowns with their new tick, or `None` for those to forget.
    pub cooldowns: Vec<(String, Option<u64>)>,
}

impl Changes {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.incidents.is_empty() && self.cooldowns.is_empty()
    }
}

impl Memory {
    /// What differs from an earlier state.
    pub fn changes_since(&self, before: &Self) -> Changes {
        Changes {
            incidents: difference(&before.incidents, &self.incidents),
            cooldowns: difference(&before.cooldowns, &self.cooldowns),
        }
    }

    /// Incidents that are going on.
    pub fn open(&self) -> impl Iterator<Item = &IncidentMemory> {
        self.incidents.values().filter(|memory| memory.is_open())
    }

    /// All attempts of all incidents.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.incidents.values().flat_map(|memory| &memory.attempts)
    }

    /// An attempt that stands in the way of another action on `target`.
    pub fn busy(&self, target: &Target) -> Option<&Attempt> {
        self.attempts().find(|attempt| attempt.blocks() && &attempt.remedy.target() == target)
    }

    /// Bars a (type, target) until a tick; a longer bar stays.
    pub fn bar(&mut self, why: Cooldown, kind: RemedyKind, target: &Target, until: u64) {
        let slot = self.cooldowns.entry(why.key(kind, target)).or_insert(until);
        *slot = until.max(*slot);
    }

    /// Tick until which a (type, target) is barred, if it is.
    pub fn barred(&self, why: Cooldown, kind: RemedyKind, target: &Target, now: u64) -> Option<u64> {
        self.cooldowns.get(&why.key(kind, target)).copied().filter(|until| *until > now)
    }

    /// Whether a (type, target) is barred for any reason.
    pub fn barred_now(&self, kind: RemedyKind, target: &Target, now: u64) -> bool {
        let bars = [Cooldown::Done, Cooldown::Declined];
        bars.into_iter().any(|why| self.barred(why, kind, target, now).is_some())
    }

    /// Takes a token out of the bucket; the tick at which there will be one when it is empty.
    ///
    /// The bucket is kept as one number, the tick at which it will be full again (generic cell rate algorithm, ITU-T
    /// I.371): it serialises, and nothing has to be refilled.
    pub fn take_token(&mut self, rate: Rate, interval_ticks: u64, now: u64) -> Result<(), u64> {
        let full_at = self.cooldowns.get(BUCKET).copied().unwrap_or(0).max(now);
        let slack = interval_ticks * u64::from(rate.burst.max(1) - 1);
        if full_at - now > slack {
            return Err(full_at - slack);
        }
        self.cooldowns.insert(BUCKET.to_owned(), full_at + interval_ticks);
        Ok(())
    }

    /// Forgets cooldowns that have run out and incidents that ended `remember_ticks` ago and owe nothing.
    pub fn prune(&mut self, now: u64, remember_ticks: u64) {
        self.cooldowns.retain(|_, until| *until > now);
        self.incidents.retain(|_, memory| {
            let over = memory.resolved_tick.is_some_and(|tick| tick.saturating_add(remember_ticks) < now);
            !over
                || memory.replicas_owed() > 0
                || memory.components_owed().next().is_some()
                || memory.attempts.iter().any(|attempt| attempt.status.is_live())
        });
        while self.incidents.len() > MAX_INCIDENTS {
            let oldest = self
                .incidents
                .iter()
                .min_by_key(|(id, memory)| {
                    (memory.is_open(), memory.resolved_tick, memory.incident.opened_tick, **id)
                })
                .map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            self.incidents.remove(&oldest);
        }
    }
}

fn difference<K: Ord + Clone, V: PartialEq + Clone>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
) -> Vec<(K, Option<V>)> {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), None));
    let changed = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), Some(value.clone())));
    gone.chain(changed).collect()
}
