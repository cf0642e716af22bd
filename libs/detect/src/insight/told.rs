//! What statistics found, for whoever wants to keep it.

use serde::{Deserialize, Serialize};

use super::Insight;
use super::signs::{gauges, signs};
use crate::sample::{Sample, SimTime, Target, TargetKind};
use crate::trail::Trail;

use crate::stats::Aspect;

/// How far ahead forecasts are kept for, simulated seconds.
pub const FORECAST_S: [u32; 3] = [60, 300, 600];

/// What the samples since the last look have brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// Series that became unusual.
    pub anomalies: Vec<AnomalyTold>,
    /// Forecasts of series that move.
    pub forecasts: Vec<ForecastMade>,
}

/// A series became unusual.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyTold {
    /// Simulation.
    pub simulation: String,
    /// Run.
    pub run: String,
    /// Tick of the sample that ended the block.
    pub tick: u64,
    /// Its time.
    pub time: SimTime,
    /// Whose series.
    pub target: Target,
    /// Metric.
    pub metric: &'static str,
    /// 1 − the chance that a block of noise alone raises an alarm with this evidence.
    pub score: f64,
    /// How rare it is, decades.
    pub evidence: f64,
    /// Mean over ten seconds, in the metric's unit.
    pub value: f64,
    /// What was usual, likewise.
    pub expected: f64,
    /// In which way it is unusual.
    pub aspect: Aspect,
}

/// A forecast of a series that moves.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastMade {
    /// Simulation.
    pub simulation: String,
    /// Run.
    pub run: String,
    /// Tick of the sample that ended the newest block.
    pub tick: u64,
    /// Its time.
    pub time: SimTime,
    /// Whose series.
    pub target: Target,
    /// Metric.
    pub metric: &'static str,
    /// Mean of the newest ten seconds, in the metric's unit.
    pub value: f64,
    /// The values to come.
    pub points: [ForecastPoint; FORECAST_S.len()],
    /// When it runs into its limit, if that is to be expected.
    pub reached: Option<LimitReached>,
}

/// A value to come, with the band that holds it with 80 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ForecastPoint {
    /// Simulated seconds ahead.
    pub horizon_s: u32,
    /// Expected value, in the metric's unit.
    pub value: f64,
    /// One in ten lies below.
    pub low: f64,
    /// One in ten lies above.
    pub high: f64,
}

/// When a limit is reached, simulated seconds ahead; between earliest and latest with 80 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LimitReached {
    /// The limit, in the metric's unit.
    pub limit: f64,
    /// One in ten reaches it before.
    pub earliest_s: Option<u32>,
    /// Half reach it before.
    pub expected_s: u32,
    /// One in ten reaches it after, or never.
    pub latest_s: Option<u32>,
}

impl Findings {
    /// Adds what the newest block of a shard has brought.
    pub(crate) fn add(
        &mut self,
        kind: TargetKind,
        insight: &Insight,
        ids: &[String],
        trail: &Trail,
        sample: &Sample<'_>,
    ) {
        let Some(number) = trail.last_block().filter(|_| insight.is_fresh()) else { return };
        let Sample { simulation, run, tick, time, .. } = *sample;
        let (simulation, run) = (|| simulation.to_owned(), || run.to_owned());
        for (id, state) in ids.iter().zip(&insight.states) {
            let Some(state) = state else { continue };
            let target = || Target { kind, id: id.clone() };
            for (sign, of) in signs(kind).iter().zip(&state.signs) {
                let Some(alarm) = of.alarm().filter(|alarm| alarm.is_new(number)) else { continue };
                self.anomalies.push(AnomalyTold {
                    simulation: simulation(),
                    run: run(),
                    tick,
                    time,
                    target: target(),
                    metric: sign.metric,
                    score: 1.0 - crate::stats::false_alarm_probability(alarm.evidence),
                    evidence: alarm.evidence,
                    value: alarm.value,
                    expected: alarm.usual,
                    aspect: alarm.aspect,
                });
            }
            for (gauge, of) in gauges(kind).iter().zip(&state.gauges) {
                let Some(made) = of.made_at(number) else { continue };
                self.forecasts.push(ForecastMade {
                    simulation: simulation(),
                    run: run(),
                    tick,
                    time,
                    target: target(),
                    metric: gauge.metric,
                    value: made.value,
                    points: made.points,
                    reached: made.reached,
                });
            }
        }
    }
}
