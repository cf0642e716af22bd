//! One evaluation: from open incidents to at most one proposal a cause.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    action::{Remedy, Status, derive_id},
    agent::{Decision, Output, Proposal, Verdict, ticks},
    autoscale,
    diagnosis::{self, Cause, CauseKind, NoCause, Picture},
    foresight::{Foreseen, Foresight},
    memory::{Attempt, Cooldown, LastDecision, Memory},
    remedies::{self, Candidate},
    safety::{self, Refusal, Rule},
    standing::at_work,
    target::Target,
};

/// Longest reason; a few paragraphs, and what the orchestrator takes.
const MAX_REASON_CHARS: usize = 2_000;

/// Remedies that were ruled out and are named.
const MAX_WHYS: usize = 4;

/// What to do about a cause.
enum Choice {
    Propose {
        candidate: Candidate,
        version: u64,
    },
    Covered {
        action_id: Uuid,
        why: String,
    },
    Refuse(Refusal),
    Escalate(String),
    /// Whoever can look ahead is asked.
    Await,
}

/// An evaluation under way.
pub(crate) struct Deciding<'a> {
    pub(crate) picture: &'a Picture<'a>,
    pub(crate) memory: &'a mut Memory,
    pub(crate) tick: u64,
    pub(crate) tick_ms: u32,
    foresight: Option<&'a mut Foresight>,
    output: Output,
}

impl<'a> Deciding<'a> {
    pub(crate) fn new(
        picture: &'a Picture<'a>,
        (memory, foresight): (&'a mut Memory, Option<&'a mut Foresight>),
        tick_ms: u32,
        tick: u64,
    ) -> Self {
        Self { picture, memory, tick, tick_ms, foresight, output: Output::default() }
    }

    pub(crate) fn finish(self) -> Output {
        self.output
    }

    pub(crate) fn can_look_ahead(&self) -> bool {
        self.foresight.is_some()
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
            match self.own_action_at_work(id, cause).or_else(|| self.cure_at_work(id, cause)) {
                Some((action_id, why)) => self.record(id, Verdict::Covered, Some(action_id), why),
                None => free.push(id),
            }
        }
        let Some(primary) = self.primary(cause, &free) else { return };
        match self.choose(cause, &free) {
            Choice::Propose { candidate: Candidate { remedy, sentence, cures }, version } => {
                let reason = self.reason(cause, primary, &sentence);
                let action_id = self.propose(
                    primary,
                    (remedy, version),
                    (&cause.target, cures, cause.ailment()),
                    &reason,
                );
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
                let advice = match &cause.kind {
                    CauseKind::Service { assessment, .. } => autoscale::advice(assessment, self.picture),
                    CauseKind::Node { .. } => None,
                };
                let why = advice.map_or(why.clone(), |advice| format!("{why}; {advice}"));
                for id in free {
                    let why =
                        format!("A human has to take over {}: {why}. {}.", cause.target, cause.evidence);
                    self.record(id, Verdict::Escalated, None, why);
                }
            }
            // Decided on as soon as the answer is there.
            Choice::Await => {}
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
        let (admissible, mut barred) = self.admissible(cause, spent);
        let first = admissible.first().cloned().map(|first| self.now_or_wait(first, cause));
        let choice = match first {
            Some(waits) if !matches!(waits, Choice::Propose { .. }) => waits,
            _ => self.promising(cause, members, admissible, &mut barred),
        };
        match choice {
            Choice::Propose { candidate, version } => match self.take_token() {
                Ok(()) => {
                    let mut sentence = with_reasons(&candidate.sentence, &barred);
                    if let Some(told) = self.memory.record.sentence(cause.ailment(), candidate.remedy.kind())
                    {
                        sentence = format!("{sentence} {told}");
                    }
                    Choice::Propose { candidate: Candidate { sentence, ..candidate }, version }
                }
                Err(refusal) => Choice::Refuse(refusal),
            },
            other => other,
        }
    }

