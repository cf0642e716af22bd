//! One evaluation: from open incidents to at most one proposal a cause.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    action::{Remedy, Status, derive_id},
    agent::{Decision, Output, Proposal, Verdict, ticks},
    diagnosis::{self, Cause, NoCause, Picture},
    memory::{Attempt, Cooldown, LastDecision, Memory},
    remedies::{self, Candidate},
    safety::{self, Refusal, Rule},
    standing::at_work,
    target::Target,
};

/// Longest reason; a few paragraphs, and what the orchestrator takes.
const MAX_REASON_CHARS: usize = 2_000;

/// What to do about a cause.
enum Choice {
    Propose { remedy: Remedy, version: u64, sentence: String },
    Covered { action_id: Uuid, why: String },
    Refuse(Refusal),
    Escalate(String),
}

/// An evaluation under way.
pub(crate) struct Deciding<'a> {
    pub(crate) picture: &'a Picture<'a>,
    pub(crate) memory: &'a mut Memory,
    pub(crate) tick: u64,
    pub(crate) tick_ms: u32,
    output: Output,
}

impl<'a> Deciding<'a> {
    pub(crate) fn new(picture: &'a Picture<'a>, memory: &'a mut Memory, tick_ms: u32, tick: u64) -> Self {
        Self { picture, memory, tick, tick_ms, output: Output::default() }
    }

    pub(crate) fn finish(self) -> Output {
        self.output
    }

    pub(crate) fn ticks(&self, seconds: f64) -> u64 {
        ticks(seconds, self.tick_ms)
    }

    /// Records the same refusal for every open incident.
    pub(crate) fn refuse_all(&mut self, refusal: &Refusal) {
        let open: Vec<Uuid> = self.memory.open().map(|memory| memory.incident.id).collect();
        for incident in open {
            self.record(
                incident,
                Verdict::Refused(refusal.rule),
                None,
                format!("No action: {}.", refusal.why),
            );
        }
    }

    /// Decides on every open incident that has not been decided on at this tick.
    pub(crate) fn run(&mut self) {
        if let Err(refusal) = safety::enough_left(self.picture) {
            self.refuse_all(&refusal);
            return;
        }
        let mut groups: BTreeMap<Target, (Cause, Vec<Uuid>)> = BTreeMap::new();
        let due: Vec<Uuid> = self
            .memory
            .open()
            .filter(|memory| memory.last_decision.as_ref().is_none_or(|last| last.tick < self.tick))
            .map(|memory| memory.incident.id)
            .collect();
        for id in due {
            let Some(known) = self.memory.incidents.get(&id) else { continue };
            if known.incident.maintenance && self.picture.limits.keep_off_maintenance {
                let why = at_work_there(&known.incident.target);
                self.record(id, Verdict::Refused(Rule::Maintenance), None, format!("No action: {why}."));
                continue;
            }
            match self.picture.cause(&known.incident) {
                Ok(cause) => {
                    let group =
                        groups.entry(cause.target.clone()).or_insert_with(|| (cause.clone(), Vec::new()));
                    // The longest way down tells the most about how the trouble shows.
                    if cause.path.len() > group.0.path.len() {
                        group.0 = cause;
                    }
                    group.1.push(id);
                }
                Err(NoCause::Unknown(why)) => {
                    self.record(id, Verdict::Refused(Rule::UnknownData), None, format!("No action: {why}."));
                }
                Err(NoCause::Clear(why) | NoCause::Beyond(why)) => {
                    self.record(id, Verdict::NoCause, None, format!("No action: {why}."));
                }
            }
        }
        let mut groups: Vec<(Cause, Vec<Uuid>)> = groups.into_values().collect();
        groups.sort_by_key(|(cause, members)| self.urgency(cause, members));
        for (cause, members) in groups {
            self.decide(&cause, members);
        }
    }

    /// Most severe first, then the oldest: the token bucket may not last for all.
    fn urgency(&self, cause: &Cause, members: &[Uuid]) -> (std::cmp::Reverse<u8>, u64, Target) {
        let incidents = || members.iter().filter_map(|id| self.memory.incidents.get(id));
        let severity = incidents().map(|memory| memory.incident.severity.0).max().unwrap_or(0);
        let oldest = incidents().map(|memory| memory.incident.opened_tick).min().unwrap_or(0);
        (std::cmp::Reverse(severity), oldest, cause.target.clone())
    }

