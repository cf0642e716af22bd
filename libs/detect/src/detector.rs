//! The detector: samples in, transitions of incidents out.

use std::collections::BTreeMap;

use crate::flapping;
use crate::group;
use crate::incident::{Incident, Transition};
use crate::insight::{self, Findings, Keepsake};
use crate::lifecycle::Simulation;
use crate::plan::Plan;
use crate::rule::RuleSet;
use crate::sample::Sample;
use crate::shard::Shard;
use crate::silence::Silences;
use crate::trail;

mod adopt;

/// How much a detector may hold. Samples beyond a limit are counted and not judged; nothing is evicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Simulations at a time. A machine runs a handful; each costs a few kilobytes besides its windows.
    pub simulations: usize,
    /// Shards a simulation may be split into: a shard is at most 512 KiB on the wire, so this is far past a million series.
    pub shards: usize,
    /// Bytes of windows, all simulations together: about two million series over ten samples.
    pub window_bytes: usize,
    /// Services, and nodes, of a simulation that statistics look at, besides the rules. Each costs about 18 KB and 4 µs every ten
    /// simulated seconds; beyond it they are counted. With 0 there are no anomalies and no forecasts.
    pub scored_targets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { simulations: 64, shards: 1_024, window_bytes: 256 << 20, scored_targets: 512 }
    }
}

/// What became of the samples so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Taken in.
    pub observed: u64,
    /// The same tick again: ignored.
    pub duplicate: u64,
    /// An older tick of the run, or a straggler of a run that is over: ignored.
    pub late: u64,
    /// Beyond a limit: not judged.
    pub over_limit: u64,
}

/// Turns samples into incidents. See the crate's documentation.
#[derive(Debug)]
pub struct Detector {
    plan: Plan,
    limits: Limits,
    simulations: BTreeMap<String, Simulation>,
    window_bytes: usize,
    counters: Counters,
    longest_window_s: u32,
    longest_count_s: u32,
    silences: Silences,
    findings: Findings,
    keepsakes: Vec<Keepsake>,
}

impl Detector {
    /// A detector that has seen nothing.
    pub fn new(rules: &RuleSet, limits: Limits) -> Self {
        Self {
            plan: Plan::new(rules),
            limits,
            simulations: BTreeMap::new(),
            window_bytes: 0,
            counters: Counters::default(),
            longest_window_s: rules.longest_window_s(),
            longest_count_s: rules.longest_count_s().max(flapping::CLEAR_S),
            silences: Silences::default(),
            findings: Findings::default(),
            keepsakes: Vec::new(),
        }
    }

    /// Other silences from now on. Returns what that changes about open incidents, as of the last sample. After a restart this comes
    /// last, and changes nothing unless they changed meanwhile.
    pub fn silence(&mut self, silences: Silences) -> Vec<Transition> {
        let mut transitions = Vec::new();
        self.silences = silences;
        for (name, simulation) in &mut self.simulations {
            let from = transitions.len();
            simulation.hush.look_again();
            simulation.hush(&self.silences, name, &mut transitions, from);
        }
        transitions
    }

    /// Takes in the next sample and returns what it changes, in a fixed order. Samples that are late, duplicate or
    /// beyond a limit change nothing and are counted.
    pub fn observe(&mut self, sample: &Sample<'_>) -> Vec<Transition> {
        let mut transitions = Vec::new();
        let new_run = match self.simulations.get(sample.simulation) {
            Some(simulation) if simulation.run == sample.run => false,
            Some(simulation) if simulation.is_retired(sample.run) => {
                self.counters.late += 1;
                return transitions;
            }
            Some(_) => true,
            None => false,
        };
        if new_run {
            self.forget_shards(sample.simulation);
            if let Some(simulation) = self.simulations.get_mut(sample.simulation) {
                simulation.change_run(sample.run, &mut transitions);
            }
        }
        self.take(sample, Some(&mut transitions));
        transitions
    }

    /// A simulation is no more: resolves its incidents as of its last sample and forgets it, windows and all.
    pub fn forget(&mut self, simulation: &str) -> Vec<Transition> {
        let mut transitions = Vec::new();
        self.forget_shards(simulation);
        if let Some(mut gone) = self.simulations.remove(simulation) {
            gone.end_all("simulation deleted", "Resolved: the simulation was deleted.", &mut transitions);
        }
        transitions
    }

    /// First step of a restart: the run that a simulation is in, and the runs before it, oldest first, whose stragglers
    /// are late.
    pub fn restore_run(&mut self, simulation: &str, run: &str, over: impl IntoIterator<Item = String>) {
        let mut restored = Simulation::new(&self.plan, run);
        over.into_iter().for_each(|run| restored.retire(run));
        self.simulations.insert(simulation.to_owned(), restored);
    }

    /// Last step of a restart: a sample from before it. Windows fill, incidents do not change. Give it the last
    /// [`Self::history_ms`] of the run, oldest first. Samples of another run are counted as late.
    pub fn warm(&mut self, sample: &Sample<'_>) {
        let other_run =
            self.simulations.get(sample.simulation).is_some_and(|simulation| simulation.run != sample.run);
        if other_run {
            self.counters.late += 1;
        } else {
            self.take(sample, None);
        }
    }

    /// Second step of a restart: an incident that was open, or that opened or ended in the last [`Self::memory_ms`]. In the order
    /// in which they opened, leads before their symptoms.
    pub fn restore(&mut self, incident: Incident) {
        let simulation = self
            .simulations
            .entry(incident.simulation.clone())
            .or_insert_with(|| Simulation::new(&self.plan, &incident.run));
        simulation.restore(&self.plan, incident);
    }

