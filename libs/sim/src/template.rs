//! Named templates: a profile with the specs of a machine one knows, for topology files that say `template:` instead of
//! `profile:`. Whatever the file gives under `specs:` comes on top.

use crate::profile::Specs;

/// A profile and what differs from its defaults.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// Name in topology files.
    pub name: &'static str,
    /// Name of the profile.
    pub profile: &'static str,
    /// What it stands for, in a sentence.
    pub description: &'static str,
    /// Makes its specs of the profile's.
    change: fn(Specs) -> Specs,
}

impl Template {
    /// The specs of a replica, given those of the profile.
    pub fn specs(&self, defaults: &Specs) -> Specs {
        (self.change)(defaults.clone())
    }
}

/// Every template, by family.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "high_performance_web_server",
        profile: "web_server",
        description: "A web server with four fast cores that holds many connections.",
        change: |specs| Specs {
            cpu_cores: 4.0,
            cpu_frequency_ghz: 3.6,
            memory_gb: 8.0,
            base_memory_gb: 1.2,
            network_mbps: 10_000.0,
            max_throughput: 30_000.0,
            concurrency: 4096.0,
            queue_limit: 4096.0,
            ..specs
        },
    },
    Template {
        name: "small_web_server",
        profile: "web_server",
        description: "A shared core that renders pages.",
        change: |specs| Specs {
            cpu_cores: 1.0,
            memory_gb: 1.0,
            base_memory_gb: 0.3,
            min_latency_ms: 20.0,
            max_throughput: 200.0,
            concurrency: 200.0,
            queue_limit: 200.0,
            ..specs
        },
    },
    Template {
        name: "interpreted_api_server",
        profile: "api_server",
        description: "An API in an interpreted language: a few worker processes, tens of milliseconds a request.",
        change: |specs| Specs {
            cpu_cores: 2.0,
            memory_gb: 2.0,
            base_memory_gb: 0.8,
            min_latency_ms: 40.0,
            max_throughput: 200.0,
            concurrency: 64.0,
            queue_limit: 128.0,
            startup_s: 4.0,
            ..specs
        },
    },
    Template {
        name: "small_microservice",
        profile: "microservice",
        description: "Half a core and half a gigabyte, as most containers are.",
        change: |specs| Specs {
            cpu_cores: 0.5,
            memory_gb: 0.5,
            base_memory_gb: 0.15,
            min_latency_ms: 8.0,
            max_throughput: 400.0,
            concurrency: 128.0,
            queue_limit: 128.0,
            ..specs
        },
    },
    Template {
        name: "jvm_application_server",
        profile: "application_server",
        description: "A managed runtime that is slow until it is warm and pays for garbage when its heap is full.",
        change: |specs| Specs {
            gc_cost: 0.1,
            cold_slowdown: 4.0,
            warmup_s: 30.0,
            startup_s: 15.0,
            min_latency_ms: 20.0,
            max_throughput: 400.0,
            concurrency: 400.0,
            queue_limit: 400.0,
            request_memory_kb: 4096.0,
            ..specs
        },
    },
    Template {
        name: "nightly_batch_worker",
        profile: "batch_processor",
        description: "Long jobs of very different lengths.",
        change: |specs| Specs { min_latency_ms: 400.0, max_throughput: 20.0, service_cv2: 4.0, ..specs },
    },
    Template {
        name: "stream_processor",
        profile: "real_time_processor",
        description: "Short steps that all take the same time.",
        change: |specs| Specs {
            service_cv2: 0.1,
            max_throughput: 40_000.0,
            cpu_cores: 8.0,
            network_mbps: 10_000.0,
            ..specs
        },
    },
    Template {
        name: "small_postgresql",
        profile: "postgresql",
        description: "Two cores and room for a hundred connections.",
        change: |specs| Specs {
            cpu_cores: 2.0,
            memory_gb: 4.0,
            base_memory_gb: 1.5,
            storage_gb: 50.0,
            min_latency_ms: 8.0,
            max_throughput: 500.0,
            concurrency: 100.0,
            startup_s: 10.0,
            cold_slowdown: 2.0,
            warmup_s: 60.0,
            ..specs
        },
    },
    Template {
        name: "high_memory_postgresql",
        profile: "postgresql",
        description: "A large primary whose working set is in memory, and is not after a restart.",
        change: |specs| Specs {
            cpu_cores: 16.0,
            memory_gb: 128.0,
            base_memory_gb: 64.0,
            storage_gb: 2000.0,
            network_mbps: 10_000.0,
            max_throughput: 20_000.0,
            concurrency: 500.0,
            startup_s: 30.0,
            cold_slowdown: 4.0,
            warmup_s: 120.0,
            ..specs
        },
    },
    Template {
        name: "redis_cache",
        profile: "redis",
        description: "A look-aside cache of a hundred thousand items that expire after ten minutes.",
        change: |specs| Specs {
            min_latency_ms: 0.3,
            max_throughput: 10_000.0,
            cache_items: 100_000.0,
            cache_ttl_s: 600.0,
            ..specs
        },
    },
    Template {
        name: "large_mongodb",
        profile: "mongodb",
        description: "A document store with sixteen cores and a terabyte.",
        change: |specs| Specs {
            cpu_cores: 16.0,
            memory_gb: 64.0,
            base_memory_gb: 28.0,
            storage_gb: 1000.0,
            network_mbps: 10_000.0,
            max_throughput: 30_000.0,
            startup_s: 20.0,
            cold_slowdown: 3.0,
            warmup_s: 90.0,
            ..specs
        },
    },
    Template {
        name: "internal_load_balancer",
        profile: "load_balancer",
        description: "A layer-4 balancer that adds next to nothing.",
        change: |specs| Specs { min_latency_ms: 0.1, service_cv2: 0.1, ..specs },
    },
    Template {
        name: "public_api_gateway",
        profile: "api_gateway",
        description: "Authentication, limits and routing for everything that comes from outside.",
        change: |specs| Specs {
            cpu_cores: 4.0,
            memory_gb: 4.0,
            base_memory_gb: 1.0,
            min_latency_ms: 8.0,
            max_throughput: 2500.0,
            ..specs
        },
    },
    Template {
        name: "edge_cdn",
        profile: "cdn",
        description: "A point of presence whose content expires after an hour.",
        change: |specs| Specs {
            min_latency_ms: 1.0,
            max_throughput: 3000.0,
            cache_items: 50_000.0,
            cache_ttl_s: 3600.0,
            ..specs
        },
    },
    Template {
        name: "durable_message_queue",
        profile: "message_queue",
        description: "A queue that writes to disk before it answers and holds a million messages.",
        change: |specs| Specs {
            storage_gb: 500.0,
            min_latency_ms: 5.0,
            max_throughput: 10_000.0,
            queue_limit: 1e6,
            memory_gb: 32.0,
            ..specs
        },
    },
];

/// The template with this name.
pub fn by_name(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{self, MAX_WORKERS, PROFILES};

    #[test]
    fn every_engine_can_do_what_its_specs_say() {
        let profiles = PROFILES.iter().map(|profile| (profile.name, profile.defaults.clone()));
        let templates = TEMPLATES.iter().map(|template| {
            let profile = profile::by_name(template.profile).unwrap();
            (template.name, template.specs(&profile.defaults))
        });
        for (name, specs) in profiles.chain(templates) {
            let wanted = specs.max_throughput * specs.min_latency_ms / 1000.0;
            assert!((1.0..=f64::from(MAX_WORKERS)).contains(&wanted), "{name} takes {wanted} workers");
            assert!((wanted.round() / wanted - 1.0).abs() < 0.1, "{name}: latency is off by its rounding");
            assert!(specs.concurrency >= wanted, "{name} has more workers than slots");
            assert!(specs.base_memory_gb < 0.85 * specs.memory_gb, "{name} is nearly full when idle");
            let mbps = specs.max_throughput * specs.request_size_kb * 8.192e-3;
            assert!(mbps < specs.network_mbps, "{name} sends {mbps} Mbit/s");
        }
    }
}
