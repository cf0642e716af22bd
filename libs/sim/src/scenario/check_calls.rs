//! Checks the calls between services and the policies that go with them.

use std::collections::BTreeMap;

use crate::policy::{Breaker, ConnectionPool, Liveness, Retries};
use crate::topology::{Carries, EdgeSpec};

use super::check::Reading;
use super::file::Text;
use super::topology_file::{BreakerFile, CallFile, ConnectionsFile, LivenessFile};

/// Most retries of a call.
const MAX_RETRIES: u64 = 10;

/// Longest time a call may wait for anything, ms: an hour.
const MAX_WAIT_MS: f64 = 3.6e6;

impl Reading<'_> {
    pub(super) fn edge(
        &mut self,
        from: usize,
        file: &CallFile,
        services: &BTreeMap<&str, usize>,
    ) -> Option<EdgeSpec> {
        let to = self.reference(&file.to, "service", services);
        let cache = file.cache.as_ref().map(|cache| self.reference(cache, "service", services));
        let calls_per_request =
            self.optional(file.calls_per_request.as_ref(), "calls_per_request", 1.0, 0.0, 1000.0);
        let cache_hit_ratio = self.optional(file.cache_hit_ratio.as_ref(), "cache_hit_ratio", 0.0, 0.0, 1.0);
        let static_hit_ratio =
            self.optional(file.static_hit_ratio.as_ref(), "static_hit_ratio", cache_hit_ratio, 0.0, 1.0);
        let read_ratio = file.read_ratio.as_ref().map(|ratio| self.number(ratio, "read_ratio", 0.0, 1.0));
        let network_ms = self.optional(file.network_ms.as_ref(), "network_ms", 0.5, 0.0, 60_000.0);
        let timeout_ms = self.optional(file.timeout_ms.as_ref(), "timeout_ms", 1000.0, 1.0, MAX_WAIT_MS);
        let retries = self.retries(file);
        let breaker = file.breaker.as_ref().map(|breaker| self.breaker(breaker));
        let connections = file.connections.as_ref().map(|connections| self.connections(connections));
        Some(EdgeSpec {
            from,
            to: to?,
            calls_per_request,
            read_ratio,
            carries: Carries::All,
            cache_hit_ratio,
            static_hit_ratio,
            cache: match cache {
                Some(found) => Some(found?),
                None => None,
            },
            network_ms,
            timeout_ms,
            retries,
            breaker,
            connections,
            coalescing: file.coalescing,
            required: file.required.unwrap_or(true),
            asynchronous: file.asynchronous,
        })
    }

    fn retries(&mut self, file: &CallFile) -> Retries {
        let backoff_ms = self.optional(file.backoff_ms.as_ref(), "backoff_ms", 50.0, 0.0, MAX_WAIT_MS);
        Retries {
            max: self.count(file.retries.as_ref(), "retries", 1, 0, MAX_RETRIES) as u32,
            budget: self.optional(file.retry_budget.as_ref(), "retry_budget", 0.2, 0.0, MAX_RETRIES as f64),
            backoff_ms,
            backoff_max_ms: self.optional(
                file.backoff_max_ms.as_ref(),
                "backoff_max_ms",
                backoff_ms.max(2000.0),
                backoff_ms,
                MAX_WAIT_MS,
            ),
        }
    }

    fn breaker(&mut self, file: &BreakerFile) -> Breaker {
        let BreakerFile { failure_ratio, minimum_requests, window_s, open_s, probe_ratio, probes } = file;
        Breaker {
            failure_ratio: self.optional(failure_ratio.as_ref(), "failure_ratio", 0.5, 0.01, 1.0),
            minimum_requests: self.optional(minimum_requests.as_ref(), "minimum_requests", 20.0, 1.0, 1e6),
            window_s: self.optional(window_s.as_ref(), "window_s", 10.0, 0.1, 3600.0),
            open_s: self.optional(open_s.as_ref(), "open_s", 5.0, 0.05, 3600.0),
            probe_ratio: self.optional(probe_ratio.as_ref(), "probe_ratio", 0.1, 0.001, 1.0),
            probes: self.optional(probes.as_ref(), "probes", 10.0, 1.0, 1e6),
        }
    }

    fn connections(&mut self, file: &ConnectionsFile) -> ConnectionPool {
        let acquire = file.acquire_timeout_ms.as_ref();
        ConnectionPool {
            per_replica: self.number(&file.per_replica, "per_replica", 1.0, 1e6),
            acquire_timeout_ms: self.optional(acquire, "acquire_timeout_ms", 500.0, 1.0, MAX_WAIT_MS),
            setup_ms: self.optional(file.setup_ms.as_ref(), "setup_ms", 0.0, 0.0, 60_000.0),
        }
    }

    pub(super) fn liveness(&mut self, file: &LivenessFile) -> Liveness {
        Liveness {
            timeout_ms: self.optional(file.timeout_ms.as_ref(), "timeout_ms", 1000.0, 1.0, MAX_WAIT_MS),
            period_s: self.optional(file.period_s.as_ref(), "period_s", 10.0, 0.1, 3600.0),
            failures: self.count(file.failures.as_ref(), "failures", 3, 1, 1000) as u32,
        }
    }

    /// Position of what an id names.
    pub(super) fn reference(
        &mut self,
        id: &Text,
        what: &str,
        known: &BTreeMap<&str, usize>,
    ) -> Option<usize> {
        let found = known.get(id.value.as_str()).copied();
        if found.is_none() {
            let mut ids: Vec<(usize, &str)> = known.iter().map(|(id, position)| (*position, *id)).collect();
            ids.sort_unstable();
            let ids: Vec<&str> = ids.into_iter().map(|(_, id)| id).collect();
            self.unknown(id, what, &ids);
        }
        found
    }
}
