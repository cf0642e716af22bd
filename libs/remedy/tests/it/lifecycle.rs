//! The life of an action against a model of it: whatever is proposed twice, approved, edited, rejected, expired, paused, delivered and
//! delivered again, in whatever order, an action takes effect at most once, by one command, and as it was approved.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use remedy::Status;
use remedy::lifecycle::{self, Answer, Life, MAX_REPLICAS, Outcome, Refusal, Report};

/// Actions of a history: one person decides; two do; two do and one of them proposed it; two do and it has no number.
const KINDS: [(u32, &str, u32); 4] = [(1, "agent", 2), (2, "agent", 2), (2, "ana", 2), (2, "agent", 0)];
/// The third writes like the first: it is the same person.
const PEOPLE: [&str; 4] = ["ana", "ben", " Ana", "eve"];
/// None of these is any other's number.
const NUMBERS: [u32; 4] = [2, 3, 0, MAX_REPLICAS + 1];

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Step {
    Propose(usize),
    Approve { action: usize, by: usize, replicas: Option<usize>, stale: bool },
    Reject { action: usize, by: usize },
    Expire(usize),
    Withdraw(usize),
    Pause,
    Resume,
    CallBack,
    Publish,
    Deliver(usize),
    Finish { action: usize, well: bool },
    Report(usize),
}

/// An action as the model has it: who said yes to which number, and no more.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    status: Status,
    yes: BTreeSet<String>,
    replicas: u32,
}

/// The model: decisions only. What follows from them is held by the invariants.
#[derive(Debug, Clone, Default)]
struct Model {
    actions: BTreeMap<usize, Known>,
    paused: bool,
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let action = 0..KINDS.len();
        let by = 0..PEOPLE.len();
        let replicas = prop::option::weighted(0.2, 0..NUMBERS.len());
        prop_oneof![
            4 => action.clone().prop_map(Step::Propose),
            8 => (action.clone(), by.clone(), replicas, prop::bool::weighted(0.1))
                .prop_map(|(action, by, replicas, stale)| Step::Approve { action, by, replicas, stale }),
            1 => (action.clone(), by).prop_map(|(action, by)| Step::Reject { action, by }),
            1 => action.clone().prop_map(Step::Expire),
            1 => action.clone().prop_map(Step::Withdraw),
            1 => Just(Step::Pause),
            2 => Just(Step::Resume),
            1 => Just(Step::CallBack),
            6 => Just(Step::Publish),
            8 => (0..64_usize).prop_map(Step::Deliver),
            3 => (action, any::<bool>()).prop_map(|(action, well)| Step::Finish { action, well }),
            6 => (0..64_usize).prop_map(Step::Report),
        ]
        .boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        match *step {
            Step::Propose(action) => {
                let (_, _, replicas) = KINDS[action];
                let known = Known { status: Status::Proposed, yes: BTreeSet::new(), replicas };
                state.actions.entry(action).or_insert(known);
            }
            Step::Approve { action, by, replicas, stale } if !stale && !state.paused => {
                let (needed, proposer, _) = KINDS[action];
                let person = PEOPLE[by].trim().to_lowercase();
                let Some(known) = state.actions.get_mut(&action) else { return state };
                let number = replicas.map_or(known.replicas, |index| NUMBERS[index]);
                let edits = number != known.replicas;
                let possible = !edits || (known.replicas > 0 && (1..=MAX_REPLICAS).contains(&number));
                let allowed = known.status == Status::Proposed
                    && possible
                    && !(needed > 1 && person == proposer)
                    && (edits || !known.yes.contains(&person));
                if allowed {
                    if edits {
                        known.yes.clear();
                        known.replicas = number;
                    }
                    known.yes.insert(person);
                    if known.yes.len() as u32 >= needed {
                        known.status = Status::Approved;
                    }
                }
            }
            Step::Reject { action, .. } => end(&mut state, action, Status::Rejected),
            Step::Expire(action) => end(&mut state, action, Status::Expired),
            Step::Withdraw(action) => end(&mut state, action, Status::Superseded),
            Step::Pause => state.paused = true,
            Step::Resume => state.paused = false,
            _ => {}
        }
        state
    }
}

