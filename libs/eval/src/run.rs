//! The loop: world → detector → player → desk → world.

use std::collections::{BTreeMap, BTreeSet};

use detect::{Detector, Matchers, RuleSet, Silence, SilenceKind, Silences, SimTime, TransitionKind};
use preview::Blast;
use remedy::verification::{self, Experience};
use remedy::{ActionUpdate, Proposal, Remedy, RemedyKind};
use sim::recording::{Recorder, Recording};
use sim::{Command, Event, EventKind, MapWatch, Snapshot, Workers, World};
use uuid::Uuid;

use crate::{
    convert::{self, Scenario, seconds},
    desk::{Desk, Policy, Record},
    player::{self, Moves, Player, Rules, Seen},
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
    /// Who proposes.
    pub player: Box<dyn Player>,
    /// Threads for the world; the result does not depend on how many.
    pub workers: Workers,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: None,
            policy: Policy::ApproveAll,
            approval_delay_s: 5.0,
            player: Box::new(Rules::default()),
            workers: Workers::default(),
        }
    }
}

/// A run under way.
#[derive(Debug)]
pub struct Loop {
    recorder: Recorder,
    workers: Workers,
    detector: Detector,
    maps: MapWatch,
    users: Experience,
    player: Box<dyn Player>,
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
        Ok(Self::with_rules(&RuleSet::new(detect::builtin_rules())?, scenario, options))
    }

    /// A run of a scenario with other rules, at tick 0.
    pub fn with_rules(rules: &RuleSet, scenario: Scenario, options: Options) -> Self {
        let Options { seed, policy, approval_delay_s, player, workers } = options;
        let seed = seed.unwrap_or(scenario.seed);
        Self {
            recorder: Recorder::new(scenario, seed),
            workers,
            detector: Detector::new(rules, detect::Limits::default()),
            maps: MapWatch::default(),
            users: Experience::default(),
            player,
            desk: Desk::new(policy, approval_delay_s),
            incidents: BTreeMap::new(),
            decisions: Vec::new(),
            events: Vec::new(),
        }
    }

    /// The world as it is now.
    pub fn world(&self) -> &World {
        self.recorder.world()
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
        self.recorder.apply(command)
    }

    /// The run so far, with everything that was done to it.
    pub(crate) fn into_recording(self) -> Recording {
        self.recorder.finish()
    }

    /// Whoever proposes.
    pub(crate) fn player(&self) -> &dyn Player {
        &*self.player
    }

    /// All proposals and what became of them.
    pub(crate) fn records(&self) -> &[Record] {
        self.desk.records()
    }

    /// When the first incident opened, simulated seconds since the start of the run.
    pub(crate) fn alarmed_s(&self) -> Option<f64> {
        self.incidents.values().map(|(tick, _)| *tick).min().map(seconds)
    }

    /// Whether an incident opened at or after a time, simulated seconds since the start of the run.
    pub(crate) fn is_alarmed_since(&self, at_s: f64) -> bool {
        self.incidents.values().any(|(tick, _)| seconds(*tick) >= at_s)
    }

    /// One tick; its sample, if it has one.
    pub(crate) fn step(&mut self) -> Option<Snapshot> {
        let (updates, approved) = self.desk.decide(self.recorder.world().tick());
        self.tell(&updates);
        for proposal in approved {
            self.carry_out(&proposal);
        }
        let mut events = std::mem::take(&mut self.events);
        self.recorder.step_with(&self.workers, &mut events);
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
        self.recorder.world().sample_due().then(|| self.look())
    }

    fn carry_out(&mut self, proposal: &Proposal) {
        let planned = convert::planned(&proposal.remedy);
        let blast =
            Blast::of(&planned, &self.recorder.world().topology(), self.recorder.world().running_topology());
        let moved = match proposal.remedy.kind() {
            RemedyKind::ScaleUp => proposal.remedy.replicas(),
            // Traffic is weighed anew; every replica stays where it is.
            RemedyKind::RebalanceTraffic => 0,
            _ => blast.replicas,
        };
        self.desk.touched(proposal.action_id, f64::from(moved) / f64::from(blast.of_replicas.max(1)));
        let act = convert::act(proposal.action_id, &proposal.remedy, proposal.target_version);
        // A refusal comes back as an event of the next tick, like every other outcome.
        drop(self.recorder.apply(&Command::Act(act)));
    }

    /// A sample is there: the detector and the player look at it.
    fn look(&mut self) -> Snapshot {
        let snapshot = self.recorder.world().snapshot();
        let map = self
            .maps
            .is_due(&snapshot)
            .then(|| convert::map(self.recorder.world().topology().into()))
            .flatten();
        let transitions = self.detector.observe(&convert::detector_sample(&snapshot, map.as_ref()));
        let moves = self.player.look(&Seen::new(self.recorder.world(), &snapshot, &transitions));
        self.perform(moves);
        for transition in &transitions {
            self.note(transition);
            if transition.kind == TransitionKind::Resolved {
                let updates = self.desk.resolved(transition.incident.id);
                self.tell(&updates);
            }
        }
        self.judge(&snapshot);
        snapshot
    }

    /// What was done is judged by what users get; what did harm is taken back.
    fn judge(&mut self, snapshot: &Snapshot) {
        let tick = self.recorder.world().tick();
        for (rate, error, p99) in convert::at_the_doors(snapshot, self.recorder.world().running_topology()) {
            self.users.see(tick, rate, error, p99);
        }
        let world = self.recorder.world();
        let look_ahead = |remedy: &Remedy| {
            let version = convert::planned(remedy).version(&world.topology());
            let expected =
                player::expectations(world, std::slice::from_ref(remedy), verification::HORIZON_S).pop()?;
            Some((expected, version))
        };
        let (updates, rollbacks) = self.desk.judge(tick, &self.users, &look_ahead);
        self.tell(&updates);
        for rollback in rollbacks {
            self.carry_out(&rollback);
        }
    }

    fn tell(&mut self, updates: &[ActionUpdate]) {
        for update in updates {
            let moves = self.player.hear(update, self.recorder.world().tick());
            self.perform(moves);
        }
    }

    fn perform(&mut self, moves: Moves) {
        self.decisions.extend(moves.decisions.into_iter().map(|decision| DecisionReport {
            at_s: seconds(decision.tick),
            incident_id: decision.incident_id.to_string(),
            verdict: decision.verdict.name(),
            reason: decision.reason,
        }));
        if let Some(length_s) = moves.silence_s {
            self.silence(length_s);
        }
        let updates: Vec<ActionUpdate> =
            moves.proposals.into_iter().filter_map(|proposal| self.desk.receive(proposal)).collect();
        self.tell(&updates);
    }

    /// Silences everything, as anybody could who may silence something.
    fn silence(&mut self, length_s: f64) {
        let now = convert::time(self.recorder.world().tick());
        let everything = BTreeSet::from([detect::TargetKind::Service, detect::TargetKind::Node]);
        let silence = Silence {
            id: Uuid::nil(),
            version: self.recorder.world().tick(),
            kind: SilenceKind::Silence,
            simulation: convert::SIMULATION.to_owned(),
            matchers: Matchers { kinds: everything, ..Matchers::default() },
            starts_at: now,
            ends_at: SimTime::from_micros(now.micros.saturating_add((length_s * 1e6) as i64)),
        };
        for transition in self.detector.silence(Silences::new([silence])) {
            self.note(&transition);
        }
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
        let scenario = self.recorder.world().scenario();
        let mut incidents: Vec<IncidentReport> =
            self.incidents.values().map(|(_, report)| report.clone()).collect();
        incidents.sort_by(|a, b| a.opened_s.total_cmp(&b.opened_s).then_with(|| a.id.cmp(&b.id)));
        let onset_s = scenario.truth.onset_s;
        let from = |at: f64| onset_s.map(|onset| at - onset);
        let all_over = incidents.iter().all(|incident| incident.resolved_s.is_some());
        let last = incidents.iter().filter_map(|incident| incident.resolved_s).max_by(f64::total_cmp);
        Report {
            scenario: scenario.name.clone(),
            seed: self.recorder.world().seed(),
            length_s: seconds(self.recorder.world().tick()),
            onset_s,
            time_to_detect_s: incidents.first().and_then(|first| from(first.opened_s)),
            time_to_mitigate_s: last.filter(|_| all_over).and_then(from),
            actions: self.desk.records().iter().map(action).collect(),
            decisions: self.decisions.clone(),
            telemetry_hash: hex(&self.recorder.world().telemetry_hash()),
            incidents,
        }
    }
}

fn action(record: &Record) -> ActionReport {
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
