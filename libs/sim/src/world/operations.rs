//! Actions: what is refused, and work that takes some ticks.

use serde::{Deserialize, Serialize};

use crate::command::{Act, ActionKind, CommandError, Effect};
use crate::component::ComponentKind;
use crate::event::EventKind;
use crate::{Target, TargetKind};

use super::World;
use super::lifecycle::ticks;
use super::view::ReplicaState;

/// Simulated time after which work that has not finished counts as failed, s.
const OPERATION_DEADLINE_S: f64 = 300.0;

/// A rolling restart takes this share of a service's replicas at a time, at least one.
const RESTART_SHARE: f64 = 0.25;

/// Time until shifted weights count as done, s.
const REBALANCE_S: f64 = 1.0;

/// An action that is under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) act: Act,
    work: Work,
    deadline_tick: u64,
}

/// What is left to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Work {
    /// Replicas that restart now, and those that wait for their turn.
    Restart { service: usize, now: Vec<u32>, later: Vec<u32> },
    /// Replicas that must run.
    ScaleUp { service: usize, ordinals: Vec<u32> },
    /// Replicas that must be gone.
    ScaleDown { service: usize, ordinals: Vec<u32> },
    /// Replicas that must run elsewhere before those on the node go.
    Drain { node: usize, moved: Vec<(usize, u32)> },
    /// Nothing but time.
    Rebalance { done_tick: u64 },
    /// A component whose replicas must run before calls go to it.
    Add { id: String },
    /// A component that gets no calls any more, and whose replicas must be gone.
    Remove { id: String },
    /// Replicas that must run on the node before those elsewhere go whose place they take.
    Undrain { node: usize, moved: Vec<(usize, u32)>, leaving: Vec<(usize, u32)> },
    /// Nothing but time.
    Spread { done_tick: u64 },
}

impl Operation {
    pub(super) fn work(&self) -> &Work {
        &self.work
    }

    /// Services have other numbers now; the new one of each, if it is still there.
    pub(super) fn renumber(&mut self, now: &[Option<usize>]) {
        match &mut self.work {
            Work::Restart { service, .. }
            | Work::ScaleUp { service, .. }
            | Work::ScaleDown { service, .. } => {
                // Nothing that is being worked on is taken away.
                *service = now[*service].unwrap_or(*service);
            }
            Work::Drain { moved, .. } => renumber(moved, now),
            Work::Undrain { moved, leaving, .. } => {
                renumber(moved, now);
                renumber(leaving, now);
            }
            Work::Rebalance { .. } | Work::Spread { .. } | Work::Add { .. } | Work::Remove { .. } => {}
        }
    }
}

/// Replicas of services that are still there, by the new numbers of these.
fn renumber(replicas: &mut Vec<(usize, u32)>, now: &[Option<usize>]) {
    replicas.retain_mut(|(service, _)| now[*service].map(|number| *service = number).is_some());
}

/// How work stands.
enum Progress {
    Going,
    Done(String),
}

impl World {
    /// Refuses an action or starts its work.
    pub(super) fn act(&mut self, act: &Act) -> Result<Effect, CommandError> {
        if self.applied.contains(&act.command_id) {
            return Ok(Effect::AlreadyApplied);
        }
        if !act.command_id.is_empty() {
            self.applied.insert(act.command_id.clone());
        }
        match self.begin(act) {
            Ok(work) => {
                let deadline_tick = self.tick + ticks(OPERATION_DEADLINE_S);
                let message = format!("{} of {} began", act.kind, act.target);
                self.emit_action(EventKind::ActionExecuting, act, message);
                self.operations.push(Operation { act: act.clone(), work, deadline_tick });
                Ok(Effect::ActionStarted)
            }
            Err(reason) => {
                self.emit_action(EventKind::ActionFailed, act, format!("refused: {reason}"));
                Err(CommandError::ActionRefused { kind: act.kind, target: act.target.clone(), reason })
            }
        }
    }

    fn begin(&mut self, act: &Act) -> Result<Work, String> {
        if act.command_id.trim().is_empty() || act.action_id.trim().is_empty() {
            return Err("it names no command or no action; send the ids of an approved action".to_owned());
        }
        let index = self.check_act_target(act)?;
        match act.kind {
            ActionKind::RestartService => self.begin_restart(index),
            ActionKind::ScaleUp => self.begin_scale_up(index, act.replicas.max(1)),
            ActionKind::ScaleDown => self.begin_scale_down(index, act.replicas.max(1)),
            ActionKind::DrainNode => self.begin_drain(index),
            ActionKind::RebalanceTraffic => self.begin_rebalance(index),
            ActionKind::AddReadReplica => self.begin_add(ComponentKind::ReadReplica, index, act),
            ActionKind::AddCache => self.begin_add(ComponentKind::Cache, index, act),
            ActionKind::AddLoadBalancer => self.begin_add(ComponentKind::LoadBalancer, index, act),
            ActionKind::AddCdn => self.begin_add(ComponentKind::Cdn, index, act),
            ActionKind::AddConsumers => self.begin_add(ComponentKind::Consumers, index, act),
            ActionKind::RemoveComponent => self.begin_remove(act.target.trim()),
            ActionKind::UndrainNode => self.begin_undrain(index),
            ActionKind::SpreadTraffic => self.begin_spread(index),
        }
    }

