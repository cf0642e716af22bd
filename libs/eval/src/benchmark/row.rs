//! One episode as it counts.

use preview::Course;
use serde::{Deserialize, Serialize};

use super::hindsight::Hindsight;
use super::play::Played;
use super::stage::{COUNTED, Stage};

/// Harm is looked for in stretches of so many seconds.
const STRETCH_S: usize = 10;
/// Less than this share of a stretch's requests is no harm: 1 in 1 000, the error budget of three nines.
const MATERIAL: f64 = 0.001;
/// Where less than this could be avoided, minutes, there is nothing to earn.
const AVOIDABLE: f64 = 0.25;
/// An objective has to be held for so long to count as held, seconds.
const HELD_S: usize = 60;
/// Part of the score that comes of naming the root cause.
const NAMING: f64 = 0.1;
/// What a mitigation is worth that does not stand a burst of traffic.
const FRAGILE: f64 = 0.5;

/// An episode: what happened, what was possible, and what that is worth. Times are simulated seconds from the onset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen")]
pub struct Row {
    /// Scenario.
    pub scenario: String,
    /// Its family.
    pub family: String,
    /// 1 to 5; 0 when nothing is wrong.
    pub difficulty: u8,
    /// Seed.
    pub seed: u64,
    /// 0 to 100; `None` where there is nothing to earn, because nothing is wrong or nothing helps.
    pub score: Option<f64>,
    /// Part of the loss that could be avoided and was, less the harm, 0 to 1.
    pub gain: f64,
    /// 1 less the share of replicas that were touched needlessly and the share of cores that were paid for needlessly, 0 to 1.
    pub care: f64,
    /// Until the first incident opened; `None` when none did.
    pub detect_s: Option<f64>,
    /// Place of the root cause among the suspects, from 1; `None` when it is not among them.
    pub cause_rank: Option<u32>,
    /// Until every objective was held for good; `None` when it was not. 0 when none was ever broken.
    pub mitigate_s: Option<f64>,
    /// Whether every objective is held again after the burst of traffic.
    pub held: bool,
    /// Whether it is, when nobody acts.
    pub held_nothing: bool,
    /// Whether it is, when the best is done.
    pub held_oracle: bool,
    /// Whether every objective is held for good within the ten minutes when the best is done.
    pub curable: bool,
    /// Minutes in which an objective was broken.
    pub slo_minutes: f64,
    /// The same when nobody acts.
    pub slo_minutes_nothing: f64,
    /// The same when the best is done.
    pub slo_minutes_oracle: f64,
    /// Users' requests.
    pub requests: f64,
    /// Those that failed or were slow.
    pub bad: f64,
    /// The same when nobody acts.
    pub bad_nothing: f64,
    /// The same when the best is done.
    pub bad_oracle: f64,
    /// Requests that were lost or slow because of the player: stretches of ten seconds that were worse than with nobody acting.
    pub harm: f64,
    /// What was lost beyond what the best would have cost, minutes.
    pub regret_minutes: f64,
    /// Cores that were paid for, core hours.
    pub core_hours: f64,
    /// The same when nobody acts.
    pub core_hours_nothing: f64,
    /// Actions that took effect.
    pub actions: u32,
    /// Proposals that did not: refused, or made too late.
    pub refused: u32,
    /// Replicas that were stopped, moved, added or removed for nothing, as a share of those there are.
    pub needless: f64,
    /// Why the player gave up.
    pub gave_up: Option<String>,
}

