//! One anomaly score a series, with a known rate of false alarms.
//!
//! A value is looked at in five ways ([`Aspect`]); each says how rare its deviation is in the series' own past ([`Tail`]).
//! What agrees and what lasts counts for more; of a series of alarms about the same thing only the first is one. The
//! result is compared with what noise gives ([`super::calibration`]), so that a score has a meaning.

use serde::{Deserialize, Serialize};

use super::calibration;
use super::level::{Level, Scale};
use super::seasonal::{Seasonal, Usual};
use super::tail::Tail;

/// Memory of what is normal for the series, samples.
const LONG_MEMORY: f64 = 4_000.0;
/// Memory of the level that a step is measured from, samples.
const STEP_MEMORY: f64 = 10.0;
/// Memories of the means whose shift is looked for, samples.
const MEAN_MEMORIES: [f64; 2] = [12.0, 36.0];
/// Deviations enter levels cut to so many scales.
const CUT_SCALES: f64 = 6.0;
/// Bounds of how much larger or smaller than usual the noise of a part of the day is taken to be.
const PART_NOISE: (f64, f64) = (0.45, 4.5);
/// Larger values are taken for this one, so that no difference and no product of two overflows.
const HUGE: f64 = 1e100;
/// Samples before deviations are remembered, and before anything is said.
const REMEMBER_AFTER: u32 = 20;
const SPEAK_AFTER: u32 = 60;
/// Weight of the second rarest aspect beside the rarest: agreement.
const AGREEMENT: f64 = 0.5;
/// How fast the peak of an aspect is forgotten when the aspects are compared, decades a sample.
const PEAK_FADES: f64 = 0.025;
/// Weight of the mean rarity over the last samples beside the rarity now: persistence.
const PERSISTENCE: f64 = 0.5;
const PERSISTENCE_MEMORY: f64 = 6.0;
/// A new alarm has to be so many decades above what is left of the last.
const NEW_ALARM: f64 = 0.4;
/// How fast an alarm is forgotten: decades a sample, and decades over the whole past of the series.
const ALARM_FADES: f64 = 0.004;
const ALARM_FADES_OVER_PAST: f64 = 7.0;

/// Ways to look at a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The value against the long-run level.
    Value,
    /// The value against the level of the last few samples, relative to the usual noise at this time of day.
    Step,
    /// Mean of the last twelve samples or so against the long-run level.
    Mean,
    /// The same over thirty-six samples.
    LongMean,
    /// The value against what is usual at this time of day.
    Season,
}

impl Aspect {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Value, Self::Step, Self::Mean, Self::LongMean, Self::Season];

    /// Its name in lower case, with underscores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Step => "step",
            Self::Mean => "mean",
            Self::LongMean => "long_mean",
            Self::Season => "season",
        }
    }
}

const ASPECTS: usize = Aspect::ALL.len();

/// What is known about the newest value of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anomaly {
    /// 1 − the chance that a sample of a series that only makes noise is given this score or a higher one; 0 when there
    /// is nothing new to tell. An alarm at a score of 0.999 is raised falsely about once in a thousand samples.
    pub score: f64,
    /// How unusual the series is now, told or not, in decades of rarity; for charts.
    pub evidence: f64,
    /// The aspect that is most unusual.
    pub aspect: Aspect,
    /// The value less what that aspect expected, in the unit of the series.
    pub deviation: f64,
}

/// State of one series. It takes one value at a time at constant cost, and its memory is bounded: 1.7 KB, and
/// 1.5 KB more for series that run through a day.
///
/// Everything follows from the values taken, to the last bit: a state that was written and read back goes on as if
/// nothing had happened.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AnomalyState {
    samples: u32,
    long: Level,
    long_scale: Scale,
    fast: Level,
    step_scale: Scale,
    means: [Level; 2],
    seasonal: Seasonal,
    season_scale: Scale,
    tails: [Tail; ASPECTS],
    peaks: [f64; ASPECTS],
    lasting: [f64; ASPECTS],
    /// What is left of the last alarm, decades.
    told: f64,
}