    /// The target's index, when there is such a thing, it is the one that was looked at and nothing else is under way.
    fn check_act_target(&self, act: &Act) -> Result<usize, String> {
        let id = act.target.trim();
        if id.is_empty() {
            return Err("it has no target; name one service or node".to_owned());
        }
        if id.contains(['*', '?', '%']) || id.eq_ignore_ascii_case("all") {
            return Err(format!("{id:?} looks like a wildcard; name exactly one service or node"));
        }
        let topology = &self.running.topology;
        let (found, kind) = match act.kind {
            kind if kind.is_on_node() => (topology.node(id), TargetKind::Node),
            _ => (topology.service(id), TargetKind::Service),
        };
        let index =
            found.ok_or_else(|| format!("there is no {kind} {id:?} in topology {}", topology.name))?;
        let version = match kind {
            TargetKind::Node => self.cloud.nodes[index].version,
            _ => self.cloud.services[index].version,
        };
        if act.target_version == 0 {
            return Err(format!("it names no version of {id}; look at version {version} and propose again"));
        }
        if act.target_version != version {
            let given = act.target_version;
            return Err(format!(
                "{id} is at version {version}, the action was made for {given}; propose again"
            ));
        }
        let busy = self.operations.iter().find(|operation| operation.act.target == id);
        match busy {
            Some(operation) => {
                Err(format!("{} of {id} is still under way; wait for its end", operation.act.kind))
            }
            None => Ok(index),
        }
    }

    fn begin_restart(&mut self, service: usize) -> Result<Work, String> {
        let mut down = Vec::new();
        let mut up = Vec::new();
        for index in self.cloud.replicas_of(service) {
            let row = self.cloud.replicas.row(index);
            match row.state {
                _ if self.cloud.nodes[row.node as usize].down => {}
                ReplicaState::Draining => {}
                ReplicaState::Running => up.push(row.ordinal),
                ReplicaState::Starting | ReplicaState::Crashed => down.push(row.ordinal),
            }
        }
        if down.is_empty() && up.is_empty() {
            return Err("every replica is on a node that is down; drain that node instead".to_owned());
        }
        self.cloud.services[service].version += 1;
        // Those that serve nobody first, and with them the first batch of the others.
        let batch = (libm::ceil(up.len() as f64 * RESTART_SHARE) as usize).max(1).min(up.len());
        let later = up.split_off(batch);
        down.append(&mut up);
        self.restart_replicas(service, &down);
        Ok(Work::Restart { service, now: down, later })
    }

    /// Starts replicas anew: what leaked, waited or was stuck in them is gone.
    fn restart_replicas(&mut self, service: usize, ordinals: &[u32]) {
        let ready = self.tick + ticks(self.running.topology.services[service].specs.startup_s);
        for index in self.cloud.replicas_of(service) {
            let row = self.cloud.replicas.row(index);
            if ordinals.contains(&row.ordinal) && !self.cloud.nodes[row.node as usize].down {
                self.cloud.stop(index, ReplicaState::Starting, ready);
                let row = self.cloud.replicas.row(index);
                self.cloud.replicas.set(index, &super::replicas::Replica { clean: true, ..row });
            }
        }
        self.cloud.refresh_shares();
    }

    fn begin_rebalance(&mut self, service: usize) -> Result<Work, String> {
        if self.cloud.services[service].running < 2 {
            return Err("fewer than two replicas take traffic; scale it up instead".to_owned());
        }
        self.cloud.services[service].version += 1;
        self.cloud.weigh_by_capacity(service);
        Ok(Work::Rebalance { done_tick: self.tick + ticks(REBALANCE_S) })
    }

    fn begin_spread(&mut self, service: usize) -> Result<Work, String> {
        if !self.cloud.weigh_alike(service) {
            return Err("its replicas weigh the same already; nothing to do".to_owned());
        }
        self.cloud.services[service].version += 1;
        Ok(Work::Spread { done_tick: self.tick + ticks(REBALANCE_S) })
    }

    /// Goes on with the work that is under way.
    pub(super) fn advance_operations(&mut self) {
        if self.operations.is_empty() {
            return;
        }
        let mut going = Vec::new();
        for mut operation in std::mem::take(&mut self.operations) {
            match self.advance(&mut operation.work) {
                Progress::Done(message) => {
                    self.finish(&operation.work);
                    self.emit_action(EventKind::ActionSucceeded, &operation.act, message);
                }
                Progress::Going if self.tick >= operation.deadline_tick => {
                    self.finish(&operation.work);
                    if let Work::Add { id } = &operation.work {
                        self.take_away(id);
                    }
                    let message = format!(
                        "not finished after {OPERATION_DEADLINE_S} s; look at its replicas and nodes"
                    );
                    self.emit_action(EventKind::ActionFailed, &operation.act, message);
                }
                Progress::Going => going.push(operation),
            }
        }
        self.operations = going;
    }

