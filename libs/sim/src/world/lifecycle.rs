//! Replicas and nodes that come and go.

use crate::event::EventKind;
use crate::{TICK_S, Target};

use super::World;
use super::replicas::Replica;
use super::view::ReplicaState;

/// Time from a crash until the replica is started again, s.
const RESTART_DELAY_S: f64 = 1.0;

/// A replica in a crash loop dies this often, s, and the next one this many ticks earlier in its turn.
const CRASH_LOOP_S: f64 = 8.0;
const CRASH_LOOP_STAGGER: u64 = 37;

/// Longest time a replica that goes away spends on the requests it has, s.
pub(super) const DRAIN_S: f64 = 5.0;

/// Ticks in some seconds.
pub(super) fn ticks(seconds: f64) -> u64 {
    libm::ceil(seconds / TICK_S) as u64
}

impl World {
    /// Folds the faults in force again and lets nodes and replicas follow.
    pub(super) fn refresh_effects(&mut self) {
        let topology = &self.running.topology;
        self.cloud.effects.fold(topology, &self.faults, self.tick);
        self.cloud.refresh_lanes();
        for node in 0..self.cloud.nodes.len() {
            let down = self.cloud.effects.nodes[node].down;
            if down == self.cloud.nodes[node].down {
                continue;
            }
            self.cloud.nodes[node].down = down;
            let target = Target::node(&*self.running.topology.nodes[node].id);
            if down {
                let message = format!("node {} stopped answering", target.id);
                self.emit(EventKind::NodeDown, target, message, &[]);
                self.crash_where(|row| row.node as usize == node, "node down");
            } else {
                let message = format!("node {} answers again", target.id);
                self.emit(EventKind::NodeReady, target, message, &[]);
            }
        }
        self.crash_held();
    }

    /// Crashes the replicas that faults keep down.
    fn crash_held(&mut self) {
        for service in 0..self.cloud.services.len() {
            if self.cloud.effects.services[service].strain[0].crashed > 0.0 {
                let range = self.cloud.replicas_of(service);
                let held: Vec<u32> = range
                    .clone()
                    .filter(|index| {
                        self.is_held(*index, range.clone(), self.cloud.replicas.row(*index).clean)
                    })
                    .map(|index| self.cloud.replicas.row(index).ordinal)
                    .collect();
                self.crash_where(
                    |row| row.service as usize == service && held.contains(&row.ordinal),
                    "killed by a fault",
                );
            }
        }
    }

    /// Whether a fault keeps a replica down: the first ones of a service up to the share that is struck. `clean` asks what a
    /// replica that was started anew would meet.
    fn is_held(&self, index: usize, range: std::ops::Range<usize>, clean: bool) -> bool {
        let row = self.cloud.replicas.row(index);
        if self.cloud.nodes[row.node as usize].down {
            return true;
        }
        let share = self.cloud.effects.services[row.service as usize].strain[usize::from(clean)].crashed;
        let struck = libm::ceil(share * range.len() as f64) as usize;
        index - range.start < struck
    }

    /// Crashes the replicas that are not down yet and for which `chosen` holds.
    pub(super) fn crash_where(&mut self, chosen: impl Fn(&Replica) -> bool, cause: &str) {
        let mut changed = false;
        for index in 0..self.cloud.replicas.len() {
            let row = self.cloud.replicas.row(index);
            if row.state == ReplicaState::Crashed || !chosen(&row) {
                continue;
            }
            self.crash(index, &row, cause);
            changed = true;
        }
        if changed {
            self.cloud.refresh_shares();
        }
    }

    fn crash(&mut self, index: usize, row: &Replica, cause: &str) {
        self.cloud.stop(index, ReplicaState::Crashed, self.tick + ticks(RESTART_DELAY_S));
        let name = self.replica_name(row);
        let message = format!("replica {name} went down: {cause}");
        let target = Target::service(&*self.running.topology.services[row.service as usize].id);
        self.emit(EventKind::ReplicaCrashed, target, message, &[("replica", &name), ("cause", cause)]);
    }

