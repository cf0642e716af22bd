//! What is played: a scenario with a seed, from its start over the trouble to a burst of traffic that has to be stood.

use std::sync::Arc;

use preview::Course;
use sim::{Command, FaultKind, FaultSpec, Scenario, Target, World};

use crate::convert::ticks;

/// How long an episode goes on after the onset, simulated seconds.
pub const AFTER_ONSET_S: f64 = 600.0;
/// Samples of a course that count: one a second.
pub(super) const COUNTED: usize = AFTER_ONSET_S as usize;
/// Where nothing is wrong the part that counts begins so long after the start, simulated seconds.
pub const CALM_S: f64 = 60.0;
/// The earliest that anybody could have acted after the onset: ten seconds to notice and five to decide, simulated seconds.
pub const REACTION_S: f64 = 15.0;
/// In the end so much more traffic comes in at every door, %: what only looks mitigated breaks down again.
pub const BURST_PCT: f64 = 20.0;
/// For so long, simulated seconds.
pub const BURST_S: f64 = 60.0;
/// And then there is so much time left to be well again, simulated seconds.
const SETTLE_S: f64 = 120.0;
/// Severity 1 of a traffic spike is four times as much on top.
const SPIKE_PCT: f64 = 400.0;

/// A scenario with a seed, and when what happens. Times are simulated seconds since the start of the run.
pub(crate) struct Stage {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) seed: u64,
    /// When the trouble begins, and the part that counts.
    pub(crate) onset_s: f64,
}

impl Stage {
    pub(crate) fn new(scenario: Arc<Scenario>, seed: u64) -> Self {
        let onset_s = scenario.truth.onset_s.unwrap_or(CALM_S);
        Self { scenario, seed, onset_s }
    }

    /// Ticks at which the part that counts begins and ends, and the last one of the burst's aftermath.
    pub(crate) fn ticks(&self) -> [u64; 3] {
        let end_s = self.onset_s + AFTER_ONSET_S;
        [self.onset_s, end_s, end_s + BURST_S + SETTLE_S].map(ticks)
    }

    /// Tick at which hindsight acts.
    pub(crate) fn reaction(&self) -> u64 {
        ticks(self.onset_s + REACTION_S)
    }

    /// More traffic at every door.
    pub(crate) fn burst(&self) -> impl Iterator<Item = Command> {
        let topology = &self.scenario.topology;
        let doors = topology.services.iter().filter(|service| service.entry);
        doors.map(|door| {
            Command::InjectFault(FaultSpec {
                id: format!("benchmark-burst-{}", door.id),
                severity: BURST_PCT / SPIKE_PCT,
                duration_s: BURST_S,
                ..FaultSpec::new(FaultKind::TrafficSpike, Target::service(&*door.id))
            })
        })
    }

    pub(crate) fn world(&self) -> World {
        World::new(self.scenario.clone(), self.seed)
    }

    /// Lets a world go on to the end with nobody acting, under watch.
    pub(crate) fn finish(&self, world: &mut World, course: &mut Course) {
        let [_, _, close] = self.ticks();
        self.watch(world, course, close);
    }

    /// Lets a world go on to a tick with nobody acting, under watch from the onset on.
    pub(crate) fn watch(&self, world: &mut World, course: &mut Course, until: u64) {
        let [onset, end, _] = self.ticks();
        let mut events = Vec::new();
        while world.tick() < until {
            if world.tick() == end {
                for command in self.burst() {
                    // Full of faults as it may be, a cloud takes the few of a burst.
                    drop(world.apply(&command));
                }
            }
            world.step(&mut events);
            events.clear();
            if world.sample_due() && world.tick() > onset {
                course.see(&world.snapshot(), world.running_topology());
            }
        }
    }
}
