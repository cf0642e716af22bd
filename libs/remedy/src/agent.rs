//! The state machine: observations in, proposals and decisions out.

use uuid::Uuid;

use crate::{
    action::{ActionUpdate, Remedy, RemedyKind, Status},
    autoscale,
    decide::Deciding,
    diagnosis::Picture,
    foresight::{Expectation, Foresight, Question},
    incident::{Incident, Transition},
    limits::{Freshness, Limits, Tuning},
    memory::{Attempt, Cooldown, IncidentMemory, Memory},
    safety::{self, Rule},
    target::Target,
    telemetry::{Sample, Windows},
    topology::Topology,
    track_record::Lesson,
    undo,
};

/// A remedy to put before the operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Derived from incident, attempt, type and target.
    pub action_id: Uuid,
    /// Incident it answers.
    pub incident_id: Uuid,
    /// Which attempt for it, from 1.
    pub attempt: u32,
    /// What to do.
    pub remedy: Remedy,
    /// Version of the target that was looked at.
    pub target_version: u64,
    /// Why, in words and numbers.
    pub reason: String,
    /// Tick of the telemetry it rests on.
    pub tick: u64,
    /// Trace context of the incident.
    pub traceparent: Option<String>,
}

/// What was decided about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// An action was proposed.
    Proposed,
    /// An action that is under way takes care of it.
    Covered,
    /// Nothing, because of a safety rule.
    Refused(Rule),
    /// Nothing, because there is nothing to cure (any more).
    NoCause,
    /// Nothing that this agent may do is left: a human has to take over.
    Escalated,
}

impl Verdict {
    /// Name in tables and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Covered => "covered",
            Self::Refused(_) => "refused",
            Self::NoCause => "no_cause",
            Self::Escalated => "escalated",
        }
    }
}

/// A decision to record: also why nothing is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// About which incident.
    pub incident_id: Uuid,
    /// At which tick; there is at most one an incident and tick.
    pub tick: u64,
    /// What.
    pub verdict: Verdict,
    /// The action proposed, or the one that takes care of it.
    pub action_id: Option<Uuid>,
    /// Why, in words and numbers.
    pub reason: String,
}

/// Effects of a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Output {
    /// To store and publish.
    pub proposals: Vec<Proposal>,
    /// To store.
    pub decisions: Vec<Decision>,
    /// To ask whoever can look ahead; each is to be answered by [`Agent::observe_outlook`].
    pub questions: Vec<Question>,
    /// To store.
    pub lesson: Option<Lesson>,
}

impl Output {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        let Self { proposals, decisions, questions, lesson } = self;
        proposals.is_empty() && decisions.is_empty() && questions.is_empty() && lesson.is_none()
    }
}

/// The agent: what it sees, and what it remembers.
#[derive(Debug, Clone)]
pub struct Agent {
    limits: Limits,
    tuning: Tuning,
    tick_ms: u32,
    windows: Windows,
    topology: Option<Topology>,
    idle: undo::Idle,
    needless: autoscale::Needless,
    memory: Memory,
    /// `None`: there is nobody to ask.
    foresight: Option<Foresight>,
}

impl Agent {
    /// An agent that has seen nothing. `tick_ms` is the length of a tick, simulated ms.
    pub fn new(limits: Limits, tuning: Tuning, tick_ms: u32) -> Self {
        Self {
            limits,
            tuning,
            tick_ms: tick_ms.max(1),
            windows: Windows::default(),
            topology: None,
            idle: undo::Idle::default(),
            needless: autoscale::Needless::default(),
            memory: Memory::default(),
            foresight: None,
        }
    }

    /// The same, with somebody to ask who can look ahead.
    #[must_use]
    pub fn with_foresight(self) -> Self {
        Self { foresight: Some(Foresight::default()), ..self }
    }

    /// What it remembers.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Puts back what it remembered, after a restart or when a step could not be stored.
    pub fn restore(&mut self, memory: Memory) {
        self.memory = memory;
    }