impl Row {
    pub(super) fn of(stage: &Stage, hindsight: &Hindsight, played: &Played) -> Self {
        let (seconds, course) = (COUNTED, &played.course);
        let (nothing, oracle) = (&hindsight.nothing, &hindsight.oracle);
        let (requests, bad) = course.requests_and_bad(0..seconds);
        let harm = harm(course, nothing, seconds);
        let [loss, loss_nothing, loss_oracle] =
            [course, nothing, oracle].map(|course| course.loss_minutes(0..seconds));
        let harm_minutes = harm / requests.max(1.0) * seconds as f64 / 60.0;
        let avoidable = loss_nothing - loss_oracle;
        let needless = played.needless(stage);
        let overpaid = (course.core_hours() - oracle.core_hours().max(nothing.core_hours()))
            / nothing.core_hours().max(f64::MIN_POSITIVE);
        let mut row = Self {
            scenario: stage.scenario.name.clone(),
            family: stage.scenario.family.clone(),
            difficulty: stage.scenario.truth.difficulty,
            seed: stage.seed,
            score: None,
            gain: 0.0,
            care: (1.0 - needless - overpaid.max(0.0)).max(0.0),
            detect_s: played.alarmed_s.map(|at| at - stage.onset_s),
            cause_rank: cause_rank(stage, played),
            mitigate_s: mitigate_s(course, seconds),
            held: is_held(course),
            held_nothing: is_held(nothing),
            held_oracle: is_held(oracle),
            curable: mitigate_s(oracle, seconds).is_some(),
            slo_minutes: course.broken_minutes(0..seconds),
            slo_minutes_nothing: nothing.broken_minutes(0..seconds),
            slo_minutes_oracle: oracle.broken_minutes(0..seconds),
            requests,
            bad,
            bad_nothing: nothing.requests_and_bad(0..seconds).1,
            bad_oracle: oracle.requests_and_bad(0..seconds).1,
            harm,
            regret_minutes: loss - loss_oracle,
            core_hours: course.core_hours(),
            core_hours_nothing: nothing.core_hours(),
            actions: count(played.records.iter().filter(|record| record.executed_tick.is_some())),
            refused: count(played.records.iter().filter(|record| record.executed_tick.is_none())),
            needless,
            gave_up: played.gave_up.clone(),
        };
        if avoidable >= AVOIDABLE {
            row.gain = ((loss_nothing - loss - harm_minutes) / avoidable).clamp(0.0, 1.0);
            row.score = Some(row.worth());
        } else {
            // Nothing to earn, only to lose: what came on top of what came anyway, of a minute.
            row.gain = (1.0 - (loss - loss_nothing).max(0.0) - harm_minutes).clamp(0.0, 1.0);
        }
        row
    }

    fn worth(&self) -> f64 {
        let named = match self.cause_rank {
            Some(1) => 1.0,
            Some(2 | 3) => 0.5,
            _ => 0.0,
        };
        let stands = if self.held || !self.held_oracle { 1.0 } else { FRAGILE };
        100.0 * self.gain * self.care * stands * (1.0 - NAMING + NAMING * named)
    }

    /// Where nothing is to be earned: what is left of what there was to lose, 0 to 1.
    pub fn restraint(&self) -> Option<f64> {
        self.score.is_none().then_some(self.gain * self.care)
    }

    /// Whether there is trouble that breaks an objective when nobody acts, and something that ends it for good.
    pub fn is_troubled(&self) -> bool {
        self.slo_minutes_nothing > 0.0 && self.curable
    }

    /// Whether the trouble is over for good.
    pub fn is_mitigated(&self) -> bool {
        self.mitigate_s.is_some() && (self.held || !self.held_oracle)
    }

    /// Harm as a share of the users' requests, %.
    pub fn harm_pct(&self) -> f64 {
        self.harm / self.requests.max(1.0) * 100.0
    }

    /// Whether users were worse off than with nobody acting, by more than 1 in 1 000 requests.
    pub fn is_worse_than_nothing(&self) -> bool {
        self.bad - self.bad_nothing > MATERIAL * self.requests
    }
}

fn count<'a, T: 'a>(of: impl Iterator<Item = &'a T>) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}

fn cause_rank(stage: &Stage, played: &Played) -> Option<u32> {
    let root = stage.scenario.truth.root_cause.as_ref()?;
    let place = played.suspects.iter().position(|suspect| suspect == root)?;
    u32::try_from(place + 1).ok()
}

/// Requests that are bad in those stretches that are worse than with nobody acting.
fn harm(course: &Course, nothing: &Course, seconds: usize) -> f64 {
    let stretch = |from| {
        let (requests, bad) = course.requests_and_bad(from..from + STRETCH_S);
        let (_, anyway) = nothing.requests_and_bad(from..from + STRETCH_S);
        let more = bad - anyway;
        if more > MATERIAL * requests { more } else { 0.0 }
    };
    (0..seconds).step_by(STRETCH_S).map(stretch).sum()
}

/// Seconds until no objective is broken any more, if none is for the last minute.
fn mitigate_s(course: &Course, seconds: usize) -> Option<f64> {
    let last = (0..seconds).rev().find(|second| course.is_broken(*second));
    let held_from = last.map_or(0, |last| last + 1);
    (held_from + HELD_S <= seconds).then_some(held_from as f64)
}

/// Whether no objective is broken for the last minute.
fn is_held(course: &Course) -> bool {
    let seconds = course.seconds();
    (seconds.saturating_sub(HELD_S)..seconds).all(|second| !course.is_broken(second))
}
