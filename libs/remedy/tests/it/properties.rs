//! Whatever happens, in whatever order: the promises hold.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use remedy::{Effect, Limits, Memory, Output, Proposal, Status, limits::Rate};

use crate::cloud::{Cloud, TICK_MS, TICKS_A_SECOND};

const SERVICES: [&str; 5] = ["gateway", "checkout", "checkout-db", "catalog", "catalog-db"];

/// Something that happens to the cloud or to an action.
#[derive(Debug, Clone)]
enum Happening {
    Seconds(u64),
    Load(usize, f64),
    Memory(usize, f64),
    Errors(usize, f64),
    Open(usize, bool),
    Resolve(usize),
    Decide(usize, Status),
    Judge(usize, Effect),
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    let service = 0..SERVICES.len();
    let status = prop_oneof![
        Just(Status::Approved),
        Just(Status::Succeeded),
        Just(Status::Failed),
        Just(Status::Rejected),
        Just(Status::Expired),
        Just(Status::Superseded),
    ];
    let effect = prop_oneof![Just(Effect::Effective), Just(Effect::Ineffective), Just(Effect::Harmful)];
    prop_oneof![
        4 => (1_u64..90).prop_map(Happening::Seconds),
        2 => (service.clone(), 0.0_f64..100.0).prop_map(|(s, v)| Happening::Load(s, v)),
        1 => (service.clone(), 0.0_f64..100.0).prop_map(|(s, v)| Happening::Memory(s, v)),
        1 => (service.clone(), 0.0_f64..50.0).prop_map(|(s, v)| Happening::Errors(s, v)),
        3 => (service, any::<bool>()).prop_map(|(s, cpu)| Happening::Open(s, cpu)),
        1 => (0_usize..8).prop_map(Happening::Resolve),
        3 => (0_usize..8, status).prop_map(|(a, s)| Happening::Decide(a, s)),
        2 => (0_usize..8, effect).prop_map(|(a, e)| Happening::Judge(a, e)),
        1 => Just(Happening::Restart),
    ]
}

/// The cloud with a record of everything proposed and where it stands.
struct World {
    cloud: Cloud,
    actions: Vec<(Proposal, u64, Status, Option<Effect>)>,
    incidents: Vec<uuid::Uuid>,
    proposed_at: Vec<u64>,
    decided: BTreeSet<(uuid::Uuid, u64)>,
}

impl World {
    fn take(&mut self, output: Output) -> Result<(), TestCaseError> {
        for decision in &output.decisions {
            let fresh = self.decided.insert((decision.incident_id, decision.tick));
            prop_assert!(fresh, "two decisions on an incident at a tick: {decision:?}");
        }
        for proposal in output.proposals {
            prop_assert!(!self.actions.iter().any(|(known, ..)| known.action_id == proposal.action_id));
            prop_assert!(proposal.target_version > 0);
            prop_assert!(!proposal.remedy.target().id().is_empty());
            prop_assert!(proposal.reason.chars().any(char::is_numeric), "{}", proposal.reason);
            self.proposed_at.push(proposal.tick);
            self.actions.push((proposal, 1, Status::Proposed, None));
        }
        self.at_most_one_a_target()
    }

    fn hear(&mut self) -> Result<(), TestCaseError> {
        let output = self.cloud.said();
        self.take(output)
    }

    fn at_most_one_a_target(&self) -> Result<(), TestCaseError> {
        let mut live: BTreeMap<String, u32> = BTreeMap::new();
        for (proposal, _, status, _) in &self.actions {
            let idle_undo = *status == Status::Proposed
                && proposal.remedy.replicas() > 0
                && proposal.remedy.kind() == remedy::RemedyKind::ScaleDown;
            if status.is_live() && !idle_undo {
                *live.entry(proposal.remedy.target().to_string()).or_default() += 1;
            }
        }
        prop_assert!(live.values().all(|count| *count <= 1), "{live:?}");
        Ok(())
    }

