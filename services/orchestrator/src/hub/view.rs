//! What a fresh page needs, kept in memory: the snapshot costs no query and exists while PostgreSQL is down.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use proto::ops::v1::{Action, ActionStatus, Incident, StreamSnapshot};
use proto::sim::v1::{MetricSnapshot, SimulationState, Topology};
use tokio::time::{Duration, Instant};

/// A state older than this is not shown as the state: sim-engine is silent.
pub(crate) const SILENT_AFTER: Duration = Duration::from_secs(5);

/// The newest sample.
#[derive(Debug, Clone, Default)]
struct Sample {
    run_id: String,
    tick: u64,
    shards: BTreeMap<u32, Arc<MetricSnapshot>>,
}

/// Ids whose newest revision or version is remembered. A redelivery arrives within seconds; thousands of changes is more.
const MAX_REMEMBERED: usize = 8_192;

/// The newest revision of each recent id, so that a redelivered message neither re-opens nor repeats anything.
#[derive(Debug, Clone, Default)]
struct Newest {
    revisions: BTreeMap<String, u64>,
    order: VecDeque<String>,
}

impl Newest {
    /// Remembers a revision. False when it is not newer than the one remembered.
    fn advance(&mut self, id: &str, revision: u64) -> bool {
        if let Some(known) = self.revisions.get_mut(id) {
            let newer = revision > *known;
            *known = revision.max(*known);
            return newer;
        }
        if self.order.len() >= MAX_REMEMBERED
            && let Some(forgotten) = self.order.pop_front()
        {
            self.revisions.remove(&forgotten);
        }
        self.order.push_back(id.to_owned());
        self.revisions.insert(id.to_owned(), revision);
        true
    }
}

/// State as it follows from the events published so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    state: Option<(Arc<SimulationState>, Instant)>,
    topology: Option<Arc<Topology>>,
    sample: Sample,
    incident_revisions: Arc<Newest>,
    action_versions: Arc<Newest>,
    open_incidents: BTreeMap<String, Arc<Incident>>,
    pending_actions: BTreeMap<String, Arc<Action>>,
}

impl View {
    /// Takes over a heartbeat of sim-engine. True when something a person steers has changed.
    pub(crate) fn heard_state(&mut self, state: Arc<SimulationState>, now: Instant) -> bool {
        let steered = |s: &SimulationState| {
            let SimulationState { run_id, scenario, playing, status, active_faults, .. } = s.clone();
            (run_id, scenario, playing, status, active_faults, s.speed.to_bits(), s.chaos_level.to_bits())
        };
        let changed = self.state.as_ref().is_none_or(|(before, _)| steered(before) != steered(&state));
        self.state = Some((state, now));
        changed
    }

    /// The newest state, unless sim-engine has been silent for too long.
    pub(crate) fn state(&self, now: Instant) -> Option<Arc<SimulationState>> {
        let (state, heard) = self.state.as_ref()?;
        (now.duration_since(*heard) <= SILENT_AFTER).then(|| Arc::clone(state))
    }

    pub(crate) fn set_topology(&mut self, topology: Topology) {
        self.topology = Some(Arc::new(topology));
    }

    pub(crate) fn topology(&self) -> Option<Arc<Topology>> {
        self.topology.clone()
    }

    /// Takes over one shard of a sample. Shards of a newer tick or run replace the older ones; older ticks are left out.
    pub(crate) fn sampled(&mut self, snapshot: Arc<MetricSnapshot>) {
        let sample = &mut self.sample;
        if sample.run_id == snapshot.run_id && snapshot.tick < sample.tick {
            return;
        }
        if sample.run_id != snapshot.run_id || snapshot.tick > sample.tick {
            *sample =
                Sample { run_id: snapshot.run_id.clone(), tick: snapshot.tick, shards: BTreeMap::new() };
        }
        sample.shards.insert(snapshot.shard, snapshot);
    }

    /// All shards of the newest sample; empty before the first.
    pub(crate) fn latest(&self) -> Vec<Arc<MetricSnapshot>> {
        self.sample.shards.values().cloned().collect()
    }

    /// Takes over a transition. False when the view already knows this revision or a newer one.
    pub(crate) fn incident_changed(&mut self, incident: &Arc<Incident>) -> bool {
        if !Arc::make_mut(&mut self.incident_revisions).advance(&incident.id, incident.revision) {
            return false;
        }
        if incident.resolved {
            self.open_incidents.remove(&incident.id);
        } else {
            self.open_incidents.insert(incident.id.clone(), Arc::clone(incident));
        }
        true
    }

    /// Notes on a transition of an incident who has acknowledged it, as far as the view knows: messages of signal-service do not carry it.
    pub(crate) fn note_acknowledgement(&self, incident: &mut Incident) {
        if let Some(known) = self.open_incidents.get(&incident.id) {
            known.acknowledged_by.clone_into(&mut incident.acknowledged_by);
            incident.acknowledged_at = known.acknowledged_at;
        }
    }