    /// Forgets everything but what it learnt: a new run has begun, with ticks from 0.
    pub fn begin_run(&mut self, tick_ms: u32) {
        let fresh = Self::new(self.limits.clone(), self.tuning.clone(), tick_ms);
        let memory = Memory { record: std::mem::take(&mut self.memory.record), ..Memory::default() };
        *self = Self { memory, foresight: self.foresight.as_ref().map(|_| Foresight::default()), ..fresh };
    }

    /// Length of a tick, simulated ms, as the engine has it.
    pub fn set_tick_ms(&mut self, tick_ms: u32) {
        self.tick_ms = tick_ms.max(1);
    }

    /// Forgets what the cloud looks like: until it is known again nothing is proposed.
    pub fn forget_topology(&mut self) {
        self.topology = None;
    }

    /// Tick of the newest telemetry.
    pub fn newest_tick(&self) -> Option<u64> {
        self.windows.newest_tick()
    }

    /// Whether anything could come of telemetry: an open incident, or replicas to take back.
    pub fn is_concerned(&self) -> bool {
        self.memory.incidents.values().any(|memory| {
            memory.is_open() || memory.replicas_owed() > 0 || memory.components_owed().next().is_some()
        })
    }

    /// Takes in what the cloud looks like now.
    pub fn observe_topology(&mut self, topology: Topology) {
        self.topology = Some(topology);
    }

    /// Takes in a sample (a shard of one at a time is fine) and looks at every open incident again.
    pub fn observe_telemetry(&mut self, sample: Sample, freshness: Freshness) -> Output {
        self.windows.push(sample, ticks(self.tuning.window_s, self.tick_ms).max(1));
        self.evaluate(freshness)
    }

    /// Takes in a message about an incident. Repeated and late ones change nothing.
    pub fn observe_incident(&mut self, incident: &Incident, freshness: Freshness) -> Output {
        let known = self.memory.incidents.get(&incident.id);
        if known.is_some_and(|known| known.incident.revision >= incident.revision || !known.is_open()) {
            return Output::default();
        }
        let of = |incident: &Incident| (incident.maintenance, incident.symptom_of, incident.suspects.clone());
        let is_news = |known: &IncidentMemory| of(&known.incident) != of(incident);
        if incident.transition == Transition::Updated && known.is_some_and(|known| !is_news(known)) {
            return Output::default();
        }
        let resolved_tick = (incident.transition == Transition::Resolved).then_some(incident.updated_tick);
        self.memory
            .incidents
            .entry(incident.id)
            .and_modify(|known| {
                known.incident = incident.clone();
                known.resolved_tick = resolved_tick;
            })
            .or_insert_with(|| IncidentMemory {
                incident: incident.clone(),
                resolved_tick,
                attempts: Vec::new(),
                last_decision: None,
            });
        self.evaluate(freshness)
    }

    /// Takes in the answer to a question; `None` when there is none to be had.
    pub fn observe_outlook(
        &mut self,
        cause: &Target,
        expected: Option<Vec<Expectation>>,
        freshness: Freshness,
    ) -> Output {
        let tick = self.windows.newest_tick().unwrap_or_else(|| self.now(freshness));
        if let Some(foresight) = &mut self.foresight {
            foresight.tell(cause.clone(), tick, expected);
        }
        self.evaluate(freshness)
    }

