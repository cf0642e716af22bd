//! The loop: world → detector → agent → desk → world.

use std::collections::BTreeMap;

use detect::{Detector, RuleSet, TransitionKind};
use remedy::{ActionUpdate, Agent, Freshness, Limits, Output, Tuning};
use sim::{Command, Event, EventKind, MapWatch, Workers, World};
use uuid::Uuid;

use crate::{
    convert::{self, Scenario, seconds},
    desk::{Desk, Policy},
    report::{ActionReport, DecisionReport, IncidentReport, Report},
};

/// How a run is set up.
#[derive(Debug)]
pub struct Options {
    /// Seed; `None` means the scenario's.
    pub seed: Option<u64>,
    /// Who decides on proposals.
    pub policy: Policy,
    /// Simulated time an operator takes to decide, s.
    pub approval_delay_s: f64,
    /// The agent's safety rules.
    pub limits: Limits,
    /// The agent's thresholds.
    pub tuning: Tuning,
    /// Threads for the world; the result does not depend on how many.
    pub workers: Workers,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: None,
            policy: Policy::ApproveAll,
            approval_delay_s: 5.0,
            limits: Limits::default(),
            tuning: Tuning::default(),
            workers: Workers::default(),
        }
    }
}

/// A run under way.
#[derive(Debug)]
pub struct Loop {
    world: World,
    workers: Workers,
    detector: Detector,
    maps: MapWatch,
    agent: Agent,
    desk: Desk,
    incidents: BTreeMap<Uuid, (u64, IncidentReport)>,
    decisions: Vec<DecisionReport>,
    events: Vec<Event>,
}

impl Loop {
    /// A run of a scenario with the built-in rules, at tick 0.
    ///
    /// # Errors
    /// When the rules contradict themselves; the built-in ones do not.
    pub fn new(scenario: Scenario, options: Options) -> Result<Self, detect::RuleErrors> {
        let Options { seed, policy, approval_delay_s, limits, tuning, workers } = options;
        let rules = RuleSet::new(detect::builtin_rules())?;
        let seed = seed.unwrap_or(scenario.seed);
        Ok(Self {
            world: World::new(scenario, seed),
            workers,
            detector: Detector::new(&rules, detect::Limits::default()),
            maps: MapWatch::default(),
            agent: Agent::new(limits, tuning, sim::TICK_MS),
            desk: Desk::new(policy, approval_delay_s),
            incidents: BTreeMap::new(),
            decisions: Vec::new(),
            events: Vec::new(),
        })
    }

    /// The world as it is now.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Lets simulated time pass.
    pub fn run_s(&mut self, length_s: f64) -> &mut Self {
        for _ in 0..convert::ticks(length_s) {
            self.step();
        }
        self
    }

    /// Injects a fault, or does anything else that is possible from outside, before the next tick.
    ///
    /// # Errors
    /// The world's refusal.
    pub fn command(&mut self, command: &Command) -> Result<sim::Effect, sim::CommandError> {
        self.world.apply(command)
    }

    fn step(&mut self) {
        let (updates, approved) = self.desk.decide(self.world.tick());
        self.tell(&updates);
        for proposal in approved {
            let act = convert::act(proposal.action_id, &proposal.remedy, proposal.target_version);
            // A refusal comes back as an event of the next tick, like every other outcome.
            drop(self.world.apply(&Command::Act(act)));
        }
        let mut events = std::mem::take(&mut self.events);
        self.world.step_with(&self.workers, &mut events);
        for event in events.drain(..) {
            if matches!(
                event.kind,
                EventKind::ActionExecuting | EventKind::ActionSucceeded | EventKind::ActionFailed
            ) {
                let update = self.desk.hear(&event);
                self.tell(update.as_slice());
            }
        }
        self.events = events;
        if self.world.sample_due() {
            self.look();
        }
    }