fn end(model: &mut Model, action: usize, status: Status) {
    if let Some(known) = model.actions.get_mut(&action).filter(|known| known.status == Status::Proposed) {
        known.status = status;
    }
}

/// An order on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Command {
    action: usize,
    /// Of the action when it was approved: with the action, the command's id.
    version: u64,
    replicas: u32,
    switch: u64,
}

/// The orchestrator, the bus and sim-engine in small: rows, an outbox, a stream that delivers anything again, and a journal.
#[derive(Debug, Default)]
struct World {
    rows: BTreeMap<usize, (Life, Vec<Status>)>,
    outbox: Vec<Command>,
    stream: Vec<Command>,
    /// Version of the switch; even while automation runs.
    switch: u64,
    /// Commands that took effect, in order.
    begun: Vec<Command>,
    finished: BTreeSet<usize>,
    events: Vec<(usize, Report)>,
    heard: BTreeSet<usize>,
}

impl World {
    fn is_paused(&self) -> bool {
        self.switch % 2 == 1
    }

    fn moves(&mut self, action: usize, to: Status) {
        let (life, path) = self.rows.get_mut(&action).expect("it is recorded");
        life.status = to;
        life.version += 1;
        path.push(to);
    }

    fn decide(&mut self, action: usize, by: &str, answer: Answer, expected: Option<u64>, late: bool) {
        let Some((life, path)) = self.rows.get_mut(&action) else { return };
        match lifecycle::decide(life, by, answer, expected, late) {
            Outcome::Refused(Refusal::Late) => self.moves(action, Status::Expired),
            Outcome::Refused(_) => {}
            Outcome::Counted(next) => *life = next,
            Outcome::Decided(next) => {
                path.push(next.status);
                if next.status == Status::Approved {
                    let (version, replicas) = (next.version, next.replicas);
                    self.outbox.push(Command { action, version, replicas, switch: self.switch });
                }
                *life = next;
            }
        }
    }

    fn withdraw(&mut self, action: usize) {
        if self.rows.get(&action).is_some_and(|(life, _)| life.status == Status::Proposed) {
            self.moves(action, Status::Superseded);
        }
    }

    /// What has not left is called back.
    fn call_back(&mut self) {
        if self.is_paused() {
            for command in std::mem::take(&mut self.outbox) {
                self.moves(command.action, Status::Cancelled);
            }
        }
    }

    fn deliver(&mut self, index: usize) {
        let Some(command) = one_of(&self.stream, index).map(|at| self.stream[at]) else { return };
        if self.begun.contains(&command) {
            return;
        }
        let report = if self.is_paused() || command.switch != self.switch {
            Report::RefusedBySwitch
        } else {
            self.begun.push(command);
            Report::Executing
        };
        self.events.push((command.action, report));
    }

    fn finish(&mut self, action: usize, well: bool) {
        if self.begun.iter().any(|command| command.action == action) && self.finished.insert(action) {
            self.events.push((action, if well { Report::Succeeded } else { Report::Failed }));
        }
    }

    fn report(&mut self, index: usize) {
        let Some(at) = one_of(&self.events, index) else { return };
        if self.heard.insert(at) {
            let (action, report) = self.events[at];
            let status = self.rows[&action].0.status;
            for to in lifecycle::after(status, report) {
                self.moves(action, *to);
            }
        }
    }
}

/// One of those there are, new or delivered before.
fn one_of<T>(of: &[T], index: usize) -> Option<usize> {
    (!of.is_empty()).then(|| index % of.len())
}

