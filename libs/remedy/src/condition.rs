//! What a service suffers from, judged by its own numbers alone; whose fault it is, [`crate::diagnosis`] finds out.

use crate::{
    limits::Tuning,
    target::ServiceId,
    telemetry::{Reading, Window},
    topology::{ReplicaState, Topology},
    words,
};

/// Callers give up when an answer takes longer than their time-out; a 99th percentile this close to it is slow,
/// whatever it is in milliseconds.
const NEAR_TIMEOUT: f64 = 0.8;
/// A queue shorter than this a replica is ordinary jitter.
const QUEUE_PER_REPLICA: f64 = 20.0;
/// Processors below this are idle, %.
const IDLE_CPU_PCT: f64 = 30.0;
/// Arrivals have to pass answers by this factor before a queue counts as growing.
const UNANSWERED: f64 = 1.05;

/// What a service suffers from, mildest first: of two explanations the later one is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Too little was measured to say.
    Unknown,
    /// Nothing.
    Healthy,
    /// Nothing of its own accord, but so busy that its answers add to the delay of those who wait for them.
    Busy,
    /// Answers late, without being short of anything that is measured.
    Slow,
    /// Answers with errors.
    Failing,
    /// Its queue grows though its processors are not busy.
    Backlogged,
    /// More work than its processors can do.
    Overloaded,
    /// Memory is about to run out.
    MemoryHigh,
    /// Some of its replicas are gone.
    PartlyDown,
    /// None of its replicas takes traffic.
    Down,
}

impl Condition {
    /// In one or two words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
            Self::Busy => "busy",
            Self::Slow => "slow",
            Self::Failing => "failing",
            Self::Backlogged => "backlogged",
            Self::Overloaded => "overloaded",
            Self::MemoryHigh => "memory high",
            Self::PartlyDown => "partly down",
            Self::Down => "down",
        }
    }

    /// Whether something is known to be wrong.
    pub fn is_unhealthy(self) -> bool {
        !matches!(self, Self::Unknown | Self::Healthy | Self::Busy)
    }

    /// Whether a callee in the given condition explains this condition in its caller. Waiting for a callee makes slow,
    /// fails, queues and fills memory; it neither burns processors (only retries against one that fails do) nor
    /// takes replicas away.
    pub fn explained_by(self, callee: Self) -> bool {
        match self {
            Self::Slow => callee.is_unhealthy() || callee == Self::Busy,
            Self::Unknown | Self::Failing | Self::Backlogged | Self::MemoryHigh => callee.is_unhealthy(),
            Self::Overloaded => {
                matches!(
                    callee,
                    Self::Down | Self::PartlyDown | Self::Overloaded | Self::MemoryHigh | Self::Failing
                )
            }
            Self::Healthy | Self::Busy | Self::PartlyDown | Self::Down => false,
        }
    }
}

/// A service's condition with the numbers behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Whose.
    pub service: ServiceId,
    /// The verdict.
    pub condition: Condition,
    /// Mean CPU load, %.
    pub cpu_pct: Option<f64>,
    /// Mean memory use, %.
    pub memory_pct: Option<f64>,
    /// Mean error rate, %.
    pub error_rate_pct: Option<f64>,
    /// Mean of the 99th percentile, ms.
    pub p99_ms: Option<f64>,
    /// Mean queue length.
    pub queue_depth: Option<f64>,
    /// Mean share of the connections that are in use, %.
    pub connections_pct: Option<f64>,
    /// Mean arrivals, 1/s.
    pub request_rate: Option<f64>,
    /// Mean answers, 1/s.
    pub throughput: Option<f64>,
    /// Growth of the arrivals as a share of their mean a second; negative when they shrink.
    pub growth_per_s: Option<f64>,
    /// Replicas that take traffic now.
    pub running: Option<u32>,
    /// Replicas that should.
    pub desired: u32,
    /// Replicas that have been missing for the whole window and are not on their way.
    pub missing: u32,
    /// From here on its answers are too late for its callers, ms.
    pub slow_ms: f64,
}

impl Assessment {
    /// Judges a service. A service of which nothing is measured is [`Condition::Unknown`].
    pub fn of(id: &ServiceId, window: Option<&Window>, topology: &Topology, tuning: &Tuning) -> Self {
        let mean = |metric: fn(&Reading) -> f64| window.and_then(|window| window.mean(metric));
        let service = topology.service(id);
        let desired = service.map_or(0, |service| service.desired_replicas);
        let starting = service.map_or(0, |service| service.count(ReplicaState::Starting));
        let most_running = window.and_then(|window| window.max(|reading| reading.replicas));
        let missing =
            most_running.map_or(0, |most| desired.saturating_sub(most as u32).saturating_sub(starting));
        let running = window.and_then(|window| window.latest(|reading| reading.replicas)).map(|n| n as u32);
        let most = service.map_or(0.0, |service| f64::from(service.connections_per_replica))
            * f64::from(running.unwrap_or(0));
        let connections_pct = mean(|reading| reading.connections)
            .filter(|_| most > 0.0)
            .map(|connections| connections / most * 100.0);
        let mut assessment = Self {
            service: id.clone(),
            condition: Condition::Unknown,
            cpu_pct: mean(|reading| reading.cpu_pct),
            memory_pct: mean(|reading| reading.memory_pct),
            error_rate_pct: mean(|reading| reading.error_rate_pct),
            p99_ms: mean(|reading| reading.p99_ms),
            queue_depth: mean(|reading| reading.queue_depth),
            connections_pct,
            request_rate: mean(|reading| reading.request_rate),
            throughput: mean(|reading| reading.throughput),
            growth_per_s: window.and_then(|window| growth(window, tuning)),
            running,
            desired,
            missing,
            slow_ms: slow_ms(id, topology, tuning),
        };
        let queue_rises = window
            .and_then(|window| window.rise(|reading| reading.queue_depth))
            .is_some_and(|rise| rise > 0.0);
        assessment.condition = assessment.judge(queue_rises, tuning);
        assessment
    }

