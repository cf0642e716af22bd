//! The last seconds of every service and node, and means over them.
//!
//! A value that was not measured is NaN in a [`Reading`] and leaves no trace in a mean; a mean over too few values is
//! `None`, which the rules read as "unknown": neither healthy nor unhealthy.

use std::collections::{BTreeMap, VecDeque};

use crate::target::{NodeId, ServiceId};

/// Fewer measured values than this in a window say nothing.
const MIN_VALUES: usize = 3;
/// More samples than this are not kept, whatever the sampling interval: memory stays bounded.
const MAX_SAMPLES: usize = 256;

/// The metrics of one entity at one tick. NaN means not measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Busy processors, %.
    pub cpu_pct: f64,
    /// Used memory, %.
    pub memory_pct: f64,
    /// Requests that arrive, 1/s.
    pub request_rate: f64,
    /// Requests that are answered, 1/s.
    pub throughput: f64,
    /// Failed requests, %.
    pub error_rate_pct: f64,
    /// 99th percentile of the answer time, ms.
    pub p99_ms: f64,
    /// Requests that wait.
    pub queue_depth: f64,
    /// Requests in progress: the connections of a database.
    pub connections: f64,
    /// Replicas that take traffic.
    pub replicas: f64,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            cpu_pct: f64::NAN,
            memory_pct: f64::NAN,
            request_rate: f64::NAN,
            throughput: f64::NAN,
            error_rate_pct: f64::NAN,
            p99_ms: f64::NAN,
            queue_depth: f64::NAN,
            connections: f64::NAN,
            replicas: f64::NAN,
        }
    }
}

impl Reading {
    /// Sets a metric by its wire name. Metrics that no rule reads, infinite values and negative ones are dropped.
    pub fn set(&mut self, metric: &str, value: f64) {
        if !value.is_finite() || value < 0.0 {
            return;
        }
        if let Some(slot) = self.slot(metric) {
            *slot = value;
        }
    }

    /// A metric by its wire name; NaN for one that no rule reads.
    pub fn get(&self, metric: &str) -> f64 {
        let mut copy = *self;
        copy.slot(metric).map_or(f64::NAN, |slot| *slot)
    }

    fn slot(&mut self, metric: &str) -> Option<&mut f64> {
        Some(match metric {
            "cpu_usage" => &mut self.cpu_pct,
            "memory_usage" => &mut self.memory_pct,
            "request_rate" => &mut self.request_rate,
            "throughput" => &mut self.throughput,
            "error_rate" => &mut self.error_rate_pct,
            "latency_p99" => &mut self.p99_ms,
            "queue_depth" => &mut self.queue_depth,
            "active_connections" => &mut self.connections,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }
}

/// One entity in a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct EntitySample<Id> {
    /// Whose.
    pub id: Id,
    /// Version of its definition; an action names it and is refused when the target has changed since.
    pub version: u64,
    /// What was measured.
    pub reading: Reading,
}

/// Telemetry of one tick: of the whole cloud, or of one shard of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// Tick that it closes.
    pub tick: u64,
    /// Services.
    pub services: Vec<EntitySample<ServiceId>>,
    /// Nodes.
    pub nodes: Vec<EntitySample<NodeId>>,
}

/// The last seconds of one entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Window {
    samples: VecDeque<(u64, Reading)>,
    version: u64,
}

impl Window {
    fn push(&mut self, tick: u64, version: u64, reading: Reading, oldest: u64) {
        if self.samples.back().is_some_and(|(last, _)| *last >= tick) {
            return;
        }
        self.version = self.version.max(version);
        self.samples.push_back((tick, reading));
        while self.samples.len() > MAX_SAMPLES
            || self.samples.front().is_some_and(|(first, _)| *first < oldest)
        {
            self.samples.pop_front();
        }
    }

    /// Mean of a metric, or `None` when too little was measured.
    pub fn mean(&self, metric: impl Fn(&Reading) -> f64) -> Option<f64> {
        mean(self.samples.iter().map(|(_, reading)| metric(reading)))
    }

    /// Mean of the newer half minus mean of the older half: positive when the metric rises.
    pub fn rise(&self, metric: impl Fn(&Reading) -> f64) -> Option<f64> {
        let half = self.samples.len() / 2;
        let old = mean(self.samples.iter().take(half).map(|(_, reading)| metric(reading)))?;
        let new = mean(self.samples.iter().skip(half).map(|(_, reading)| metric(reading)))?;
        Some(new - old)
    }

    /// Largest value of a metric.
    pub fn max(&self, metric: impl Fn(&Reading) -> f64) -> Option<f64> {
        let mut measured: Vec<f64> = self
            .samples
            .iter()
            .map(|(_, reading)| metric(reading))
            .filter(|value| value.is_finite())
            .collect();
        if measured.len() < MIN_VALUES {
            return None;
        }
        measured.sort_by(f64::total_cmp);
        measured.last().copied()
    }

    /// Newest measured value of a metric.
    pub fn latest(&self, metric: impl Fn(&Reading) -> f64) -> Option<f64> {
        self.samples.iter().rev().map(|(_, reading)| metric(reading)).find(|value| value.is_finite())
    }

    /// Newest version seen; 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Tick of the newest sample.
    pub fn newest_tick(&self) -> Option<u64> {
        self.samples.back().map(|(tick, _)| *tick)
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values
        .filter(|value| value.is_finite())
        .fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count >= MIN_VALUES).then(|| sum / count as f64)
}

/// Windows of all entities.
#[derive(Debug, Clone, Default)]
pub struct Windows {
    services: BTreeMap<ServiceId, Window>,
    nodes: BTreeMap<NodeId, Window>,
    newest_tick: Option<u64>,
}

impl Windows {
    /// Takes a sample in and forgets what is older than `length_ticks`. Late samples are ignored, entity by entity.
    pub fn push(&mut self, sample: Sample, length_ticks: u64) {
        let Sample { tick, services, nodes } = sample;
        let newest = self.newest_tick.map_or(tick, |newest| newest.max(tick));
        self.newest_tick = Some(newest);
        let oldest = newest.saturating_sub(length_ticks.saturating_sub(1));
        for EntitySample { id, version, reading } in services {
            self.services.entry(id).or_default().push(tick, version, reading, oldest);
        }
        for EntitySample { id, version, reading } in nodes {
            self.nodes.entry(id).or_default().push(tick, version, reading, oldest);
        }
        // An entity that no longer reports is unknown, not frozen at its last value.
        self.services.retain(|_, window| window.newest_tick().is_some_and(|last| last >= oldest));
        self.nodes.retain(|_, window| window.newest_tick().is_some_and(|last| last >= oldest));
    }

    /// Tick of the newest sample.
    pub fn newest_tick(&self) -> Option<u64> {
        self.newest_tick
    }

    /// The last seconds of a service.
    pub fn service(&self, id: &ServiceId) -> Option<&Window> {
        self.services.get(id)
    }

    /// The last seconds of a node.
    pub fn node(&self, id: &NodeId) -> Option<&Window> {
        self.nodes.get(id)
    }
}
