//! A service while it runs: what its requests and its replicas amount to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::queueing::{Curve, StationKey};
use crate::topology::ServiceSpec;

use super::caches::Cache;
use super::delay::Delay;
use super::distance::Distance;
use super::replicas::{Common, Lane};
use super::view::Health;

/// Share of the disk in use at the start.
const INITIAL_DISK_SHARE: f64 = 0.35;

/// A service while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) version: u64,
    pub(super) desired: u32,
    pub(super) next_ordinal: u32,
    pub(super) health: Health,
    /// Clean samples in a row since it was last not healthy.
    pub(super) clean_samples: u32,
    /// Replicas that take traffic.
    pub(super) running: u32,
    pub(super) cache: Cache,
    pub(super) disk_gb: f64,
    /// Share of its writes that fail.
    pub(super) write_failure: f64,
    /// Requests of this tick that write, and that ask for static content.
    pub(super) writes: f64,
    pub(super) statics: f64,
    /// Worker time that opening connections still takes, s.
    pub(super) setup_s: f64,
    /// Requests that were waiting in replicas that went away in this tick.
    pub(super) lost: f64,
    /// Requests that found no replica in this tick.
    pub(super) refused: f64,
    /// What all its replicas can serve, as of the last tick.
    pub(super) capacity_rps: f64,
    /// Requests that its replicas hold, and those of them that wait for a worker.
    pub(super) backlog: f64,
    pub(super) waiting: f64,
    /// Share of the requests at hand that was served in the last tick.
    pub(super) served_share: f64,
    /// Requests whose callees were called in this tick.
    pub(super) called: f64,
    /// Requests served so far whose callees are still to be called; negative when some were called too early.
    pub(super) calls_owed: f64,
    pub(super) offered: f64,
    pub(super) completed: f64,
    pub(super) failed: f64,
    /// Own latency: mean, s, and variance, s².
    pub(super) own: (f64, f64),
    /// Latency with callees: mean, s, and variance, s².
    pub(super) tree: (f64, f64),
    /// Share of the requests that ended in this tick and failed, those left out that failed because they write.
    pub(super) error_ratio: f64,
    /// Share that failed at once, without being served.
    pub(super) rejected_ratio: f64,
    /// Time that faults add to every call.
    pub(super) delay: Delay,
    /// How far the users are whose requests enter here in this tick.
    #[serde(skip)]
    pub(super) distance: Distance,
}

impl Service {
    /// Share of this tick's requests that write.
    pub(super) fn write_share(&self) -> f64 {
        self.share_of(self.writes)
    }

    /// Share of this tick's requests that ask for static content.
    pub(super) fn static_share(&self) -> f64 {
        self.share_of(self.statics)
    }

    fn share_of(&self, part: f64) -> f64 {
        if self.offered > 0.0 { (part / self.offered).min(1.0) } else { 0.0 }
    }

    pub(super) fn new(spec: &ServiceSpec) -> Self {
        let idle_s = spec.specs.service_time_s();
        Self {
            cache: Cache::new(&spec.specs),
            version: 1,
            desired: spec.replicas,
            next_ordinal: spec.replicas,
            health: Health::Healthy,
            clean_samples: 0,
            running: 0,
            disk_gb: spec.specs.storage_gb * INITIAL_DISK_SHARE,
            write_failure: 0.0,
            writes: 0.0,
            statics: 0.0,
            setup_s: 0.0,
            lost: 0.0,
            refused: 0.0,
            capacity_rps: 0.0,
            backlog: 0.0,
            waiting: 0.0,
            served_share: 1.0,
            called: 0.0,
            calls_owed: 0.0,
            offered: 0.0,
            completed: 0.0,
            failed: 0.0,
            own: (idle_s, idle_s * idle_s),
            tree: (idle_s, idle_s * idle_s),
            error_ratio: 0.0,
            rejected_ratio: 0.0,
            delay: Delay::default(),
            distance: Distance::default(),
        }
    }
}

impl Common {
    /// Services with the same queue share its table.
    pub(super) fn new(spec: &ServiceSpec, curves: &mut BTreeMap<StationKey, Curve>) -> Self {
        const KIB_PER_GIB: f64 = 1_048_576.0;
        let specs = &spec.specs;
        let station = specs.station();
        let curve = curves.entry(station.key()).or_insert_with(|| Curve::new(&station)).clone();
        Self {
            offered: 0.0,
            workers: station.workers(),
            curve,
            service_cv2: specs.service_cv2,
            service_time_noise: specs.service_time_noise,
            cpu_cores: specs.cpu_cores,
            memory_gb: specs.memory_gb,
            base_memory_gb: specs.base_memory_gb,
            request_memory_gb: specs.request_memory_kb / KIB_PER_GIB,
            request_mbit: specs.request_size_kb * 8.0 * 1024.0 / 1e6,
            transfer_s: specs.request_size_kb * 8.0 * 1024.0 / 1e6 / specs.network_mbps,
            downstream_s: 0.0,
            stretch: 1.0,
            gc_cost: specs.gc_cost,
            warmup_s: specs.warmup_s,
            lanes: [Lane::default(); 2],
        }
    }
}
