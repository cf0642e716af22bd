//! What evidence noise gives, so that a score has a meaning.

/// Evidence, and the decades of the chance that a sample of noise raises a new alarm with that evidence or more.
///
/// From runs of 4 000 and 20 000 samples of noise (Gaussian, uniform, exponential, Poisson, log-normal, Student's t
/// with three degrees of freedom, autoregressive up to 0.99), which agree within a factor of two up to one in a
/// hundred and differ by their tails beyond; the figures lie between light and heavy tails. docs/statistics.md has the
/// table of what each noise then raises.
const POINTS: [(f64, f64); 9] = [
    (0.0, 0.0),
    (1.0, 1.5),
    (1.5, 2.0),
    (2.0, 2.5),
    (2.25, 2.9),
    (2.5, 3.35),
    (2.75, 3.75),
    (3.0, 4.1),
    (8.0, 9.0),
];

/// Chance that a sample of a series that only makes noise raises a new alarm with this evidence (decades) or more.
pub(crate) fn false_alarm_probability(evidence: f64) -> f64 {
    let decades = POINTS.windows(2).find_map(|pair| {
        let [(from, low), (to, high)] = *pair else { return None };
        (evidence <= to).then(|| low + (evidence - from).max(0.0) / (to - from) * (high - low))
    });
    libm::exp10(-decades.unwrap_or(POINTS[POINTS.len() - 1].1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::AnomalyState;
    use crate::stats::noise::Noise;

    const SAMPLES: u32 = 4_000;
    const LEARNING: u32 = 400;
    const SERIES: u64 = 12;
    /// Seconds between samples: a series runs through two weeks.
    const STEP_S: f64 = 300.0;

    /// Alarms a sample at two thresholds, over several series of a noise.
    fn false_alarms(mut value: impl FnMut(&mut Noise, f64, f64) -> f64) -> [f64; 2] {
        let mut alarms = [0.0; 2];
        for series in 0..SERIES {
            let (mut noise, mut state, mut last) = (Noise::new(series + 1), AnomalyState::default(), 0.0);
            for sample in 0..SAMPLES {
                let time_s = f64::from(sample) * STEP_S;
                last = value(&mut noise, time_s, last);
                let score = state.observe(time_s, last).map_or(0.0, |anomaly| anomaly.score);
                if sample >= LEARNING {
                    alarms[0] += f64::from(u8::from(score >= 0.99));
                    alarms[1] += f64::from(u8::from(score >= 0.999));
                }
            }
        }
        alarms.map(|alarms| alarms / (SERIES as f64 * f64::from(SAMPLES - LEARNING)))
    }

    /// A random walk that returns to zero; variance 1.
    fn autoregressive(noise: &mut Noise, last: f64, memory: f64) -> f64 {
        memory * last + (1.0 - memory * memory).sqrt() * noise.gaussian()
    }

    #[test]
    fn noise_raises_as_many_false_alarms_as_the_score_says() {
        type Kind = (&'static str, fn(&mut Noise, f64, f64) -> f64);
        let kinds: [Kind; 6] = [
            ("Gaussian", |noise, _, _| noise.gaussian()),
            ("exponential", |noise, _, _| -libm::log(noise.uniform())),
            ("Student's t, 3", |noise, _, _| noise.student(3)),
            ("log-normal", |noise, _, _| libm::exp(noise.gaussian())),
            ("AR(1) 0.9", |noise, _, last| autoregressive(noise, last, 0.9)),
            ("AR(1) 0.99", |noise, _, last| autoregressive(noise, last, 0.99)),
        ];
        for (name, kind) in kinds {
            let [hundred, thousand] = false_alarms(kind);
            println!("{name}: {hundred:.5} alarms a sample at 0.99, {thousand:.5} at 0.999");
            assert!((0.005..0.02).contains(&hundred), "{name}: {hundred} for 0.01");
            assert!((0.000_2..0.003).contains(&thousand), "{name}: {thousand} for 0.001");
        }
    }

    #[test]
    fn a_day_that_repeats_raises_fewer() {
        let [hundred, thousand] = false_alarms(|noise, time_s, _| {
            5.0 * libm::sin(time_s / 86_400.0 * std::f64::consts::TAU) + noise.gaussian()
        });
        println!("diurnal: {hundred:.5} alarms a sample at 0.99, {thousand:.5} at 0.999");
        assert!(hundred < 0.015 && thousand < 0.001, "{hundred}, {thousand}");
    }

    #[test]
    fn more_evidence_is_never_more_likely_noise() {
        let mut last = 1.0;
        for step in 0..900 {
            let chance = false_alarm_probability(f64::from(step) / 100.0);
            assert!(chance <= last && chance > 0.0);
            last = chance;
        }
    }
}
