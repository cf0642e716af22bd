//! How often agents may come. Kept in memory: it guards this process and its database against floods, and what may take effect is limited
//! elsewhere (`MAX_LIVE`, the policies, the rules of safety), so that a restart may well forget it.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};

use super::{ALL_BURST, ALL_PER_MINUTE, BURST, PER_MINUTE};

/// Too much; the next one may come after a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    everybody: bool,
    after: Duration,
}

impl Limited {
    /// Whole seconds until there is room again.
    pub(crate) fn retry_after_s(self) -> u64 {
        self.after.as_secs() + 1
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whose, per_minute, burst) = if self.everybody {
            ("all agents together", ALL_PER_MINUTE, ALL_BURST)
        } else {
            ("an agent", PER_MINUTE, BURST)
        };
        write!(
            f,
            "{whose} may make {per_minute} proposals a minute, {burst} of them at once, refused ones included; try again in {} s",
            self.retry_after_s()
        )
    }
}

pub(super) struct Gate {
    each: RateLimiter<String, DashMapStateStore<String>, MonotonicClock>,
    all: RateLimiter<NotKeyed, InMemoryState, MonotonicClock>,
}

impl Gate {
    pub(super) fn new() -> Self {
        let each = quota(PER_MINUTE, BURST);
        let all = quota(ALL_PER_MINUTE, ALL_BURST);
        Self {
            each: RateLimiter::new(each, DashMapStateStore::default(), MonotonicClock),
            all: RateLimiter::new(all, InMemoryState::default(), MonotonicClock),
        }
    }

    pub(super) fn admit(&self, agent: &str) -> Result<(), Limited> {
        let now = MonotonicClock.now();
        let limited = |everybody, until: NotUntil<_>| Limited { everybody, after: until.wait_time_from(now) };
        self.each.check_key(&agent.to_owned()).map_err(|until| limited(false, until))?;
        self.all.check().map_err(|until| limited(true, until))
    }

    /// Forgets agents that have been quiet for so long that nothing is held against them.
    pub(super) fn tidy(&self) {
        self.each.retain_recent();
    }
}

fn quota(per_minute: u32, burst: u32) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn let_in(gate: &Gate, agent: &str, tries: u32) -> usize {
        (0..tries).filter(|_| gate.admit(agent).is_ok()).count()
    }

    #[test]
    fn a_thousand_at_once_are_a_burst_and_the_others_are_told_when() {
        let gate = Gate::new();
        let let_in = let_in(&gate, "hasty", 1_000);
        assert!((20..25).contains(&let_in), "{let_in}");
        let limited = gate.admit("hasty").unwrap_err();
        assert_eq!(limited.retry_after_s(), 1);
        assert!(limited.to_string().contains("an agent may make 60 proposals a minute"), "{limited}");
        assert!(gate.admit("patient").is_ok(), "another agent is not held up");
    }

    #[test]
    fn many_agents_together_are_limited_too() {
        let gate = Gate::new();
        let all: usize = (0..10).map(|agent| let_in(&gate, &format!("agent-{agent}"), 20)).sum();
        assert!((100..110).contains(&all), "{all}");
        assert!(gate.admit("one-more").unwrap_err().to_string().contains("all agents together"));
    }
}
