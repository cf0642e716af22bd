//! The anomaly score as its callers see it: told once, unknown stays unknown, and a restart is invisible.

use detect::stats::{AnomalyState, Aspect};
use proptest::prelude::*;

/// A series with a rhythm and some unrest, without chance: the same every time.
fn quiet(sample: u32) -> f64 {
    50.0 + f64::from(sample * 37 % 19) / 4.0 + f64::from(sample * 53 % 7)
}

fn learnt(samples: u32) -> AnomalyState {
    let mut state = AnomalyState::default();
    for sample in 0..samples {
        state.observe(f64::from(sample), quiet(sample));
    }
    state
}

#[test]
fn a_jump_is_told_once_with_its_aspect_and_size() {
    let mut state = learnt(1_000);
    let told: Vec<_> = (1_000..1_030)
        .filter_map(|sample| state.observe(f64::from(sample), quiet(sample) + 40.0))
        .filter(|anomaly| anomaly.score > 0.999)
        .collect();
    let first = told.first().expect("told");
    assert!(first.score > 0.999_9 && (1.0..60.0).contains(&first.deviation), "{first:?}");
    assert_ne!(first.aspect, Aspect::LongMean, "a mean over many samples is not the first to notice a jump");
    assert!(told.len() <= 6, "a lasting anomaly is not told again and again: {}", told.len());
}

#[test]
fn a_series_that_never_moved_is_surprised_by_the_first_move() {
    let mut state = AnomalyState::default();
    for sample in 0..500u32 {
        let anomaly = state.observe(f64::from(sample), 3.0).expect("known");
        assert!(anomaly.score == 0.0 && anomaly.evidence == 0.0, "{anomaly:?}");
    }
    assert!(state.observe(500.0, 3.5).expect("known").score > 0.99);
}

#[test]
fn extreme_values_do_no_harm() {
    let mut state = learnt(200);
    for value in [f64::MAX, f64::MIN, 1e-300, -0.0, f64::MIN_POSITIVE, 1e200, -1e200] {
        let anomaly = state.observe(300.0, value).expect("known");
        assert!((0.0..=1.0).contains(&anomaly.score) && anomaly.evidence.is_finite(), "{value}: {anomaly:?}");
    }
}

proptest! {
    #[test]
    fn unknown_values_leave_no_trace(gaps in prop::collection::vec(0u32..800, 0..40)) {
        let (mut whole, mut gapped) = (AnomalyState::default(), AnomalyState::default());
        for sample in 0..800 {
            if gaps.contains(&sample) {
                prop_assert!(gapped.observe(f64::from(sample), f64::NAN).is_none());
                prop_assert!(gapped.observe(f64::from(sample), f64::INFINITY).is_none());
            }
            let (a, b) = (whole.observe(f64::from(sample), quiet(sample)), gapped.observe(f64::from(sample), quiet(sample)));
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(whole, gapped);
    }

    #[test]
    fn a_state_that_was_written_and_read_goes_on_to_the_last_bit(
        values in prop::collection::vec(prop_oneof![9 => -10.0f64..10.0, 1 => -1e6f64..1e6], 100..400),
        killed in 0usize..100,
        step_s in 1.0f64..2_000.0,
    ) {
        let mut whole = AnomalyState::default();
        let mut restarted = AnomalyState::default();
        for (at, value) in values.iter().enumerate() {
            if at == killed || at == 2 * killed {
                let bytes = postcard::to_allocvec(&restarted).expect("written");
                restarted = postcard::from_bytes(&bytes).expect("read");
            }
            let time_s = at as f64 * step_s;
            prop_assert_eq!(whole.observe(time_s, *value), restarted.observe(time_s, *value));
        }
    }
}
