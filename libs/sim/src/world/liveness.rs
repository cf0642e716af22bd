//! Liveness probes: a replica that answers too slowly too often is killed and started again. Under overload that is no help: the
//! load moves to the others, and the new replica is cold.

use crate::TICK_S;
use crate::policy::Liveness;

use super::World;
use super::lifecycle::ticks;
use super::view::ReplicaState;

impl World {
    /// Probes the replicas whose turn it is and kills those that failed too often in a row.
    pub(super) fn probe_replicas(&mut self) {
        for service in 0..self.cloud.services.len() {
            let Some(policy) = self.running.topology.services[service].liveness else { continue };
            let range = self.cloud.replicas_of(service);
            let mut dying = Vec::new();
            for index in range {
                let row = self.cloud.replicas.row(index);
                if !is_turn(&policy, row.ordinal, self.tick) {
                    continue;
                }
                let key = (row.service, row.ordinal);
                let passed = row.state != ReplicaState::Running
                    || self.cloud.replicas.latency_s(index) * 1000.0 <= policy.timeout_ms;
                if passed {
                    self.cloud.failed_probes.remove(&key);
                    continue;
                }
                let failures = self.cloud.failed_probes.entry(key).or_insert(0);
                *failures = failures.saturating_add(1);
                if *failures >= policy.failures {
                    self.cloud.failed_probes.remove(&key);
                    dying.push(row.ordinal);
                }
            }
            if !dying.is_empty() {
                let struck = service as u32;
                self.crash_where(
                    |row| row.service == struck && dying.contains(&row.ordinal),
                    "failed its liveness probe",
                );
            }
        }
    }
}

/// Whether a replica is probed in a tick: every period, each at its own moment (by the golden ratio, so that few share one).
fn is_turn(policy: &Liveness, ordinal: u32, tick: u64) -> bool {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let period = ticks(policy.period_s).max(1);
    let turn = f64::from(ordinal) * GOLDEN;
    let phase = ((turn - libm::floor(turn)) * policy.period_s / TICK_S) as u64;
    (tick + phase).is_multiple_of(period)
}
