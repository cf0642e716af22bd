//! What makes a replica's work take longer from within: garbage collection, connections that are opened, caches and compilers that
//! are cold.

use crate::TICK_S;

use super::cloud::Cloud;

/// Share of the memory limit that is heap.
const HEAP_SHARE: f64 = 0.85;

/// Fullness of the heap past which collection costs no more: the runtime would rather give up.
const MAX_HEAP_FULLNESS: f64 = 0.99;

/// Most of a service's CPU time that goes into opening connections.
const MAX_SETUP_SHARE: f64 = 0.9;

/// Connections that wait longer than this to be opened are given up by those who wait, s.
const SETUP_PATIENCE_S: f64 = 1.0;

/// Below this a replica counts as warm.
const WARM: f64 = 1.001;

impl Cloud {
    /// Works out how many times as long work takes in this tick.
    ///
    /// Collecting garbage costs `gc_cost · u/(1 − u)` of a request's work when a share `u` of the heap is live: each collection
    /// visits what is live and gains what is not (Appel 1987; Jones, Hosking & Moss, *The Garbage Collection Handbook*, §2 and §10).
    /// Opening connections takes its share of the workers before requests get theirs.
    pub(super) fn strain_services(&mut self) {
        for (index, service) in self.services.iter_mut().enumerate() {
            let common = &mut self.common[index];
            let sums = &self.sums[index];
            common.stretch = 1.0;
            if common.gc_cost > 0.0 && sums.active > 0.0 {
                let heap_gb = common.memory_gb * HEAP_SHARE * sums.active;
                let full = (sums.memory_gb / heap_gb).min(MAX_HEAP_FULLNESS);
                common.stretch += common.gc_cost * full / (1.0 - full);
            }
            if service.setup_s > 0.0 {
                let workers_s = common.workers * f64::from(service.running.max(1)) * TICK_S;
                let done_s = service.setup_s.min(MAX_SETUP_SHARE * workers_s);
                common.stretch /= 1.0 - done_s / workers_s;
                let patience_s = workers_s / TICK_S * SETUP_PATIENCE_S;
                service.setup_s = (service.setup_s - done_s).min(patience_s);
            }
        }
    }

    /// Lets replicas that have started warm up.
    pub(super) fn warm_replicas(&mut self) {
        if !self.warming {
            return;
        }
        self.warming = false;
        for shard in &mut self.replicas.shards {
            for at in 0..shard.cold.len() {
                let cold = &mut shard.cold[at];
                if *cold > WARM {
                    let warmup_s = self.common[shard.service[at] as usize].warmup_s;
                    *cold = 1.0 + (*cold - 1.0) * (1.0 - TICK_S / (TICK_S + warmup_s));
                    self.warming = true;
                } else {
                    *cold = 1.0;
                }
            }
        }
    }
}
