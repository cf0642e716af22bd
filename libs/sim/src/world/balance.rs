//! Load balancing that looks at the replicas: their shares of the traffic follow what the last tick saw.
//!
//! Round robin needs none of this: its shares change only with states and weights. The others keep a *preference* per replica,
//! which moves towards its target with a time constant, because balancers act on what they measured a moment ago; the share is
//! the weight times the preference. Formulas are in `docs/model/calls.md`.

use crate::TICK_S;
use crate::policy::Balancing;

use super::cloud::Cloud;
use super::replicas::SHARD_SIZE;
use super::view::ReplicaState;

/// Time constant with which shares follow latency and load, s.
const REACTION_S: f64 = 0.5;

/// Time constant with which weights follow capacity, s.
const WEIGHING_S: f64 = 5.0;

/// Least preference, so that a replica that has recovered is found out.
const MIN_PREFERENCE: f64 = 1e-3;

impl Cloud {
    /// Moves the preferences and shares of services whose balancing looks at the replicas.
    pub(super) fn balance(&mut self) {
        for service in 0..self.services.len() {
            let policy = self.topology.services[service].balancing;
            if policy == Balancing::RoundRobin || self.services[service].running < 2 {
                continue;
            }
            let range = self.replicas_of(service);
            self.aim(service, policy, range.clone());
            let running = self.targets.len() as f64;
            let total: f64 = self.targets.iter().map(|(_, target)| target).sum();
            if total <= 0.0 || !total.is_finite() {
                continue;
            }
            let constant_s = if policy == Balancing::Weighted { WEIGHING_S } else { REACTION_S };
            let mut weighed = 0.0;
            for (index, target) in &self.targets {
                let (shard, at) = (&mut self.replicas.shards[index / SHARD_SIZE], index % SHARD_SIZE);
                let aim = (target / total * running).max(MIN_PREFERENCE);
                let preference = &mut shard.preference[at];
                *preference += (aim - *preference) * (TICK_S / (TICK_S + constant_s));
                weighed += *preference * shard.weight[at];
            }
            for (index, _) in &self.targets {
                let (shard, at) = (&mut self.replicas.shards[index / SHARD_SIZE], index % SHARD_SIZE);
                shard.share[at] = shard.preference[at] * shard.weight[at] / weighed;
            }
        }
    }

    /// Fills `targets` with the running replicas of a service and what each should get, in any unit.
    fn aim(&mut self, service: usize, policy: Balancing, range: std::ops::Range<usize>) {
        self.targets.clear();
        let waits_s = self.common[service].downstream_s;
        for index in range {
            let (shard, at) = (&self.replicas.shards[index / SHARD_SIZE], index % SHARD_SIZE);
            if shard.state[at] != ReplicaState::Running {
                continue;
            }
            // One that has served nobody yet is expected to take as long as its work does.
            let own_s = self.common[service].lanes[usize::from(shard.clean[at])].service_s;
            let held_s = shard.latency_s[at].max(own_s * shard.cold[at]) + waits_s;
            let target = match policy {
                Balancing::Weighted => self.speed_of(&self.replicas.row(index)),
                // In progress, by Little's law.
                Balancing::PowerOfTwo => shard.share[at] / shard.weight[at] * held_s,
                // The same for all when each gets 1 / (time in it): as many in progress everywhere.
                _ => 1.0 / held_s,
            };
            self.targets.push((index, target));
        }
        if policy == Balancing::PowerOfTwo {
            self.rank_targets();
        }
    }

    /// Turns how busy replicas are into the odds that each is the less busy of two drawn with replacement: `(2(n − r) − 1)/n²`
    /// for the one with rank `r` from 0 (Mitzenmacher 2001). Equals share their ranks.
    fn rank_targets(&mut self) {
        let count = self.targets.len() as f64;
        self.targets.sort_unstable_by(|left, right| left.1.total_cmp(&right.1).then(left.0.cmp(&right.0)));
        let mut start = 0;
        while start < self.targets.len() {
            let busy = self.targets[start].1;
            let same = self.targets[start..].iter().take_while(|(_, other)| *other <= busy).count().max(1);
            let rank = start as f64 + (same as f64 - 1.0) / 2.0;
            for (_, target) in &mut self.targets[start..start + same] {
                *target = (2.0 * (count - rank) - 1.0) / (count * count);
            }
            start += same;
        }
    }
}