    fn advance(&mut self, work: &mut Work) -> Progress {
        match work {
            Work::Restart { service, now, later } => {
                if !self.all_running(*service, now) {
                    return Progress::Going;
                }
                if later.is_empty() {
                    return Progress::Done("every replica was restarted".to_owned());
                }
                let all = self.cloud.replicas_of(*service).len() as f64;
                let batch = (libm::ceil(all * RESTART_SHARE) as usize).clamp(1, later.len());
                *now = later.drain(..batch).collect();
                let next = now.clone();
                self.restart_replicas(*service, &next);
                Progress::Going
            }
            Work::ScaleUp { service, ordinals } if self.all_running(*service, ordinals) => {
                Progress::Done(format!("{} new replicas take traffic", ordinals.len()))
            }
            Work::ScaleDown { service, ordinals } if self.all_gone(*service, ordinals) => {
                Progress::Done(format!("{} replicas are gone", ordinals.len()))
            }
            Work::Drain { node, moved } => self.advance_drain(*node, moved),
            Work::Rebalance { done_tick } if *done_tick <= self.tick => {
                Progress::Done("traffic follows what each replica can serve".to_owned())
            }
            Work::Spread { done_tick } if *done_tick <= self.tick => {
                Progress::Done("traffic is spread evenly".to_owned())
            }
            Work::Undrain { node, moved, leaving } => self.advance_undrain(*node, moved, leaving),
            Work::Add { id } => self.advance_add(id).map_or(Progress::Going, Progress::Done),
            Work::Remove { id } => self.advance_remove(id).map_or(Progress::Going, Progress::Done),
            Work::ScaleUp { .. } | Work::ScaleDown { .. } | Work::Rebalance { .. } | Work::Spread { .. } => {
                Progress::Going
            }
        }
    }

    fn advance_undrain(&mut self, node: usize, moved: &[(usize, u32)], leaving: &[(usize, u32)]) -> Progress {
        if !moved.iter().all(|(service, ordinal)| self.all_running(*service, &[*ordinal]))
            || self.retire(leaving)
        {
            return Progress::Going;
        }
        let id = &self.running.topology.nodes[node].id;
        Progress::Done(format!("node {id} takes replicas again; {} moved there", moved.len()))
    }

    fn advance_drain(&mut self, node: usize, moved: &[(usize, u32)]) -> Progress {
        if !moved.iter().all(|(service, ordinal)| self.all_running(*service, &[*ordinal])) {
            return Progress::Going;
        }
        if self.retire_on(node) {
            return Progress::Going;
        }
        let target = Target::node(&*self.running.topology.nodes[node].id);
        let message = format!("node {} holds no replicas any more", target.id);
        self.emit(EventKind::NodeDrained, target, message, &[]);
        Progress::Done(format!("{} replicas moved to other nodes", moved.len()))
    }

    /// What is to be done when work ends, well or not.
    fn finish(&mut self, work: &Work) {
        if let Work::Restart { service, .. } = work {
            self.cure(*service);
            self.refresh_faults();
            for index in self.cloud.replicas_of(*service) {
                let row = self.cloud.replicas.row(index);
                self.cloud.replicas.set(index, &super::replicas::Replica { clean: false, ..row });
            }
        }
    }

    /// Whether these replicas take traffic. One that is gone or on a dead node is not waited for.
    fn all_running(&self, service: usize, ordinals: &[u32]) -> bool {
        self.cloud.replicas_of(service).all(|index| {
            let row = self.cloud.replicas.row(index);
            !ordinals.contains(&row.ordinal)
                || row.state == ReplicaState::Running
                || self.cloud.nodes[row.node as usize].down
        })
    }

    fn all_gone(&self, service: usize, ordinals: &[u32]) -> bool {
        self.cloud
            .replicas_of(service)
            .all(|index| !ordinals.contains(&self.cloud.replicas.row(index).ordinal))
    }

    pub(super) fn abandon_operations(&mut self, why: &str) {
        for operation in std::mem::take(&mut self.operations) {
            self.emit_action(EventKind::ActionFailed, &operation.act, why.to_owned());
        }
    }

    fn emit_action(&mut self, kind: EventKind, act: &Act, message: String) {
        let id = act.target.clone();
        let target = if act.kind.is_on_node() { Target::node(id) } else { Target::service(id) };
        self.emit(kind, target, message, &[("action", act.kind.name())]);
        if let Some(event) = self.pending.last_mut() {
            event.action_id.clone_from(&act.action_id);
            event.command_id.clone_from(&act.command_id);
        }
    }
}