impl AnomalyState {
    /// Takes the value of a moment (seconds since any midnight, for the time of day) and judges it by what came before.
    /// `None`, and nothing remembered, for a value that is not finite: unknown is neither normal nor anomalous.
    pub fn observe(&mut self, time_s: f64, value: f64) -> Option<Anomaly> {
        if !value.is_finite() {
            return None;
        }
        let value = value.clamp(-HUGE, HUGE);
        let usual = self.seasonal.at(time_s);
        let deviations = self.deviations(value, usual);
        let noise = self.noise_of_the_hour(usual);
        let mut relative = deviations;
        relative[Aspect::Step as usize] /= noise.step;
        relative[Aspect::Season as usize] /= noise.residual;
        let speaks = self.samples >= SPEAK_AFTER;
        let mut now = [0.0; ASPECTS];
        for ((tail, deviation), now) in self.tails.iter_mut().zip(relative).zip(&mut now) {
            *now = if speaks { tail.decades(deviation) } else { 0.0 };
            if self.samples >= REMEMBER_AFTER {
                tail.push(deviation);
            }
        }
        let evidence = self.evidence(&now);
        let strongest =
            (0..ASPECTS).fold(0, |best, aspect| if now[aspect] > now[best] { aspect } else { best });
        self.learn(value, usual);
        Some(Anomaly {
            score: self.tell(evidence),
            evidence,
            aspect: Aspect::ALL[strongest],
            deviation: deviations[strongest],
        })
    }

    /// Samples taken so far.
    pub fn samples(&self) -> u32 {
        self.samples
    }

    /// What is usual at a moment: at this time of day where earlier days are known, otherwise in the long run.
    pub fn usual(&mut self, time_s: f64) -> f64 {
        self.seasonal.at(time_s).map_or(self.long.get(), |usual| usual.level)
    }

    /// Level that the series had in the long run.
    pub fn level(&self) -> f64 {
        self.long.get()
    }

    fn deviations(&mut self, value: f64, usual: Option<Usual>) -> [f64; ASPECTS] {
        let from_long = value - self.long.get();
        let mut deviations = [from_long, value - self.fast.get(), 0.0, 0.0, from_long];
        for ((mean, memory), deviation) in self.means.iter_mut().zip(MEAN_MEMORIES).zip(&mut deviations[2..4])
        {
            mean.push(value, memory);
            *deviation = mean.get() - self.long.get();
        }
        if let Some(usual) = usual {
            deviations[Aspect::Season as usize] = value - usual.level;
        }
        deviations
    }

    /// How much noisier than on average the series is at this time of day: the geometric mean of no knowledge (1) and
    /// the ratio seen.
    fn noise_of_the_hour(&self, usual: Option<Usual>) -> PartNoise {
        let ratio = |root: f64, overall: Scale| {
            let overall = overall.get().sqrt();
            if overall > 0.0 { (root / overall).clamp(PART_NOISE.0, PART_NOISE.1) } else { 1.0 }
        };
        usual.map_or(PartNoise { step: 1.0, residual: 1.0 }, |usual| PartNoise {
            step: ratio(usual.step_root, self.step_scale),
            residual: ratio(usual.residual_root, self.season_scale),
        })
    }

    fn evidence(&mut self, now: &[f64; ASPECTS]) -> f64 {
        let (mut first, mut second, mut lasting) = (0.0f64, 0.0f64, 0.0f64);
        for ((peak, mean), now) in self.peaks.iter_mut().zip(&mut self.lasting).zip(now) {
            *peak = (*peak - PEAK_FADES).max(*now).max(0.0);
            *mean += (now - *mean) / PERSISTENCE_MEMORY;
            second = second.max(peak.min(first));
            first = first.max(*peak);
            lasting = lasting.max(*mean);
        }
        ((first + AGREEMENT * second) / (1.0 + AGREEMENT) + PERSISTENCE * lasting) / (1.0 + PERSISTENCE)
    }

    fn learn(&mut self, value: f64, usual: Option<Usual>) {
        let from_long = value - self.long.get();
        let step = value - self.fast.get();
        let residual = usual.map_or(from_long, |usual| value - usual.level);
        let long_cut = self.long_scale.cut(from_long, CUT_SCALES);
        let residual_cut = self.season_scale.cut(residual, CUT_SCALES);
        self.seasonal.push(Usual {
            level: usual.map_or(self.long.get() + long_cut, |usual| usual.level + residual_cut),
            step_root: self.step_scale.cut(step, CUT_SCALES).abs().sqrt(),
            residual_root: residual_cut.abs().sqrt(),
        });
        self.long.push(self.long.get() + long_cut, LONG_MEMORY);
        self.long_scale.push(from_long, LONG_MEMORY);
        self.step_scale.push(step, LONG_MEMORY);
        self.season_scale.push(residual, LONG_MEMORY);
        self.fast.push(value, STEP_MEMORY);
        self.samples = self.samples.saturating_add(1);
    }

    /// The score of new evidence; evidence that was told already fades until it is news again.
    fn tell(&mut self, evidence: f64) -> f64 {
        let fades = ALARM_FADES + ALARM_FADES_OVER_PAST / f64::from(self.samples);
        self.told = (self.told - fades).max(0.0);
        if evidence <= self.told + NEW_ALARM {
            return 0.0;
        }
        self.told = evidence;
        1.0 - calibration::false_alarm_probability(evidence)
    }
}

struct PartNoise {
    step: f64,
    residual: f64,
}
