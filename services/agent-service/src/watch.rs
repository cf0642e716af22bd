//! One simulation as the agent sees it: its run, its heartbeat, and the core.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use chrono::{DateTime, Utc};
use proto::sim::v1::MetricSnapshot;
use remedy::{Agent, Freshness, Heartbeat, Limits, Memory, Tuning};
use tokio::time::Instant;
use uuid::Uuid;

use crate::convert::{Beat, Scope};

/// Heartbeats come twice a second.
const SILENT_AFTER: Duration = Duration::from_secs(60);
/// Length of a tick until a heartbeat tells, simulated ms.
const DEFAULT_TICK_MS: u32 = 50;

/// How a message relates to the run that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// It is of that run.
    Current,
    /// It is of a later run, which is to be watched from now on.
    Next,
    /// It is of a run that is over.
    Past,
}

/// One simulation.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The core.
    pub(crate) agent: Agent,
    /// What the tables hold of its memory; `None` when they have to be read again.
    pub(crate) stored: Option<Memory>,
    /// Whether the core knows a topology that fits the newest telemetry.
    pub(crate) topology_known: bool,
    /// Newest tick with its simulated time, for the times of other ticks.
    pub(crate) anchor: Option<(u64, DateTime<Utc>)>,
    pub(crate) tick_ms: u32,
    run: Option<(Uuid, DateTime<Utc>)>,
    beat: Option<(u64, Instant)>,
    /// When sim-engine may be asked for the topology again, after it did not answer.
    pub(crate) ask_topology_at: Instant,
    /// By shard: what the definitions and states of everything looked like in the last sample.
    shapes: BTreeMap<u32, u64>,
}

impl Watch {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            agent: Agent::new(limits, Tuning::default(), DEFAULT_TICK_MS).with_foresight(),
            stored: None,
            topology_known: false,
            anchor: None,
            tick_ms: DEFAULT_TICK_MS,
            run: None,
            beat: None,
            ask_topology_at: Instant::now(),
            shapes: BTreeMap::new(),
        }
    }

    /// Whether the engine has not spoken of it for so long that it was deleted, or stopped.
    pub(crate) fn is_silent(&self) -> bool {
        self.beat.is_none_or(|(_, at)| at.elapsed() >= SILENT_AFTER)
    }

    /// The run that is watched.
    pub(crate) fn run_id(&self) -> Option<Uuid> {
        self.run.map(|(id, _)| id)
    }

    /// A simulation's time never goes backwards: of two runs the one with the later time is the newer.
    pub(crate) fn era(&mut self, scope: &Scope) -> Era {
        match &mut self.run {
            Some((id, newest)) if *id == scope.run_id => {
                *newest = scope.time.max(*newest);
                Era::Current
            }
            Some((_, newest)) if scope.time <= *newest => Era::Past,
            _ => Era::Next,
        }
    }

    /// Turns to a new run and forgets the old one.
    pub(crate) fn enter(&mut self, scope: &Scope) {
        self.run = Some((scope.run_id, scope.time));
        self.agent.begin_run(self.tick_ms);
        self.stored = None;
        self.topology_known = false;
        self.anchor = None;
        self.beat = None;
        self.shapes.clear();
    }

    /// The engine is alive.
    pub(crate) fn hear(&mut self, beat: &Beat) {
        self.beat = Some((beat.tick, Instant::now()));
        if beat.tick_ms > 0 && beat.tick_ms != self.tick_ms {
            self.tick_ms = beat.tick_ms;
            self.agent.set_tick_ms(beat.tick_ms);
        }
    }

    /// How recent what the agent sees is, and whether it may act.
    pub(crate) fn freshness(&self, paused: bool) -> Freshness {
        let heartbeat = self.beat.map(|(tick, at)| Heartbeat {
            tick,
            age_ms: u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        Freshness { heartbeat, paused }
    }

    /// Notes what a sample says about definitions and states; a change means that the topology has to be read again.
    pub(crate) fn look_at_shape(&mut self, sample: &MetricSnapshot) {
        let mut hasher = DefaultHasher::new();
        for columns in [&sample.services, &sample.nodes].into_iter().flatten() {
            columns.ids.hash(&mut hasher);
            columns.versions.hash(&mut hasher);
            for column in &columns.columns {
                match column.metric.as_str() {
                    // Replicas come and go, and a node that does not answer measures nothing.
                    "replicas" => column.values.iter().for_each(|value| value.to_bits().hash(&mut hasher)),
                    "cpu_usage" => column.values.iter().for_each(|value| value.is_nan().hash(&mut hasher)),
                    _ => {}
                }
            }
        }
        if self.shapes.insert(sample.shard, hasher.finish()) != Some(hasher.finish()) {
            self.topology_known = false;
        }
    }
}