    /// Simulated time of samples before a restart that determines the state after it, ms: one window until the rings
    /// are equal, one until their sums are (see `windows`), one window or hold for the counts of clear and breached samples.
    pub fn history_ms(&self, interval_ms: u32) -> i64 {
        let seconds = 2 * i64::from(self.longest_window_s) + i64::from(self.longest_count_s);
        let windows = 1_000 * seconds + 2 * i64::from(interval_ms);
        windows.max(trail::HISTORY_MS + group::HISTORY_MS).max(insight::HISTORY_MS)
    }

    /// What statistics found in the samples since this was last asked.
    pub fn take_findings(&mut self) -> Findings {
        std::mem::take(&mut self.findings)
    }

    /// What statistics have learnt, to be kept: whenever a quarter of an hour of simulated time is over. What came since this was
    /// last asked; the last of a shard is the one that counts.
    pub fn take_keepsakes(&mut self) -> Vec<Keepsake> {
        std::mem::take(&mut self.keepsakes)
    }

    /// Third step of a restart, before [`Self::warm`]: what statistics had learnt of a shard of the present run. Without it they begin with
    /// what they are warmed with.
    pub fn remember(&mut self, keepsake: Keepsake) {
        if let Some(simulation) = self.simulations.get_mut(&keepsake.simulation)
            && simulation.run == keepsake.run
        {
            simulation.memories.insert(keepsake.shard, keepsake);
        }
    }

    /// Targets that statistics do not look at, because there are more than [`Limits::scored_targets`].
    pub fn not_scored(&self) -> usize {
        let shards = self.simulations.values().flat_map(|simulation| simulation.shards.values());
        shards.map(Shard::not_scored).sum()
    }

    /// Simulated time before a restart of which it has to know the incidents that were open, ms, see [`Self::restore`].
    pub const fn memory_ms() -> i64 {
        if group::MEMORY_MS > flapping::MEMORY_MS { group::MEMORY_MS } else { flapping::MEMORY_MS }
    }

    /// Every open incident.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.simulations.values().flat_map(Simulation::open_incidents)
    }

    /// What became of the samples so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Bytes that the windows take.
    pub fn window_bytes(&self) -> usize {
        self.window_bytes
    }

    fn take(&mut self, sample: &Sample<'_>, transitions: Option<&mut Vec<Transition>>) {
        if !self.make_room(sample) {
            self.counters.over_limit += 1;
            return;
        }
        let Some(simulation) = self.simulations.get_mut(sample.simulation) else { return };
        let fresh = !simulation.shards.contains_key(&sample.shard);
        let shard = simulation
            .shards
            .entry(sample.shard)
            .or_insert_with(|| Shard::new(&self.plan, sample, self.limits.scored_targets));
        if !fresh && sample.tick <= shard.last_tick {
            let counter = if sample.tick == shard.last_tick {
                &mut self.counters.duplicate
            } else {
                &mut self.counters.late
            };
            *counter += 1;
            return;
        }
        if !shard.fits(sample) {
            shard.rearrange(&self.plan, sample);
        }
        let memory = simulation.memories.get(&sample.shard).map(|kept| (kept.tick, &kept.memory));
        if let Some((tick, memory)) = memory
            && tick < sample.tick
        {
            shard.remember(memory);
        }
        shard.push(&self.plan, sample, memory.is_none_or(|(tick, _)| tick < sample.tick));
        if let Some((tick, memory)) = memory
            && tick == sample.tick
        {
            shard.remember(memory);
        }
        if memory.is_some_and(|(tick, _)| tick <= sample.tick) {
            simulation.memories.remove(&sample.shard);
        }
        self.counters.observed += 1;
        let follows = simulation.advance(sample);
        simulation.learn(sample);
        if let Some(transitions) = transitions {
            let from = transitions.len();
            simulation.resolve_orphans(&self.plan, sample.tick, sample.time, transitions);
            if follows {
                simulation.resolve_vanished(&self.plan, sample, transitions);
            }
            simulation.judge(&self.plan, sample, transitions);
            simulation.foretell(&self.plan, sample, transitions);
            simulation.hush(&self.silences, sample.simulation, transitions, from);
            simulation.keep(sample, &mut self.findings, &mut self.keepsakes);
            simulation.settle(sample, transitions, from);
        } else {
            simulation.recall(sample);
        }
        simulation.mark_seen(sample.shard);
    }

    /// Finds or makes the simulation, and accounts for the windows that the sample needs. False when a limit says no.
    fn make_room(&mut self, sample: &Sample<'_>) -> bool {
        if !self.simulations.contains_key(sample.simulation) {
            if self.simulations.len() >= self.limits.simulations {
                return false;
            }
            let simulation = Simulation::new(&self.plan, sample.run);
            self.simulations.insert(sample.simulation.to_owned(), simulation);
        }
        let Some(simulation) = self.simulations.get(sample.simulation) else { return false };
        let existing = simulation.shards.get(&sample.shard);
        if existing.is_some_and(|shard| sample.tick <= shard.last_tick || shard.fits(sample)) {
            return true;
        }
        if existing.is_none() && simulation.shards.len() >= self.limits.shards {
            return false;
        }
        let before = existing.map_or(0, Shard::held_bytes);
        let after = Shard::bytes(&self.plan, sample, self.limits.scored_targets);
        if self.window_bytes - before + after > self.limits.window_bytes {
            return false;
        }
        self.window_bytes = self.window_bytes - before + after;
        true
    }

    fn forget_shards(&mut self, simulation: &str) {
        let shards = self.simulations.get(simulation).map(|simulation| &simulation.shards);
        let bytes: usize = shards.into_iter().flat_map(BTreeMap::values).map(Shard::held_bytes).sum();
        self.window_bytes -= bytes;
    }
}
