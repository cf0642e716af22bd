//! Engine profiles: what a service of a kind can do when its file says nothing else.
//!
//! `max_throughput` and `min_latency_ms` are those of DESIGN §4; the number of parallel workers follows from them
//! (throughput × service time, Little's law), so that a replica saturates at exactly `max_throughput`.

use crate::queueing::Station;

/// What kind of engine a service runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Name in topology files.
    pub name: &'static str,
    /// Family: `compute`, `storage`, `network` or `messaging`.
    pub family: &'static str,
    /// What every replica has unless the file says otherwise.
    pub defaults: Specs,
}

/// What one replica has and can do.
#[derive(Debug, Clone, PartialEq)]
pub struct Specs {
    /// CPU limit, cores.
    pub cpu_cores: f64,
    /// Clock rate, GHz; work takes `REFERENCE_GHZ` / this as long.
    pub cpu_frequency_ghz: f64,
    /// Memory limit, GiB.
    pub memory_gb: f64,
    /// Disk, GiB; 0 for services that store nothing.
    pub storage_gb: f64,
    /// Network limit, Mbit/s.
    pub network_mbps: f64,
    /// Mean time of the service's own work on an idle replica, ms.
    pub min_latency_ms: f64,
    /// How much service times vary: variance over squared mean. 0 is always the same, 1 exponential.
    pub service_cv2: f64,
    /// Relative standard deviation of a replica's mean service time from second to second.
    pub service_time_noise: f64,
    /// Requests a second at which a replica's workers are all busy.
    pub max_throughput: f64,
    /// Requests in progress at once, those that wait for a callee included.
    pub concurrency: f64,
    /// Requests that may wait for a worker before more are shed.
    pub queue_limit: f64,
    /// Time from start to first request, s.
    pub startup_s: f64,
    /// How many times as long work takes in a replica that has just started.
    pub cold_slowdown: f64,
    /// Time constant with which it warms up, s.
    pub warmup_s: f64,
    /// Memory in use without load, GiB.
    pub base_memory_gb: f64,
    /// Memory a request in progress takes, KiB.
    pub request_memory_kb: f64,
    /// Garbage collection per request, as a share of its work when the heap is half full.
    pub gc_cost: f64,
    /// Items that a cache holds when it is warm; 0 means as many as are asked for in 20 s.
    pub cache_items: f64,
    /// Time after which a cache forgets an item, s; 0 means never.
    pub cache_ttl_s: f64,
    /// Bytes in and out per request, KiB.
    pub request_size_kb: f64,
    /// Share of requests that fail with nothing wrong.
    pub base_error_ratio: f64,
}

/// Most parallel workers of a replica: the curve of its queue sums up as many states.
pub const MAX_WORKERS: u32 = 1024;

/// Clock rate at which the profiles' throughput holds, GHz.
pub const REFERENCE_GHZ: f64 = 3.0;

impl Specs {
    /// Parallel workers of a replica: the `c` of its M/M/c queue.
    pub fn workers(&self) -> u32 {
        let workers = self.max_throughput * self.min_latency_ms / 1000.0;
        workers.round().clamp(1.0, f64::from(MAX_WORKERS)) as u32
    }

    /// The queue of a replica.
    pub fn station(&self) -> Station {
        Station::new(self.workers(), self.service_cv2, self.queue_limit)
    }

    /// Mean service time that goes with [`Specs::workers`], s, so that rounding does not change the throughput.
    pub fn service_time_s(&self) -> f64 {
        let clock = REFERENCE_GHZ / self.cpu_frequency_ghz;
        f64::from(self.workers()) / self.max_throughput * clock
    }
}

const fn specs(max_throughput: f64, min_latency_ms: f64) -> Specs {
    Specs {
        cpu_cores: 2.0,
        cpu_frequency_ghz: REFERENCE_GHZ,
        memory_gb: 2.0,
        storage_gb: 0.0,
        network_mbps: 1000.0,
        min_latency_ms,
        service_cv2: 1.0,
        service_time_noise: 0.0,
        max_throughput,
        concurrency: 256.0,
        queue_limit: 512.0,
        startup_s: 2.0,
        cold_slowdown: 1.0,
        warmup_s: 10.0,
        gc_cost: 0.0,
        cache_items: 0.0,
        cache_ttl_s: 0.0,
        base_memory_gb: 0.6,
        request_memory_kb: 512.0,
        request_size_kb: 4.0,
        base_error_ratio: 0.0005,
    }
}