    fn decide(&mut self, cause: &Cause, members: Vec<Uuid>) {
        let mut free = Vec::new();
        for id in members {
            match self.own_action_at_work(id, cause) {
                Some((action_id, why)) => self.record(id, Verdict::Covered, Some(action_id), why),
                None => free.push(id),
            }
        }
        let Some(primary) = self.primary(cause, &free) else { return };
        match self.choose(cause, &free) {
            Choice::Propose { remedy, version, sentence } => {
                let reason = self.reason(cause, primary, &sentence);
                let action_id = self.propose(primary, remedy, &cause.target, version, &reason);
                self.record(primary, Verdict::Proposed, Some(action_id), reason);
                for id in free.into_iter().filter(|id| *id != primary) {
                    let why = format!(
                        "A symptom of {}: the same action takes care of it. {sentence}",
                        cause.target
                    );
                    self.record(id, Verdict::Covered, Some(action_id), why);
                }
            }
            Choice::Covered { action_id, why } => {
                for id in free {
                    self.record(id, Verdict::Covered, Some(action_id), why.clone());
                }
            }
            Choice::Refuse(refusal) => {
                for id in free {
                    let why = format!("No action: {}. {}.", refusal.why, cause.evidence);
                    self.record(id, Verdict::Refused(refusal.rule), None, why);
                }
            }
            Choice::Escalate(why) => {
                for id in free {
                    let why =
                        format!("A human has to take over {}: {why}. {}.", cause.target, cause.evidence);
                    self.record(id, Verdict::Escalated, None, why);
                }
            }
        }
    }

    /// The incident that the action will answer: the worst on the cause itself, or else the oldest.
    fn primary(&self, cause: &Cause, members: &[Uuid]) -> Option<Uuid> {
        members
            .iter()
            .filter_map(|id| self.memory.incidents.get(id))
            .min_by_key(|memory| {
                let incident = &memory.incident;
                let own = incident.target == cause.target;
                let severity = if own { incident.severity.0 } else { 0 };
                (!own, std::cmp::Reverse(severity), incident.opened_tick, incident.id)
            })
            .map(|memory| memory.incident.id)
    }

    fn choose(&mut self, cause: &Cause, members: &[Uuid]) -> Choice {
        if self.picture.limits.one_per_target
            && let Some(attempt) = self.at_work_on(&cause.target)
        {
            return Choice::Covered { action_id: attempt.action_id, why: at_work(attempt, cause) };
        }
        if self.picture.limits.one_per_target
            && let Some(attempt) = self.at_work_below(cause)
        {
            return Choice::Covered { action_id: attempt.action_id, why: at_work(attempt, cause) };
        }
        if self.picture.limits.keep_off_maintenance && self.is_under_maintenance(&cause.target) {
            let why = at_work_there(&cause.target);
            return Choice::Refuse(Refusal { rule: Rule::Maintenance, why });
        }
        if let Some(refusal) = self.held_down(members) {
            return Choice::Refuse(refusal);
        }
        let spent = self.spent(&cause.target);
        if let Some(max) = self.picture.limits.max_ineffective
            && spent.len() as u32 >= max
        {
            return Choice::Escalate(format!(
                "{} actions did not help ({})",
                spent.len(),
                crate::words::list(&spent.iter().map(|remedy| remedy.kind().to_string()).collect::<Vec<_>>())
            ));
        }
        let (choice, barred) = self.first_admissible(cause, spent);
        match choice {
            Some(Choice::Propose { remedy, version, sentence }) => match self.take_token() {
                Ok(()) => Choice::Propose { remedy, version, sentence: with_reasons(&sentence, &barred) },
                Err(refusal) => Choice::Refuse(refusal),
            },
            Some(other) => other,
            None => exhausted(&barred),
        }
    }

    /// Whether an open incident says so.
    fn is_under_maintenance(&self, target: &Target) -> bool {
        self.memory.open().any(|known| known.incident.maintenance && known.incident.target == *target)
    }

    /// Goes up the ladder. A rung that was tried or may not be used is stepped over; one that has to wait is waited for.
    fn first_admissible(&self, cause: &Cause, mut spent: Vec<Remedy>) -> (Option<Choice>, Vec<Refusal>) {
        let mut barred = Vec::new();
        for Candidate { remedy, sentence } in remedies::ladder(cause, self.picture) {
            let (kind, target) = (remedy.kind(), remedy.target());
            let same = |other: &Remedy| other.kind() == kind && other.target() == target;
            if let Some(index) = spent.iter().position(same) {
                spent.swap_remove(index);
                barred.push(Refusal { rule: Rule::Tried, why: format!("{kind} of {target} did not help") });
                continue;
            }
            if self.memory.barred(Cooldown::Declined, kind, &target, self.tick).is_some() {
                let why = format!("an operator declined {kind} of {target}");
                barred.push(Refusal { rule: Rule::Declined, why });
                continue;
            }
            if let Err(refusal) = safety::allowed(&remedy, self.picture, self.memory) {
                barred.push(refusal);
                continue;
            }
            let choice = self.now_or_wait(remedy, sentence, cause);
            return (Some(choice), barred);
        }
        (None, barred)
    }

