//! Actions that change how many replicas there are, or where.

use crate::topology::{MAX_REPLICAS_PER_SERVICE, Topology};

use super::World;
use super::cloud::Cloud;
use super::lifecycle::{DRAIN_S, ticks};
use super::operations::Work;
use super::placement::Ledger;
use super::replicas::Replica;
use super::view::ReplicaState;

/// Most replicas that one action adds or removes.
const MAX_STEP: u32 = 1000;

/// Least weight of a replica, so that a slow one still shows whether it has recovered.
const MIN_WEIGHT: f64 = 0.01;

impl World {
    pub(super) fn begin_scale_up(&mut self, service: usize, count: u32) -> Result<Work, String> {
        let now = self.cloud.services[service].desired;
        if count > MAX_STEP || now + count > MAX_REPLICAS_PER_SERVICE {
            return Err(format!(
                "{count} more replicas are too many; add at most {MAX_STEP} at once, {MAX_REPLICAS_PER_SERVICE} in all"
            ));
        }
        let rows = self.cloud.replicas.rows();
        let Some(nodes) = self.cloud.find_room(&self.cloud.topology, &rows, &[(service, count)], None) else {
            let specs = &self.running.topology.services[service].specs;
            return Err(format!(
                "no ready node has room for {count} more replicas of {} cores, {} GiB of memory and {} GiB of disk; scale something else down first",
                specs.cpu_cores, specs.memory_gb, specs.storage_gb
            ));
        };
        let ordinals = self.start_replicas(rows, &nodes);
        let state = &mut self.cloud.services[service];
        state.version += 1;
        state.desired += count;
        Ok(Work::ScaleUp { service, ordinals: ordinals.into_iter().map(|(_, ordinal)| ordinal).collect() })
    }

    pub(super) fn begin_scale_down(&mut self, service: usize, count: u32) -> Result<Work, String> {
        let desired = self.cloud.services[service].desired;
        if count >= desired {
            return Err(format!(
                "it has {desired} replicas and the last one stays; remove at most {}",
                desired - 1
            ));
        }
        // Those that serve nobody go first, then the youngest.
        let mut candidates: Vec<usize> = self.cloud.replicas_of(service).collect();
        candidates.retain(|index| self.cloud.replicas.row(*index).state != ReplicaState::Draining);
        candidates.sort_by_key(|index| {
            let row = self.cloud.replicas.row(*index);
            (row.state == ReplicaState::Running, std::cmp::Reverse(row.ordinal))
        });
        candidates.truncate(count as usize);
        let until_tick = self.tick + ticks(DRAIN_S);
        let mut ordinals = Vec::new();
        for index in candidates {
            let row = self.cloud.replicas.row(index);
            ordinals.push(row.ordinal);
            self.cloud.replicas.set(index, &Replica { state: ReplicaState::Draining, until_tick, ..row });
        }
        let state = &mut self.cloud.services[service];
        state.version += 1;
        state.desired -= count;
        self.cloud.refresh_shares();
        Ok(Work::ScaleDown { service, ordinals })
    }

    pub(super) fn begin_drain(&mut self, node: usize) -> Result<Work, String> {
        if self.cloud.nodes[node].cordoned {
            return Err("it is drained already; nothing to do".to_owned());
        }
        if !(0..self.cloud.nodes.len()).any(|other| other != node && self.cloud.is_ready(other)) {
            return Err("no other node is ready; the last one cannot be drained".to_owned());
        }
        let rows = self.cloud.replicas.rows();
        let mut wanted: Vec<(usize, u32)> = Vec::new();
        for row in rows.iter().filter(|row| row.node as usize == node && row.state != ReplicaState::Draining)
        {
            match wanted.last_mut() {
                Some((service, count)) if *service == row.service as usize => *count += 1,
                _ => wanted.push((row.service as usize, 1)),
            }
        }
        let Some(nodes) = self.cloud.find_room(&self.cloud.topology, &rows, &wanted, Some(node)) else {
            return Err(
                "the other ready nodes have no room for its replicas; scale something down first".to_owned()
            );
        };
        self.cloud.nodes[node].cordoned = true;
        self.cloud.nodes[node].version += 1;
        for (service, _) in &wanted {
            self.cloud.services[*service].version += 1;
        }
        let moved = self.start_replicas(rows, &nodes);
        Ok(Work::Drain { node, moved })
    }

