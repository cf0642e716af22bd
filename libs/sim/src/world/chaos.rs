//! Chaos: faults that nobody wrote down, drawn from the seed.
//!
//! Every second a fault begins with probability `level / 60`: one a minute at level 1. Kind, target, severity, onset and length are
//! drawn evenly from what the topology has; the level bounds how many of them are in force at once, and how hard they strike.

use crate::command::{CommandError, Effect};
use crate::event::EventKind;
use crate::fault::{FaultKind, FaultSpec, kinds};
use crate::rng::{self, Purpose};
use crate::{TICKS_PER_SECOND, Target, TargetKind};

use super::World;

/// Mean time between two faults at level 1, s.
const INTERVAL_S: f64 = 60.0;

/// Most faults of chaos in force at once at level 1.
const MAX_AT_ONCE: f64 = 4.0;

/// Length of a fault, s: from the first to the sum of both.
const SHORTEST_S: f64 = 20.0;
const LENGTH_SPAN_S: f64 = 100.0;

/// Least severity, and how much the level adds to it at most.
const LEAST_SEVERITY: f64 = 0.1;
const SEVERITY_SPAN: f64 = 0.9;

/// Ids of these faults begin so.
const PREFIX: &str = "chaos-";

impl World {
    /// Sets the level, from 0 (none) to 1. Faults that chaos began run out by themselves.
    pub(super) fn set_chaos(&mut self, level: f64) -> Result<Effect, CommandError> {
        if !(0.0..=1.0).contains(&level) {
            return Err(CommandError::ChaosLevel { given: level });
        }
        if (self.chaos - level).abs() > 0.0 {
            self.chaos = level;
            let level = level.to_string();
            let message = format!("the chaos level is now {level}");
            self.emit(EventKind::ChaosSet, Target::simulation(), message, &[("level", &level)]);
        }
        Ok(Effect::ChaosSet { level })
    }

    /// Begins a fault when the draw of this second says so.
    pub(super) fn draw_chaos(&mut self) {
        if self.chaos <= 0.0 || !self.tick.is_multiple_of(TICKS_PER_SECOND) {
            return;
        }
        let key = rng::key(self.seed, Purpose::Chaos);
        let [when, what, whom, how] = rng::block(key, 0, self.tick).map(unit);
        if when * INTERVAL_S >= self.chaos {
            return;
        }
        let under_way = self.faults.iter().filter(|fault| fault.spec.id.starts_with(PREFIX)).count();
        if under_way as f64 >= (self.chaos * MAX_AT_ONCE).max(1.0) {
            return;
        }
        let [length, onset, ..] = rng::block(key, 1, self.tick).map(unit);
        let breaks: Vec<_> = kinds().iter().filter(|info| info.kind.breaks()).collect();
        let info = breaks[pick(what, breaks.len())];
        let Some(target) = self.chaos_target(info.kind, info.targets, whom) else { return };
        let duration_s = SHORTEST_S + LENGTH_SPAN_S * length;
        let spec = FaultSpec {
            id: format!("{PREFIX}{}", self.tick),
            severity: LEAST_SEVERITY + SEVERITY_SPAN * self.chaos * how,
            // Half of them come slowly.
            onset_s: (onset - 0.5).max(0.0) * duration_s,
            duration_s,
            ..FaultSpec::new(info.kind, target)
        };
        // A world that is full of faults refuses more, which is no matter here.
        drop(self.inject(spec, true));
    }

    /// A target of a kind, drawn evenly from those that the kind can strike.
    fn chaos_target(&self, kind: FaultKind, targets: &[TargetKind], draw: f64) -> Option<Target> {
        let topology = &self.running.topology;
        let fits = |service: &usize| kind.idle_on_service(*service, topology).is_none();
        let services = || (0..topology.services.len()).filter(fits);
        let fitting = |target: &TargetKind| match target {
            TargetKind::Service => services().count(),
            TargetKind::Node => topology.nodes.len(),
            TargetKind::Zone => topology.zones.len(),
            TargetKind::Simulation => 1,
        };
        // First what kind of target, each with the same odds, then which.
        let position = draw * targets.len() as f64;
        let target = &targets[pick(draw, targets.len())];
        let nth = pick(position - libm::floor(position), fitting(target));
        match target {
            TargetKind::Service => {
                services().nth(nth).map(|service| Target::service(&*topology.services[service].id))
            }
            TargetKind::Node => topology.nodes.get(nth).map(|node| Target::node(&*node.id)),
            TargetKind::Zone => topology.zones.get(nth).map(|zone| Target::zone(&**zone)),
            TargetKind::Simulation => Some(Target::simulation()),
        }
    }
}

/// 32 random bits as a number in [0, 1).
fn unit(bits: u32) -> f64 {
    f64::from(bits) / 4_294_967_296.0
}

/// One of `count` by a draw in [0, 1).
fn pick(draw: f64, count: usize) -> usize {
    ((draw * count as f64) as usize).min(count.saturating_sub(1))
}
