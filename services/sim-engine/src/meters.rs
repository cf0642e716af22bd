//! What Prometheus sees of the engine.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use proto::sim::v1::SimulationState;
use service::metrics::Metrics;

use crate::id::SimulationId;

type Labels = Vec<(&'static str, &'static str)>;
/// As many as there are simulations, which are bounded; those of a deleted one are forgotten.
type BySimulation = Vec<(&'static str, String)>;
type FloatCounter = Counter<f64, AtomicU64>;
type FloatGauge = Gauge<f64, AtomicU64>;

/// The meters of one simulation, and those that all of them share. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Meters {
    inner: Arc<Inner>,
    own: Own,
}

/// The meters of one simulation.
#[derive(Debug, Clone, Default)]
struct Own {
    ticks: Counter,
    compute_seconds: FloatCounter,
    tick: Gauge,
    requested_speed: FloatGauge,
    effective_speed: FloatGauge,
    playing: Gauge,
    active_faults: Gauge,
}

#[derive(Debug)]
struct Inner {
    ticks: Family<BySimulation, Counter>,
    compute_seconds: Family<BySimulation, FloatCounter>,
    tick: Family<BySimulation, Gauge>,
    requested_speed: Family<BySimulation, FloatGauge>,
    effective_speed: Family<BySimulation, FloatGauge>,
    playing: Family<BySimulation, Gauge>,
    active_faults: Family<BySimulation, Gauge>,
    simulations: Gauge,
    lag: Gauge,
    published: Family<Labels, Counter>,
    published_bytes: Counter,
    publish_failures: Counter,
    telemetry_lost: Counter,
    publish_seconds: Histogram,
    journal_seconds: Histogram,
    commands: Family<Labels, Counter>,
}

impl Meters {
    /// The meters, registered.
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let seconds =
            || Histogram::new([0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0]);
        let counter = |name, help| metrics.register(name, help, Counter::default());
        let gauge = |name, help| metrics.register(name, help, Gauge::default());
        let gauges = |name, help| metrics.register(name, help, Family::<BySimulation, Gauge>::default());
        let floats = |name, help| metrics.register(name, help, Family::<BySimulation, FloatGauge>::default());
        let family = |name, help| metrics.register(name, help, Family::<Labels, Counter>::default());
        let inner = Inner {
            ticks: metrics.register("ticks", "Ticks computed", Family::default()),
            compute_seconds: metrics.register(
                "compute_seconds",
                "Time spent computing ticks",
                Family::default(),
            ),
            tick: gauges("tick", "Next tick to be computed"),
            requested_speed: floats("requested_speed", "Simulated seconds a second asked for"),
            effective_speed: floats("effective_speed", "Simulated seconds a second of the last seconds"),
            playing: gauges("playing", "Whether the clock runs"),
            active_faults: gauges("active_faults", "Faults in force"),
            simulations: gauge("simulations", "Simulations there are"),
            lag: gauge("telemetry_lag_messages", "Telemetry not stored by signal-service"),
            published: family("published_messages", "Messages acknowledged, by what they are"),
            published_bytes: counter("published_bytes", "Payload of acknowledged messages"),
            publish_failures: counter("publish_failures", "Messages that had to be sent again"),
            telemetry_lost: counter(
                "telemetry_lost_messages",
                "Samples that NATS acknowledged and then forgot",
            ),
            publish_seconds: metrics.register(
                "publish_seconds",
                "From sending a message to its acknowledgement",
                seconds(),
            ),
            journal_seconds: metrics.register(
                "journal_seconds",
                "From writing an entry to its acknowledgement",
                seconds(),
            ),
            commands: family("commands", "Commands of ops.commands, by what became of them"),
        };
        Self { inner: Arc::new(inner), own: Own::default() }
    }

    /// Those of a simulation.
    pub(crate) fn of(&self, simulation_id: &SimulationId) -> Self {
        let label = vec![("simulation", simulation_id.to_string())];
        let inner = &self.inner;
        let own = Own {
            ticks: inner.ticks.get_or_create(&label).clone(),
            compute_seconds: inner.compute_seconds.get_or_create(&label).clone(),
            tick: inner.tick.get_or_create(&label).clone(),
            requested_speed: inner.requested_speed.get_or_create(&label).clone(),
            effective_speed: inner.effective_speed.get_or_create(&label).clone(),
            playing: inner.playing.get_or_create(&label).clone(),
            active_faults: inner.active_faults.get_or_create(&label).clone(),
        };
        Self { inner: self.inner.clone(), own }
    }

    /// A simulation is no more.
    pub(crate) fn forget(&self, simulation_id: &SimulationId) {
        let label = vec![("simulation", simulation_id.to_string())];
        let inner = &self.inner;
        inner.ticks.remove(&label);
        inner.compute_seconds.remove(&label);
        for gauges in [&inner.tick, &inner.playing, &inner.active_faults] {
            gauges.remove(&label);
        }
        for gauges in [&inner.requested_speed, &inner.effective_speed] {
            gauges.remove(&label);
        }
    }

    pub(crate) fn simulations(&self, count: usize) {
        self.inner.simulations.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn ticks(&self, ticks: u64, took: Duration) {
        self.own.ticks.inc_by(ticks);
        self.own.compute_seconds.inc_by(took.as_secs_f64());
    }

    pub(crate) fn lag(&self, messages: u64) {
        self.inner.lag.set(i64::try_from(messages).unwrap_or(i64::MAX));
    }

    pub(crate) fn state(&self, state: &SimulationState) {
        let own = &self.own;
        own.tick.set(i64::try_from(state.tick).unwrap_or(i64::MAX));
        own.requested_speed.set(state.speed);
        own.effective_speed.set(state.effective_speed);
        own.playing.set(state.playing.into());
        own.active_faults.set(state.active_faults.into());
    }

    pub(crate) fn published(&self, is_event: bool, bytes: usize, took: Duration) {
        let what = if is_event { "event" } else { "sample" };
        self.inner.published.get_or_create(&vec![("what", what)]).inc();
        self.inner.published_bytes.inc_by(bytes as u64);
        self.inner.publish_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn publish_failed(&self) {
        self.inner.publish_failures.inc();
    }

    pub(crate) fn telemetry_lost(&self, messages: u64) {
        self.inner.telemetry_lost.inc_by(messages);
    }

    pub(crate) fn journalled(&self, took: Duration) {
        self.inner.journal_seconds.observe(took.as_secs_f64());
    }

    /// `outcome` is `journalled`, `repeated` or `refused`.
    pub(crate) fn command(&self, outcome: &'static str) {
        self.inner.commands.get_or_create(&vec![("outcome", outcome)]).inc();
    }
}