/// Every profile, by family.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "web_server",
        family: "compute",
        defaults: Specs { concurrency: 512.0, queue_limit: 1024.0, ..specs(15_000.0, 2.0) },
    },
    Profile {
        name: "api_server",
        family: "compute",
        defaults: Specs { concurrency: 384.0, ..specs(8_000.0, 5.0) },
    },
    Profile { name: "microservice", family: "compute", defaults: specs(5_000.0, 3.0) },
    Profile {
        name: "application_server",
        family: "compute",
        defaults: Specs {
            cpu_cores: 4.0,
            memory_gb: 8.0,
            base_memory_gb: 2.5,
            startup_s: 5.0,
            ..specs(4_000.0, 10.0)
        },
    },
    Profile {
        name: "batch_processor",
        family: "compute",
        defaults: Specs {
            cpu_cores: 4.0,
            memory_gb: 8.0,
            base_memory_gb: 2.0,
            queue_limit: 8192.0,
            ..specs(500.0, 40.0)
        },
    },
    Profile {
        name: "real_time_processor",
        family: "compute",
        defaults: Specs { cpu_cores: 4.0, memory_gb: 4.0, base_memory_gb: 1.0, ..specs(20_000.0, 1.0) },
    },
    Profile {
        name: "postgresql",
        family: "storage",
        defaults: Specs {
            cpu_cores: 4.0,
            memory_gb: 8.0,
            storage_gb: 200.0,
            base_memory_gb: 3.0,
            concurrency: 200.0,
            request_memory_kb: 4096.0,
            startup_s: 5.0,
            ..specs(5_000.0, 3.0)
        },
    },
    Profile {
        name: "redis",
        family: "storage",
        defaults: Specs {
            cpu_cores: 1.0,
            memory_gb: 4.0,
            storage_gb: 10.0,
            base_memory_gb: 1.6,
            concurrency: 4096.0,
            queue_limit: 4096.0,
            request_memory_kb: 16.0,
            network_mbps: 10_000.0,
            request_size_kb: 1.0,
            startup_s: 1.0,
            ..specs(100_000.0, 0.1)
        },
    },
    Profile {
        name: "mongodb",
        family: "storage",
        defaults: Specs {
            cpu_cores: 4.0,
            memory_gb: 8.0,
            storage_gb: 200.0,
            base_memory_gb: 3.5,
            request_memory_kb: 2048.0,
            startup_s: 4.0,
            ..specs(8_000.0, 4.0)
        },
    },
    Profile {
        name: "load_balancer",
        family: "network",
        defaults: Specs {
            concurrency: 8192.0,
            queue_limit: 4096.0,
            request_memory_kb: 64.0,
            network_mbps: 10_000.0,
            startup_s: 1.0,
            base_error_ratio: 0.0,
            ..specs(50_000.0, 0.5)
        },
    },
    Profile {
        name: "api_gateway",
        family: "network",
        defaults: Specs {
            concurrency: 4096.0,
            queue_limit: 2048.0,
            request_memory_kb: 128.0,
            network_mbps: 10_000.0,
            ..specs(20_000.0, 2.0)
        },
    },
    Profile {
        name: "cdn",
        family: "network",
        defaults: Specs {
            concurrency: 16_384.0,
            queue_limit: 8192.0,
            memory_gb: 8.0,
            base_memory_gb: 4.0,
            request_memory_kb: 64.0,
            network_mbps: 100_000.0,
            request_size_kb: 32.0,
            base_error_ratio: 0.0,
            ..specs(200_000.0, 0.1)
        },
    },
    Profile {
        name: "message_queue",
        family: "messaging",
        defaults: Specs {
            memory_gb: 4.0,
            storage_gb: 50.0,
            base_memory_gb: 1.2,
            concurrency: 4096.0,
            queue_limit: 65_536.0,
            request_memory_kb: 16.0,
            network_mbps: 10_000.0,
            startup_s: 3.0,
            ..specs(50_000.0, 1.0)
        },
    },
];

/// The profile with this name.
pub fn by_name(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}
