//! What happened in a run, for people: the events worth a line, and what became of the requests.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sim::{Event, EventKind, MetricName, World};

use crate::output;

use super::seconds;

/// Most lines that are printed; the rest is counted.
const MAX_LINES: usize = 40;

/// What happened.
#[derive(Debug)]
pub(super) struct Story {
    began: Instant,
    first_tick: u64,
    ticks: u64,
    wall: Duration,
    events: BTreeMap<&'static str, u64>,
    lines: Vec<String>,
    more: usize,
    /// At the entry services: requests, and those that were answered well.
    offered: f64,
    answered: f64,
    unwell: Vec<String>,
}

impl Story {
    /// Begins to listen, and to measure the time.
    pub(super) fn of(world: &World) -> Self {
        Self {
            began: Instant::now(),
            first_tick: world.tick(),
            ticks: 0,
            wall: Duration::ZERO,
            events: BTreeMap::new(),
            lines: Vec::new(),
            more: 0,
            offered: 0.0,
            answered: 0.0,
            unwell: Vec::new(),
        }
    }

    /// Takes in what the last tick brought.
    pub(super) fn hear(&mut self, world: &World, events: &mut Vec<Event>) {
        for event in events.drain(..) {
            *self.events.entry(event.kind.name()).or_default() += 1;
            if matches!(event.kind, EventKind::RunStarted | EventKind::ReplicaReady) {
                continue;
            }
            if self.lines.len() < MAX_LINES {
                self.lines.push(format!("{:>9.2} s  {}", seconds(event.tick), event.message));
            } else {
                self.more += 1;
            }
        }
        if world.sample_due() {
            let sample = world.snapshot().services;
            let interval_s = f64::from(world.sample_every_ms()) / 1000.0;
            for service in world.running_topology().services.iter().filter(|service| service.entry) {
                let rate = |metric| sample.value(&service.id, metric).map_or(0.0, f64::from);
                self.offered += rate(MetricName::RequestRate) * interval_s;
                self.answered += rate(MetricName::Throughput) * interval_s;
            }
        }
    }

    /// The run is over.
    pub(super) fn end(&mut self, world: &World) {
        self.wall = self.began.elapsed();
        self.ticks = world.tick() - self.first_tick;
        let healthy = sim::world::view::Health::Healthy;
        let unwell = world.topology().services.into_iter().filter(|service| service.health != healthy);
        self.unwell = unwell.map(|service| format!("{} {}", service.id, service.health.name())).collect();
    }

    pub(super) fn unanswered_percent(&self) -> f64 {
        if self.offered > 0.0 { (1.0 - self.answered / self.offered).max(0.0) * 100.0 } else { 0.0 }
    }

    fn speed(&self) -> f64 {
        seconds(self.ticks) / self.wall.as_secs_f64().max(1e-9)
    }

    pub(super) fn print(&self) {
        for line in &self.lines {
            output::line(line);
        }
        if self.more > 0 {
            output::line(format!("{:>11}  … and {} more events", "", self.more));
        }
        let health = if self.unwell.is_empty() { "all well".to_owned() } else { self.unwell.join(", ") };
        output::line(format!(
            "requests   {:.0} at the entry services, {:.2} % of them not answered well",
            self.offered,
            self.unanswered_percent()
        ));
        output::line(format!("at the end {health}"));
        output::line(format!(
            "speed      {:.0} × real time: {} s in {:.3} s",
            self.speed(),
            seconds(self.ticks),
            self.wall.as_secs_f64()
        ));
    }

    /// For scripts; every command adds its own keys.
    pub(super) fn json(&self) -> serde_json::Map<String, Value> {
        let value = json!({
            "ticks": self.ticks,
            "simulated_s": seconds(self.ticks),
            "wall_s": self.wall.as_secs_f64(),
            "speed": self.speed(),
            "events": self.events,
            "requests": self.offered,
            "unanswered_percent": self.unanswered_percent(),
            "unwell": self.unwell,
        });
        match value {
            Value::Object(map) => map,
            _ => serde_json::Map::new(),
        }
    }
}
