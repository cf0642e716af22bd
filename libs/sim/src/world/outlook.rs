//! Forks for predictions: the present goes on, the future that only the scenario knows does not come.

use std::sync::Arc;

use crate::TICK_S;
use crate::scenario::Scenario;
use crate::traffic::{Shape, Traffic};

use super::World;
use super::effects::severity_at;

impl World {
    /// A fork in which nothing begins and nothing ends that nobody has seen yet: no further entry of the timeline, no fault by
    /// chance, no end of a fault by itself and no rise of one; traffic stays as it is now, apart from its noise. Two worlds with the same
    /// past have the same outlook, whatever their scenarios have in store.
    #[must_use]
    pub fn outlook(&self) -> Self {
        let mut fork = self.clone();
        let at_s = (self.tick - self.scenario_tick) as f64 * TICK_S;
        let traffic = self.scenario.traffic.iter().enumerate();
        fork.scenario = Arc::new(Scenario {
            duration_s: 0.0,
            chaos: 0.0,
            traffic: traffic
                .map(|(source, traffic)| as_now(traffic, at_s, self.seed, source as u64))
                .collect(),
            timeline: Vec::new(),
            ..Scenario::clone(&self.scenario)
        });
        fork.refresh_scenario();
        fork.next_entry = 0;
        fork.chaos = 0.0;
        for fault in &mut fork.faults {
            fault.spec.severity = severity_at(fault, self.tick);
            fault.spec.onset_s = 0.0;
            fault.spec.duration_s = 0.0;
        }
        fork.faults_changed = true;
        fork
    }
}

/// The same source, at the rate that it has at this moment.
fn as_now(traffic: &Traffic, at_s: f64, seed: u64, source: u64) -> Traffic {
    let steady = Traffic { noise: 0.0, ..traffic.clone() };
    Traffic { shapes: vec![Shape::Constant { rps: steady.rate(at_s, seed, source) }], ..traffic.clone() }
}
