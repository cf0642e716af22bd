//! How callers treat their callees, and how replicas are looked after: the knobs that decide whether a fault stays small.
//!
//! What each does in a tick is in `world::calls`, `world::balance` and `world::liveness`; formulas and sources are in
//! `docs/model/calls.md` and `docs/model/replicas.md`.

/// How the requests for a service are spread over its replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Balancing {
    /// Every replica the same, times the weights that `REBALANCE_TRAFFIC` sets: keeps sending to a slow one.
    RoundRobin,
    /// In inverse proportion to the time requests spend in a replica, so that all have as many in progress.
    LeastConnections,
    /// The less busy of two replicas drawn at random.
    PowerOfTwo,
    /// In proportion to what each replica can serve now.
    Weighted,
}

impl Balancing {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::RoundRobin, Self::LeastConnections, Self::PowerOfTwo, Self::Weighted];

    /// Name in topology files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::LeastConnections => "least_connections",
            Self::PowerOfTwo => "power_of_two",
            Self::Weighted => "weighted",
        }
    }

    /// The policy with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

/// How often and when a failed attempt is made again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retries {
    /// Attempts after the first.
    pub max: u32,
    /// Most retries per first attempt, averaged over 10 s.
    pub budget: f64,
    /// Mean wait before the first retry, ms; doubles with each further one.
    pub backoff_ms: f64,
    /// Longest mean wait, ms.
    pub backoff_max_ms: f64,
}

impl Retries {
    /// Mean wait before retry number `retry`, counted from 0, s.
    pub fn backoff_s(&self, retry: u32) -> f64 {
        let doubled = self.backoff_ms * f64::from(1_u32 << retry.min(20));
        doubled.min(self.backoff_max_ms.max(self.backoff_ms)) / 1000.0
    }
}

/// When a caller stops calling a failing callee, and how it finds out that the callee is well again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaker {
    /// Share of failed attempts in the window from which it opens.
    pub failure_ratio: f64,
    /// Attempts in the window below which it never opens.
    pub minimum_requests: f64,
    /// Length of the window, s.
    pub window_s: f64,
    /// Time for which an open breaker lets nothing through, s.
    pub open_s: f64,
    /// Share of the calls that a half-open breaker lets through.
    pub probe_ratio: f64,
    /// Calls after which a half-open breaker closes or opens again.
    pub probes: f64,
}

/// Connections that a caller keeps to a callee.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConnectionPool {
    /// Most connections of one replica of the caller.
    pub per_replica: f64,
    /// Longest wait for a free connection, ms; the attempt fails after it.
    pub acquire_timeout_ms: f64,
    /// Worker time that opening a connection costs the callee, ms.
    pub setup_ms: f64,
}

/// When a replica that answers too slowly is killed and started again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Liveness {
    /// Longest response time of the replica's own work that passes, ms.
    pub timeout_ms: f64,
    /// Time between two probes, s.
    pub period_s: f64,
    /// Failed probes in a row after which the replica is killed.
    pub failures: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_its_limit() {
        let retries = Retries { max: 5, budget: 0.2, backoff_ms: 100.0, backoff_max_ms: 500.0 };
        let waits: Vec<f64> = (0..5).map(|retry| retries.backoff_s(retry)).collect();
        assert_eq!(waits, [0.1, 0.2, 0.4, 0.5, 0.5]);
    }
}
