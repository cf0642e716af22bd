//! Checks what a replica has and can do.

use crate::profile::{self, MAX_WORKERS, Profile, Specs};
use crate::template::{self, TEMPLATES};

use super::check::{Reading, line};
use super::file::{Number, Text};
use super::topology_file::{ServiceFile, SpecsFile};

/// Fewest workers that are taken for one: below, rounding up would make the latency more than twice what the file says.
const MIN_WORKERS: f64 = 0.5;

impl Reading<'_> {
    /// The profile of a service, and its specs before the file's own.
    pub(super) fn engine(&mut self, file: &ServiceFile) -> Option<(&'static Profile, Specs)> {
        match (&file.profile, &file.template) {
            (Some(name), None) => {
                let found = profile::by_name(&name.value);
                if found.is_none() {
                    let known: Vec<&str> = profile::PROFILES.iter().map(|profile| profile.name).collect();
                    self.unknown(name, "profile", &known);
                }
                found.map(|profile| (profile, profile.defaults.clone()))
            }
            (None, Some(name)) => {
                let Some(template) = template::by_name(&name.value) else {
                    let known: Vec<&str> = TEMPLATES.iter().map(|template| template.name).collect();
                    self.unknown(name, "template", &known);
                    return None;
                };
                let profile = profile::by_name(template.profile)?;
                Some((profile, template.specs(&profile.defaults)))
            }
            _ => {
                let message = format!("{} needs either a profile or a template", file.id.value);
                self.problem(line(file.id.referenced), message);
                None
            }
        }
    }

    /// The specs of a replica: the file's own on top of the defaults.
    pub(super) fn specs(&mut self, file: &SpecsFile, defaults: &Specs, id: &Text) -> Specs {
        let mut specs = defaults.clone();
        let mut set = |slot: &mut f64, number: &Option<Number>, name: &str, low: f64, high: f64| {
            *slot = self.optional(number.as_ref(), name, *slot, low, high);
        };
        set(&mut specs.cpu_cores, &file.cpu_cores, "cpu_cores", 0.01, 1024.0);
        set(&mut specs.cpu_frequency_ghz, &file.cpu_frequency_ghz, "cpu_frequency_ghz", 0.1, 10.0);
        set(&mut specs.memory_gb, &file.memory_gb, "memory_gb", 0.01, 1e5);
        set(&mut specs.storage_gb, &file.storage_gb, "storage_gb", 0.0, 1e7);
        set(&mut specs.network_mbps, &file.network_mbps, "network_mbps", 1.0, 1e7);
        set(&mut specs.min_latency_ms, &file.min_latency_ms, "min_latency_ms", 0.001, 3.6e6);
        set(&mut specs.service_cv2, &file.service_cv2, "service_cv2", 0.0, 25.0);
        set(&mut specs.service_time_noise, &file.service_time_noise, "service_time_noise", 0.0, 0.25);
        set(&mut specs.max_throughput, &file.max_throughput, "max_throughput", 0.001, 1e9);
        set(&mut specs.concurrency, &file.concurrency, "concurrency", 1.0, 1e9);
        set(&mut specs.queue_limit, &file.queue_limit, "queue_limit", 0.0, 1e9);
        set(&mut specs.startup_s, &file.startup_s, "startup_s", 0.05, 3600.0);
        set(&mut specs.cold_slowdown, &file.cold_slowdown, "cold_slowdown", 1.0, 1000.0);
        set(&mut specs.warmup_s, &file.warmup_s, "warmup_s", 0.1, 3600.0);
        set(&mut specs.gc_cost, &file.gc_cost, "gc_cost", 0.0, 10.0);
        set(&mut specs.cache_items, &file.cache_items, "cache_items", 0.0, 1e12);
        set(&mut specs.cache_ttl_s, &file.cache_ttl_s, "cache_ttl_s", 0.0, 1e9);
        set(&mut specs.base_memory_gb, &file.base_memory_gb, "base_memory_gb", 0.0, 1e5);
        set(&mut specs.request_memory_kb, &file.request_memory_kb, "request_memory_kb", 0.0, 1e6);
        set(&mut specs.request_size_kb, &file.request_size_kb, "request_size_kb", 0.0, 1e6);
        set(&mut specs.base_error_ratio, &file.base_error_ratio, "base_error_ratio", 0.0, 1.0);
        if file.memory_gb.is_some() && file.base_memory_gb.is_none() {
            // A smaller or larger replica is taken to be as full as the profile's.
            specs.base_memory_gb *= specs.memory_gb / defaults.memory_gb;
        }
        if specs.base_memory_gb >= specs.memory_gb {
            let (base, limit) = (specs.base_memory_gb, specs.memory_gb);
            let at = file.base_memory_gb.as_ref().map_or(id.referenced, |number| number.referenced);
            self.problem(line(at), format!("base_memory_gb is {base}; it must be below memory_gb, {limit}"));
        }
        self.check_workers(&specs, file, id);
        specs
    }

    /// Throughput and latency together ask for a number of workers that a replica can have: otherwise one of the two would silently
    /// not be what the file says.
    fn check_workers(&mut self, specs: &Specs, file: &SpecsFile, id: &Text) {
        let wanted = specs.max_throughput * specs.min_latency_ms / 1000.0;
        let advice = if wanted < MIN_WORKERS {
            "one worker alone does more; raise max_throughput or min_latency_ms".to_owned()
        } else if wanted > f64::from(MAX_WORKERS) + 0.5 {
            format!("a replica has at most {MAX_WORKERS}; lower one of them and use more replicas")
        } else {
            return;
        };
        let given = file.max_throughput.as_ref().or(file.min_latency_ms.as_ref());
        let at = given.map_or(id.referenced, |number| number.referenced);
        let message = format!(
            "max_throughput {} at min_latency_ms {} takes {wanted} workers: {advice}",
            specs.max_throughput, specs.min_latency_ms
        );
        self.problem(line(at), message);
    }
}
