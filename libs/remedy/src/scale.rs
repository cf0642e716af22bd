//! How many replicas.

use crate::{condition::Assessment, limits::Tuning};

/// Growth that is reckoned with at most: ten seconds of a steep rise say little about the next minute.
const MAX_GROWTH: f64 = 0.5;

/// A change of a replica count and what to expect of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalePlan {
    /// Replicas now.
    pub from: u32,
    /// Replicas afterwards.
    pub to: u32,
    /// CPU load to expect afterwards, %; `None` when the load now is not measured.
    pub expected_cpu_pct: Option<f64>,
    /// Growth of the demand that is reckoned with until it takes effect, %.
    pub growth_pct: f64,
}

impl ScalePlan {
    /// Replicas to add or remove.
    pub fn by(&self) -> u32 {
        self.from.abs_diff(self.to)
    }
}

/// Replicas that bring the CPU load to the target.
///
/// Busy replicas now are `running × cpu`; a saturated service does less than it is asked for, so the demand is that
/// times arrivals ÷ answers. The factor is bounded by the largest scale factor: callers that retry inflate the arrivals.
/// Arrivals that grow go on growing until the new replicas are there: `lead_s` of growth is added, at most
/// [`MAX_GROWTH`].
/// Always adds at least one replica, at most `max_scale_step`, at most to `max_scale_factor` times as many.
pub fn up(assessment: &Assessment, tuning: &Tuning) -> ScalePlan {
    let from = assessment.running.filter(|running| *running > 0).unwrap_or(assessment.desired).max(1);
    let factor = f64::from(tuning.max_scale_factor.max(1));
    let pressure = match (assessment.request_rate, assessment.throughput) {
        (Some(offered), Some(answered)) if answered > 0.0 => (offered / answered).clamp(1.0, factor),
        (Some(offered), Some(_)) if offered > 0.0 => factor,
        _ => 1.0,
    };
    let growth = (assessment.growth_per_s.unwrap_or(0.0) * tuning.lead_s).clamp(0.0, MAX_GROWTH);
    let demand = assessment
        .cpu_pct
        .map(|cpu| f64::from(from) * (cpu / 100.0).clamp(0.0, 1.0) * pressure * (1.0 + growth));
    let wanted =
        demand.map_or(from + 1, |demand| (demand * 100.0 / tuning.target_cpu_pct.max(1.0)).round() as u32);
    let most =
        from.saturating_mul(tuning.max_scale_factor.max(1)).min(from.saturating_add(tuning.max_scale_step));
    let to = wanted.min(most).max(from + 1);
    let expected_cpu_pct = demand.map(|demand| (demand * 100.0 / f64::from(to)).min(100.0));
    ScalePlan { from, to, expected_cpu_pct, growth_pct: growth * 100.0 }
}

/// Removes at most `at_most` replicas, as many as keep the load under `undo_max_cpu_pct`; `None` when not even one can
/// go, or when load or replicas are not known. The last replica stays.
pub fn down(assessment: &Assessment, at_most: u32, tuning: &Tuning) -> Option<ScalePlan> {
    let (from, cpu) = (assessment.running?, assessment.cpu_pct?);
    let demand = f64::from(from) * cpu / 100.0;
    let fewest = (demand * 100.0 / tuning.undo_max_cpu_pct.max(1.0)).ceil() as u32;
    let to = from.saturating_sub(at_most).max(fewest).max(1);
    (to < from).then(|| ScalePlan {
        from,
        to,
        expected_cpu_pct: Some(demand * 100.0 / f64::from(to)),
        growth_pct: 0.0,
    })
}