impl StateMachineTest for World {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Model) -> Self {
        Self::default()
    }

    fn apply(mut world: Self, model: &Model, step: Step) -> Self {
        match step {
            Step::Propose(action) => {
                let (approvals_needed, proposed_by, replicas) = KINDS[action];
                let life = Life {
                    status: Status::Proposed,
                    version: 1,
                    proposed_by: proposed_by.to_owned(),
                    approvals_needed,
                    approvals: Vec::new(),
                    replicas,
                    replicas_by: String::new(),
                };
                world.rows.entry(action).or_insert((life, vec![Status::Proposed]));
            }
            Step::Approve { action, by, replicas, stale } => {
                if !world.is_paused() {
                    let answer = Answer::Approve { replicas: replicas.map(|index| NUMBERS[index]) };
                    world.decide(action, PEOPLE[by], answer, stale.then_some(u64::MAX), false);
                }
            }
            Step::Reject { action, by } => {
                world.decide(action, PEOPLE[by], Answer::Reject, None, false);
            }
            Step::Expire(action) => {
                world.decide(action, "ben", Answer::Approve { replicas: None }, None, true);
            }
            Step::Withdraw(action) => world.withdraw(action),
            Step::Pause => world.switch += u64::from(!world.is_paused()),
            Step::Resume => world.switch += u64::from(world.is_paused()),
            Step::CallBack => world.call_back(),
            Step::Publish => {
                if !world.outbox.is_empty() {
                    let command = world.outbox.remove(0);
                    world.stream.push(command);
                }
            }
            Step::Deliver(index) => world.deliver(index),
            Step::Finish { action, well } => world.finish(action, well),
            Step::Report(index) => world.report(index),
        }
        for (action, known) in &model.actions {
            let (life, path) = &world.rows[action];
            let decided = path.get(1).copied().unwrap_or(Status::Proposed);
            assert_eq!(decided, known.status, "action {action} after {step:?}: {path:?}");
            assert_eq!(life.replicas, known.replicas, "action {action} after {step:?}");
            let yes: BTreeSet<String> = life.approvals.iter().map(|by| by.trim().to_lowercase()).collect();
            assert_eq!((yes.len(), &yes), (life.approvals.len(), &known.yes), "action {action}");
        }
        world
    }

    fn check_invariants(world: &Self, _: &Model) {
        for (action, (life, path)) in &world.rows {
            assert!(path.windows(2).all(|pair| is_a_step(pair[0], pair[1])), "{action}: {path:?}");
            let of =
                |commands: &[Command]| commands.iter().filter(|command| command.action == *action).count();
            let sent = of(&world.outbox) + of(&world.stream);
            assert!(sent <= 1 && of(&world.begun) <= 1, "{action}: {sent} commands, {:?}", world.begun);
            if let Some(command) = world.begun.iter().find(|command| command.action == *action) {
                assert!(path.contains(&Status::Approved), "{action} began unapproved: {path:?}");
                assert_eq!(command.replicas, life.replicas, "{action} began as it was approved");
                assert!(life.approvals.len() as u32 >= life.approvals_needed, "{life:?}");
                assert!(!path.contains(&Status::Cancelled), "{action} was called back and began");
            }
        }
    }
}

/// The state machine of docs/remediation.md.
fn is_a_step(from: Status, to: Status) -> bool {
    use Status::{
        Approved, Cancelled, Executing, Expired, Failed, Proposed, Rejected, Succeeded, Superseded,
    };
    matches!(
        (from, to),
        (Proposed, Approved | Rejected | Expired | Superseded)
            | (Approved, Executing | Failed | Cancelled)
            | (Executing, Succeeded | Failed | Cancelled)
    )
}

prop_state_machine! {
    #![proptest_config(Config { cases: 10_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_history_is_a_path_with_at_most_one_effect(sequential 1..80 => World);
}

#[test]
fn the_same_person_does_not_count_twice_and_the_proposer_does_not_count() {
    let life = Life {
        status: Status::Proposed,
        version: 4,
        proposed_by: "agent".to_owned(),
        approvals_needed: 2,
        approvals: vec!["ana".to_owned()],
        replicas: 2,
        replicas_by: String::new(),
    };
    let yes = Answer::Approve { replicas: None };
    let refused = |by: &str| match lifecycle::decide(&life, by, yes, Some(4), false) {
        Outcome::Refused(refusal) => Some(refusal),
        _ => None,
    };
    assert_eq!(refused("ANA "), Some(Refusal::Twice));
    assert_eq!(refused("agent"), Some(Refusal::Proposer));
    assert_eq!(refused("ben"), None);
    let alone = Life { approvals_needed: 1, approvals: Vec::new(), ..life };
    assert!(matches!(lifecycle::decide(&alone, "agent", yes, None, false), Outcome::Decided(_)));
}
