//! A world with everything it said kept, and words to ask about it.

use std::path::PathBuf;
use std::sync::Arc;

use sim::scenario::{self, Scenario, ScenarioSource};
use sim::{Act, ActionKind, Command, CommandError, Effect, Event, EventKind, MetricName, Snapshot, World};

pub(crate) struct Folder;

impl ScenarioSource for Folder {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        std::fs::read_to_string(folder.join(relative_path)).map_err(|error| error.to_string())
    }
}

pub(crate) fn shipped(name: &str) -> Arc<Scenario> {
    scenario::load(name, &Folder).unwrap_or_else(|error| panic!("{error}"))
}

#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) events: Vec<Event>,
    pub(crate) samples: Vec<Snapshot>,
}

impl Stage {
    pub(crate) fn of(name: &str) -> Self {
        Self::with(shipped(name), 42)
    }

    pub(crate) fn with(scenario: Arc<Scenario>, seed: u64) -> Self {
        Self { world: World::new(scenario, seed), events: Vec::new(), samples: Vec::new() }
    }

    pub(crate) fn run_s(&mut self, seconds: u64) -> &mut Self {
        for _ in 0..seconds * 20 {
            self.world.step(&mut self.events);
            if self.world.sample_due() {
                self.samples.push(self.world.snapshot());
            }
        }
        self
    }

    pub(crate) fn apply(&mut self, command: &Command) -> Result<Effect, CommandError> {
        self.world.apply(command)
    }

    /// Acts on the current version of the target.
    pub(crate) fn act(
        &mut self,
        kind: ActionKind,
        target: &str,
        replicas: u32,
    ) -> Result<Effect, CommandError> {
        let act = self.plan(kind, target, replicas);
        self.apply(&Command::Act(act))
    }

    pub(crate) fn plan(&self, kind: ActionKind, target: &str, replicas: u32) -> Act {
        let command_id = format!("command-{}-{}-{target}", self.world.tick(), kind.name());
        Act {
            action_id: command_id.replace("command", "action"),
            command_id,
            kind,
            target: target.to_owned(),
            target_version: self.version(target),
            replicas,
        }
    }

    pub(crate) fn version(&self, id: &str) -> u64 {
        let topology = self.world.topology();
        let service =
            topology.services.iter().find(|service| &*service.id == id).map(|service| service.version);
        let node = || topology.nodes.iter().find(|node| &*node.id == id).map(|node| node.version);
        service.or_else(node).unwrap_or(1)
    }

    /// Mean of a service's metric over the last `seconds` samples; `None` when it was never measured in them.
    pub(crate) fn mean(&self, service: &str, metric: MetricName, seconds: usize) -> Option<f64> {
        mean_of(&self.samples, self.samples.len(), service, metric, seconds)
    }

    pub(crate) fn happened(&self, kind: EventKind) -> Vec<&Event> {
        self.events.iter().filter(|event| event.kind == kind).collect()
    }

    /// Services that the built-in rules would call out now: a metric whose mean over ten seconds passes its threshold.
    pub(crate) fn breaches(&self) -> Vec<String> {
        breaches_at(&self.samples, self.samples.len())
    }

    /// The same for every second from the tenth on.
    pub(crate) fn all_breaches(&self) -> Vec<(usize, String)> {
        (10..=self.samples.len())
            .flat_map(|end| breaches_at(&self.samples, end).into_iter().map(move |breach| (end, breach)))
            .collect()
    }
}

const RULES: [(MetricName, f64); 4] = [
    (MetricName::ErrorRate, 5.0),
    (MetricName::CpuUsage, 85.0),
    (MetricName::MemoryUsage, 90.0),
    (MetricName::LatencyP99, 500.0),
];

fn mean_of(
    samples: &[Snapshot],
    end: usize,
    service: &str,
    metric: MetricName,
    seconds: usize,
) -> Option<f64> {
    let values: Vec<f64> = samples[end.saturating_sub(seconds)..end]
        .iter()
        .filter_map(|sample| sample.services.value(service, metric))
        .map(f64::from)
        .collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn breaches_at(samples: &[Snapshot], end: usize) -> Vec<String> {
    let mut found = Vec::new();
    for id in samples[end - 1].services.ids.iter() {
        for (metric, threshold) in RULES {
            if let Some(mean) = mean_of(samples, end, id, metric, 10)
                && mean > threshold
            {
                found.push(format!("{id} {metric} {mean:.1}"));
            }
        }
    }
    for id in samples[end - 1].nodes.ids.iter() {
        for (metric, threshold) in &RULES[1..3] {
            let mut sum = 0.0;
            for sample in &samples[end.saturating_sub(10)..end] {
                sum += f64::from(sample.nodes.value(id, *metric).unwrap_or(0.0));
            }
            if sum / 10.0 > *threshold {
                found.push(format!("{id} {metric} {:.1}", sum / 10.0));
            }
        }
    }
    found
}