    fn now_or_wait(&self, remedy: Remedy, sentence: String, cause: &Cause) -> Choice {
        let (kind, target) = (remedy.kind(), remedy.target());
        if self.picture.limits.one_per_target
            && let Some(attempt) = self.memory.busy(&target)
        {
            return Choice::Covered { action_id: attempt.action_id, why: at_work(attempt, cause) };
        }
        if let Some(until) = self.memory.barred(Cooldown::Done, kind, &target, self.tick) {
            let left_s = (until - self.tick) as f64 * f64::from(self.tick_ms) / 1000.0;
            let why =
                format!("{kind} of {target} was done a moment ago and cools down for another {left_s:.0} s");
            return Choice::Refuse(Refusal { rule: Rule::Cooldown, why });
        }
        match self.version(&target) {
            Some(version) => Choice::Propose { remedy, version, sentence },
            None => Choice::Refuse(Refusal {
                rule: Rule::UnknownData,
                why: format!("the version of {target} is not known"),
            }),
        }
    }

    /// One token of the cloud's bucket.
    pub(crate) fn take_token(&mut self) -> Result<(), Refusal> {
        let Some(rate) = self.picture.limits.rate else { return Ok(()) };
        let interval = self.ticks(rate.every_s).max(1);
        self.memory.take_token(rate, interval, self.tick).map_err(|at| Refusal {
            rule: Rule::RateLimit,
            why: format!(
                "too many actions in a short time (burst {}, then one every {:.0} s); the next is possible in {:.0} s",
                rate.burst,
                rate.every_s,
                at.saturating_sub(self.tick) as f64 * f64::from(self.tick_ms) / 1000.0
            ),
        })
    }

    fn reason(&self, cause: &Cause, primary: Uuid, sentence: &str) -> String {
        let mut reason = cause.evidence.clone();
        if let Some(symptoms) = diagnosis::symptoms(self.picture, &cause.path) {
            reason.push_str("; ");
            reason.push_str(&symptoms);
        }
        let title = self
            .memory
            .incidents
            .get(&primary)
            .filter(|memory| memory.incident.target != cause.target)
            .map(|memory| memory.incident.title.as_str());
        match title {
            Some(title) => format!("{reason}. Cause of \"{title}\". {sentence}"),
            None => format!("{reason}. {sentence}"),
        }
    }

    /// Remembers a proposal and puts it out.
    pub(crate) fn propose(
        &mut self,
        incident_id: Uuid,
        remedy: Remedy,
        cause: &Target,
        version: u64,
        reason: &str,
    ) -> Uuid {
        let Some(known) = self.memory.incidents.get_mut(&incident_id) else { return Uuid::nil() };
        let reason: String = reason.chars().take(MAX_REASON_CHARS).collect();
        let attempt = known.next_attempt();
        let action_id = derive_id(incident_id, attempt, &remedy);
        known.add(Attempt {
            action_id,
            attempt,
            remedy: remedy.clone(),
            cause: cause.clone(),
            target_version: version,
            status: Status::Proposed,
            effect: None,
            version: 0,
            proposed_tick: self.tick,
            done_tick: None,
            note: String::new(),
        });
        let traceparent = known.incident.traceparent.clone();
        self.output.proposals.push(Proposal {
            action_id,
            incident_id,
            attempt,
            remedy,
            target_version: version,
            reason,
            tick: self.tick,
            traceparent,
        });
        action_id
    }

    /// Records a decision, unless it is the one that stands already or there was one at this tick.
    pub(crate) fn record(
        &mut self,
        incident_id: Uuid,
        verdict: Verdict,
        action_id: Option<Uuid>,
        reason: String,
    ) {
        let Some(known) = self.memory.incidents.get_mut(&incident_id) else { return };
        let rule = if let Verdict::Refused(rule) = verdict { rule.name() } else { "" };
        let gist = format!("{}/{rule}/{}", verdict.name(), action_id.unwrap_or_default());
        if known.last_decision.as_ref().is_some_and(|last| last.tick >= self.tick || last.gist == gist) {
            return;
        }
        known.last_decision = Some(LastDecision { tick: self.tick, gist });
        self.output.decisions.push(Decision { incident_id, tick: self.tick, verdict, action_id, reason });
    }
}

fn at_work_there(target: &Target) -> String {
    format!("{target} is under maintenance: somebody is at work there")
}

fn with_reasons(sentence: &str, barred: &[Refusal]) -> String {
    if barred.is_empty() {
        return sentence.to_owned();
    }
    let whys: Vec<String> = barred.iter().map(|refusal| refusal.why.clone()).collect();
    format!("{sentence} (Ruled out first: {}.)", whys.join("; "))
}

/// No rung is left: a safety rule has the last word if it was one, else a human has.
fn exhausted(barred: &[Refusal]) -> Choice {
    if barred.is_empty() {
        return Choice::Escalate("no remedy of this agent applies".to_owned());
    }
    let whys: Vec<String> = barred.iter().map(|refusal| refusal.why.clone()).collect();
    Choice::Escalate(format!("no remedy is left: {}", whys.join("; ")))
}