    /// Takes in the fate of an action. Those of other agents count too, as far as their incident is known.
    pub fn observe_action(&mut self, update: &ActionUpdate, freshness: Freshness) -> Output {
        let now = self.now(freshness);
        let Some(known) = self.memory.incidents.get_mut(&update.incident_id) else {
            return Output::default();
        };
        let target = update.remedy.target();
        let mut lesson = None;
        let before = if let Some(attempt) = known.attempts.iter_mut().find(|a| a.action_id == update.id) {
            if attempt.version >= update.version {
                return Output::default();
            }
            let (before, known_before) = (attempt.status, attempt.lesson().is_some());
            attempt.version = update.version;
            attempt.status = update.status;
            attempt.effect = update.effect.or(attempt.effect);
            // An operator may have changed the number of replicas.
            attempt.remedy = update.remedy.clone();
            attempt.note.clone_from(&update.note);
            if !update.status.is_live() && before.is_live() {
                attempt.done_tick = Some(update.completed_tick.unwrap_or(now));
            }
            lesson = attempt.lesson().filter(|_| !known_before);
            before
        } else {
            known.add(Attempt {
                action_id: update.id,
                attempt: update.attempt,
                remedy: update.remedy.clone(),
                cause: target.clone(),
                target_version: update.target_version,
                status: update.status,
                effect: update.effect,
                version: update.version,
                proposed_tick: update.proposed_tick,
                done_tick: (!update.status.is_live()).then(|| update.completed_tick.unwrap_or(now)),
                note: update.note.clone(),
                cures: false,
                ailment: String::new(),
            });
            Status::Proposed
        };
        if before.is_live() && !update.status.is_live() {
            self.cool_down(update.status, update.remedy.kind(), &target, now);
        }
        if let Some(lesson) = &lesson {
            self.memory.record.learn(lesson);
        }
        Output { lesson, ..self.evaluate(freshness) }
    }

    fn cool_down(&mut self, status: Status, kind: RemedyKind, target: &Target, now: u64) {
        let (why, seconds) = match status {
            // Its incident is over by nature; whoever calls it back does not want it now.
            Status::Superseded if matches!(kind, RemedyKind::ScaleDown | RemedyKind::RemoveComponent) => {
                (Cooldown::Declined, self.limits.rejected_cooldown_s)
            }
            Status::Succeeded | Status::Failed => (Cooldown::Done, self.limits.cooldown_s),
            Status::Rejected | Status::Expired => (Cooldown::Declined, self.limits.rejected_cooldown_s),
            _ => return,
        };
        let length = ticks(seconds, self.tick_ms);
        if length > 0 {
            self.memory.bar(why, kind, target, now.saturating_add(length));
        }
    }

    fn now(&self, freshness: Freshness) -> u64 {
        let heard = freshness.heartbeat.map_or(0, |heartbeat| heartbeat.tick);
        heard.max(self.windows.newest_tick().unwrap_or(0))
    }

    /// Looks at everything that is open. Deciding twice at the same tick changes nothing.
    fn evaluate(&mut self, freshness: Freshness) -> Output {
        let now = self.now(freshness);
        self.memory.prune(now, ticks(self.tuning.remember_s, self.tick_ms));
        if !self.is_concerned() {
            if let Some(foresight) = &mut self.foresight {
                foresight.clear();
            }
            return Output::default();
        }
        let seen = self.windows.newest_tick();
        let trusted = safety::fresh(freshness, seen, self.tick_ms, &self.limits);
        // Decisions are keyed by the tick of the telemetry they rest on; without any, by the engine's clock.
        let tick = seen.unwrap_or(now);
        let nothing = Topology::default();
        let picture = Picture::new(
            self.topology.as_ref().unwrap_or(&nothing),
            &self.windows,
            &self.tuning,
            &self.limits,
        );
        let mut deciding =
            Deciding::new(&picture, (&mut self.memory, self.foresight.as_mut()), self.tick_ms, tick);
        match trusted {
            Err(refusal) => {
                self.idle.clear();
                self.needless.clear();
                deciding.refuse_all(&refusal);
            }
            Ok(()) if self.topology.is_none() => deciding.refuse_all(&safety::Refusal {
                rule: Rule::UnknownData,
                why: "the topology is not known yet".to_owned(),
            }),
            Ok(()) => {
                deciding.run();
                undo::run(&mut deciding, &mut self.idle);
                autoscale::undo(&mut deciding, &mut self.needless);
            }
        }
        deciding.finish()
    }
}

/// Simulated seconds as ticks.
pub(crate) fn ticks(seconds: f64, tick_ms: u32) -> u64 {
    (seconds.max(0.0) * 1000.0 / f64::from(tick_ms.max(1))).round() as u64
}