    /// A sample is there: the agent and the detector look at it.
    fn look(&mut self) {
        let snapshot = self.world.snapshot();
        let map = self.maps.is_due(&snapshot).then(|| convert::map(self.world.topology().into())).flatten();
        let transitions = self.detector.observe(&convert::detector_sample(&snapshot, map.as_ref()));
        if self.agent.is_concerned() || !transitions.is_empty() {
            self.agent.observe_topology(convert::topology(&self.world.topology()));
        }
        let freshness = self.freshness();
        let output = self.agent.observe_telemetry(convert::agent_sample(&snapshot), freshness);
        self.perform(output);
        for transition in &transitions {
            self.note(transition);
            if let Some(incident) = convert::incident(transition) {
                let output = self.agent.observe_incident(&incident, freshness);
                self.perform(output);
            }
            if transition.kind == TransitionKind::Resolved {
                let updates = self.desk.resolved(transition.incident.id);
                self.tell(&updates);
            }
        }
        let updates = self.desk.judge(self.world.tick());
        self.tell(&updates);
    }

    fn freshness(&self) -> Freshness {
        Freshness::at(self.world.tick())
    }

    fn tell(&mut self, updates: &[ActionUpdate]) {
        for update in updates {
            let output = self.agent.observe_action(update, self.freshness());
            self.perform(output);
        }
    }

    fn perform(&mut self, output: Output) {
        self.decisions.extend(output.decisions.into_iter().map(|decision| DecisionReport {
            at_s: seconds(decision.tick),
            incident_id: decision.incident_id.to_string(),
            verdict: decision.verdict.name(),
            reason: decision.reason,
        }));
        let updates: Vec<ActionUpdate> =
            output.proposals.into_iter().filter_map(|proposal| self.desk.receive(proposal)).collect();
        self.tell(&updates);
    }

    fn note(&mut self, transition: &detect::Transition) {
        let incident = &transition.incident;
        let report = IncidentReport {
            id: incident.id.to_string(),
            rule: incident.rule.clone(),
            target: format!("{} {}", incident.target.kind.as_str(), incident.target.id),
            severity: incident.severity as u8,
            title: incident.title.clone(),
            opened_s: seconds(incident.tick),
            resolved_s: incident.resolved_at.is_some().then(|| seconds(incident.updated_tick)),
            symptom_of: incident.symptom_of.map(|lead| lead.to_string()),
            suspects: incident
                .record
                .suspects
                .iter()
                .map(|s| format!("{} {}", s.kind.as_str(), s.id))
                .collect(),
        };
        self.incidents.insert(incident.id, (incident.tick, report));
    }

    /// What came of it so far.
    pub fn report(&self) -> Report {
        let scenario = self.world.scenario();
        let mut incidents: Vec<IncidentReport> =
            self.incidents.values().map(|(_, report)| report.clone()).collect();
        incidents.sort_by(|a, b| a.opened_s.total_cmp(&b.opened_s).then_with(|| a.id.cmp(&b.id)));
        let onset_s = scenario.truth.onset_s;
        let from = |at: f64| onset_s.map(|onset| at - onset);
        let all_over = incidents.iter().all(|incident| incident.resolved_s.is_some());
        let last = incidents.iter().filter_map(|incident| incident.resolved_s).max_by(f64::total_cmp);
        Report {
            scenario: scenario.name.clone(),
            seed: self.world.seed(),
            length_s: seconds(self.world.tick()),
            onset_s,
            time_to_detect_s: incidents.first().and_then(|first| from(first.opened_s)),
            time_to_mitigate_s: last.filter(|_| all_over).and_then(from),
            actions: self.desk.records().iter().map(action).collect(),
            decisions: self.decisions.clone(),
            telemetry_hash: hex(&self.world.telemetry_hash()),
            incidents,
        }
    }
}

fn action(record: &crate::desk::Record) -> ActionReport {
    let proposal = &record.proposal;
    ActionReport {
        id: proposal.action_id.to_string(),
        incident_id: proposal.incident_id.to_string(),
        kind: proposal.remedy.kind().name(),
        target: proposal.remedy.target().id().to_owned(),
        replicas: proposal.remedy.replicas(),
        reason: proposal.reason.clone(),
        proposed_s: seconds(proposal.tick),
        decided_s: record.decided_tick.map(seconds),
        executed_s: record.executed_tick.map(seconds),
        completed_s: record.completed_tick.map(seconds),
        status: record.status,
        effect: record.effect,
        outcome: record.outcome.clone(),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
