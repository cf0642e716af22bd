//! How far away users are: the way of their requests to where they enter, and what a CDN spares them of it.

use super::delay::Delay;

/// The profile that stands near its users.
const AT_THE_EDGE: &str = "cdn";
/// Longest way from users to a point of presence, all round trips of a request together, s.
const EDGE_S: f64 = 0.015;
/// Share of the way that a request pays between a CDN and its origin. Users open a connection, and go the way three times: for TCP, for
/// TLS (one round trip since 1.3, RFC 8446 §2) and for the request. A CDN keeps its connections.
const KEPT_OPEN: f64 = 1.0 / 3.0;

/// The way of a tick's users to an entry.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Distance {
    requests: f64,
    /// Requests times how far their users are, s; times the way that they go, s; and times its square, s².
    away: f64,
    seconds: f64,
    squares: f64,
    /// What their requests spend on the way here and back.
    pub(super) way: Delay,
    /// What calls from here spend on the way to the origin besides, s.
    pub(super) onward_s: f64,
}

impl Distance {
    /// How far the users are on average, ms, whatever stands near them; `None` when no request came.
    pub(super) fn mean_ms(&self) -> Option<f64> {
        (self.requests > 0.0).then_some(self.away / self.requests * 1000.0)
    }

    /// Takes the requests of a source in.
    pub(super) fn add(&mut self, requests: f64, profile: &str, distance_s: f64) {
        let at_the_edge = profile == AT_THE_EDGE;
        let way_s = if at_the_edge { distance_s.min(EDGE_S) } else { distance_s };
        self.requests += requests;
        self.away += requests * distance_s;
        self.seconds += requests * way_s;
        self.squares += requests * way_s * way_s;
        if self.requests > 0.0 {
            let mean_s = self.seconds / self.requests;
            let variance = (self.squares / self.requests - mean_s * mean_s).max(0.0);
            self.way = Delay { mean_s, variance };
            if at_the_edge {
                let share = requests / self.requests;
                self.onward_s += share * (distance_s * KEPT_OPEN - self.onward_s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far_users_mix() {
        let mut distance = Distance::default();
        distance.add(30.0, "gateway", 0.0);
        distance.add(10.0, "gateway", 0.4);
        assert!((distance.way.mean_s - 0.1).abs() < 1e-12, "a quarter of them has 400 ms");
        assert!((distance.way.variance - 0.03).abs() < 1e-12, "0.25 · 0.75 · 0.4²");
        assert!(distance.onward_s.abs() < f64::EPSILON, "who is no CDN calls its neighbours");
    }

    #[test]
    fn a_cdn_is_near_its_users_and_keeps_its_connections_to_the_origin() {
        let mut distance = Distance::default();
        distance.add(10.0, "cdn", 0.6);
        assert!((distance.way.mean_s - EDGE_S).abs() < 1e-12);
        assert!((distance.onward_s - 0.2).abs() < 1e-12);
        assert!((distance.mean_ms().unwrap() - 600.0).abs() < 1e-9, "they have not come nearer to the cloud");
        distance.add(10.0, "cdn", 0.0);
        assert!((distance.way.mean_s - EDGE_S / 2.0).abs() < 1e-12);
        assert!((distance.onward_s - 0.1).abs() < 1e-12);
    }
}