    /// Shows who acknowledged an open incident; acknowledging is no transition of the incident itself.
    pub(crate) fn acknowledged(&mut self, acknowledged: &Incident) -> Option<Arc<Incident>> {
        let held = self.open_incidents.get_mut(&acknowledged.id)?;
        let incident = Arc::make_mut(held);
        acknowledged.acknowledged_by.clone_into(&mut incident.acknowledged_by);
        incident.acknowledged_at = acknowledged.acknowledged_at;
        Some(Arc::clone(held))
    }

    /// Takes over a change of an action. False when the view already knows this version or a newer one.
    pub(crate) fn action_changed(&mut self, action: &Arc<Action>) -> bool {
        if !Arc::make_mut(&mut self.action_versions).advance(&action.id, action.version) {
            return false;
        }
        if action.status() == ActionStatus::Proposed {
            self.pending_actions.insert(action.id.clone(), Arc::clone(action));
        } else {
            self.pending_actions.remove(&action.id);
        }
        true
    }

    /// The data of a `snapshot` event.
    pub(crate) fn snapshot(&self, now: Instant) -> StreamSnapshot {
        let mut open_incidents: Vec<Incident> =
            self.open_incidents.values().map(|incident| Incident::clone(incident)).collect();
        open_incidents.sort_by_key(|incident| std::cmp::Reverse((incident.tick, incident.id.clone())));
        let mut pending_actions: Vec<Action> =
            self.pending_actions.values().map(|action| Action::clone(action)).collect();
        pending_actions.sort_by_key(|action| (action.proposed_at_tick, action.id.clone()));
        StreamSnapshot {
            state: self.state(now).map(|state| SimulationState::clone(&state)),
            topology: self.topology.as_deref().cloned(),
            metrics: self.latest().iter().map(|shard| MetricSnapshot::clone(shard)).collect(),
            open_incidents,
            pending_actions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(revision: u64, resolved: bool) -> Arc<Incident> {
        Arc::new(Incident { id: "i".to_owned(), revision, resolved, ..Incident::default() })
    }

    fn action(version: u64, status: ActionStatus) -> Arc<Action> {
        Arc::new(Action { id: "a".to_owned(), version, status: status.into(), ..Action::default() })
    }

    fn shard(run: &str, tick: u64, shard: u32) -> Arc<MetricSnapshot> {
        Arc::new(MetricSnapshot {
            simulation_id: "default".to_owned(),
            run_id: run.to_owned(),
            tick,
            shard,
            ..MetricSnapshot::default()
        })
    }

    #[test]
    fn an_older_revision_of_an_incident_changes_nothing() {
        let mut view = View::default();
        assert!(view.incident_changed(&incident(2, false)));
        assert!(!view.incident_changed(&incident(2, false)));
        assert!(!view.incident_changed(&incident(1, true)));
        assert_eq!(view.snapshot(Instant::now()).open_incidents.len(), 1);
        assert!(view.incident_changed(&incident(3, true)));
        assert!(view.snapshot(Instant::now()).open_incidents.is_empty());
        assert!(!view.incident_changed(&incident(1, false)), "a redelivered opening must not re-open it");
    }

    #[test]
    fn only_proposed_actions_are_pending() {
        let mut view = View::default();
        assert!(view.action_changed(&action(1, ActionStatus::Proposed)));
        assert!(!view.action_changed(&action(1, ActionStatus::Proposed)));
        assert_eq!(view.snapshot(Instant::now()).pending_actions.len(), 1);
        assert!(view.action_changed(&action(2, ActionStatus::Approved)));
        assert!(view.snapshot(Instant::now()).pending_actions.is_empty());
    }

    #[test]
    fn the_newest_sample_holds_all_shards_of_one_tick() {
        let mut view = View::default();
        view.sampled(shard("r1", 20, 0));
        view.sampled(shard("r1", 20, 1));
        assert_eq!(view.latest().len(), 2);
        view.sampled(shard("r1", 40, 1));
        view.sampled(shard("r1", 20, 0));
        assert_eq!(view.latest().len(), 1);
        view.sampled(shard("r2", 0, 0));
        assert_eq!(view.latest()[0].run_id, "r2");
    }

    #[test]
    fn a_silent_engine_has_no_state() {
        let mut view = View::default();
        let heard = Instant::now();
        assert!(view.heard_state(Arc::new(SimulationState::default()), heard));
        assert!(!view.heard_state(Arc::new(SimulationState { tick: 5, ..Default::default() }), heard));
        assert!(view.heard_state(Arc::new(SimulationState { playing: true, ..Default::default() }), heard));
        assert!(view.state(heard + SILENT_AFTER).is_some());
        assert!(view.state(heard + SILENT_AFTER + Duration::from_millis(1)).is_none());
    }
}
