//! A topology while components are being put into it.

use std::sync::Arc;

use crate::policy::{Balancing, Retries};
use crate::profile::{self, Profile};
use crate::topology::{self, Carries, EdgeSpec, ServiceSpec, Topology};

use super::check::{is_uncached_read, may_read, read_replica_of};
use super::{CACHE_HIT_RATIO, CDN_HIT_RATIO, Component, ComponentKind, Extended};

/// How long an added balancer or CDN waits for what is behind it, unless those that call it wait longer, ms.
const BEHIND_TIMEOUT_MS: f64 = 10_000.0;
/// How long callers wait for an added cache before they ask the database, ms.
const CACHE_TIMEOUT_MS: f64 = 50.0;
/// On the network between two services in the same cloud, there and back, ms; what calls have by default.
const NETWORK_MS: f64 = 0.5;
/// Calls that fail are not made again by components; whoever calls them does that.
const NO_RETRIES: Retries = Retries { max: 0, budget: 0.0, backoff_ms: 50.0, backoff_max_ms: 2000.0 };

pub(super) struct Draft {
    services: Vec<ServiceSpec>,
    edges: Vec<EdgeSpec>,
    entrances: Vec<usize>,
}

impl Draft {
    pub(super) fn new(base: &Topology) -> Self {
        Self {
            services: base.services.clone(),
            edges: base.edges.clone(),
            entrances: (0..base.services.len()).collect(),
        }
    }

    pub(super) fn finish(self, base: &Arc<Topology>) -> Extended {
        let Self { services, mut edges, entrances } = self;
        edges.sort_by_key(|edge| edge.from);
        // Components stand beside a service, or between it and its callers: no circle comes of that.
        let (order, _) = topology::in_order(services.len(), &edges);
        let topology =
            Topology::new(base.name.clone(), base.zones.clone(), base.nodes.clone(), services, edges, order);
        Extended { topology, entrances }
    }

    pub(super) fn add(&mut self, component: &Component) -> Result<(), String> {
        let id = component.id();
        if self.position(&id).is_some() {
            return Err(format!("there is a service {id} already; scale that one up instead"));
        }
        let target = self
            .position(&component.target)
            .ok_or_else(|| format!("there is no service {:?}", component.target))?;
        let added = self.services.len();
        self.services.push(self.spec_of(component, target, &id)?);
        if component.routed {
            match component.kind {
                ComponentKind::ReadReplica => self.split_reads(target, added),
                ComponentKind::Cache => self.ask_before(target, added),
                ComponentKind::LoadBalancer => self.stand_between(target, added),
                ComponentKind::Cdn => self.stand_at_the_edge(target, added),
                ComponentKind::Consumers => self.share_deliveries(target, added, component),
            }
        }
        Ok(())
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.services.iter().position(|service| &*service.id == id)
    }