    /// Adds starting replicas on the given nodes; their services and ordinals.
    pub(super) fn start_replicas(
        &mut self,
        mut rows: Vec<Replica>,
        nodes: &[(usize, usize)],
    ) -> Vec<(usize, u32)> {
        let mut started = Vec::new();
        for (service, node) in nodes {
            let state = &mut self.cloud.services[*service];
            let ordinal = state.next_ordinal;
            state.next_ordinal += 1;
            let ready = self.tick + ticks(self.running.topology.services[*service].specs.startup_s);
            rows.push(Replica::starting(*service, ordinal, *node, ready));
            started.push((*service, ordinal));
        }
        self.cloud.rebuild(rows);
        started
    }

    /// Lets a node take replicas again, and fetches as many as bring it to the load of the others.
    pub(super) fn begin_undrain(&mut self, node: usize) -> Result<Work, String> {
        let state = &mut self.cloud.nodes[node];
        if !state.cordoned {
            return Err("it is not drained; nothing to do".to_owned());
        }
        if state.down {
            return Err("it is down; let it come back first".to_owned());
        }
        state.cordoned = false;
        state.version += 1;
        let rows = self.cloud.replicas.rows();
        let fetched = self.cloud.share_of(&self.running.topology, &rows, node);
        let leaving: Vec<(usize, u32)> =
            fetched.iter().map(|index| (rows[*index].service as usize, rows[*index].ordinal)).collect();
        let mut changed: Vec<usize> = leaving.iter().map(|(service, _)| *service).collect();
        changed.dedup();
        for service in changed {
            self.cloud.services[service].version += 1;
        }
        let places: Vec<(usize, usize)> = leaving.iter().map(|(service, _)| (*service, node)).collect();
        let moved = self.start_replicas(rows, &places);
        Ok(Work::Undrain { node, moved, leaving })
    }

    /// Sends the replicas on a node away; whether there still are any.
    pub(super) fn retire_on(&mut self, node: usize) -> bool {
        self.retire_those(|row| row.node as usize == node)
    }

    /// Sends replicas away; whether there still are any of them.
    pub(super) fn retire(&mut self, leaving: &[(usize, u32)]) -> bool {
        self.retire_those(|row| leaving.contains(&(row.service as usize, row.ordinal)))
    }

    fn retire_those(&mut self, leaves: impl Fn(&Replica) -> bool) -> bool {
        let until_tick = self.tick + ticks(DRAIN_S);
        let mut any = false;
        let mut changed = false;
        for index in 0..self.cloud.replicas.len() {
            let row = self.cloud.replicas.row(index);
            if !leaves(&row) {
                continue;
            }
            any = true;
            if row.state != ReplicaState::Draining {
                changed = true;
                self.cloud.replicas.set(index, &Replica { state: ReplicaState::Draining, until_tick, ..row });
            }
        }
        if changed {
            self.cloud.refresh_shares();
        }
        any
    }
}

impl Cloud {
    /// A ready node for every wanted replica of a topology with these nodes, as (service, node), or `None` when one finds no room.
    pub(super) fn find_room(
        &self,
        topology: &Topology,
        rows: &[Replica],
        wanted: &[(usize, u32)],
        without: Option<usize>,
    ) -> Option<Vec<(usize, usize)>> {
        let mut ledger = Ledger::of(topology, rows);
        let mut found = Vec::new();
        for (service, count) in wanted {
            ledger.look_at(rows, *service);
            for _ in 0..*count {
                let allowed = |node: usize| Some(node) != without && self.is_ready(node);
                found.push((*service, ledger.place(topology, *service, allowed)?));
            }
        }
        Some(found)
    }

    /// Weighs a service's replicas by the speed of their nodes, how little they page and how warm they are.
    pub(super) fn weigh_by_capacity(&mut self, service: usize) {
        for index in self.replicas_of(service) {
            let row = self.replicas.row(index);
            let weight = self.speed_of(&row).max(MIN_WEIGHT);
            self.replicas.set(index, &Replica { weight, ..row });
        }
        self.refresh_shares();
    }

    /// Gives every replica of a service the same weight; whether that changes anything.
    pub(super) fn weigh_alike(&mut self, service: usize) -> bool {
        let mut changed = false;
        for index in self.replicas_of(service) {
            let row = self.replicas.row(index);
            changed |= (row.weight - 1.0).abs() > f64::EPSILON;
            self.replicas.set(index, &Replica { weight: 1.0, ..row });
        }
        if changed {
            self.refresh_shares();
        }
        changed
    }

    pub(super) fn speed_of(&self, row: &Replica) -> f64 {
        let common = &self.common[row.service as usize];
        let paging = super::replicas::paging_stretch(row.memory_gb / common.memory_gb);
        self.node_speed[row.node as usize] / (paging * row.cold)
    }
}
