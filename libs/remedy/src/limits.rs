//! What the agent may do, and the numbers it works with. Everything here can be changed without touching a rule.

use crate::autoscale::Autoscale;

/// The rules that keep automation from causing the outage. Each can be switched off, so that its test can show that
/// it matters; [`Limits::default`] has all of them on. Durations are simulated seconds.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one rule, on or off")]
pub struct Limits {
    /// Nothing is proposed when the newest sample is further than this behind the engine's clock. `None`: off.
    pub max_sample_age_s: Option<f64>,
    /// Nothing is proposed when the engine has been silent for longer than this, wall-clock ms. `None`: off.
    pub max_heartbeat_age_ms: Option<u64>,
    /// Nothing is proposed on the strength of values that were not measured.
    pub require_known: bool,
    /// An incident has to be open this long before anything is proposed for it. 0: off.
    pub hold_down_s: f64,
    /// At most one action at a time per cause and per target.
    pub one_per_target: bool,
    /// No second action of the same type on the same target within this time. 0: off.
    pub cooldown_s: f64,
    /// What an operator rejected, or let expire, is not proposed again within this time. 0: off.
    pub rejected_cooldown_s: f64,
    /// Actions proposed per time over the whole cloud. `None`: off.
    pub rate: Option<Rate>,
    /// After this many actions without effect for one cause, a human takes over. `None`: off.
    pub max_ineffective: Option<u32>,
    /// How much of the capacity one action may put at risk. `None`: off.
    pub blast_radius: Option<BlastRadius>,
    /// Nodes are drained in one zone at a time.
    pub one_zone: bool,
    /// A node is drained only if the others stay below this CPU load, %. `None`: off.
    pub max_load_after_drain_pct: Option<f64>,
    /// With a larger share of the nodes out of service than this, nothing is proposed. `None`: off.
    pub max_nodes_out_share: Option<f64>,
    /// A service that is slow because of load is not restarted.
    pub no_restart_under_load: bool,
    /// Nothing is proposed for what is under maintenance.
    pub keep_off_maintenance: bool,
    /// Nothing is proposed while automation is paused.
    pub heed_pause: bool,
}

/// A token bucket: `burst` actions at once, then one every `every_s` simulated seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Tokens of a full bucket.
    pub burst: u32,
    /// Simulated seconds until a token is back.
    pub every_s: f64,
}

/// Largest share of the capacity that may be out of service at once by our doing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlastRadius {
    /// In general.
    pub share: f64,
    /// For a single node or replica while nothing else is out: with fewer than ten nodes nothing could be drained at
    /// all by `share` alone.
    pub single_share: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_sample_age_s: Some(10.0),
            max_heartbeat_age_ms: Some(10_000),
            require_known: true,
            hold_down_s: 3.0,
            one_per_target: true,
            cooldown_s: 90.0,
            rejected_cooldown_s: 600.0,
            rate: Some(Rate { burst: 4, every_s: 30.0 }),
            max_ineffective: Some(3),
            blast_radius: Some(BlastRadius { share: 0.10, single_share: 0.25 }),
            one_zone: true,
            max_load_after_drain_pct: Some(80.0),
            max_nodes_out_share: Some(0.55),
            no_restart_under_load: true,
            keep_off_maintenance: true,
            heed_pause: true,
        }
    }
}

/// Thresholds of the diagnosis and sizes of the remedies. Percentages are of 100, durations simulated seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    /// Length of the window behind every mean.
    pub window_s: f64,
    /// From this CPU load on a service is overloaded, and a node hot.
    pub overload_cpu_pct: f64,
    /// From this CPU load on slowness is put down to load.
    pub busy_cpu_pct: f64,
    /// From here on memory is about to run out.
    pub memory_pct: f64,
    /// From here on a service is failing.
    pub error_rate_pct: f64,
    /// From here on a service is slow (or from 80 % of its callers' time-out on, if that is less).
    pub slow_p99_ms: f64,
    /// CPU load that a scale-up aims at.
    pub target_cpu_pct: f64,
    /// Time from a proposal until its new replicas work, for which growth is added.
    pub lead_s: f64,
    /// Largest factor of one scale-up.
    pub max_scale_factor: u32,
    /// Largest number of replicas that one scale-up adds.
    pub max_scale_step: u32,
    /// Below this CPU load our own scale-up is undone …
    pub undo_cpu_pct: f64,
    /// … once it has lasted this long.
    pub undo_after_s: f64,
    /// CPU load that must not be passed by undoing.
    pub undo_max_cpu_pct: f64,
    /// A node stands out if its CPU load is this far above its peers' median, percentage points.
    pub outlier_cpu_points: f64,
    /// How long what was foreseen is believed.
    pub foreseen_s: f64,
    /// How long a finished action is left to work before its incident may get one for another cause.
    pub settle_s: f64,
    /// How long the orchestrator is waited for to judge a finished action.
    pub verdict_s: f64,
    /// Incidents that are over are remembered this long, for their cooldowns and failed attempts.
    pub remember_s: f64,
    /// When a component is worth adding.
    pub autoscale: Autoscale,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            window_s: 10.0,
            overload_cpu_pct: 85.0,
            busy_cpu_pct: 70.0,
            memory_pct: 90.0,
            error_rate_pct: 5.0,
            slow_p99_ms: 500.0,
            target_cpu_pct: 60.0,
            lead_s: 20.0,
            max_scale_factor: 3,
            max_scale_step: 10,
            undo_cpu_pct: 25.0,
            undo_after_s: 120.0,
            undo_max_cpu_pct: 50.0,
            outlier_cpu_points: 20.0,
            foreseen_s: 60.0,
            settle_s: 30.0,
            verdict_s: 180.0,
            remember_s: 900.0,
            autoscale: Autoscale::default(),
        }
    }
}

/// What the caller last heard from the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// Tick the engine has reached.
    pub tick: u64,
    /// Wall-clock time since it was heard, ms.
    pub age_ms: u64,
}

/// Whether the agent may believe what it sees, and act on it; `heartbeat` is `None` before the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Freshness {
    /// The newest heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// Somebody paused automation, or nobody can tell whether.
    pub paused: bool,
}

impl Freshness {
    /// The engine said just now that it has reached `tick`.
    pub fn at(tick: u64) -> Self {
        Self { heartbeat: Some(Heartbeat { tick, age_ms: 0 }), paused: false }
    }
}