    fn judge(&self, queue_rises: bool, tuning: &Tuning) -> Condition {
        let at_least = |value: Option<f64>, limit: f64| value.is_some_and(|value| value >= limit);
        if self.missing > 0 && self.running == Some(0) {
            return Condition::Down;
        }
        if self.missing > 0 {
            return Condition::PartlyDown;
        }
        if at_least(self.memory_pct, tuning.memory_pct) {
            return Condition::MemoryHigh;
        }
        if at_least(self.cpu_pct, tuning.overload_cpu_pct) {
            return Condition::Overloaded;
        }
        let failing = at_least(self.error_rate_pct, tuning.error_rate_pct);
        if self.queue_grows(queue_rises) {
            // With busy processors a growing queue is overload that the mean has not caught up with.
            if at_least(self.cpu_pct, tuning.busy_cpu_pct) {
                return Condition::Overloaded;
            }
            // With idle processors and errors it is stuck: there is not too much to do, it is not being done.
            let stuck = failing && self.cpu_pct.is_some_and(|cpu| cpu < IDLE_CPU_PCT);
            if !stuck {
                return Condition::Backlogged;
            }
        }
        if failing {
            return Condition::Failing;
        }
        if at_least(self.p99_ms, self.slow_ms) {
            return Condition::Slow;
        }
        if at_least(self.cpu_pct, tuning.busy_cpu_pct) {
            return Condition::Busy;
        }
        if self.cpu_pct.or(self.error_rate_pct).or(self.p99_ms).is_none() {
            return Condition::Unknown;
        }
        Condition::Healthy
    }

    fn queue_grows(&self, rises: bool) -> bool {
        let (Some(queue), Some(offered), Some(answered)) =
            (self.queue_depth, self.request_rate, self.throughput)
        else {
            return false;
        };
        let long = queue > QUEUE_PER_REPLICA * f64::from(self.running.unwrap_or(self.desired).max(1));
        rises && long && offered > answered * UNANSWERED
    }

    /// Whether its slowness or errors can be put down to the work it is given.
    pub fn under_load(&self, tuning: &Tuning) -> bool {
        self.cpu_pct.is_some_and(|cpu| cpu >= tuning.busy_cpu_pct)
            || matches!(self.condition, Condition::Overloaded | Condition::Backlogged)
    }

    /// The numbers that matter, for a reason: `checkout-db CPU 98.2 % over 10 s, queue 1 240, error rate 14.0 %`.
    pub fn words(&self, tuning: &Tuning) -> String {
        let mut parts = Vec::new();
        if self.missing > 0 {
            parts.push(format!(
                "{} of {} running",
                self.running.unwrap_or(0),
                words::plural(self.desired, "replica")
            ));
        }
        if let Some(cpu) = self.cpu_pct {
            parts.push(format!("CPU {}", words::pct(cpu)));
        }
        if let Some(memory) = self.memory_pct.filter(|memory| *memory >= tuning.memory_pct * 0.9) {
            parts.push(format!("memory {}", words::pct(memory)));
        }
        if let Some(queue) = self.queue_depth.filter(|queue| *queue >= 1.0) {
            parts.push(format!("queue {}", words::count(queue)));
        }
        if let Some(errors) = self.error_rate_pct.filter(|errors| *errors >= 0.1) {
            parts.push(format!("error rate {}", words::pct(errors)));
        }
        if let Some(p99) = self.p99_ms.filter(|p99| *p99 >= self.slow_ms * 0.5) {
            parts.push(format!("p99 {}", words::ms(p99)));
        }
        if parts.is_empty() {
            return format!("{} is not measured", self.service);
        }
        let over = format!(" over {:.0} s", tuning.window_s);
        if let Some(first) = parts.first_mut() {
            first.push_str(&over);
        }
        format!("{} {}", self.service, parts.join(", "))
    }
}

/// The halves of the window lie half a window apart.
fn growth(window: &Window, tuning: &Tuning) -> Option<f64> {
    let mean = window.mean(|reading| reading.request_rate).filter(|mean| *mean > 0.0)?;
    let rise = window.rise(|reading| reading.request_rate)?;
    Some(rise / mean / (tuning.window_s / 2.0).max(1.0))
}

fn slow_ms(id: &ServiceId, topology: &Topology, tuning: &Tuning) -> f64 {
    topology
        .callers(id)
        .iter()
        .map(|edge| edge.timeout_ms * NEAR_TIMEOUT)
        .filter(|limit| *limit > 0.0)
        .fold(tuning.slow_p99_ms, f64::min)
}
