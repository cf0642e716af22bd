//! Another topology for a running cloud: services and calls that stay go on as they were, others begin or end.
//!
//! Zones, nodes and the services of the file keep their numbers. Components stand behind them, and move up when one goes.

use std::sync::Arc;

use crate::policy::Balancing;
use crate::scenario::Scenario;
use crate::topology::{EdgeSpec, Topology};

use super::World;
use super::cloud::Cloud;
use super::replicas::Replica;

impl World {
    /// Runs another topology from here on. Versions of callers whose calls go elsewhere rise.
    pub(super) fn reshape(&mut self, scenario: Arc<Scenario>) {
        if *scenario.topology == *self.running.topology {
            // Traffic alone may differ.
            self.running = scenario;
            return;
        }
        let (old, new) = (&self.running.topology, &scenario.topology);
        let now: Vec<Option<usize>> = old.services.iter().map(|service| new.service(&service.id)).collect();
        for operation in &mut self.operations {
            operation.renumber(&now);
        }
        for (service, number) in now.iter().enumerate() {
            let moved = number.is_some_and(|number| !same_calls((old, service), (new, number)));
            if moved {
                self.cloud.services[service].version += 1;
            }
        }
        self.cloud.reshape(&scenario, &now);
        self.running = scenario;
        self.cloud.sampler.hash_ids(&mut self.telemetry);
        self.faults_changed = true;
        self.refresh_faults();
    }
}

/// Whether a service calls the same services as before.
fn same_calls(before: (&Topology, usize), after: (&Topology, usize)) -> bool {
    fn callees((topology, service): (&Topology, usize)) -> impl Iterator<Item = &str> {
        let calls = topology.edges.iter().filter(move |edge| edge.from == service);
        calls.map(|edge| &*topology.services[edge.to].id)
    }
    callees(before).eq(callees(after))
}

impl Cloud {
    /// Takes over what goes on in a cloud of the scenario; `now` has the new number of every service.
    fn reshape(&mut self, scenario: &Scenario, now: &[Option<usize>]) {
        let old = std::mem::replace(self, Self::new(scenario));
        let Self {
            topology: before,
            replicas,
            common,
            services,
            nodes,
            edges,
            first_edge: _,
            levels,
            first_level,
            breaker_changes: _,
            sums,
            node_sums,
            node_speed,
            effects,
            sampler,
            unsettled: _,
            warming,
            failed_probes,
            targets: _,
        } = old;
        for service in &mut self.services {
            (service.running, service.next_ordinal) = (0, 0);
        }
        let mut common = common;
        for (service, state) in services.into_iter().enumerate() {
            if let Some(number) = now[service] {
                self.services[number] = state;
                self.sums[number] = sums[service];
                std::mem::swap(&mut self.common[number], &mut common[service]);
            }
        }
        for (index, spec) in before.edges.iter().enumerate() {
            if let Some(number) = self.edge_like(&before, spec, index, now) {
                self.edges[number] = edges[index];
                let waiting = &levels[first_level[index]..first_level[index + 1]];
                let level = self.first_level[number];
                self.levels[level..level + waiting.len()].clone_from_slice(waiting);
            }
        }
        (self.nodes, self.node_sums, self.node_speed) = (nodes, node_sums, node_speed);
        self.effects.nodes = effects.nodes;
        self.sampler.take_over(sampler, now);
        self.warming = warming;
        self.failed_probes = failed_probes
            .into_iter()
            .filter_map(|((service, ordinal), failures)| {
                now[service as usize].map(|number| ((number as u32, ordinal), failures))
            })
            .collect();
        let rows = replicas.rows().into_iter().filter_map(|row| {
            let number = now[row.service as usize]?;
            // What a balancer had come to prefer means nothing without it.
            let balanced = self.topology.services[number].balancing != Balancing::RoundRobin;
            let preference = if balanced { row.preference } else { 1.0 };
            Some(Replica { service: number as u32, preference, ..row })
        });
        let rows = rows.collect();
        self.rebuild(rows);
    }

    /// The call in the new topology that goes on what a call in the old one did: between the same services, the same one of several,
    /// with as many retries.
    fn edge_like(
        &self,
        before: &Topology,
        spec: &EdgeSpec,
        index: usize,
        now: &[Option<usize>],
    ) -> Option<usize> {
        let (from, to) = (now[spec.from]?, now[spec.to]?);
        let twins = |edge: &&EdgeSpec| (edge.from, edge.to) == (spec.from, spec.to);
        let nth = before.edges[..index]
            .iter()
            .rev()
            .take_while(|edge| edge.from == spec.from)
            .filter(twins)
            .count();
        let calls = self.first_edge[from]..self.first_edge[from + 1];
        let like = calls.filter(|number| self.topology.edges[*number].to == to).nth(nth)?;
        (self.topology.edges[like].retries.max == spec.retries.max).then_some(like)
    }
}
