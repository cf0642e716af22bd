//! Incidents that are silenced, and that are not any more.

use std::collections::BTreeMap;

use super::{Open, Simulation};
use crate::incident::{Transition, TransitionKind};
use crate::sample::SimTime;
use crate::silence::{self, Silences};

/// When every open incident has to be looked at. What follows from a look depends on the silences, the map and the
/// time alone, so that one look more changes nothing.
#[derive(Debug, Default)]
pub(crate) struct Hush {
    /// Until then nothing begins or ends; `None` before the first look and after anything has changed.
    looked_until: Option<SimTime>,
}

impl Hush {
    /// The silences, the map or the run are others now.
    pub(crate) fn look_again(&mut self) {
        self.looked_until = None;
    }
}

impl Simulation {
    /// Silences what was opened by the transitions since `from`, and everything open when something else has changed.
    pub(crate) fn hush(
        &mut self,
        silences: &Silences,
        simulation: &str,
        transitions: &mut Vec<Transition>,
        from: usize,
    ) {
        let Some(beat) = self.beat else { return };
        let silences = silences.of(simulation);
        let map = self.map.as_ref();
        let calm = self.hush.looked_until.is_some_and(|until| beat.time < until);
        let opened = |id| {
            transitions[from..].iter().position(|transition| transition.incident.id == id).map(|at| from + at)
        };
        if calm && (silences.is_empty() || transitions.len() == from) {
            return;
        }
        let mut changed = Vec::new();
        for open in self.open.iter_mut().flatten().flat_map(BTreeMap::values_mut) {
            let Open { incident, .. } = open;
            let own = opened(incident.id);
            if calm && own.is_none() {
                continue;
            }
            let silenced = silence::silenced(silences, incident, map, beat.time);
            if silenced == incident.silenced {
                continue;
            }
            incident.silenced = silenced;
            if own.is_none() {
                incident.revision += 1;
                incident.updated_tick = beat.tick;
                incident.updated_at = beat.time;
            }
            changed.push((own, incident.clone()));
        }
        for (own, incident) in changed {
            match own {
                // Its own transition tells of it.
                Some(own) => transitions[own].incident.silenced = incident.silenced,
                None => transitions.push(Transition { kind: TransitionKind::Updated, incident }),
            }
        }
        let next = silence::next_edge(silences, beat.time);
        self.hush.looked_until = Some(next.unwrap_or(SimTime::from_micros(i64::MAX)));
    }
}
