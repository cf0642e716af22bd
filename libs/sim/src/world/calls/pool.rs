//! A connection pool as a fluid: how long calls wait for a connection, how many get none, and what opening them costs.
//!
//! A call holds a connection until it is answered or given up. A call that is given up closes its connection, because the answer
//! may still come on it; the next one that needs it has to open another, and the callee works for that.

use serde::{Deserialize, Serialize};

use crate::TICK_S;
use crate::policy::ConnectionPool;

/// Utilisation of the pool at which the stationary wait is not used any more: the acquire timeout bounds it there.
const MAX_UTILISATION: f64 = 0.995;

/// A pool while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::world) struct Pool {
    /// Connections that are open.
    pub(in crate::world) open: f64,
    /// Time for which a call holds a connection, s, of the last tick.
    hold_s: f64,
}

/// What a tick's calls find.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grant {
    /// Share of the calls that get a connection in time.
    pub(super) share: f64,
    /// Mean wait for it, s.
    pub(super) wait_s: f64,
}

impl Pool {
    /// What `calls` calls of a tick find when the caller has `replicas` replicas.
    ///
    /// The wait is Sakasegawa's (1977) approximation of the M/M/c queue with a connection as a server:
    /// `W = hold · ρ^(√(2(c + 1)) − 1) / (c(1 − ρ))`.
    pub(super) fn grant(&self, policy: &ConnectionPool, replicas: u32, calls: f64) -> Grant {
        let timeout_s = policy.acquire_timeout_ms / 1000.0;
        let connections = policy.per_replica * f64::from(replicas);
        if connections <= 0.0 {
            return Grant { share: 0.0, wait_s: timeout_s };
        }
        let wanted = calls / TICK_S * self.hold_s;
        let rho = wanted / connections;
        if rho >= 1.0 {
            return Grant { share: 1.0 / rho, wait_s: timeout_s };
        }
        let rho = rho.min(MAX_UTILISATION);
        let exponent = libm::sqrt(2.0 * (connections + 1.0)) - 1.0;
        let wait_s = self.hold_s * libm::pow(rho, exponent) / (connections * (1.0 - rho));
        Grant { share: 1.0, wait_s: wait_s.min(timeout_s) }
    }

    /// Takes what became of the calls of a tick that got a connection: how many were `given_up`, and for how long each held
    /// its connection. Returns how many connections were opened.
    pub(super) fn settle(
        &mut self,
        policy: &ConnectionPool,
        replicas: u32,
        calls: f64,
        given_up: f64,
        hold_s: f64,
    ) -> f64 {
        // Smoothed over a quarter of a second, as the callers' slots are: one tick's guess would ring.
        self.hold_s += (hold_s - self.hold_s) * 0.2;
        self.open = (self.open - given_up).max(0.0);
        let most = policy.per_replica * f64::from(replicas);
        let needed = (calls / TICK_S * hold_s).min(most);
        let opened = (needed - self.open).max(0.0);
        self.open = (self.open + opened).min(most);
        opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: ConnectionPool =
        ConnectionPool { per_replica: 10.0, acquire_timeout_ms: 200.0, setup_ms: 5.0 };

    /// A pool whose calls take 100 ms each, after a while at `rps`.
    fn busy(rps: f64) -> Pool {
        let mut pool = Pool::default();
        for _ in 0..200 {
            pool.settle(&POLICY, 1, rps * TICK_S, 0.0, 0.1);
        }
        pool
    }

    #[test]
    fn the_wait_is_that_of_a_queue_with_a_server_per_connection() {
        // Erlang C for ten servers that are held for 100 ms.
        for (utilisation, exact) in [(0.5, 0.000_722), (0.7, 0.007_391), (0.9, 0.066_873)] {
            let rps = 100.0 * utilisation;
            let grant = busy(rps).grant(&POLICY, 1, rps * TICK_S);
            assert!((grant.wait_s - exact).abs() < 0.004, "{} for {exact}", grant.wait_s);
            assert!(grant.share >= 1.0);
        }
    }

    #[test]
    fn past_its_size_the_rest_waits_in_vain() {
        let grant = busy(250.0).grant(&POLICY, 1, 250.0 * TICK_S);
        assert!((grant.share - 0.4).abs() < 1e-9, "100 of 250 a second find a connection");
        assert!((grant.wait_s - 0.2).abs() < 1e-9);
    }

    #[test]
    fn calls_that_are_given_up_cost_connections() {
        let mut pool = busy(50.0);
        assert!((pool.open - 5.0).abs() < 1e-9);
        assert!(pool.settle(&POLICY, 1, 2.5, 0.0, 0.1).abs() < 1e-9);
        assert!((pool.settle(&POLICY, 1, 2.5, 2.0, 0.1) - 2.0).abs() < 1e-9);
    }
}
