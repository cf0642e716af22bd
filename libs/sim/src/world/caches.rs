//! Caches that warm with the traffic: look-aside, so that a miss fills the cache only when the callee has answered.
//!
//! A cache holds items that are equally popular. Of `N` items a share `w` is there; `λ` reads a second ask for `λ(1 − w)` items that
//! are not, and those that the callee answers are there from then on: `dw/dt = success · λ(1 − w)/N − w/ttl`. A callee that is too
//! slow to answer keeps the cache cold, and the cold cache keeps the callee busy: a stampede.

use serde::{Deserialize, Serialize};

use crate::TICK_S;
use crate::profile::Specs;
use crate::topology::EdgeSpec;

use super::cloud::Cloud;

/// A cache of unknown size holds what is asked for in this time, s.
const DEFAULT_CONTENT_S: f64 = 20.0;

/// What a service holds for others, or for itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Cache {
    /// Share of the items that it holds.
    pub(super) warmth: f64,
    /// Reads of this tick that it could have answered.
    pub(super) asked: f64,
    /// Items that came in this tick.
    pub(super) filled: f64,
    /// Reads a second of the last tick that it could have answered.
    rate_rps: f64,
    /// Items when it is warm; 0 when unknown.
    size: f64,
    /// Share of the items that it forgets in a tick.
    forgets: f64,
}

impl Cache {
    pub(super) fn new(specs: &Specs) -> Self {
        let forgets = if specs.cache_ttl_s > 0.0 { (TICK_S / specs.cache_ttl_s).min(1.0) } else { 0.0 };
        Self { warmth: 1.0, asked: 0.0, filled: 0.0, rate_rps: 0.0, size: specs.cache_items, forgets }
    }

    /// Items that it holds when it is warm.
    pub(super) fn items(&self) -> f64 {
        if self.size > 0.0 { self.size } else { self.rate_rps * DEFAULT_CONTENT_S }
    }

    /// Takes in what the last tick brought and forgets what is too old.
    fn turn(&mut self, cap: f64) {
        self.rate_rps = self.asked / TICK_S;
        let items = self.items();
        let gained = if items > 0.0 { self.filled / items } else { 0.0 };
        self.warmth = (self.warmth + gained - self.warmth * self.forgets).min(cap).max(0.0);
        self.asked = 0.0;
        self.filled = 0.0;
    }
}

impl Cloud {
    pub(super) fn turn_caches(&mut self) {
        for (service, effect) in self.services.iter_mut().zip(&self.effects.services) {
            service.cache.turn(effect.warmth_cap);
        }
    }

    /// How warm the cache of an edge is; a cache that is down holds nothing.
    pub(super) fn warmth_of(&self, edge: &EdgeSpec) -> f64 {
        let holder = &self.services[edge.cache.unwrap_or(edge.from)];
        if holder.running == 0 { 0.0 } else { holder.cache.warmth }
    }
}
