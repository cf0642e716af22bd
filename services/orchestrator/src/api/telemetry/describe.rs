//! Series in a few figures: `detect::stats::Description`, as it goes out.

use std::time::Duration;

use detect::stats::{Description, LevelChange};
use proto::ops::v1::{TelemetryDescription, TelemetryLevelChange, TelemetrySeries};

/// What a series of steps has in it; steps without samples are unknown values.
pub(super) fn description(series: &TelemetrySeries, step: Duration) -> Option<TelemetryDescription> {
    let step_ms = i64::try_from(step.as_millis()).ok().filter(|step_ms| *step_ms > 0)?;
    let (&first, &last) = (series.time_ms.first()?, series.time_ms.last()?);
    let place = |time_ms: i64| usize::try_from((time_ms - first) / step_ms).ok();
    let mut values = vec![f64::NAN; place(last)?.checked_add(1)?];
    for (&time_ms, &value) in series.time_ms.iter().zip(&series.values) {
        *values.get_mut(place(time_ms)?)? = value;
    }
    let told = Description::of(&values)?;
    let time_ms = |at: usize| i64::try_from(at).map_or(last, |at| first + at * step_ms);
    let change = |change: &LevelChange| TelemetryLevelChange {
        time_ms: time_ms(change.at),
        before: change.from,
        after: change.to,
    };
    Some(TelemetryDescription {
        count: whole(told.count),
        mean: told.mean,
        standard_deviation: told.deviation,
        min: told.min,
        max: told.max,
        median: told.median,
        iqr: told.iqr,
        fence_low: told.fences.0,
        fence_high: told.fences.1,
        outliers: whole(told.outliers),
        newest: told.newest,
        z_score: told.z_score,
        robust_z_score: told.robust_z_score,
        ewma: told.ewma,
        slope_per_s: told.trend.map(|trend| trend.slope / step.as_secs_f64()),
        trend_p_value: told.trend.map(|trend| trend.p_value),
        changes: told.changes.iter().map(change).collect(),
    })
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_slopes_are_those_of_the_steps_and_gaps_are_kept() {
        let steps = (0..60).filter(|step| !(20..30).contains(step));
        let (time_ms, values): (Vec<i64>, Vec<f64>) =
            steps.map(|step| (5_000 + step * 2_000, if step < 40 { 1.0 } else { 9.0 })).unzip();
        let series = TelemetrySeries { time_ms, values, ..TelemetrySeries::default() };
        let told = description(&series, Duration::from_secs(2)).unwrap();
        assert_eq!(told.count, 50);
        let [change] = told.changes.as_slice() else { panic!("{:?}", told.changes) };
        assert_eq!((change.time_ms, change.before, change.after), (5_000 + 80_000, 1.0, 9.0));

        let rising: Vec<f64> = (0..60).map(|step| 3.0 * f64::from(step)).collect();
        let time_ms = (0..60).map(|step| step * 2_000).collect();
        let series = TelemetrySeries { time_ms, values: rising, ..TelemetrySeries::default() };
        let told = description(&series, Duration::from_secs(2)).unwrap();
        assert!((told.slope_per_s.unwrap() - 1.5).abs() < 1e-9);
        assert!(told.trend_p_value.unwrap() < 1e-6);
    }

    #[test]
    fn little_is_not_described() {
        assert_eq!(description(&TelemetrySeries::default(), Duration::from_secs(1)), None);
        let series = TelemetrySeries { time_ms: vec![0], values: vec![1.0], ..TelemetrySeries::default() };
        assert_eq!(description(&series, Duration::from_secs(1)), None);
    }
}
