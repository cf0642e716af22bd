//! Whether what was done helps, or does harm: by what users get before and after, and by what is expected of taking it back.
//!
//! That users are worse off after an action than before is a suspicion and no more: traffic may have doubled, the next fault may have
//! begun. The action is to blame when taking it back now is expected to help; of what cannot be taken back, when users are worse off
//! than was expected of doing nothing.

use std::collections::VecDeque;

use crate::foresight::{self, Expectation};

/// How long the incident has to resolve, once the work is done, simulated seconds.
pub const WINDOW_S: f64 = 120.0;
/// What takes something back answers no open incident: it was right when nobody is worse off for so long, simulated seconds.
pub const QUIET_S: f64 = 60.0;
/// Means are taken over this, simulated seconds.
const MEAN_S: f64 = 10.0;
/// The earliest that harm is looked for after the effect began, simulated seconds: a new replica is cold, and retries settle.
const SETTLE_S: f64 = 15.0;
/// How far to look at what taking a deed back would bring, simulated seconds. Further than before proposing: what heals may cost users
/// for the first minute (a backlog moves on, a cold replica), and taking it back would show well for just as long.
pub const HORIZON_S: u32 = 180;
/// At most so much of what users suffer is left once a harmful deed is taken back.
const LEFT: f64 = 0.5;
/// Between two looks at the same suspicion, simulated seconds: each costs whoever looks ahead a few runs.
const ASK_EVERY_S: f64 = 10.0;
/// So many more requests in a hundred that fail are worth a suspicion, percentage points.
const MORE_ERRORS_PCT: f64 = 2.0;
/// A p99 above this is felt, ms: the objective.
const SLOW_MS: f64 = 500.0;
/// By so much it has to be above what it was.
const SLOWER: f64 = 1.5;
/// Samples that are kept: a quarter of an hour of them, one a second.
const KEPT: usize = 900;

/// What users got in a sample, over every door.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Got {
    tick: u64,
    requests: f64,
    failed: f64,
    p99_ms: f64,
}

/// What users got, on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Users {
    /// Share of their requests that fail, %.
    pub error_pct: f64,
    /// p99 of latency at the worst door, ms.
    pub p99_ms: f64,
}

/// What users got lately.
#[derive(Debug, Clone, Default)]
pub struct Experience {
    samples: VecDeque<Got>,
}

impl Experience {
    /// Takes in what was measured at a door: requests a second, the share of them that fails, %, and p99 of latency, ms. The doors of a
    /// tick may come one after the other, and shards late. What was not measured counts for nothing.
    pub fn see(&mut self, tick: u64, request_rate: f64, error_pct: f64, p99_ms: f64) {
        let at = self.samples.partition_point(|got| got.tick < tick);
        if self.samples.get(at).is_none_or(|got| got.tick != tick) {
            self.samples.insert(at, Got { tick, requests: 0.0, failed: 0.0, p99_ms: f64::NAN });
        }
        let got = &mut self.samples[at];
        if request_rate.is_finite() && request_rate > 0.0 {
            got.requests += request_rate;
            got.failed += request_rate * (error_pct / 100.0).clamp(0.0, 1.0).max(0.0);
        }
        got.p99_ms = got.p99_ms.max(p99_ms);
        while self.samples.len() > KEPT {
            self.samples.pop_front();
        }
    }

    /// The mean over the samples after one tick up to another; `None` when nothing was measured there.
    pub fn mean(&self, after: u64, until: u64) -> Option<Users> {
        let (mut requests, mut failed, mut p99_ms, mut latencies) = (0.0, 0.0, 0.0, 0.0);
        for got in self.samples.iter().filter(|got| after < got.tick && got.tick <= until) {
            requests += got.requests;
            failed += got.failed;
            if got.p99_ms.is_finite() {
                p99_ms += got.p99_ms;
                latencies += 1.0;
            }
        }
        (requests > 0.0 && latencies > 0.0)
            .then(|| Users { error_pct: failed / requests * 100.0, p99_ms: p99_ms / latencies })
    }

    /// Whether users are worse off than before a deed.
    pub fn worsened(&self, deed: &Deed, now: u64, tick_ms: u32) -> Option<Worse> {
        let ticks = |seconds| crate::agent::ticks(seconds, tick_ms);
        let began = deed.executed_tick;
        if now < began.saturating_add(ticks(SETTLE_S)) {
            return None;
        }
        let before = self.mean(began.saturating_sub(ticks(MEAN_S)), began)?;
        let after = self.mean(now.saturating_sub(ticks(MEAN_S)), now)?;
        let worse = Worse { before, after };
        is_worse(after, before).then_some(worse)
    }
}

fn is_worse(one: Users, than: Users) -> bool {
    let fails_more = one.error_pct >= than.error_pct + MORE_ERRORS_PCT;
    let is_slower = one.p99_ms > SLOW_MS && one.p99_ms >= than.p99_ms * SLOWER;
    // Who fails at once waits for nothing: fewer that wait do not make up for more that fail, but more that wait for fewer that fail.
    fails_more || (is_slower && one.error_pct + MORE_ERRORS_PCT > than.error_pct)
}

/// An action that has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    /// Tick it took effect at.
    pub executed_tick: u64,
    /// Tick its work was done at, once it is.
    pub completed_tick: Option<u64>,
    /// Whether it takes something back; then it answers no open incident.
    pub takes_back: bool,
    /// Whether the incident that it answers is over.
    pub resolved: bool,
}

/// Users are worse off than before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worse {
    /// Before the deed.
    pub before: Users,
    /// Now.
    pub after: Users,
}

impl std::fmt::Display for Worse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { before, after } = self;
        write!(
            f,
            "{:.1} % of users' requests fail and the p99 at the worst door is {:.0} ms; before it {:.1} % failed and the p99 was {:.0} ms",
            after.error_pct, after.p99_ms, before.error_pct, before.p99_ms
        )
    }
}

/// How it stands with a deed, harm apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing can be said yet.
    Open,
    /// It did what it was for.
    Effective,
    /// The incident is still open, and it is late.
    Ineffective,
}

/// What the incident says about a deed.
pub fn standing(deed: &Deed, now: u64, tick_ms: u32) -> Standing {
    let Some(completed) = deed.completed_tick else { return Standing::Open };
    let since_s = now.saturating_sub(completed) as f64 * f64::from(tick_ms) / 1_000.0;
    match (deed.resolved, deed.takes_back) {
        (true, false) => Standing::Effective,
        (_, true) if since_s >= QUIET_S => Standing::Effective,
        (false, false) if since_s >= WINDOW_S => Standing::Ineffective,
        _ => Standing::Open,
    }
}

/// Whether a deed is to be taken back: that is expected to help, and to undo most of what users suffer. While traffic grows, to
/// throttle a service again often helps a little; the traffic is to blame all the same.
pub fn is_to_blame(taking_back: &Expectation) -> bool {
    let Expectation { rank, helps, harms, bad_pct, bad_nothing_pct, .. } = *taking_back;
    rank > 0 && helps >= foresight::LIKELY && helps > harms && bad_pct <= bad_nothing_pct * LEFT
}

/// Whether users are worse off than the worst that was expected of doing nothing.
pub fn is_worse_than_expected(worse: &Worse, nothing: Users) -> bool {
    is_worse(worse.after, nothing)
}

/// When a suspicion is looked into again.
pub fn asks_again(asked_tick: u64, now: u64, tick_ms: u32) -> bool {
    now >= asked_tick.saturating_add(crate::agent::ticks(ASK_EVERY_S, tick_ms))
}