    /// Lets replicas that are starting, draining or down go on; kills those that ran out of memory.
    pub(super) fn advance_replicas(&mut self) {
        if self.cloud.replicas.any_out_of_memory() {
            let limits: Vec<f64> = self.cloud.common.iter().map(|common| common.memory_gb).collect();
            self.crash_where(|row| row.memory_gb > limits[row.service as usize], "out of memory");
        }
        if !self.cloud.unsettled {
            return;
        }
        let mut changed = false;
        let mut gone = false;
        for service in 0..self.cloud.services.len() {
            let range = self.cloud.replicas_of(service);
            for index in range.clone() {
                let row = self.cloud.replicas.row(index);
                match row.state {
                    ReplicaState::Running => {}
                    ReplicaState::Crashed => {
                        if row.until_tick <= self.tick && !self.is_held(index, range.clone(), row.clean) {
                            let startup_s = self.running.topology.services[service].specs.startup_s;
                            self.cloud.stop(index, ReplicaState::Starting, self.tick + ticks(startup_s));
                            changed = true;
                        }
                    }
                    ReplicaState::Starting if row.until_tick > self.tick => {}
                    ReplicaState::Starting => {
                        // What a restart does not cure is still there when it comes up.
                        if self.is_held(index, range.clone(), true) {
                            self.crash(index, &row, "killed by a fault");
                        } else {
                            self.ready(index, &row);
                        }
                        changed = true;
                    }
                    ReplicaState::Draining => gone |= row.until_tick <= self.tick || row.backlog < 1e-9,
                }
            }
        }
        if gone {
            self.remove_drained();
        } else if changed {
            self.cloud.refresh_shares();
        }
    }

    /// Kills the replicas that die again and again: each at its own moment, once in a while.
    pub(super) fn crash_looping(&mut self) {
        if !self.cloud.effects.loops {
            return;
        }
        for service in 0..self.cloud.services.len() {
            let strain = self.cloud.effects.services[service].strain;
            if strain[0].loops <= 0.0 {
                continue;
            }
            let range = self.cloud.replicas_of(service);
            let dies = |index: usize| {
                let row = self.cloud.replicas.row(index);
                let struck = libm::ceil(strain[usize::from(row.clean)].loops * range.len() as f64) as usize;
                let turn = self.tick + u64::from(row.ordinal) * CRASH_LOOP_STAGGER;
                let its_turn = turn.is_multiple_of(ticks(CRASH_LOOP_S));
                (row.state == ReplicaState::Running && its_turn && index - range.start < struck)
                    .then_some(row.ordinal)
            };
            let dying: Vec<u32> = range.clone().filter_map(dies).collect();
            if !dying.is_empty() {
                self.crash_where(
                    |row| row.service as usize == service && dying.contains(&row.ordinal),
                    "crash loop",
                );
            }
        }
    }

    fn ready(&mut self, index: usize, row: &Replica) {
        let service = row.service as usize;
        let cold = self.running.topology.services[service].specs.cold_slowdown;
        self.cloud.warming |= cold > 1.0;
        self.cloud.replicas.set(index, &Replica { state: ReplicaState::Running, cold, ..row.clone() });
        // A new replica of a cache holds nothing yet.
        let known = f64::from(self.cloud.services[service].running);
        self.cloud.services[service].cache.warmth *= known / (known + 1.0);
        let name = self.replica_name(row);
        let target = Target::service(&*self.running.topology.services[service].id);
        let message = format!("replica {name} takes traffic");
        self.emit(EventKind::ReplicaReady, target, message, &[("replica", &name)]);
    }

    fn remove_drained(&mut self) {
        let mut rows = self.cloud.replicas.rows();
        let tick = self.tick;
        let services = &mut self.cloud.services;
        rows.retain(|row| {
            let stays = row.state != ReplicaState::Draining || (row.until_tick > tick && row.backlog >= 1e-9);
            if !stays {
                services[row.service as usize].lost += row.backlog;
            }
            stays
        });
        self.cloud.rebuild(rows);
    }

    pub(super) fn replica_name(&self, row: &Replica) -> String {
        format!("{}-{}", self.running.topology.services[row.service as usize].id, row.ordinal)
    }
}

impl super::cloud::Cloud {
    /// Takes a replica out of service: what it had is lost.
    pub(super) fn stop(&mut self, index: usize, state: ReplicaState, until_tick: u64) {
        let row = self.replicas.row(index);
        self.services[row.service as usize].lost += row.backlog;
        let fresh = Replica {
            state,
            clean: row.clean,
            weight: row.weight,
            // What was last seen of it, until it serves again.
            latency_s: row.latency_s,
            ..Replica::starting(row.service as usize, row.ordinal, row.node as usize, until_tick)
        };
        self.replicas.set(index, &fresh);
    }
}