    fn apply(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        match happening {
            Happening::Seconds(seconds) => {
                let output = self.cloud.seconds(*seconds);
                self.take(output)?;
            }
            Happening::Load(service, value) => self.cloud.service(SERVICES[*service], |r| r.cpu_pct = *value),
            Happening::Memory(service, value) => {
                self.cloud.service(SERVICES[*service], |r| r.memory_pct = *value);
            }
            Happening::Errors(service, value) => {
                self.cloud.service(SERVICES[*service], |r| r.error_rate_pct = *value);
            }
            Happening::Open(service, cpu) => {
                self.cloud.tick += TICKS_A_SECOND;
                let (metric, threshold) = if *cpu { ("cpu_usage", 85.0) } else { ("error_rate", 5.0) };
                let target = remedy::Target::Service(remedy::ServiceId::new(SERVICES[*service]));
                self.incidents.push(self.cloud.open_on(target, metric, threshold));
                self.hear()?;
            }
            Happening::Resolve(index) => {
                if let Some(id) = self.incidents.get(*index).copied() {
                    self.cloud.resolve(id);
                    self.hear()?;
                }
            }
            Happening::Decide(index, status) => self.decide(*index, *status)?,
            Happening::Judge(index, effect) => {
                let Some(entry) = self.actions.get_mut(*index) else { return Ok(()) };
                if entry.2 == Status::Succeeded && entry.3.is_none() {
                    entry.1 += 1;
                    entry.3 = Some(*effect);
                    let (proposal, version, status, effect) = entry.clone();
                    self.cloud.judge(&proposal, version, status, effect);
                    self.hear()?;
                }
            }
            Happening::Restart => {
                let stored = serde_json::to_string(self.cloud.agent.memory()).unwrap();
                let memory: Memory = serde_json::from_str(&stored).unwrap();
                self.cloud.agent.restore(memory);
            }
        }
        Ok(())
    }

    fn decide(&mut self, index: usize, status: Status) -> Result<(), TestCaseError> {
        let Some(entry) = self.actions.get_mut(index) else { return Ok(()) };
        if !entry.2.is_live() || entry.2 == status {
            return Ok(());
        }
        entry.1 += 1;
        entry.2 = status;
        let (proposal, version, status, effect) = entry.clone();
        self.cloud.judge(&proposal, version, status, effect);
        self.hear()
    }

    /// In any stretch of time at most `burst` plus what trickled in since.
    fn rate_holds(&self, rate: Rate) -> Result<(), TestCaseError> {
        let every = rate.every_s * 1000.0 / f64::from(TICK_MS);
        for (first, start) in self.proposed_at.iter().enumerate() {
            for (last, end) in self.proposed_at.iter().enumerate().skip(first) {
                let count = (last - first + 1) as f64;
                let allowed = f64::from(rate.burst) + (end - start) as f64 / every;
                prop_assert!(count <= allowed + 1e-9, "{count} proposals in {} ticks", end - start);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_promises_hold_whatever_happens(happenings in prop::collection::vec(happening(), 1..60)) {
        let limits = Limits::default();
        let rate = limits.rate.unwrap();
        let mut world = World {
            cloud: Cloud::with(limits),
            actions: Vec::new(),
            incidents: Vec::new(),
            proposed_at: Vec::new(),
            decided: BTreeSet::new(),
        };
        for happening in &happenings {
            world.apply(happening)?;
        }
        world.rate_holds(rate)?;
    }

    #[test]
    fn the_same_happenings_lead_to_the_same_proposals(happenings in prop::collection::vec(happening(), 1..30)) {
        let run = || {
            let mut world = World {
                cloud: Cloud::new(),
                actions: Vec::new(),
                incidents: Vec::new(),
                proposed_at: Vec::new(),
                decided: BTreeSet::new(),
            };
            for happening in &happenings {
                world.apply(happening)?;
            }
            Ok::<_, TestCaseError>(world.actions.into_iter().map(|(proposal, ..)| proposal).collect::<Vec<_>>())
        };
        prop_assert_eq!(run()?, run()?);
    }
}