    fn spec_of(&self, component: &Component, target: usize, id: &str) -> Result<ServiceSpec, String> {
        let copied = &self.services[target];
        let engine = |name: &str| profile::by_name(name).ok_or_else(|| format!("there is no profile {name}"));
        let new = |profile: &'static Profile| ServiceSpec {
            profile,
            specs: profile.defaults.clone(),
            balancing: Balancing::RoundRobin,
            liveness: None,
            ..copied.clone()
        };
        let spec = match component.kind {
            ComponentKind::ReadReplica | ComponentKind::Consumers => copied.clone(),
            ComponentKind::Cache => new(engine("redis")?),
            ComponentKind::LoadBalancer => new(engine("load_balancer")?),
            ComponentKind::Cdn => new(engine("cdn")?),
        };
        Ok(ServiceSpec {
            id: Arc::from(id),
            replicas: component.replicas,
            placement: Vec::new(),
            entry: false,
            ..spec
        })
    }

    /// Reads go to the copy, writes to the original, which passes them on.
    fn split_reads(&mut self, database: usize, copy: usize) {
        let mut reads = Vec::new();
        for edge in self.edges.iter_mut().filter(|edge| edge.to == database && may_read(edge)) {
            if edge.carries == Carries::All {
                reads.push(EdgeSpec { to: copy, carries: Carries::Reads, ..edge.clone() });
                edge.carries = Carries::Writes;
                (edge.cache_hit_ratio, edge.static_hit_ratio, edge.cache) = (0.0, 0.0, None);
            } else {
                edge.to = copy;
            }
        }
        self.edges.append(&mut reads);
        self.edges.push(EdgeSpec {
            carries: Carries::Writes,
            required: false,
            asynchronous: true,
            ..plain_call(database, copy, 1000.0)
        });
    }

    /// Reads ask the cache first. Those of a read replica are reads of the database.
    fn ask_before(&mut self, database: usize, cache: usize) {
        let copy = self.position(&read_replica_of(&self.services[database].id));
        let mut asks = Vec::new();
        let reads =
            |edge: &&mut EdgeSpec| (edge.to == database || Some(edge.to) == copy) && is_uncached_read(edge);
        for edge in self.edges.iter_mut().filter(reads) {
            edge.cache_hit_ratio = CACHE_HIT_RATIO;
            edge.static_hit_ratio = edge.static_hit_ratio.max(CACHE_HIT_RATIO);
            edge.cache = Some(cache);
            asks.push(EdgeSpec {
                calls_per_request: edge.calls_per_request,
                read_ratio: edge.read_ratio,
                carries: Carries::Reads,
                required: false,
                ..plain_call(edge.from, cache, CACHE_TIMEOUT_MS)
            });
        }
        self.edges.append(&mut asks);
    }

    /// Callers call the balancer, the balancer the service, which gets what its replicas can take.
    fn stand_between(&mut self, service: usize, balancer: usize) {
        let mut timeout_ms = BEHIND_TIMEOUT_MS;
        for edge in self.edges.iter_mut().filter(|edge| edge.to == service) {
            timeout_ms = timeout_ms.max(edge.timeout_ms);
            edge.to = balancer;
        }
        self.edges.push(plain_call(balancer, service, timeout_ms));
        self.services[service].balancing = Balancing::LeastConnections;
        self.enter_at(service, balancer);
    }

    /// Traffic enters at the CDN, which passes on what it does not hold.
    fn stand_at_the_edge(&mut self, service: usize, cdn: usize) {
        self.edges.push(EdgeSpec {
            static_hit_ratio: CDN_HIT_RATIO,
            ..plain_call(cdn, service, BEHIND_TIMEOUT_MS)
        });
        self.enter_at(service, cdn);
    }

    fn enter_at(&mut self, service: usize, before: usize) {
        self.services[before].entry = std::mem::take(&mut self.services[service].entry);
        for entrance in self.entrances.iter_mut().filter(|entrance| **entrance == service) {
            *entrance = before;
        }
    }

    /// Both get messages by the number of their replicas, and do the same with them.
    fn share_deliveries(&mut self, consumer: usize, more: usize, component: &Component) {
        let (new, old) = (f64::from(component.replicas), f64::from(component.beside));
        let share = new / (new + old);
        let mut edges = Vec::new();
        for edge in &mut self.edges {
            if edge.to == consumer {
                let calls_per_request = edge.calls_per_request * share;
                edges.push(EdgeSpec { to: more, calls_per_request, ..edge.clone() });
                edge.calls_per_request -= calls_per_request;
            } else if edge.from == consumer {
                edges.push(EdgeSpec { from: more, ..edge.clone() });
            }
        }
        self.edges.append(&mut edges);
    }
}

/// A call per request that passes on what the caller got.
fn plain_call(from: usize, to: usize, timeout_ms: f64) -> EdgeSpec {
    EdgeSpec {
        from,
        to,
        calls_per_request: 1.0,
        read_ratio: None,
        carries: Carries::All,
        cache_hit_ratio: 0.0,
        static_hit_ratio: 0.0,
        cache: None,
        network_ms: NETWORK_MS,
        timeout_ms,
        retries: NO_RETRIES,
        breaker: None,
        connections: None,
        coalescing: false,
        required: true,
        asynchronous: false,
    }
}