    /// Of what may be done, the most promising; without anybody to ask the first.
    fn promising(
        &mut self,
        cause: &Cause,
        members: &[Uuid],
        rungs: Vec<Candidate>,
        barred: &mut Vec<Refusal>,
    ) -> Choice {
        let ideas = if self.foresight.is_some() { self.ideas(cause, members, &rungs) } else { Vec::new() };
        if rungs.is_empty() && ideas.is_empty() {
            return exhausted(barred);
        }
        let at = (self.tick, self.ticks(self.picture.tuning.foreseen_s));
        let chosen = match &mut self.foresight {
            None => rungs,
            Some(foresight) => match foresight.sort(cause, (rungs, ideas), at, (barred, self.picture.tuning))
            {
                Foreseen::Choose(chosen) => chosen,
                Foreseen::Ask(question) => {
                    self.output.questions.push(question);
                    return Choice::Await;
                }
                Foreseen::Wait => return Choice::Await,
            },
        };
        match chosen.into_iter().next() {
            Some(best) => self.now_or_wait(best, cause),
            None => exhausted(barred),
        }
    }

    /// Whether an open incident says so.
    fn is_under_maintenance(&self, target: &Target) -> bool {
        self.memory.open().any(|known| known.incident.maintenance && known.incident.target == *target)
    }

    /// Goes up the ladder: the rungs that may be used, in their order, and why those before the first of them may not.
    fn admissible(&self, cause: &Cause, mut spent: Vec<Remedy>) -> (Vec<Candidate>, Vec<Refusal>) {
        let (mut admissible, mut barred) = (Vec::new(), Vec::new());
        for candidate in remedies::ladder(cause, self.picture) {
            match self.may_be_used(&candidate.remedy, &mut spent) {
                Ok(()) => admissible.push(candidate),
                Err(refusal) if admissible.is_empty() => barred.push(refusal),
                Err(_) => {}
            }
        }
        self.memory
            .record
            .reorder(cause.ailment(), &mut admissible, |candidate: &Candidate| candidate.remedy.kind());
        (admissible, barred)
    }

    /// A rung that was tried is stepped over; one that stands twice may be tried twice.
    fn may_be_used(&self, remedy: &Remedy, spent: &mut Vec<Remedy>) -> Result<(), Refusal> {
        let (kind, target) = (remedy.kind(), remedy.target());
        let same = |other: &Remedy| other.kind() == kind && other.target() == target;
        if let Some(index) = spent.iter().position(same) {
            spent.swap_remove(index);
            return Err(Refusal { rule: Rule::Tried, why: format!("{kind} of {target} did not help") });
        }
        if self.memory.barred(Cooldown::Declined, kind, &target, self.tick).is_some() {
            let why = format!("an operator declined {kind} of {target}");
            return Err(Refusal { rule: Rule::Declined, why });
        }
        safety::allowed(remedy, self.picture, self.memory)
    }

    fn now_or_wait(&self, candidate: Candidate, cause: &Cause) -> Choice {
        let (kind, target) = (candidate.remedy.kind(), candidate.remedy.target());
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
            Some(version) => Choice::Propose { candidate, version },
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
        (remedy, version): (Remedy, u64),
        (cause, cures, ailment): (&Target, bool, &str),
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
            cures,
            ailment: ailment.to_owned(),
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
    format!("{sentence} (Ruled out first: {}.)", whys(barred))
}

/// No rung is left: a safety rule has the last word if it was one, else a human has.
fn exhausted(barred: &[Refusal]) -> Choice {
    if barred.is_empty() {
        return Choice::Escalate("no remedy of this agent applies".to_owned());
    }
    Choice::Escalate(format!("no remedy is left: {}", whys(barred)))
}

/// The first few reasons: the rest would only be more of them.
fn whys(barred: &[Refusal]) -> String {
    let told: Vec<&str> = barred.iter().take(MAX_WHYS).map(|refusal| refusal.why.as_str()).collect();
    let more = barred.len().saturating_sub(told.len());
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    told.join("; ") + &more
}
